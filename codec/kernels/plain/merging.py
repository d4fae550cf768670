"""Clusters that become one: Ward's method, with a table of what all pairs cost."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int32]


def merge_clusters(weights: Floats, means: Floats, classes: Whole) -> tuple[Whole, Floats]:
    """Merge the two clusters whose union adds least to the squared error, again and again."""
    size = len(weights)
    pairs: list[tuple[int, int]] = []
    costs: list[float] = []

    def costs_of(row: int) -> Floats:
        apart = np.zeros(size)
        for axis in means.T:  # in this order, for floats are rounded
            apart += (axis[row] - axis) ** 2
        together = weights[row] + weights
        found = apart * (weights[row] * weights / np.where(together > 0, together, 1.0))
        out = (weights == 0) | (classes != classes[row])
        out[row] = True
        return np.where(out | (weights[row] == 0), np.inf, found)

    table = np.full((size, size), np.inf)
    for row in range(size):
        table[row] = costs_of(row)
    while size:
        kept, gone = divmod(int(table.argmin()), size)
        if np.isinf(table[kept, gone]):
            break
        costs.append(float(table[kept, gone]))
        if weights[kept] < weights[gone]:
            kept, gone = gone, kept
        pairs.append((kept, gone))
        together = weights[kept] + weights[gone]
        means[kept] = (weights[kept] * means[kept] + weights[gone] * means[gone]) / together
        weights[kept], weights[gone] = together, 0
        table[gone] = table[:, gone] = np.inf
        table[kept] = table[:, kept] = costs_of(kept)
    return np.array(pairs, dtype=np.int32).reshape(-1, 2), np.array(costs)
