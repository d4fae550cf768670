"""Dithering with a given codebook, in whole numbers."""

from libc.stdint cimport int32_t, uint8_t

import numpy as np

from codec.kernels.nearest cimport SAMPLES, Grid, NearestGrid, nearest_label
from codec.kernels.rows cimport check_rows

cdef enum:
    THRESHOLDS = 64


cdef inline int bounded(int value, int low, int high) noexcept nogil:
    return low if value < low else high if value > high else value


cdef struct Plan:
    Grid* every
    Grid* opaque            # NULL where opaque pixels are like others
    int opaque_alpha
    int strength
    int most
    int[SAMPLES] low        # the box around the codebook, in 1/16
    int[SAMPLES] high
    const uint8_t* codebook


cdef inline int choose(
    const Plan* plan, int channels, const uint8_t* pixel, const int* received, int* left
) noexcept nogil:
    """Label a pixel that is not transparent, and tell the error to be made up for elsewhere."""
    cdef int c, label, sample, error, alpha = 255
    cdef int[SAMPLES] wanted, color
    cdef bint with_alpha = channels == 2 or channels == 4
    cdef Grid* grid = plan.every
    cdef const uint8_t* word
    if with_alpha:
        alpha = pixel[channels - 1]
        if alpha == 255 and plan.opaque != NULL:
            grid = plan.opaque
    for c in range(channels):
        sample = pixel[c]
        error = bounded(received[c], -plan.most, plan.most)
        if with_alpha and c == channels - 1:
            sample = (alpha * plan.opaque_alpha + 127) // 255
            if grid == plan.opaque:
                error = 0
        elif with_alpha and alpha != 255:  # as seen on a middle grey
            sample = (alpha * (2 * sample - 255) + 65280) // 510
        color[c] = (bounded(16 * sample + error, 0, 4080) + 8) >> 4
        wanted[c] = bounded(16 * sample, plan.low[c], plan.high[c]) + error
    label = nearest_label(grid, channels, color)
    word = plan.codebook + label * channels
    for c in range(channels):
        left[c] = ((wanted[c] - 16 * word[c]) * plan.strength + 128) >> 8
    return label


cdef inline void diffuse_row(
    const Plan* plan, int channels, const uint8_t* pixels, Py_ssize_t width, bint backwards,
    int32_t* here, int32_t* below, uint8_t* labels,
) noexcept nogil:
    """Label a row; `here` and `below` are the errors of its first pixel and of that below."""
    cdef Py_ssize_t i, x
    cdef int c, part, rest, ahead = -channels if backwards else channels
    cdef bint with_alpha = channels == 2 or channels == 4
    cdef int[SAMPLES] received, left, carried  # the last is for the next pixel of the row
    cdef int32_t* under
    for c in range(channels):
        carried[c] = 0
    for i in range(-channels, (width + 1) * channels):
        below[i] = 0
    for i in range(width):
        x = width - 1 - i if backwards else i
        if with_alpha and pixels[x * channels + channels - 1] == 0:
            for c in range(channels):
                carried[c] = 0
            continue
        for c in range(channels):
            received[c] = here[x * channels + c] + carried[c]
        labels[x] = <uint8_t>choose(plan, channels, pixels + x * channels, received, left)
        under = below + x * channels
        for c in range(channels):
            carried[c] = (7 * left[c] + 8) >> 4
            rest = left[c] - carried[c]
            part = (3 * left[c] + 8) >> 4
            under[c - ahead] += part
            rest -= part
            part = (5 * left[c] + 8) >> 4
            under[c] += part
            under[ahead + c] += rest - part


cdef inline void mix_color(
    const Plan* plan, int channels, const uint8_t* color, const uint8_t* ranks, uint8_t* mixture
) noexcept nogil:
    """Label a color as often as there are thresholds, each time making up for the error left."""
    cdef int c, i, j, label, distinct = 0
    cdef int[SAMPLES] left
    cdef int[THRESHOLDS] labels, counts
    for c in range(channels):
        left[c] = 0
    for i in range(THRESHOLDS):
        label = choose(plan, channels, color, left, left)
        j = 0
        while j < distinct and labels[j] != label:
            j += 1
        if j == distinct:
            counts[j] = 0
            distinct += 1
            while j > 0 and ranks[labels[j - 1]] > ranks[label]:
                labels[j] = labels[j - 1]
                counts[j] = counts[j - 1]
                counts[j - 1] = 0
                j -= 1
            labels[j] = label
        counts[j] += 1
    for j in range(distinct):
        for i in range(counts[j]):
            mixture[i] = <uint8_t>labels[j]
        mixture += counts[j]


cdef class Ditherer:
    """A codebook prepared for dithering; one thread at a time may use it.

    Parameters
    ----------
    codebook : ndarray of shape (K, C), dtype uint8
        1 <= K <= 256 code-words; with alpha, as seen: see `codec.labels.dithering`.
    opaque : ndarray of shape (K',), dtype uint8
        With alpha, ascending labels of the opaque code-words, to which opaque pixels are
        confined; may be empty.
    opaque_alpha : int
        Last sample, as seen, of an opaque color; 0 for pictures without alpha.
    strength : int
        0 to 256: how much of an error is made up for, in 1/256.
    most : int
        0 to 4080: bound of what is added to a sample, in 1/16.
    """

    cdef Plan plan
    cdef int channels
    cdef int size
    cdef object kept

    def __cinit__(
        self, const uint8_t[:, ::1] codebook, const uint8_t[::1] opaque, int opaque_alpha,
        int strength, int most,
    ):
        cdef int c, row
        cdef NearestGrid every = NearestGrid(codebook)
        cdef NearestGrid of_opaque = None
        if not 0 <= strength <= 256 or not 0 <= most <= 4080 or not 0 <= opaque_alpha <= 255:
            raise ValueError("strength, bound or alpha is out of range")
        self.channels = <int>codebook.shape[1]
        self.size = <int>codebook.shape[0]
        if opaque.shape[0]:
            if max(opaque) >= self.size:
                raise ValueError("there is no such code-word")
            rows = np.ascontiguousarray(np.asarray(codebook)[np.asarray(opaque)])
            of_opaque = NearestGrid(rows, opaque)
        words = np.array(codebook, order="C")
        self.kept = (every, of_opaque, words)
        self.plan.every = &every.grid
        self.plan.opaque = NULL if of_opaque is None else &of_opaque.grid
        self.plan.opaque_alpha = opaque_alpha
        self.plan.strength = strength
        self.plan.most = most
        codebook = words
        self.plan.codebook = &codebook[0, 0]
        for c in range(self.channels):
            self.plan.low[c] = 4080
            self.plan.high[c] = 0
            for row in range(self.size):
                self.plan.low[c] = min(self.plan.low[c], 16 * <int>codebook[row, c])
                self.plan.high[c] = max(self.plan.high[c], 16 * <int>codebook[row, c])

    def diffuse(
        self, const uint8_t[:, :] rows, Py_ssize_t top, int32_t[:, ::1] errors,
        uint8_t[:, ::1] labels,
    ):
        """Label a strip of a picture, passing errors on as Floyd and Steinberg do, serpentine.

        Parameters
        ----------
        rows : ndarray of shape (H, W * C), dtype uint8
            Pixels; with alpha, straight. Any stride between rows.
        top : int
            Number of the strip's first row in the picture; odd rows go from right to left.
        errors : ndarray of shape (2, (W + 2) * C), dtype int32
            What strips hand on, in 1/16: zeros for the first.
        labels : ndarray of shape (H, W), dtype uint8
            Overwritten but where a pixel is fully transparent.
        """
        cdef Py_ssize_t y, height = labels.shape[0], width = labels.shape[1]
        cdef int channels = self.channels
        cdef bint odd
        cdef int32_t* here
        cdef int32_t* below
        cdef const Plan* plan = &self.plan
        if top < 0 or height == 0 or width == 0:
            raise ValueError("there are no such rows")
        if rows.shape[0] != height or rows.shape[1] != width * channels:
            raise ValueError("rows, codebook and labels do not fit")
        check_rows(rows)
        if errors.shape[0] != 2 or errors.shape[1] != (width + 2) * channels:
            raise ValueError("errors and labels do not fit")
        with nogil:
            for y in range(height):
                odd = (top + y) & 1
                here = &errors[odd, channels]
                below = &errors[not odd, channels]
                if channels == 1:
                    diffuse_row(plan, 1, &rows[y, 0], width, odd, here, below, &labels[y, 0])
                elif channels == 2:
                    diffuse_row(plan, 2, &rows[y, 0], width, odd, here, below, &labels[y, 0])
                elif channels == 3:
                    diffuse_row(plan, 3, &rows[y, 0], width, odd, here, below, &labels[y, 0])
                else:
                    diffuse_row(plan, 4, &rows[y, 0], width, odd, here, below, &labels[y, 0])

    def mix(
        self, const uint8_t[:, ::1] colors, const uint8_t[::1] ranks, uint8_t[:, ::1] mixtures
    ):
        """Find code-words whose mean is near each color, one for each threshold.

        Parameters
        ----------
        colors : ndarray of shape (U, C), dtype uint8
            With alpha, straight.
        ranks : ndarray of shape (K,), dtype uint8
            In which order the code-words of a color stand; no two are equal.
        mixtures : ndarray of shape (U, 64), dtype uint8
            Overwritten with labels but where a color is fully transparent.
        """
        cdef Py_ssize_t i
        cdef int channels = self.channels
        cdef bint with_alpha = channels == 2 or channels == 4
        if colors.shape[1] != channels or ranks.shape[0] != self.size:
            raise ValueError("colors, codebook and ranks do not fit")
        if mixtures.shape[0] != colors.shape[0] or mixtures.shape[1] != THRESHOLDS:
            raise ValueError("colors and mixtures do not fit")
        with nogil:
            for i in range(colors.shape[0]):
                if with_alpha and colors[i, channels - 1] == 0:
                    continue
                if channels == 3:
                    mix_color(&self.plan, 3, &colors[i, 0], &ranks[0], &mixtures[i, 0])
                else:
                    mix_color(&self.plan, channels, &colors[i, 0], &ranks[0], &mixtures[i, 0])
