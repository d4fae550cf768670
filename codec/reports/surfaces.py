"""Areas, thin lines and the soft edges of either: what a picture is made of, pixel by pixel."""

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

AREA, LINE, EDGE, TEXTURE = range(4)
# A pixel is in an area if a square of this side has no larger steps.
_SIDE, _SMOOTH = 3, 24
# What has an area this near on two sides is a line on it; all else that is in none is texture.
_NEAR = 3
# Steps of a pixel that is between its neighbors, or beyond them.
_STEP = 12
# Neighbors that differ by no more are smooth; from which step on they are grainy; and which part
# of the smooth neighbors is so many that they are.
_SOFT, _ROUGH, _GRAINY = 6, 12, 0.15
# Bands: of neighbors that differed a little so many are equal, which are at least this part of
# all, and of the others this part has steps that are seen.
_FLAT, _SLOPES, _SEEN_STEP, _STEPS = 0.7, 0.2, 8, 0.01


class Smoothness:
    """What became of neighbors that hardly differed, counted strip by strip."""

    def __init__(self) -> None:
        self._all = self._soft = self._rough = self._slopes = self._flat = self._steps = 0

    def add(self, first: Pixels, second: Pixels) -> None:
        """Count pixels beside each other, of shape (rows, W, C), before and after."""
        before, after = _steps_across(first), _steps_across(second)
        soft = before <= _SOFT
        # Of noise and patterns that were there nothing is said: a neighbor on either side.
        soft[:, 1:] &= before[:, :-1] <= _SOFT
        slopes = soft & (before > 0)
        self._all += before.size
        self._soft += int(np.count_nonzero(soft))
        self._rough += int(np.count_nonzero(soft & (after >= _ROUGH)))
        self._slopes += int(np.count_nonzero(slopes))
        self._flat += int(np.count_nonzero(slopes & (after == 0)))
        self._steps += int(np.count_nonzero(slopes & (after >= _SEEN_STEP)))

    @property
    def became(self) -> str:
        """What smooth areas became: ``grainy``, ``bands``, or empty."""
        if self._soft < _SLOPES * self._all or not self._soft:
            return ""
        if self._rough >= _GRAINY * self._soft:
            return "grainy"
        slopes = self._slopes
        if slopes >= _SLOPES * self._all and self._flat >= _FLAT * slopes:
            return "bands" if self._steps >= _STEPS * slopes else ""
        return ""


def _steps_across(pixels: Pixels) -> Pixels:
    one, other = pixels[:, 1:], pixels[:, :-1]
    steps = np.maximum(one, other) - np.minimum(one, other)
    return np.asarray(functools.reduce(np.maximum, _channels(steps)))


def pixel_kinds(pixels: Pixels, rows: slice) -> Pixels:
    """Tell pixels of areas, thin lines and soft edges apart.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        The picture.
    rows : slice
        Which rows are asked for.

    Returns
    -------
    kinds : ndarray of shape (rows, W), dtype uint8
        ``AREA`` in areas; of others ``EDGE`` where a pixel is between what is on both sides of
        it, as anti-aliased ones are, and ``LINE`` elsewhere; ``TEXTURE`` where no area is near.
    """
    start, stop, _ = rows.indices(len(pixels))
    first, last = max(start - 1, 0), min(stop + 1, len(pixels))
    part = pixels[first:last].astype(np.int16)
    between = np.zeros((2, *part.shape[:2]), dtype=np.bool_)
    beyond = np.zeros_like(between)
    for axis in (0, 1):
        steps = np.diff(part, axis=axis)
        steps = np.moveaxis(steps, axis, 0)
        one, other = steps[:-1], steps[1:]
        large = np.minimum(np.abs(one), np.abs(other)) > _STEP
        onward = (one > 0) == (other > 0)
        np.moveaxis(between[axis], axis, 0)[1:-1] = _any(large & onward)
        np.moveaxis(beyond[axis], axis, 0)[1:-1] = _any(large & ~onward)
    edges = (between[0] & ~beyond[1]) | (between[1] & ~beyond[0])
    edges = edges[start - first : stop - first]
    first, last = max(start - _NEAR, 0), min(stop + _NEAR, len(pixels))
    solid = solid_pixels(pixels, slice(first, last))
    beside = _beside(solid, axis=0) | _beside(solid, axis=1)
    inner = slice(start - first, stop - first)
    lines = np.where(edges, EDGE, np.where(beside[inner], LINE, TEXTURE))
    return np.where(solid[inner], AREA, lines).astype(np.uint8)


def _beside(solid: npt.NDArray[np.bool_], axis: int) -> npt.NDArray[np.bool_]:
    """Tell what has an area near on both sides; at the border there is one."""
    solid = np.moveaxis(solid, axis, 0)
    before, after = np.zeros_like(solid), np.zeros_like(solid)
    before[:_NEAR] = after[len(after) - min(_NEAR, len(after)) :] = True
    for step in range(1, _NEAR + 1):
        before[step:] |= solid[:-step]
        after[:-step] |= solid[step:]
    return np.moveaxis(before & after, 0, axis)


def solid_pixels(pixels: Pixels, rows: slice) -> npt.NDArray[np.bool_]:
    """Tell which pixels are in areas, not in thin lines and edges.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        The picture.
    rows : slice
        Which rows are asked for.

    Returns
    -------
    solid : ndarray of shape (rows, W), dtype bool
        True where a pixel is in a square of 3 by 3 that has no edge.
    """
    height, width = pixels.shape[:2]
    start, stop, _ = rows.indices(height)
    if min(height, width) < _SIDE:
        return np.ones((stop - start, width), dtype=np.bool_)
    first, last = max(start - _SIDE + 1, 0), min(stop + _SIDE - 1, height)
    part = pixels[first:last]
    smooth = _small(part[:, 1:], part[:, :-1])
    rows_alike = smooth[:, :-1] & smooth[:, 1:]  # three beside each other
    smooth = _small(part[1:], part[:-1])
    columns_alike = smooth[:-1] & smooth[1:]
    # Where squares of three by three begin that are smooth, and all that is in one of them.
    begins = rows_alike[:-2] & rows_alike[1:-1] & rows_alike[2:]
    begins &= columns_alike[:, :-2] & columns_alike[:, 1:-1] & columns_alike[:, 2:]
    solid = np.zeros(part.shape[:2], dtype=np.bool_)
    for y in range(_SIDE):
        for x in range(_SIDE):
            solid[y : y + len(begins), x : x + begins.shape[1]] |= begins
    return solid[start - first : stop - first]


def _small(one: Pixels, other: Pixels) -> npt.NDArray[np.bool_]:
    """Tell where pixels hardly differ."""
    return ~_any(np.maximum(one, other) - np.minimum(one, other) > _SMOOTH)


def _any(found: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return np.asarray(functools.reduce(np.logical_or, _channels(found)))


def _channels(values: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """Take the channels apart: reducing the short last axis takes ten times as long."""
    return [values[..., channel] for channel in range(values.shape[-1])]
