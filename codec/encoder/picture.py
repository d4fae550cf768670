"""A picture as the encoder knows it before a codebook is chosen: its pixels, counted."""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram, count_colors
from codec.colors.pixels import (
    joint_channels,
    pack_colors,
    telling_channels,
    to_channels,
    without_hidden,
)
from codec.colors.places import place_pixels
from codec.colors.visibility import weigh_pixels
from codec.encoder.given import channels_of
from codec.encoder.scene import Scene, WholeScene
from codec.encoder.weights import check_weights, sum_weights
from codec.settings import CompressSettings

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Counted:
    """The colors of a picture, which may be anywhere, and how different two of these are.

    Parameters
    ----------
    counted : ColorHistogram
        All its colors, of C channels: more than it had if given code-words have those.
    histogram : ColorHistogram
        The same without channels that say nothing: alpha that is 255, color that is grey.
    visible : ColorHistogram
        The same, hidden colors merged into one unless they are to be kept.
    hidden_pixels : int
        Pixels whose color this changed.
    metric : ColorMetric
        How different two colors are.
    scene : Scene
        What else can be asked of the picture.
    """

    counted: ColorHistogram
    histogram: ColorHistogram
    visible: ColorHistogram
    hidden_pixels: int
    metric: ColorMetric
    scene: Scene

    @property
    def channels(self) -> int:
        """C."""
        return int(self.counted.colors.shape[1])

    @property
    def weighed(self) -> ColorHistogram:
        """The colors of `visible`, counted as much as they count for training."""
        return self.visible


@dataclass(frozen=True, eq=False)
class Picture(Counted):
    """A picture in memory, its colors counted.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        The picture, with more channels than it had if given code-words have those.
    weights : ndarray of shape (H, W), dtype uint8, or None
        How much pixels count when code-words are chosen.
    """

    pixels: Bytes
    weights: Bytes | None = None

    @functools.cached_property
    def telling(self) -> Bytes:
        """The channels of `pixels` that say something, of shape (H, W, C')."""
        return self.pixels[..., : self.histogram.colors.shape[1]]

    @functools.cached_property
    def weighed(self) -> ColorHistogram:
        """The colors of `visible`, each counted by the weights of its pixels."""
        if self.weights is None:
            return self.visible
        return sum_weights(self.shown, self.visible, self.weights)

    @functools.cached_property
    def places(self) -> npt.NDArray[np.int16]:
        """Where its pixels lie; see `place_pixels`."""
        return place_pixels(self.shown, self.metric)

    @functools.cached_property
    def visibility(self) -> npt.NDArray[np.uint16]:
        """How much errors show, of each pixel; see `weigh_pixels`."""
        return weigh_pixels(self.shown)

    @property
    def shown(self) -> Bytes:
        """The same with hidden colors as `visible` has them."""
        return self.telling if self.hidden_pixels == 0 else without_hidden(self.telling)


def count_picture(
    pixels: Bytes, settings: CompressSettings, weights: npt.NDArray[np.number] | None = None
) -> Picture:
    """Count the colors of a picture.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        The picture.
    settings : CompressSettings
        Where colors are compared, whether hidden ones are kept, and what code-words are given.
    weights : ndarray of shape (H, W), optional
        See `codec.compress`.

    Returns
    -------
    picture : Picture
        The picture, counted.

    Raises
    ------
    ParameterError, ImageError
        The weights are at fault; see `check_weights`.
    """
    if weights is not None:
        weights = check_weights(weights, *pixels.shape[:2])
    told = tell_colors(count_colors(pixels), settings, WholeScene(pixels))
    pixels = to_channels(pixels, told.channels)
    scene = WholeScene(pixels[..., : told.histogram.colors.shape[1]])
    return Picture(**{**vars(told), "scene": scene}, pixels=pixels, weights=weights)


def tell_colors(counted: ColorHistogram, settings: CompressSettings, scene: Scene) -> Counted:
    """Describe colors as the encoder wants them.

    Parameters
    ----------
    counted : ColorHistogram
        All colors of a picture, of the channels that it has.
    settings : CompressSettings
        See `count_picture`.
    scene : Scene
        What else can be asked of the picture.

    Returns
    -------
    counted : Counted
        The colors.
    """
    own = counted.colors.shape[1]
    telling = joint_channels(telling_channels(counted.colors), channels_of(settings.given))
    channels = joint_channels(own, telling)
    if channels >= 3 and telling == 2:  # alpha stands behind three others
        telling = channels
    counted = recount(counted, channels)
    histogram = recount(counted, telling)
    visible, hidden_pixels = (histogram, 0) if settings.exact else _merge_hidden(histogram)
    metric = ColorMetric(str(settings.color_space), settings.exact)  # a word, by the tune
    return Counted(counted, histogram, visible, hidden_pixels, metric, scene)


def recount(histogram: ColorHistogram, channels: int) -> ColorHistogram:
    """Write the colors of a histogram with other channels; their order stays."""
    if channels == histogram.colors.shape[1]:
        return histogram
    return ColorHistogram(to_channels(histogram.colors, channels), histogram.counts)


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


def exact_labels(picture: Counted) -> Bytes:
    """Label colors by equality where the codebook is all of them; no metric is that fine.

    Returns
    -------
    color_labels : ndarray of shape (U,), dtype uint8
        For each color of `picture.histogram` its row in `picture.visible`.
    """
    return places_of_visible(picture).astype(np.uint8)


def places_of_visible(picture: Counted) -> npt.NDArray[np.intp]:
    """Find the row in `picture.visible` of each color of `picture.histogram`."""
    keys = pack_colors(picture.visible.colors)
    colors = picture.histogram.colors
    if picture.hidden_pixels:  # merged; maybe there was one alone
        colors = without_hidden(colors)
    return np.searchsorted(keys, pack_colors(colors))
