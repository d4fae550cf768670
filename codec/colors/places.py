"""Where pixels lie for error diffusion: whole numbers of 12 bits in the space of a metric.

A step is 1/16 of an 8-bit sample in sRGB; in OkLab 1/4080 of the way from black to white, in Lab
1/1920 of it. Alpha is weighed as `codec.colors.colorspace` says, around the middle of the axis of
greys, and has an axis of its own, the last.
"""

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.colors.colorspace import LMS_FROM_RGB, OKLAB_FROM_LMS, ColorMetric, srgb_to_linear
from codec.colors.pixels import as_rows

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int16]

STEPS = 16
HIGHEST = 255 * STEPS
_ROOTS = 1 << 14
# Places of the origin of each axis, and of the middle of greys: between 0 and `HIGHEST` there is
# room for all colors.
_OKLAB_ORIGIN = np.array([0, 64 * STEPS, 96 * STEPS])
_LAB_STEPS = 19.2
_LAB_ORIGIN = np.array([0, 110 * STEPS, 132 * STEPS])


class _Layout(NamedTuple):
    """How the coordinates of `ColorMetric` lie among places."""

    origin: npt.NDArray[np.int64]
    middle: npt.NDArray[np.int64]  # of the axis of greys
    solid: float  # on the axis of alpha
    step: float  # of coordinates where there is alpha
    opaque_step: float


def _layout(space: str, channels: int) -> _Layout:
    """Describe a space for colors of so many channels."""
    if space == "rgb":
        origin = np.zeros(1, dtype=np.int64)
        solid = HIGHEST * np.sqrt((channels - 1) / 12)
        return _Layout(origin, origin + HIGHEST // 2, solid, STEPS / 510, STEPS)
    if space == "oklab":
        middle = _OKLAB_ORIGIN + np.array([HIGHEST // 2, 0, 0])
        step = HIGHEST / 65536
        return _Layout(_OKLAB_ORIGIN, middle, HIGHEST * np.sqrt(1 / 12), step, step)
    middle = _LAB_ORIGIN + np.array([round(50 * _LAB_STEPS), 0, 0])
    step = _LAB_STEPS / 1024
    return _Layout(_LAB_ORIGIN, middle, 100 * _LAB_STEPS * np.sqrt(1 / 12), step, step)


def place_pixels(pixels: Bytes, metric: ColorMetric) -> Places:
    """Place pixels.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        Any strides; straight alpha.
    metric : ColorMetric
        Whose space it is; `ColorMetric.exact` makes no difference.

    Returns
    -------
    places : ndarray of shape (H, W * C), dtype int16
        0 to `HIGHEST`.
    """
    height, width, channels = pixels.shape
    alpha = pixels[..., -1:].astype(np.int32) if channels in (2, 4) else None
    space = metric.space if channels > 2 else "rgb"
    layout = _layout(space, channels)
    if space == "rgb":
        colors = pixels if alpha is None else pixels[..., :-1]
        placed = colors.astype(np.int32) * STEPS
    elif space == "oklab":
        opaque = np.empty((height, width * 3), dtype=np.int16)
        kernels.oklab.place_rows(as_rows(pixels), channels, *oklab_tables(), opaque)
        if alpha is None:
            return opaque
        placed = opaque.reshape(height, width, 3).astype(np.int32)
    else:
        values = ColorMetric(space).coordinates(pixels[..., :3].reshape(-1, 3)) * layout.step
        placed = np.rint(values).astype(np.int32).reshape(height, width, 3)
        placed += layout.origin
    if alpha is not None:
        weighed = (2 * alpha * (placed - layout.middle) + 255) // 510 + layout.middle
        solid = round(layout.solid)
        placed = np.concatenate([weighed, (2 * alpha * solid + 255) // 510], axis=2)
    return np.ascontiguousarray(placed.reshape(height, -1), dtype=np.int16)


def place_colors(colors: Bytes, metric: ColorMetric) -> Places:
    """Place colors of shape (N, C); ndarray of shape (N, C)."""
    return place_pixels(colors[None], metric).reshape(colors.shape)


def colors_at(places: npt.NDArray[np.float64], metric: ColorMetric) -> Bytes:
    """Find the colors nearest to places, the inverse of `place_colors`.

    Parameters
    ----------
    places : ndarray of shape (K, C), dtype float64
        Such as means of places.
    metric : ColorMetric
        Whose space they are in.

    Returns
    -------
    colors : ndarray of shape (K, C), dtype uint8
        Rounded to nearest.
    """
    channels = places.shape[1]
    space = metric.space if channels > 2 else "rgb"
    layout = _layout(space, channels)
    plain = ColorMetric(space)
    if channels in (1, 3):
        return plain.colors((places - layout.origin) / layout.opaque_step, channels)
    moved = np.hstack([places[:, :-1] - layout.middle, places[:, -1:]])
    return plain.colors(moved / layout.step, channels)


@functools.cache
def oklab_tables() -> tuple[npt.NDArray[np.generic], ...]:
    """Make what `kernels.oklab` needs."""
    light = np.rint(65535 * srgb_to_linear(np.arange(256.0))).astype(np.uint16)
    roots = np.rint(_ROOTS * np.cbrt(np.arange(65536) / 65535)).astype(np.int16)
    mixing = np.rint(65536 * LMS_FROM_RGB).astype(np.int32).reshape(-1)
    # White must not be beyond the last root.
    mixing[::3] -= np.maximum(mixing.reshape(3, 3).sum(axis=1) - 65536, 0).astype(np.int32)
    turning = np.rint(65536 * OKLAB_FROM_LMS * HIGHEST / _ROOTS).astype(np.int32).reshape(-1)
    return light, roots, mixing, turning, _OKLAB_ORIGIN.astype(np.int32)
