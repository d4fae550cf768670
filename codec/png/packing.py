"""Rows to deflated rows: which filters they get, and how hard deflate tries."""

from collections.abc import Callable, Sequence

import deflate
import numpy as np
import numpy.typing as npt

from codec.options import EFFORTS
from codec.png.rowfilters import FILTERS, LEAST_ENTROPY, NONE, SUB, UP, filter_rows

_TRIAL_LEVEL = 5
_TRIAL_BYTES = 3 << 16
_SAMPLES = 8
# Rows that come out smaller repeat themselves, whatever their entropy.
_FLAT_RATIO = 16
# Up to so many ways are tried on all rows, if a trial makes at most so much more of them than of
# the best, and if there are at most so many bytes.
_FINALISTS = 3
_NEAR = 1.04
_MOST_WITH_FINALISTS = 1 << 23
# Rows of few bytes, of which a folder may have a million: where a hasty trial makes so much more
# of them with one filter for all, others are not tried; and where it makes more of them than this
# part, higher levels gain a few parts in a thousand, in twice the time.
_SMALL_BYTES = 1 << 15
_CLEAR = 1.1
_DENSE = 1 / 4
_DENSE_LEVEL = 10

Rows = npt.NDArray[np.uint8]


def deflate_level(rows: Rows, effort: str) -> int:
    """Choose libdeflate's level for rows as they are.

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
    samples = _row_samples(rows, _TRIAL_BYTES // 2)
    return _level(rows.size, effort, lambda: _repetition(samples, _try(samples, NONE)))


def deflate_rows(rows: Rows, effort: str) -> bytes:
    """Filter and deflate rows, in the way that comes out smallest of those that are tried.

    Parameters
    ----------
    rows : ndarray of shape (H, S), dtype uint8
        Labels, or packed rows with a byte for several labels.
    effort : {'fast', 'default', 'best'}
        None, Sub, Up and the least entropy of each row are tried on some of the rows; with
        ``best`` Average and Paeth too, and the most promising ones on all rows. Small rows that
        Sub and Up clearly do not suit have none otherwise.

    Returns
    -------
    idat : bytes
        A zlib stream of the filtered rows.
    """
    best = effort == "best"
    if not best and rows.size <= _SMALL_BYTES and (size := _plain_size(rows)):
        level = _level(rows.size, effort, lambda: _repetition(rows, size))
        if size > _DENSE * rows.size:
            level = min(level, _DENSE_LEVEL)
        return _deflate(filter_rows(rows, NONE), level)
    samples = _row_samples(rows)
    ways = (*FILTERS, LEAST_ENTROPY) if best else (NONE, SUB, UP, LEAST_ENTROPY)
    sizes = {way: _try(samples, way) for way in ways}
    ranked = sorted(ways, key=sizes.__getitem__)
    level = _level(rows.size, effort, lambda: _repetition(samples, sizes[ranked[0]]))
    if best and rows.size <= _MOST_WITH_FINALISTS:
        ranked = [way for way in ranked if sizes[way] <= _NEAR * sizes[ranked[0]]][:_FINALISTS]
    else:
        ranked = ranked[:1]
    return min((_deflate(filter_rows(rows, way), level) for way in ranked), key=len)


def likely_filter(
    rows: Rows, ways: Sequence[int] = (NONE, SUB, UP, LEAST_ENTROPY)
) -> tuple[int, float]:
    """Choose how to filter rows that are deflated a part at a time.

    Parameters
    ----------
    rows : ndarray of shape (H, S), dtype uint8
        Some rows of a picture.
    ways : sequence of int
        What to choose from.

    Returns
    -------
    way : int
        As `filter_rows` takes it.
    share : float
        How many bytes a quick trial made of a byte.
    """
    samples = _row_samples(rows)
    size, way = min((_try(samples, way), way) for way in ways)
    return way, size / samples.size


def _level(size: int, effort: str, repetition: Callable[[], float]) -> int:
    """Find the first level that fits; most need no trial."""
    fitting = [row for row in EFFORTS[effort].deflate_levels if size <= row.most]
    found = repetition() if fitting[0].repetition else 0
    return next(row.level for row in fitting if row.repetition <= found)


def _repetition(samples: Rows, deflated: int) -> float:
    """Compare what a trial made of rows with their bits if none were repeated, but filtered."""
    counts = np.bincount(filter_rows(samples, LEAST_ENTROPY).reshape(-1))
    counts = counts[counts > 0]
    bits = float((counts * np.log2(counts.sum() / counts)).sum())
    return max(bits / 8, samples.size / _FLAT_RATIO) / deflated


def _plain_size(rows: Rows) -> int:
    """Tell how many bytes a hasty trial makes of small rows as they are; 0 if filters may pay."""
    plain, *others = (len(_deflate(filter_rows(rows, way), 1)) for way in (NONE, SUB, UP))
    return plain if _CLEAR * plain < min(others) else 0


def _try(samples: Rows, way: int) -> int:
    """Tell how many bytes a quick trial makes of rows that are filtered in some way."""
    return len(_deflate(filter_rows(samples, way), _TRIAL_LEVEL))


def _deflate(rows: Rows, level: int) -> bytes:
    return bytes(deflate.zlib_compress(np.ascontiguousarray(rows), level))


def _row_samples(rows: Rows, size: int = _TRIAL_BYTES) -> Rows:
    """Take samples of rows, evenly spread, as many as a trial needs."""
    height = max(1, size // rows.shape[1] // _SAMPLES)
    if height * _SAMPLES >= len(rows):
        return rows
    gap = (len(rows) - height) / (_SAMPLES - 1)
    tops = [int(i * gap) for i in range(_SAMPLES)]
    return np.concatenate([rows[top : top + height] for top in tops])
