"""A tree of cells over weighted points: what pruning and whole-cell sums stand on.

Points are sorted along a space-filling curve (Morton order), so that every cell of every grid of
powers of two is one run of them. A cell knows its run, the tight box around it, and weight, sum
and sum of squares of its points, all in whole numbers.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy

import numpy as np

cdef enum:
    LEAF_POINTS = 8
    RADIX_BITS = 11
    RADIX = 1 << RADIX_BITS
    MAX_COORDINATE = 1 << 20
    KEY_BITS = 16  # a coordinate, at most

MAX_WEIGHT = <int64_t> 1 << 56


cdef class CellTree:
    """Weighted points in a tree of cells.

    Parameters
    ----------
    points : ndarray of shape (U, D), dtype int32
        Coordinates from 0 to 2**20, 1 <= D <= 4.
    weights : ndarray of shape (U,), dtype int64
        Positive, at most 2**56 together. The sum over all points of weight times squared length
        must be below 2**61.
    max_points : int
        With more points than that, those of each cell of the finest grid of powers of two with
        at most so many cells are merged into their mean, rounded to nearest, halves up.

    Attributes
    ----------
    size, n_cells : int
        Number of points, after merging, and of cells.
    axes, extent : int
        D, and the largest coordinate.
    merged : bool
        Whether there were more than `max_points`.

    Raises
    ------
    ValueError
        Shapes, coordinates or weights are outside these bounds.
    """

    def __cinit__(
        self,
        const int32_t[:, ::1] points,
        const int64_t[::1] weights,
        Py_ssize_t max_points=1 << 30,
    ):
        cdef Py_ssize_t rows = points.shape[0]
        if not 1 <= points.shape[1] <= AXES or not 1 <= rows < 1 << 30 or max_points < 1:
            raise ValueError("points must have shape (U, 1 to 4)")
        if weights.shape[0] != rows:
            raise ValueError("there must be as many weights as points")
        if not _weights_fit(weights):
            raise ValueError("weights must be positive, and at most 2**56 together")
        self.axes = <int> points.shape[1]
        self.order = <int32_t *> malloc(rows * sizeof(int32_t))
        cdef uint64_t *keys = <uint64_t *> malloc(rows * sizeof(uint64_t))
        cdef int state = 0
        cdef int bits = 0
        if self.order and keys:
            with nogil:
                bits = _morton_keys(self, points, keys)
                if bits >= 0:
                    state = (
                        _sort(keys, self.order, rows, bits * self.axes)
                        and _gather(self, points, weights, keys, rows, max_points)
                        and _split(self, keys, bits)
                    )
        free(keys)
        if bits < 0:
            raise ValueError("coordinates must be 0 to 2**20")
        if not state:
            raise MemoryError
        with nogil:
            _sum_up(self)

    def __dealloc__(self):
        free(self.order)
        free(self.points)
        free(self.weights)
        free(self.cells)

    def input_order(self):
        """Rows of the input in the order of the tree; ndarray of shape (U,), dtype int32."""
        if self.merged:
            raise ValueError("points were merged")
        rows = np.empty(self.size, dtype=np.int32)
        cdef int32_t[::1] view = rows
        memcpy(&view[0], self.order, self.size * sizeof(int32_t))
        return rows

    def contents(self):
        """Copy the points, in the order of the tree.

        Returns
        -------
        points : ndarray of shape (U, D), dtype int32
            After merging.
        weights : ndarray of shape (U,), dtype int64
            Their weights.
        """
        points = np.empty((self.size, self.axes), dtype=np.int32)
        weights = np.empty(self.size, dtype=np.int64)
        cdef int32_t[:, ::1] point_view = points
        cdef int64_t[::1] weight_view = weights
        cdef Py_ssize_t i
        cdef int axis
        with nogil:
            memcpy(&weight_view[0], self.weights, self.size * sizeof(int64_t))
            for i in range(self.size):
                for axis in range(self.axes):
                    point_view[i, axis] = self.points[i * AXES + axis]
        return points, weights


cdef bint _weights_fit(const int64_t[::1] weights) noexcept nogil:
    cdef int64_t total = 0
    cdef Py_ssize_t i
    for i in range(weights.shape[0]):
        if not 1 <= weights[i] <= MAX_WEIGHT - total:
            return False
        total += weights[i]
    return True


cdef inline uint64_t _above(uint64_t key, int shift) noexcept nogil:
    """Drop the lowest bits of a key, even all 64."""
    return key >> shift if shift < 64 else 0


cdef int _morton_keys(
    CellTree tree, const int32_t[:, ::1] points, uint64_t *keys
) noexcept nogil:
    """Interleave the bits of coordinates; return how many a coordinate has, -1 if too many."""
    cdef Py_ssize_t i
    cdef int axis, bit, bits = 0, skipped = 0
    cdef int32_t used = 0, value
    cdef uint64_t key, part
    cdef uint64_t[256] spread  # bits of a byte, so far apart that those of all axes fit between
    for i in range(points.shape[0]):
        tree.order[i] = <int32_t> i
        for axis in range(tree.axes):
            if not 0 <= points[i, axis] <= MAX_COORDINATE:
                return -1
            used |= points[i, axis]
            if points[i, axis] > tree.extent:
                tree.extent = points[i, axis]
    # Low bits that are zero everywhere need no level of their own.
    while used and not (used >> skipped) & 1:
        skipped += 1
    while tree.extent >> (skipped + bits):
        bits += 1
    if bits > KEY_BITS:
        skipped += bits - KEY_BITS
        bits = KEY_BITS
    for value in range(256):
        spread[value] = 0
        for bit in range(8):
            spread[value] |= ((value >> bit) & 1) << bit * tree.axes
    for i in range(points.shape[0]):
        key = 0
        for axis in range(tree.axes):
            value = points[i, axis] >> skipped
            part = spread[value & 255]
            if bits > 8:
                part |= spread[(value >> 8) & 255] << 8 * tree.axes
            key |= part << (tree.axes - 1 - axis)
        keys[i] = key
    return bits


cdef bint _sort(uint64_t *keys, int32_t *order, Py_ssize_t size, int bits) noexcept nogil:
    """Sort keys of so many bits together with what is attached to them; stable."""
    cdef uint64_t *spare_keys = <uint64_t *> malloc(size * sizeof(uint64_t))
    cdef int32_t *spare_order = <int32_t *> malloc(size * sizeof(int32_t))
    cdef uint64_t *from_keys = keys
    cdef int32_t *from_order = order
    cdef uint64_t *to_keys = spare_keys
    cdef int32_t *to_order = spare_order
    cdef Py_ssize_t count[RADIX]
    cdef Py_ssize_t i, start, digit, held
    cdef int shift = 0
    if not spare_keys or not spare_order:
        free(spare_keys)
        free(spare_order)
        return False
    while shift < bits:
        for digit in range(RADIX):
            count[digit] = 0
        for i in range(size):
            count[(from_keys[i] >> shift) & (RADIX - 1)] += 1
        start = 0
        for digit in range(RADIX):
            held = count[digit]
            count[digit] = start
            start += held
        for i in range(size):
            digit = (from_keys[i] >> shift) & (RADIX - 1)
            to_keys[count[digit]] = from_keys[i]
            to_order[count[digit]] = from_order[i]
            count[digit] += 1
        from_keys, to_keys = to_keys, from_keys
        from_order, to_order = to_order, from_order
        shift += RADIX_BITS
    if from_keys != keys:
        memcpy(keys, from_keys, size * sizeof(uint64_t))
        memcpy(order, from_order, size * sizeof(int32_t))
    free(spare_keys)
    free(spare_order)
    return True


cdef Py_ssize_t _count_runs(uint64_t *keys, Py_ssize_t rows, int shift) noexcept nogil:
    cdef Py_ssize_t i, runs = 1
    for i in range(1, rows):
        runs += _above(keys[i], shift) != _above(keys[i - 1], shift)
    return runs


cdef bint _gather(
    CellTree tree,
    const int32_t[:, ::1] points,
    const int64_t[::1] weights,
    uint64_t *keys,
    Py_ssize_t rows,
    Py_ssize_t max_points,
) noexcept nogil:
    """Copy the points in their order, merging those of a cell where they are too many."""
    cdef Py_ssize_t i, row, runs = rows
    cdef int axis, shift = 0
    cdef int64_t weight, held
    cdef int64_t total[AXES]
    tree.merged = rows > max_points
    if tree.merged:
        runs = _count_runs(keys, rows, 0)
        while runs > max_points:
            shift += tree.axes
            runs = _count_runs(keys, rows, shift)
    tree.points = <int32_t *> calloc(runs * AXES, sizeof(int32_t))
    tree.weights = <int64_t *> malloc(runs * sizeof(int64_t))
    if not tree.points or not tree.weights:
        return False
    tree.size = runs
    if not tree.merged:
        for i in range(rows):
            row = tree.order[i]
            tree.weights[i] = weights[row]
            for axis in range(tree.axes):
                tree.points[i * AXES + axis] = points[row, axis]
        return True
    runs, i = 0, 0
    while i < rows:
        held = 0
        for axis in range(AXES):
            total[axis] = 0
        keys[runs] = keys[i]
        while i < rows and _above(keys[i], shift) == _above(keys[runs], shift):
            row = tree.order[i]
            weight = weights[row]
            held += weight
            for axis in range(tree.axes):
                total[axis] += weight * points[row, axis]
            i += 1
        tree.weights[runs] = held
        for axis in range(tree.axes):
            tree.points[runs * AXES + axis] = <int32_t> ((2 * total[axis] + held) // (2 * held))
        runs += 1
    return True


cdef bint _add_cell(
    CellTree tree, Py_ssize_t *capacity, Py_ssize_t first, Py_ssize_t last, int level
) noexcept nogil:
    cdef Cell *grown
    cdef Cell *cell
    if tree.n_cells == capacity[0]:
        capacity[0] = capacity[0] + capacity[0] // 2 + 64
        grown = <Cell *> realloc(tree.cells, capacity[0] * sizeof(Cell))
        if not grown:
            return False
        tree.cells = grown
    cell = &tree.cells[tree.n_cells]
    cell.first, cell.last = <int32_t> first, <int32_t> last
    cell.child, cell.children = 0, level  # until it is its turn to be split
    tree.n_cells += 1
    return True


cdef bint _split(CellTree tree, uint64_t *keys, int bits) noexcept nogil:
    """Cut runs of points where a digit of their keys changes, breadth first."""
    cdef Py_ssize_t capacity = 0, done = 0, a, b, i, child
    cdef int level, shift
    if not _add_cell(tree, &capacity, 0, tree.size, bits - 1):
        return False
    while done < tree.n_cells:
        a, b, level = tree.cells[done].first, tree.cells[done].last, tree.cells[done].children
        tree.cells[done].children = 0
        # Levels where all points fall into one child are passed over.
        while level >= 0 and keys[a] >> level * tree.axes == keys[b - 1] >> level * tree.axes:
            level -= 1
        if b - a > LEAF_POINTS and level >= 0:
            shift = level * tree.axes
            child = tree.n_cells
            for i in range(a + 1, b):
                if keys[i] >> shift != keys[i - 1] >> shift:
                    if not _add_cell(tree, &capacity, a, i, level - 1):
                        return False
                    a = i
            if not _add_cell(tree, &capacity, a, b, level - 1):
                return False
            tree.cells[done].child = <int32_t> child
            tree.cells[done].children = <int32_t> (tree.n_cells - child)
        done += 1
    return True


cdef void _sum_up(CellTree tree) noexcept nogil:
    """Fill in boxes and sums, children before parents."""
    cdef Py_ssize_t number
    cdef int32_t i
    cdef int axis
    cdef int64_t weight, value
    cdef Cell *cell
    cdef Cell *child
    for number in range(tree.n_cells - 1, -1, -1):
        cell = &tree.cells[number]
        cell.weight, cell.square = 0, 0
        for axis in range(AXES):
            cell.total[axis] = 0
            cell.low[axis], cell.high[axis] = MAX_COORDINATE, 0
        for i in range(cell.child, cell.child + cell.children):
            child = &tree.cells[i]
            cell.weight += child.weight
            cell.square += child.square
            for axis in range(AXES):
                cell.total[axis] += child.total[axis]
                cell.low[axis] = min(cell.low[axis], child.low[axis])
                cell.high[axis] = max(cell.high[axis], child.high[axis])
        if cell.children:
            continue
        for i in range(cell.first, cell.last):
            weight = tree.weights[i]
            cell.weight += weight
            for axis in range(AXES):
                value = tree.points[i * AXES + axis]
                cell.total[axis] += weight * value
                cell.square += weight * value * value
                cell.low[axis] = min(cell.low[axis], <int32_t> value)
                cell.high[axis] = max(cell.high[axis], <int32_t> value)
