"""What the tests of kernels share: pixels and weighted points of many kinds.

All points are read-only, so that no kernel can change what it was given.
"""

import importlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from marks import slowly

from codec import kernels
from codec.colors.histogram import ColorHistogram
from codec.colors.pixels import pack_colors

TWINS = sorted(path.stem for path in Path(kernels.__file__).parent.glob("plain/[a-z]*"))


def hand_out_twins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let callers get the plain modules, compiled or not."""
    for name in TWINS:
        twin = importlib.import_module(f"codec.kernels.plain.{name}")
        monkeypatch.setattr(kernels, name, twin)


# Pixels


Bytes = npt.NDArray[np.uint8]
SHAPES = [(1, 1), (1, 2), (1, 83), (83, 1), (5, 15), (5, 16), (5, 17), (31, 67), (64, 48)]


def pictures(height: int, width: int, channels: int) -> Iterator[Bytes]:
    """Pictures of all kinds: flat, noise, few colors, long runs, every alpha, all distinct."""
    state = np.random.RandomState(height * 1000 + width * 10 + channels)
    shape = (height, width, channels)
    yield np.full(shape, 255, np.uint8)
    yield np.zeros(shape, np.uint8)
    yield state.randint(0, 256, shape).astype(np.uint8)
    yield state.randint(0, 3, shape).astype(np.uint8) * 127
    yield np.repeat(state.randint(0, 256, shape), 40, axis=1)[:, :width].astype(np.uint8)
    alpha = state.randint(0, 256, shape).astype(np.uint8)
    alpha[..., -1] = np.arange(height * width).reshape(height, width) % 256
    yield alpha
    mostly_opaque = alpha.copy()
    mostly_opaque[..., -1] |= np.uint8(255) * (state.rand(height, width) < 0.8)
    yield mostly_opaque
    ramp = np.arange(height * width, dtype=">u4") * np.uint32(2654435761)
    yield ramp.view(np.uint8).reshape(height, width, 4)[..., 4 - channels :]


def layouts(picture: Bytes) -> Iterator[Bytes]:
    """One picture in every layout that arrays may have."""
    yield picture
    yield np.asfortranarray(picture)
    yield np.ascontiguousarray(picture[::-1])[::-1]
    yield np.ascontiguousarray(picture[:, ::-1])[:, ::-1]
    yield np.ascontiguousarray(picture[..., ::-1])[..., ::-1]
    yield np.repeat(np.repeat(picture, 2, axis=0), 3, axis=1)[::2, ::3]
    wide = np.pad(picture, [(1, 1), (1, 2)] + [(0, 0)] * (picture.ndim - 2), constant_values=77)
    yield wide[1:-1, 1:-2]
    frozen = picture.copy()
    frozen.setflags(write=False)
    yield frozen


def cases(channels: int) -> Iterator[Bytes]:
    for height, width in SHAPES:
        for picture in pictures(height, width, channels):
            yield from layouts(picture)


def assert_same(array: npt.NDArray[np.generic], expected: npt.NDArray[np.generic]) -> None:
    assert array.dtype == expected.dtype
    assert array.shape == expected.shape
    assert array.flags.c_contiguous
    assert (array == expected).all()


def brute_force(points: npt.ArrayLike, codewords: npt.ArrayLike) -> list[int]:
    """Labels of the nearest code-words, the lowest of several."""
    difference = np.asarray(points, np.float64)[:, None] - np.asarray(codewords, np.float64)
    labels: list[int] = (difference**2).sum(axis=2).argmin(axis=1).tolist()
    return labels


def labeled_by_numpy(pixels: Bytes, counted: ColorHistogram, color_labels: Bytes) -> Bytes:
    """Label every pixel as its color is labeled."""
    keys = pack_colors(np.ascontiguousarray(pixels))
    return color_labels[np.searchsorted(pack_colors(counted.colors), keys)]


# Points


Whole = npt.NDArray[np.int32]
Long = npt.NDArray[np.int64]
Scalar = TypeVar("Scalar", bound=np.generic)
AXES = 4
LEAF_POINTS = 8
FARTHEST = 1 << 20  # a point; code-words may be twice as far
EXAMPLES = settings(max_examples=100, derandomize=True, deadline=None)


@dataclass(frozen=True)
class Points:
    """Weighted points that cannot be written to."""

    values: Whole
    weights: Long

    @property
    def axes(self) -> int:
        return int(self.values.shape[1])

    def tree(self, *options: int) -> Any:
        """Their tree of cells."""
        from codec.kernels.cells import CellTree

        return CellTree(self.values, self.weights, *options)

    def ordered(self) -> "Points":
        """The same in the order of their tree."""
        rows = self.tree().input_order()
        return weighted(self.values[rows], self.weights[rows])


def read_only(array: npt.ArrayLike, dtype: type[Scalar]) -> npt.NDArray[Scalar]:
    copy: npt.NDArray[Scalar] = np.array(array, dtype=dtype, order="C")
    copy.setflags(write=False)
    return copy


def weighted(values: npt.ArrayLike, weights: npt.ArrayLike) -> Points:
    return Points(read_only(values, np.int32), read_only(weights, np.int64))


def heaviest(values: npt.NDArray[np.integer]) -> int:
    """The weight that, given to all points, takes sums of squares to just below 2**61."""
    squares = (values.astype(np.int64) ** 2).sum(axis=1)
    return ((1 << 61) - 1) // int(max(squares.sum(), len(values)))


POINT_KINDS = (
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


def some_points(kind: str, axes: int, count: int = 400) -> Points:
    state = np.random.RandomState(100 * POINT_KINDS.index(kind) + axes)
    weights = state.randint(1, 1000, count).astype(np.int64)
    if kind == "one":
        return weighted(state.randint(0, 256, (1, axes)), [7])
    if kind == "equal":
        return weighted(np.tile(state.randint(0, 2048, (1, axes)), (count, 1)), weights)
    if kind == "few":  # of which many are the same, or equally far from code-words
        return weighted(state.randint(0, 4, (count, axes)), weights)
    if kind == "nine":  # one more than a leaf holds
        return weighted(state.randint(0, 256, (LEAF_POINTS + 1, axes)), weights[:9])
    if kind == "eighths":
        return weighted(state.randint(0, 256, (count, axes)) * 8, weights)
    if kind == "narrow":
        return weighted(state.randint(0, 2048, (count, axes)), weights)
    if kind == "wide":
        return weighted(state.randint(0, FARTHEST + 1, (count, axes)), weights)
    if kind == "corners":
        return weighted(state.randint(0, 2, (count, axes)) * FARTHEST, weights)
    if kind == "diagonal":
        line = np.arange(count)[:, None] * 5 + np.arange(axes)
        return weighted(line, weights)
    if kind == "lattice":  # cells of a level have the same error
        sides = np.indices((1 << (10 - axes) // axes,) * axes)
        return weighted(sides.reshape(axes, -1).T * 3, np.ones(sides[0].size))
    if kind == "clusters":
        middles = state.randint(0, 60000, (9, axes))[state.randint(0, 9, count)]
        return weighted(np.abs(middles + (state.standard_t(2, (count, axes)) * 50)), weights)
    values = state.randint(0, 2048, (count, axes))
    return weighted(values, np.full(count, heaviest(values)))


def padded(values: npt.NDArray[np.integer]) -> Whole:
    return read_only(np.pad(values, [(0, 0), (0, AXES - values.shape[1])]), np.int32)


def some_codewords(points: Points, size: int) -> Iterator[Whole]:
    """Code-words of several kinds: points, anywhere in their box, outside, and the same often."""
    state = np.random.RandomState(size)
    shape = (size, points.axes)
    extent = int(points.values.max())
    yield padded(points.values[state.randint(0, len(points.values), size)])
    yield padded(state.randint(0, extent + 1, shape))
    yield padded(np.minimum(state.randint(0, 2 * extent + 9, shape), 2 * FARTHEST))
    yield padded(np.repeat(state.randint(0, extent + 1, (1, points.axes)), size, axis=0))
    yield padded(np.maximum(state.randint(-2 * extent - 1, extent + 1, shape), -2 * FARTHEST))


every_kind = pytest.mark.parametrize("kind", POINT_KINDS)
every_axes = pytest.mark.parametrize("axes", [slowly(1), slowly(2), 3, 4])


@st.composite
def problems(draw: st.DrawFn) -> tuple[Points, Whole]:
    """Few points and code-words, often equal or equally far from each other."""
    axes, extent = draw(st.integers(1, AXES)), draw(st.sampled_from([1, 3, 255, 2047, FARTHEST]))
    places = st.integers(0, extent)
    count, size = draw(st.integers(1, 40)), draw(st.integers(1, 12))
    values = draw(hnp.arrays(np.int32, (count, axes), elements=places))
    weights = draw(hnp.arrays(np.int64, count, elements=st.integers(1, 1 << 12)))
    codewords = draw(hnp.arrays(np.int32, (size, axes), elements=places))
    return weighted(values, weights), padded(codewords)


def round_half_up(total: int, weight: int) -> int:
    return math.floor(Fraction(total, weight) + Fraction(1, 2))


def nearest_labels(points: Points, codewords: Whole) -> npt.NDArray[np.intp]:
    return np.array(brute_force(padded(points.values), codewords))


def small_tree() -> Any:
    """A tree of three points on three axes."""
    return weighted([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [1, 2, 3]).tree()
