"""The coder of labels: format-spec sections 16.4 to 16.7 in plain Python, a module for each part.

It follows that text and nothing else, some thousand times slower than the compiled coder, which
tests hold against it.
"""

import numpy as np
from numpy.typing import NDArray

from codec.kernels.plain.labelcoder.band import Labels, decode_band, encode_band


def n_slots(pixels: int, fast: bool) -> int:
    """Tell that no scratch is needed."""
    return 0


def encode(
    labels: Labels,
    codebook: NDArray[np.uint8],
    slots: NDArray[np.uint32],
    room: NDArray[np.uint8],
    fast: bool,
) -> int:
    """Code the labels of a band; return the size of the stream, or -1 if the room is too small."""
    stream = encode_band(labels, codebook, fast)
    if len(stream) > len(room):
        return -1
    room[: len(stream)] = np.frombuffer(stream, np.uint8)
    return len(stream)


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
