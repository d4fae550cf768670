"""A few points that stand for many: the means of cells chosen where they err least."""

from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc

import numpy as np

from codec.kernels.cells cimport AXES, Cell, CellTree


def summarize(CellTree tree not None, Py_ssize_t size):
    """Represent the points of a tree by the means of at most so many cells.

    The cell of greatest squared error about its mean is split again and again, until the next
    would make them too many; cells without error, such as single colors, never are.

    Parameters
    ----------
    tree : CellTree
        The points.
    size : int
        How many cells at most, at least 1.

    Returns
    -------
    means : ndarray of shape (N, D), dtype int32
        Rounded to nearest, halves up.
    weights : ndarray of shape (N,), dtype int64
        What each stands for.
    """
    size = min(max(size, 1), tree.size)
    means = np.empty((size, tree.axes), dtype=np.int32)
    weights = np.empty(size, dtype=np.int64)
    cdef int32_t[:, ::1] mean_view = means
    cdef int64_t[::1] weight_view = weights
    cdef Py_ssize_t count
    with nogil:
        count = _summarize(tree, size, mean_view, weight_view)
    if count < 0:
        raise MemoryError
    return means[:count], weights[:count]


cdef double _error(Cell *cell) noexcept nogil:
    """Squared error of a cell about its mean; only compared, so rounding does no harm."""
    cdef double error = <double> cell.square, total
    cdef int axis
    for axis in range(AXES):
        total = <double> cell.total[axis]
        error -= total * (total / <double> cell.weight)
    return error


cdef Py_ssize_t _summarize(
    CellTree tree, Py_ssize_t size, int32_t[:, ::1] means, int64_t[::1] weights
) noexcept nogil:
    cdef Py_ssize_t held = 0, done = 0, i
    # All cells that wait are disjoint and not empty, so there are never more than `size`.
    cdef int32_t *heap = <int32_t *> malloc((size + 1) * sizeof(int32_t))
    cdef double *errors = <double *> malloc((size + 1) * sizeof(double))
    cdef int axis
    cdef Cell *cell
    if not heap or not errors:
        free(heap)
        free(errors)
        return -1
    _push(heap, errors, &held, 0, _error(&tree.cells[0]))
    while held and errors[0] > 0:
        cell = &tree.cells[heap[0]]
        if held + done - 1 + (cell.children or cell.last - cell.first) > size:
            break
        _pop(heap, errors, &held)
        for i in range(cell.child, cell.child + cell.children):
            _push(heap, errors, &held, <int32_t> i, _error(&tree.cells[i]))
        if not cell.children:
            for i in range(cell.first, cell.last):
                weights[done] = tree.weights[i]
                for axis in range(tree.axes):
                    means[done, axis] = tree.points[i * AXES + axis]
                done += 1
    for i in range(held):
        cell = &tree.cells[heap[i]]
        weights[done] = cell.weight
        for axis in range(tree.axes):
            means[done, axis] = <int32_t> (
                (2 * cell.total[axis] + cell.weight) // (2 * cell.weight)
            )
        done += 1
    free(heap)
    free(errors)
    return done


cdef inline bint _before(int32_t *heap, double *errors, Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    if errors[a] != errors[b]:
        return errors[a] > errors[b]
    return heap[a] < heap[b]


cdef inline void _swap(int32_t *heap, double *errors, Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    heap[a], heap[b] = heap[b], heap[a]
    errors[a], errors[b] = errors[b], errors[a]


cdef void _push(
    int32_t *heap, double *errors, Py_ssize_t *held, int32_t number, double error
) noexcept nogil:
    cdef Py_ssize_t place = held[0]
    heap[place], errors[place] = number, error
    held[0] += 1
    while place and _before(heap, errors, place, (place - 1) // 2):
        _swap(heap, errors, place, (place - 1) // 2)
        place = (place - 1) // 2


cdef void _pop(int32_t *heap, double *errors, Py_ssize_t *held) noexcept nogil:
    cdef Py_ssize_t place = 0, child
    held[0] -= 1
    _swap(heap, errors, 0, held[0])
    while True:
        child = 2 * place + 1
        if child >= held[0]:
            return
        if child + 1 < held[0] and _before(heap, errors, child + 1, child):
            child += 1
        if not _before(heap, errors, child, place):
            return
        _swap(heap, errors, place, child)
        place = child
