"""Pixels and labels to labels of fewer bytes under deflate, for a little more error.

Deflate [1]_ stores a label by itself, or says that some of them are the same as a while before. A
pixel may get another code-word than the nearest where that makes long repeats: where the bits that
are saved are worth more than the squared error. Labels are chosen from the first to the last, so
that what is repeated is what has been chosen, and never what would have been. What they will cost
is guessed from the labels without rate: to count anew and choose again makes nothing smaller, as
labels that have become rare die out.

Rows must be deflated as they are, without a row filter; of labels that repeat themselves no filter
makes less.

References
----------
.. [1] P. Deutsch, "DEFLATE Compressed Data Format Specification version 1.3", RFC 1951, 1996.
"""

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.lookup import count_labels
from codec.limits import MAX_CODEBOOK_SIZE
from codec.threads import run_parallel

Bytes = npt.NDArray[np.uint8]
Costs = npt.NDArray[np.uint16]
Places = npt.NDArray[np.int16]

# Of RFC 1951: bits that follow the symbols of lengths and of distances, and the symbol of each
# length from 3 on and of each distance from 1 on. The longest length has a symbol to itself.
_LENGTH_EXTRA = np.array([0] * 8 + [i // 4 + 1 for i in range(20)] + [0])
_DISTANCE_EXTRA = np.array([max(i // 2 - 1, 0) for i in range(30)])
_OF_LENGTH = np.append(np.repeat(np.arange(28), 1 << _LENGTH_EXTRA[:28])[:-1], 28)
_OF_DISTANCE = np.repeat(np.arange(30), 1 << _DISTANCE_EXTRA)
_SHORTEST = 3
_WINDOW = 32768

_BIT = 256
_LONGEST_CODE = 12  # bits; if rare labels cost more, they die out
# What is guessed: pixels to a match; how often matches have a length, by its symbol, and a
# distance, if it is one of those that are always tried.
_PIXELS_PER_MATCH = 3
_LENGTH_SHARES = np.maximum(48 // (np.unique(_OF_LENGTH, return_index=True)[1] + _SHORTEST), 2)
_TRIED_SHARE = 16
# Strips begin anew, so that several threads can work; nothing is repeated from farther away than a
# window.
_STRIP_PIXELS = 1 << 18

_ONE_GROUP = np.ones(MAX_CODEBOOK_SIZE, dtype=np.uint8)


def deflate_labels(
    places: Places,
    words: Places,
    nearest: Bytes,
    lams: npt.NDArray[np.uint32],
    groups: tuple[Bytes, Bytes] | None = None,
    *,
    filter_bytes: bool = True,
    searched: int = 3,
) -> Bytes:
    """Label every pixel so that labels repeat themselves.

    Parameters
    ----------
    places : ndarray of shape (H, W * C), dtype int16
        Pixels, 0 to 4080, from `codec.colors.places.place_pixels`.
    words : ndarray of shape (K, C), dtype int16
        1 <= K <= 256 code-words, from `codec.colors.places.place_colors`.
    nearest : ndarray of shape (H, W), dtype uint8
        The labels that are best if bytes do not count; less than K.
    lams : ndarray of shape (H, W), dtype uint32
        How much squared error, in the steps of `places`, a bit is worth at each pixel, in 1/16.
        With 0 a pixel keeps its label.
    groups : tuple of ndarray of shape (K,) and ndarray of shape (H, W), dtype uint8, optional
        A pixel gets a code-word that has a bit in common with it, or keeps its label.
    filter_bytes : bool
        Whether a byte 0 precedes each row, as in a PNG, or rows follow one another, as in a npz.
    searched : int
        0 to 16: how many distances beside those of the neighbors are tried at a time. More of
        them make a little less, and take longer.

    Returns
    -------
    labels : ndarray of shape (H, W), dtype uint8
        One label a pixel. Some code-words may have lost all their pixels.
    """
    height, width = nearest.shape
    before = int(filter_bytes)
    word_groups, pixel_groups = groups or (_ONE_GROUP[: len(words)], None)
    words, word_groups = np.ascontiguousarray(words), np.ascontiguousarray(word_groups)
    tried = _tried_distances(width + before)
    counts = count_labels(nearest)
    counts[0] += before * height
    costs = _guess_costs(counts, tried)
    result = np.empty_like(nearest, order="C")

    def choose(rows: slice) -> None:
        stream = _stored(nearest[rows], before)
        own_groups = (
            np.ones_like(stream) if pixel_groups is None else _stored(pixel_groups[rows], before)
        )
        labels = np.empty_like(stream)
        kernels.deflatelabels.choose_labels(
            _stored(places[rows], before * words.shape[1]).reshape(-1, words.shape[1]), words,
            stream, _stored(lams[rows], before), word_groups, own_groups, *costs, tried, searched,
            labels,
        )  # fmt: skip
        result[rows] = labels.reshape(-1, width + before)[:, before:]

    step = -(-height // -(-nearest.size // _STRIP_PIXELS))
    strips = [slice(top, min(top + step, height)) for top in range(0, height, step)]
    run_parallel([functools.partial(choose, rows) for rows in strips])
    return result


def _stored(rows: npt.NDArray[Any], before: int) -> npt.NDArray[Any]:
    """Put rows in a line, with the filter's byte before each: a pixel that keeps its label, 0."""
    return np.pad(rows, ((0, 0), (before, 0))).reshape(-1)


def _tried_distances(stride: int) -> npt.NDArray[np.int32]:
    """List the distances to the left and above."""
    near = {1, 2, *range(stride - 2, stride + 3)}
    return np.array(sorted(near & set(range(1, _WINDOW + 1))), dtype=np.int32)


def _guess_costs(
    counts: npt.NDArray[np.int64], tried: npt.NDArray[np.int32]
) -> tuple[Costs, Costs, Costs]:
    """Guess what labels, lengths and distances will cost, in 1/256 bit, from counts of labels.

    Returns
    -------
    literals, lengths, distances : ndarrays of shapes (256,), (259,) and (32769,), dtype uint16
        As `kernels.deflatelabels.choose_labels` takes them.
    """
    matches = counts.sum() * _LENGTH_SHARES // (_PIXELS_PER_MATCH * _LENGTH_SHARES.sum())
    codes = _code_costs(np.append(counts, matches))
    lengths = np.zeros(_SHORTEST + len(_OF_LENGTH), dtype=np.uint16)
    lengths[_SHORTEST:] = (codes[MAX_CODEBOOK_SIZE:] + _BIT * _LENGTH_EXTRA)[_OF_LENGTH]
    shares = np.bincount(_OF_DISTANCE[tried - 1], minlength=len(_DISTANCE_EXTRA))
    distances = np.zeros(1 + len(_OF_DISTANCE), dtype=np.uint16)
    distances[1:] = (_code_costs(1 + _TRIED_SHARE * shares) + _BIT * _DISTANCE_EXTRA)[_OF_DISTANCE]
    return codes[:MAX_CODEBOOK_SIZE].astype(np.uint16), lengths, distances


def _code_costs(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Tell how long Huffman's codes are about, in 1/256 bit, from what they are to be for."""
    most = _log2(int(counts.sum()))
    costs = [most - _log2(int(count)) for count in np.maximum(counts, 1)]
    return np.where(counts > 0, np.clip(costs, _BIT, _LONGEST_CODE * _BIT), _LONGEST_CODE * _BIT)


def _log2(count: int) -> int:
    """Calculate floor(256 * log2(count)), the same on every machine."""
    power: int = count**_BIT
    return power.bit_length() - 1
