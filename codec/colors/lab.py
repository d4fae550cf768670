"""CIE L*a*b* of sRGB colors, and the color difference CIEDE2000.

Both are a page of formulas. scikit-image has them too, with SciPy behind it: more than half of
what an installation would take, and a quarter of a second to import (decision 19). Sums are formed
in the same order on every machine.
"""

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]

# IEC 61966-2-1, and the white D65 of the 2° observer.
_XYZ_FROM_RGB = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
_RGB_FROM_XYZ = np.linalg.inv(_XYZ_FROM_RGB)
_WHITE = np.array([0.95047, 1.0, 1.08883])
# CIE 15: below it, the cube root is a line.
_LEAST, _SLOPE, _OFFSET = 0.008856, 7.787, 16 / 116
_LEAST_ROOT = 0.2068966
_FAR_CHROMA = 25.0**7


def mixed(values: Points, matrix: npt.NDArray[np.float64]) -> Points:
    """Multiply rows by a matrix, each sum in the same order on every machine, unlike BLAS.

    Parameters
    ----------
    values : ndarray of shape (N, 3), dtype float64
        Rows.
    matrix : ndarray of shape (3, 3), dtype float64
        Whose rows give a column of the result each.
    """
    first, second, third = values.T
    return np.stack([first * a + second * b + third * c for a, b, c in matrix], axis=1)


def lab_from_linear(values: Points) -> Points:
    """Turn linear light into L*a*b*.

    Parameters
    ----------
    values : ndarray of shape (N, 3), dtype float64
        Red, green and blue of sRGB in linear light, 0 to 1.

    Returns
    -------
    lab : ndarray of shape (N, 3), dtype float64
        L* from 0 to 100, a* and b*.
    """
    scaled = mixed(values, _XYZ_FROM_RGB) / _WHITE
    x, y, z = np.where(scaled > _LEAST, np.cbrt(scaled), _SLOPE * scaled + _OFFSET).T
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=1)


def linear_from_lab(values: Points) -> Points:
    """Turn L*a*b* into linear light, which may lie outside 0 to 1; as `lab_from_linear` back."""
    lightness, first, second = values.T
    y = (lightness + 16.0) / 116.0
    roots = np.stack([first / 500.0 + y, y, np.maximum(y - second / 200.0, 0.0)], axis=1)
    scaled = np.where(roots > _LEAST_ROOT, roots**3, (roots - _OFFSET) / _SLOPE)
    return mixed(scaled * _WHITE, _RGB_FROM_XYZ)


def ciede2000(first: Points, second: Points) -> Points:
    """Tell how different colors look.

    Parameters
    ----------
    first, second : ndarray of shape (N, 3), dtype float64
        L*a*b*.

    Returns
    -------
    differences : ndarray of shape (N,), dtype float64
        About 1 where a difference is just seen.

    References
    ----------
    G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula", Color Research and
    Application 30(1), 2005, doi:10.1002/col.20070. Angles are in radians here.
    """
    (l1, a1, b1), (l2, a2, b2) = first.T, second.T
    far = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(far / (far + _FAR_CHROMA))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.arctan2(b1, a1) % (2 * np.pi), np.arctan2(b2, a2) % (2 * np.pi)
    colored = c1 * c2 != 0
    turn = np.where(colored, h2 - h1, 0.0)
    is_far = np.abs(turn) > np.pi
    turn = np.where(is_far, turn - np.copysign(2 * np.pi, turn), turn)
    total = h1 + h2
    hue = np.where(is_far, total + np.where(total < 2 * np.pi, 2 * np.pi, -2 * np.pi), total)
    hue = np.where(colored, hue / 2, total)
    lightness, chroma = (l1 + l2) / 2 - 50.0, (c1 + c2) / 2
    scale = (
        1.0
        - 0.17 * np.cos(hue - np.radians(30))
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + np.radians(6))
        - 0.20 * np.cos(4 * hue - np.radians(63))
    )
    by_lightness = (l2 - l1) / (1.0 + 0.015 * lightness**2 / np.sqrt(20.0 + lightness**2))
    by_chroma = (c2 - c1) / (1.0 + 0.045 * chroma)
    by_hue = 2.0 * np.sqrt(c1 * c2) * np.sin(turn / 2) / (1.0 + 0.015 * chroma * scale)
    far = chroma**7
    blue = np.radians(60) * np.exp(-(((hue - np.radians(275)) / np.radians(25)) ** 2))
    rotation = -2.0 * np.sqrt(far / (far + _FAR_CHROMA)) * np.sin(blue)
    squares = by_lightness**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))
