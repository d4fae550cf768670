"""Where colors are clustered: 8-bit colors to fixed-point coordinates, and back.

Coordinates are whole numbers held in floating point, so that sums and squared distances of them
are exact in whatever order they are formed. The unit of each space is stated in `_SPACES`.

Alpha. A translucent pixel looks different on every background. For color v and opacity a, both
in 0..1, seen on a background b that is uniform over 0..1, the expected squared difference of two
pixels is ``(u - w/2)**2 + w**2 / 12`` for each channel, where ``u = a*v - a'*v'`` and
``w = a - a'``. That is the plain Euclidean distance between points ``(a * (v - 1/2), a * s)``
with ``s = sqrt(n / 12)`` for n color channels: color differences count as much as they can be
seen, and all invisible colors are one point.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.lab import lab_from_linear, linear_from_lab, mixed

Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Space:
    """One space: conversions from and to sRGB in 0..255, its axis of greys, its fixed point."""

    forward: Callable[[Points], Points]
    inverse: Callable[[Points], Points]
    middle: tuple[float, ...]  # the middle of the axis from black to white
    grey_axes: int  # how many channels a change of grey level moves
    extent: float  # length of the axis from black to white, in each of these channels
    steps: float  # fixed-point steps per unit


def _identity(values: Points) -> Points:
    return values


def srgb_to_linear(values: Points) -> Points:
    """Turn sRGB samples in 0..255 into linear light in 0..1."""
    scaled = values / 255.0
    return np.where(scaled <= 0.04045, scaled / 12.92, ((scaled + 0.055) / 1.055) ** 2.4)


def _linear_to_srgb(values: Points) -> Points:
    values = np.clip(values, 0.0, 1.0)
    return 255.0 * np.where(
        values <= 0.0031308, 12.92 * values, 1.055 * values ** (1 / 2.4) - 0.055
    )


# Björn Ottosson, "A perceptual color space for image processing", 2020,
# https://bottosson.github.io/posts/oklab/ (matrices of the 2021-01-25 revision).
LMS_FROM_RGB = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
OKLAB_FROM_LMS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


LINEAR = srgb_to_linear(np.arange(256.0))  # of 8-bit samples, for powers take long


def _oklab_from_srgb(values: Points) -> Points:
    linear = LINEAR[values.astype(np.uint8)]
    return mixed(np.cbrt(mixed(linear, LMS_FROM_RGB)), OKLAB_FROM_LMS)


def _srgb_from_oklab(values: Points) -> Points:
    lms = mixed(values, np.linalg.inv(OKLAB_FROM_LMS)) ** 3
    return _linear_to_srgb(mixed(lms, np.linalg.inv(LMS_FROM_RGB)))


def _lab_from_srgb(values: Points) -> Points:
    return lab_from_linear(srgb_to_linear(values))


def _srgb_from_lab(values: Points) -> Points:
    return _linear_to_srgb(linear_from_lab(values))


_SPACES = {
    "rgb": _Space(_identity, _identity, (127.5,), 0, 255.0, 510.0),
    "oklab": _Space(_oklab_from_srgb, _srgb_from_oklab, (0.5, 0.0, 0.0), 1, 1.0, 65536.0),
    "lab": _Space(_lab_from_srgb, _srgb_from_lab, (50.0, 0.0, 0.0), 1, 100.0, 1024.0),
}


@dataclass(frozen=True)
class ColorMetric:
    """A color space together with what alpha means: how different two colors are.

    Parameters
    ----------
    space : {'rgb', 'oklab', 'lab'}
        Where differences of color are measured. Grey pictures (C = 1, 2) are always measured in
        their own grey levels.
    exact : bool
        Take alpha for a channel like the others, so that colors under alpha 0 count.
    """

    space: str = "rgb"
    exact: bool = False

    def _plan(self, channels: int) -> tuple[_Space, bool]:
        """Choose the space, and whether colors are weighted by alpha."""
        space = _SPACES[self.space if channels >= 3 else "rgb"]
        return space, channels in (2, 4) and not self.exact

    def is_plain(self, channels: int) -> bool:
        """Tell whether coordinates are the colors themselves.

        Parameters
        ----------
        channels : int
            C of the colors.

        Returns
        -------
        plain : bool
            True for opaque or exact pictures in space ``rgb``.
        """
        space, weighted = self._plan(channels)
        return not weighted and space.grey_axes == 0

    def coordinates(self, colors: npt.NDArray[np.uint8]) -> Points:
        """Place colors so that squared Euclidean distance is how different they are.

        Parameters
        ----------
        colors : ndarray of shape (U, C), dtype uint8
            8-bit sRGB, straight alpha.

        Returns
        -------
        points : ndarray of shape (U, D), dtype float64
            Whole numbers. For opaque RGB or grey pictures in space ``rgb``, the colors
            themselves.
        """
        space, weighted = self._plan(colors.shape[1])
        if colors.shape[1] == 3 and self.space == "oklab":  # very many of very large pictures
            points = np.empty(colors.shape, dtype=np.float64)
            kernels.oklab.find_coordinates(
                np.ascontiguousarray(colors), LINEAR, LMS_FROM_RGB, OKLAB_FROM_LMS, space.steps,
                points,
            )  # fmt: skip
            return points
        values = colors.astype(np.float64)
        if not weighted and space.grey_axes == 0:
            return values
        if colors.shape[1] == 3:
            return np.rint(space.forward(values) * space.steps)
        opacity = values[:, -1:] / 255.0
        placed = space.forward(values[:, :-1]) - np.array(space.middle)
        if weighted:
            placed = opacity * placed
        return np.rint(np.hstack([placed, opacity * self._alpha_extent(values)]) * space.steps)

    def _alpha_extent(self, values: Points) -> float:
        space, _ = self._plan(values.shape[1])
        axes = space.grey_axes or values.shape[1] - 1
        return float(space.extent * np.sqrt(axes / 12.0))

    def colors(self, points: Points, channels: int) -> npt.NDArray[np.uint8]:
        """Find the 8-bit colors nearest to points, the inverse of `coordinates`.

        Parameters
        ----------
        points : ndarray of shape (K, D), dtype float64
            Any real coordinates, such as the means of clusters.
        channels : int
            C of the result.

        Returns
        -------
        colors : ndarray of shape (K, C), dtype uint8
            Rounded to nearest, halves up. Fully transparent colors are all zero, unless the
            metric is exact.
        """
        space, weighted = self._plan(channels)
        if not weighted and space.grey_axes == 0:
            return _round_to_uint8(points)
        placed = points / space.steps
        if channels == 3:
            return _round_to_uint8(space.inverse(placed))
        extent = self._alpha_extent(np.zeros((1, channels)))
        alpha = _round_to_uint8(255.0 * placed[:, -1:] / extent)
        if not weighted:
            values = space.inverse(placed[:, :-1] + np.array(space.middle))
            return np.hstack([_round_to_uint8(values), alpha])
        opacity = np.maximum(alpha, 1) / 255.0
        values = space.inverse(placed[:, :-1] / opacity + np.array(space.middle))
        return np.hstack([_round_to_uint8(values) * (alpha > 0), alpha])


def _round_to_uint8(values: Points) -> npt.NDArray[np.uint8]:
    return np.floor(np.clip(values, 0.0, 255.0) + 0.5).astype(np.uint8)
