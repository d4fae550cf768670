"""Looking labels up in a table, a strip at a time.

NumPy widens indices to eight bytes each before it uses them; in strips that costs nothing.
"""

import numpy as np
import numpy.typing as npt

_STRIP = 1 << 18

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
    """
    values = np.empty(labels.shape + table.shape[1:], dtype=np.uint8)
    step = max(1, _STRIP * len(labels) // labels.size)
    for start in range(0, len(labels), step):
        part = slice(start, start + step)
        values[part] = table[labels[part]]
    return values
