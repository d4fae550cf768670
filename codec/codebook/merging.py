"""Code-words that are not worth their bytes: merged with their neighbors, by Ward's method.

J. H. Ward, "Hierarchical grouping to optimize an objective function", Journal of the American
Statistical Association 58, 1963, doi:10.1080/01621459.1963.10500845.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_LEAST = 2  # code-words


class Clusters(NamedTuple):
    """Pixels by label.

    Parameters
    ----------
    weights : ndarray of shape (K,), dtype float64
        How much the pixels of each label weigh.
    sums : ndarray of shape (K, C), dtype float64
        Their places, weighed and summed up.
    """

    weights: npt.NDArray[np.float64]
    sums: npt.NDArray[np.float64]


def merge_clusters(
    clusters: Clusters, classes: npt.NDArray[np.uint8], most: float
) -> npt.NDArray[np.intp]:
    """Merge clusters as long as that adds less to the squared error than a code-word may cost.

    Parameters
    ----------
    clusters : Clusters
        As they are.
    classes : ndarray of shape (K,), dtype uint8
        Only clusters of the same class are merged, and those of class 0 with none.
    most : float
        What a code-word may cost.

    Returns
    -------
    heirs : ndarray of shape (K,), dtype intp
        For each cluster that with which it is merged, at last; itself if it stays. Empty ones
        have the first that stays.
    """
    weights, means = clusters.weights.copy(), clusters.sums.copy()
    size = len(weights)
    alive = weights > 0
    means[alive] /= weights[alive, None]
    heirs = np.arange(size)
    apart = (classes[:, None] != classes) | (classes == 0)

    def costs(which: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        squares = np.zeros((len(which), size))
        for axis in range(means.shape[1]):
            squares += (means[which, axis, None] - means[:, axis]) ** 2
        both = weights[which, None] * weights
        squares *= both / np.maximum(weights[which, None] + weights, 1e-9)
        squares[apart[which] | ~alive | ~alive[which, None]] = np.inf
        squares[np.arange(len(which)), which] = np.inf
        return squares

    table = costs(heirs)
    for _ in range(int(alive.sum()) - _LEAST):
        kept, gone = divmod(int(table.argmin()), size)
        if not table[kept, gone] < most:
            break
        if weights[gone] > weights[kept]:
            kept, gone = gone, kept
        total = weights[kept] + weights[gone]
        means[kept] = (weights[kept] * means[kept] + weights[gone] * means[gone]) / total
        weights[kept], weights[gone], alive[gone] = total, 0.0, False
        heirs[heirs == gone] = kept
        table[gone] = table[:, gone] = np.inf
        table[kept] = table[:, kept] = costs(np.array([kept]))[0]
    heirs[clusters.weights == 0] = int(np.flatnonzero(alive)[0])
    return heirs
