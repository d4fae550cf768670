"""Squared error of colors against the code-words of their labels."""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

_COLORS_AT_ONCE = 1 << 16


def weighted_squared_error(
    colors: Bytes, counts: npt.NDArray[np.int64], codebook: Bytes, labels: Bytes
) -> int:
    """Sum weighted squared differences over all samples."""
    total = 0
    for start in range(0, len(colors), _COLORS_AT_ONCE):
        part = slice(start, start + _COLORS_AT_ONCE)
        differences = colors[part].astype(np.int64) - codebook[labels[part]]
        total += int((counts[part] * (differences**2).sum(axis=1)).sum())
    return total
