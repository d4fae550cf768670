"""Places of colors, and back."""

import itertools

import numpy as np
import pytest

from codec.colors.colorspace import ColorMetric
from codec.colors.places import HIGHEST, colors_at, place_colors

LEVELS = (0, 1, 2, 3, 5, 9, 17, 33, 64, 91, 128, 150, 200, 240, 254, 255)


def colors_of(channels: int) -> np.ndarray:
    """Colors of 16 levels; of few alphas, or there were too many."""
    alphas = (0, 1, 7, 100, 200, 255) if channels == 4 else LEVELS
    return np.array(list(itertools.product(*[LEVELS] * (channels - 1), alphas)), np.uint8)


# How far a channel may be off, as much of it as alpha shows. Steps of OkLab and Lab are coarser
# than those of dark blue.
FARTHEST = {"rgb": 0.05, "oklab": 4.0, "lab": 2.5}


@pytest.mark.parametrize("space", FARTHEST)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_colors_come_back(channels: int, space: str) -> None:
    metric = ColorMetric(space)
    colors = colors_of(channels)
    places = place_colors(colors, metric)
    assert places.min() >= 0
    assert places.max() <= HIGHEST

    found = colors_at(places.astype(np.float64), metric)

    assert found.dtype == np.uint8
    assert found.shape == colors.shape
    apart = np.abs(found - colors.astype(float))
    if channels in (2, 4):
        assert not apart[:, -1].any()
        apart = apart[:, :-1] * colors[:, -1:] / 255
    assert apart.max() <= FARTHEST[space if channels > 2 else "rgb"]
    assert np.percentile(apart, 98) <= 1.0


def test_means_are_rounded_and_clipped() -> None:
    metric = ColorMetric("rgb")
    between = np.array([[16 * 10.49], [16 * 10.5], [16 * 254.9], [-30.0], [16 * 300.0]])
    assert colors_at(between, metric)[:, 0].tolist() == [10, 11, 255, 0, 255]


@pytest.mark.parametrize("space", FARTHEST)
def test_what_is_clear_is_all_zero(space: str) -> None:
    colors = np.array([[9, 200, 31, 0], [255, 255, 255, 0]], np.uint8)
    metric = ColorMetric(space)
    assert not colors_at(place_colors(colors, metric).astype(float), metric).any()
