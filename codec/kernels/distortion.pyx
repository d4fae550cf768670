"""Errors of colors against the code-words of their labels."""

from libc.stdint cimport int64_t, uint8_t


def color_errors(
    const uint8_t[:, ::1] colors,
    const int64_t[::1] counts,
    const uint8_t[:, ::1] codebook,
    const uint8_t[::1] labels,
):
    """Sum weighted squared differences over all samples, and find the largest difference.

    Parameters
    ----------
    colors : ndarray of shape (N, C), dtype uint8
        Colors.
    counts : ndarray of shape (N,), dtype int64
        Their weights, less than 2**45 together.
    codebook : ndarray of shape (K, C), dtype uint8
        Code-words.
    labels : ndarray of shape (N,), dtype uint8
        The code-word of each color.

    Returns
    -------
    total, largest : int
        Both exact; the largest is not weighted.

    Raises
    ------
    ValueError
        Shapes do not fit, or a label is beyond the codebook.
    """
    cdef Py_ssize_t size = colors.shape[0], channels = colors.shape[1], i, channel
    cdef Py_ssize_t beyond = codebook.shape[0]
    cdef int64_t total = 0
    cdef int difference, square, largest = 0
    cdef bint wrong = False
    if counts.shape[0] != size or labels.shape[0] != size or codebook.shape[1] != channels:
        raise ValueError("colors, counts, codebook and labels do not fit")
    with nogil:
        for i in range(size):
            if labels[i] >= beyond:
                wrong = True
                break
            square = 0
            for channel in range(channels):
                difference = <int> colors[i, channel] - <int> codebook[labels[i], channel]
                square += difference * difference
                largest = max(largest, difference, -difference)
            total += counts[i] * square
    if wrong:
        raise ValueError("a label is beyond the codebook")
    return total, largest
