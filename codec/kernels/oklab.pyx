"""Colors of 8 bits to places in OkLab, in whole numbers.

Three tables and two matrices: samples to linear light, cone responses to their cube roots. A
response is rounded to 16 bits and a root to 14, so that places are off by 0.3 / 255 at most.
"""

from libc.math cimport rint
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint64_t
from libc.string cimport memcpy

from codec.kernels.rows cimport check_rows

cdef enum:
    ROOTS = 65536
    HIGHEST = 4080

cdef uint64_t GUESS = 0x553EF0FF289DD796  # four thirds of the exponent of 1, and less a little


cdef inline int32_t bounded(int32_t value) noexcept nogil:
    return 0 if value < 0 else HIGHEST if value > HIGHEST else value


cdef inline void place(
    const uint8_t* color, const uint16_t* light, const int16_t* roots, const int32_t* mixing,
    const int32_t* turning, const int32_t* offsets, int32_t* result,
) noexcept nogil:
    """Place an opaque color on three axes."""
    cdef int i
    cdef int32_t red = light[color[0]], green = light[color[1]], blue = light[color[2]]
    cdef int32_t[3] root
    for i in range(3):
        root[i] = roots[
            (<int64_t>mixing[3 * i] * red + <int64_t>mixing[3 * i + 1] * green
             + <int64_t>mixing[3 * i + 2] * blue + 32768) >> 16
        ]
    for i in range(3):
        result[i] = bounded(
            ((turning[3 * i] * root[0] + turning[3 * i + 1] * root[1]
              + turning[3 * i + 2] * root[2] + 32768) >> 16) + offsets[i]
        )


def place_rows(
    const uint8_t[:, :] rows, int channels, const uint16_t[::1] light, const int16_t[::1] roots,
    const int32_t[::1] mixing, const int32_t[::1] turning, const int32_t[::1] offsets,
    int16_t[:, ::1] places,
):
    """Place pixels without alpha.

    Parameters
    ----------
    rows : ndarray of shape (H, W * C), dtype uint8
        Pixels of three channels, or of four whose last is passed over. Any stride between rows.
    channels : int
        C, 3 or 4.
    light : ndarray of shape (256,), dtype uint16
        Linear light of a sample, 0 to 65535.
    roots : ndarray of shape (65536,), dtype int16
        Cube roots of cone responses, 0 to 16384.
    mixing, turning : ndarray of shape (9,), dtype int32
        Matrices from linear light to responses and from roots to places, in 1/65536.
    offsets : ndarray of shape (3,), dtype int32
        Added to places.
    places : ndarray of shape (H, W * 3), dtype int16
        Overwritten; 0 to 4080.
    """
    cdef Py_ssize_t y, x, height = places.shape[0], width = places.shape[1] // 3
    cdef int c
    cdef int32_t[3] result
    cdef const uint8_t* pixel
    if channels != 3 and channels != 4:
        raise ValueError("there must be 3 or 4 channels")
    if rows.shape[0] != height or rows.shape[1] != width * channels or places.shape[1] % 3:
        raise ValueError("rows and places do not fit")
    if light.shape[0] != 256 or roots.shape[0] != ROOTS:
        raise ValueError("tables are too small")
    if mixing.shape[0] != 9 or turning.shape[0] != 9 or offsets.shape[0] != 3:
        raise ValueError("these are no matrices")
    if height == 0 or width == 0:
        return
    check_rows(rows)
    with nogil:
        for y in range(height):
            pixel = &rows[y, 0]
            for x in range(width):
                place(pixel, &light[0], &roots[0], &mixing[0], &turning[0], &offsets[0], result)
                for c in range(3):
                    places[y, 3 * x + c] = <int16_t>result[c]
                pixel += channels


cdef inline double cube_root(double value) noexcept nogil:
    """Cube root of 0 or of what is not small, in a fraction of the time of the library's.

    It is found by way of its inverse, of which a third of the exponent is a guess that is off by
    4 % at most: so nothing is divided. Each step takes the fourth power of what it is off by.
    """
    cdef uint64_t bits
    cdef double inverse, rest
    cdef int step
    if value <= 0:
        return 0
    memcpy(&bits, &value, sizeof(bits))
    bits = GUESS - bits / 3
    memcpy(&inverse, &bits, sizeof(bits))
    for step in range(2):
        rest = 1 - value * inverse * inverse * inverse
        inverse += inverse * rest * (1.0 / 3 + rest * (2.0 / 9 + rest * (14.0 / 81)))
    return value * inverse * inverse


def find_coordinates(
    const uint8_t[:, ::1] colors, const double[::1] light, const double[:, ::1] mixing,
    const double[:, ::1] turning, double steps, double[:, ::1] points,
):
    """Find the coordinates of opaque colors in OkLab, whole numbers.

    Parameters
    ----------
    colors : ndarray of shape (U, 3), dtype uint8
    light : ndarray of shape (256,), dtype float64
        Linear light of a sample.
    mixing, turning : ndarray of shape (3, 3), dtype float64
        Matrices from linear light to cone responses and from their cube roots to OkLab; sums are
        in the order of channels.
    steps : float
        Of coordinates, in a unit of OkLab.
    points : ndarray of shape (U, 3), dtype float64
        Overwritten.
    """
    cdef Py_ssize_t row
    cdef int i
    cdef double red, green, blue
    cdef double[3] root
    if colors.shape[1] != 3 or points.shape[1] != 3 or points.shape[0] != colors.shape[0]:
        raise ValueError("colors and points do not fit")
    if light.shape[0] != 256 or mixing.shape[0] != 3 or mixing.shape[1] != 3:
        raise ValueError("there must be 256 samples and a matrix of 3x3")
    if turning.shape[0] != 3 or turning.shape[1] != 3:
        raise ValueError("these are no matrices of 3x3")
    with nogil:
        for row in range(colors.shape[0]):
            red = light[colors[row, 0]]
            green = light[colors[row, 1]]
            blue = light[colors[row, 2]]
            for i in range(3):
                root[i] = cube_root(mixing[i, 0] * red + mixing[i, 1] * green + mixing[i, 2] * blue)
            for i in range(3):
                points[row, i] = rint(steps * (
                    turning[i, 0] * root[0] + turning[i, 1] * root[1] + turning[i, 2] * root[2]
                ))
