"""Flat pixels, against the definition."""

import numpy as np
import pytest
from kernel_tools import SHAPES, Bytes, pictures
from marks import NO_KERNELS

from codec.colors.pixels import as_rows, pack_colors
from codec.kernels.plain import flats as plain

compiled = pytest.importorskip("codec.kernels.flats", reason=NO_KERNELS)


def _flat_by_definition(pixels: Bytes) -> np.ndarray:
    """Look at every neighborhood by itself."""
    flat = np.zeros(pixels.shape[:2], bool)
    for y, x in np.ndindex(*flat.shape):
        around = pixels[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
        flat[y, x] = (around == pixels[y, x]).all()
    return flat


@pytest.mark.parametrize("home", [compiled, plain])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", SHAPES[:7])
def test_every_flat_pixel_of_a_color_asked_for_counts(
    shape: tuple[int, int], channels: int, home: object
) -> None:
    left, right = shape[1] // 4, shape[1] - shape[1] // 3
    for picture in pictures(*shape, channels):
        keys = pack_colors(picture)
        asked = np.unique(keys)[::2].copy()
        flats = _flat_by_definition(picture)[:, left:right]
        flat = keys[:, left:right][flats]

        for rows in (as_rows(picture), np.repeat(as_rows(picture), 2, axis=0)[::2]):
            counts = np.full(len(asked), 7, np.int64)
            # Whoever divides rows among threads gets the same.
            for top, bottom in ((0, shape[0] // 2), (shape[0] // 2, shape[0])):
                home.count_flats(  # type: ignore[attr-defined]
                    rows, channels, top, bottom, left, right, asked, counts
                )

            assert counts.tolist() == [7 + np.count_nonzero(flat == key) for key in asked]


def test_a_square_of_three_by_three_has_one_flat_pixel_and_four_in_a_corner() -> None:
    for y, x, expected in ((4, 5, 1), (0, 0, 4), (0, 5, 2)):
        picture = np.zeros((9, 11), np.uint8)
        picture[y : y + 3, x : x + 3] = 9
        counts = np.zeros(1, np.int64)

        compiled.count_flats(picture, 1, 0, 9, 0, 11, np.array([9], np.uint32), counts)

        assert counts.tolist() == [expected]


def test_what_does_not_fit_is_refused() -> None:
    rows, keys = np.zeros((3, 6), np.uint8), np.zeros(1, np.uint32)
    for channels, where, size in (
        (4, (0, 3, 0, 1), 1), (5, (0, 3, 0, 1), 1), (3, (0, 4, 0, 2), 1), (3, (2, 1, 0, 2), 1),
        (3, (0, 3, 0, 3), 1), (3, (0, 3, -1, 2), 1), (3, (0, 3, 2, 1), 1), (3, (0, 3, 0, 2), 2),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"fit|rows|columns"):
            compiled.count_flats(rows, channels, *where, keys, np.zeros(size, np.int64))
