"""Lloyd's iteration, against plain NumPy.

The twins follow the definitions: every point is compared with every code-word, and means are
fractions.
"""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_tools import (
    AXES,
    EXAMPLES,
    FARTHEST,
    Long,
    Points,
    Whole,
    every_axes,
    every_kind,
    nearest_labels,
    padded,
    problems,
    read_only,
    round_half_up,
    small_tree,
    some_codewords,
    some_points,
    weighted,
)
from marks import NO_KERNELS

lloyd = pytest.importorskip("codec.kernels.lloyd", reason=NO_KERNELS)


# Twins


def _sums(points: Points, codewords: Whole) -> Long:
    values = padded(points.values).astype(np.int64)
    ones = np.ones((len(values), 1), dtype=np.int64)
    terms = np.hstack([ones, values, (values**2).sum(axis=1, keepdims=True)])
    sums = np.zeros((len(codewords), AXES + 2), dtype=np.int64)
    np.add.at(sums, nearest_labels(points, codewords), terms * points.weights[:, None])
    return sums


def _moved(codewords: Whole, sums: Long) -> tuple[list[list[int]], list[int]]:
    """Where code-words go, and the squared error of the clusters about there."""
    places, errors = codewords.tolist(), [0] * len(codewords)
    for number, (weight, *totals, squares) in enumerate(sums.tolist()):
        if weight == 0:
            continue
        mean = [round_half_up(total, weight) for total in totals]
        crossed = sum(place * total for place, total in zip(mean, totals, strict=True))
        errors[number] = squares - 2 * crossed + weight * sum(place**2 for place in mean)
        places[number] = mean
    return places, errors


def _lloyd(
    points: Points, codewords: Whole, steps: int, tolerance: float
) -> tuple[list[list[int]], list[int], list[int]]:
    before = None
    for _ in range(max(steps, 1)):
        sums = _sums(points, codewords)
        places, errors = _moved(codewords, sums)
        moved = places != codewords.tolist()
        codewords = read_only(places, np.int32)
        total = sum(errors)
        if not moved or (
            before is not None and float(before - total) <= tolerance * float(before)
        ):
            break
        before = total
    return places, sums[:, 0].tolist(), errors


# Sums of clusters


def _check_sums(points: Points, codewords: Whole) -> None:
    """Sums and labels at once, and in parts that write to the same labels."""
    tree, ordered = points.tree(), points.ordered()
    expected, labels = _sums(points, codewords), nearest_labels(ordered, codewords)

    found = np.full(tree.size, -1, dtype=np.int32)
    sums = lloyd.cluster_sums(tree, codewords, labels=found)

    assert sums.dtype == np.int64
    assert sums.tolist() == expected.tolist()
    assert found.tolist() == labels.tolist()
    for parts in range(1, 6):
        together = np.full(tree.size, -1, dtype=np.int32)
        added = np.zeros_like(expected)
        for part in range(parts):
            own = np.full(tree.size, -1, dtype=np.int32)
            added += lloyd.cluster_sums(tree, codewords, part, parts, own)
            assert (together[own >= 0] == -1).all()  # nobody else's points
            lloyd.cluster_sums(tree, codewords, part=part, parts=parts, labels=together)
        assert added.tolist() == expected.tolist()
        assert together.tolist() == labels.tolist()


@every_axes
@every_kind
def test_sums_and_labels_of_clusters(kind: str, axes: int) -> None:
    points = some_points(kind, axes)
    for size in (1, 2, 17, 300):
        for codewords in some_codewords(points, size):
            _check_sums(points, codewords)


@EXAMPLES
@given(problem=problems())
def test_sums_and_labels_of_any_clusters(problem: tuple[Points, Whole]) -> None:
    _check_sums(*problem)


@every_axes
def test_sums_of_many_points_and_codewords(axes: int) -> None:
    state = np.random.RandomState(axes)
    for extent in (64, 2047, FARTHEST):
        values = state.randint(0, extent + 1, (1000, axes))
        points = weighted(values, state.randint(1, 99, 1000))
        codewords = padded(state.randint(0, extent + 1, (1024, axes)))
        assert lloyd.cluster_sums(points.tree(), codewords).tolist() == (
            _sums(points, codewords).tolist()
        )


@pytest.mark.parametrize("extent", [2047, 2048, 4095])
def test_differences_of_one_decide_at_the_end_of_single_precision(extent: int) -> None:
    """Squared distances close to 4 * 2047**2, which is just below 2**24, and beyond."""
    near = np.array(list(itertools.product((0, 1, 2), repeat=AXES)))
    points = weighted(np.vstack([near, near + 5]), np.arange(1, 2 * len(near) + 1))
    _check_sums(points, read_only(extent - near[::-1], np.int32))
    # On the diagonal, no permutation of a code-word is nearer than another.
    points = weighted(np.repeat(np.arange(50), AXES).reshape(-1, AXES), np.arange(1, 51))
    state = np.random.RandomState(extent)
    for _ in range(20):
        places = extent - state.randint(0, 1000, AXES)
        permutations = np.array(list(itertools.permutations(places)))
        _check_sums(points, read_only(permutations, np.int32))
        _check_sums(points, read_only(-permutations, np.int32))


def test_parts_beyond_all_points_are_empty() -> None:
    points = some_points("narrow", 3)
    codewords = padded(points.values[:5])
    whole, tree = _sums(points, codewords), points.tree()

    for parts in (100, 1 << 20, (1 << 31) - 1):
        some = (lloyd.cluster_sums(tree, codewords, part, parts) for part in range(100))
        assert sum(some).tolist() == whole.tolist()


# Steps


@every_axes
@every_kind
def test_codewords_move_to_rounded_means(kind: str, axes: int) -> None:
    points = some_points(kind, axes)
    for size, codewords in ((1, 0), (40, 1), (200, 0)):
        start = list(some_codewords(points, size))[codewords]
        sums = read_only(_sums(points, start), np.int64)
        places, errors = _moved(start, sums)

        moving = start.copy()
        found, moved = lloyd.move_codewords(moving, sums)

        assert moving.tolist() == places
        assert found.dtype == np.int64
        assert found.tolist() == errors
        assert moved == (places != start.tolist())
        again, moved = lloyd.move_codewords(moving, sums)
        assert again.tolist() == errors
        assert not moved


def test_halves_are_rounded_up_and_empty_clusters_stay() -> None:
    points = weighted([[1], [2], [11], [13], [14], [14]], [1, 1, 1, 1, 3, 3])
    codewords = padded(np.array([[0], [13], [500]]))

    moving = codewords.copy()
    errors, moved = lloyd.move_codewords(moving, lloyd.cluster_sums(points.tree(), codewords))

    assert moving[:, 0].tolist() == [2, 14, 500]  # of 1.5, 13.5 and nothing
    assert errors.tolist() == [1, 10, 0]
    assert moved


def test_the_heaviest_points_move_codewords() -> None:
    points = weighted([[0], [1]], [(1 << 55) - 1, 1 << 55])
    codewords, weights, errors = lloyd.lloyd_steps(points.tree(), padded(np.array([[5]])), 9)

    assert (codewords[:, 0].tolist(), weights.tolist()) == ([1], [(1 << 56) - 1])
    assert errors.tolist() == [(1 << 55) - 1]


@every_axes
@every_kind
def test_lloyd_steps(kind: str, axes: int) -> None:
    points = some_points(kind, axes, 150)
    tree = points.tree()
    for size, (steps, tolerance) in itertools.product(
        (1, 12, 60), ((0, 0.0), (1, 0.0), (3, 0.0), (40, 0.0), (40, 1e-2))
    ):
        for codewords in itertools.islice(some_codewords(points, size), 2):
            places, weights, errors = _lloyd(points, codewords, steps, tolerance)

            found = lloyd.lloyd_steps(tree, codewords, steps, tolerance)

            assert [array.dtype for array in found] == [np.int32, np.int64, np.int64]
            assert [array.tolist() for array in found] == [places, weights, errors]


@EXAMPLES
@given(
    problem=problems(),
    steps=st.integers(1, 9),
    tolerance=st.sampled_from([0.0, 1e-3, 0.5]),
)
def test_lloyd_steps_on_any_points(
    problem: tuple[Points, Whole], steps: int, tolerance: float
) -> None:
    points, codewords = problem

    found = lloyd.lloyd_steps(points.tree(), codewords, steps, tolerance)

    expected = _lloyd(points, codewords, steps, tolerance)
    assert tuple(array.tolist() for array in found) == expected


# What does not fit


BAD_CODEWORDS = {
    "none": np.zeros((0, 4), np.int32),
    "three axes": np.zeros((2, 3), np.int32),
    "five axes": np.zeros((2, 5), np.int32),
    "a line": np.zeros(4, np.int32),
    "64 bits": np.zeros((2, 4), np.int64),
    "fractions": np.zeros((2, 4)),
    "columns first": np.zeros((2, 4), np.int32, order="F"),
    "every other row": np.zeros((4, 4), np.int32)[::2],
    "too many": np.zeros((1025, 4), np.int32),
    "too far": np.array([[0, 0, 2**21 + 1, 0]], np.int32),
    "farthest below": np.array([[0, 0, -(2**31), 0]], np.int32),
    "too far below": np.array([[0, 0, -(2**21) - 1, 0]], np.int32),
}


@pytest.mark.parametrize("case", BAD_CODEWORDS)
def test_sums_and_steps_refuse_codewords_that_do_not_fit(case: str) -> None:
    codewords = BAD_CODEWORDS[case]
    with pytest.raises(ValueError, match=r".+"):
        lloyd.cluster_sums(small_tree(), codewords)
    with pytest.raises(ValueError, match=r".+"):
        lloyd.lloyd_steps(small_tree(), codewords, 3)


def test_sums_refuse_parts_and_labels_that_do_not_fit() -> None:
    tree, codewords = small_tree(), np.zeros((2, 4), np.int32)
    frozen = read_only(np.zeros(3), np.int32)
    calls: list[Callable[[], object]] = [
        lambda: lloyd.cluster_sums(tree, codewords, 1, 1),
        lambda: lloyd.cluster_sums(tree, codewords, -1, 1),
        lambda: lloyd.cluster_sums(tree, codewords, 0, 0),
        lambda: lloyd.cluster_sums(tree, codewords, 0, -1),
        lambda: lloyd.cluster_sums(tree, codewords, labels=np.zeros(2, np.int32)),
        lambda: lloyd.cluster_sums(tree, codewords, labels=np.zeros(4, np.int32)),
        lambda: lloyd.cluster_sums(tree, codewords, labels=np.zeros(0, np.int32)),
        lambda: lloyd.cluster_sums(tree, codewords, labels=np.zeros(3, np.int64)),
        lambda: lloyd.cluster_sums(tree, codewords, labels=np.zeros((3, 1), np.int32)),
        lambda: lloyd.cluster_sums(tree, codewords, labels=np.zeros(6, np.int32)[::2]),
        lambda: lloyd.cluster_sums(tree, codewords, labels=frozen),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r".+"):
            call()


def test_moving_refuses_sums_that_do_not_fit() -> None:
    codewords, sums = np.zeros((2, 4), np.int32), np.ones((2, 6), np.int64)
    calls: list[Callable[[], object]] = [
        lambda: lloyd.move_codewords(codewords, sums * (1 << 62)),
        lambda: lloyd.move_codewords(codewords, -sums),
        lambda: lloyd.move_codewords(codewords, sums[:1]),
        lambda: lloyd.move_codewords(codewords, sums[:0]),
        lambda: lloyd.move_codewords(codewords[:0], sums),
        lambda: lloyd.move_codewords(codewords, np.ones((2, 5), np.int64)),
        lambda: lloyd.move_codewords(codewords, np.ones((2, 7), np.int64)),
        lambda: lloyd.move_codewords(codewords, np.ones(12, np.int64)),
        lambda: lloyd.move_codewords(codewords, np.ones((2, 6))),
        lambda: lloyd.move_codewords(np.zeros((2, 3), np.int32), sums),
        lambda: lloyd.move_codewords(np.zeros((2, 4), np.int32, order="F"), sums),
        lambda: lloyd.move_codewords(np.zeros((2, 4), np.int64), sums),
        lambda: lloyd.move_codewords(read_only(codewords, np.int32), sums),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r".+"):
            call()


def test_there_must_be_a_tree() -> None:
    codewords = np.zeros((2, 4), np.int32)
    with pytest.raises(TypeError):
        lloyd.cluster_sums(None, codewords)
    with pytest.raises(TypeError):
        lloyd.lloyd_steps(None, codewords, 3)


def test_no_codewords_move_nowhere() -> None:
    errors, moved = lloyd.move_codewords(np.zeros((0, 4), np.int32), np.zeros((0, 6), np.int64))
    assert errors.tolist() == []
    assert not moved
