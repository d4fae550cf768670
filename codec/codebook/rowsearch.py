"""The nearest of real code-words for real rows, exactly.

The kernels label rows that are rounded to a fine grid, with code-words rounded to it as well.
That label is nearly always right, and from there the search is short: a code-word as far from
that one as twice the row's distance cannot be nearer [1]_.

Distances are summed axis by axis, so that a row's label depends on nothing but the row and the
code-words: not on the rows beside it, nor on the machine.

References
----------
.. [1] C. Elkan, "Using the triangle inequality to accelerate k-means", ICML 2003.
"""

import math

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.codebook.placement import AXES, pad
from codec.colors.nearest import NearestSearch

Rows = npt.NDArray[np.float64]
Labels = npt.NDArray[np.intp]

_GRID_BITS = 20  # of a coordinate of the kernels
_MAX_CODEWORDS = 1024  # of the kernels
_ROWS_AT_ONCE = 1 << 18
_MARGIN = 1 + 1e-9  # far beyond how much rounding changes a squared distance


def nearest_codewords(rows: Rows, codewords: Rows, guess: Labels | None = None) -> Labels:
    """Find the nearest code-word of every row.

    Parameters
    ----------
    rows : ndarray of shape (N, C), dtype float64
        Finite.
    codewords : ndarray of shape (K, C), dtype float64
        Finite.
    guess : ndarray of shape (N,), dtype intp, optional
        A label for each row, which only decides how long the search takes.

    Returns
    -------
    labels : ndarray of shape (N,), dtype intp
        A tie goes to the lowest label. With more than four columns or 1024 code-words, a label may
        depend on the other rows where distances are equal up to rounding.
    """
    if rows.shape[1] > AXES or len(codewords) > _MAX_CODEWORDS:
        return NearestSearch(rows)(codewords)
    if len(rows) <= len(codewords):
        squares = np.zeros((len(rows), len(codewords)))
        for column, word in zip(rows.T, codewords.T, strict=True):
            squares += (column[:, None] - word) ** 2
        return np.asarray(squares.argmin(axis=1))
    labels = np.empty(len(rows), dtype=np.intp)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        strip = slice(start, start + _ROWS_AT_ONCE)
        begin = _guess(rows[strip], codewords) if guess is None else guess[strip]
        labels[strip] = _improve(rows[strip], codewords, begin)
    return labels


def _guess(rows: Rows, codewords: Rows) -> Labels:
    """Label rows with a code-word that is the nearest, or nearly so."""
    low = np.minimum(rows.min(axis=0), codewords.min(axis=0))
    with np.errstate(over="ignore"):
        extent = float(np.maximum((rows - low).max(), (codewords - low).max()))
    if not 0 < extent < math.inf:
        return NearestSearch(rows)(codewords)
    exponent = math.floor(_GRID_BITS - math.log2(extent))
    points = np.rint(np.ldexp(rows - low, exponent)).astype(np.int32, order="C")
    tree = kernels.cells.CellTree(points, np.ones(len(rows), dtype=np.int64))
    found = np.empty(len(rows), dtype=np.int32)
    places = pad(np.rint(np.ldexp(codewords - low, exponent)).astype(np.int32))
    kernels.lloyd.cluster_sums(tree, places, labels=found)
    labels = np.empty(len(rows), dtype=np.intp)
    labels[tree.input_order()] = found
    return labels


def _improve(rows: Rows, codewords: Rows, guess: Labels) -> Labels:
    """Ask the code-words around the guess, the nearest to it first, until none can be nearer."""
    columns, words = np.ascontiguousarray(rows.T), np.ascontiguousarray(codewords.T)

    def measure(members: npt.NDArray[np.intp], labels: Labels) -> npt.NDArray[np.float64]:
        squares = np.zeros(len(members))
        for column, word in zip(columns, words, strict=True):
            squares += (column.take(members) - word.take(labels)) ** 2
        return squares

    apart = np.zeros((len(codewords), len(codewords)))
    for word in words:
        apart += (word[:, None] - word) ** 2
    np.fill_diagonal(apart, -1.0)  # each comes first, and need not be asked
    order = np.argsort(apart, axis=0, kind="stable")
    apart = np.take_along_axis(apart, order, axis=0)
    members, center, labels = np.arange(len(rows)), guess, guess.copy()
    least = measure(members, labels)
    reach = 4 * _MARGIN * least
    for ranked, distances in zip(order[1:], apart[1:], strict=True):
        within = np.flatnonzero(distances.take(center) <= reach)
        if not within.size:
            break
        members, center, reach = members.take(within), center.take(within), reach.take(within)
        rivals = ranked.take(center)
        squares, before = measure(members, rivals), least.take(members)
        nearer = (squares < before) | ((squares == before) & (rivals < labels.take(members)))
        labels[members[nearer]], least[members[nearer]] = rivals[nearer], squares[nearer]
    return labels
