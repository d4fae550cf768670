"""What the README shows, run."""

import re
import shutil
from pathlib import Path

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
