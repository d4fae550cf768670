"""Colors in writing: `#rgb`, `#rgba`, `#rrggbb` and `#rrggbbaa`, as CSS has them."""

import re
from collections.abc import Sequence

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


def write_color(color: Sequence[int]) -> str:
    """Write a color of 1 to 4 channels; alpha only where it is not 255."""
    *hues, alpha = color if len(color) in (2, 4) else (*color, 255)
    if len(hues) == 1:
        hues *= 3
    octets = [*hues, alpha] if alpha != 255 else hues
    return "#" + bytes(int(value) for value in octets).hex()
