"""The reference decoder with the arguments of the compiled coder, `codec.kernels.labelcoder`."""

import numpy as np
from numpy.typing import NDArray

from codec.formats.kmc.reference.band import Labels, decode_band


def n_slots(pixels: int, fast: bool) -> int:
    """Tell that no scratch is needed."""
    return 0


def decode(
    data: NDArray[np.uint8],
    codebook: NDArray[np.uint8],
    slots: NDArray[np.uint32],
    labels: Labels,
    fast: bool,
) -> int:
    """Decode the labels of a band; return how many bytes were taken."""
    height, width = labels.shape
    labels[:], used = decode_band(data.tobytes(), height, width, codebook, fast)
    return used
