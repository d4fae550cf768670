"""The nearest code-word of points, against its definition."""

import numpy as np
import pytest
from marks import needs_kernels

from codec import kernels
from codec.kernels.plain import nearpoints as plain


@pytest.mark.parametrize("size", [1, 2, 7, 64, 256])
@pytest.mark.parametrize("extent", [1, 9, 2040, 70_000, 1 << 28])
@pytest.mark.parametrize("axes", [1, 3, 4])
def test_labels_are_the_nearest_and_the_lowest(axes: int, extent: int, size: int) -> None:
    state = np.random.RandomState(size)
    points, words = np.zeros((700, 4), dtype=np.int32), np.zeros((size, 4), dtype=np.int32)
    points[:, :axes] = state.randint(-extent, extent + 1, (700, axes))
    points[300:] = points[300 + np.lexsort(points[300:].T)]  # neighbors are similar
    words[:, :axes] = state.randint(-extent, extent + 1, (size, axes))
    words[size // 2 :: 5] = words[0]
    distances = ((points[:, None].astype(object) - words[None]) ** 2).sum(axis=2)
    labels = np.empty(700, dtype=np.uint8)
    kernels.nearpoints.label_points(points, words, labels)
    assert labels.tolist() == [row.tolist().index(min(row)) for row in distances]


def test_no_points_are_no_labels() -> None:
    none = np.zeros((0, 4), dtype=np.int32)
    kernels.nearpoints.label_points(none, np.zeros((1, 4), np.int32), np.empty(0, np.uint8))


@needs_kernels
def test_what_does_not_fit_is_refused() -> None:
    points, labels = np.zeros((3, 4), dtype=np.int32), np.empty(3, dtype=np.uint8)
    for some, words, found in (
        (points[:, :3].copy(), points, labels),
        (points, points[:0], labels),
        (points, points[:, :3].copy(), labels),
        (points, np.zeros((257, 4), dtype=np.int32), labels),
        (points, points, labels[:2]),
        (points - np.int32((1 << 28) + 1), points, labels),
        (points, points + np.int32((1 << 28) + 1), labels),
    ):
        with pytest.raises(ValueError, match=r"fit|code-words|large"):
            kernels.nearpoints.label_points(some, words, found)


@needs_kernels
@pytest.mark.parametrize("size", [1, 3, 256])
def test_ranks_are_those_of_the_twin_and_serve_again(size: int) -> None:
    state = np.random.RandomState(size)
    words = state.randint(-99, 99, (size, 4)).astype(np.int32)
    order, apart = kernels.nearpoints.rank_words(words)
    other_order, other_apart = plain.rank_words(words)
    assert (order.dtype, apart.dtype) == (other_order.dtype, other_apart.dtype)
    assert np.array_equal(order, other_order)
    assert np.array_equal(apart, other_apart)
    for seed in range(3):
        points = np.random.RandomState(seed).randint(-120, 120, (500, 4)).astype(np.int32)
        found, wanted = np.empty((2, 500), dtype=np.uint8)
        kernels.nearpoints.label_ranked(points, words, order, apart, found)
        plain.label_ranked(points, words, order, apart, wanted)
        assert np.array_equal(found, wanted)


@needs_kernels
def test_ranks_that_do_not_fit_are_refused() -> None:
    words, labels = np.arange(12, dtype=np.int32).reshape(3, 4), np.empty(3, dtype=np.uint8)
    order, apart = kernels.nearpoints.rank_words(words)
    for wrong in (
        (order[:2], apart),
        (order, apart[:, :2].copy()),
        (order + np.uint8(1), apart),
        kernels.nearpoints.rank_words(words[:2]),
    ):
        with pytest.raises(ValueError, match=r"fit|code-word"):
            kernels.nearpoints.label_ranked(words, words, *wrong, labels)
