"""The nearest of up to 256 code-words for points of any whole coordinates.

The search starts at the code-word of the point before, which is near where points are sorted. A
code-word as far from that one as twice the point's distance cannot be nearer [1]_, so that the
others are asked in the order of their distance from it, until one is that far.

References
----------
.. [1] C. Elkan, "Using the triangle inequality to accelerate k-means", ICML 2003.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t

import numpy as np

cdef enum:
    AXES = 4
    MOST = 256
    WIDE = 1 << 28  # of a coordinate: squares of twice a distance fit into 63 bits


cdef inline int64_t squared(const int32_t* a, const int32_t* b) noexcept nogil:
    cdef int64_t total = 0, difference
    cdef int axis
    for axis in range(AXES):
        difference = <int64_t>a[axis] - b[axis]
        total += difference * difference
    return total


def _check(array):
    """Refuse coordinates that are too large."""
    if array.size and (array.min() < -WIDE or array.max() > WIDE):
        raise ValueError("a coordinate is too large")


def rank_words(words):
    """Prepare code-words for searching.

    Parameters
    ----------
    words : ndarray of shape (K, 4), dtype int32
        1 <= K <= 256 code-words.

    Returns
    -------
    order : ndarray of shape (K, K), dtype uint8
        For each code-word all of them, from the nearest to the farthest.
    apart : ndarray of shape (K, K), dtype int64
        Their squared distances.

    Raises
    ------
    ValueError
        Shapes do not fit, or coordinates are beyond 2**28.
    """
    places = np.asarray(words).astype(np.int64)
    if places.ndim != 2 or not 1 <= places.shape[0] <= MOST or places.shape[1] != AXES:
        raise ValueError("code-words must be (1 to 256, 4)")
    _check(places)
    found = ((places[:, None] - places[None]) ** 2).sum(axis=2)
    ranked = np.argsort(found, axis=1, kind="stable")
    return ranked.astype(np.uint8), np.take_along_axis(found, ranked, axis=1)


def label_points(
    const int32_t[:, ::1] points, const int32_t[:, ::1] words, uint8_t[::1] labels
):
    """Find the nearest code-word of every point.

    Parameters
    ----------
    points, words, labels
        As for `label_ranked`.

    Raises
    ------
    ValueError
        Shapes do not fit, or coordinates are beyond 2**28.
    """
    order, apart = rank_words(words)
    label_ranked(points, words, order, apart, labels)


def label_ranked(
    const int32_t[:, ::1] points, const int32_t[:, ::1] words, const uint8_t[:, ::1] order,
    const int64_t[:, ::1] apart, uint8_t[::1] labels,
):
    """Find the nearest code-word of every point.

    Parameters
    ----------
    points : ndarray of shape (N, 4), dtype int32
        Fastest where neighbors are similar.
    words : ndarray of shape (K, 4), dtype int32
        1 <= K <= 256 code-words.
    order, apart
        From `rank_words`.
    labels : ndarray of shape (N,), dtype uint8
        Overwritten; a tie goes to the lowest label.

    Raises
    ------
    ValueError
        Shapes do not fit, or coordinates are beyond 2**28.
    """
    cdef Py_ssize_t i, size = points.shape[0]
    cdef int j, word, best, start = 0, count = <int>words.shape[0]
    cdef int64_t distance, least, beyond
    if not 1 <= words.shape[0] <= MOST or words.shape[1] != AXES:
        raise ValueError("code-words must be (1 to 256, 4)")
    if points.shape[1] != AXES or labels.shape[0] != size:
        raise ValueError("points and labels do not fit")
    if not order.shape[0] == order.shape[1] == apart.shape[0] == apart.shape[1] == count:
        raise ValueError("ranks and code-words do not fit")
    if np.asarray(order).max() >= count:
        raise ValueError("there is no such code-word")
    _check(np.asarray(points))
    _check(np.asarray(words))
    with nogil:
        for i in range(size):
            best = start
            least = squared(&points[i, 0], &words[start, 0])
            beyond = 4 * least
            for j in range(count):
                if apart[start, j] > beyond:
                    break
                word = order[start, j]
                distance = squared(&points[i, 0], &words[word, 0])
                if distance < least or (distance == least and word < best):
                    least = distance
                    best = word
            labels[i] = <uint8_t>best
            start = best
