"""Kernels that train codebooks, against plain NumPy.

The twins follow the definitions: every point is compared with every code-word, keys are written
in binary digits, means are fractions, and random numbers are Python's whole numbers. All inputs
are read-only, so that no kernel can change what it was given.
"""

import bisect
import heapq
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

REASON = "the kernels were not compiled"
cells = pytest.importorskip("codec.kernels.cells", reason=REASON)
lloyd = pytest.importorskip("codec.kernels.lloyd", reason=REASON)
breathing = pytest.importorskip("codec.kernels.breathing", reason=REASON)
summary = pytest.importorskip("codec.kernels.summary", reason=REASON)

Whole = npt.NDArray[np.int32]
Long = npt.NDArray[np.int64]
Rows = list[tuple[tuple[int, ...], int]]

AXES = 4
LEAF_POINTS = 8
KEY_BITS = 16
FARTHEST = 1 << 20  # a point; code-words may be twice as far

EXAMPLES = settings(max_examples=100, derandomize=True, deadline=None)


# What the kernels are tried on


@dataclass(frozen=True)
class Points:
    """Weighted points that cannot be written to."""

    values: Whole
    weights: Long

    @property
    def axes(self) -> int:
        return self.values.shape[1]

    def tree(self, *options: int) -> "cells.CellTree":
        return cells.CellTree(self.values, self.weights, *options)

    def ordered(self) -> "Points":
        """The same in the order of their tree."""
        rows = self.tree().input_order()
        return _points(self.values[rows], self.weights[rows])


def _frozen(array: npt.ArrayLike, dtype: type) -> npt.NDArray:
    copy = np.array(array, dtype=dtype, order="C")
    copy.setflags(write=False)
    return copy


def _points(values: npt.ArrayLike, weights: npt.ArrayLike) -> Points:
    return Points(_frozen(values, np.int32), _frozen(weights, np.int64))


def _heaviest(values: npt.NDArray[np.integer]) -> int:
    """The weight that, given to all points, takes sums of squares to just below 2**61."""
    squares = (values.astype(np.int64) ** 2).sum(axis=1)
    return ((1 << 61) - 1) // int(max(squares.sum(), len(values)))


KINDS = (
    "one",
    "equal",
    "few",
    "nine",
    "eighths",
    "narrow",
    "wide",
    "corners",
    "diagonal",
    "lattice",
    "clusters",
    "heavy",
)


def _some_points(kind: str, axes: int, count: int = 400) -> Points:
    state = np.random.RandomState(100 * KINDS.index(kind) + axes)
    weights = state.randint(1, 1000, count).astype(np.int64)
    if kind == "one":
        return _points(state.randint(0, 256, (1, axes)), [7])
    if kind == "equal":
        return _points(np.tile(state.randint(0, 2048, (1, axes)), (count, 1)), weights)
    if kind == "few":  # of which many are the same, or equally far from code-words
        return _points(state.randint(0, 4, (count, axes)), weights)
    if kind == "nine":  # one more than a leaf holds
        return _points(state.randint(0, 256, (LEAF_POINTS + 1, axes)), weights[:9])
    if kind == "eighths":
        return _points(state.randint(0, 256, (count, axes)) * 8, weights)
    if kind == "narrow":
        return _points(state.randint(0, 2048, (count, axes)), weights)
    if kind == "wide":
        return _points(state.randint(0, FARTHEST + 1, (count, axes)), weights)
    if kind == "corners":
        return _points(state.randint(0, 2, (count, axes)) * FARTHEST, weights)
    if kind == "diagonal":
        line = np.arange(count)[:, None] * 5 + np.arange(axes)
        return _points(line, weights)
    if kind == "lattice":  # cells of a level have the same error
        sides = np.indices((1 << (10 - axes) // axes,) * axes)
        return _points(sides.reshape(axes, -1).T * 3, np.ones(sides[0].size))
    if kind == "clusters":
        middles = state.randint(0, 60000, (9, axes))[state.randint(0, 9, count)]
        return _points(np.abs(middles + (state.standard_t(2, (count, axes)) * 50)), weights)
    values = state.randint(0, 2048, (count, axes))
    return _points(values, np.full(count, _heaviest(values)))


def _pad(values: npt.NDArray[np.integer]) -> Whole:
    return _frozen(np.pad(values, [(0, 0), (0, AXES - values.shape[1])]), np.int32)


def _codewords(points: Points, size: int) -> Iterator[Whole]:
    """Code-words of several kinds: points, anywhere in their box, outside, and the same often."""
    state = np.random.RandomState(size)
    shape = (size, points.axes)
    extent = int(points.values.max())
    yield _pad(points.values[state.randint(0, len(points.values), size)])
    yield _pad(state.randint(0, extent + 1, shape))
    yield _pad(np.minimum(state.randint(0, 2 * extent + 9, shape), 2 * FARTHEST))
    yield _pad(np.repeat(state.randint(0, extent + 1, (1, points.axes)), size, axis=0))
    yield _pad(np.maximum(state.randint(-2 * extent - 1, extent + 1, shape), -2 * FARTHEST))


every_kind = pytest.mark.parametrize("kind", KINDS)
every_axes = pytest.mark.parametrize("axes", [1, 2, 3, 4])


@st.composite
def _problems(draw: st.DrawFn) -> tuple[Points, Whole]:
    """Few points and code-words, often equal or equally far from each other."""
    axes, extent = draw(st.integers(1, AXES)), draw(st.sampled_from([1, 3, 255, 2047, FARTHEST]))
    places = st.integers(0, extent)
    count, size = draw(st.integers(1, 40)), draw(st.integers(1, 12))
    values = draw(hnp.arrays(np.int32, (count, axes), elements=places))
    weights = draw(hnp.arrays(np.int64, count, elements=st.integers(1, 1 << 12)))
    codewords = draw(hnp.arrays(np.int32, (size, axes), elements=places))
    return _points(values, weights), _pad(codewords)


# Twins of `cells`


def _round_half_up(total: int, weight: int, unit: int = 1) -> int:
    return unit * math.floor(Fraction(total, weight * unit) + Fraction(1, 2))


def _mean(members: Points) -> tuple[int, ...]:
    weight = int(members.weights.sum())
    totals = (members.values.astype(np.int64) * members.weights[:, None]).sum(axis=0)
    return tuple(_round_half_up(int(total), weight) for total in totals)


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
        return _points(points.values[rows], points.weights[rows]), [keys[row] for row in rows]
    for shift in itertools.count(lowest):
        grid, members = np.unique(points.values >> shift, axis=0, return_inverse=True)
        if len(grid) <= max_points:
            break
    members = members.reshape(-1)
    found = []
    for number, cell in enumerate(grid.tolist()):
        inside = members == number
        held = _points(points.values[inside], points.weights[inside])
        # As fine as all keys are, since the tree goes on counting levels from the finest grid.
        key = _key(tuple(cell), bits) << (shift - lowest) * points.axes
        found.append((key, _mean(held), int(held.weights.sum())))
    keys, means, weights = zip(*sorted(found), strict=True)
    return _points(means, weights), list(keys)


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


@every_axes
@every_kind
def test_points_are_in_morton_order(kind: str, axes: int) -> None:
    points = _some_points(kind, axes)
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
    points = _some_points(kind, axes)
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
    points = _some_points(kind, axes)
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
@given(problem=_problems(), size=st.integers(1, 50), max_points=st.integers(1, 50))
def test_trees_of_any_points(problem: tuple[Points, Whole], size: int, max_points: int) -> None:
    points, _ = problem
    expected, keys = _merged(points, max_points)

    tree = points.tree(max_points)

    parts = _cells(keys, points.axes)
    assert (tree.size, tree.n_cells) == (len(keys), len(parts))
    found = summary.summarize(tree, size)
    assert sorted(_as_rows(*found)) == sorted(_summary(expected, parts, size))


# Twins of `lloyd`


def _nearest(points: Points, codewords: Whole) -> npt.NDArray[np.intp]:
    differences = _pad(points.values).astype(np.int64)[:, None] - codewords.astype(np.int64)
    return np.asarray((differences**2).sum(axis=2).argmin(axis=1))  # of equals the first


def _sums(points: Points, codewords: Whole) -> Long:
    values = _pad(points.values).astype(np.int64)
    ones = np.ones((len(values), 1), dtype=np.int64)
    terms = np.hstack([ones, values, (values**2).sum(axis=1, keepdims=True)])
    sums = np.zeros((len(codewords), AXES + 2), dtype=np.int64)
    np.add.at(sums, _nearest(points, codewords), terms * points.weights[:, None])
    return sums


def _moved(codewords: Whole, sums: Long, unit: int) -> tuple[list[list[int]], list[int]]:
    """Where code-words go, and the squared error of the clusters about there."""
    places, errors = codewords.tolist(), [0] * len(codewords)
    for number, (weight, *totals, squares) in enumerate(sums.tolist()):
        if weight == 0:
            continue
        mean = [_round_half_up(total, weight, unit) for total in totals]
        crossed = sum(place * total for place, total in zip(mean, totals, strict=True))
        errors[number] = squares - 2 * crossed + weight * sum(place**2 for place in mean)
        places[number] = mean
    return places, errors


def _lloyd(
    points: Points, codewords: Whole, steps: int, tolerance: float, unit: int
) -> tuple[list[list[int]], list[int], list[int]]:
    before = None
    for _ in range(max(steps, 1)):
        sums = _sums(points, codewords)
        places, errors = _moved(codewords, sums, unit)
        moved = places != codewords.tolist()
        codewords = _frozen(places, np.int32)
        total = sum(errors)
        if not moved or (
            before is not None and float(before - total) <= tolerance * float(before)
        ):
            break
        before = total
    return places, sums[:, 0].tolist(), errors


def _check_sums(points: Points, codewords: Whole) -> None:
    """Sums and labels at once, and in parts that write to the same labels."""
    tree, ordered = points.tree(), points.ordered()
    expected, labels = _sums(points, codewords), _nearest(ordered, codewords)

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
    points = _some_points(kind, axes)
    for size in (1, 2, 17, 300):
        for codewords in _codewords(points, size):
            _check_sums(points, codewords)


@EXAMPLES
@given(problem=_problems())
def test_sums_and_labels_of_any_clusters(problem: tuple[Points, Whole]) -> None:
    _check_sums(*problem)


@every_axes
def test_sums_of_many_points_and_codewords(axes: int) -> None:
    state = np.random.RandomState(axes)
    for extent in (64, 2047, FARTHEST):
        values = state.randint(0, extent + 1, (1000, axes))
        points = _points(values, state.randint(1, 99, 1000))
        codewords = _pad(state.randint(0, extent + 1, (1024, axes)))
        assert lloyd.cluster_sums(points.tree(), codewords).tolist() == (
            _sums(points, codewords).tolist()
        )


@pytest.mark.parametrize("extent", [2047, 2048, 4095])
def test_differences_of_one_decide_at_the_end_of_single_precision(extent: int) -> None:
    """Squared distances close to 4 * 2047**2, which is just below 2**24, and beyond."""
    near = np.array(list(itertools.product((0, 1, 2), repeat=AXES)))
    points = _points(np.vstack([near, near + 5]), np.arange(1, 2 * len(near) + 1))
    _check_sums(points, _frozen(extent - near[::-1], np.int32))
    # On the diagonal, no permutation of a code-word is nearer than another.
    points = _points(np.repeat(np.arange(50), AXES).reshape(-1, AXES), np.arange(1, 51))
    state = np.random.RandomState(extent)
    for _ in range(20):
        places = extent - state.randint(0, 1000, AXES)
        permutations = np.array(list(itertools.permutations(places)))
        _check_sums(points, _frozen(permutations, np.int32))
        _check_sums(points, _frozen(-permutations, np.int32))


@every_axes
@every_kind
def test_codewords_move_to_rounded_means(kind: str, axes: int) -> None:
    points = _some_points(kind, axes)
    for (size, codewords), unit in itertools.product(((1, 0), (40, 1), (200, 0)), (1, 3, 8)):
        start = list(_codewords(points, size))[codewords]
        sums = _frozen(_sums(points, start), np.int64)
        places, errors = _moved(start, sums, unit)

        moving = start.copy()
        found, moved = lloyd.move_codewords(moving, sums, unit)

        assert moving.tolist() == places
        assert found.dtype == np.int64
        assert found.tolist() == errors
        assert moved == (places != start.tolist())
        again, moved = lloyd.move_codewords(moving, sums, unit)
        assert again.tolist() == errors
        assert not moved


def test_halves_are_rounded_up_and_empty_clusters_stay() -> None:
    points = _points([[1], [2], [11], [13], [14], [14]], [1, 1, 1, 1, 3, 3])
    codewords = _pad(np.array([[0], [13], [500]]))

    moving = codewords.copy()
    errors, moved = lloyd.move_codewords(moving, lloyd.cluster_sums(points.tree(), codewords))

    assert moving[:, 0].tolist() == [2, 14, 500]  # of 1.5, 13.5 and nothing
    assert errors.tolist() == [1, 10, 0]
    assert moved


@every_axes
@every_kind
def test_lloyd_steps(kind: str, axes: int) -> None:
    points = _some_points(kind, axes, 150)
    tree = points.tree()
    for size, (steps, tolerance, unit) in itertools.product(
        (1, 12, 60), ((0, 0.0, 1), (1, 0.0, 1), (3, 0.0, 1), (40, 0.0, 1), (40, 1e-2, 1))
    ):
        for codewords in itertools.islice(_codewords(points, size), 2):
            for step_unit in (unit, 8):
                places, weights, errors = _lloyd(points, codewords, steps, tolerance, step_unit)

                found = lloyd.lloyd_steps(tree, codewords, steps, tolerance, step_unit)

                assert [array.dtype for array in found] == [np.int32, np.int64, np.int64]
                assert [array.tolist() for array in found] == [places, weights, errors]


@EXAMPLES
@given(
    problem=_problems(),
    steps=st.integers(1, 9),
    tolerance=st.sampled_from([0.0, 1e-3, 0.5]),
    unit=st.sampled_from([1, 2, 8]),
)
def test_lloyd_steps_on_any_points(
    problem: tuple[Points, Whole], steps: int, tolerance: float, unit: int
) -> None:
    points, codewords = problem

    found = lloyd.lloyd_steps(points.tree(), codewords, steps, tolerance, unit)

    expected = _lloyd(points, codewords, steps, tolerance, unit)
    assert tuple(array.tolist() for array in found) == expected


# Twins of `breathing`


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
    differences = _pad(points.values).astype(np.int64) - codewords[labels]
    errors = (differences**2).sum(axis=1) * points.weights
    places, worst = codewords.tolist(), [0] * len(codewords)
    for value, label, error in zip(
        _pad(points.values).tolist(), labels.tolist(), errors.tolist(), strict=True
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
    points = _some_points(kind, axes, 200)
    if kind == "heavy":  # distances may be greater than lengths, at most four times squared
        points = _points(points.values, points.weights // 4 + 1)
    distinct = len(np.unique(points.values, axis=0))
    for size, seed in itertools.product((0, 1, 2, 9, 150, 300), (0, 1, (1 << 48) + 5, 2**64 - 1)):
        rows = breathing.seed_codewords(points.values, points.weights, size, seed)

        assert rows.dtype == np.int32
        assert len(rows) == min(size, distinct)
        assert len(np.unique(points.values[rows], axis=0)) == len(rows)
        assert rows.tolist() == _seeds(points, size, seed)


@EXAMPLES
@given(problem=_problems(), size=st.integers(0, 30), seed=st.integers(0, 2**64 - 1))
def test_first_codewords_of_any_points(
    problem: tuple[Points, Whole], size: int, seed: int
) -> None:
    points, _ = problem

    rows = breathing.seed_codewords(points.values, points.weights, size, seed)

    assert rows.tolist() == _seeds(points, size, seed)


@every_axes
@every_kind
def test_the_worst_point_of_every_cluster(kind: str, axes: int) -> None:
    points = _some_points(kind, axes)
    tree, ordered = points.tree(), points.ordered()
    for codewords in itertools.chain(*(_codewords(points, size) for size in (1, 17, 300))):
        labels = _frozen(_nearest(ordered, codewords), np.int32)

        found, errors = breathing.worst_points(tree, codewords, labels)

        assert (found.dtype, errors.dtype) == (np.int32, np.int64)
        assert (found.tolist(), errors.tolist()) == _worst(ordered, codewords, labels)


@EXAMPLES
@given(problem=_problems(), data=st.data())
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
    points = _some_points(kind, axes)
    state = np.random.RandomState(size)
    for codewords in _codewords(points, size):
        weights = state.randint(0, 3, size) * points.weights[0] * state.randint(1, 9, size)
        weights = _frozen(weights, np.int64)

        costs, nearest = breathing.merging_costs(codewords, weights)

        assert (costs.dtype, nearest.dtype) == (np.float64, np.int32)
        assert (costs.tolist(), nearest.tolist()) == _merging(codewords, weights)


@EXAMPLES
@given(problem=_problems(), seed=st.integers(0, 10**6))
def test_costs_of_merging_any_codewords(problem: tuple[Points, Whole], seed: int) -> None:
    _, codewords = problem
    weights = _frozen(np.random.RandomState(seed).randint(0, 50, len(codewords)), np.int64)

    costs, nearest = breathing.merging_costs(codewords, weights)

    assert (costs.tolist(), nearest.tolist()) == _merging(codewords, weights)


# What does not fit


def _small_tree() -> "cells.CellTree":
    return _points([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [1, 2, 3]).tree()


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
        lloyd.cluster_sums(_small_tree(), codewords)
    with pytest.raises(ValueError, match=r".+"):
        lloyd.lloyd_steps(_small_tree(), codewords, 3)


def test_sums_refuse_parts_and_labels_that_do_not_fit() -> None:
    tree, codewords = _small_tree(), np.zeros((2, 4), np.int32)
    frozen = _frozen(np.zeros(3), np.int32)
    calls = [
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
    tree = _small_tree()
    calls = [
        *(lambda unit=unit: lloyd.move_codewords(codewords, sums, unit) for unit in (0, -1, 17)),
        *(lambda unit=unit: lloyd.lloyd_steps(tree, codewords, 3, 0.0, unit) for unit in (0, -8)),
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
        lambda: lloyd.move_codewords(_frozen(codewords, np.int32), sums),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r".+"):
            call()


def test_breathing_refuses_what_does_not_fit() -> None:
    tree, codewords = _small_tree(), np.zeros((2, 4), np.int32)
    labels, weights = np.array([0, 1, 1], np.int32), np.ones(2, np.int64)
    calls = [
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
    calls = [
        lambda: lloyd.cluster_sums(None, codewords),
        lambda: lloyd.lloyd_steps(None, codewords, 3),
        lambda: breathing.worst_points(None, codewords, labels),
    ]
    for call in calls:
        with pytest.raises(TypeError):
            call()


def test_parts_beyond_all_points_are_empty() -> None:
    points = _some_points("narrow", 3)
    codewords = _pad(points.values[:5])
    whole, tree = _sums(points, codewords), points.tree()

    for parts in (100, 1 << 20, (1 << 31) - 1):
        some = (lloyd.cluster_sums(tree, codewords, part, parts) for part in range(100))
        assert sum(some).tolist() == whole.tolist()


def test_the_heaviest_points_move_codewords() -> None:
    points = _points([[0], [1]], [(1 << 55) - 1, 1 << 55])
    codewords, weights, errors = lloyd.lloyd_steps(points.tree(), _pad(np.array([[5]])), 9)

    assert (codewords[:, 0].tolist(), weights.tolist()) == ([1], [(1 << 56) - 1])
    assert errors.tolist() == [(1 << 55) - 1]
    assert lloyd.lloyd_steps(points.tree(), codewords, 9, 0.0, 16)[0][:, 0].tolist() == [0]


def test_nothing_is_made_of_nothing() -> None:
    """No points give no code-words, and no code-words have no costs."""
    empty, weightless = np.zeros((0, 4), np.int32), np.zeros(0, np.int64)

    assert breathing.seed_codewords(empty, weightless, 5, 0).tolist() == []
    assert breathing.seed_codewords(empty[:, :2].copy(), weightless, 0, 0).tolist() == []
    assert [part.tolist() for part in breathing.merging_costs(empty, weightless)] == [[], []]
    errors, moved = lloyd.move_codewords(empty.copy(), np.zeros((0, 6), np.int64))
    assert errors.tolist() == []
    assert not moved
