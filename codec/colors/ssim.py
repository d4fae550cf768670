"""Structural similarity from sums of whole numbers over square windows."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Sums = npt.NDArray[np.int32]

WINDOW = 7
_PIXELS = WINDOW * WINDOW
_SAMPLE = _PIXELS * (_PIXELS - 1)  # what covariances of a sample are divided by, of sums
# The constants that keep quotients finite, as usual for 8 bits, times what sums are larger.
_MEANS = (0.01 * 255) ** 2 * _PIXELS**2
_SPREADS = (0.03 * 255) ** 2 * _SAMPLE
# Windows looked at together: few enough that their sums stay in the cache of a processor.
_TILE_ROWS, _TILE_SAMPLES = 64, 768


def similarity(first: Pixels, second: Pixels) -> float:
    """Mean structural similarity of all windows of 7x7 that lie within a picture.

    Parameters
    ----------
    first, second : ndarray of shape (H, W, C), dtype uint8
        Equal shapes, at least 7x7; without alpha.

    Returns
    -------
    similarity : float
        At most 1. All channels count the same.

    References
    ----------
    Z. Wang et al., "Image quality assessment: from error visibility to structural similarity",
    IEEE Transactions on Image Processing 13(4), 2004, doi:10.1109/TIP.2003.819861.
    """
    height, _, channels = first.shape
    rows = [each.reshape(height, -1) for each in (first, second)]
    count = (height - WINDOW + 1) * (rows[0].shape[1] - (WINDOW - 1) * channels)
    total = sum(
        float(_of_windows(rows[0][tile], rows[1][tile], channels).sum())
        for tile in _tiles(*rows[0].shape, channels)
    )
    return float(total / count)


def _tiles(height: int, length: int, channels: int) -> Iterator[tuple[slice, slice]]:
    """Cut rows of samples into pieces whose windows are all windows, once each."""
    more = WINDOW - 1
    for top in range(0, height - more, _TILE_ROWS):
        rows = slice(top, min(top + _TILE_ROWS + more, height))
        for left in range(0, length - more * channels, _TILE_SAMPLES):
            yield rows, slice(left, min(left + _TILE_SAMPLES + more * channels, length))


def _of_windows(first: Pixels, second: Pixels, channels: int) -> npt.NDArray[np.float64]:
    """Tell the similarity of each window, of rows of samples with `channels` a pixel.

    All is whole and below 2**31 but for the last quotient: of means m, variances v and the
    covariance c, (2 m m' + a) (2 c + b) / ((m m + m' m' + a) (v + v' + b)).
    """
    x, y = first.astype(np.int32), second.astype(np.int32)
    products, squares = _sums(x * y, channels), _sums(x * x + y * y, channels)
    x, y = _sums(x, channels), _sums(y, channels)
    mixed = x * y
    x *= x
    y *= y
    x += y
    products *= _PIXELS
    products -= mixed
    squares *= _PIXELS
    squares -= x
    above = (2.0 * mixed + _MEANS) * (2.0 * products + _SPREADS)
    return np.asarray(above / ((x + _MEANS) * (squares + _SPREADS)))


def _sums(samples: Sums, channels: int) -> Sums:
    """Add up the samples of each window."""
    two = samples[:-1] + samples[1:]
    down = two[:-5] + two[2:-3]
    down += two[4:-1]
    down += samples[6:]
    two = down[:, :-channels] + down[:, channels:]
    across = two[:, : -5 * channels] + two[:, 2 * channels : -3 * channels]
    across += two[:, 4 * channels : -channels]
    across += down[:, 6 * channels :]
    return across
