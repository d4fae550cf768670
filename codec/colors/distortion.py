"""How far a compressed picture is from its original, told by labels and codebook."""

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.histogram import ColorHistogram
from codec.colors.lookup import look_up
from codec.colors.metrics import color_samples, squared_error, squared_errors, worst_error_of
from codec.threads import row_strips


def errors_of_colors(
    histogram: ColorHistogram,
    codebook: npt.NDArray[np.uint8],
    color_labels: npt.NDArray[np.uint8],
    *,
    exact: bool,
) -> tuple[float, int]:
    """Tell mean squared and largest error of a picture from what became of its colors.

    Parameters
    ----------
    histogram : ColorHistogram
        Its colors.
    codebook : ndarray of shape (K, C), dtype uint8
        Code-words.
    color_labels : ndarray of shape (U,), dtype uint8
        The label of each color.
    exact : bool
        Whether colors under alpha 0 count.

    Returns
    -------
    mse : float
        Mean over samples of the squared difference that is visible.
    worst_error : int
        Largest difference of a channel.
    """
    colors, counts = histogram.colors, histogram.counts
    channels = colors.shape[1]
    samples = int(counts.sum()) * color_samples(channels)
    if channels in (1, 3):
        total, largest = kernels.distortion.color_errors(colors, counts, codebook, color_labels)
        return float(total / samples), largest
    total = 0.0
    for part in row_strips(len(histogram), 1):
        errors = squared_errors(colors[part], codebook[color_labels[part]])
        total += float((errors * counts[part]).sum())
    # As if the colors were a picture of one column.
    largest = worst_error_of(colors[:, None], codebook, color_labels[:, None], exact=exact)
    return total / samples, largest


def errors_of_pixels(
    pixels: npt.NDArray[np.uint8],
    codebook: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.uint8],
    *,
    exact: bool,
) -> tuple[float, int]:
    """Tell them as `errors_of_colors`, where pixels of one color have different labels."""
    total = 0.0
    for rows in row_strips(*labels.shape):
        total += squared_error(pixels[rows], look_up(codebook, labels[rows]))
    largest = worst_error_of(pixels, codebook, labels, exact=exact)
    return total / (labels.size * color_samples(pixels.shape[2])), largest
