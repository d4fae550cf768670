"""Labels of colors: the nearest code-words."""

import numpy as np
import pytest
from kernel_tools import brute_force

from codec.colors.colorspace import ColorMetric
from codec.labels.nearest import label_colors


@pytest.mark.parametrize("space", ["rgb", "oklab", "lab"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_labels_are_nearest_in_every_space(space: str, channels: int) -> None:
    state = np.random.RandomState(channels)
    colors = np.unique(state.randint(0, 256, (1500, channels)).astype(np.uint8), axis=0)
    codebook = np.unique(state.randint(0, 256, (40, channels)).astype(np.uint8), axis=0)
    metric = ColorMetric(space)

    labels = label_colors(colors, codebook, metric)

    expected = brute_force(metric.coordinates(colors), metric.coordinates(codebook))
    if channels in (2, 4):  # neither clear nor solid: see below
        any_may_stand = (colors[:, -1] > 0) & (colors[:, -1] < 255)
        assert any_may_stand.sum() > 1400
        labels, expected = labels[any_may_stand], np.array(expected)[any_may_stand].tolist()
    assert labels.tolist() == expected


@pytest.mark.parametrize("space", ["rgb", "oklab"])
@pytest.mark.parametrize("channels", [2, 4])
def test_clear_and_solid_colors_have_codewords_of_their_own(channels: int, space: str) -> None:
    state = np.random.RandomState(channels)
    colors = np.unique(state.randint(0, 256, (900, channels)).astype(np.uint8), axis=0)
    colors[:, -1] = np.clip(colors[:, -1], 1, 254)
    colors[::3, -1], colors[1::3, -1] = 0, 255
    codebook = np.unique(state.randint(0, 256, (40, channels)).astype(np.uint8), axis=0)
    codebook[::5, -1] = 255
    codebook[0] = 0
    metric = ColorMetric(space)

    labels = label_colors(colors, codebook, metric)

    points, words = metric.coordinates(colors), metric.coordinates(codebook)
    solid = np.flatnonzero(codebook[:, -1] == 255)
    assert not labels[::3].any()
    assert labels[1::3].tolist() == solid[brute_force(points[1::3], words[solid])].tolist()
    assert labels[2::3].tolist() == brute_force(points[2::3], words)


@pytest.mark.parametrize("alpha", [0, 255])
def test_without_such_codewords_any_other_stands_for_them(alpha: int) -> None:
    colors = np.array([[10, 20, 30, alpha], [200, 200, 200, alpha]], dtype=np.uint8)
    codebook = np.array([[0, 0, 0, 100], [210, 210, 210, 254]], dtype=np.uint8)

    labels = label_colors(colors, codebook, ColorMetric())

    points, words = ColorMetric().coordinates(colors), ColorMetric().coordinates(codebook)
    assert labels.tolist() == brute_force(points, words)


def test_exact_alpha_is_a_channel_like_others() -> None:
    colors = np.array([[10, 20, 30, 255], [10, 20, 30, 0]], dtype=np.uint8)
    codebook = np.array([[0, 0, 0, 0], [10, 20, 30, 254], [10, 20, 30, 1], [255] * 4])

    metric = ColorMetric(exact=True)

    assert label_colors(colors, codebook.astype(np.uint8), metric).tolist() == [1, 2]
