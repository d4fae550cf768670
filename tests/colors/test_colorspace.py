"""Coordinates in which colors are clustered."""

import itertools

import numpy as np
import pytest
from skimage.color import rgb2lab

from codec.colors.colorspace import ColorMetric

CUBE = np.array(list(itertools.product((*range(0, 256, 15), 1, 254), repeat=3)), dtype=np.uint8)


@pytest.mark.parametrize("space", ["rgb", "oklab", "lab"])
def test_every_color_comes_back_from_its_coordinates(space: str) -> None:
    metric = ColorMetric(space)

    assert (metric.colors(metric.coordinates(CUBE), 3) == CUBE).all()


@pytest.mark.parametrize("space", ["rgb", "oklab", "lab"])
@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("channels", [2, 4])
def test_opaque_colors_with_alpha_come_back_too(space: str, exact: bool, channels: int) -> None:
    opaque = np.hstack([CUBE[:, : channels - 1], np.full((len(CUBE), 1), 255, np.uint8)])
    metric = ColorMetric(space, exact)

    assert (metric.colors(metric.coordinates(opaque), channels) == opaque).all()


def test_oklab_is_that_of_its_author() -> None:
    """Values of Ottosson's article: white, and the three primaries to three digits."""
    colors = np.array([[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]], dtype=np.uint8)

    found = ColorMetric("oklab").coordinates(colors) / 65536

    expected = [
        [1.0, 0.0, 0.0],
        [0.628, 0.225, 0.126],
        [0.866, -0.234, 0.179],
        [0.452, -0.032, -0.312],
    ]
    assert np.abs(found - expected).max() < 1e-3


def test_lab_is_that_of_scikit_image() -> None:
    found = ColorMetric("lab").coordinates(CUBE) / 1024

    assert np.abs(found - rgb2lab(CUBE[None])[0]).max() <= 0.5 / 1024 + 1e-9


def test_coordinates_are_whole_numbers() -> None:
    for space, channels in itertools.product(("rgb", "oklab", "lab"), (1, 2, 3, 4)):
        colors = np.random.RandomState(0).randint(0, 256, (500, channels)).astype(np.uint8)
        points = ColorMetric(space).coordinates(colors)
        assert (points == np.rint(points)).all()


@pytest.mark.parametrize("channels", [2, 4])
def test_distance_is_the_expected_difference_on_a_random_background(channels: int) -> None:
    state = np.random.RandomState(channels)
    first, second = state.randint(0, 256, (2, 300, channels)).astype(np.uint8)
    backgrounds = (np.arange(1000) + 0.5) / 1000
    opacity = [part[:, -1:, None] / 255 for part in (first, second)]
    shown = [
        a * part[:, :-1, None] / 255 + (1 - a) * backgrounds
        for a, part in zip(opacity, (first, second), strict=True)
    ]
    expected = ((shown[0] - shown[1]) ** 2).mean(axis=2).sum(axis=1) * 255**2

    metric = ColorMetric()
    difference = metric.coordinates(first) - metric.coordinates(second)
    found = (difference**2).sum(axis=1) / 510**2

    # For grey with alpha, the coordinate of alpha is rounded.
    assert np.abs(np.sqrt(found) - np.sqrt(expected)).max() < 0.01


def test_invisible_colors_are_one_point() -> None:
    hidden = np.array([[9, 8, 7, 0], [255, 0, 0, 0], [0, 0, 0, 0]], dtype=np.uint8)

    for space in ("rgb", "oklab", "lab"):
        assert (ColorMetric(space).coordinates(hidden) == 0).all()
        exact = ColorMetric(space, exact=True)
        assert len(np.unique(exact.coordinates(hidden), axis=0)) == 3
        assert (exact.colors(exact.coordinates(hidden), 4) == hidden).all()


@pytest.mark.parametrize("channels", [2, 4])
def test_nearly_invisible_colors_come_back_exactly(channels: int) -> None:
    state = np.random.RandomState(channels)
    colors = state.randint(0, 256, (500, channels)).astype(np.uint8)
    colors[:, -1] = state.randint(1, 9, 500)
    metric = ColorMetric()

    assert (metric.colors(metric.coordinates(colors), channels) == colors).all()


def test_transparent_codewords_are_all_zero() -> None:
    metric = ColorMetric()

    assert metric.colors(np.array([[3.0, -2.0, 1.0, 0.4]]), 4).tolist() == [[0, 0, 0, 0]]


def test_halves_round_up() -> None:
    points = np.array([[0.5], [1.5], [254.5], [254.499], [-3.0], [300.0]])

    assert ColorMetric().colors(points, 1).ravel().tolist() == [1, 2, 255, 254, 0, 255]
