"""Looking labels up in a table."""

import functools

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.pixels import as_rows
from codec.limits import MAX_CODEBOOK_SIZE
from codec.threads import row_strips, run_parallel, spans

Bytes = npt.NDArray[np.uint8]


def look_up(table: Bytes, labels: Bytes) -> Bytes:
    """Replace every label by its row of a table.

    Parameters
    ----------
    table : ndarray of shape (K,) or (K, C), dtype uint8
        What each label stands for; 1 <= K <= 256.
    labels : ndarray of shape (N,) or (H, W), dtype uint8
        Row indices, each less than K; at least one.

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
    table = np.ascontiguousarray(table).reshape(len(table), -1)
    labels = labels.reshape(-1, labels.shape[-1])
    rows = values.reshape(len(labels), -1)

    def look_up_part(part: slice) -> int:
        return int(kernels.mapping.look_up_rows(table, as_rows(labels[part]), rows[part]))

    parts = [functools.partial(look_up_part, part) for part in spans(*labels.shape)]
    if (largest := max(run_parallel(parts))) >= len(table):
        raise IndexError(f"label {largest} is beyond the table of {len(table)}")
    return values


def count_labels(labels: Bytes) -> npt.NDArray[np.int64]:
    """Count how often each label occurs.

    Parameters
    ----------
    labels : ndarray of shape (H, W), dtype uint8
        Any strides.

    Returns
    -------
    counts : ndarray of shape (256,), dtype int64
    """
    parts = spans(*labels.shape)
    counts = np.zeros((len(parts), MAX_CODEBOOK_SIZE), dtype=np.int64)

    def count(part: slice, own: npt.NDArray[np.int64]) -> None:
        some = labels[part]
        for rows in row_strips(*some.shape):
            kernels.neighbors.count_labels(as_rows(some[rows]), own)

    run_parallel([functools.partial(count, *task) for task in zip(parts, counts, strict=True)])
    return np.asarray(counts.sum(axis=0))


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
