"""The optimal codebook of a grey picture.

On a line, clusters are intervals, so dynamic programming finds the best of all codebooks, with
code-words that are whole numbers already [1]_.

References
----------
.. [1] X. Wu, "Optimal quantization by matrix searching", Journal of Algorithms 12(4), 1991,
   doi:10.1016/0196-6774(91)90039-2.
"""

import numpy as np
import numpy.typing as npt


def optimal_codebook(
    levels: npt.NDArray[np.uint8], counts: npt.NDArray[np.int64], n_colors: int
) -> npt.NDArray[np.uint8]:
    """Find the codebook of least squared error for grey levels.

    Parameters
    ----------
    levels : ndarray of shape (U, 1), dtype uint8
        Distinct levels in ascending order, more than `n_colors`.
    counts : ndarray of shape (U,), dtype int64
        How many pixels each has; less than 2**40 together.
    n_colors : int
        Size of the codebook, K.

    Returns
    -------
    codebook : ndarray of shape (K, 1), dtype uint8
        Ascending. No other codebook of K code-words or fewer has less squared error.
    """
    centers, costs = _intervals(levels[:, 0].astype(np.int64), counts)
    size = len(levels)
    # least[j]: of the first j + 1 levels with the clusters so far; cuts: where the last begins.
    least = costs[0].copy()
    cuts = np.zeros((n_colors, size), dtype=np.intp)
    for k in range(1, n_colors):
        before = np.concatenate([[0], least[:-1]])
        totals = before[:, None] + costs
        # Clusters before this one take at least one level each.
        totals[:k] = np.iinfo(np.int64).max
        cuts[k] = totals.argmin(axis=0)
        least = totals.min(axis=0)
    codebook = np.empty((n_colors, 1), dtype=np.uint8)
    last = size - 1
    for k in range(n_colors - 1, -1, -1):
        first = cuts[k, last]
        codebook[k] = centers[first, last]
        last = first - 1
    return codebook


def _intervals(
    levels: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Find rounded mean and squared error of every interval, by its first and last level."""

    def sums(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        passed = np.concatenate([[0], np.cumsum(values)])
        return np.asarray(passed[None, 1:] - passed[:-1, None])

    weights, totals = sums(counts), sums(counts * levels)
    squares = sums(counts * levels * levels)
    real = weights > 0  # an interval that ends before it begins has no weight
    divisors = np.where(real, weights, 1)
    centers = np.where(real, (2 * totals + divisors) // (2 * divisors), 0)
    costs = squares - 2 * centers * totals + centers * centers * weights
    return centers, np.where(real, costs, np.iinfo(np.int64).max // 2)
