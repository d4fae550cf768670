"""Clusters that become one: Ward's method."""

from libc.math cimport INFINITY
from libc.stdint cimport int32_t

import numpy as np


def merge_clusters(double[::1] weights, double[:, ::1] means, const int32_t[::1] classes):
    """Merge the two clusters whose union adds least to the squared error, again and again [1]_.

    Parameters
    ----------
    weights : ndarray of shape (K,), dtype float64
        Those of weight 0 take no part. Changed: a union has the weight of both, and what is gone
        none.
    means : ndarray of shape (K, D), dtype float64
        Changed too: a union has the mean of both.
    classes : ndarray of shape (K,), dtype int32
        Only clusters of the same class are merged.

    Returns
    -------
    pairs : ndarray of shape (M, 2), dtype int32
        By merge the cluster that is kept, the heavier one, and the one that is gone. Of pairs that
        cost the same, the first are merged first.
    costs : ndarray of shape (M,), dtype float64
        What each merge adds to the squared error.

    Raises
    ------
    ValueError
        Shapes do not fit.

    References
    ----------
    .. [1] J. H. Ward, "Hierarchical grouping to optimize an objective function", Journal of the
       American Statistical Association 58, 1963, doi:10.1080/01621459.1963.10500845.
    """
    cdef Py_ssize_t size = weights.shape[0], count = 0, row, kept, gone
    if means.shape[0] != size or classes.shape[0] != size:
        raise ValueError("weights, means and classes do not fit")
    pairs = np.empty((size, 2), dtype=np.int32)
    costs = np.empty(size, dtype=np.float64)
    cdef int32_t[:, ::1] pair_view = pairs
    cdef double[::1] cost_view = costs
    # Of each cluster the cheapest partner behind it, and what it costs.
    cdef int32_t[::1] partners = np.zeros(size, dtype=np.int32)
    cdef double[::1] least = np.full(size, np.inf)
    with nogil:
        for row in range(size):
            _find_partner(weights, means, classes, partners, least, row)
        while True:
            kept = 0
            for row in range(1, size):
                if least[row] < least[kept]:
                    kept = row
            if size == 0 or least[kept] == INFINITY:
                break
            gone = partners[kept]
            cost_view[count] = least[kept]
            if weights[kept] < weights[gone]:
                kept, gone = gone, kept
            pair_view[count, 0], pair_view[count, 1] = <int32_t> kept, <int32_t> gone
            count += 1
            _unite(weights, means, kept, gone)
            least[gone] = INFINITY
            _find_partner(weights, means, classes, partners, least, kept)
            for row in range(max(kept, gone)):
                if weights[row] > 0 and row != kept:
                    _ask_again(weights, means, classes, partners, least, row, kept, gone)
    return pairs[:count], costs[:count]


cdef void _unite(
    double[::1] weights, double[:, ::1] means, Py_ssize_t kept, Py_ssize_t gone
) noexcept nogil:
    cdef double together = weights[kept] + weights[gone]
    cdef Py_ssize_t axis
    for axis in range(means.shape[1]):
        means[kept, axis] = (
            weights[kept] * means[kept, axis] + weights[gone] * means[gone, axis]
        ) / together
    weights[kept], weights[gone] = together, 0


cdef inline double _cost(
    double[::1] weights, double[:, ::1] means, Py_ssize_t one, Py_ssize_t other
) noexcept nogil:
    """Tell what it costs to merge two clusters; the same from both sides."""
    cdef double apart = 0, difference
    cdef Py_ssize_t axis
    for axis in range(means.shape[1]):
        difference = means[one, axis] - means[other, axis]
        apart += difference * difference
    return apart * (weights[one] * weights[other] / (weights[one] + weights[other]))


cdef void _find_partner(
    double[::1] weights, double[:, ::1] means, const int32_t[::1] classes, int32_t[::1] partners,
    double[::1] least, Py_ssize_t row
) noexcept nogil:
    """Find the cheapest partner behind a cluster, of several the first."""
    cdef Py_ssize_t other
    cdef double cost
    least[row] = INFINITY
    if weights[row] == 0:
        return
    for other in range(row + 1, weights.shape[0]):
        if weights[other] > 0 and classes[other] == classes[row]:
            cost = _cost(weights, means, row, other)
            if cost < least[row]:
                least[row], partners[row] = cost, <int32_t> other


cdef void _ask_again(
    double[::1] weights, double[:, ::1] means, const int32_t[::1] classes, int32_t[::1] partners,
    double[::1] least, Py_ssize_t row, Py_ssize_t kept, Py_ssize_t gone
) noexcept nogil:
    """Let a cluster take notice that two others are one."""
    cdef double cost
    if least[row] < INFINITY and (partners[row] == gone or partners[row] == kept):
        _find_partner(weights, means, classes, partners, least, row)
    elif kept > row and classes[kept] == classes[row]:
        cost = _cost(weights, means, row, kept)
        if cost < least[row] or (cost == least[row] and kept < partners[row]):
            least[row], partners[row] = cost, <int32_t> kept
