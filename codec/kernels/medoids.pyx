"""The best of listed places for code-words, swapped in one at a time [1]_.

For every point the distances to its two nearest code-words are kept. One look at all points then
tells what a candidate gains in place of each code-word: a point takes the candidate if that is
nearer; otherwise it keeps its code-word, or takes its second where its own is the one that goes.

References
----------
.. [1] E. Schubert, P. J. Rousseeuw, "Fast and eager k-medoids clustering: O(k) runtime
   improvement of the PAM, CLARA, and CLARANS algorithms", Information Systems 101, 2021,
   doi:10.1016/j.is.2021.101804.
"""

from libc.stdint cimport int32_t, int64_t

import numpy as np

from codec.kernels.cells cimport AXES

cdef enum:
    MAX_CODEWORDS = 256
    BLOCK = 128  # points whose distances are found at once
    FARTHEST = 1 << 22  # a coordinate, so that squared distances are exact


cdef class _Points:
    """Points, each with its two nearest code-words."""

    cdef Py_ssize_t size
    cdef double[:, ::1] columns  # (AXES, U) and up to a whole block more
    cdef const int64_t[::1] weights
    cdef int32_t[::1] labels
    cdef double[::1] nearest
    cdef double[::1] second

    def __cinit__(self, const int32_t[:, ::1] points, const int64_t[::1] weights):
        self.size = points.shape[0]
        columns = np.zeros((AXES, (self.size + BLOCK - 1) // BLOCK * BLOCK))
        columns[:, : self.size] = np.asarray(points).T
        self.columns, self.weights = columns, weights
        self.labels = np.empty(self.size, dtype=np.int32)
        self.nearest, self.second = np.empty(self.size), np.empty(self.size)

    cdef void measure(
        self, Py_ssize_t start, const double *place, double *distances
    ) noexcept nogil:
        """Find the squared distances of a block of points."""
        cdef double *first = &self.columns[0, start]
        cdef double *second = &self.columns[1, start]
        cdef double *third = &self.columns[2, start]
        cdef double *fourth = &self.columns[3, start]
        cdef double a, b, c, d
        cdef Py_ssize_t i
        for i in range(BLOCK):
            a, b = first[i] - place[0], second[i] - place[1]
            c, d = third[i] - place[2], fourth[i] - place[3]
            distances[i] = (a * a + b * b) + (c * c + d * d)

    cdef void rank(
        self, const double[:, ::1] places, const int32_t[::1] chosen, int64_t *losses
    ) noexcept nogil:
        """Find the two nearest code-words, and what is lost where one goes and none comes."""
        cdef double distances[BLOCK]
        cdef Py_ssize_t k, i, start
        for i in range(self.size):
            self.nearest[i] = self.second[i] = 1e30
        for k in range(chosen.shape[0]):
            losses[k] = 0
            start = 0
            while start < self.size:
                self.measure(start, &places[chosen[k], 0], distances)
                for i in range(start, min(start + BLOCK, self.size)):
                    if distances[i - start] < self.nearest[i]:
                        self.second[i] = self.nearest[i]
                        self.nearest[i] = distances[i - start]
                        self.labels[i] = <int32_t> k
                    elif distances[i - start] < self.second[i]:
                        self.second[i] = distances[i - start]
                start += BLOCK
        for i in range(self.size):
            losses[self.labels[i]] += self.weights[i] * <int64_t> (
                self.second[i] - self.nearest[i]
            )

    cdef int64_t weigh(self, const double *place, int64_t *changes) noexcept nogil:
        """Tell how a candidate changes the error, and add what each code-word's leaving does."""
        cdef double distances[BLOCK]
        cdef Py_ssize_t i, start = 0
        cdef double distance
        cdef int64_t shared = 0
        while start < self.size:
            self.measure(start, place, distances)
            for i in range(start, min(start + BLOCK, self.size)):
                distance = distances[i - start]
                if distance < self.nearest[i]:
                    shared += self.weights[i] * <int64_t> (distance - self.nearest[i])
                    changes[self.labels[i]] += self.weights[i] * <int64_t> (
                        self.nearest[i] - self.second[i]
                    )
                elif distance < self.second[i]:
                    changes[self.labels[i]] += self.weights[i] * <int64_t> (
                        distance - self.second[i]
                    )
            start += BLOCK
        return shared

    cdef int64_t error(self) noexcept nogil:
        cdef int64_t total = 0
        cdef Py_ssize_t i
        for i in range(self.size):
            total += self.weights[i] * <int64_t> self.nearest[i]
        return total


def swap_medoids(
    const int32_t[:, ::1] points,
    const int64_t[::1] weights,
    const int32_t[:, ::1] candidates,
    Py_ssize_t size,
):
    """Swap candidates in as long as one of them lowers the squared error.

    Candidates are tried in turn; one that helps takes the place of the code-word whose leaving
    costs least, of several the first.

    Parameters
    ----------
    points : ndarray of shape (U, 4), dtype int32
        Whole numbers from -2**22 to 2**22.
    weights : ndarray of shape (U,), dtype int64
        Positive; the sum of weights times squared distances must be below 2**62.
    candidates : ndarray of shape (M, 4), dtype int32
        Where code-words may be, as far at most. The first K are where they are at first.
    size : int
        How many code-words, K; from 2 to 256.

    Returns
    -------
    chosen : ndarray of shape (K,), dtype int32
        Rows of `candidates`.
    error : int
        The squared error of these.

    Raises
    ------
    ValueError
        Shapes, coordinates or `size` are outside these bounds.
    """
    cdef Py_ssize_t count = candidates.shape[0], number = 0, unchanged = 0, k, best
    cdef int64_t losses[MAX_CODEWORDS]
    cdef int64_t changes[MAX_CODEWORDS]
    cdef int64_t shared, error
    if points.shape[0] != weights.shape[0] or not points.shape[0]:
        raise ValueError("there must be points, and as many weights")
    if points.shape[1] != AXES or candidates.shape[1] != AXES:
        raise ValueError(f"points and candidates must have {AXES} axes")
    if not 2 <= size <= min(count, MAX_CODEWORDS):
        raise ValueError(f"there must be 2 to {MAX_CODEWORDS} code-words, all of them candidates")
    places = np.array(candidates, dtype=np.float64)
    for array in (np.asarray(points), places):
        if array.min() < -FARTHEST or array.max() > FARTHEST:
            raise ValueError("points or candidates are too far away")
    chosen = np.arange(size, dtype=np.int32)
    cdef _Points served = _Points(points, weights)
    cdef double[:, ::1] place_view = places
    cdef int32_t[::1] chosen_view = chosen
    with nogil:
        served.rank(place_view, chosen_view, losses)
        while unchanged < count:
            for k in range(size):
                changes[k] = losses[k]
            shared = served.weigh(&place_view[number, 0], changes)
            best = 0
            for k in range(1, size):
                if changes[k] < changes[best]:
                    best = k
            unchanged += 1
            if shared + changes[best] < 0:
                chosen_view[best] = <int32_t> number
                served.rank(place_view, chosen_view, losses)
                unchanged = 1
            number = (number + 1) % count
        error = served.error()
    return chosen, error
