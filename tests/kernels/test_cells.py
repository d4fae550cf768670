"""Trees of cells and their summaries, against plain NumPy.

The twins follow the definitions: keys are written in binary digits, means are fractions.
"""

import heapq
import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_tools import (
    EXAMPLES,
    FARTHEST,
    LEAF_POINTS,
    Long,
    Points,
    Whole,
    every_axes,
    every_kind,
    problems,
    round_half_up,
    some_points,
    weighted,
)
from marks import NO_KERNELS

cells = pytest.importorskip("codec.kernels.cells", reason=NO_KERNELS)
summary = pytest.importorskip("codec.kernels.summary", reason=NO_KERNELS)
Rows = list[tuple[tuple[int, ...], int]]
KEY_BITS = 16


# Twins


def _mean(members: Points) -> tuple[int, ...]:
    weight = int(members.weights.sum())
    totals = (members.values.astype(np.int64) * members.weights[:, None]).sum(axis=0)
    return tuple(round_half_up(int(total), weight) for total in totals)


def _levels(values: Whole) -> tuple[int, int]:
    """The lowest bit that is not zero everywhere, and how many bits there are above it."""
    used = int(np.bitwise_or.reduce(values, axis=None))
    lowest = (used & -used).bit_length() - 1 if used else 0
    lowest = max(lowest, used.bit_length() - KEY_BITS)
    return lowest, used.bit_length() - lowest


def _key(cell: tuple[int, ...], bits: int) -> int:
    """Binary digits of the coordinates in turn, the highest first."""
    digits = [format(value, f"0{bits}b") for value in cell]
    return int("".join(map("".join, zip(*digits, strict=True))), 2)


def _merged(points: Points, max_points: int) -> tuple[Points, list[int]]:
    """What a tree holds, with its keys in ascending order."""
    lowest, bits = _levels(points.values)
    if len(points.values) <= max_points:
        keys = [_key(tuple(value), bits) for value in (points.values >> lowest).tolist()]
        rows = sorted(range(len(keys)), key=keys.__getitem__)
        return weighted(points.values[rows], points.weights[rows]), [keys[row] for row in rows]
    for shift in itertools.count(lowest):
        grid, members = np.unique(points.values >> shift, axis=0, return_inverse=True)
        if len(grid) <= max_points:
            break
    members = members.reshape(-1)
    found = []
    for number, cell in enumerate(grid.tolist()):
        inside = members == number
        held = weighted(points.values[inside], points.weights[inside])
        # As fine as all keys are, since the tree goes on counting levels from the finest grid.
        key = _key(tuple(cell), bits) << (shift - lowest) * points.axes
        found.append((key, _mean(held), int(held.weights.sum())))
    found.sort()
    means, weights = [mean for _, mean, _ in found], [weight for _, _, weight in found]
    return weighted(means, weights), [key for key, _, _ in found]


@dataclass(frozen=True)
class Cell:
    """Some points of a tree, and the numbers of the cells that it falls into."""

    rows: range
    children: range

    def members(self, points: Points) -> Points:
        part = slice(self.rows.start, self.rows.stop)
        return Points(points.values[part], points.weights[part])


def _cells(keys: list[int], axes: int) -> list[Cell]:
    """Cells in the order of their numbers, breadth first."""
    found: list[Cell] = []
    waiting = [range(len(keys))]
    while len(found) < len(waiting):
        rows = waiting[len(found)]
        begin = len(waiting)
        differing = keys[rows[0]] ^ keys[rows[-1]]
        if len(rows) > LEAF_POINTS and differing:
            shift = (differing.bit_length() - 1) // axes * axes
            starts = [row for row in rows[1:] if keys[row] >> shift != keys[row - 1] >> shift]
            waiting += map(range, [rows.start, *starts], [*starts, rows.stop])
        found.append(Cell(rows, range(begin, len(waiting))))
    return found


def _error(members: Points) -> float:
    """Squared error about the mean, in the kernel's floating point."""
    values = members.values.astype(np.int64)
    error = float((values**2 * members.weights[:, None]).sum())
    weight = float(members.weights.sum())
    for column in values.T:
        total = float((column * members.weights).sum())
        error -= total * (total / weight)
    return error


def _summary(points: Points, tree: list[Cell], size: int) -> Rows:
    """Split the worst cell, of several the first, until the next would make them too many."""
    size = min(max(size, 1), len(points.values))
    done: Rows = []
    waiting = [(-_error(points), 0)]
    while waiting and waiting[0][0] < 0:
        cell = tree[waiting[0][1]]
        if len(waiting) - 1 + len(done) + len(cell.children or cell.rows) > size:
            break
        heapq.heappop(waiting)
        for child in cell.children:
            heapq.heappush(waiting, (-_error(tree[child].members(points)), child))
        if not cell.children:
            done += _as_rows(points.values[cell.rows], points.weights[cell.rows])
    for _, number in waiting:
        members = tree[number].members(points)
        done.append((_mean(members), int(members.weights.sum())))
    return done


def _as_rows(means: Whole, weights: Long) -> Rows:
    return list(zip(map(tuple, means.tolist()), weights.tolist(), strict=True))


# Trees and summaries


@every_axes
@every_kind
def test_points_are_in_morton_order(kind: str, axes: int) -> None:
    points = some_points(kind, axes)
    ordered, keys = _merged(points, len(points.values))

    tree = points.tree()

    rows = tree.input_order()
    assert rows.dtype == np.int32
    assert sorted(rows.tolist()) == list(range(len(points.values)))
    assert points.values[rows].tolist() == ordered.values.tolist()
    assert points.weights[rows].tolist() == ordered.weights.tolist()
    equal = np.flatnonzero(np.diff(np.array(keys, dtype=np.uint64)) == 0)
    assert (rows[equal] < rows[equal + 1]).all()  # those of a key stay as they came
    assert tree.n_cells == len(_cells(keys, axes))
    assert (tree.size, tree.axes) == (len(points.values), axes)
    assert (tree.extent, tree.merged) == (points.values.max(), False)


@every_axes
@every_kind
def test_a_summary_splits_the_worst_cells(kind: str, axes: int) -> None:
    points = some_points(kind, axes)
    tree = points.tree()
    ordered, keys = _merged(points, len(points.values))
    parts = _cells(keys, axes)
    total = int(points.weights.sum())

    for size in (-1, 0, 1, 2, 9, 10, 21, 64, 150, len(points.values) - 1, 10**6):
        means, weights = summary.summarize(tree, size)

        assert (means.dtype, weights.dtype) == (np.int32, np.int64)
        assert means.shape == (len(weights), axes)
        assert 1 <= len(weights) <= max(size, 1)
        assert int(weights.sum()) == total
        assert sorted(_as_rows(means, weights)) == sorted(_summary(ordered, parts, size))


@every_axes
@pytest.mark.parametrize("kind", ["few", "eighths", "narrow", "wide", "clusters", "heavy"])
def test_too_many_points_are_merged_on_a_grid(kind: str, axes: int) -> None:
    points = some_points(kind, axes)
    for max_points in (1, 2, 9, 16, 17, 100, 399, 400):
        expected, keys = _merged(points, max_points)

        tree = points.tree(max_points)

        assert tree.merged == (max_points < 400)
        assert tree.size == len(expected.values) <= max_points
        contents, weights = tree.contents()
        assert (contents.dtype, weights.dtype) == (np.int32, np.int64)
        assert contents.tolist() == expected.values.tolist()
        assert weights.tolist() == expected.weights.tolist()
        parts = _cells(keys, axes)
        assert tree.n_cells == len(parts)
        for size in (1, 12, tree.size):
            means, weights = summary.summarize(tree, size)
            assert sorted(_as_rows(means, weights)) == sorted(_summary(expected, parts, size))
        if tree.merged:
            with pytest.raises(ValueError, match="merged"):
                tree.input_order()


@EXAMPLES
@given(problem=problems(), size=st.integers(1, 50), max_points=st.integers(1, 50))
def test_trees_of_any_points(problem: tuple[Points, Whole], size: int, max_points: int) -> None:
    points, _ = problem
    expected, keys = _merged(points, max_points)

    tree = points.tree(max_points)

    parts = _cells(keys, points.axes)
    assert (tree.size, tree.n_cells) == (len(keys), len(parts))
    found = summary.summarize(tree, size)
    assert sorted(_as_rows(*found)) == sorted(_summary(expected, parts, size))


# What does not fit


BAD_TREES = {
    "no points": (np.zeros((0, 3), np.int32), np.zeros(0, np.int64)),
    "no axes": (np.zeros((2, 0), np.int32), np.ones(2, np.int64)),
    "five axes": (np.zeros((2, 5), np.int32), np.ones(2, np.int64)),
    "a line": (np.zeros(2, np.int32), np.ones(2, np.int64)),
    "64 bits": (np.zeros((2, 3), np.int64), np.ones(2, np.int64)),
    "fractions": (np.zeros((2, 3), np.float32), np.ones(2, np.int64)),
    "columns first": (np.zeros((2, 3), np.int32, order="F"), np.ones(2, np.int64)),
    "every other row": (np.zeros((4, 3), np.int32)[::2], np.ones(2, np.int64)),
    "every other weight": (np.zeros((2, 3), np.int32), np.ones(4, np.int64)[::2]),
    "a weight too few": (np.zeros((2, 3), np.int32), np.ones(1, np.int64)),
    "a weight too many": (np.zeros((2, 3), np.int32), np.ones(3, np.int64)),
    "weights of 32 bits": (np.zeros((2, 3), np.int32), np.ones(2, np.int32)),
    "a table of weights": (np.zeros((2, 3), np.int32), np.ones((2, 1), np.int64)),
    "negative": (np.array([[0, 0], [0, -1]], np.int32), np.ones(2, np.int64)),
    "least": (np.array([[0, 0], [0, -(2**31)]], np.int32), np.ones(2, np.int64)),
    "too far": (np.array([[0, FARTHEST + 1]], np.int32), np.ones(1, np.int64)),
    "without weight": (np.zeros((2, 3), np.int32), np.array([3, 0])),
    "a negative weight": (np.zeros((2, 3), np.int32), np.array([3, -1])),
    "too heavy": (np.zeros((2, 3), np.int32), np.array([1, 1 << 56])),
    "much too heavy": (np.zeros((3, 3), np.int32), np.array([(1 << 63) - 1] * 3)),
    "much too far": (np.array([[0, 2**31 - 1]], np.int32), np.ones(1, np.int64)),
}


@pytest.mark.parametrize("case", BAD_TREES)
def test_trees_refuse_what_does_not_fit(case: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        cells.CellTree(*BAD_TREES[case])


@pytest.mark.parametrize("max_points", [0, -1, -(2**62)])
def test_trees_hold_a_point_at_least(max_points: int) -> None:
    with pytest.raises(ValueError, match=r".+"):
        cells.CellTree(np.zeros((2, 3), np.int32), np.ones(2, np.int64), max_points)
