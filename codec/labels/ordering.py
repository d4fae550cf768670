"""Order of the code-words: which label each one gets, so that labels compress well.

By frequency suits flat pictures, whose labels are best stored as they are. For others a linear
arrangement gives neighboring labels to code-words that meet often in the picture, so that the
differences of neighboring labels are small, which suits row filters. No compressor is asked, as
its next version might answer otherwise.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.pixels import as_rows
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
    for rows in samples:
        kernels.neighbors.count_labels(as_rows(rows), counts)
    return counts[:size]


def _count_neighbors(samples: Sequence[Labels], size: int) -> Counts:
    """Count how often two different labels touch, in the four directions; symmetric."""
    pairs = np.zeros((MAX_CODEBOOK_SIZE, MAX_CODEBOOK_SIZE), dtype=np.int64)
    for rows in samples:
        kernels.neighbors.count_pairs(as_rows(rows), pairs)
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
    line = kernels.neighbors.arrange(np.ascontiguousarray(touching), _MAX_SWAPS)
    return np.array(line, dtype=np.intp)
