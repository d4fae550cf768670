"""BMP pictures: of every depth exactly, whole."""

from pathlib import Path

import numpy as np
import png_tools
import pytest
from picture_tools import bmp, bmp_palette, noise, read, refusal, saved
from PIL import Image


@pytest.mark.parametrize("bits", [1, 4, 8])
@pytest.mark.parametrize("direction", [1, -1], ids=["bottom up", "top down"])
def test_an_indexed_bmp_is_read_exactly(bits: int, direction: int, tmp_path: Path) -> None:
    indices = noise(bits, 5, 11, high=2**bits)
    colors = noise(9, 2**bits, 3)
    rows = [png_tools.pack(row, bits) for row in indices[::-direction].tolist()]
    body = b"".join(row.ljust(-(-len(row) // 4) * 4, b"\0") for row in rows)
    data = bmp(11, 5 * direction, bits, body, bmp_palette(colors))
    image = read(tmp_path, data)
    np.testing.assert_array_equal(image.pixels, colors[indices])
    assert image.notices == []


@pytest.mark.parametrize("direction", [1, -1], ids=["bottom up", "top down"])
def test_a_bmp_of_24_or_32_bits_is_read_exactly(direction: int, tmp_path: Path) -> None:
    samples = noise(0, 5, 11, 4)
    rows = samples[::-direction]
    body = np.pad(rows[:, :, 2::-1].reshape(5, 33), ((0, 0), (0, 3))).tobytes()
    image = read(tmp_path, bmp(11, 5 * direction, 24, body))
    np.testing.assert_array_equal(image.pixels, samples[:, :, :3])
    # The fourth byte of 32 bits is nothing unless a mask says that it is alpha.
    body = rows[:, :, [2, 1, 0, 3]].tobytes()
    image = read(tmp_path, bmp(11, 5 * direction, 32, body))
    np.testing.assert_array_equal(image.pixels, samples[:, :, :3])
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    image = read(tmp_path, bmp(11, 5 * direction, 32, body, compression=3, masks=masks))
    np.testing.assert_array_equal(image.pixels, samples)
    assert image.notices == []


def test_a_bmp_of_16_bits_is_read_as_its_decoder_reads_it(tmp_path: Path) -> None:
    values = np.array([[0x7FFF, 0, 0x7C00, 0x03E0]], "<u2")
    image = read(tmp_path, bmp(4, 1, 16, values.tobytes()))
    expected = [[[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 255, 0]]]
    np.testing.assert_array_equal(image.pixels, expected)


def test_a_grey_or_black_and_white_bmp_stays_grey(tmp_path: Path) -> None:
    samples = noise(0, 5, 11)
    image = read(tmp_path, saved(Image.fromarray(samples), "BMP"))
    np.testing.assert_array_equal(image.pixels, samples)
    black = samples > 127
    image = read(tmp_path, saved(Image.fromarray(black), "BMP"))
    np.testing.assert_array_equal(image.pixels, np.where(black, 255, 0))


def test_a_run_length_coded_bmp_is_read_exactly(tmp_path: Path) -> None:
    colors = noise(9, 4, 3)
    indices = np.array([[0, 1, 2, 0], [1, 1, 1, 2]])
    body = bytes([3, 1, 1, 2, 0, 0, 0, 4, 0, 1, 2, 0, 0, 1])
    palette = bmp_palette(colors)
    image = read(tmp_path, bmp(4, 2, 8, body, palette, compression=1))
    np.testing.assert_array_equal(image.pixels, colors[indices])
    body = bytes([3, 0x11, 1, 0x22, 0, 0, 0, 4, 0x01, 0x20, 0, 1])
    image = read(tmp_path, bmp(4, 2, 4, body, palette, compression=2))
    np.testing.assert_array_equal(image.pixels, colors[indices])


def test_a_truncated_bmp_is_refused(tmp_path: Path) -> None:  # row 66
    palette = bmp_palette(noise(9, 4, 3))
    whole = bmp(11, 5, 24, bytes(36 * 5))
    for data in (whole[:-1], whole[:60], whole[:20]):
        assert refusal(tmp_path, data).reason == "truncated"
    runs = bmp(4, 2, 8, bytes([3, 1, 1, 2, 0, 0, 0, 4, 0]), palette, compression=1)
    assert refusal(tmp_path, runs).reason in {"truncated", "damaged"}
    assert refusal(tmp_path, bmp(30_000, 30_000, 24, b"")).reason == "pixel-limit"
