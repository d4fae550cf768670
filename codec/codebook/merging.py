"""Code-words that are not worth their bytes: merged with their neighbors, by Ward's method."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from codec import kernels

_LEAST = 2  # code-words
_MOST_CLASSES = 256


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
    alive = weights > 0
    means[alive] /= weights[alive, None]
    alone = _MOST_CLASSES + np.arange(len(weights))
    apart = np.where(classes == 0, alone, classes).astype(np.int32)
    pairs, costs = kernels.merging.merge_clusters(weights, means, apart)
    count = int(np.append(costs < most, False).argmin())
    heirs = heirs_of(pairs[: max(min(count, int(alive.sum()) - _LEAST), 0)], len(weights))
    heirs[~alive] = heirs[alive].min()
    return heirs


def heirs_of(pairs: npt.NDArray[np.int32], size: int) -> npt.NDArray[np.intp]:
    """Tell which of so many clusters each one has become a part of.

    Parameters
    ----------
    pairs : ndarray of shape (M, 2), dtype int32
        Merges, as `kernels.merging.merge_clusters` gives them.
    size : int
        K.

    Returns
    -------
    heirs : ndarray of shape (K,), dtype intp
        Of those that stay, themselves.
    """
    heirs = list(range(size))
    for kept, gone in reversed(pairs.tolist()):  # the heir's own heir is known then
        heirs[gone] = heirs[kept]
    return np.array(heirs, dtype=np.intp)
