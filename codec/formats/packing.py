"""How hard deflate tries, and which row filter it gets."""

import deflate
import numpy as np
import numpy.typing as npt

from codec.rowfilters import NONE, SUB, UP, filter_rows

BEST_LEVEL = 12
_QUICK_LEVEL = 6
_TRIAL_LEVEL = 5
_TRIAL_BYTES = 1 << 20
# Beyond this the last twentieth of the bytes takes longer than everything else together.
_PATIENT_PIXELS = 1 << 17


def deflate_level(pixels: int, effort: str) -> int:
    """Choose libdeflate's level.

    Parameters
    ----------
    pixels : int
        Size of the picture, H * W.
    effort : {'fast', 'default', 'best'}
        ``default`` is as patient as ``best`` with up to 2**17 pixels.

    Returns
    -------
    level : int
        1 to 12.
    """
    patient = effort == "best" or (effort == "default" and pixels <= _PATIENT_PIXELS)
    return BEST_LEVEL if patient else _QUICK_LEVEL


def best_filter(rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
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
    count = max(1, _TRIAL_BYTES // rows.shape[1])
    top = max(0, (len(rows) - count) // 2)
    trial = rows[top : top + count]

    def size_bytes(kind: int) -> int:
        return len(deflate.zlib_compress(filter_rows(trial, kind), _TRIAL_LEVEL))

    return filter_rows(rows, min((NONE, SUB, UP), key=size_bytes))
