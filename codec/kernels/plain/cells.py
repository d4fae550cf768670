"""Weighted points in Morton order, and the tree of cells over them."""

from functools import cached_property

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int32]
Long = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

AXES = 4
_LEAF_POINTS = 8
_KEY_BITS = 16  # a coordinate, at most


class CellTree:
    """Weighted points in a tree of cells."""

    def __init__(self, points: Whole, weights: Long, max_points: int = 1 << 30) -> None:
        self.axes: int = points.shape[1]
        self.extent: int = int(points.max())
        self.merged: bool = len(points) > max_points
        keys = _morton_keys(points)
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]
        self.places: Whole = np.zeros((len(points), AXES), dtype=np.int64)
        self.places[:, : self.axes] = points[self._order]
        self.weights: Long = weights[self._order]
        if self.merged:
            self._merge(max_points)
        self.size: int = len(self.weights)

    def _merge(self, max_points: int) -> None:
        """Merge the points of each cell of the finest grid with few enough cells."""
        cells = self._keys
        while len(starts := _run_starts(cells)) > max_points:
            cells = cells >> np.uint64(self.axes)
        totals = np.add.reduceat(self.places * self.weights[:, None], starts)
        self.weights = np.add.reduceat(self.weights, starts)
        self.places = (2 * totals + self.weights[:, None]) // (2 * self.weights[:, None])
        self._keys = self._keys[starts]

    def input_order(self) -> Whole:
        """Rows of the input in the order of the tree."""
        return self._order.astype(np.int32)

    def contents(self) -> tuple[Whole, Long]:
        """Copy the points, in the order of the tree."""
        return self.places[:, : self.axes].astype(np.int32), self.weights.copy()

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.cells)

    @cached_property
    def cells(self) -> list[tuple[range, range]]:
        """Points of each cell and numbers of its children, breadth first."""
        keys = self._keys.tolist()
        found: list[tuple[range, range]] = []
        waiting = [range(self.size)]
        while len(found) < len(waiting):
            rows = waiting[len(found)]
            first_child = len(waiting)
            # A cell is cut where the highest digit that is not the same in all its keys changes.
            differing = keys[rows[0]] ^ keys[rows[-1]]
            if len(rows) > _LEAF_POINTS and differing:
                shift = (differing.bit_length() - 1) // self.axes * self.axes
                cuts = [row for row in rows[1:] if keys[row] >> shift != keys[row - 1] >> shift]
                waiting += map(range, [rows.start, *cuts], [*cuts, rows.stop])
            found.append((rows, range(first_child, len(waiting))))
        return found


def _morton_keys(points: Whole) -> Keys:
    """Interleave the bits of coordinates, the highest first, without low bits that are all 0."""
    used = int(np.bitwise_or.reduce(points, axis=None))
    lowest = (used & -used).bit_length() - 1 if used else 0
    lowest = max(lowest, used.bit_length() - _KEY_BITS)
    keys = np.zeros(len(points), dtype=np.uint64)
    for bit in range(used.bit_length() - 1, lowest - 1, -1):
        for column in points.T:
            keys = keys << np.uint64(1) | (column >> bit & 1).astype(np.uint64)
    return keys


def _run_starts(keys: Keys) -> npt.NDArray[np.intp]:
    return np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
