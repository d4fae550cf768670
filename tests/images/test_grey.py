"""Palettes of greys are read as grey, and alike, whatever file they stand in."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import png_tools
import pytest
import tifffile
from picture_tools import (
    Pixels,
    bmp,
    bmp_palette,
    gif_frame,
    noise,
    plte,
    png_of,
    read,
    saved,
)
from PIL import Image
from png_tools import INDEXED, chunk

from codec.images.grey import without_color
from codec.images.memory import as_source

INDICES = noise(3, 9, 14, high=4)


def as_png(colors: Pixels, indices: Pixels, depth: int = 8) -> bytes:
    return png_of(indices[:, :, None], INDEXED, depth, before=[plte(colors)])


def as_gif(colors: Pixels, indices: Pixels, *, extension: bytes = b"") -> bytes:
    height, width = indices.shape
    frame = gif_frame(indices.ravel().tolist(), (0, 0, width, height), bits=8,
                      palette=np.resize(colors, (256, 3)).tobytes())  # fmt: skip
    size = struct.pack("<HH", width, height)
    return b"GIF89a" + size + b"\0\0\0" + extension + frame + b";"


def as_bmp(colors: Pixels, indices: Pixels, bits: int = 8) -> bytes:
    rows = [png_tools.pack(row, bits) for row in indices[::-1].tolist()]
    body = b"".join(row.ljust(-(-len(row) // 4) * 4, b"\0") for row in rows)
    return bmp(indices.shape[1], len(indices), bits, body, bmp_palette(colors))


def as_tiff(colors: Pixels, indices: Pixels, **options: object) -> bytes:
    stream = io.BytesIO()
    table = np.zeros((3, 256), np.uint16)
    table[:, : len(colors)] = colors.T.astype(np.uint16) * 257
    tifffile.imwrite(stream, indices, photometric="palette", colormap=table, **options)
    return stream.getvalue()


CONTAINERS: dict[str, Callable[[Pixels, Pixels], bytes]] = {
    "PNG": as_png,
    "PNG of 2 bits": lambda colors, indices: as_png(colors[:4], indices, 2),
    "GIF": as_gif,
    "BMP": as_bmp,
    "BMP of 4 bits": lambda colors, indices: as_bmp(colors[:16], indices, 4),
    "DIB": lambda colors, indices: as_bmp(colors, indices)[14:],
    "TIFF": as_tiff,
    "TIFF in strips": lambda colors, indices: as_tiff(colors, indices, rowsperstrip=1),
    "TIFF in tiles": lambda colors, indices: as_tiff(colors, indices, tile=(16, 16)),
    "deflated TIFF": lambda colors, indices: as_tiff(colors, indices, compression="zlib"),
}


def greys(*levels: int) -> Pixels:
    return np.repeat(np.array(levels, np.uint8)[:, None], 3, axis=1)


PALETTES = {
    "in order": greys(0, 1, 2, 3),
    "in steps": greys(0, 85, 170, 255),
    "backwards": greys(255, 170, 85, 0),
    "in no order": greys(9, 200, 3, 77),
    "twice the same": greys(9, 9, 3, 77),
    "all the same": greys(9, 9, 9, 9),
    "with colors that no pixel has": np.vstack([greys(9, 200, 3, 77), [[255, 0, 0], [1, 2, 3]]]),
}


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_palette_of_greys_is_read_as_grey(container: str, palette: str, tmp_path: Path) -> None:
    colors = PALETTES[palette].astype(np.uint8)
    image = read(tmp_path, CONTAINERS[container](colors, INDICES))
    assert image.pixels.shape == (9, 14)
    np.testing.assert_array_equal(image.pixels, colors[INDICES][:, :, 0])


@pytest.mark.parametrize("other", [(9, 9, 10), (9, 10, 9), (10, 9, 9), (0, 0, 255)])
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_palette_of_greys_and_one_color_is_read_as_colors(
    container: str, other: tuple[int, int, int], tmp_path: Path
) -> None:
    colors = np.vstack([greys(9, 200, 3), [other]]).astype(np.uint8)
    indices = np.minimum(INDICES, 2)
    indices[8, 13] = 3  # the last of all pixels
    image = read(tmp_path, CONTAINERS[container](colors, indices))
    np.testing.assert_array_equal(image.pixels, colors[indices])


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_grey_keeps_the_transparency_of_its_palette(kind: str, tmp_path: Path) -> None:
    colors = greys(9, 200, 3, 77)
    if kind == "PNG":
        trns = chunk(b"tRNS", b"\xff\0")
        data = png_of(INDICES[:, :, None], INDEXED, 8, before=[plte(colors), trns])
    else:
        data = as_gif(colors, INDICES, extension=b"!\xf9\4\1\0\0\1\0")
    expected = np.dstack([colors[INDICES][:, :, 0], np.where(INDICES == 1, 0, 255)])
    np.testing.assert_array_equal(read(tmp_path, data).pixels, expected)


def test_a_grey_gif_smaller_than_its_screen_is_grey_with_alpha(tmp_path: Path) -> None:
    data = as_gif(greys(9, 200, 3, 77), INDICES)
    larger = data[:6] + (20).to_bytes(2, "little") + data[8:]
    image = read(tmp_path, larger)
    assert image.pixels.shape == (9, 20, 2)
    np.testing.assert_array_equal(image.pixels[:, 14:], 0)


@pytest.mark.parametrize("mode", ["P", "PA"])
def test_an_image_of_pillow_with_a_palette_of_greys_is_grey(mode: str) -> None:
    image = Image.fromarray(noise(0, 9, 14)).convert("P").convert(mode)
    assert as_source(image).pixels.shape == ((9, 14) if mode == "P" else (9, 14, 2))


def test_grey_that_is_stored_as_colors_stays_colors(tmp_path: Path) -> None:
    grey = Image.fromarray(noise(0, 9, 14)).convert("RGB")
    for kind in ("PNG", "BMP", "TIFF"):
        assert read(tmp_path, saved(grey, kind)).pixels.shape == (9, 14, 3)


def test_what_is_grey_already_is_left_as_it_is() -> None:
    for shape in ((4, 5), (4, 5, 1), (4, 5, 2)):
        pixels = noise(0, *shape)
        assert without_color(pixels) is pixels
