"""Where the errors of an undithered picture would show as a band."""

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Whole = npt.NDArray[np.int64]

_REACH = 3


def _sums_around(values: Whole, reach: int) -> Whole:
    """Sum up the neighborhood of every pixel; ndarray of shape (H, W, ...)."""
    for axis in (0, 1):
        size = values.shape[axis]
        sums = np.concatenate([np.zeros_like(values.take([0], axis)), values.cumsum(axis)], axis)
        places = np.arange(size)
        last, first = np.minimum(places + reach + 1, size), np.maximum(places - reach, 0)
        values = sums.take(last, axis) - sums.take(first, axis)
    return values


def find_bands(
    places: npt.NDArray[np.int16],
    words: npt.NDArray[np.int16],
    labels: Bytes,
    unseen: float,
    hidden: float,
    edge: float,
    full: float,
    most: int,
    strengths: Bytes,
) -> None:
    """Tell of each pixel how much of its error shows."""
    pixels = places.reshape(*labels.shape, -1).astype(np.int64)
    count = _sums_around(np.ones_like(labels, dtype=np.int64), _REACH).astype(np.float64)
    errors = _sums_around(pixels - words[labels], _REACH)
    sums = _sums_around(pixels, _REACH)
    squares = _sums_around((pixels * pixels).sum(axis=2), _REACH)
    # One axis after the other, as sums of floating point depend on their order.
    error, spread = np.zeros(labels.shape), squares / count
    for axis in range(pixels.shape[2]):
        error += (errors[..., axis] / count) ** 2
        spread -= (sums[..., axis] / count) ** 2
    shown = np.sqrt(error)
    deviation = np.sqrt(np.maximum(spread, 0))
    taken = unseen + hidden * deviation * (1 + deviation / edge)
    shown = np.where(shown > 0, shown - taken, 0)
    found = np.clip(shown * most / full, 0, most).astype(np.int64)
    smoothed = _sums_around(found, 1) // _sums_around(np.ones_like(found), 1)
    exact = (pixels == words[labels]).all(axis=2)
    strengths[:] = np.where(exact, 0, smoothed)
