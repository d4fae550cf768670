"""Shades of a color that became others alike: how far they moved, as people see them."""

import numpy as np
import numpy.typing as npt

from codec.colors.colorspace import ColorMetric
from codec.colors.pixels import to_channels

Pixels = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# OkLab's unit is 65,536 steps, and its hues count double: as small differences look.
_METRIC = ColorMetric("oklab")
_WEIGHTS = np.array([1, 2, 2, 1]) / 65536
# The last coordinate of what is opaque.
_OPAQUE = 12**-0.5
# The least difference that anybody sees; how near colors are that are one, if they became alike;
# how near changes are for that, as a part of their size; how many are compared, and
# how many groups of them looked at.
LEAST_CHANGE = 0.02
_NEAR = 0.1
_SAME = 0.06
_ALIKE = 0.7
_MOST_CELLS, _MOST_GROUPS = 400, 40
# Hues of greyish colors differ more to the eye than those of strong ones, as in CIEDE2000: chroma
# counts so much more near grey, and from this chroma on less.
_NEUTRAL, _COMPRESSED = 1.5, 0.1
# Of lightness as it looks beside white: near black OkLab has larger steps than can be seen.
_TOE = (0.206, 0.03, 1.206 / 1.03)
# From which chroma, as it looks, colors have a hue, and from which part of their lightness: shades
# in the dark have less.
_COLORED, _SATURATED = 0.045, 0.22
# What are shades of one color: the least cosine between their hues, the most between their
# lightnesses, and the least part that one is as saturated as the other; and the most between what
# they became, but for its lightness.
_ONE_HUE, _SHADES, _FADED, _ONE_END = 0.9, 0.3, 0.4, 0.12
# A change counts so much more that takes a hue away or turns it, all of it from this size on.
_LOST_HUE, _STRONG = 4.0, 0.2


class Shades:
    """Colors before, the means of what they became, and which of them changed alike.

    Parameters
    ----------
    means : ndarray of shape (N, 2 C), dtype float64
        1 to 4 channels before, and as many after.
    weights : ndarray of shape (N,), dtype float64
        How much of the picture they are.
    """

    def __init__(self, means: Floats, weights: Floats) -> None:
        before, after = (np.rint(part).astype(np.uint8) for part in np.split(means, 2, axis=1))
        self.places: Floats = looks(before)
        self.moves: Floats = looks(after) - self.places
        self.weights = weights
        sizes = np.sqrt((self.moves**2).sum(axis=1))
        # Of strong colors more is lost than of greyish ones: what is seen of these is scaled.
        places = [_METRIC.coordinates(to_channels(part, 4)) * _WEIGHTS for part in (before, after)]
        faded = np.hypot(*(places[1] - places[0])[:, 1:3].T)
        colored = _saturations(self.places) > 0
        lost = np.where(colored, (faded / _STRONG).clip(0, 1), 0)
        self.sizes: Floats = (sizes - LEAST_CHANGE).clip(0) * (1 + _LOST_HUE * lost)

    def leave_out(self, few: npt.NDArray[np.bool_]) -> None:
        """Leave out those that are too few."""
        self.sizes[few] = 0

    def mean_move(self, members: Numbers) -> Floats:
        """Average how far those of these numbers moved."""
        return np.asarray(np.average(self.moves[members], axis=0, weights=self.weights[members]))

    def groups(self) -> list[tuple[Numbers, float]]:
        """List which are one color and changed alike, and how plain that is, plainest first."""
        merit = self.sizes * np.sqrt(self.weights)
        chosen = np.argsort(-merit, kind="stable")[:_MOST_CELLS]
        chosen = chosen[merit[chosen] > 0]
        places, moves, weights = self.places[chosen], self.moves[chosen], self.weights[chosen]
        lengths = np.sqrt((moves**2).sum(axis=1))
        apart = _distances(places)
        turned = _distances(moves)
        shorter = np.minimum(lengths[:, None], lengths)
        alike = (apart < _NEAR) & (turned < _ALIKE * lengths[:, None]) & (turned < shorter)
        colored = _saturations(places) > 0
        alike &= colored[:, None] == colored
        alike |= _shades(places, moves)
        alike |= np.eye(len(chosen), dtype=np.bool_)
        free = np.ones(len(chosen), dtype=np.bool_)
        found: list[tuple[Numbers, float]] = []
        while free.any() and len(found) < _MOST_GROUPS:
            merit = self.sizes[chosen] * np.sqrt((alike & free) @ weights) * free
            best = int(merit.argmax())
            if not merit[best]:
                break
            found.append((chosen[alike[best] & free], float(merit[best])))
            # Nor is it told of nearly the same color, unless it became something else.
            free &= ~(alike[best] | ((apart[best] < _SAME) & (turned[best] < lengths[best])))
        return found


def _shades(places: Floats, moves: Floats) -> npt.NDArray[np.bool_]:
    """Tell which colors are shades of one hue that lost as much of it, or turned it as far."""
    hues, turned = (part[:, 1] + 1j * part[:, 2] for part in (places, moves))
    saturations = _saturations(places)
    colored = saturations > 0
    hues = np.where(colored, hues, 1)
    units = hues / np.abs(hues)
    relative = turned / hues
    near = (units[:, None] * units[None].conj()).real > _ONE_HUE
    near &= colored[:, None] & colored[None]
    near &= np.abs(places[:, None, 0] - places[None, :, 0]) < _SHADES
    pairs = saturations[:, None], saturations[None]
    near &= np.minimum(*pairs) > _FADED * np.maximum(*pairs)
    near &= np.abs(places[:, None, 3] - places[None, :, 3]) < _NEAR
    different = np.abs(relative[:, None] - relative[None])
    ends = hues + turned
    near &= np.abs(ends[:, None] - ends[None]) < _ONE_END
    return np.asarray(near & (different < _ALIKE * np.abs(relative)[:, None]))


def _saturations(places: Floats) -> Floats:
    """Tell which part of their lightness the chroma of colors is; 0 for those without a hue."""
    chroma = np.hypot(*places[:, 1:3].T)
    parts = chroma / (places[:, 0] + places[:, 3] / _OPAQUE / 2).clip(0.05)
    return np.asarray(np.where((chroma >= _COLORED) & (parts >= _SATURATED), parts, 0))


def _distances(vectors: Floats) -> Floats:
    squares = ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2)
    return np.asarray(np.sqrt(squares))


def looks(colors: Pixels) -> Floats:
    """Place colors so that distances are as they look, by how much they can be seen.

    Parameters
    ----------
    colors : ndarray of shape (N, C), dtype uint8
        1 to 4 channels.

    Returns
    -------
    places : ndarray of shape (N, 4), dtype float64
        Lightness from black at -1/2 on, how red and how yellow they are, and alpha; all 0 for
        what is fully transparent.
    """
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
