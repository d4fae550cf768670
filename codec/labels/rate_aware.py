"""Labels for their bytes in a .kmc: the least of squared error and bits.

Rate-distortion optimization in the manner of trellis quantization [1]_, where a pixel is: the
label of each pixel is the one of least ``error + rate * bits``, with the bits that the coder's own
model asks for at this place, and with what the pixels after it may cost beside it, which may keep
their labels or take that of a neighbor.

Bands of rows are independent of each other, so that several threads can work.

References
----------
.. [1] G. J. Sullivan, T. Wiegand, "Rate-distortion optimization for video compression", IEEE
   Signal Processing Magazine 15(6), 1998, doi:10.1109/79.733497.
"""

import functools
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.threads import run_parallel

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int16]

BITS = 256  # to a bit, of what counts them
ERROR_STEPS = 16  # of squared error, in what a bit may cost
_AXES = 4
# Code-words that come into question beside those of neighbors.
_NEAR, _NEAR_IF_FEW_CONTEXTS = 16, 8
_BAND_PIXELS = 3 << 16
_ODDS = 1 << 16
# Bits of labels, by the first neighbor that has them, none last; what is expected at first.
_FIRST_EXPECTED = (128, 512, 768, 1024, 1792)
_PATTERNS = 64


class Aim(NamedTuple):
    """What labels should be near to, and how much that counts.

    Parameters
    ----------
    places : ndarray of shape (H, W * C), dtype int16
        Where pixels lie; see `codec.colors.places`.
    weights : ndarray of shape (H, W), dtype uint16
        How much errors count, in 1/256.
    groups : ndarray of shape (H, W), dtype uint8
        Bits: a pixel may have code-words that share one of them, or its nearest.
    """

    places: Places
    weights: npt.NDArray[np.uint16]
    groups: Bytes


class Words(NamedTuple):
    """Code-words, and where they lie.

    Parameters
    ----------
    codebook : ndarray of shape (K, C), dtype uint8
        In the order in which they are stored; at least two.
    places : ndarray of shape (K, C'), dtype int16
        Where they lie; see `codec.colors.places`.
    groups : ndarray of shape (K,), dtype uint8
        See `Aim`.
    """

    codebook: Bytes
    places: Places
    groups: Bytes


def first_expected(height: int, width: int) -> npt.NDArray[np.int32]:
    """Return what is expected of bits before any were counted.

    Returns
    -------
    expected : ndarray of shape (n_bands, 320), dtype int32
        For each of the bands that a picture of this size has.
    """
    n_bands = min(height, max(1, height * width // _BAND_PIXELS))
    return np.tile(np.array(_FIRST_EXPECTED, dtype=np.int32), (n_bands, _PATTERNS))


def choose_labels(
    aim: Aim,
    words: Words,
    nearest: Bytes,
    before: Bytes,
    rate: int,
    expected: npt.NDArray[np.int32],
    *,
    few_contexts: bool,
) -> Bytes:
    """Choose a label for every pixel.

    Parameters
    ----------
    aim : Aim
        Where pixels lie, and how much errors count.
    words : Words
        What they may become.
    nearest : ndarray of shape (H, W), dtype uint8
        Labels of nearest code-words.
    before : ndarray of shape (H, W), dtype uint8
        Labels of the round before, `nearest` in the first.
    rate : int
        What a bit may cost, as a squared error of places in 1/16.
    expected : ndarray of shape (n_bands, 320), dtype int32
        What `first_expected` gave; is changed, for the next round.
    few_contexts : bool
        Ask the model of effort ``fast``, which takes half the time.

    Returns
    -------
    labels : ndarray of shape (H, W), dtype uint8
        Of least cost.
    """
    height, n_bands = len(nearest), len(expected)
    labels = np.empty_like(nearest)
    placed = np.zeros((len(words.places), _AXES), dtype=np.int16)
    placed[:, : words.places.shape[1]] = words.places
    near = _nearest_words(placed, _NEAR_IF_FEW_CONTEXTS if few_contexts else _NEAR)
    codebook = np.ascontiguousarray(words.codebook)

    def choose(band: int) -> None:
        rows = slice(band * height // n_bands, (band + 1) * height // n_bands)
        size = labels[rows].size
        slots = np.empty(kernels.labelcoder.n_slots(size, few_contexts), dtype=np.uint32)
        kernels.ratelabels.choose(
            aim.places[rows], placed, codebook, aim.weights[rows], aim.groups[rows], words.groups,
            before[rows], nearest[rows], near, rate, _bits_of_odds(), expected[band], slots,
            few_contexts, labels[rows],
        )  # fmt: skip

    run_parallel([functools.partial(choose, band) for band in range(n_bands)])
    return labels


def _nearest_words(placed: Places, count: int) -> Bytes:
    """List for each code-word those nearest to it, itself first; a tie goes to the first."""
    squares = ((placed[:, None].astype(np.int64) - placed) ** 2).sum(axis=2)
    np.fill_diagonal(squares, -1)  # others may have its place
    order = np.argsort(squares, axis=1, kind="stable")
    return np.ascontiguousarray(order[:, :count], dtype=np.uint8)


@functools.cache
def _bits_of_odds() -> npt.NDArray[np.int32]:
    """Return bits, in 1/256, for all odds in 1/65536; impossible ones count as half of one."""
    odds = [0.5, *range(1, _ODDS + 1)]
    return np.array([round(BITS * (16 - math.log2(each))) for each in odds], dtype=np.int32)
