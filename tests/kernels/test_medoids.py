"""Swapping places in for code-words, against trying every swap."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_tools import EXAMPLES, Points, Whole, padded, problems, read_only
from marks import NO_KERNELS

medoids = pytest.importorskip("codec.kernels.medoids", reason=NO_KERNELS)


def _error(points: Points, places: Whole) -> int:
    differences = padded(points.values).astype(np.int64)[:, None] - places
    return int(((differences**2).sum(axis=2).min(axis=1) * points.weights).sum())


@EXAMPLES
@given(problem=problems(), size=st.integers(2, 5))
def test_no_swap_is_left_that_helps(problem: tuple[Points, Whole], size: int) -> None:
    points, candidates = problem
    if len(candidates) < size:
        candidates = read_only(np.resize(candidates, (size, 4)), np.int32)

    chosen, error = medoids.swap_medoids(padded(points.values), points.weights, candidates, size)

    assert chosen.shape == (size,)
    assert error == _error(points, candidates[chosen]) <= _error(points, candidates[:size])
    for word, other in itertools.product(range(size), range(len(candidates))):
        swapped = chosen.copy()
        swapped[word] = other
        assert error <= _error(points, candidates[swapped])


def test_what_does_not_fit_is_refused() -> None:
    points = np.arange(12, dtype=np.int32).reshape(3, 4)
    weights = np.ones(3, dtype=np.int64)
    far = np.full((3, 4), 1 << 23, dtype=np.int32)
    for wrong, message in (
        ((points, weights[:2], points, 2), "as many weights"),
        ((points[:0], weights[:0], points, 2), "there must be points"),
        ((np.ascontiguousarray(points[:, :3]), weights, points, 2), "4 axes"),
        ((points, weights, points, 1), "2 to 256 code-words"),
        ((points, weights, points, 4), "2 to 256 code-words"),
        ((points, weights, far, 2), "too far"),
        ((far, weights, points, 2), "too far"),
    ):
        with pytest.raises(ValueError, match=message):
            medoids.swap_medoids(*wrong)
