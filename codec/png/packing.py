"""How hard deflate tries, and which row filter it gets."""

import deflate
import numpy as np
import numpy.typing as npt

from codec.options import EFFORTS
from codec.png.rowfilters import NONE, SUB, UP, filter_rows

_TRIAL_LEVEL = 5
_TRIAL_BYTES = 1 << 20
_SAMPLES = 8
_FLAT_RATIO = 16

Rows = npt.NDArray[np.uint8]


def deflate_level(rows: Rows, effort: str) -> int:
    """Choose libdeflate's level.

    Parameters
    ----------
    rows : ndarray of shape (H, S), dtype uint8
        What is to be deflated.
    effort : {'fast', 'default', 'best'}
        See `codec.options.Effort`.

    Returns
    -------
    level : int
        1 to 12.
    """
    chosen = EFFORTS[effort]
    for most, level in chosen.deflate_levels:
        if rows.size <= most:
            return level
    if chosen.deflate_flat == chosen.deflate_beyond:
        return chosen.deflate_beyond
    trial = _row_samples(rows)
    flat = _trial_size(trial) * _FLAT_RATIO < trial.size
    return chosen.deflate_flat if flat else chosen.deflate_beyond


def _row_samples(rows: Rows) -> Rows:
    """Take samples of rows, evenly spread, as many as a trial needs."""
    height = max(1, _TRIAL_BYTES // rows.shape[1] // _SAMPLES)
    if height * _SAMPLES >= len(rows):
        return rows
    gap = (len(rows) - height) / (_SAMPLES - 1)
    tops = [int(i * gap) for i in range(_SAMPLES)]
    return np.concatenate([rows[top : top + height] for top in tops])


def _trial_size(rows: Rows) -> int:
    return len(deflate.zlib_compress(np.ascontiguousarray(rows), _TRIAL_LEVEL))


def best_filter(rows: Rows) -> Rows:
    """Filter rows in the way that a quick trial on some of them compresses best.

    Parameters
    ----------
    rows : ndarray of shape (H, S), dtype uint8
        Labels, or packed rows with a byte for several labels.

    Returns
    -------
    filtered : ndarray of shape (H, 1 + S), dtype uint8
        All rows filtered alike: None, Sub or Up.
    """
    trial = _row_samples(rows)
    kinds = (NONE, SUB, UP)
    return filter_rows(rows, min(kinds, key=lambda kind: _trial_size(filter_rows(trial, kind))))
