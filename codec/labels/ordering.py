"""Order of the code-words: which label each one gets, so that labels compress well.

By frequency suits flat pictures, whose labels are best stored as they are. For others a linear
arrangement gives neighboring labels to code-words that meet often in the picture, so that the
differences of neighboring labels are small, which suits row filters. No compressor is asked, as
its next version might answer otherwise.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from codec.colors.pixels import as_rows
from codec.kernels import compiled
from codec.limits import MAX_CODEBOOK_SIZE

# Of a large picture labels are counted in samples of rows.
_SAMPLE_PIXELS = 1 << 20
_SAMPLE_ROWS = 32
_MAX_SWAPS = 512

Labels = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]


def order_codewords(labels: Labels, size: int) -> npt.NDArray[np.intp]:
    """Choose the order of a codebook's code-words.

    Parameters
    ----------
    labels : ndarray of shape (H, W), dtype uint8
        Labels in the present order, less than `size`.
    size : int
        Size of the codebook, K.

    Returns
    -------
    order : ndarray of shape (K,), dtype intp
        ``codebook[order]`` is the codebook in the chosen order.
    """
    samples = _row_samples(labels, _SAMPLE_PIXELS)
    if size < 3 or _is_flat(samples):
        return np.argsort(-_count_labels(samples, size), kind="stable")
    return _linear_arrangement(_count_neighbors(samples, size))


def _is_flat(samples: Sequence[Labels]) -> bool:
    """Tell whether more than three quarters of the labels equal those to their left."""
    equal = sum(int(np.count_nonzero(rows[:, 1:] == rows[:, :-1])) for rows in samples)
    return 4 * equal > 3 * sum(rows.size - len(rows) for rows in samples)


def _row_samples(labels: Labels, pixels: int) -> list[Labels]:
    """Take whole rows of a picture, evenly spread, about as many as have this many pixels."""
    height, width = labels.shape
    rows = max(1, pixels // width)
    if rows >= height:
        return [labels]
    count = -(-rows // _SAMPLE_ROWS)
    rows //= count
    skipped = height - rows * count
    tops = [skipped * (i + 1) // (count + 1) + rows * i for i in range(count)]
    return [labels[top : top + rows] for top in tops]


def _count_labels(samples: Sequence[Labels], size: int) -> Counts:
    """Count how often each label occurs."""
    counts = np.zeros(MAX_CODEBOOK_SIZE, dtype=np.int64)
    if compiled():
        from codec.kernels.neighbors import count_labels

        for rows in samples:
            count_labels(as_rows(rows), counts)
    else:
        for rows in samples:
            counts += np.bincount(rows.reshape(-1), minlength=MAX_CODEBOOK_SIZE)
    return counts[:size]


def _count_neighbors(samples: Sequence[Labels], size: int) -> Counts:
    """Count how often two different labels touch, in the four directions; symmetric."""
    pairs = np.zeros((MAX_CODEBOOK_SIZE, MAX_CODEBOOK_SIZE), dtype=np.int64)
    if compiled():
        from codec.kernels.neighbors import count_pairs

        for rows in samples:
            count_pairs(as_rows(rows), pairs)
    else:
        for rows in samples:
            wide = rows.astype(np.int32)
            for first, second in ((wide[:, :-1], wide[:, 1:]), (wide[:-1], wide[1:])):
                both = (first << 8 | second).reshape(-1)
                pairs += np.bincount(both, minlength=1 << 16).reshape(pairs.shape)
        np.fill_diagonal(pairs, 0)
    return (pairs + pairs.T)[:size, :size]


def _linear_arrangement(touching: Counts) -> npt.NDArray[np.intp]:
    """Arrange labels on a line so that those that touch often are near.

    Greedy: the label that touches the placed ones most is put where it costs least; then pairs
    are swapped while that helps. The greedy idea is Zeng's [1]_, with insertion anywhere in
    place of at the ends. In whole numbers, so that the result is the same everywhere.

    References
    ----------
    .. [1] W. Zeng, J. Li, S. Lei, "An efficient color re-indexing scheme for palette-based
       compression", ICIP 2000, doi:10.1109/ICIP.2000.899466.
    """
    if compiled():
        from codec.kernels.neighbors import arrange

        return np.array(arrange(np.ascontiguousarray(touching), _MAX_SWAPS), dtype=np.intp)
    size = len(touching)
    line = np.array(np.unravel_index(touching.argmax(), touching.shape), dtype=np.intp)
    if line[0] == line[1]:
        return np.arange(size)
    attraction = touching[line[0]] + touching[line[1]]
    attraction[line] = -1
    while len(line) < size:
        newcomer = int(attraction.argmax())
        line = np.insert(line, _cheapest_place(touching, line, newcomer), newcomer)
        attraction += touching[newcomer]
        attraction[line] = -1
    return _swap_pairs(touching, line)


def _cheapest_place(touching: Counts, line: npt.NDArray[np.intp], newcomer: int) -> int:
    """Find where a label adds least to the sum of distances weighted by touching."""
    places = np.arange(len(line) + 1)
    weights = touching[newcomer, line]
    before = np.concatenate([[0], np.cumsum(weights)])
    moments = np.concatenate([[0], np.cumsum(weights * np.arange(len(line)))])
    own = places * before - moments
    own += (moments[-1] - moments) - (places - 1) * (before[-1] - before)
    # Whoever stands on both sides of the place moves one step apart.
    pairs = np.triu(touching[np.ix_(line, line)], 1)
    stretched = np.concatenate([[0], np.cumsum(pairs.sum(axis=1) - pairs.sum(axis=0))])
    return int((own + stretched).argmin())


def _swap_pairs(touching: Counts, line: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Swap each label with the partner that gains most, until none gains."""
    size = len(line)
    labels = np.arange(size)
    places = np.argsort(line)
    # Of a label at each place, all others staying where they are.
    costs = touching @ np.abs(places[:, None] - labels)
    swaps = 0
    helped = True
    while helped:
        helped = False
        for label in range(size):
            own = costs[labels, places]
            gains = own[label] + own - costs[label, places] - costs[:, places[label]]
            gains -= 2 * touching[label] * np.abs(places[label] - places)
            partner = int(gains.argmax())
            if gains[partner] <= 0:
                continue
            if swaps == _MAX_SWAPS:
                return np.argsort(places)
            swaps += 1
            helped = True
            here, there = places[label], places[partner]
            nearer = np.abs(there - labels) - np.abs(here - labels)
            costs += (touching[label] - touching[partner])[:, None] * nearer
            places[[label, partner]] = there, here
    return np.argsort(places)
