"""A few points that stand for many: the means of cells chosen where they err least."""

import heapq

import numpy as np
import numpy.typing as npt

from codec.kernels.plain.cells import CellTree

Whole = npt.NDArray[np.int32]
Long = npt.NDArray[np.int64]


def summarize(tree: CellTree, size: int) -> tuple[Whole, Long]:
    """Represent the points of a tree by the means of at most so many cells."""
    size = min(max(size, 1), tree.size)
    # Sums of a cell are differences of these: weight, coordinates, squared length.
    squares = (tree.places**2).sum(axis=1, keepdims=True)
    terms = np.hstack([np.ones_like(squares), tree.places, squares]) * tree.weights[:, None]
    passed = np.vstack([np.zeros_like(terms[:1]), np.cumsum(terms, axis=0)])

    def sums(number: int) -> list[int]:
        rows, _ = tree.cells[number]
        found: list[int] = (passed[rows.stop] - passed[rows.start]).tolist()
        return found

    def place_in_line(number: int) -> tuple[float, int]:
        """Let the worst cell come first, of several the first."""
        weight, *totals, error = map(float, sums(number))
        for total in totals:
            error -= total * (total / weight)
        return -error, number

    done: list[int] = []  # points of cells that have no children
    waiting = [place_in_line(0)]
    while waiting and waiting[0][0] < 0:
        rows, children = tree.cells[waiting[0][1]]
        if len(done) + len(waiting) - 1 + len(children or rows) > size:
            break
        heapq.heappop(waiting)
        for child in children:
            heapq.heappush(waiting, place_in_line(child))
        if not children:
            done += rows
    means, weights = tree.places[done, : tree.axes].tolist(), tree.weights[done].tolist()
    for _, number in waiting:
        weight, *totals, _ = sums(number)
        means.append([(2 * total + weight) // (2 * weight) for total in totals[: tree.axes]])
        weights.append(weight)
    return np.array(means, dtype=np.int32), np.array(weights, dtype=np.int64)
