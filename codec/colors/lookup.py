"""Looking labels up in a table, a strip at a time.

NumPy widens indices to eight bytes each before it uses them; in strips that costs nothing.
"""

import functools

import numpy as np
import numpy.typing as npt

from codec.colors.pixels import as_rows
from codec.kernels import compiled
from codec.limits import MAX_CODEBOOK_SIZE
from codec.threads import row_strips, run_parallel, spans

Bytes = npt.NDArray[np.uint8]


def look_up(table: Bytes, labels: Bytes) -> Bytes:
    """Replace every label by its row of a table.

    Parameters
    ----------
    table : ndarray of shape (K,) or (K, C), dtype uint8
        What each label stands for.
    labels : ndarray of shape (N,) or (H, W), dtype uint8
        Row indices, each less than K.

    Returns
    -------
    values : ndarray of shape ``labels.shape + table.shape[1:]``, dtype uint8
        ``table[labels]``.

    Raises
    ------
    IndexError
        A label is K or more.
    """
    values = np.empty(labels.shape + table.shape[1:], dtype=np.uint8)
    if compiled() and labels.size and 0 < len(table) <= MAX_CODEBOOK_SIZE:
        _look_up_compiled(table, labels, values)
        return values
    for part in row_strips(len(labels), labels.size // len(labels)):
        values[part] = table[labels[part]]
    return values


def ascending(codebook: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp]:
    """Order code-words by their first channel, then by the second, and so on.

    Parameters
    ----------
    codebook : ndarray of shape (K, C), dtype uint8
        The code-words.

    Returns
    -------
    order : ndarray of shape (K,), dtype intp
        ``codebook[order]`` ascends; equal code-words keep their order.
    """
    return np.lexsort(codebook.T[::-1])


def renumber(labels: Bytes, order: npt.NDArray[np.integer]) -> Bytes:
    """Translate labels into those of a codebook whose rows were chosen.

    Parameters
    ----------
    labels : ndarray of shape (N,) or (H, W), dtype uint8
        Bytes of the old codebook.
    order : ndarray of shape (K,), dtype integer
        Rows of the old codebook that make up the new one; every label is among them.

    Returns
    -------
    labels : ndarray of the same shape, dtype uint8
        Bytes of the new codebook.
    """
    translation = np.zeros(MAX_CODEBOOK_SIZE, dtype=np.uint8)
    translation[order] = np.arange(len(order), dtype=np.uint8)
    return look_up(translation, labels)


def _look_up_compiled(table: Bytes, labels: Bytes, values: Bytes) -> None:
    from codec.kernels.mapping import look_up_rows

    if labels.ndim == 1:
        labels = labels.reshape(1, -1)
    if table.ndim == 1:
        table = table.reshape(-1, 1)
    table = np.ascontiguousarray(table)
    values = values.reshape(len(labels), -1)

    def look_up_part(part: slice) -> int:
        return int(look_up_rows(table, as_rows(labels[part]), values[part]))

    parts = spans(len(labels), labels.shape[1])
    largest = max(run_parallel([functools.partial(look_up_part, part) for part in parts]))
    if largest >= len(table):
        raise IndexError(f"label {largest} is beyond the table of {len(table)}")
