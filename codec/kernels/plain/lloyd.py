"""Lloyd's iteration: every point is compared with every code-word."""

import numpy as np
import numpy.typing as npt

from codec.kernels.plain.cells import AXES, CellTree

Whole = npt.NDArray[np.int32]
Long = npt.NDArray[np.int64]

_POINTS_AT_ONCE = 1 << 12


def cluster_sums(
    tree: CellTree, codewords: Whole, part: int = 0, parts: int = 1, labels: Whole | None = None
) -> Long:
    """Sum up the clusters that code-words make of the points; the first part is all of them."""
    sums = np.zeros((2 + AXES, len(codewords)), dtype=np.int64)
    # Squared lengths and products are whole numbers below 2**53, exact in any order.
    words = codewords.astype(np.float64)
    lengths = (words**2).sum(axis=1)
    for start in range(0, tree.size if part == 0 else 0, _POINTS_AT_ONCE):
        rows = slice(start, start + _POINTS_AT_ONCE)
        places, weights = tree.places[rows], tree.weights[rows]
        nearest = (lengths - 2 * places.astype(np.float64) @ words.T).argmin(axis=1)
        if labels is not None:
            labels[rows] = nearest
        terms = [np.ones_like(weights), *places.T, (places**2).sum(axis=1)]
        for total, term in zip(sums, terms, strict=True):
            np.add.at(total, nearest, weights * term)
    return np.ascontiguousarray(sums.T)


def move_codewords(codewords: Whole, sums: Long) -> tuple[Long, bool]:
    """Move code-words to the means of their clusters, in place."""
    weights, totals, squares = sums[:, :1], sums[:, 1:-1], sums[:, -1]
    used = weights > 0
    means = np.where(used, (2 * totals + weights) // np.maximum(2 * weights, 1), codewords)
    moved = bool((means != codewords).any())
    codewords[:] = means
    crossed = (means * (weights * means - 2 * totals)).sum(axis=1)
    return np.where(used[:, 0], squares + crossed, 0), moved


def lloyd_steps(
    tree: CellTree, codewords: Whole, steps: int, tolerance: float = 0.0
) -> tuple[Whole, Long, Long]:
    """Move code-words to the means of their clusters, again and again."""
    codewords, before = codewords.copy(), None
    for _ in range(max(steps, 1)):
        sums = cluster_sums(tree, codewords)
        errors, moved = move_codewords(codewords, sums)
        total = int(errors.sum())
        if not moved or (
            before is not None and float(before - total) <= tolerance * float(before)
        ):
            break
        before = total
    return codewords, sums[:, 0], errors
