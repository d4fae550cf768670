"""Classes of alpha, and the metric that keeps them apart."""

import numpy as np
import pytest

from codec.colors.colorspace import ColorMetric
from codec.colors.opacity import (
    PartedMetric,
    are_clear,
    are_solid,
    has_classes,
    has_ends,
)


@pytest.mark.parametrize(
    ("channels", "exact", "expected"),
    [
        (1, False, False), (2, False, True), (3, False, False), (4, False, True),
        (2, True, False), (4, True, False),
    ],
)  # fmt: skip
def test_only_alpha_that_is_not_exact_has_classes(
    channels: int, exact: bool, expected: bool
) -> None:
    assert has_classes(ColorMetric(exact=exact), channels) is expected


def test_the_ends_of_alpha_are_classes() -> None:
    colors = np.array([[0, 0], [9, 0], [9, 1], [9, 254], [9, 255]], dtype=np.uint8)

    assert are_clear(colors).tolist() == [True, True, False, False, False]
    assert are_solid(colors).tolist() == [False, False, False, False, True]
    assert has_ends(colors[:3])
    assert has_ends(colors[3:])
    assert not has_ends(colors[2:4])


@pytest.mark.parametrize("gap", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("channels", [2, 4])
def test_colors_come_back_across_the_gap(channels: int, gap: float) -> None:
    state = np.random.RandomState(channels)
    colors = state.randint(0, 256, (600, channels)).astype(np.uint8)
    colors[:, -1] = state.choice([1, 2, 100, 253, 254, 255], 600)
    metric = PartedMetric(gap=gap)

    found = metric.colors(metric.coordinates(colors), channels)

    assert (found[:, -1] == colors[:, -1]).all()
    assert np.abs(found.astype(int) - colors)[colors[:, -1] > 9].max() == 0


@pytest.mark.parametrize("space", ["rgb", "oklab", "lab"])
def test_solid_colors_lie_a_gap_away(space: str) -> None:
    colors = np.array([[80, 80, 80, 0], [80, 80, 80, 254], [80, 80, 80, 255]], dtype=np.uint8)

    beside = PartedMetric(space).coordinates(colors)
    apart = PartedMetric(space, gap=0.5).coordinates(colors)

    moved = apart - beside
    assert not moved[:2].any()
    assert not moved[2, :-1].any()
    assert moved[2, -1] == np.rint(beside[2, -1] / 2)


def test_what_lies_beyond_the_middle_of_the_gap_is_solid() -> None:
    metric = PartedMetric(gap=0.5)
    ends = metric.coordinates(np.array([[200, 90, 30, 254], [200, 90, 30, 255]], dtype=np.uint8))
    shares = np.array([[0.4], [0.6]])

    found = metric.colors(ends[0] + shares * (ends[1] - ends[0]), 4)

    assert found[:, -1].tolist() == [254, 255]


@pytest.mark.parametrize("channels", [2, 4])
def test_distance_is_expected_where_black_and_white_are_half_of_backgrounds(
    channels: int,
) -> None:
    state = np.random.RandomState(channels)
    first, second = state.randint(0, 255, (2, 300, channels)).astype(np.uint8)
    backgrounds = np.concatenate([(np.arange(1000) + 0.5) / 1000, np.arange(1000) % 2])
    opacity = [part[:, -1:, None] / 255 for part in (first, second)]
    shown = [
        a * part[:, :-1, None] / 255 + (1 - a) * backgrounds
        for a, part in zip(opacity, (first, second), strict=True)
    ]
    expected = ((shown[0] - shown[1]) ** 2).mean(axis=2).sum(axis=1) * 255**2

    difference = PartedMetric().coordinates(first) - PartedMetric().coordinates(second)
    found = (difference**2).sum(axis=1) / 510**2

    assert np.abs(np.sqrt(found) - np.sqrt(expected)).max() < 0.01
