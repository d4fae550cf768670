"""Weights of pixels."""

import numpy as np
import pytest
from picture_tools import noise

from codec.colors.histogram import count_colors
from codec.encoder.weights import check_weights, sum_weights


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (np.array([[3, 0, 255]], np.uint8), [3, 0, 255]),
        (np.array([[3, 0, 5]], np.uint8), [3, 0, 5]),
        (np.array([[0.0, 1e-9, 2.0]]), [0, 1, 255]),
        (np.array([[1, 2, 4]]), [64, 128, 255]),
        (np.array([[True, False, True]]), [255, 0, 255]),
        (np.array([[1e308, 0, 5e307]]), [255, 0, 128]),
        (np.array([[7e-320, 0, 7e-320]]), [255, 0, 255]),
        (np.array([[60000, 0, 30000]], np.float16), [255, 0, 128]),
    ],
)
def test_weights_are_parts_of_the_largest(weights: np.ndarray, expected: list[int]) -> None:
    assert check_weights(weights, 1, 3).tolist() == [expected]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_colors_count_by_the_weights_of_their_pixels(channels: int) -> None:
    pixels, weights = noise(3, 50, 40, channels, high=4), noise(4, 50, 40)
    weights[(pixels == 0).all(axis=2)] = 0
    histogram = count_colors(pixels)

    weighed = sum_weights(pixels, histogram, weights[:, ::-1][:, ::-1])

    assert weighed.colors is histogram.colors
    for color, count in zip(weighed.colors, weighed.counts.tolist(), strict=True):
        members = (pixels == color).all(axis=2)
        assert count == max(1, int(weights[members].astype(int).sum()))
