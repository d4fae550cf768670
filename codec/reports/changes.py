"""Which colors became others: pixels of about a color together, areas before thin lines."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codec.colors.colorspace import ColorMetric
from codec.colors.pixels import to_channels

Pixels = npt.NDArray[np.uint8]

# OkLab's unit is 65,536 steps, and its hues count double: as small differences look.
_METRIC = ColorMetric("oklab")
_WEIGHTS = np.array([1, 2, 2, 1]) / 65536
# Bits of a channel that pixels of about a color agree in; `errors.js` knows them too.
_BITS = 4
# The least difference that anybody sees; how near colors are that are one, if they became alike;
# how near changes are for that, as a part of their size; how many colors are named, how many
# of them in lines and edges, and of how many.
_LEAST_CHANGE = 0.02
_NEAR = 0.1
_SAME = 0.06
_ALIKE = 0.7
_CHANGES, _EDGES = 6, 3
_MOST_CELLS = 400
# A pixel is in an area if a square of this side has no larger steps; others count so much.
_SIDE, _SMOOTH = 3, 24
_THIN = 0.1
# Hues of greyish colors differ more to the eye than those of strong ones, as in CIEDE2000: chroma
# counts so much more near grey, and from this chroma on less.
_NEUTRAL, _COMPRESSED = 1.5, 0.1
# Of lightness as it looks beside white: near black OkLab has larger steps than can be seen.
_TOE = (0.206, 0.03, 1.206 / 1.03)


@dataclass(frozen=True)
class Change:
    """What became of pixels of about one color, on average.

    Parameters
    ----------
    before, after : tuple of int
        1 to 4 channels.
    share : float
        Which part of the picture they are, 0 to 1.
    thin : bool
        Whether most of them are in lines and edges, not in areas.
    """

    before: tuple[int, ...]
    after: tuple[int, ...]
    share: float
    thin: bool = False


class ChangedColors:
    """Colors that agree in their first bits, and the sums of what became of them.

    Parameters
    ----------
    channels : int
        1 to 4.
    """

    def __init__(self, channels: int) -> None:
        size = 1 << _BITS * channels
        self._sums = np.zeros((2 * channels, size))
        self._counts = np.zeros(size)
        self._solid = np.zeros(size)

    def add(self, first: Pixels, second: Pixels, solid: npt.NDArray[np.bool_]) -> None:
        """Count pixels.

        Parameters
        ----------
        first, second : ndarray of shape (rows, W, C), dtype uint8
            Before and after.
        solid : ndarray of shape (rows, W), dtype bool
            Which are in areas.
        """
        channels, size = first.shape[2], len(self._counts)
        first, second, solid = (
            first.reshape(-1, channels), second.reshape(-1, channels), solid.reshape(-1)
        )  # fmt: skip
        seen = seen_pixels(first) | seen_pixels(second)  # others count for nothing
        if not seen.all():
            first, second, solid = first[seen], second[seen], solid[seen]
        keys = np.zeros(len(first), dtype=np.int64)
        for channel in range(channels):
            keys = keys << _BITS | first[:, channel] >> (8 - _BITS)
        self._counts += np.bincount(keys, minlength=size)
        self._solid += np.bincount(keys[solid], minlength=size)
        for sums, samples in zip(self._sums, [*first.T, *second.T], strict=True):
            sums += np.bincount(keys, samples, size)

    def largest(self, least_share: float) -> tuple[Change, ...]:
        """List those that changed most, for how large an area they cover.

        Parameters
        ----------
        least_share : float
            What is less of the picture is left out.

        Returns
        -------
        changes : tuple of Change
            Those of areas first.
        """
        total = max(self._counts.sum(), 1)
        (kept,) = np.nonzero((self._counts > 0) & (self._counts >= least_share * total))
        means = self._sums[:, kept] / self._counts[kept]
        before, after = (np.rint(part).astype(np.uint8).T for part in np.split(means, 2))
        places = _seen(before)
        moves = _seen(after) - places
        sizes = np.sqrt((moves**2).sum(axis=1))
        weights = (_THIN * self._counts[kept] + (1 - _THIN) * self._solid[kept]) / total
        merit = (sizes - _LEAST_CHANGE).clip(0) * np.sqrt(weights)
        chosen = np.argsort(-merit, kind="stable")[:_MOST_CELLS]
        chosen = chosen[merit[chosen] > 0]
        kept, places, moves, sizes = kept[chosen], places[chosen], moves[chosen], sizes[chosen]
        before, after, weights = before[chosen], after[chosen], weights[chosen]
        apart, turned = _distances(places), _distances(moves)
        alike = (apart < _NEAR) & (turned < _ALIKE * sizes[:, None])
        merit = (sizes - _LEAST_CHANGE) * np.sqrt(alike @ weights)
        found: list[Change] = []
        while len(found) < _CHANGES and merit.any():
            best = int(merit.argmax())
            cells = kept[alike[best]]
            counts = float(self._counts[cells].sum())
            thin = float(self._solid[cells].sum()) < counts / 2
            if not thin or sum(each.thin for each in found) < _EDGES:
                colors = tuple(before[best].tolist()), tuple(after[best].tolist())
                found.append(Change(*colors, counts / float(total), thin))
            merit[alike[best] | (apart[best] < _SAME)] = 0
        return tuple(sorted(found, key=lambda change: change.thin))


def seen_pixels(pixels: Pixels) -> npt.NDArray[np.bool_]:
    """Tell which pixels of shape (..., C) are not fully transparent."""
    if pixels.shape[-1] in (2, 4):
        return np.asarray(pixels[..., -1] > 0)
    return np.ones(pixels.shape[:-1], dtype=np.bool_)


def solid_pixels(pixels: Pixels, rows: slice) -> npt.NDArray[np.bool_]:
    """Tell which pixels are in areas, not in thin lines and edges.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        The picture.
    rows : slice
        Which rows are asked for.

    Returns
    -------
    solid : ndarray of shape (rows, W), dtype bool
        True where a pixel is in a square of 3 by 3 that has no edge.
    """
    height, width = pixels.shape[:2]
    start, stop, _ = rows.indices(height)
    if min(height, width) < _SIDE:
        return np.ones((stop - start, width), dtype=np.bool_)
    first, last = max(start - _SIDE + 1, 0), min(stop + _SIDE - 1, height)
    part = pixels[first:last]
    smooth = _small(part[:, 1:], part[:, :-1])
    rows_alike = smooth[:, :-1] & smooth[:, 1:]  # three beside each other
    smooth = _small(part[1:], part[:-1])
    columns_alike = smooth[:-1] & smooth[1:]
    # Where squares of three by three begin that are smooth, and all that is in one of them.
    begins = rows_alike[:-2] & rows_alike[1:-1] & rows_alike[2:]
    begins &= columns_alike[:, :-2] & columns_alike[:, 1:-1] & columns_alike[:, 2:]
    solid = np.zeros(part.shape[:2], dtype=np.bool_)
    for y in range(_SIDE):
        for x in range(_SIDE):
            solid[y : y + len(begins), x : x + begins.shape[1]] |= begins
    return solid[start - first : stop - first]


def _small(one: Pixels, other: Pixels) -> npt.NDArray[np.bool_]:
    """Tell where pixels hardly differ."""
    return np.asarray((np.maximum(one, other) - np.minimum(one, other) <= _SMOOTH).all(axis=2))


def _distances(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    squares = ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2)
    return np.asarray(np.sqrt(squares))


def _seen(colors: Pixels) -> npt.NDArray[np.float64]:
    """Place colors so that distances are as they look, by how much they can be seen."""
    rgba = to_channels(colors, 4)
    places = np.asarray(_METRIC.coordinates(rgba) * _WEIGHTS)
    opacity = rgba[:, 3] / 255  # which they are weighted by, black at -1/2
    lightness = (places[:, 0] + opacity / 2) / np.maximum(opacity, 1 / 255)
    first, second, third = _TOE
    moved = third * lightness.clip(0) - first
    looked = (moved + np.sqrt(moved**2 + 4 * second * third * lightness.clip(0))) / 2
    places[:, 0] = (looked - 0.5) * opacity
    places[:, 1:3] *= (looked / lightness.clip(1e-3)).clip(0, 1)[:, None]
    chroma = np.hypot(places[:, 1], places[:, 2]).clip(1e-6) / (2 * _COMPRESSED)
    places[:, 1:3] *= (_NEUTRAL * np.log1p(chroma) / chroma)[:, None]
    return places
