"""Colors of 8 bits to places in OkLab, in whole numbers."""

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int32]
Points = npt.NDArray[np.float64]

_HIGHEST = 4080


def place_rows(
    rows: npt.NDArray[np.uint8],
    channels: int,
    light: npt.NDArray[np.uint16],
    roots: npt.NDArray[np.int16],
    mixing: Whole,
    turning: Whole,
    offsets: Whole,
    places: npt.NDArray[np.int16],
) -> None:
    """Place pixels without alpha."""
    samples = rows.reshape(len(rows), -1, channels)[..., :3]
    mixed = (light[samples].astype(np.int64) @ mixing.reshape(3, 3).T.astype(np.int64)) + 32768
    turned = roots[mixed >> 16].astype(np.int64) @ turning.reshape(3, 3).T.astype(np.int64)
    placed = ((turned + 32768) >> 16) + offsets
    places[:] = np.clip(placed, 0, _HIGHEST).reshape(places.shape)


def find_coordinates(
    colors: npt.NDArray[np.uint8],
    light: Points,
    mixing: Points,
    turning: Points,
    steps: float,
    points: Points,
) -> None:
    """Find the coordinates of opaque colors in OkLab, whole numbers."""
    roots = np.cbrt(_mixed(light[colors], mixing))
    points[:] = np.rint(steps * _mixed(roots, turning))


def _mixed(values: Points, matrix: Points) -> Points:
    """Multiply rows by a matrix, each sum in the same order on every machine, unlike BLAS."""
    first, second, third = values.T
    return np.stack([first * a + second * b + third * c for a, b, c in matrix], axis=1)
