"""Errors of colors against the code-words of their labels."""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

_COLORS_AT_ONCE = 1 << 16


def color_errors(
    colors: Bytes, counts: npt.NDArray[np.int64], codebook: Bytes, labels: Bytes
) -> tuple[int, int]:
    """Sum weighted squared differences over all samples, and find the largest difference."""
    total = largest = 0
    for start in range(0, len(colors), _COLORS_AT_ONCE):
        part = slice(start, start + _COLORS_AT_ONCE)
        differences = colors[part].astype(np.int64) - codebook[labels[part]]
        total += int((counts[part] * (differences**2).sum(axis=1)).sum())
        largest = max(largest, int(np.abs(differences).max(initial=0)))
    return total, largest
