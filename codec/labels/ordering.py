"""Order of the code-words: which label each one gets, so that labels compress well.

A line on which code-words that meet often in the picture are neighbors keeps the differences of
neighboring labels small, which suits row filters; greys are on such a line from the start. A label
that covers much of the picture is best 0, as is the byte before a row that has no filter, and
order by frequency suits other flat pictures. No compressor is asked, as its next version might
answer otherwise, but for ``--effort best``.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.lookup import ascending, renumber
from codec.colors.pixels import as_rows
from codec.limits import MAX_CODEBOOK_SIZE
from codec.png.packing import deflate_rows

# Of a large picture labels are counted in samples of rows.
_SAMPLE_PIXELS = 1 << 20
_SAMPLE_ROWS = 32
_MAX_SWAPS = 512
# A label comes first if one of so many pixels or more has it.
_MOST_COMMON = 4
# Pixels of a picture of which orders are tried.
MOST_TRIED = 1 << 23

Labels = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]


def order_codewords(
    labels: Labels, codebook: Labels, effort: str = "default"
) -> npt.NDArray[np.intp]:
    """Choose the order of a codebook's code-words.

    Parameters
    ----------
    labels : ndarray of shape (H, W), dtype uint8
        Labels in the present order, less than K.
    codebook : ndarray of shape (K, C), dtype uint8
        The code-words.
    effort : {'fast', 'default', 'best'}
        With ``best``, several orders are tried by deflating, unless the picture is huge.

    Returns
    -------
    order : ndarray of shape (K,), dtype intp
        ``codebook[order]`` is the codebook in the chosen order.
    """
    samples = [labels[rows] for rows in sampled_rows(*labels.shape)]
    whole = labels if effort == "best" and labels.size <= MOST_TRIED else None
    return order_by_samples(samples, codebook, whole)


def order_by_samples(
    samples: Sequence[Labels], codebook: Labels, whole: Labels | None = None
) -> npt.NDArray[np.intp]:
    """Choose the order as `order_codewords` does, from the labels of some rows.

    Parameters
    ----------
    samples : sequence of ndarray of shape (h, W), dtype uint8
        Those rows, as `sampled_rows` has them.
    codebook : ndarray of shape (K, C), dtype uint8
        The code-words.
    whole : ndarray of shape (H, W), dtype uint8, optional
        All labels, where orders are to be tried by deflating them.

    Returns
    -------
    order : ndarray of shape (K,), dtype intp
    """
    size, grey = len(codebook), _is_grey(codebook)
    counts = _count_labels(samples, size)
    by_frequency = np.argsort(-counts, kind="stable")
    most = by_frequency[0]
    if grey:
        line = ascending(codebook)
    elif size < 3:
        line = by_frequency
    else:
        line = _linear_arrangement(_count_neighbors(samples, size))
    if size > 2 and counts[most] * _MOST_COMMON > counts.sum():
        chosen = _with_first(line, most)
    elif size > 2 and not grey and _is_flat(samples):
        chosen = by_frequency
    else:
        chosen = line
    if whole is None or size < 3:
        return chosen
    by_lightness = np.argsort(codebook[:, :3].astype(np.intp).sum(axis=1), kind="stable")
    seen = np.unique(whole, return_index=True)
    by_place = seen[0][np.argsort(seen[1])].astype(np.intp)
    orders = [chosen, line, by_frequency, _with_first(line, most), by_place]
    orders.append(_with_first(by_lightness, most))
    # A grey PNG in ascending order needs no palette.
    palettes = [3 * size * (grey and order is not line) for order in orders]
    sizes = [len(deflate_rows(renumber(whole, order), "best")) for order in orders]
    return orders[int(np.argmin(np.add(sizes, palettes)))]


def _is_grey(codebook: Labels) -> bool:
    """Tell whether all code-words are opaque greys."""
    colors = codebook if codebook.shape[1] in (1, 3) else codebook[:, :-1]
    opaque = codebook.shape[1] in (1, 3) or (codebook[:, -1] == 255).all()
    return bool(opaque and (colors == colors[:, :1]).all())


def _with_first(line: npt.NDArray[np.intp], most: np.intp) -> npt.NDArray[np.intp]:
    """Put one label before the others, turned around if it comes from beyond the middle."""
    place = int(np.argmax(line == most))
    others = np.delete(line, place)
    return np.append(most, others[::-1] if 2 * place >= len(line) else others)


def _is_flat(samples: Sequence[Labels]) -> bool:
    """Tell whether more than three quarters of the labels equal those to their left."""
    equal = sum(int(np.count_nonzero(rows[:, 1:] == rows[:, :-1])) for rows in samples)
    return 4 * equal > 3 * sum(rows.size - len(rows) for rows in samples)


def sampled_rows(height: int, width: int, pixels: int = _SAMPLE_PIXELS) -> list[slice]:
    """Choose whole rows of a picture, evenly spread, about as many as have this many pixels."""
    rows = max(1, pixels // width)
    if rows >= height:
        return [slice(0, height)]
    count = -(-rows // _SAMPLE_ROWS)
    rows //= count
    skipped = height - rows * count
    tops = [skipped * (i + 1) // (count + 1) + rows * i for i in range(count)]
    return [slice(top, top + rows) for top in tops]


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
