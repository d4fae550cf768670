"""Error diffusion with a given codebook, in whole numbers."""

from libc.stdint cimport int16_t, int32_t, uint8_t

import numpy as np

from codec.kernels.nearest cimport SAMPLES, Grid, NearestGrid, nearest_label

cdef enum:
    OPAQUE = 255
    FULL = 255
    HIGHEST = 4080


cdef inline int bounded(int value, int low, int high) noexcept nogil:
    return low if value < low else high if value > high else value


cdef struct Plan:
    Grid* every
    Grid* opaque            # NULL where opaque pixels are like others
    int most
    int[SAMPLES] low        # the box around the codebook
    int[SAMPLES] high
    const int16_t* words


cdef inline int choose(
    const Plan* plan, int axes, const int16_t* place, bint opaque, int strength, int* received,
    int* left,
) noexcept nogil:
    """Label a pixel, and tell the error to be made up for elsewhere."""
    cdef int c, label, longest = 0
    cdef int[SAMPLES] color
    cdef Grid* grid = plan.opaque if opaque else plan.every
    cdef const int16_t* word
    for c in range(axes):
        received[c] = (received[c] * strength) >> 8
        longest = max(longest, received[c], -received[c])
    if longest > plan.most:  # shortened, not turned: no color that is not there
        for c in range(axes):
            received[c] = received[c] * plan.most // longest
    if opaque:
        received[axes - 1] = 0
    for c in range(axes):
        color[c] = (bounded(place[c] + received[c], 0, HIGHEST) + 8) >> 4
    label = nearest_label(grid, axes, color)
    word = plan.words + label * axes
    for c in range(axes):
        left[c] = bounded(place[c], plan.low[c], plan.high[c]) + received[c] - word[c]
    return label


cdef inline void diffuse_row(
    const Plan* plan, int axes, const int16_t* places, const uint8_t* alpha,
    const uint8_t* strengths, Py_ssize_t width, bint backwards, int32_t* here, int32_t* below,
    uint8_t* labels,
) noexcept nogil:
    """Label a row; `here` and `below` are the errors of its first pixel and of that below."""
    cdef Py_ssize_t i, x
    cdef int c, part, rest, strength, ahead = -axes if backwards else axes
    cdef int[SAMPLES] received, left, carried  # the last is for the next pixel of the row
    cdef int32_t* under
    for c in range(axes):
        carried[c] = 0
    for i in range(-axes, (width + 1) * axes):
        below[i] = 0
    for i in range(width):
        x = width - 1 - i if backwards else i
        strength = strengths[x]
        if strength == 0 or (alpha != NULL and alpha[x] == 0):
            for c in range(axes):
                carried[c] = 0
            continue
        for c in range(axes):
            received[c] = here[x * axes + c] + carried[c]
        labels[x] = <uint8_t>choose(
            plan, axes, places + x * axes,
            alpha != NULL and plan.opaque != NULL and alpha[x] == OPAQUE,
            strength + (strength == FULL), received, left,
        )
        under = below + x * axes
        for c in range(axes):
            carried[c] = (7 * left[c] + 8) >> 4
            rest = left[c] - carried[c]
            part = (3 * left[c] + 8) >> 4
            under[c - ahead] += part
            rest -= part
            part = (5 * left[c] + 8) >> 4
            under[c] += part
            under[ahead + c] += rest - part


cdef class Diffuser:
    """A codebook prepared for error diffusion; one thread at a time may use it.

    Parameters
    ----------
    words : ndarray of shape (K, D), dtype int16
        1 <= K <= 256 code-words, 0 to 4080 on each of D <= 4 axes.
    opaque : ndarray of shape (K',), dtype uint8
        Ascending labels of the code-words to which opaque pixels are confined; may be empty.
    most : int
        0 to 4080: bound of what is added to a pixel on an axis.
    """

    cdef Plan plan
    cdef int axes
    cdef object kept

    def __cinit__(self, const int16_t[:, ::1] words, const uint8_t[::1] opaque, int most):
        cdef int c, row
        cdef NearestGrid every
        cdef NearestGrid of_opaque = None
        if not 0 <= most <= HIGHEST:
            raise ValueError("the bound is out of range")
        held = np.array(words, order="C")
        if held.min() < 0 or held.max() > HIGHEST:
            raise ValueError("a code-word is out of range")
        samples = ((held + 8) >> 4).astype(np.uint8)
        every = NearestGrid(samples)
        self.axes = <int>words.shape[1]
        if opaque.shape[0]:
            if max(opaque) >= words.shape[0]:
                raise ValueError("there is no such code-word")
            of_opaque = NearestGrid(np.ascontiguousarray(samples[np.asarray(opaque)]), opaque)
        self.kept = (every, of_opaque, held)
        words = held
        self.plan.every = &every.grid
        self.plan.opaque = NULL if of_opaque is None else &of_opaque.grid
        self.plan.most = most
        self.plan.words = &words[0, 0]
        for c in range(self.axes):
            self.plan.low[c] = HIGHEST
            self.plan.high[c] = 0
            for row in range(<int>words.shape[0]):
                self.plan.low[c] = min(self.plan.low[c], <int>words[row, c])
                self.plan.high[c] = max(self.plan.high[c], <int>words[row, c])

    def diffuse(
        self, const int16_t[:, ::1] places, const uint8_t[:, ::1] alpha,
        const uint8_t[:, ::1] strengths, Py_ssize_t top, uint8_t[:, ::1] labels,
    ):
        """Label rows, passing errors on as Floyd and Steinberg do, serpentine.

        Parameters
        ----------
        places : ndarray of shape (H, W * D), dtype int16
            Pixels, as `words`.
        alpha : ndarray of shape (H, W), dtype uint8, or of no size
            Alpha of pixels, if they have any: transparent ones keep their labels, opaque ones get
            opaque code-words.
        strengths : ndarray of shape (H, W), dtype uint8
            How much of what a pixel has received is added to it, 255 for all of it; with 0 it
            keeps its label and passes nothing on.
        top : int
            Number of the first row in the picture; odd rows go from right to left.
        labels : ndarray of shape (H, W), dtype uint8
            Overwritten where there is a strength.
        """
        cdef Py_ssize_t y, height = labels.shape[0], width = labels.shape[1]
        cdef int axes = self.axes
        cdef bint odd, with_alpha = alpha.shape[0] > 0
        cdef int32_t[:, ::1] errors
        cdef const uint8_t* of_row
        cdef const Plan* plan = &self.plan
        if top < 0 or height == 0 or width == 0:
            raise ValueError("there are no such rows")
        if places.shape[0] != height or places.shape[1] != width * axes:
            raise ValueError("places, words and labels do not fit")
        if strengths.shape[0] != height or strengths.shape[1] != width:
            raise ValueError("strengths and labels do not fit")
        if with_alpha and (alpha.shape[0] != height or alpha.shape[1] != width):
            raise ValueError("alpha and labels do not fit")
        errors = np.zeros((2, (width + 2) * axes), dtype=np.int32)
        with nogil:
            for y in range(height):
                odd = (top + y) & 1
                of_row = &alpha[y, 0] if with_alpha else NULL
                if axes == 3:
                    diffuse_row(
                        plan, 3, &places[y, 0], of_row, &strengths[y, 0], width, odd,
                        &errors[odd, 3], &errors[not odd, 3], &labels[y, 0],
                    )
                else:
                    diffuse_row(
                        plan, axes, &places[y, 0], of_row, &strengths[y, 0], width, odd,
                        &errors[odd, axes], &errors[not odd, axes], &labels[y, 0],
                    )
