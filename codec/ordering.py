"""Order of the code-words: which label each one gets, so that labels compress well.

Two orders are tried. By frequency suits labels that are stored as they are. A linear arrangement
gives neighboring labels to code-words that meet often in the picture, so that the differences of
neighboring labels are small, which suits a row filter.
"""

import deflate
import numpy as np
import numpy.typing as npt

from codec.lookup import look_up
from codec.rowfilters import NONE, SUB, filter_rows

_TRIAL_PIXELS = 1 << 20
_TRIAL_LEVEL = 5
_STRIP_PIXELS = 1 << 20
_MAX_SWAPS = 64


def order_codewords(labels: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.intp]:
    """Choose the order of a codebook's code-words.

    Parameters
    ----------
    labels : ndarray of shape (H, W), dtype uint8
        Labels in the present order; each of 0 to `size` - 1 occurs.
    size : int
        Size of the codebook, K.

    Returns
    -------
    order : ndarray of shape (K,), dtype intp
        ``codebook[order]`` is the codebook in the chosen order.
    """
    by_frequency = np.argsort(-np.bincount(labels.reshape(-1), minlength=size), kind="stable")
    if size < 3:
        return by_frequency
    rows = max(1, _TRIAL_PIXELS // labels.shape[1])
    top = max(0, (len(labels) - rows) // 2)
    trial = labels[top : top + rows]
    arranged = _linear_arrangement(_count_neighbors(labels, size))
    candidates = [(by_frequency, NONE), (arranged, NONE), (arranged, SUB)]
    return min(candidates, key=lambda candidate: _trial_size(trial, *candidate))[0]


def renumber(
    labels: npt.NDArray[np.uint8], order: npt.NDArray[np.integer]
) -> npt.NDArray[np.uint8]:
    """Translate labels into those of a codebook whose rows were chosen.

    Parameters
    ----------
    labels : ndarray of shape (N,) or (H, W), dtype uint8
        Labels of the old codebook.
    order : ndarray of shape (K,), dtype integer
        Rows of the old codebook that make up the new one; every label is among them.

    Returns
    -------
    labels : ndarray of the same shape, dtype uint8
        Labels of the new codebook.
    """
    translation = np.zeros(256, dtype=np.uint8)
    translation[order] = np.arange(len(order), dtype=np.uint8)
    return look_up(translation, labels)


def _trial_size(labels: npt.NDArray[np.uint8], order: npt.NDArray[np.intp], kind: int) -> int:
    rows = filter_rows(renumber(labels, order), kind)
    return len(deflate.zlib_compress(rows, _TRIAL_LEVEL))


def _count_neighbors(labels: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.float64]:
    """Count how often two different labels touch, in the four directions; symmetric."""
    counts = np.zeros(size * size, dtype=np.int64)
    step = max(1, _STRIP_PIXELS // labels.shape[1])
    for top in range(0, len(labels), step):
        strip = labels[top : top + step + 1].astype(np.int32)
        own = strip[:step]
        for first, second in ((own[:, :-1], own[:, 1:]), (strip[:-1], strip[1:])):
            counts += np.bincount((first * size + second).reshape(-1), minlength=size * size)
    touching = counts.reshape(size, size).astype(np.float64)
    touching += touching.T
    np.fill_diagonal(touching, 0.0)
    return touching


def _linear_arrangement(touching: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Arrange labels on a line so that those that touch often are near.

    Greedy: the label that touches the placed ones most is put where it costs least; then pairs
    are swapped while that helps. The greedy idea is Zeng's [1]_, with insertion anywhere in
    place of at the ends.

    References
    ----------
    .. [1] W. Zeng, J. Li, S. Lei, "An efficient color re-indexing scheme for palette-based
       compression", ICIP 2000, doi:10.1109/ICIP.2000.899466.
    """
    size = len(touching)
    line = np.array(np.unravel_index(touching.argmax(), touching.shape), dtype=np.intp)
    if line[0] == line[1]:
        return np.arange(size)
    attraction = touching[line[0]] + touching[line[1]]
    attraction[line] = -1.0
    while len(line) < size:
        newcomer = int(attraction.argmax())
        line = np.insert(line, _cheapest_place(touching, line, newcomer), newcomer)
        attraction += touching[newcomer]
        attraction[line] = -1.0
    return _swap_pairs(touching, line)


def _cheapest_place(
    touching: npt.NDArray[np.float64], line: npt.NDArray[np.intp], newcomer: int
) -> int:
    """Find where a label adds least to the sum of distances weighted by touching."""
    places = np.arange(len(line) + 1)
    weights = touching[newcomer, line]
    before = np.concatenate([[0.0], np.cumsum(weights)])
    moments = np.concatenate([[0.0], np.cumsum(weights * np.arange(len(line)))])
    own = places * before - moments
    own += (moments[-1] - moments) - (places - 1) * (before[-1] - before)
    # Whoever stands on both sides of the place moves one step apart.
    pairs = np.triu(touching[np.ix_(line, line)], 1)
    stretched = np.concatenate([[0.0], np.cumsum(pairs.sum(axis=1) - pairs.sum(axis=0))])
    return int((own + stretched).argmin())


def _swap_pairs(
    touching: npt.NDArray[np.float64], line: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """Swap the pair that gains most, again and again."""
    place = np.empty(len(line))
    place[line] = np.arange(len(line))
    for _ in range(_MAX_SWAPS):
        distance = np.abs(place[:, None] - place[None, :])
        cost = touching @ distance  # of label i at the place of label j
        own = cost.diagonal()
        gain = own[:, None] + own[None, :] - cost - cost.T - 2 * touching * distance
        first, second = np.unravel_index(gain.argmax(), gain.shape)
        if gain[first, second] <= 0:
            break
        place[[first, second]] = place[[second, first]]
    return np.argsort(place)
