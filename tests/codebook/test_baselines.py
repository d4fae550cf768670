"""Codebooks chosen without k-means: each does what its name says."""

import itertools

import numpy as np
import pytest

from codec.codebook.baselines import (
    BASELINES,
    first_pixels_codebook,
    median_cut_codebook,
    random_codebook,
)
from codec.colors.histogram import count_colors


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_codewords_are_distinct_sorted_and_no_more_than_asked_for(
    channels: int, name: str
) -> None:
    pixels = np.random.RandomState(channels).randint(0, 9, (20, 30, channels)).astype(np.uint8)
    histogram = count_colors(pixels)
    for size in (1, 2, 5, 8, 256):
        codebook = BASELINES[name](pixels, histogram, size, 0)

        assert codebook.dtype == np.uint8
        assert codebook.shape[1] == channels
        assert 1 <= len(codebook) <= min(size, len(histogram))
        assert codebook.tolist() == np.unique(codebook, axis=0).tolist()


def test_random_codewords_are_colors_of_the_picture_and_frequent_ones_likelier() -> None:
    pixels = np.repeat(np.arange(100, dtype=np.uint8), 10).reshape(-1, 10, 1)
    pixels[:50] = 200  # half of all pixels
    histogram = count_colors(pixels)

    found = [random_codebook(pixels, histogram, 2, seed)[:, 0].tolist() for seed in range(200)]

    assert set(itertools.chain(*found)) <= set(histogram.colors[:, 0].tolist())
    assert 100 < sum(200 in codebook for codebook in found) < 180  # of 3 in 4
    assert found[7] == random_codebook(pixels, histogram, 2, 7)[:, 0].tolist()
    assert found[7] != found[8]


def test_the_first_pixels_are_the_first_colors_in_reading_order() -> None:
    pixels = np.array([[[7], [7], [9]], [[1], [9], [3]]], dtype=np.uint8)
    histogram = count_colors(pixels)
    for size, expected in ((1, [7]), (2, [7, 9]), (3, [1, 7, 9]), (4, [1, 3, 7, 9])):
        assert first_pixels_codebook(pixels, histogram, size, 0)[:, 0].tolist() == expected


def test_the_box_of_most_pixels_is_halved_along_its_longest_side() -> None:
    colors = [[0, 0, 0], [0, 90, 0], [0, 100, 0], [10, 200, 0]]
    pixels = np.array([[color] * 6 for color in colors], dtype=np.uint8)
    histogram = count_colors(pixels)

    # The second channel is longest: first the lower from the upper half, then each again.
    assert median_cut_codebook(pixels, histogram, 1, 0).tolist() == [[3, 98, 0]]
    assert median_cut_codebook(pixels, histogram, 2, 0).tolist() == [[0, 45, 0], [5, 150, 0]]
    assert median_cut_codebook(pixels, histogram, 4, 0).tolist() == colors
