"""PNG row filters (PNG specification, section 9), and which of them suits a row."""

import numpy as np
import numpy.typing as npt

from codec.kernels.plain.unfilter import paeth

Bytes = npt.NDArray[np.uint8]

_KINDS = _NONE, _SUB, _UP, _AVERAGE, _PAETH = range(5)


def filter_rows(rows: Bytes, kinds: Bytes, filtered: Bytes) -> None:
    """Filter each row in the way asked for."""
    filtered[:, 0] = kinds
    filtered[:, 1:] = rows
    above = np.zeros_like(rows[0])
    for kind, row, out in zip(kinds.tolist(), rows, filtered[:, 1:], strict=True):
        if kind != _NONE:
            out -= _prediction(kind, row, above)
        above = row


def _prediction(kind: int, row: Bytes, above: Bytes) -> Bytes:
    if kind == _UP:
        return above
    left = np.append(np.uint8(0), row[:-1])
    if kind == _SUB:
        return left
    corner = np.append(np.uint8(0), above[:-1])
    near, upper, far = (values.astype(np.int16) for values in (left, above, corner))
    wide = (near + upper) >> 1 if kind == _AVERAGE else paeth(near, upper, far)
    return wide.astype(np.uint8)


def choose_filters(rows: Bytes, kinds: Bytes) -> None:
    """Choose for each row the filter after which its bytes have the least entropy."""
    alike = np.empty((len(_KINDS), len(rows), rows.shape[1] + 1), dtype=np.uint8)
    for kind in _KINDS:
        filter_rows(rows, np.full(len(rows), kind, dtype=np.uint8), alike[kind])
    for y in range(len(rows)):
        kinds[y] = np.argmax([_saved(row) for row in alike[:, y]])


def _saved(row: Bytes) -> int:
    """Sum up count x log2(count), between powers of two on a straight line."""
    counts = np.bincount(row)
    counts = counts[counts > 0]
    logs = np.frexp(counts)[1].astype(np.int64) - 1
    return int((counts * logs + 2 * (counts - (1 << logs))).sum())
