"""How a PNG takes a picture apart: whole, or in the passes of Adam7."""

import zlib

import numpy as np
import png_tools
import pytest

from codec.errors import FormatError
from codec.png.reading import GREY, RGB, PngHeader, read_png
from codec.png.samples import decode_samples


def header(width: int, height: int, depth: int = 8, *, interlaced: bool = True) -> PngHeader:
    return PngHeader(width, height, depth, GREY, interlaced)


@pytest.mark.parametrize("interlaced", [False, True], ids=["plain", "Adam7"])
@pytest.mark.parametrize("height", range(1, 10))
@pytest.mark.parametrize("width", range(1, 10))
def test_every_pixel_is_in_exactly_one_pass(width: int, height: int, interlaced: bool) -> None:
    times = np.zeros((height, width), int)
    for place, columns, rows in header(width, height, interlaced=interlaced).passes():
        times[place] += 1
        assert times[place].shape == (rows, columns)
        assert times[place].size > 0
    assert (times == 1).all()


def test_the_passes_come_in_the_order_of_the_specification() -> None:
    order = np.zeros((8, 8), int)
    for number, (place, _, _) in enumerate(header(8, 8).passes(), 1):
        order[place] = number
    assert order.tolist() == [  # PNG, section 8.2
        [1, 6, 4, 6, 2, 6, 4, 6],
        [7, 7, 7, 7, 7, 7, 7, 7],
        [5, 6, 5, 6, 5, 6, 5, 6],
        [7, 7, 7, 7, 7, 7, 7, 7],
        [3, 6, 4, 6, 3, 6, 4, 6],
        [7, 7, 7, 7, 7, 7, 7, 7],
        [5, 6, 5, 6, 5, 6, 5, 6],
        [7, 7, 7, 7, 7, 7, 7, 7],
    ]


@pytest.mark.parametrize(
    ("width", "depth", "size"),
    [(1, 1, 2), (8, 1, 2), (9, 1, 3), (3, 2, 2), (5, 2, 3), (3, 4, 3), (3, 8, 4), (3, 16, 7)],
)
def test_a_row_takes_whole_bytes_and_one_for_its_filter(width: int, depth: int, size: int) -> None:
    assert header(width, 1, depth).row_size(width) == size
    assert header(width, 5, depth, interlaced=False).inflated_size() == 5 * size


@pytest.mark.parametrize("number", range(7))
def test_an_undefined_filter_of_any_pass_is_refused(number: int) -> None:
    rows = bytearray()
    for n, (_, width, height) in enumerate(header(8, 8).passes()):
        rows += (bytes([5 if n == number else 0]) + bytes(width)) * height
    data = png_tools.png(
        png_tools.ihdr(8, 8, interlace=1), png_tools.idat(bytes(rows)), png_tools.IEND
    )
    with pytest.raises(FormatError) as caught:
        decode_samples(read_png(data))
    assert caught.value.reason == "bad-filter"


def test_decoded_samples_outlive_what_they_were_decoded_from() -> None:
    rows = np.zeros((3, 1 + 2 * 3), np.uint8)
    rows[:, 1:] = np.arange(18).reshape(3, 6)
    head = png_tools.ihdr(2, 3, 8, RGB)
    idat = png_tools.chunk(b"IDAT", zlib.compress(rows.tobytes()))
    samples = decode_samples(read_png(png_tools.png(head, idat, png_tools.IEND)))
    assert samples.tolist() == np.arange(18).reshape(3, 2, 3).tolist()
