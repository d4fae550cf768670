"""Who may import whom, read from the imports themselves, and what is loaded when.

The nine rules are those of ARCHITECTURE.md and of decision 12.
"""

import ast
import functools
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_tools import REPOSITORY, child_environment, few_colors, many_colors, write_picture

PACKAGE = REPOSITORY / "codec"
MODULES = sorted(PACKAGE.rglob("*.py"))
# The modules that stand beside the wings.
GROUND = (
    "errors",
    "options",
    "limits",
    "settings",
    "indexed",
    "metadata",
    "files",
    "threads",
    "stopwatch",
)
LIBRARY = ("chunks", "compressor", "decompressor", "estimator", "encoder")
_BELOW = {"ground", "kernels"}
_STEPS = {*_BELOW, "colors", "png"}
MAY_IMPORT = {
    "kernels": set(),
    "ground": _BELOW,
    "png": _BELOW,
    "colors": _BELOW,
    "codebook": _STEPS,
    "labels": _STEPS,
    "images": _STEPS,
    "formats": _STEPS,
    "library": {*_STEPS, "codebook", "labels", "images", "formats"},
    "reports": _STEPS,
    "jobs": {*_BELOW, "library", "formats", "images", "reports", "dask"},
    "cli": {*_BELOW, "library", "formats", "images", "reports", "jobs"},
    "plugins": {*_BELOW, "library", "formats", "images"},
    "plots": {*_BELOW, "library", "colors", "images"},
    "dask": {*_BELOW, "library", "colors", "formats"},
    "__main__": {"cli"},
    "__init__": set(),
}
# What methods of a module import besides, when they are called.
DOORS = {"indexed": {"colors", "images", "reports"}}
# Who may import what is heavy or dangerous.
IMPORTERS = {
    "imageio": {"images", "plugins"},
    "PIL": {"images", "plugins"},
    "tifffile": {"images", "formats"},
    "imagecodecs": {"images"},
    "zarr": {"images", "formats"},
    "pyvips": {"images"},
    "h5py": set(),
    "sklearn": {"codebook", "estimator"},
    "threadpoolctl": {"codebook", "estimator"},
    "skimage": set(),
    "ssimulacra2": {"colors"},
    "deflate": {"formats", "png"},
    "tqdm": {"cli"},
    "matplotlib": {"plots"},
    "dask": {"dask"},
    "distributed": {"dask"},
    "jinja2": {"reports"},
    "scipy": set(),
    "pickle": set(),
    "zipfile": set(),
    "subprocess": set(),
    "socket": set(),
    "urllib": set(),
}


def room(path: Path) -> str:
    """Name of a module that stands beside the wings, or of the wing a module is in."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def wing(name: str) -> str:
    """Wing of a room: ground and library are modules."""
    return "ground" if name in GROUND else "library" if name in LIBRARY else name


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """Full names of what a module imports anywhere but for type checkers alone."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for statement in block.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_imported(path: Path) -> set[str]:
    """Names of the rooms that a module imports."""
    names = {name.split(".")[1] for name in imports(path) if name.startswith("codec.")}
    return {
        name for name in names if (PACKAGE / name).exists() or (PACKAGE / f"{name}.py").exists()
    }


def test_every_room_is_in_a_wing() -> None:
    assert {wing(room(path)) for path in MODULES} == MAY_IMPORT.keys()


def test_few_files_stand_beside_the_wings() -> None:
    files = [path for path in PACKAGE.iterdir() if path.is_file()]
    assert len(files) <= 18, sorted(path.name for path in files)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_wing_may(path: Path) -> None:
    own = wing(room(path))
    allowed = MAY_IMPORT[own] | {own} | DOORS.get(room(path), set())
    wrong = {name for name in rooms_imported(path) if wing(name) not in allowed}
    assert not wrong, f"{own} imports {wrong}"


@pytest.mark.parametrize("name", DOORS)
def test_doors_are_opened_in_methods_alone(name: str) -> None:
    tree = ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))
    modules = [str(node.module) for node in tree.body if isinstance(node, ast.ImportFrom)]
    at_once = {module.split(".")[1] for module in modules if module.startswith("codec.")}
    assert {wing(each) for each in at_once} <= MAY_IMPORT[wing(name)] | {wing(name)}


def module_name(path: Path) -> str:
    """Full name of a module."""
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_modules_import_each_other_in_a_circle() -> None:
    known = {module_name(path) for path in MODULES}
    edges = {
        module_name(path): {
            name if name in known else name.rpartition(".")[0] for name in imports(path)
        }
        & known
        for path in MODULES
    }
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way, name))
        if name not in done:
            for other in edges[name] - {name}:
                visit(other, (*way, name))
            done.add(name)

    for name in sorted(known):
        visit(name, ())


def test_arguments_import_words_and_limits_alone() -> None:
    assert rooms_imported(PACKAGE / "cli" / "arguments.py") == {"options", "limits", "cli"}


@pytest.mark.parametrize("library", IMPORTERS)
def test_a_library_is_imported_only_where_it_may_be(library: str) -> None:
    importers = {
        room(path) for path in MODULES for name in imports(path) if name.split(".")[0] == library
    }
    assert importers <= IMPORTERS[library]


# Who asks whether the kernels were compiled: not to choose one of two ways of doing a thing, which
# is done in `kernels`, but to name the engine, to refuse a format, and to say so.
ASKING = {"settings.py", "formats/kmc/file.py", "reports/text.py"}


def test_nobody_chooses_between_kernels_and_their_twins() -> None:
    asking = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        if room(path) != "kernels"
        and re.search(r"\bCOMPILED\b|compiled\(\)", path.read_text(encoding="utf-8"))
    }
    assert asking == ASKING


def test_no_python_file_is_over_400_lines() -> None:
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {str(path) for path, lines in sizes.items() if lines > 400} == set()


def test_decompressing_needs_numpy_alone() -> None:
    outside = {name.split(".")[0] for name in imports(PACKAGE / "decompressor.py")}
    assert outside == {"numpy", "codec"}


# What is loaded when a command runs


def modules_after(statement: str, cwd: Path) -> set[str]:
    """Top-level modules that a statement has loaded in a new interpreter."""
    source = f"import sys\n{statement}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=cwd, env=child_environment(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stdout.splitlines()[-1].split())


def modules_of(*arguments: str, cwd: Path) -> set[str]:
    """Modules that a command has imported, by their full names."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "codec", *arguments], cwd=cwd,
        env=child_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 2), done.stderr
    lines = (line for line in done.stderr.splitlines() if line.startswith("import time:"))
    return {line.rsplit("|", 1)[1].strip() for line in lines}


def top(names: set[str]) -> set[str]:
    """First parts of dotted names."""
    return {name.split(".")[0] for name in names}


HEAVY = {
    "numpy", "sklearn", "scipy", "skimage", "imageio", "PIL", "joblib", "deflate", "matplotlib",
    "jinja2", "dask", "distributed",
}  # fmt: skip


@pytest.mark.parametrize(
    "arguments", [["--help"], ["compress", "--help"], ["compress", "-k0", "x"]]
)
def test_help_and_wrong_usage_import_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    loaded = modules_of(*arguments, cwd=tmp_path)
    assert "codec.cli.commands" in loaded
    assert not top(loaded) & HEAVY
    spared = {"json", "asyncio", "multiprocessing", "urllib.request", "subprocess", "tempfile"}
    assert not loaded & spared


def test_importing_the_package_imports_nothing_heavy(tmp_path: Path) -> None:
    assert not modules_after("import codec", tmp_path) & HEAVY
    assert not modules_after("import codec; dir(codec)", tmp_path) & HEAVY


def test_importing_the_package_imports_none_of_its_modules(tmp_path: Path) -> None:
    source = "import codec, sys; print([name for name in sys.modules if 'codec.' in name])"
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=tmp_path, env=child_environment(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "[]\n"


def test_decompressing_with_the_library_imports_numpy_alone(tmp_path: Path) -> None:
    arrays = "np.zeros((1, 1), np.uint8), np.zeros((1, 3), np.uint8)"
    source = f"import codec, numpy as np; codec.decompress(codec.IndexedImage({arrays}))"
    assert modules_after(source, tmp_path) & HEAVY == {"numpy"}


def test_plots_are_there_without_matplotlib(tmp_path: Path) -> None:
    loaded = modules_after("import codec; codec.plots.codebook", tmp_path)
    assert not loaded & {"matplotlib", "mpl_toolkits"}


def test_functions_for_dask_are_there_without_it(tmp_path: Path) -> None:
    loaded = modules_after("import codec; codec.dask.fit", tmp_path)
    assert not loaded & {"dask", "distributed"}


def test_loading_imports_no_image_library(tmp_path: Path) -> None:
    loaded = modules_after("import codec; codec.load; codec.save", tmp_path)
    assert loaded & HEAVY == {"numpy", "deflate"}


def test_commands_that_train_nothing_import_no_science(tmp_path: Path) -> None:
    write_picture(tmp_path / "photo.png", few_colors())
    science = {"sklearn", "scipy", "skimage", "joblib"}
    for arguments in (
        ("compress", "photo.png"),
        ("decompress", "photo.labels.png"),
        ("info", "photo.labels.png"),
    ):
        loaded = modules_of(*arguments, cwd=tmp_path)
        assert "numpy" in top(loaded)
        assert not top(loaded) & {*science, "jinja2"}, arguments
        assert not loaded & {"codec.reports.html", "codec.jobs.pages"}, arguments


def test_the_command_decompresses_without_a_module_of_training(tmp_path: Path) -> None:
    import codec

    codec.save(codec.compress(many_colors(), 20), tmp_path / "photo.npz")
    loaded = modules_of("decompress", "photo.npz", cwd=tmp_path)
    assert not top(loaded) & {"sklearn", "scipy", "skimage", "joblib"}
    assert not {name for name in loaded if name.startswith(("codec.codebook", "codec.labels"))}
    assert "codec.compressor" not in loaded


def test_every_public_name_is_there_and_documented() -> None:
    codec = importlib.import_module("codec")
    names = codec.__all__
    assert len(names) == 30
    for name in names:
        assert getattr(codec, name).__doc__
    assert set(names) <= set(dir(codec))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        codec.nothing  # noqa: B018
