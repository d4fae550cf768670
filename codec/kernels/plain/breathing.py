"""Where code-words are missed most, and which are missed least."""

import numpy as np
import numpy.typing as npt

from codec.kernels.plain.cells import CellTree

Whole = npt.NDArray[np.int32]
Long = npt.NDArray[np.int64]

_64_BITS = (1 << 64) - 1


def seed_codewords(points: Whole, weights: Long, size: int, seed: int) -> Whole:
    """Choose points as first code-words by k-means++, with SplitMix64."""
    places = points.astype(np.int64)
    costs, least = weights, np.full(len(places), np.iinfo(np.int64).max)
    rows: list[int] = []
    while len(rows) < size and costs.any():
        passed = np.cumsum(costs)
        seed = (seed + 0x9E3779B97F4A7C15) & _64_BITS
        draw = ((seed ^ seed >> 30) * 0xBF58476D1CE4E5B9) & _64_BITS
        draw = ((draw ^ draw >> 27) * 0x94D049BB133111EB) & _64_BITS
        draw = (draw ^ draw >> 31) % int(passed[-1])
        rows.append(int(np.searchsorted(passed, draw, side="right")))
        least = np.minimum(least, ((places - places[rows[-1]]) ** 2).sum(axis=1))
        costs = weights * least
    return np.array(rows, dtype=np.int32)


def worst_points(tree: CellTree, codewords: Whole, labels: Whole) -> tuple[Whole, Long]:
    """Find the point of greatest weighted squared error in every cluster."""
    errors = ((tree.places - codewords[labels]) ** 2).sum(axis=1) * tree.weights
    # By cluster, in it by error, of equals the first in the order of the tree.
    order = np.lexsort((-errors, labels))
    clusters, firsts = np.unique(labels[order], return_index=True)
    worst = order[firsts]
    missed = errors[worst] > 0
    found, greatest = codewords.copy(), np.zeros(len(codewords), dtype=np.int64)
    found[clusters[missed]] = tree.places[worst[missed]]
    greatest[clusters[missed]] = errors[worst[missed]]
    return found, greatest


def merging_costs(codewords: Whole, weights: Long) -> tuple[npt.NDArray[np.float64], Whole]:
    """Tell what it would cost to merge each cluster with another."""
    places, masses = codewords.astype(np.float64), weights.astype(np.float64)
    distances = ((places[:, None] - places) ** 2).sum(axis=2)
    together = masses[:, None] + masses
    shares = masses[:, None] * (masses / np.where(together > 0, together, 1.0))
    # Shares of a pair may differ in their last bit: those of the later code-word count.
    costs = np.tril(shares * distances, -1)
    costs += costs.T
    np.fill_diagonal(costs, np.inf)
    np.fill_diagonal(distances, np.inf)
    return costs.min(axis=1), distances.argmin(axis=1).astype(np.int32)
