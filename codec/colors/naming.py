"""Colors in plain words, as people call them from afar, and what changed where words agree."""

import math
from collections.abc import Sequence

import numpy as np

from codec.colors.colorspace import ColorMetric
from codec.colors.pixels import to_channels

_METRIC = ColorMetric("oklab", exact=True)
_STEPS = 65536.0
_CLEAR, _TRANSLUCENT = 16, 240  # alpha
# Chromas of OkLCh below which a color is grey, greyish, dull.
_GREY, _GREYISH, _DULL = 0.02, 0.042, 0.075
# Lightness from which a color that is greyish or dull is pale, and what is dark of any hue.
_PALE, _BLACK = 0.84, 0.2
# Up to which lightness greys are called so.
_GREYS = (
    (0.24, "black"), (0.5, "dark grey"), (0.76, "grey"), (0.965, "light grey"), (2.0, "white"),
)  # fmt: skip
# From which chroma on a color is vivid, so that brown is orange and beige is yellow.
_VIVID = 0.105
_ANY = 2.0
_Shades = tuple[tuple[float, str], ...]
# Up to which hue, in degrees, colors are of a family; up to which lightness its muted and vivid
# ones are called so; and from which chroma they are bright.
_FAMILIES: tuple[tuple[float, _Shades, _Shades, float], ...] = (
    (12, ((0.42, "dark red"), (0.6, "red"), (_ANY, "pink")),
     ((0.42, "dark red"), (0.58, "red"), (_ANY, "pink")), 0.2),
    (19, ((0.42, "dark red"), (0.56, "red"), (_ANY, "pink")),
     ((0.42, "dark red"), (0.575, "red"), (_ANY, "pink")), 0.24),
    (38, ((0.42, "dark red"), (0.6, "red"), (_ANY, "pink")),
     ((0.4, "dark red"), (0.68, "red"), (_ANY, "pink")), 0.24),
    (62, ((0.4, "dark brown"), (0.6, "brown"), (0.74, "light brown"), (_ANY, "peach")),
     ((0.4, "dark brown"), (0.6, "brown"), (0.84, "orange"), (_ANY, "peach")), _ANY),
    (82, ((0.4, "dark brown"), (0.6, "brown"), (0.7, "light brown"), (0.84, "beige"),
          (0.94, "peach"), (_ANY, "cream")),
     ((0.4, "dark brown"), (0.62, "brown"), (0.88, "orange"), (_ANY, "peach")), _ANY),
    (99, ((0.4, "dark brown"), (0.62, "brown"), (0.88, "beige"), (_ANY, "cream")),
     ((0.4, "dark brown"), (0.62, "brown"), (_ANY, "yellow")), 0.3),
    (118, ((0.42, "dark olive"), (0.72, "olive"), (0.88, "beige"), (_ANY, "cream")),
     ((0.42, "dark olive"), (0.78, "olive"), (_ANY, "yellow")), 0.3),
    (133, ((0.42, "dark green"), (0.62, "olive green"), (0.8, "green"), (_ANY, "light green")),
     ((0.42, "dark green"), (0.62, "olive green"), (_ANY, "yellowish green")), 0.2),
    (163, ((0.42, "dark green"), (0.78, "green"), (_ANY, "light green")),
     ((0.42, "dark green"), (0.84, "green"), (_ANY, "light green")), 0.2),
    (212, ((0.42, "dark teal"), (0.74, "teal"), (_ANY, "turquoise")),
     ((0.42, "dark teal"), (0.66, "teal"), (_ANY, "turquoise")), 0.16),
    (284, ((0.43, "dark blue"), (0.76, "blue"), (_ANY, "light blue")),
     ((0.36, "dark blue"), (0.76, "blue"), (_ANY, "light blue")), 0.165),
    (314, ((0.4, "dark purple"), (0.7, "purple"), (_ANY, "lilac")),
     ((0.34, "dark purple"), (0.7, "purple"), (_ANY, "lilac")), 0.25),
    (346, ((0.4, "dark purple"), (0.68, "purple"), (0.86, "lilac"), (_ANY, "pink")),
     ((0.34, "dark purple"), (0.56, "purple"), (0.7, "magenta"), (_ANY, "pink")), 0.29),
)  # fmt: skip
# What is muted by its name already: it is not called dull.
_MUTED = ("beige", "brown", "peach", "cream", "olive", "lilac", "pink")


def name_color(color: Sequence[int]) -> str:
    """Name a color.

    Parameters
    ----------
    color : sequence of int
        1 to 4 channels, 0 to 255.

    Returns
    -------
    name : str
        Such as ``dark blue`` or ``greyish teal``; many colors have the same, and the last word
        of it is what it is without its shade.
    """
    opacity, lightness, first, second = _look(color)
    if opacity < _CLEAR:
        return "clear"
    opaque = "" if opacity >= _TRANSLUCENT else "translucent "
    return opaque + _opaque_name(lightness, first, second)


def name_change(before: Sequence[int], after: Sequence[int]) -> str:
    """Say what a color became: another color, or the same one but different.

    Parameters
    ----------
    before, after : sequence of int
        1 to 4 channels each, 0 to 255.

    Returns
    -------
    name : str
        Such as ``beige``; of what keeps its name, but for the shade, such as ``duller``.
    """
    old, new = name_color(before), name_color(after)
    if old.split()[-1] != new.split()[-1]:
        return new
    opacity, *was = _look(before)
    other, *now = _look(after)
    light = now[0] - was[0]
    chroma, reached = math.hypot(*was[1:]), math.hypot(*now[1:])
    # What gets darker has less chroma in proportion, and is not duller for that. Of what moved
    # the rest is a turn of the hue; differences of hue and chroma look larger.
    strong = reached - chroma * (now[0] / was[0] if 0 < now[0] < was[0] else 1)
    moved = math.dist(was[1:], now[1:])
    turned = math.sqrt(max(moved**2 - (reached - chroma) ** 2, 0.0))
    faded = abs(other - opacity) / 255
    if faded and faded >= max(abs(light), 2 * abs(strong), 2 * turned):
        return "more solid" if other > opacity else "fainter"
    most = max(abs(light), 2 * abs(strong))
    if 2 * turned > most and new != old:
        return new
    if turned > most or (max(chroma, reached) < _GREY and abs(light) < 2 * abs(strong)):
        return f"another {new.split()[-1]}"
    if abs(light) >= 2 * abs(strong):
        return "lighter" if light > 0 else "darker"
    return "more vivid" if strong > 0 else "greyer" if reached < _GREYISH else "duller"


def _look(color: Sequence[int]) -> tuple[int, float, float, float]:
    """Tell a color's alpha, lightness, and how red and how yellow it is."""
    rgba = to_channels(np.array([color], dtype=np.uint8), 4)
    lightness, red, yellow = (_METRIC.coordinates(rgba[:, :3])[0] / _STEPS).tolist()
    return int(rgba[0, 3]), lightness, red, yellow


def _opaque_name(lightness: float, red: float, yellow: float) -> str:
    chroma = math.hypot(red, yellow)
    if chroma < _GREY or (lightness < _BLACK and chroma < _DULL):
        return next(name for most, name in _GREYS if lightness < most)
    hue = math.degrees(math.atan2(yellow, red)) % 360
    families = (*_FAMILIES, (360.1, *_FAMILIES[0][1:]))
    muted, vivid, bright = next(found[1:] for found in families if hue < found[0])
    shades = vivid if chroma >= _VIVID else muted
    name = next(name for most, name in shades if lightness < most)
    return _with_strength(name, lightness, chroma, bright)


def _with_strength(name: str, lightness: float, chroma: float, bright: float) -> str:
    shade, _, noun = name.rpartition(" ")
    shade = shade if shade in ("dark", "light") else ""
    if chroma >= bright:
        return name if shade == "dark" else f"bright {noun}"
    if chroma >= _DULL or noun == "cream":
        return name
    if lightness >= _PALE:
        return name if noun in _MUTED[:3] else f"pale {noun}"
    if chroma >= _GREYISH:
        return name if shade or noun in _MUTED else f"dull {noun}"
    return f"{shade} greyish {noun}".strip() if shade != "light" else f"greyish {noun}"
