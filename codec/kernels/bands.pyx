"""Where the errors of an undithered picture would show as a band."""

from libc.math cimport sqrt
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

cdef enum:
    REACH = 3   # of the neighborhood, 7 x 7
    AXES = 4


cdef inline void enter(
    const int16_t* places, const int16_t* words, const uint8_t* labels, Py_ssize_t width,
    int axes, int sign, int32_t* sums,
) noexcept nogil:
    """Add a row to the sums of columns, or take it away."""
    cdef Py_ssize_t x
    cdef int c, place, square, stride = 2 * axes + 1
    cdef const int16_t* word
    for x in range(width):
        word = words + labels[x] * axes
        square = 0
        for c in range(axes):
            place = places[x * axes + c]
            sums[x * stride + c] += sign * (place - word[c])
            sums[x * stride + axes + c] += sign * place
            square += place * place
        sums[x * stride + 2 * axes] += sign * square


cdef inline void judge(
    const int32_t* sums, Py_ssize_t width, int axes, int rows, double unseen, double hidden,
    double edge, double full, int most, uint8_t* found,
) noexcept nogil:
    """Find for each pixel of a row how much of its error would show."""
    cdef Py_ssize_t x, columns
    cdef int c, stride = 2 * axes + 1
    cdef int64_t[2 * AXES + 1] total
    cdef double count, error, mean, spread, deviation, shown
    memset(total, 0, sizeof(total))
    for x in range(min(<Py_ssize_t>REACH, width)):
        for c in range(stride):
            total[c] += sums[x * stride + c]
    for x in range(width):
        if x + REACH < width:
            for c in range(stride):
                total[c] += sums[(x + REACH) * stride + c]
        if x > REACH:
            for c in range(stride):
                total[c] -= sums[(x - REACH - 1) * stride + c]
        columns = min(x + REACH, width - 1) - max(x - REACH, 0) + 1
        count = <double>(columns * rows)
        error = 0
        for c in range(axes):
            mean = <double>total[c] / count
            error += mean * mean
        shown = sqrt(error)
        if shown > 0:
            spread = <double>total[2 * axes] / count
            for c in range(axes):
                mean = <double>total[axes + c] / count
                spread -= mean * mean
            deviation = sqrt(spread if spread > 0 else 0)
            shown -= unseen + hidden * deviation * (1 + deviation / edge)
        shown = shown * most / full
        found[x] = 0 if shown <= 0 else <uint8_t>most if shown >= most else <uint8_t>shown


cdef inline void smooth(
    const uint8_t* above, const uint8_t* here, const uint8_t* below, Py_ssize_t width, int rows,
    uint8_t* result,
) noexcept nogil:
    """Average 3 x 3; `above` and `below` are `here` where there is no such row."""
    cdef Py_ssize_t x, i
    cdef int total, columns
    for x in range(width):
        total = 0
        columns = 0
        for i in range(max(x - 1, 0), min(x + 2, width)):
            total += here[i]
            if above != here:
                total += above[i]
            if below != here:
                total += below[i]
            columns += 1
        result[x] = <uint8_t>(total // (columns * rows))


cdef inline void spare(
    const int16_t* places, const int16_t* words, const uint8_t* labels, Py_ssize_t width,
    int axes, uint8_t* strengths,
) noexcept nogil:
    """Leave pixels alone that are exact."""
    cdef Py_ssize_t x
    cdef int c
    cdef bint exact
    cdef const int16_t* word
    for x in range(width):
        word = words + labels[x] * axes
        exact = True
        for c in range(axes):
            exact &= places[x * axes + c] == word[c]
        if exact:
            strengths[x] = 0


def find_bands(
    const int16_t[:, ::1] places, const int16_t[:, ::1] words, const uint8_t[:, ::1] labels,
    double unseen, double hidden, double edge, double full, int most,
    uint8_t[:, ::1] strengths,
):
    """Tell of each pixel how much of its error shows.

    That is how far the mean error of its 7x7 neighborhood exceeds what nobody sees, or texture
    and edges hide, ``unseen + hidden * s * (1 + s / edge)`` for a standard deviation s of the neighborhood; averaged over
    3x3 pixels. Neighborhoods end where the picture does. Pixels that are exact have none.

    Parameters
    ----------
    places : ndarray of shape (H, W * D), dtype int16
        Pixels, 0 to 4080 on each of D <= 4 axes.
    words : ndarray of shape (K, D), dtype int16
        Code-words, likewise.
    labels : ndarray of shape (H, W), dtype uint8
        The code-word of each pixel.
    unseen, hidden, edge : float
        See above; `edge` is greater than 0.
    full : float
        Error that is worth the highest strength, greater than 0.
    most : int
        The highest strength, 0 to 255.
    strengths : ndarray of shape (H, W), dtype uint8
        Overwritten.
    """
    cdef Py_ssize_t y, x, height = labels.shape[0], width = labels.shape[1], axes = words.shape[1]
    cdef Py_ssize_t beyond = words.shape[0]
    cdef int32_t* sums
    cdef uint8_t* found
    cdef bint wrong = False
    cdef int rows = 0
    if not 1 <= axes <= AXES or beyond == 0:
        raise ValueError("code-words must have 1 to 4 axes")
    if places.shape[0] != height or places.shape[1] != width * axes:
        raise ValueError("places, words and labels do not fit")
    if strengths.shape[0] != height or strengths.shape[1] != width:
        raise ValueError("strengths and labels do not fit")
    if not full > 0 or not edge > 0 or not 0 <= most <= 255:
        raise ValueError("a strength is out of range")
    if height == 0 or width == 0:
        return
    for y in range(height):
        for x in range(width):
            wrong |= labels[y, x] >= beyond
    if wrong:
        raise ValueError("a label is beyond the codebook")
    sums = <int32_t*>calloc(width * (2 * axes + 1), sizeof(int32_t))
    found = <uint8_t*>calloc(height * width, 1)
    try:
        if sums == NULL or found == NULL:
            raise MemoryError
        with nogil:
            for y in range(min(<Py_ssize_t>REACH, height)):
                enter(&places[y, 0], &words[0, 0], &labels[y, 0], width, <int>axes, 1, sums)
                rows += 1
            for y in range(height):
                if y + REACH < height:
                    enter(
                        &places[y + REACH, 0], &words[0, 0], &labels[y + REACH, 0], width,
                        <int>axes, 1, sums,
                    )
                    rows += 1
                if y > REACH:
                    enter(
                        &places[y - REACH - 1, 0], &words[0, 0], &labels[y - REACH - 1, 0], width,
                        <int>axes, -1, sums,
                    )
                    rows -= 1
                if axes == 3:
                    judge(sums, width, 3, rows, unseen, hidden, edge, full, most, found + y * width)
                else:
                    judge(sums, width, <int>axes, rows, unseen, hidden, edge, full, most, found + y * width)
            for y in range(height):
                smooth(
                    found + (y - 1 if y > 0 else y) * width, found + y * width,
                    found + (y + 1 if y + 1 < height else y) * width, width,
                    1 + (y > 0) + (y + 1 < height), &strengths[y, 0],
                )
                spare(
                    &places[y, 0], &words[0, 0], &labels[y, 0], width, <int>axes, &strengths[y, 0]
                )
    finally:
        free(sums)
        free(found)
