"""Cubes that cover points, and code-words within an error, against their definitions."""

import numpy as np
import pytest
from marks import needs_kernels

from codec import kernels
from codec.kernels.plain import covering as plain


def colors(axes: int, seed: int = 0, count: int = 600) -> np.ndarray:
    """Points in ascending order of the first axis."""
    points = np.zeros((count, 4), dtype=np.uint8)
    state = np.random.RandomState(seed)
    points[:, :axes] = np.clip(state.normal(128, 60, (count, axes)), 0, 255)
    return points[np.argsort(points[:, 0], kind="stable")]


@pytest.mark.parametrize("axes", [1, 2, 3, 4])
@pytest.mark.parametrize("error", [0, 1, 9, 40, 127, 128, 255])
def test_every_point_is_in_a_cube(axes: int, error: int) -> None:
    points = colors(axes)
    lows, highs = np.zeros((2, 600, 4), dtype=np.uint8)

    count = kernels.covering.cover_points(points, error, lows, highs)

    lows, highs = lows[:count], highs[:count]
    inside = np.all((points[:, None] >= lows) & (points[:, None] <= highs), axis=2)
    assert np.any(inside, axis=1).all()
    assert (highs.astype(int) - lows <= 2 * error).all()
    if axes == 1:  # no fewer intervals are enough: each begins beyond the one before
        assert (np.diff(lows[:, 0].astype(int)) > 2 * error).all()


def test_too_many_cubes_are_told() -> None:
    points = colors(3)
    boxes = np.zeros((2, 4, 4), dtype=np.uint8)
    assert kernels.covering.cover_points(points, 5, *boxes) == 5


@needs_kernels
@pytest.mark.parametrize("axes", [1, 2, 3, 4])
@pytest.mark.parametrize("error", [0, 3, 20, 90, 255])
def test_twins_find_the_same_cubes(axes: int, error: int) -> None:
    points = colors(axes, seed=error)
    found = []
    for twin in (kernels.covering, plain):
        boxes = np.zeros((2, 90, 4), dtype=np.uint8)
        found.append((twin.cover_points(points, error, *boxes), boxes.tolist()))
    assert found[0] == found[1]


@pytest.mark.parametrize("error", [0, 12, 60, 255])
def test_labels_are_the_nearest_within_the_error(error: int) -> None:
    some, words = colors(4, 1, 300), colors(4, 2, 20)
    points, places = (array.astype(np.int32) * 3 for array in (some, words))
    places[:, 1] += 40  # not where values say
    labels = np.empty(300, dtype=np.int32)

    kernels.covering.label_within(some, points, words, places, error, labels)

    distances = ((points[:, None] - places) ** 2).sum(axis=2).astype(float)
    distances[(np.abs(some[:, None].astype(int) - words) > error).any(axis=2)] = np.inf
    expected = np.where(np.isinf(distances).all(axis=1), -1, distances.argmin(axis=1))
    assert labels.tolist() == expected.tolist()
    twin = np.empty(300, dtype=np.int32)
    plain.label_within(some, points, words, places, error, twin)
    assert twin.tolist() == labels.tolist()


@needs_kernels
def test_what_does_not_fit_is_refused() -> None:
    points, boxes = colors(4), np.zeros((5, 4), dtype=np.uint8)
    for arguments in (
        (points[:, :3].copy(), 1, boxes, boxes),
        (points, 256, boxes, boxes),
        (points, 1, boxes, boxes[:4]),
    ):
        with pytest.raises(ValueError, match=r"axes|fit"):
            kernels.covering.cover_points(*arguments)
