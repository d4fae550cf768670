"""Nearest code-words, exactly, in NumPy: the search of the scikit-learn engine and the estimator.

Points that lie together are searched together. For the box around a group of points only those
code-words can be nearest to any of them whose least distance to the box is at most the least of
all greatest distances; the others are never looked at. Squared distances are formed from whole
numbers small enough to be exact, so the result does not depend on the order of the operations.
"""

import numpy as np
import numpy.typing as npt

_GROUP_SIZE = 256
# Up to here float32 holds every whole number exactly, and is twice as fast.
_EXACT_FLOAT32 = 2.0**24


class NearestSearch:
    """A set of points prepared for many searches.

    Parameters
    ----------
    points : ndarray of shape (U, D), dtype float64
        Whole numbers, as `codec.colors.colorspace` makes them.
    """

    def __init__(self, points: npt.NDArray[np.float64]) -> None:
        self._order = np.argsort(_space_filling_key(points), kind="stable")
        self._points = points[self._order]
        starts = np.arange(0, len(points), _GROUP_SIZE)
        self._slices = [slice(start, start + _GROUP_SIZE) for start in starts.tolist()]
        self._low = np.minimum.reduceat(self._points, starts)
        self._high = np.maximum.reduceat(self._points, starts)
        self._whole = bool((self._points == np.rint(self._points)).all())
        self._small = self._points.astype(np.float32)
        self._reach = float(np.abs(self._points).max())

    def __call__(self, codewords: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
        """Find the nearest code-word of every point.

        Parameters
        ----------
        codewords : ndarray of shape (K, D), dtype float64
            Real numbers are allowed; the result is exact if they are whole numbers.

        Returns
        -------
        labels : ndarray of shape (U,), dtype intp
            Row of the nearest code-word; of several equally near, the lowest row.
        """
        candidates = self._candidates(codewords)
        norms = np.einsum("ij,ij->i", codewords, codewords)
        points: npt.NDArray[np.floating] = self._points
        largest = norms.max() + 2 * self._reach * np.abs(codewords).sum(axis=1).max()
        if self._whole and largest < _EXACT_FLOAT32 and (codewords == np.rint(codewords)).all():
            points = self._small
        dtype = points.dtype
        norms = norms.astype(dtype)
        slopes = (-2.0 * codewords).astype(dtype)
        sorted_labels = np.empty(len(points), dtype=np.intp)
        for part, mask in zip(self._slices, candidates, strict=True):
            rows = np.flatnonzero(mask)
            if rows.size == 1:
                sorted_labels[part] = rows[0]
                continue
            distances = points[part] @ slopes[rows].T
            distances += norms[rows]
            sorted_labels[part] = rows[distances.argmin(axis=1)]
        labels = np.empty_like(sorted_labels)
        labels[self._order] = sorted_labels
        return labels

    def _candidates(self, codewords: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Mark, for every group of points, the code-words that could be nearest to one of them."""
        least = np.zeros((len(self._low), len(codewords)))
        greatest = np.zeros_like(least)
        for axis in range(codewords.shape[1]):
            below = self._low[:, axis, None] - codewords[None, :, axis]
            above = codewords[None, :, axis] - self._high[:, axis, None]
            least += np.maximum(np.maximum(below, above), 0.0) ** 2
            greatest += np.minimum(below, above) ** 2
        # The margin keeps the pruning safe where real code-words make the bounds inexact.
        bound = greatest.min(axis=1, keepdims=True) * (1 + 1e-12)
        return np.asarray(least <= bound)


def _space_filling_key(points: npt.NDArray[np.float64]) -> npt.NDArray[np.uint64]:
    """Interleave the top bits of all coordinates (Morton order): neighbors sort together."""
    low = points.min(axis=0)
    span = max(float((points.max(axis=0) - low).max()), 1.0)
    cells = ((points - low) * (255.0 / span)).astype(np.uint64)
    key = np.zeros(len(points), dtype=np.uint64)
    dimensions = points.shape[1]
    for bit in range(7, -1, -1):
        for axis in range(dimensions):
            key = (key << np.uint64(1)) | ((cells[:, axis] >> np.uint64(bit)) & np.uint64(1))
    return key
