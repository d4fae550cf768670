"""Labels that a picture brings along, and how large a codebook they ask for."""

import numpy as np
import pytest

from codec.labels.given import given_labels

INDICES = np.array([[0, 5], [9, 5]], np.uint8)
PALETTE = np.arange(60, dtype=np.uint8).reshape(20, 3)
PIXELS = PALETTE[INDICES]


@pytest.mark.parametrize(("n_colors", "size"), [(256, 20), (20, 20), (19, 10), (10, 10), (9, 10)])
def test_a_palette_that_is_too_large_ends_behind_its_highest_index(
    n_colors: int, size: int
) -> None:
    given = given_labels(PIXELS, INDICES, PALETTE, n_colors)
    assert given is not None
    np.testing.assert_array_equal(given.labels, INDICES)
    np.testing.assert_array_equal(given.codebook, PALETTE[:size])


@pytest.mark.parametrize("highest", [0, 1, 15, 255])
def test_grey_values_are_labels_of_all_greys_up_to_the_highest(highest: int) -> None:
    values = np.array([[0, highest], [highest, highest // 2]], np.uint8)
    given = given_labels(values[:, :, None], None, None, 2)
    assert given is not None
    np.testing.assert_array_equal(given.labels, values)
    assert given.codebook.tolist() == [[value] for value in range(highest + 1)]


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_other_pictures_bring_none(channels: int) -> None:
    assert given_labels(np.zeros((2, 2, channels), np.uint8), None, None, 256) is None
