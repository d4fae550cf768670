"""`--tune visual`: the same labels and codebooks everywhere, and what its parts promise.

`expected/visual.csv` is a fence: a change that moves digests on purpose runs
`python tests/test_compressor_visual.py` and commits the difference.
"""

import csv
import hashlib
import sys
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from cli_tools import REPOSITORY, SAMPLES, many_colors, sample
from marks import needs_kernels
from picture_tools import Pixels

import codec
from codec.compressor import compress_with_details
from codec.options import DITHER_KINDS
from codec.settings import CompressSettings

EXPECTED = REPOSITORY / "tests" / "expected" / "visual.csv"
PICTURES: dict[str, Callable[[], Pixels]] = {
    **{path.name: partial(sample, path.name) for path in sorted(SAMPLES.glob("*.png"))},
    "shades and noise": lambda: many_colors(height=90, width=110),
}
SIZES = (8, 64, 256)


def _digests(name: str) -> list[list[str]]:
    pixels, rows = PICTURES[name](), []
    for size in SIZES:
        for dither in DITHER_KINDS:
            indexed = codec.compress(pixels, size, engine="native", dither=dither)
            content = indexed.codebook.tobytes() + indexed.labels.tobytes()
            rows.append([name, str(size), dither, hashlib.sha256(content).hexdigest()])
    return rows


@needs_kernels
@pytest.mark.parametrize("name", PICTURES)
def test_labels_and_codebooks_are_the_same_on_every_machine(name: str) -> None:
    with EXPECTED.open(newline="", encoding="utf-8") as file:
        pinned = [row for row in csv.reader(file) if row[0] == name]
    assert _digests(name) == pinned


def test_auto_is_selective_below_256_colors() -> None:
    pixels = many_colors(height=60, width=80)
    auto, selective = (codec.compress(pixels, 24, dither=kind) for kind in ("auto", "selective"))
    assert np.array_equal(auto.labels, selective.labels)
    assert np.array_equal(auto.codebook, selective.codebook)


def test_what_was_done_is_told() -> None:
    pixels = many_colors(height=60, width=80)
    kinds = {
        kind: compress_with_details(pixels, CompressSettings(24, dither=kind)).dither
        for kind in DITHER_KINDS
    }
    assert kinds == {**{kind: kind for kind in DITHER_KINDS}, "auto": "selective"}


def test_colors_beside_texture_do_not_turn_grey() -> None:
    """A small picture of warm colors in a wide smooth ground, as on a desktop."""
    random = np.random.default_rng(0)
    pixels: Pixels = np.zeros((240, 400, 3), dtype=np.uint8)
    pixels[:] = (np.linspace(30, 60, 400)[None, :, None] * np.array([0.9, 0.9, 1.2])).astype("u1")
    warm = np.array([205, 150, 110]) * random.uniform(0.6, 1.2, (40, 40, 1))
    pixels[100:140, 180:220] = np.clip(warm + random.normal(0, 6, (40, 40, 3)), 0, 255)
    for dither in ("auto", "none"):
        found = codec.decompress(codec.compress(pixels, 32, dither=dither)).astype(int)
        face = found[100:140, 180:220].reshape(-1, 3).mean(axis=0)
        assert face[0] - face[2] > 60, dither


if __name__ == "__main__":
    with EXPECTED.open("w", newline="", encoding="utf-8") as output:
        writer = csv.writer(output, lineterminator="\n")
        writer.writerow(["picture", "k", "dither", "sha256"])
        for picture in PICTURES:
            writer.writerows(_digests(picture))
    sys.exit()
