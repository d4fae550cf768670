"""Two pictures compared block by block, and pixels written so."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from cli_tools import few_colors, many_colors, with_alpha
from large_tools import make_sink, write

import codec
from codec.encoder import cutting
from codec.errors import FileError, ImageError
from codec.formats.large.stored import LargeImage
from codec.jobs import opened
from codec.jobs.differences import difference_facts
from codec.reports.quality import comparison_facts, worst_facts

Pixels = npt.NDArray[np.uint8]


class Tiled:
    """Pixels that are read by tiles."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels, self.shape, self.dtype = pixels, pixels.shape, pixels.dtype
        self.tile = 16, 32

    def __getitem__(self, key: Any) -> Pixels:
        return np.asarray(self.pixels[key])


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of one tile."""
    monkeypatch.setattr(cutting, "_BLOCK_PIXELS", 16 * 32)
    monkeypatch.setattr(cutting, "_MOST_PIXELS", 16 * 32)


def test_of_equal_errors_the_first_is_named_whatever_the_blocks(small_blocks: None) -> None:
    pixels = np.zeros((40, 100), dtype=np.uint8)
    other = pixels.copy()
    for row, column in ((9, 3), (5, 60), (30, 1)):
        other[row, column] = 9

    facts, _ = difference_facts(Tiled(pixels), Tiled(other))

    assert facts == {
        "mse": 3 * 81 / 4000, "worst_error": 9, "worst_at": (60, 5), "lossless": False
    }  # fmt: skip


@pytest.mark.parametrize("first", ["grey", "RGB", "RGBA"])
@pytest.mark.parametrize("second", ["grey", "RGB", "RGBA"])
def test_channels_are_matched_as_in_memory(first: str, second: str, small_blocks: None) -> None:
    pictures = {
        "grey": many_colors(height=30, width=70)[..., 0],
        "RGB": many_colors(1, height=30, width=70),
        "RGBA": with_alpha(height=30, width=70),
    }
    one, other = pictures[first], pictures[second]
    expected, said = comparison_facts(one, other)

    facts, notices = difference_facts(Tiled(one), Tiled(other))

    assert notices == said
    assert facts["mse"] == pytest.approx(expected["mse"], rel=1e-12)
    assert facts["lossless"] == expected["lossless"]
    if first == second or first == "RGB":
        worst = worst_facts(one, other)
        assert {name: facts[name] for name in worst} == worst


def test_what_changes_while_it_is_decompressed_is_refused(tmp_path: Path) -> None:
    indexed = codec.compress(few_colors())
    write(tmp_path / "a.tif", indexed.labels, indexed.codebook)

    def change(done: int, total: int) -> None:
        os.utime(tmp_path / "a.tif", ns=(1, 1))

    with (
        LargeImage(tmp_path / "a.tif") as image,
        pytest.raises(ImageError, match="changed"),
    ):
        opened.write_pixels(image, tmp_path / "b.tif", force=False, progress=change)
    assert os.listdir(tmp_path) == ["a.tif"]


@pytest.mark.parametrize("name", ["a.zarr", "a.tif", "a.png"])
def test_a_sink_tells_early_that_its_place_is_taken(tmp_path: Path, name: str) -> None:
    indexed = codec.compress(few_colors())
    write(tmp_path / name, indexed.labels, indexed.codebook)
    with pytest.raises(FileError, match="already exists"):
        make_sink(tmp_path / name).check(12, 17, 3)
    make_sink(tmp_path / name, force=True).check(12, 17, 3)
