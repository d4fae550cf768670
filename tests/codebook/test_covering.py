"""Codebooks by their largest error."""

import numpy as np
import pytest
from alpha_tools import WITH_ALPHA
from cli_tools import many_colors

from codec.codebook.covering import Covering, cover_colors, least_error
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram, count_colors
from codec.colors.opacity import are_clear, are_solid
from codec.colors.pixels import without_hidden

OKLAB, RGB = ColorMetric("oklab"), ColorMetric("rgb")
PICTURES = {
    "grey": many_colors(height=60)[:, :, :1],
    "RGB": many_colors(height=60),
    **{name: without_hidden(WITH_ALPHA[name]()) for name in ("glow", "badges", "card")},
}
HISTOGRAMS = {name: count_colors(pixels) for name, pixels in PICTURES.items()}


def largest(histogram: ColorHistogram, covering: Covering) -> int:
    """The largest error of any channel."""
    decoded = covering.codebook[covering.color_labels]
    return int(np.abs(histogram.colors.astype(int) - decoded).max())


def packed(histogram: ColorHistogram, error: int) -> int:
    """How many colors are so far apart that no two can share a code-word: a bound from below."""
    left, count = histogram.colors.astype(int), 0
    while len(left):
        left = left[(np.abs(left - left[0]) > 2 * error).any(axis=1)]
        count += 1
    return count


@pytest.mark.parametrize("name", HISTOGRAMS)
@pytest.mark.parametrize("error", [1, 6, 20, 70])
@pytest.mark.parametrize("metric", [OKLAB, RGB], ids=["oklab", "rgb"])
def test_no_color_is_farther_than_the_error(name: str, error: int, metric: ColorMetric) -> None:
    histogram = HISTOGRAMS[name]
    covering = cover_colors(histogram, error, 256, metric)
    if covering is None:
        assert packed(histogram, (error + 1) // 2) > 64
        return
    codebook, labels = covering
    assert largest(histogram, covering) <= error
    assert codebook.tolist() == np.unique(codebook, axis=0).tolist()
    assert np.unique(labels).tolist() == list(range(len(codebook)))
    if histogram.colors.shape[1] == 4:
        colors = histogram.colors
        assert (are_solid(colors) <= are_solid(codebook)[labels]).all()
        assert (are_clear(colors) <= are_clear(codebook)[labels]).all()


@pytest.mark.parametrize("name", ["grey", "RGB"])
@pytest.mark.parametrize("most", [2, 16, 64])
def test_the_least_error_is_near_the_packing_bound(name: str, most: int) -> None:
    histogram = HISTOGRAMS[name]
    error = least_error(histogram, most, OKLAB)
    bound = next(error for error in range(256) if packed(histogram, error) <= most)

    assert cover_colors(histogram, error, most, OKLAB) is not None
    assert cover_colors(histogram, error - 1, most, OKLAB) is None
    assert bound <= error <= 1.6 * bound + 1
    if name == "grey":  # on a line the greedy cover is the best
        assert error == bound


def test_code_words_to_begin_with_are_kept() -> None:
    histogram = HISTOGRAMS["RGB"]
    begin = np.array([[100, 100, 60], [200, 180, 90]], dtype=np.uint8)
    with_them = cover_colors(histogram, 30, 256, RGB, begin)
    assert with_them is not None
    assert largest(histogram, with_them) <= 30


def test_one_code_word_cannot_be_clear_and_solid() -> None:
    histogram = HISTOGRAMS["badges"]
    assert least_error(histogram, 1, OKLAB) == 256
    assert least_error(histogram, 3, OKLAB) < 256


def test_code_words_move_to_the_means_as_far_as_they_may() -> None:
    """Less squared error than at the centers of cubes, which the bounds leave room for."""
    colors = np.array([[0], [10], [20], [100]], dtype=np.uint8)
    histogram = ColorHistogram(colors, np.array([90, 1, 1, 5]))
    covering = cover_colors(histogram, 12, 2, RGB)
    assert covering is not None
    # The mean is nearly 0, but 20 must stay within 12.
    assert covering.codebook.tolist() == [[8], [100]]
