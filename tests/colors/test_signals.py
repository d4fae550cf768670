"""Which colors are lost though they are signals."""

import numpy as np
from scene_tools import RED, gradient, page

from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import count_colors
from codec.colors.signals import are_alike, compare_hues, lost_colors

GREYS = np.array([[0] * 3, [130] * 3, [255] * 3], np.uint8)


def _labels(colors: np.ndarray, codebook: np.ndarray) -> np.ndarray:
    metric = ColorMetric("oklab")
    places, words = metric.coordinates(colors), metric.coordinates(codebook)
    distances = ((places[:, None] - words) ** 2).sum(axis=2)
    return np.asarray(distances.argmin(axis=1).astype(np.uint8))


def test_a_button_is_a_group_of_its_own() -> None:
    histogram = count_colors(page(button=RED))
    lost = lost_colors(histogram, GREYS, _labels(histogram.colors, GREYS), 32, exact=False)

    assert lost is not None
    assert lost.colors.tolist() == [list(RED)]
    assert histogram.colors[lost.groups == 1].tolist() == [list(RED)]
    expected, other = compare_hues(np.array([RED], np.uint8), GREYS[1:2], exact=False)
    assert other.all()
    assert np.isclose(lost.errors[0], expected[0])


def test_nothing_is_lost_where_hues_are_kept() -> None:
    histogram = count_colors(page(button=RED))
    codebook = np.array([*GREYS.tolist(), [200, 60, 40]], np.uint8)
    labels = _labels(histogram.colors, codebook)
    assert lost_colors(histogram, codebook, labels, 32, exact=False) is None


def test_few_pixels_are_no_group() -> None:
    histogram = count_colors(page(button=RED))
    labels = _labels(histogram.colors, GREYS)
    assert lost_colors(histogram, GREYS, labels, 48 * 12 + 1, exact=False) is None


def test_grain_is_one_group_whose_color_is_the_mean() -> None:
    picture = page()
    grain = np.random.RandomState(0).randint(-3, 4, (40, 40, 3))
    picture[100:140, 100:140] = np.array(RED) + grain
    histogram = count_colors(picture)

    lost = lost_colors(histogram, GREYS, _labels(histogram.colors, GREYS), 32, exact=False)

    assert lost is not None
    assert len(lost.colors) == 1
    assert np.abs(lost.colors[0].astype(int) - RED).max() <= 1
    assert histogram.counts[lost.groups == 1].sum() == 1600


def test_groups_hold_what_is_alike() -> None:
    histogram = count_colors(gradient(200))
    codebook = np.array([[240, 200, 20]], np.uint8)
    labels = np.zeros(len(histogram), np.uint8)

    lost = lost_colors(histogram, codebook, labels, 32, exact=False)

    assert lost is not None
    for number, color in enumerate(lost.colors, 1):
        assert are_alike(histogram.colors[lost.groups == number], color, exact=False).all()


def test_what_nobody_sees_is_not_lost() -> None:
    colors = np.array([[200, 0, 0, 0], [200, 0, 0, 20]], np.uint8)
    words = np.array([[0, 0, 0, 0], [0, 0, 0, 20]], np.uint8)
    assert not compare_hues(colors, words, exact=False)[1].any()
    assert compare_hues(colors, words, exact=True)[1].all()
