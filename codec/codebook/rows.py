"""Rows of real coordinates with weights, for the estimator: counted, and as whole numbers.

Pictures are rows of bytes, and what is made of them often still lies on a grid: bytes from 0 to
1, more bits, halves. The kernels take whole numbers, so rows that are whole on some grid can be
clustered by them with nothing lost.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from codec.codebook.placement import AXES
from codec.colors.histogram import count_colors
from codec.colors.pixels import pack_colors, unpack_colors
from codec.limits import MAX_PIXELS_COUNTED_EXACTLY

Rows = npt.NDArray[np.float64]
Weights = npt.NDArray[np.float64]
AnyRows = npt.NDArray[np.uint8 | np.float64]

_EIGHTHS = 8  # of a step: the grid of code-words, as in `codec.codebook.placement`
_MAX_BITS = 20  # of a coordinate of the kernels
_MAX_MOMENT_BITS = 60
_LEAST_WEIGHT = 256  # of weights that are rounded: to a part in 512 or less
_STRIP_ROWS = 1 << 13
_SIXTEEN_BITS = 65535.0
_BYTES = np.arange(256.0)
# What bytes are elsewhere: themselves, or parts of 1, in double or in single precision.
_LEVELS = (_BYTES, _BYTES / 255, (_BYTES / 255).astype(np.float32).astype(np.float64))


@dataclass(frozen=True, eq=False)
class RowHistogram:
    """Distinct rows with weights.

    Sums are exact in any order, and so is what follows from them, where weights are whole numbers
    of a sum up to 2**53, or such multiples of one power of two.

    Parameters
    ----------
    rows : ndarray of shape (U, C), dtype float64
        Every row once, in lexicographic order; no zero is negative.
    weights : ndarray of shape (U,), dtype float64
        Their weights; positive.
    """

    rows: Rows
    weights: Weights

    def __len__(self) -> int:
        return len(self.rows)

    def __add__(self, other: Self) -> "RowHistogram":
        """Merge two histograms of equal C."""
        return _merge(
            np.vstack([self.rows, other.rows]), np.concatenate([self.weights, other.weights])
        )


def _merge(rows: Rows, weights: Weights) -> RowHistogram:
    """Sort rows, and add up the weights of equal ones."""
    order = np.lexsort(rows.T[::-1])
    rows, weights = rows[order], weights[order]
    starts = np.flatnonzero(np.append(True, (rows[1:] != rows[:-1]).any(axis=1)))
    return RowHistogram(rows[starts], np.add.reduceat(weights, starts))


def count_rows(rows: AnyRows, weights: Weights | None = None) -> RowHistogram:
    """Add up the weights of equal rows.

    Parameters
    ----------
    rows : ndarray of shape (N, C), dtype uint8 or float64
        At least one; finite.
    weights : ndarray of shape (N,), dtype float64, optional
        Not negative, and not all zero; by default 1 each. Rows of weight zero are left out.

    Returns
    -------
    histogram : RowHistogram
        The distinct rows.
    """
    if weights is not None and not weights.all():
        rows, weights = rows[weights > 0], weights[weights > 0]
    found = as_bytes(rows)
    if found is None:
        # Adding zero makes zeros positive.
        rows = rows.astype(np.float64) + 0.0
        return _merge(rows, np.ones(len(rows)) if weights is None else weights)
    octets, levels = found
    if weights is None:
        counted = count_colors(octets[:, None])
        return RowHistogram(levels[counted.colors], counted.counts.astype(np.float64))
    keys, members = np.unique(pack_colors(octets), return_inverse=True)
    colors = unpack_colors(keys, octets.shape[1])
    totals = np.bincount(members, weights=weights).astype(np.float64, copy=False)
    return RowHistogram(levels[colors], totals)


def as_bytes(rows: AnyRows) -> tuple[npt.NDArray[np.uint8], Rows] | None:
    """Take rows for colors, if bytes are all that they are.

    Parameters
    ----------
    rows : ndarray of shape (N, C), dtype uint8 or float64
        Finite.

    Returns
    -------
    octets : ndarray of shape (N, C), dtype uint8
        The colors; 1 <= C <= 4.
    levels : ndarray of shape (256,), dtype float64
        What each byte stands for, ascending: ``levels[octets]`` are the rows. Bytes as they are,
        or divided by 255, in single precision too. If these are not enough, or C is, there is
        None in place of both.
    """
    if rows.shape[1] > AXES:
        return None
    if rows.dtype == np.uint8:
        return rows.astype(np.uint8, copy=False), _BYTES
    for levels in _LEVELS:
        octets = _as_levels(rows, levels)
        if octets is not None:
            return octets, levels
    return None


def _as_levels(rows: AnyRows, levels: Rows) -> npt.NDArray[np.uint8] | None:
    """Find the bytes that stand for rows, if there are such."""
    octets = np.empty(rows.shape, dtype=np.uint8)
    for start in range(0, len(rows), _STRIP_ROWS):  # most others show in the first
        part = rows[start : start + _STRIP_ROWS]
        if part.min() < 0 or part.max() > levels[-1]:
            return None
        if levels is _BYTES:
            found = part.astype(np.uint8)
            same = found == part
        else:
            found = np.rint(part * (255 / levels[-1])).astype(np.uint8)
            same = levels.take(found) == part
        if not same.all():
            return None
        octets[start : start + _STRIP_ROWS] = found
    return octets


def as_whole(
    histogram: RowHistogram,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]] | None:
    """Turn rows into points for the kernels, if they are whole on some grid.

    Parameters
    ----------
    histogram : RowHistogram
        At least two rows.

    Returns
    -------
    points : ndarray of shape (U, C), dtype int32
        Rows as multiples of the step of a grid, eight to each of its steps: bytes as of
        `as_bytes`, parts of 1 in 65,535 (in single precision too), or multiples of a power of two,
        as exactly as their differences are floating-point numbers. From lowest to highest there
        are at most 2**17 steps; half as many for each factor of four by which the sum of weights
        times C exceeds 2**20.
    weights : ndarray of shape (U,), dtype int64
        The weights, if they are whole and 2**32 together at most. Others are multiplied by a power
        of two and rounded, so that each changes by a part in 512 or less. If rows or weights do
        not fit, there is None in place of both.
    """
    weights = _whole_weights(histogram.weights)
    if weights is None or histogram.rows.shape[1] > AXES:
        return None
    found = as_bytes(histogram.rows)
    if found is not None:
        return found[0].astype(np.int32, order="C") * _EIGHTHS, weights
    moment_bits = math.log2(int(weights.sum()) * histogram.rows.shape[1])
    bits = min(_MAX_BITS, int((_MAX_MOMENT_BITS - moment_bits) // 2)) - 3  # for eighths
    steps = _steps(histogram.rows, 1 << bits)
    return None if steps is None else (steps.astype(np.int32, order="C") * _EIGHTHS, weights)


def _steps(rows: Rows, most: int) -> Rows | None:
    """Count the steps of a grid from the lowest row to each, if they are whole, and not too many.

    Whatever is whole on a grid is whole on a finer one too: only the finest need be tried.
    """
    low = rows.min(axis=0)
    with np.errstate(over="ignore"):
        extent = float((rows - low).max())
        samples = np.rint(rows * _SIXTEEN_BITS)
        parts = samples / _SIXTEEN_BITS
        # Beyond 1 the steps of single precision are so wide that other grids would do by chance.
        single = np.abs(rows).max() <= 1 and (parts.astype(np.float32) == rows).all()
        if np.ptp(samples) <= most and (single or (parts == rows).all()):
            return np.asarray(samples - samples.min())
    if not 0 < extent < math.inf:
        return None
    exponent = math.floor(math.log2(most / extent))
    steps = np.ldexp(rows - low, exponent)
    fits = steps.max() <= most and (steps == np.rint(steps)).all()
    return steps if fits and (low + np.ldexp(steps, -exponent) == rows).all() else None


def _whole_weights(weights: Weights) -> npt.NDArray[np.int64] | None:
    """Turn weights into whole numbers, if they fit."""
    with np.errstate(over="ignore"):
        total, exponent = float(weights.sum()), 0
    if total > MAX_PIXELS_COUNTED_EXACTLY or (weights != np.rint(weights)).any():
        exponent = math.ceil(math.log2(_LEAST_WEIGHT / float(weights.min())))
    if not math.log2(total) + exponent <= math.log2(MAX_PIXELS_COUNTED_EXACTLY):
        return None
    return np.rint(np.ldexp(weights, exponent)).astype(np.int64)
