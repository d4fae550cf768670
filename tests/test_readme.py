"""What the README shows, run; its tables beside what was measured."""

import importlib.util
import re
import shutil
from pathlib import Path
from types import ModuleType, SimpleNamespace

import imageio.v3 as iio
import numpy as np
import pytest

import codec
from codec.cli.commands import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    shutil.copy(ROOT / "samples" / "gradient.png", tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    return iio.imread("photo.png")


def test_numpy_and_imageio_alone_read_the_files(photo: np.ndarray) -> None:
    assert main(["compress", "-q", "photo.png"]) == 0
    assert main(["compress", "-q", "photo.png", "-o", "photo.npz"]) == 0
    block = next(
        b for b in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "np.load" in b
    )
    names: dict[str, np.ndarray] = {}

    exec(block, names)  # the README's own four lines

    assert len([line for line in block.splitlines() if line]) == 4
    expected = codec.decompress(codec.load("photo.npz"))
    assert (names["pixels"] == expected).all()
    assert (names["same_pixels"] == expected).all()
    assert not (expected == photo).all()


def test_the_python_example_runs(photo: np.ndarray) -> None:
    block = next(
        b for b in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "codec.compress" in b
    )
    names = {"pixels": photo}

    exec(block, names)

    assert names["pixels"].shape == photo.shape
    assert len(np.unique(names["pixels"].reshape(-1, 3), axis=0)) <= 64


def test_the_two_commands_are_there_for_ci() -> None:
    commands = re.findall(r"^python3 -m venv \.venv && .*$", README, re.MULTILINE)

    assert len(commands) == 2
    assert "samples/" in commands[0]
    assert commands[1].endswith("-m pytest")


def test_nothing_is_left_to_be_filled_in() -> None:
    assert not re.findall(r"@[A-Z]+@|TODO|XXX", README)


def _report() -> ModuleType:
    """Load the module that makes the README's tables; it needs nothing but Python."""
    spec = importlib.util.spec_from_file_location("report", ROOT / "benchmarks" / "report.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_show_what_was_measured() -> None:
    report = _report()

    assert report.updated(README) == README
    assert len(report.TABLES) == README.count("\n<!-- end -->\n") == README.count("\n|---|")


def test_a_figure_that_changes_changes_its_table(tmp_path: Path) -> None:
    report = _report()
    shutil.copytree(report.RESULTS, tmp_path / "results")
    process = tmp_path / "results" / "process.txt"
    measured = report.read("process")["768x512, pngquant: time"].value
    text = process.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "  768x512, pngquant: time  " in line)
    other = line.replace(f"  {measured:.5g} x", "  7.654 x")
    process.write_text(text.replace(line, other), encoding="utf-8")

    changed = report.updated(README, tmp_path / "results")

    assert changed != README
    assert changed.replace("7.65 ×", f"{measured:.2f} ×") == README


def test_a_table_without_its_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="speed-process"):
        _report().updated(README.replace("<!-- speed-process -->", ""))


def test_every_figure_of_the_results_is_read() -> None:
    report = _report()

    for path in sorted(report.RESULTS.glob("*.txt")):
        lines = path.read_text(encoding="utf-8").splitlines()
        figures = [line for line in lines if line.startswith(("PASS", "FAIL", "info"))]
        assert figures
        assert len(report.read(path.stem)) == len(figures), path.name


def test_figures_are_read_as_they_were_shown(tmp_path: Path) -> None:
    report = _report()
    figures = [
        SimpleNamespace(name="time", value=0.00912, target=0.02, unit="x", at_least=False),
        SimpleNamespace(name="share, all", value=0.97, target=1.0, unit="%", at_least=True),
        SimpleNamespace(name="bytes", value=136655, target=None, unit="bytes", at_least=False),
        SimpleNamespace(name="nothing", value=None, target=None, unit="x", at_least=False),
    ]
    for figure, verdict in zip(figures, ("PASS", "FAIL", "info", "----"), strict=True):
        figure.verdict, figure.n, figure.detail = verdict, 36, "worst  of all"
    (tmp_path / "some.txt").write_text(report.table(figures), encoding="utf-8")

    found = report.read("some", tmp_path)

    assert found == {
        "time": (0.00912, "36"),
        "share, all": (0.97, "36"),
        "bytes": (136655.0, "36"),
    }
