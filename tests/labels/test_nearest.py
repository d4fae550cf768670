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
    assert labels.tolist() == expected
