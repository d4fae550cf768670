"""Drawing, splitting and merging code-words, against plain NumPy.

The twins follow the definitions, and random numbers are Python's whole numbers.
"""

import bisect
import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from kernel_tools import (
    EXAMPLES,
    Long,
    Points,
    Whole,
    every_axes,
    every_kind,
    nearest_labels,
    padded,
    problems,
    read_only,
    small_tree,
    some_codewords,
    some_points,
    weighted,
)
from marks import NO_KERNELS

breathing = pytest.importorskip("codec.kernels.breathing", reason=NO_KERNELS)


# Twins


def _splitmix64(state: int) -> Iterator[int]:
    while True:
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        mixed = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB % 2**64
        yield mixed ^ mixed >> 31


def _seeds(points: Points, size: int, seed: int) -> list[int]:
    values, weights = points.values.astype(np.int64), points.weights.tolist()
    rows: list[int] = []
    costs, distances = weights, [math.inf] * len(weights)
    random = _splitmix64(seed)
    while len(rows) < size and any(costs):
        *_, total = passed = list(itertools.accumulate(costs))
        rows.append(bisect.bisect_right(passed, next(random) % total))
        last = ((values - values[rows[-1]]) ** 2).sum(axis=1).tolist()
        distances = [min(pair) for pair in zip(distances, last, strict=True)]
        costs = [weight * least for weight, least in zip(weights, distances, strict=True)]
    return rows


def _worst(points: Points, codewords: Whole, labels: Whole) -> tuple[list[list[int]], list[int]]:
    differences = padded(points.values).astype(np.int64) - codewords[labels]
    errors = (differences**2).sum(axis=1) * points.weights
    places, worst = codewords.tolist(), [0] * len(codewords)
    for value, label, error in zip(
        padded(points.values).tolist(), labels.tolist(), errors.tolist(), strict=True
    ):
        if error > worst[label]:
            places[label], worst[label] = value, error
    return places, worst


def _merging(codewords: Whole, weights: Long) -> tuple[list[float], list[int]]:
    """Costs of merging every pair; floating point keeps the kernel's order of operations."""
    size = len(codewords)
    places = codewords.astype(np.float64)
    distances = ((places[:, None] - places) ** 2).sum(axis=2)
    costs = np.full((size, size), np.inf)
    for first, second in itertools.combinations(range(size), 2):
        less, more = float(weights[first]), float(weights[second])
        share = more * (less / (more + less)) if more + less > 0 else 0.0
        costs[first, second] = costs[second, first] = share * distances[first, second]
    np.fill_diagonal(distances, np.inf)
    return costs.min(axis=1).tolist(), distances.argmin(axis=1).tolist()


# Kernels


def test_the_generator_is_splitmix64() -> None:
    """Numbers of the reference implementation."""
    assert list(itertools.islice(_splitmix64(1234567), 5)) == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


@every_axes
@every_kind
def test_first_codewords_are_drawn_by_distance(kind: str, axes: int) -> None:
    points = some_points(kind, axes, 200)
    if kind == "heavy":  # distances may be greater than lengths, at most four times squared
        points = weighted(points.values, points.weights // 4 + 1)
    distinct = len(np.unique(points.values, axis=0))
    for size, seed in itertools.product((0, 1, 2, 9, 150, 300), (0, 1, (1 << 48) + 5, 2**64 - 1)):
        rows = breathing.seed_codewords(points.values, points.weights, size, seed)

        assert rows.dtype == np.int32
        assert len(rows) == min(size, distinct)
        assert len(np.unique(points.values[rows], axis=0)) == len(rows)
        assert rows.tolist() == _seeds(points, size, seed)


@EXAMPLES
@given(problem=problems(), size=st.integers(0, 30), seed=st.integers(0, 2**64 - 1))
def test_first_codewords_of_any_points(
    problem: tuple[Points, Whole], size: int, seed: int
) -> None:
    points, _ = problem

    rows = breathing.seed_codewords(points.values, points.weights, size, seed)

    assert rows.tolist() == _seeds(points, size, seed)


@every_axes
@every_kind
def test_the_worst_point_of_every_cluster(kind: str, axes: int) -> None:
    points = some_points(kind, axes)
    tree, ordered = points.tree(), points.ordered()
    for codewords in itertools.chain(*(some_codewords(points, size) for size in (1, 17, 300))):
        labels = read_only(nearest_labels(ordered, codewords), np.int32)

        found, errors = breathing.worst_points(tree, codewords, labels)

        assert (found.dtype, errors.dtype) == (np.int32, np.int64)
        assert (found.tolist(), errors.tolist()) == _worst(ordered, codewords, labels)


@EXAMPLES
@given(problem=problems(), data=st.data())
def test_the_worst_points_of_any_labels(
    problem: tuple[Points, Whole], data: st.DataObject
) -> None:
    points, codewords = problem
    some = st.integers(0, len(codewords) - 1)
    labels = data.draw(hnp.arrays(np.int32, len(points.values), elements=some))

    found, errors = breathing.worst_points(points.tree(), codewords, labels)

    assert (found.tolist(), errors.tolist()) == _worst(points.ordered(), codewords, labels)


@every_axes
@pytest.mark.parametrize("kind", ["few", "eighths", "wide"])
@pytest.mark.parametrize("size", [1, 2, 17, 120])
def test_costs_of_merging(kind: str, axes: int, size: int) -> None:
    points = some_points(kind, axes)
    state = np.random.RandomState(size)
    for codewords in some_codewords(points, size):
        weights = state.randint(0, 3, size) * points.weights[0] * state.randint(1, 9, size)
        weights = read_only(weights, np.int64)

        costs, nearest = breathing.merging_costs(codewords, weights)

        assert (costs.dtype, nearest.dtype) == (np.float64, np.int32)
        assert (costs.tolist(), nearest.tolist()) == _merging(codewords, weights)


@EXAMPLES
@given(problem=problems(), seed=st.integers(0, 10**6))
def test_costs_of_merging_any_codewords(problem: tuple[Points, Whole], seed: int) -> None:
    _, codewords = problem
    weights = read_only(np.random.RandomState(seed).randint(0, 50, len(codewords)), np.int64)

    costs, nearest = breathing.merging_costs(codewords, weights)

    assert (costs.tolist(), nearest.tolist()) == _merging(codewords, weights)


# What does not fit


def test_breathing_refuses_what_does_not_fit() -> None:
    tree, codewords = small_tree(), np.zeros((2, 4), np.int32)
    labels, weights = np.array([0, 1, 1], np.int32), np.ones(2, np.int64)
    calls: list[Callable[[], object]] = [
        lambda: breathing.seed_codewords(codewords, weights[:1], 1, 0),
        lambda: breathing.seed_codewords(codewords, weights[:0], 1, 0),
        lambda: breathing.seed_codewords(codewords[:0], weights, 1, 0),
        lambda: breathing.seed_codewords(codewords[0], weights, 1, 0),
        lambda: breathing.seed_codewords(codewords[:, ::2], weights, 1, 0),
        lambda: breathing.seed_codewords(codewords.astype(np.int64), weights, 1, 0),
        lambda: breathing.worst_points(tree, codewords, labels[:2]),
        lambda: breathing.worst_points(tree, codewords, labels[:0]),
        lambda: breathing.worst_points(tree, codewords, np.zeros(4, np.int32)),
        lambda: breathing.worst_points(tree, codewords, np.zeros(6, np.int32)[::2]),
        lambda: breathing.worst_points(tree, codewords, labels.astype(np.int64)),
        lambda: breathing.worst_points(tree, codewords, labels + np.int32(1)),
        lambda: breathing.worst_points(tree, codewords, labels - np.int32(1)),
        lambda: breathing.worst_points(tree, codewords[:0], labels),
        lambda: breathing.worst_points(tree, codewords[:, :3].copy(), labels),
        lambda: breathing.worst_points(tree, np.zeros((2, 5), np.int32), labels),
        lambda: breathing.merging_costs(codewords, weights[:1]),
        lambda: breathing.merging_costs(codewords, np.ones(3, np.int64)),
        lambda: breathing.merging_costs(codewords[:, ::2], weights),
        lambda: breathing.merging_costs(codewords, weights.astype(np.float64)),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r".+"):
            call()


def test_there_must_be_a_tree() -> None:
    codewords, labels = np.zeros((2, 4), np.int32), np.zeros(3, np.int32)
    with pytest.raises(TypeError):
        breathing.worst_points(None, codewords, labels)


def test_nothing_is_made_of_nothing() -> None:
    """No points give no code-words, and no code-words have no costs."""
    empty, weightless = np.zeros((0, 4), np.int32), np.zeros(0, np.int64)

    assert breathing.seed_codewords(empty, weightless, 5, 0).tolist() == []
    assert breathing.seed_codewords(empty[:, :2].copy(), weightless, 0, 0).tolist() == []
    assert [part.tolist() for part in breathing.merging_costs(empty, weightless)] == [[], []]
