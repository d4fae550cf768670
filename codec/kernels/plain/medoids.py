"""The best of listed places for code-words, swapped in one at a time."""

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int32]
Long = npt.NDArray[np.int64]


def swap_medoids(points: Whole, weights: Long, candidates: Whole, size: int) -> tuple[Whole, int]:
    """Swap candidates in as long as one of them lowers the squared error."""
    distances = np.zeros((len(candidates), len(points)), dtype=np.int64)
    for place, point in zip(candidates.T.astype(np.int64), points.T, strict=True):
        distances += (place[:, None] - point) ** 2
    chosen, number, unchanged = np.arange(size, dtype=np.int32), 0, 0
    while True:
        own = distances[chosen]
        labels = own.argmin(axis=0)
        nearest, second = np.partition(own, 1, axis=0)[:2]
        # What every candidate does to the error, and the leaving of each code-word beside it.
        shared = (np.minimum(distances - nearest, 0) * weights).sum(axis=1)
        kept = np.minimum(distances, nearest)
        losses = (np.minimum(distances, second) - kept) * weights
        changes = np.stack([losses[:, labels == k].sum(axis=1) for k in range(size)], axis=1)
        better = shared + changes.min(axis=1) < 0
        turn = (number + np.arange(len(candidates) - unchanged)) % len(candidates)
        if not better[turn].any():
            return chosen, int((nearest * weights).sum())
        number = int(turn[better[turn].argmax()])
        chosen[changes[number].argmin()] = number
        number, unchanged = (number + 1) % len(candidates), 1
