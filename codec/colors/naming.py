"""Colors in plain words, as people call them from afar."""

import math
from collections.abc import Sequence

import numpy as np

from codec.colors.colorspace import ColorMetric
from codec.colors.pixels import to_channels

_METRIC = ColorMetric("oklab", exact=True)
_STEPS = 65536.0
_GREY = 0.04  # chroma below which hues are not told
_CLEAR, _TRANSLUCENT = 16, 240  # alpha
# Up to which lightness of OkLab greys are called so.
_GREYS = (
    (0.25, "black"), (0.48, "dark grey"), (0.75, "grey"), (0.95, "light grey"), (2.0, "white"),
)  # fmt: skip
# Up to which hue, in degrees, colors are called so: dark ones, others, light ones; and from which
# lightness they are light.
_HUES = (
    (45, ("dark red", "red", "pink"), 0.75),
    (82, ("dark brown", "brown", "beige"), 0.77),
    (118, ("dark olive", "olive", "yellow"), 0.7),
    (163, ("dark green", "green", "light green"), 0.88),
    (215, ("dark turquoise", "turquoise", "light turquoise"), 0.92),
    (285, ("dark blue", "blue", "light blue"), 0.78),
    (322, ("dark purple", "purple", "light purple"), 0.75),
    (361, ("dark purple", "purple", "pink"), 0.6),
)
_DARK = 0.42
_VIVID = 0.11  # chroma from which brown is orange


def name_color(color: Sequence[int]) -> str:
    """Name a color.

    Parameters
    ----------
    color : sequence of int
        1 to 4 channels, 0 to 255.

    Returns
    -------
    name : str
        Such as ``dark blue``; many colors have the same.
    """
    rgba = to_channels(np.array([color], dtype=np.uint8), 4)
    opacity = int(rgba[0, 3])
    if opacity < _CLEAR:
        return "clear"
    opaque = "" if opacity >= _TRANSLUCENT else "translucent "
    lightness, first, second = (_METRIC.coordinates(rgba[:, :3])[0] / _STEPS).tolist()
    return opaque + _opaque_name(lightness, first, second)


def _opaque_name(lightness: float, first: float, second: float) -> str:
    chroma = math.hypot(first, second)
    if chroma < _GREY or lightness < _GREYS[0][0] / 2:
        return next(name for most, name in _GREYS if lightness < most)
    hue = math.degrees(math.atan2(second, first)) % 360
    names, light = next((names, light) for most, names, light in _HUES if hue < most)
    if names[1] == "brown" and chroma >= _VIVID and lightness >= 0.6:
        return "orange"
    return names[0 if lightness < _DARK else 2 if lightness >= light else 1]
