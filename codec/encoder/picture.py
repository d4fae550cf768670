"""A picture as the encoder knows it before a codebook is chosen: its pixels, counted."""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram, count_colors
from codec.colors.pixels import pack_colors, telling_channels, without_hidden
from codec.settings import CompressSettings

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels, their colors, and how different two of these are.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        The picture.
    counted : ColorHistogram
        All its colors, of C channels.
    histogram : ColorHistogram
        The same without channels that say nothing: alpha that is 255, color that is grey.
    visible : ColorHistogram
        The same, hidden colors merged into one unless they are to be kept.
    hidden_pixels : int
        Pixels whose color this changed.
    metric : ColorMetric
        How different two colors are.
    """

    pixels: Bytes
    counted: ColorHistogram
    histogram: ColorHistogram
    visible: ColorHistogram
    hidden_pixels: int
    metric: ColorMetric

    @functools.cached_property
    def telling(self) -> Bytes:
        """The channels of `pixels` that say something, of shape (H, W, C')."""
        return self.pixels[..., : self.histogram.colors.shape[1]]

    @property
    def shown(self) -> Bytes:
        """The same with hidden colors as `visible` has them."""
        return self.telling if self.hidden_pixels == 0 else without_hidden(self.telling)


def count_picture(pixels: Bytes, settings: CompressSettings) -> Picture:
    """Count the colors of a picture.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        The picture.
    settings : CompressSettings
        Where colors are compared, and whether hidden ones are kept.

    Returns
    -------
    picture : Picture
        The picture, counted.
    """
    counted = count_colors(pixels)
    histogram = _without_idle_channels(counted)
    visible, hidden_pixels = (histogram, 0) if settings.exact else _merge_hidden(histogram)
    metric = ColorMetric(str(settings.color_space), settings.exact)  # a word, by the tune
    return Picture(pixels, counted, histogram, visible, hidden_pixels, metric)


def _without_idle_channels(histogram: ColorHistogram) -> ColorHistogram:
    """Leave out channels that say nothing, so that a picture is the same with and without."""
    telling = telling_channels(histogram.colors)
    if telling == histogram.colors.shape[1]:
        return histogram
    return ColorHistogram(np.ascontiguousarray(histogram.colors[:, :telling]), histogram.counts)


def _merge_hidden(histogram: ColorHistogram) -> tuple[ColorHistogram, int]:
    """Merge all fully transparent colors into one; count the pixels this changes."""
    colors, counts = histogram.colors, histogram.counts
    if colors.shape[1] not in (2, 4):
        return histogram, 0
    transparent = colors[:, -1] == 0
    changed = transparent & colors[:, :-1].any(axis=1)
    if not changed.any():
        return histogram, 0
    # All zero is the first color of any.
    merged = ColorHistogram(
        np.vstack([np.zeros_like(colors[:1]), colors[~transparent]]),
        np.concatenate([[counts[transparent].sum()], counts[~transparent]]),
    )
    return merged, int(counts[changed].sum())


def exact_labels(picture: Picture) -> Bytes:
    """Label colors by equality where the codebook is all of them; no metric is that fine.

    Returns
    -------
    color_labels : ndarray of shape (U,), dtype uint8
        For each color of `picture.histogram` its row in `picture.visible`.
    """
    keys = pack_colors(picture.visible.colors)
    colors = picture.histogram.colors
    if picture.visible is not picture.histogram:  # hidden ones merged; maybe there was one alone
        colors = without_hidden(colors)
    return np.searchsorted(keys, pack_colors(colors)).astype(np.uint8)
