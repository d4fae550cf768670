"""Weights of pixels: what counts more when code-words are chosen."""

from typing import Any

import numpy as np
import numpy.typing as npt

from codec.colors.histogram import ColorHistogram
from codec.colors.pixels import as_rows, pack_colors
from codec.errors import ImageError, ParameterError
from codec.threads import row_strips

Bytes = npt.NDArray[np.uint8]

_HIGHEST = 255


def check_weights(weights: Any, height: int, width: int) -> Bytes:
    """Round weights to 8 bits.

    Parameters
    ----------
    weights : ndarray of shape (H, W), of any numbers
        At least 0, finite, and not all 0.
    height, width : int
        H and W of the picture.

    Returns
    -------
    weights : ndarray of shape (H, W), dtype uint8
        Those of dtype uint8 as they are. Others in parts of the largest, which becomes 255;
        what is above 0 is at least 1.

    Raises
    ------
    ParameterError
        They are no such array.
    ImageError
        They are of another size than the picture.
    """
    if not isinstance(weights, np.ndarray) or weights.dtype.kind not in "buif":
        said = getattr(weights, "dtype", type(weights).__name__)
        raise ParameterError(f"weights must be an array of numbers, not {said}", "weights")
    if weights.ndim != 2:
        raise ParameterError(f"weights must have shape (H, W), not {weights.shape}", "weights")
    if hasattr(weights, "mask"):
        raise ParameterError("weights must have no mask: weights.filled(0)", "weights")
    if weights.shape != (height, width):
        raise ImageError(
            f"the weights are of {weights.shape[1]}x{weights.shape[0]}, "
            f"the picture is of {width}x{height}",
            "bad-shape",
        )
    highest = float(weights.max())
    if not np.isfinite(weights).all() or weights.min() < 0:
        raise ParameterError("weights must be finite and not negative", "weights")
    if highest == 0:
        raise ParameterError("all weights are 0: nothing would count", "weights")
    if weights.dtype == np.uint8:
        return weights
    # First by the highest: the product of large ones with 255 may not be finite.
    parts = np.rint(weights.astype(np.float64) / highest * _HIGHEST)
    return np.maximum(parts, weights > 0).astype(np.uint8)


def sum_weights(pixels: Bytes, histogram: ColorHistogram, weights: Bytes) -> ColorHistogram:
    """Count every color by the weights of its pixels.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        The picture.
    histogram : ColorHistogram
        All its colors.
    weights : ndarray of shape (H, W), dtype uint8
        Of its pixels.

    Returns
    -------
    weighed : ColorHistogram
        The same colors. Where all pixels of one have the weight 0 it counts 1, as a 255th of a
        pixel: what is left of the codebook may serve it.
    """
    keys = pack_colors(histogram.colors)
    counts = np.zeros(len(keys), dtype=np.int64)
    height, width, channels = pixels.shape
    for rows in row_strips(height, width):
        found = pack_colors(as_rows(pixels[rows]).reshape(-1, channels))
        places = np.searchsorted(keys, found)
        # Sums of bytes: whole numbers far below 2**53, exact as floats in any order.
        sums = np.bincount(places, weights=weights[rows].reshape(-1), minlength=len(keys))
        counts += sums.astype(np.int64)
    return ColorHistogram(histogram.colors, np.maximum(counts, 1))
