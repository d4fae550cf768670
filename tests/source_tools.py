"""Sources compared with `codec.read_image`."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

import codec
from codec.errors import CodecError
from codec.images.sources.base import PixelSource
from codec.images.sources.opening import open_source
from codec.images.sources.tiff import TiffSource

Pixels = npt.NDArray[np.uint8]


def stored(folder: Path, data: bytes, name: str = "picture") -> Path:
    """A file of these bytes."""
    path = folder / name
    path.write_bytes(data)
    return path


def bands(height: int, rows: int) -> Iterator[slice]:
    """Cut a picture into bands."""
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def in_bands(source: PixelSource, rows: int) -> Pixels:
    """A picture read in bands."""
    return np.concatenate([source[band, :] for band in bands(source.shape[0], rows)])


def assert_read_into(source: TiffSource, pixels: Pixels, rows: int) -> None:
    """Parts that are read into an array are those of a picture, and nothing else is touched."""
    height, width = pixels.shape[:2]
    found = np.zeros((height, width + 2, (*pixels.shape, 1)[2]), np.uint8)
    for band in bands(height, rows):
        source.read_into(found[band, 1:-1], band, slice(0, width))
    np.testing.assert_array_equal(found[:, 1:-1].reshape(pixels.shape), pixels)
    assert not found[:, [0, -1]].any()


def assert_as_read(path: Path, rows: int, *, first_frame: bool = False) -> None:
    """Pixels, indices, palette and all that is said are those of `read_image`."""
    image = codec.read_image(path, first_frame=first_frame)
    with open_source(path, first_frame=first_frame) as source:
        assert source.shape == image.pixels.shape
        pixels = in_bands(source, rows)
        assert pixels.dtype == np.uint8
        assert pixels.flags.c_contiguous
        np.testing.assert_array_equal(pixels, image.pixels)
        assert source.notices == image.notices
        assert source.conversions == image.conversions
        assert (source.kind, source.stored, source.bits, source.size_bytes) == (
            image.kind, image.stored, image.bits, image.size_bytes,
        )  # fmt: skip
        assert (source.palette is None) == (image.palette is None)
        assert (source.indices is None) == (image.indices is None)
        if image.palette is not None and source.indices is not None:
            assert image.indices is not None
            np.testing.assert_array_equal(source.palette, image.palette)
            for band in bands(source.shape[0], rows):
                np.testing.assert_array_equal(source.indices[band, :], image.indices[band])
        source.check_unchanged()
        # A second pass is told nothing new.
        np.testing.assert_array_equal(in_bands(source, rows + 3), image.pixels)
        if isinstance(source, TiffSource):
            assert_read_into(source, image.pixels, rows)
        assert source.notices == image.notices


def failure_of_reading(path: Path) -> str:
    """The reason why `read_image` refuses a file; none if it does not."""
    try:
        codec.read_image(path)
    except CodecError as error:
        return error.reason
    return ""


def failure_of_streaming(path: Path, rows: int = 3) -> tuple[str, Pixels | None]:
    """The reason why a source refuses a file; or its pixels."""
    try:
        with open_source(path) as source:
            return "", in_bands(source, rows)
    except CodecError as error:
        return error.reason, None
