"""`--tune psnr` is what compressing was before there were tunes.

`expected/psnr.csv` was written by the version before them. Unlike `expected/native.csv` it is not
made anew: whoever measures squared error goes on with the same codebooks and labels.
"""

import csv
import hashlib
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from cli_tools import REPOSITORY, SAMPLES, many_colors, sample
from marks import needs_kernels
from picture_tools import Pixels, noise

import codec

pytestmark = needs_kernels


def _ramp() -> Pixels:
    """Smooth shades in every channel, no noise."""
    rows, columns = np.mgrid[0:96, 0:160]
    shades = [rows * 255 // 95, columns * 255 // 159, rows + columns]
    return np.stack(shades, axis=2).astype(np.uint8)


def _paper() -> Pixels:
    """White but for a few rare colors."""
    pixels = np.full((120, 150, 3), 252, np.uint8)
    pixels[7::11, 3::13] = noise(4, 11, 12, 3)
    return pixels


OPAQUE: dict[str, Callable[[], Pixels]] = {
    **{
        path.name: partial(sample, path.name)
        for path in sorted(SAMPLES.glob("*.png"))
        if path.name != "sprites.png"  # which has alpha
    },
    "shades and noise": lambda: many_colors(height=90, width=110),
    "ramp": _ramp,
    "paper": _paper,
    "noise": lambda: noise(5, 60, 70, 3),
    "noise, opaque alpha": lambda: np.dstack([noise(6, 40, 50, 3), np.full((40, 50), 255, "u1")]),
    "grey noise": lambda: noise(7, 50, 60),
    "grey as RGB": lambda: noise(8, 40, 50, 1).repeat(3, axis=2),
    "one row": lambda: noise(9, 1, 2000, 3),
}
SIZES = (2, 8, 24, 64, 200)


def _digest(name: str, n_colors: int) -> str:
    indexed = codec.compress(OPAQUE[name](), n_colors, engine="native", tune="psnr")
    return hashlib.sha256(indexed.codebook.tobytes() + indexed.labels.tobytes()).hexdigest()


def _pinned() -> dict[tuple[str, int], str]:
    path = REPOSITORY / "tests" / "expected" / "psnr.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return {(row["picture"], int(row["k"])): row["sha256"] for row in csv.DictReader(file)}


@pytest.mark.parametrize("name", OPAQUE)
def test_opaque_pictures_get_the_codebooks_and_labels_of_before(name: str) -> None:
    pinned = _pinned()

    assert {size: _digest(name, size) for size in SIZES} == {
        size: pinned[name, size] for size in SIZES
    }


def test_every_opaque_picture_is_pinned() -> None:
    assert [*_pinned()] == [(name, size) for name in OPAQUE for size in SIZES]
