"""Colors in writing: `#rgb`, `#rgba`, `#rrggbb` and `#rrggbbaa`, as CSS has them."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

_WRITTEN = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.ASCII | re.IGNORECASE)


def parse_color(text: str) -> tuple[int, ...] | None:
    """Read a color.

    Parameters
    ----------
    text : str
        Such as ``#f80`` or ``#ff880080``, digits in either case.

    Returns
    -------
    color : tuple of int or None
        Three channels, or four if alpha is written; None if it is not a color.
    """
    if not _WRITTEN.fullmatch(text):
        return None
    digits = text[1:]
    if len(digits) < 6:
        digits = "".join(2 * digit for digit in digits)
    return tuple(bytes.fromhex(digits))


def read_color(color: Any) -> tuple[int, ...] | None:
    """Read a color in writing or in numbers.

    Parameters
    ----------
    color : str or sequence of int
        As `parse_color` takes it, or 1 to 4 channels, 0 to 255.

    Returns
    -------
    color : tuple of int or None
        Its channels, as many as were given; None if it is not a color.
    """
    if isinstance(color, str):
        return parse_color(color)
    try:
        values = np.asarray(color)
    except (TypeError, ValueError):
        return None
    fits = values.ndim == 1 and 1 <= len(values) <= 4 and values.dtype.kind in "iu"
    fits = fits and bool((values >= 0).all() and (values <= 255).all())
    return tuple(values.tolist()) if fits else None


def write_color(color: Sequence[int]) -> str:
    """Write a color of 1 to 4 channels; alpha only where it is not 255."""
    *hues, alpha = color if len(color) in (2, 4) else (*color, 255)
    if len(hues) == 1:
        hues *= 3
    octets = [*hues, alpha] if alpha != 255 else hues
    return "#" + bytes(int(value) for value in octets).hex()
