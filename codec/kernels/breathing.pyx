"""What leaves local minima: where code-words are missed most, and which are missed least."""

from libc.stdint cimport int32_t, int64_t, uint64_t

import numpy as np

from codec.kernels.cells cimport AXES, CellTree


def seed_codewords(
    const int32_t[:, ::1] points, const int64_t[::1] weights, Py_ssize_t size, uint64_t seed
):
    """Choose points as first code-words by k-means++ [1]_.

    Each next one is drawn with probability in proportion to weight times squared distance to
    the nearest of those before.

    Parameters
    ----------
    points : ndarray of shape (U, D), dtype int32
        Whole numbers.
    weights : ndarray of shape (U,), dtype int64
        Positive; the sum of weights times squared distances must be below 2**63.
    size : int
        How many, K.
    seed : int
        Of the generator, SplitMix64 [2]_.

    Returns
    -------
    rows : ndarray of shape (K',), dtype int32
        Rows of `points`; K' < K if there are no more distinct points.

    References
    ----------
    .. [1] D. Arthur, S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.
    .. [2] G. L. Steele Jr., D. Lea, C. H. Flood, "Fast splittable pseudorandom number
       generators", OOPSLA 2014, doi:10.1145/2660193.2660195.
    """
    cdef Py_ssize_t count = points.shape[0], axes = points.shape[1], i, chosen, found = 0
    cdef Py_ssize_t axis
    rows = np.empty(max(size, 0), dtype=np.int32)
    costs = np.array(weights, dtype=np.int64)
    least = np.full(count, -1, dtype=np.int64)
    cdef int32_t[::1] row_view = rows
    cdef int64_t[::1] cost_view = costs
    cdef int64_t[::1] least_view = least
    cdef int64_t distance, difference
    cdef uint64_t total, draw, state = seed
    if weights.shape[0] != count:
        raise ValueError("there must be as many weights as points")
    with nogil:
        while found < size:
            total = 0
            for i in range(count):
                total += <uint64_t> cost_view[i]
            if total == 0:
                break
            state += <uint64_t> 0x9E3779B97F4A7C15
            draw = state
            draw = (draw ^ (draw >> 30)) * <uint64_t> 0xBF58476D1CE4E5B9
            draw = (draw ^ (draw >> 27)) * <uint64_t> 0x94D049BB133111EB
            draw = (draw ^ (draw >> 31)) % total
            chosen = 0
            while draw >= <uint64_t> cost_view[chosen]:
                draw -= <uint64_t> cost_view[chosen]
                chosen += 1
            row_view[found] = <int32_t> chosen
            found += 1
            for i in range(count):
                distance = 0
                for axis in range(axes):
                    difference = points[i, axis] - points[chosen, axis]
                    distance += difference * difference
                if least_view[i] < 0 or distance < least_view[i]:
                    least_view[i] = distance
                    cost_view[i] = weights[i] * distance
    return rows[:found]


def worst_points(
    CellTree tree not None, const int32_t[:, ::1] codewords, const int32_t[::1] labels
):
    """Find the point of greatest weighted squared error in every cluster.

    Parameters
    ----------
    tree : CellTree
        The points.
    codewords : ndarray of shape (K, 4), dtype int32
        The code-words.
    labels : ndarray of shape (U,), dtype int32
        The cluster of each point, in the order of the tree.

    Returns
    -------
    points : ndarray of shape (K, 4), dtype int32
        Of several equally bad, the first in the order of the tree; the code-word where there
        is no error.
    errors : ndarray of shape (K,), dtype int64
        Their weighted squared errors.
    """
    found = np.array(codewords, dtype=np.int32, order="C")
    errors = np.zeros(codewords.shape[0], dtype=np.int64)
    cdef int32_t[:, ::1] found_view = found
    cdef int64_t[::1] error_view = errors
    cdef Py_ssize_t i
    cdef int axis
    cdef int32_t label, size = <int32_t> codewords.shape[0]
    cdef int64_t error, difference
    cdef bint wrong = codewords.shape[1] != AXES or labels.shape[0] != tree.size
    if not wrong:
        with nogil:
            for i in range(tree.size):
                label = labels[i]
                if not 0 <= label < size:
                    wrong = True
                    break
                error = 0
                for axis in range(AXES):
                    difference = tree.points[i * AXES + axis] - codewords[label, axis]
                    error += difference * difference
                error *= tree.weights[i]
                if error > error_view[label]:
                    error_view[label] = error
                    for axis in range(AXES):
                        found_view[label, axis] = tree.points[i * AXES + axis]
    if wrong:
        raise ValueError("code-words or labels do not belong to the points")
    return found, errors


def merging_costs(const int32_t[:, ::1] codewords, const int64_t[::1] weights):
    """Tell what it would cost to merge each cluster with another (J. H. Ward, 1963).

    Parameters
    ----------
    codewords : ndarray of shape (K, D), dtype int32
        The code-words.
    weights : ndarray of shape (K,), dtype int64
        The weights of their clusters.

    Returns
    -------
    costs : ndarray of shape (K,), dtype float64
        The least increase of the squared error; infinite for a single one.
    nearest : ndarray of shape (K,), dtype int32
        The nearest other code-word.
    """
    cdef Py_ssize_t size = codewords.shape[0], axes = codewords.shape[1], i, j, axis
    cdef double cost, distance, difference, weight, other
    if weights.shape[0] != size:
        raise ValueError("there must be as many weights as code-words")
    costs = np.full(size, np.inf)
    distances = np.full(size, np.inf)
    nearest = np.zeros(size, dtype=np.int32)
    cdef double[::1] cost_view = costs
    cdef double[::1] distance_view = distances
    cdef int32_t[::1] nearest_view = nearest
    with nogil:
        for i in range(size):
            weight = <double> weights[i]
            for j in range(i):
                other = <double> weights[j]
                distance = 0
                for axis in range(axes):
                    difference = <double> (codewords[i, axis] - codewords[j, axis])
                    distance += difference * difference
                cost = 0
                if weight + other > 0:
                    cost = weight * (other / (weight + other)) * distance
                if cost < cost_view[i]:
                    cost_view[i] = cost
                if cost < cost_view[j]:
                    cost_view[j] = cost
                if distance < distance_view[i]:
                    distance_view[i] = distance
                    nearest_view[i] = <int32_t> j
                if distance < distance_view[j]:
                    distance_view[j] = distance
                    nearest_view[j] = <int32_t> i
    return costs, nearest
