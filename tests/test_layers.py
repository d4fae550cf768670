"""Modules import only from lower layers, and commands import no more than they need."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_tools import REPOSITORY, child_environment, few_colors, many_colors, write_picture

LAYERS = {
    "errors": 0,
    "options": 0,
    "kernels": 0,
    "threads": 0,
    "indexed": 1,
    "histogram": 1,
    "colorspace": 1,
    "nearest": 1,
    "lookup": 1,
    "rowfilters": 1,
    "files": 1,
    "metrics": 1,
    "native": 2,
    "greys": 2,
    "codebook": 3,
    "ordering": 2,
    "labels": 2,
    "baselines": 2,
    "formats": 3,
    "dithering": 3,
    "settings": 4,
    "compressor": 5,
    "decompressor": 4,
    "containers": 4,
    "pngpixels": 4,
    "profiles": 4,
    "orientation": 1,
    "decoders": 1,
    "tiffpages": 5,
    "imageio_plugin": 6,
    "pillow_plugin": 6,
    "plugins": 7,
    "images": 6,
    "report": 6,
    "jobs": 7,
    "estimator": 7,
    "batch": 8,
    "runner": 9,
    "comparison": 8,
    "arguments": 8,
    "cli": 10,
    "__main__": 11,
}
# Who may import what is heavy or dangerous.
IMPORTERS = {
    "imageio": {"images", "imageio_plugin", "plugins"},
    "PIL": {"images", "profiles", "decoders", "plugins", "pillow_plugin"},
    "tifffile": {"tiffpages"},
    "sklearn": {"codebook", "estimator"},
    "threadpoolctl": {"codebook", "estimator"},
    "skimage": {"colorspace", "metrics"},
    "deflate": {"formats"},
    "scipy": set(),
    "pickle": set(),
    "zipfile": set(),
    "subprocess": set(),
    "socket": set(),
    "urllib": set(),
}
PACKAGE = REPOSITORY / "codec"
MODULES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    """Name of a module within the package; a module of `formats` is `formats`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports(path: Path) -> Iterator[str]:
    """Full names of what a module imports anywhere but for type checkers alone."""
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
    """Names of the package's modules that a module imports."""
    names = {name.split(".")[1] for name in imports(path) if name.startswith("codec.")}
    return {
        name for name in names if (PACKAGE / name).exists() or (PACKAGE / f"{name}.py").exists()
    }


def test_every_module_has_a_layer() -> None:
    assert {room(path) for path in MODULES} - {"__init__"} == LAYERS.keys()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_lower_layers(path: Path) -> None:
    importer = room(path)
    if importer == "__init__":
        assert not rooms_imported(path)
        return
    wrong = {
        name
        for name in rooms_imported(path)
        if LAYERS[name] >= LAYERS[importer] and name != importer
    }
    assert not wrong, f"layer {LAYERS[importer]} imports {wrong}"


def test_arguments_import_only_options() -> None:
    assert rooms_imported(PACKAGE / "arguments.py") == {"options"}


def test_options_import_nothing() -> None:
    assert not list(imports(PACKAGE / "options.py"))


@pytest.mark.parametrize("library", IMPORTERS)
def test_a_library_is_imported_only_where_it_may_be(library: str) -> None:
    importers = {
        room(path) for path in MODULES for name in imports(path) if name.split(".")[0] == library
    }
    assert importers <= IMPORTERS[library]


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


HEAVY = {"numpy", "sklearn", "scipy", "skimage", "imageio", "PIL", "joblib", "deflate"}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["compress", "--help"], ["compress", "-k0", "x"]]
)
def test_help_and_wrong_usage_import_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    loaded = modules_of(*arguments, cwd=tmp_path)
    assert "codec.cli" in loaded
    assert not top(loaded) & HEAVY
    assert not loaded & {"json", "asyncio", "multiprocessing", "urllib.request", "subprocess"}


def test_importing_the_package_imports_nothing_heavy(tmp_path: Path) -> None:
    assert not modules_after("import codec", tmp_path) & HEAVY
    assert not modules_after("import codec; dir(codec)", tmp_path) & HEAVY


def test_decompressing_with_the_library_imports_numpy_alone(tmp_path: Path) -> None:
    loaded = modules_after("import codec; codec.decompress; codec.IndexedImage", tmp_path)
    assert loaded & HEAVY == {"numpy"}


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
        assert not top(loaded) & science, arguments


def test_decompressing_what_was_trained_imports_no_science(tmp_path: Path) -> None:
    import codec

    codec.save(codec.compress(many_colors(), 20), tmp_path / "photo.npz")
    loaded = modules_of("decompress", "photo.npz", cwd=tmp_path)
    assert not top(loaded) & {"sklearn", "scipy", "skimage", "joblib"}


def test_every_public_name_is_there_and_documented() -> None:
    import codec

    for name in codec.__all__:
        assert getattr(codec, name).__doc__
    assert set(codec.__all__) <= set(dir(codec))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        codec.nothing  # noqa: B018
