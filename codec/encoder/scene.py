"""What the pixels alone tell of a picture, beside its histogram.

Training wants to know how much errors show and which colors fill solid areas. A picture in memory
is asked itself; of a larger one, blocks are.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from codec.colors.flats import Inner, count_flats
from codec.colors.histogram import ColorHistogram
from codec.colors.visibility import weigh_colors
from codec.labels.nearest import Lookup

Bytes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]


class Scene(Protocol):
    """A picture that can be asked, in memory or not."""

    def weigh(self, histogram: ColorHistogram, *, mildly: bool) -> Counts:
        """Weigh colors as `codec.colors.visibility.weigh_colors` does; (U,)."""

    def count_flats(self, colors: Bytes) -> Counts:
        """Count flat pixels as `codec.colors.flats.count_flats` does; (N,)."""

    def count_flat_groups(self, histogram: ColorHistogram, groups: Bytes, n_groups: int) -> Counts:
        """Count the flat pixels of groups of colors, as `flats_of_groups` does; (N,)."""


class UnseenScene:
    """A picture of which there is the histogram alone: all errors show alike, nothing is solid."""

    def weigh(self, histogram: ColorHistogram, *, mildly: bool) -> Counts:
        """See `Scene`."""
        return histogram.counts

    def count_flats(self, colors: Bytes) -> Counts:
        """See `Scene`."""
        return np.zeros(len(colors), dtype=np.int64)

    def count_flat_groups(self, histogram: ColorHistogram, groups: Bytes, n_groups: int) -> Counts:
        """See `Scene`."""
        return np.zeros(n_groups, dtype=np.int64)


UNSEEN = UnseenScene()


class WholeScene:
    """A picture in memory.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        Those of its channels that say something.
    """

    def __init__(self, pixels: Bytes) -> None:
        self._pixels = pixels

    def weigh(self, histogram: ColorHistogram, *, mildly: bool) -> Counts:
        """See `Scene`."""
        return weigh_colors(self._pixels, histogram, mildly=mildly)

    def count_flats(self, colors: Bytes) -> Counts:
        """See `Scene`."""
        return count_flats(self._pixels, colors)

    def count_flat_groups(self, histogram: ColorHistogram, groups: Bytes, n_groups: int) -> Counts:
        """See `Scene`."""
        return flats_of_groups(self._pixels, Lookup(histogram, [groups]), n_groups)


def flats_of_groups(
    pixels: Bytes, lookup: Lookup, n_groups: int, inner: Inner | None = None
) -> Counts:
    """Count the flat pixels of groups of colors: all of their neighbors are of the same group.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        A picture, or a block of one.
    lookup : Lookup
        The number of each color's group, from 1; 0 is none.
    n_groups : int
        N, how many groups there are.
    inner : tuple of two slices, optional
        See `codec.colors.flats.count_flats`.

    Returns
    -------
    counts : ndarray of shape (N,), dtype int64
    """
    numbers = lookup(pixels)[0][..., None]
    asked = np.arange(1, n_groups + 1, dtype=np.uint8)[:, None]
    return count_flats(numbers, asked, inner)
