"""TIFFs in the codings of fax machines, which make the worst pictures several times larger."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from picture_tools import read, saved
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
