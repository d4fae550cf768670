"""Rows of a source one after the other, some of which are asked for again."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import tifffile

from codec.encoder.window import Window, reads_into
from codec.images.sources.opening import open_source

# Rows that are asked for: those above are known, all of them are, or none.
ASKED = [(0, 9), (7, 20), (19, 48), (0, 70), (69, 70), (38, 70), (60, 70)]


def picture(channels: int) -> npt.NDArray[np.uint8]:
    return np.random.RandomState(channels).randint(0, 256, (70, 45, channels)).astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_rows_are_those_of_the_source(channels: int) -> None:
    pixels = picture(channels)
    window = Window(pixels, channels)

    assert not reads_into(pixels)
    for start, stop in ASKED:
        assert np.array_equal(window[start:stop, 0:45], pixels[start:stop])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_tiles_are_read_into_one_array(
    channels: int, compression: str | None, tmp_path: Path
) -> None:
    pixels = picture(channels)
    samples, kind = (pixels, "rgb") if channels == 3 else (pixels[..., 0], "minisblack")
    tifffile.imwrite(
        tmp_path / "a.tif", samples, tile=(16, 32), compression=compression, photometric=kind
    )
    with open_source(tmp_path / "a.tif") as source:
        window = Window(source, channels)
        assert reads_into(source)
        for start, stop in ASKED:
            assert np.array_equal(window[start:stop, 0:45], pixels[start:stop])
        whole = window[0:70, 0:45]
        assert np.shares_memory(whole, window[5:60, 0:45])
        assert np.array_equal(window[3:9, 4:40], pixels[3:9, 4:40])


def test_what_is_converted_is_not_read_in_place(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", picture(3).astype(np.uint16) * 257, photometric="rgb")
    with open_source(tmp_path / "a.tif") as source:
        assert not reads_into(source)
