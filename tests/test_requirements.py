"""What the package imports is what it says that it needs, and no more."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import yaml
from cli_tools import REPOSITORY

import codec

TABLES = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = TABLES["project"]
# Extras for those who work on the package; none of its modules may count on them.
DEVELOPERS = {"test", "docs", "lint"}
# Distributions by the modules that have other names.
HOMES = {
    "PIL": "pillow",
    "distributed": "dask",
    "mpl_toolkits": "matplotlib",
    "sklearn": "scikit-learn",
}


def names(requirements: list[str]) -> set[str]:
    """Distributions that are required, without their extras and versions."""
    return {re.findall(r"^[\w.-]+", requirement)[0] for requirement in requirements}


def extras() -> dict[str, set[str]]:
    """Distributions by the extra that has them."""
    declared = PROJECT["optional-dependencies"].items()
    return {extra: names(wanted) for extra, wanted in declared if extra not in DEVELOPERS}


def imports(path: Path) -> set[str]:
    """Distributions that a module imports, be it for type checkers alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
    tops = {name.partition(".")[0] for name in found} - sys.stdlib_module_names - {"codec"}
    return {HOMES.get(top, top) for top in tops}


def test_everything_imported_is_declared() -> None:
    imported = set().union(*map(imports, (REPOSITORY / "codec").rglob("*.py")))
    assert imported == names(PROJECT["dependencies"]).union(*extras().values())


def test_what_few_need_is_an_extra() -> None:
    assert extras() == {
        "dask": {"dask"},
        "large": {"imagecodecs", "numcodecs", "zarr"},
        "plots": {"matplotlib"},
        "sklearn": {"scikit-learn", "threadpoolctl"},
        "ssimulacra2": {"ssimulacra2"},
        "vips": {"pyvips"},
    }
    assert not names(PROJECT["dependencies"]) & set().union(*extras().values())


def test_the_recipe_for_conda_says_the_same() -> None:
    recipe = yaml.safe_load((REPOSITORY / "conda" / "recipe.yaml").read_text(encoding="utf-8"))
    required = recipe["requirements"]

    def spelt(requirements: list[str]) -> set[str]:
        return {requirement.replace(" ", "").lower() for requirement in requirements}

    python = "python" + PROJECT["requires-python"]
    assert spelt(required["run"]) == spelt([python, *PROJECT["dependencies"]])
    assert spelt(required["host"]) == spelt([python, "pip", *TABLES["build-system"]["requires"]])
    (script,) = recipe["build"]["python"]["entry_points"]
    assert dict([script.split(" = ")]) == PROJECT["scripts"]
    assert recipe["package"]["name"] == PROJECT["name"]
    assert recipe["context"]["version"] == codec.__version__
    about = recipe["about"]
    assert about["license"] == PROJECT["license"]
    assert [about["license_file"]] == PROJECT["license-files"]
    assert about["summary"] == PROJECT["description"]
    for name in recipe["tests"][1]["files"]["source"]:
        assert (REPOSITORY / name).is_file()
