"""Which colors are clear, which solid, and what may stand for them.

A pixel of alpha 0 is *clear*, one of alpha 255 *solid*. Clear ones become clear and solid ones
solid, however little an alpha of 1 or 254 differs: programs ask for just these two, and a mid-grey
differs little from nothing on a grey background. Any code-word may stand for the others, the
*translucent* ones.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codec.colors.colorspace import ColorMetric, Points

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

_SOLID = 255
_ALPHA_WEIGHT = math.sqrt(2)


def has_classes(metric: ColorMetric, channels: int) -> bool:
    """Tell whether alpha says what is clear and what is solid.

    Parameters
    ----------
    metric : ColorMetric
        If it is exact, alpha is a channel like the others.
    channels : int
        C of the colors.
    """
    return channels in (2, 4) and not metric.exact


def are_clear(colors: Bytes) -> Mask:
    """Tell which colors of shape (U, 2) or (U, 4) are clear."""
    return np.asarray(colors[:, -1] == 0)


def are_solid(colors: Bytes) -> Mask:
    """Tell which colors of shape (U, 2) or (U, 4) are solid."""
    return np.asarray(colors[:, -1] == _SOLID)


def has_ends(colors: Bytes) -> bool:
    """Tell whether any color of shape (U, 2) or (U, 4) is clear or solid."""
    return bool((are_clear(colors) | are_solid(colors)).any())


@dataclass(frozen=True)
class PartedMetric(ColorMetric):
    """A metric to train with: errors of alpha weigh more, and solid colors may lie apart.

    Pages are white or black as often as they are of any shade. Backgrounds of every shade have
    the variance 1/12 that `codec.colors.colorspace` counts errors of alpha with, black and white
    ones 1/4; this counts them with the mean of the two, 1/6.

    Parameters
    ----------
    gap : float
        How far solid colors are moved away from all others, in distances of solid from clear, so
        that clusters do not mix them.
    """

    gap: float = 0.0

    def coordinates(self, colors: Bytes) -> Points:
        """Place colors, as a metric that is not exact does."""
        points = super().coordinates(colors)
        points[are_solid(colors), -1] += self._ends(colors.shape[1])[1]
        return points

    def colors(self, points: Points, channels: int) -> Bytes:
        """Find the 8-bit colors nearest to points, the inverse of `coordinates`."""
        solid, gap = self._ends(channels)
        points = points.copy()
        alpha = points[:, -1]
        translucent = (_SOLID - 1) / _SOLID * solid
        are_beyond = alpha > (translucent + solid + gap) / 2
        points[:, -1] = np.where(are_beyond, solid, np.minimum(alpha, translucent))
        return super().colors(points, channels)

    def _alpha_extent(self, values: Points) -> float:
        return _ALPHA_WEIGHT * super()._alpha_extent(values)

    def _ends(self, channels: int) -> tuple[float, float]:
        """Where solid colors are on the axis of alpha, and how far they are moved."""
        solid = np.full((1, channels), _SOLID, dtype=np.uint8)
        place = float(super().coordinates(solid)[0, -1])
        return place, float(np.rint(self.gap * place))
