"""Cubes that cover points, and the nearest code-word within a largest error.

Greedy: the first uncovered point, along the first axis, is on the low face of its cube. On the
others the cube stands where it holds most uncovered points: on the second axis first, then on the
last two together, by sums over all rectangles [1]_.

References
----------
.. [1] F. C. Crow, "Summed-area tables for texture mapping", SIGGRAPH 1984,
   doi:10.1145/800031.808600.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t

import numpy as np

cdef enum:
    AXES = 4
    LEVELS = 256
    SIDE = 257


def cover_points(
    const uint8_t[:, ::1] points, int error, uint8_t[:, ::1] lows, uint8_t[:, ::1] highs
):
    """Cover points with cubes whose centers are no farther from any of theirs than an error.

    Parameters
    ----------
    points : ndarray of shape (N, 4), dtype uint8
        In ascending order of the first axis.
    error : int
        0 to 255, on every axis.
    lows, highs : ndarray of shape (K, 4), dtype uint8
        Overwritten: the least box around the points of each cube.

    Returns
    -------
    count : int
        How many cubes it takes; K + 1 if more than K.
    """
    cdef Py_ssize_t i, j, size = points.shape[0]
    cdef int span = 2 * error, most = <int>lows.shape[0], count = 0
    cdef int y, z, a, axis, value, total, best, first, low, high
    cdef int low_y, low_z, top_y, top_z, end_y, end_z
    cdef int32_t[::1] line = np.zeros(SIDE, dtype=np.int32)
    cdef int32_t[:, ::1] sums = np.zeros((SIDE, SIDE), dtype=np.int32)
    cdef uint8_t[::1] covered = np.zeros(size, dtype=np.uint8)
    cdef int box_low[AXES]
    if points.shape[1] != AXES or lows.shape[1] != AXES or highs.shape[1] != AXES:
        raise ValueError("points and boxes must have four axes")
    if highs.shape[0] != most or not 0 <= error < LEVELS:
        raise ValueError("boxes or error do not fit")
    with nogil:
        for i in range(size):
            if covered[i]:
                continue
            if count == most:
                count += 1
                break
            low_y = max(points[i, 2] - span, 0)
            low_z = max(points[i, 3] - span, 0)
            top_y = min(points[i, 2] + span, LEVELS - 1)
            top_z = min(points[i, 3] + span, LEVELS - 1)
            box_low[0] = points[i, 0]
            # The second axis.
            line[:] = 0
            for j in range(i, size):
                if points[j, 0] > box_low[0] + span:
                    break
                if (
                    not covered[j]
                    and low_y <= points[j, 2] <= top_y
                    and low_z <= points[j, 3] <= top_z
                ):
                    line[points[j, 1] + 1] += 1
            for a in range(1, SIDE):
                line[a] += line[a - 1]
            best = -1
            for a in range(max(points[i, 1] - span, 0), points[i, 1] + 1):
                total = line[min(a + span + 1, LEVELS)] - line[a]
                if total > best:
                    best = total
                    box_low[1] = a
            # The last two.
            for y in range(low_y, top_y + 2):
                for z in range(low_z, top_z + 2):
                    sums[y, z] = 0
            for j in range(i, size):
                if points[j, 0] > box_low[0] + span:
                    break
                if (
                    not covered[j]
                    and box_low[1] <= points[j, 1] <= box_low[1] + span
                    and low_y <= points[j, 2] <= top_y
                    and low_z <= points[j, 3] <= top_z
                ):
                    sums[points[j, 2] + 1, points[j, 3] + 1] += 1
            for y in range(low_y + 1, top_y + 2):
                for z in range(low_z + 1, top_z + 2):
                    sums[y, z] += sums[y - 1, z] + sums[y, z - 1] - sums[y - 1, z - 1]
            best = -1
            for y in range(low_y, points[i, 2] + 1):
                end_y = min(y + span, LEVELS - 1) + 1
                for z in range(low_z, points[i, 3] + 1):
                    end_z = min(z + span, LEVELS - 1) + 1
                    total = (
                        sums[end_y, end_z] - sums[y, end_z] - sums[end_y, z] + sums[y, z]
                    )
                    if total > best:
                        best = total
                        box_low[2] = y
                        box_low[3] = z
            for axis in range(AXES):
                lows[count, axis] = highs[count, axis] = points[i, axis]
            for j in range(i, size):
                if points[j, 0] > box_low[0] + span:
                    break
                if covered[j]:
                    continue
                for axis in range(1, AXES):
                    if not box_low[axis] <= points[j, axis] <= box_low[axis] + span:
                        break
                else:
                    covered[j] = 1
                    for axis in range(AXES):
                        value = points[j, axis]
                        if value < lows[count, axis]:
                            lows[count, axis] = <uint8_t>value
                        if value > highs[count, axis]:
                            highs[count, axis] = <uint8_t>value
            count += 1
    return count


def label_within(
    const uint8_t[:, ::1] colors, const int32_t[:, ::1] points,
    const uint8_t[:, ::1] words, const int32_t[:, ::1] places, int error, int32_t[::1] labels,
):
    """Find the nearest code-word of every color of those that are within an error.

    Parameters
    ----------
    colors, words : ndarray of shape (N, 4) and (K, 4), dtype uint8
        The values whose error counts.
    points, places : ndarray of shape (N, 4) and (K, 4), dtype int32
        Where they are; at most 2**28.
    error : int
        The largest, on every axis.
    labels : ndarray of shape (N,), dtype int32
        Overwritten; a tie goes to the lowest label, -1 if there is none.
    """
    cdef Py_ssize_t i, size = colors.shape[0]
    cdef int word, axis, best, count = <int>words.shape[0]
    cdef int64_t distance, least, apart
    if points.shape[0] != size or labels.shape[0] != size or places.shape[0] != count:
        raise ValueError("colors and code-words do not fit")
    if not colors.shape[1] == points.shape[1] == words.shape[1] == places.shape[1] == AXES:
        raise ValueError("colors and code-words must have four axes")
    with nogil:
        for i in range(size):
            best = -1
            least = 0
            for word in range(count):
                distance = 0
                for axis in range(AXES):
                    if not -error <= <int>colors[i, axis] - <int>words[word, axis] <= error:
                        break
                    apart = <int64_t>points[i, axis] - places[word, axis]
                    distance += apart * apart
                else:
                    if best < 0 or distance < least:
                        best = word
                        least = distance
            labels[i] = best
