"""TIFFs in the codings of fax machines, which make the worst pictures several times larger."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from picture_tools import SHORT, opened, raw_tiff, read, refusal, saved, tiff_tags
from PIL import Image

WIDTH, HEIGHT = 1728, 300
_ROWS, _COLUMNS = np.indices((HEIGHT, WIDTH))
PICTURES: dict[str, npt.NDArray[np.bool_]] = {
    "stripes": _COLUMNS % 2 == 1,
    "checker": (_ROWS + _COLUMNS) % 2 == 1,
    "every other row": (_ROWS | _COLUMNS) % 2 == 0,
    "halftone": np.asarray(Image.new("L", (WIDTH, HEIGHT), 120).convert("1")),
    "noise": np.random.RandomState(0).rand(HEIGHT, WIDTH) < 0.5,
    "sparse": np.random.RandomState(0).rand(HEIGHT, WIDTH) < 0.02,
    "white": np.ones((HEIGHT, WIDTH), bool),
}
# Modified Huffman, T.4 and T.6, as Pillow calls them.
CODINGS = ("tiff_ccitt", "group3", "group4")


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("name", PICTURES)
def test_rows_that_take_several_times_their_bits_are_read_whole(
    name: str, coding: str, tmp_path: Path
) -> None:
    data = saved(Image.fromarray(PICTURES[name]), "TIFF", compression=coding)
    image = read(tmp_path, data)
    np.testing.assert_array_equal(image.pixels, PICTURES[name].astype(np.uint8) * 255)


def raw(name: str, coding: str, fill_order: int, change: Callable[[bytes], bytes]) -> bytes:
    """A TIFF of a single strip that was changed."""
    data = saved(Image.fromarray(PICTURES[name][:100, :400]), "TIFF", compression=coding,
                 strip_size=1 << 24)  # fmt: skip
    tags = opened(data).tag_v2  # type: ignore[attr-defined]
    strip = change(data[tags[273][0] :][: tags[279][0]])
    if fill_order == 2:
        bits = np.unpackbits(np.frombuffer(strip, np.uint8))
        strip = np.packbits(bits, bitorder="little").tobytes()
    entries = {**tiff_tags(400, 100, len(strip), bits=1, photometric=tags[262]),
               259: (SHORT, [tags[259]]), 266: (SHORT, [fill_order])}  # fmt: skip
    return raw_tiff(entries, strip=strip)


@pytest.mark.parametrize("fill_order", [1, 2])
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("name", PICTURES)
def test_a_strip_that_ends_early_or_in_zeros_is_refused(
    name: str, coding: str, fill_order: int, tmp_path: Path
) -> None:
    for zeros in (0, 1000):
        for part in (0.1, 0.3, 0.5, 0.7):

            def cut(strip: bytes, part: float = part, zeros: int = zeros) -> bytes:
                return strip[: int(part * len(strip))] + bytes(zeros)

            error = refusal(tmp_path, raw(name, coding, fill_order, cut))
            assert error.reason in {"truncated", "damaged"}


@pytest.mark.parametrize("fill_order", [1, 2])
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("name", PICTURES)
def test_a_strip_that_is_filled_up_is_read(
    name: str, coding: str, fill_order: int, tmp_path: Path
) -> None:
    expected = PICTURES[name][:100, :400].astype(np.uint8) * 255
    for more in (b"", bytes(1), bytes(3), bytes(100), b"junk" * 9):

        def longer(strip: bytes, more: bytes = more) -> bytes:
            return strip + more

        image = read(tmp_path, raw(name, coding, fill_order, longer))
        np.testing.assert_array_equal(image.pixels, expected)
        assert image.notices == []
