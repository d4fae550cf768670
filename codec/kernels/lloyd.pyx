"""Lloyd's iteration over a tree of cells, exact and in whole numbers.

Going down the tree, a code-word is dropped as soon as another is nearer to every point of the
cell's box: the corner that is farthest towards it decides [1]_. A cell left with one code-word is
added as a whole, from its sums. Coordinates are whole numbers so small that their squared
distances are exact in floating point, and sums are integers, so that neither pruning nor the
order of the operations nor the number of threads changes a result.

References
----------
.. [1] T. Kanungo et al., "An efficient k-means clustering algorithm: analysis and
   implementation", IEEE Transactions on Pattern Analysis and Machine Intelligence 24(7), 2002,
   doi:10.1109/TPAMI.2002.1017616.
"""

from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc

import numpy as np

from codec.kernels.cells cimport AXES, MAX_WEIGHT, Cell, CellTree

cdef enum:
    MAX_CODEWORDS = 1024
    MAX_DEPTH = 20
    SUMS = AXES + 2  # of a cluster: weight, coordinates, squared length
    # Up to here float holds squared distances of four axes exactly.
    NARROW = 2047
    WIDE = 1 << 21
    TASKS = 64

ctypedef fused real:
    float
    double


cdef struct Search:
    Cell *cells
    int32_t *points
    int64_t *weights
    int64_t *sums    # (K, SUMS)
    int32_t *labels  # (U,) or NULL


cdef inline void _add_cell(Search *search, Cell *cell, int32_t codeword) noexcept nogil:
    cdef int64_t *sums = search.sums + codeword * SUMS
    cdef int axis
    cdef int32_t i
    sums[0] += cell.weight
    for axis in range(AXES):
        sums[1 + axis] += cell.total[axis]
    sums[1 + AXES] += cell.square
    if search.labels:
        for i in range(cell.first, cell.last):
            search.labels[i] = codeword


cdef inline real _squared_distance(real *a, real *b) noexcept nogil:
    cdef real total = 0
    cdef int axis
    for axis in range(AXES):
        total += (a[axis] - b[axis]) * (a[axis] - b[axis])
    return total


cdef inline int _nearest(real *point, real *places, int count) noexcept nogil:
    """Find the nearest of so many places, of several the first."""
    cdef int j, best = 0
    cdef real distance, least = _squared_distance(point, places)
    for j in range(1, count):
        distance = _squared_distance(point, places + j * AXES)
        if distance < least:
            least = distance
            best = j
    return best


cdef void _add_points(
    Search *search, Cell *cell, real *places, int32_t *ids, int count
) noexcept nogil:
    """Give every point of a leaf to the nearest of the candidates."""
    cdef int32_t i
    cdef int axis, best
    cdef int32_t *values
    cdef int64_t *sums
    cdef int64_t weight, square
    cdef real point[AXES]
    for i in range(cell.first, cell.last):
        values = search.points + i * AXES
        for axis in range(AXES):
            point[axis] = <real> values[axis]
        best = _nearest(point, places, count)
        weight = search.weights[i]
        sums = search.sums + ids[best] * SUMS
        sums[0] += weight
        square = 0
        for axis in range(AXES):
            sums[1 + axis] += weight * values[axis]
            square += <int64_t> values[axis] * values[axis]
        sums[1 + AXES] += weight * square
        if search.labels:
            search.labels[i] = ids[best]


cdef void _visit(
    Search *search, int32_t number, real *places, int32_t *ids, int count
) noexcept nogil:
    """Share a cell out among candidates; those that it keeps are put behind them."""
    cdef Cell *cell = &search.cells[number]
    cdef real *kept = places + count * AXES
    cdef int32_t *kept_ids = ids + count
    cdef real *place
    cdef real low[AXES]
    cdef real high[AXES]
    cdef real middle[AXES]
    cdef real nearest[AXES]
    cdef real own, other, corner
    cdef int axis, j, best, kept_count = 0
    cdef int32_t child
    for axis in range(AXES):
        low[axis], high[axis] = <real> cell.low[axis], <real> cell.high[axis]
        middle[axis] = (low[axis] + high[axis]) * <real> 0.5
    best = _nearest(middle, places, count)
    for axis in range(AXES):
        nearest[axis] = places[best * AXES + axis]
    for j in range(count):
        place = places + j * AXES
        own = 0
        other = 0
        for axis in range(AXES):
            corner = high[axis] if place[axis] > nearest[axis] else low[axis]
            own += (place[axis] - corner) * (place[axis] - corner)
            other += (nearest[axis] - corner) * (nearest[axis] - corner)
        for axis in range(AXES):
            kept[kept_count * AXES + axis] = place[axis]
        kept_ids[kept_count] = ids[j]
        kept_count += own <= other
    if kept_count == 1:
        _add_cell(search, cell, kept_ids[0])
    elif cell.children:
        for child in range(cell.child, cell.child + cell.children):
            _visit(search, child, kept, kept_ids, kept_count)
    else:
        _add_points(search, cell, kept, kept_ids, kept_count)


cdef int _list_tasks(CellTree tree, int32_t *tasks) noexcept nogil:
    """Choose cells that cover all points, the largest split until there are enough."""
    cdef int count = 1, j, largest
    cdef int32_t size, child
    cdef Cell *cell
    tasks[0] = 0
    while True:
        largest, size = -1, 0
        for j in range(count):
            cell = &tree.cells[tasks[j]]
            if cell.children and cell.last - cell.first > size:
                largest, size = j, cell.last - cell.first
        if largest < 0:
            return count
        cell = &tree.cells[tasks[largest]]
        if count - 1 + cell.children > TASKS:
            return count
        tasks[largest] = cell.child
        for child in range(cell.child + 1, cell.child + cell.children):
            tasks[count] = child
            count += 1


cdef void _share_out(
    CellTree tree, Search *search, const int32_t *codewords, int size, real *places, int32_t *ids,
    int part, int parts
) noexcept nogil:
    cdef int32_t tasks[TASKS]
    cdef int j, count = 1
    cdef int64_t task = part
    for j in range(size * AXES):
        places[j] = <real> codewords[j]
    for j in range(size):
        ids[j] = j
    tasks[0] = 0
    if parts > 1:
        count = _list_tasks(tree, tasks)
    while task < count:
        _visit(search, tasks[task], places, ids, size)
        task += parts


cdef class _Workspace:
    """What a walk down the tree needs beside it."""

    cdef Search search
    cdef double *places  # a list of candidates for each depth; floats fit too
    cdef int32_t *ids
    cdef bint narrow

    def __cinit__(self, CellTree tree, const int32_t[:, ::1] codewords):
        cdef Py_ssize_t size = codewords.shape[0], i
        cdef int axis
        cdef int32_t low = 0, high = tree.extent
        if codewords.shape[1] != AXES or not 1 <= size <= MAX_CODEWORDS:
            raise ValueError(f"code-words must have shape (1 to {MAX_CODEWORDS}, {AXES})")
        for i in range(size):
            for axis in range(AXES):
                low = min(low, codewords[i, axis])
                high = max(high, codewords[i, axis])
        if low < -WIDE or high > WIDE:
            raise ValueError("code-words are too far away")
        self.narrow = high - low <= NARROW
        self.places = <double *> malloc(MAX_DEPTH * size * AXES * sizeof(double))
        self.ids = <int32_t *> malloc(MAX_DEPTH * size * sizeof(int32_t))
        if not self.places or not self.ids:
            raise MemoryError
        self.search.cells, self.search.points = tree.cells, tree.points
        self.search.weights = tree.weights

    def __dealloc__(self):
        free(self.places)
        free(self.ids)

    cdef void run(
        self, CellTree tree, const int32_t[:, ::1] codewords, int64_t[:, ::1] sums,
        int32_t *labels, int part, int parts
    ) noexcept nogil:
        cdef int size = <int> codewords.shape[0]
        self.search.sums, self.search.labels = &sums[0, 0], labels
        if self.narrow:
            _share_out(
                tree, &self.search, &codewords[0, 0], size, <float *> self.places, self.ids,
                part, parts
            )
        else:
            _share_out(
                tree, &self.search, &codewords[0, 0], size, self.places, self.ids, part, parts
            )


def cluster_sums(
    CellTree tree not None, const int32_t[:, ::1] codewords, int part=0, int parts=1, labels=None
):
    """Sum up the clusters that code-words make of the points.

    Parameters
    ----------
    tree : CellTree
        The points.
    codewords : ndarray of shape (K, 4), dtype int32
        Whole numbers from -2**21 to 2**21, zero beyond D; K <= 1024.
    part, parts : int
        Which part of the points, for threads; the sums of all parts add up.
    labels : ndarray of shape (U,), dtype int32, optional
        Set to the nearest code-word of each point of this part in the order of the tree; of
        several equally near, the first.

    Returns
    -------
    sums : ndarray of shape (K, 6), dtype int64
        By cluster: weight, weighted sum of each coordinate, of squared lengths.

    Raises
    ------
    ValueError
        Shapes or coordinates are outside these bounds.
    """
    sums = np.zeros((codewords.shape[0], SUMS), dtype=np.int64)
    cdef int64_t[:, ::1] sum_view = sums
    cdef int32_t[::1] label_view = labels
    cdef int32_t *label_pointer = NULL
    cdef _Workspace workspace = _Workspace(tree, codewords)
    if not 0 <= part < parts:
        raise ValueError("there is no such part")
    if labels is not None:
        if label_view.shape[0] != tree.size:
            raise ValueError("there must be as many labels as points")
        label_pointer = &label_view[0]
    with nogil:
        workspace.run(tree, codewords, sum_view, label_pointer, part, parts)
    return sums


cdef int64_t _move(
    int32_t[:, ::1] codewords, const int64_t[:, ::1] sums, int64_t[::1] errors, bint *moved
) noexcept nogil:
    """Move code-words to the rounded means of their clusters; return the squared error there."""
    cdef Py_ssize_t j
    cdef int axis
    cdef int64_t weight, value, error, total = 0
    moved[0] = False
    for j in range(codewords.shape[0]):
        weight = sums[j, 0]
        errors[j] = 0
        if weight == 0:
            continue
        error = sums[j, 1 + AXES]
        for axis in range(AXES):
            value = (2 * sums[j, 1 + axis] + weight) // (2 * weight)
            moved[0] |= value != codewords[j, axis]
            codewords[j, axis] = <int32_t> value
            error += value * (weight * value - 2 * sums[j, 1 + axis])
        errors[j] = error
        total += error
    return total


def move_codewords(int32_t[:, ::1] codewords, const int64_t[:, ::1] sums):
    """Move code-words to the means of their clusters, rounded to nearest, halves up, in place.

    Parameters
    ----------
    codewords : ndarray of shape (K, 4), dtype int32
        Those of empty clusters stay.
    sums : ndarray of shape (K, 6), dtype int64
        From `cluster_sums`.

    Returns
    -------
    errors : ndarray of shape (K,), dtype int64
        Weighted squared error of each cluster about its moved code-word.
    moved : bool
        Whether any code-word moved.

    Raises
    ------
    ValueError
        Sums are not such.
    """
    errors = np.zeros(codewords.shape[0], dtype=np.int64)
    cdef bint moved
    cdef Py_ssize_t j
    if sums.shape[0] != codewords.shape[0] or sums.shape[1] != SUMS or codewords.shape[1] != AXES:
        raise ValueError("sums do not belong to the code-words")
    for j in range(sums.shape[0]):
        if not 0 <= sums[j, 0] <= MAX_WEIGHT:
            raise ValueError("sums do not belong to any points")
    _move(codewords, sums, errors, &moved)
    return errors, moved


def lloyd_steps(
    CellTree tree not None, const int32_t[:, ::1] codewords, int steps, double tolerance=0.0
):
    """Move code-words to the rounded means of their clusters, again and again.

    Parameters
    ----------
    tree : CellTree
        The points.
    codewords : ndarray of shape (K, 4), dtype int32
        Where they start.
    steps : int
        How often at most, at least once.
    tolerance : float
        End once a step lowers the squared error by no more than this part of it.

    Returns
    -------
    codewords : ndarray of shape (K, 4), dtype int32
        Where they end.
    weights : ndarray of shape (K,), dtype int64
        Weights of the clusters of the last step.
    errors : ndarray of shape (K,), dtype int64
        Squared error of each of them about its moved code-word.
    """
    moving = np.array(codewords, dtype=np.int32, order="C")
    sums = np.empty((codewords.shape[0], SUMS), dtype=np.int64)
    errors = np.zeros(codewords.shape[0], dtype=np.int64)
    cdef int32_t[:, ::1] places = moving
    cdef int64_t[:, ::1] sum_view = sums
    cdef int64_t[::1] error_view = errors
    cdef _Workspace workspace = _Workspace(tree, codewords)
    cdef int64_t total, before = -1
    cdef int step
    cdef bint moved
    with nogil:
        for step in range(max(steps, 1)):
            sum_view[:, :] = 0
            workspace.run(tree, places, sum_view, NULL, 0, 1)
            total = _move(places, sum_view, error_view, &moved)
            if not moved:
                break
            if before >= 0 and <double> (before - total) <= tolerance * <double> before:
                break
            before = total
    return moving, sums[:, 0], errors
