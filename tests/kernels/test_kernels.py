"""Which kernels run, and that a run without compiled ones says so, once."""

import contextlib
import shutil
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import REPOSITORY, VECTORS, child_environment, few_colors, many_colors, spawn
from kernel_tools import TWINS
from PIL import Image, ImageCms

import codec
from codec import kernels
from codec.cli.commands import main
from codec.errors import ParameterError
from codec.formats.kmc import file as kmc
from codec.settings import resolve_engine

KERNELS = Path(kernels.__file__).parent
SAID = "without compiled kernels"


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """An install without compiled kernels, of which nothing has been asked yet."""
    for name in kernels.NAMES:
        monkeypatch.delitem(vars(kernels), name, raising=False)
    monkeypatch.setattr(kernels, "COMPILED", False)
    monkeypatch.setattr(kernels, "_untold", [f"{SAID}, it takes long"])


@contextlib.contextmanager
def heard() -> Iterator[list[str]]:
    """What is said about kernels."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield texts
    texts += [
        str(warning.message) for warning in caught if issubclass(warning.category, RuntimeWarning)
    ]


# The switch


def test_names_are_those_of_the_sources() -> None:
    assert list(kernels.NAMES) == sorted(path.stem for path in KERNELS.glob("*.pyx"))


def test_every_kernel_has_a_twin_but_for_those_of_the_coder_of_labels_alone() -> None:
    assert set(kernels.NAMES) - set(TWINS) == {"labelcolors", "labelmodel"}
    assert set(TWINS) < set(kernels.NAMES)


@pytest.mark.skipif(not kernels.COMPILED, reason="the kernels were not compiled")
def test_compiled_kernels_are_handed_out_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    with heard() as texts:
        for name in kernels.NAMES:
            monkeypatch.delitem(vars(kernels), name, raising=False)
            assert getattr(kernels, name).__name__ == f"codec.kernels.{name}"
            assert getattr(kernels, name) is sys.modules[f"codec.kernels.{name}"]
        assert resolve_engine("auto") == "native"
    assert texts == []


def test_twins_are_handed_out_where_nothing_was_compiled(without: None) -> None:
    for name in TWINS:
        assert getattr(kernels, name).__name__ == f"codec.kernels.plain.{name}"


def test_nothing_else_is_handed_out() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        kernels.nothing  # noqa: B018


@pytest.mark.slow
def test_a_kernel_is_imported_when_it_is_asked_for() -> None:
    script = (
        "import sys\nfrom codec import kernels\n"
        "def loaded(): return sorted(n for n in sys.modules if n.startswith('codec.kernels.'))\n"
        "print(loaded(), 'numpy' in sys.modules)\nkernels.mapping\nprint(loaded())\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], env=child_environment(),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    before, after = done.stdout.splitlines()
    assert before == "[] False"
    expected = ["mapping", "shared"] if kernels.COMPILED else ["plain", "plain.mapping"]
    assert after == str([f"codec.kernels.{name}" for name in expected])


def test_the_engine_is_the_one_that_runs(without: None) -> None:
    assert resolve_engine("auto") == "sklearn"
    assert resolve_engine("sklearn") == "sklearn"
    with pytest.raises(ParameterError, match="was not compiled") as caught:
        resolve_engine("native")
    assert caught.value.reason == "engine"


# Saying it


def test_of_many_threads_one_says_it(without: None) -> None:
    meeting = threading.Barrier(8, timeout=60)

    def ask() -> None:
        meeting.wait()
        assert kernels.mapping.__name__ == "codec.kernels.plain.mapping"

    with heard() as texts:
        askers = [threading.Thread(target=ask) for _ in range(8)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
    assert len(texts) == 1


def test_whoever_wants_no_warnings_hears_none(without: None) -> None:
    with heard() as texts:
        warnings.filterwarnings("ignore", message=SAID)
        codec.compress(few_colors())
    assert texts == []


def pictures(folder: Path) -> list[str]:
    """Files of all kinds, whose readers ask different libraries."""
    color, grey = many_colors(), many_colors()[:, :, 0]
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    deep = grey.astype(np.uint16) * 257
    pairs: dict[str, tuple[Image.Image, dict[str, Any]]] = {
        "color.png": (Image.fromarray(color), {}),
        "profile.png": (Image.fromarray(color), {"icc_profile": profile}),
        "palette.png": (Image.fromarray(color).quantize(20), {}),
        "grey.png": (Image.fromarray(grey), {}),
        "deep.png": (Image.fromarray(deep), {}),
        "photo.jpg": (Image.fromarray(color), {"icc_profile": profile}),
        "web.webp": (Image.fromarray(color), {"lossless": True}),
        "old.gif": (Image.fromarray(color).quantize(20), {}),
        "plain.bmp": (Image.fromarray(color), {}),
        "scan.tif": (Image.fromarray(color), {}),
        "deep.tif": (Image.fromarray(deep), {}),
    }
    for name, (picture, options) in pairs.items():
        picture.save(folder / name, **options)
    return list(pairs)


def run(*arguments: str) -> list[str]:
    """Run a command as if it were the first of a process; what it says about kernels."""
    kernels._untold[:] = [f"{SAID}, it takes long"]
    with heard() as texts:
        assert main([*arguments]) == 0
    return [text[: len(SAID)] for text in texts]


@pytest.mark.slow
def test_every_command_says_it_once(
    without: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in pictures(tmp_path):
        assert run("compress", name, "-k", "4", "--effort", "fast", "-o", "x.npz", "-f") == [SAID]
        engine = ("--engine", "sklearn")  # asks nobody which one runs
        assert run("compress", name, "-k", "4", *engine, "-o", "x.npz", "-f") == [SAID]
    shutil.copy(VECTORS / "flag.kmc", tmp_path)
    for output in ("y.labels.png", "y.npz", "y.png", "flag.kmc"):
        if not output.endswith(".kmc"):
            assert run("compress", "color.png", "-k", "4", "-o", output) == [SAID]
        assert run("decompress", output, "-o", f"{output}.bmp") == [SAID]
        assert run("info", output) == [SAID]


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package in which nothing is compiled."""
    folder = tmp_path_factory.mktemp("install")
    shutil.copytree(
        REPOSITORY / "codec", folder / "codec",
        ignore=shutil.ignore_patterns("*.so", "*.pyd", "*.c", "__pycache__"),
    )  # fmt: skip
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-W", "error")])
def test_the_process_says_it_in_a_line(
    install: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    shutil.copy(VECTORS / "flag.kmc", tmp_path)
    environment = child_environment(PYTHONPATH=str(install), PYTHONWARNINGS="")
    for command, lines in (("decompress", 2), ("info", 1)):
        done = spawn(command, "flag.kmc", cwd=tmp_path, python=options, env=environment)
        assert done.returncode == 0
        said = done.stderr.splitlines()
        assert len(said) == lines
        assert said[0] == (
            "kmcodec: warning: without compiled kernels, as no C compiler was there, kmcodec takes"
            " many times as long: install a C compiler, then pip install --force-reinstall"
            " --no-deps --no-cache-dir kmcodec"
        )
    expected = codec.decompress(codec.load(VECTORS / "flag.kmc"))
    assert np.array_equal(codec.read_image(tmp_path / "flag.decoded.png").pixels, expected)


@pytest.mark.slow
def test_an_engine_that_is_not_installed_is_told_with_the_cure(install: Path) -> None:
    script = (
        "import sys; sys.modules['sklearn'] = None\n"
        "from codec.cli.commands import main\nmain(['info', '--engine'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], text=True, capture_output=True, check=True,
        env=child_environment(PYTHONPATH=str(install)), cwd=install,
    )  # fmt: skip
    assert (
        done.stdout
        == 'engine: sklearn, which needs scikit-learn: pip install "kmcodec[sklearn]"\n'
    )


# Dense files


def test_dense_files_are_read_but_not_written(without: None) -> None:
    indexed = codec.load(VECTORS / "flag.kmc")
    assert np.array_equal(indexed.labels, codec.load(VECTORS / "flag.npz").labels)
    for one in (indexed, codec.compress(np.zeros((3, 3), np.uint8))):
        with pytest.raises(ParameterError) as caught:
            kmc.encode(one, "best")
        assert caught.value.reason == "not-compiled"
        for part in (SAID, "install a C compiler, then pip", "another format"):
            assert part in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        ["compress", "photo.png", "-o", "x.kmc"],
        ["compress", "photo.png", "--format", "kmc"],
        ["sweep", "photo.png", "--format", "kmc"],
    ],
)
def test_refusing_to_write_a_dense_file_is_a_line(
    arguments: list[str],
    without: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(few_colors()).save("photo.png")
    with heard() as texts:
        assert main(arguments) == 2
    assert texts == []
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert "not-compiled" in said[0]
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]
