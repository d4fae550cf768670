"""The nearest of up to 256 code-words: every color is compared with every code-word."""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_COLORS_AT_ONCE = 1 << 12


class NearestGrid:
    """A codebook prepared for many searches."""

    def __init__(self, codebook: Bytes, labels: Bytes | None = None) -> None:
        self.words: Floats = codebook.astype(np.float32)
        self.lengths: Floats = (self.words**2).sum(axis=1)
        self.labels: Bytes = np.arange(len(codebook), dtype=np.uint8) if labels is None else labels


def label_rows(prepared: NearestGrid, colors: Bytes, labels: Bytes) -> None:
    """Find the nearest code-word of every color, of several the lowest label."""
    for start in range(0, len(colors), _COLORS_AT_ONCE):
        part = slice(start, start + _COLORS_AT_ONCE)
        # Squared distances less the colors' squared lengths: whole numbers below 2**24, which
        # single precision holds exactly.
        distances = prepared.lengths - 2 * colors[part].astype(np.float32) @ prepared.words.T
        labels[part] = prepared.labels[distances.argmin(axis=1)]
