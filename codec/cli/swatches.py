"""Colors as they are, on terminals that can show them: 24 bits by SGR 48;2 (ISO 8613-6)."""

import os
from collections.abc import Sequence
from typing import TextIO

_CELL = 2  # columns, which are about as wide as a line is high
_INDENT = 2
_MOST_IN_A_LINE = 32
_RESET = "\x1b[0m"


def with_swatches(text: str, colors: Sequence[str], stream: TextIO) -> str:
    """Add lines of swatches to a text, if it is for a terminal that shows them.

    Parameters
    ----------
    text : str
        What is said.
    colors : sequence of str
        As `codec.colors.notation.write_color` writes them.
    stream : file object
        Where it will be said.

    Returns
    -------
    text : str
        The same, or with a swatch for each color. What is not opaque is dotted, what is clear has
        dots alone.
    """
    if not colors or not shows_colors(stream):
        return text
    count = min(max((_columns(stream) - _INDENT) // _CELL, 1), _MOST_IN_A_LINE)
    rows = [colors[start : start + count] for start in range(0, len(colors), count)]
    lines = (" " * _INDENT + "".join(map(_swatch, row)) + _RESET for row in rows)
    return "\n".join([text, *lines])


def shows_colors(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal that says that it shows 24-bit color.

    COLORTERM says so, by a convention of terminals; NO_COLOR (no-color.org), if it is not empty,
    says that nobody wants it.
    """
    if not stream.isatty() or os.environ.get("NO_COLOR"):
        return False
    term = os.environ.get("TERM", "dumb")
    says_so = os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit")
    return term != "dumb" and (says_so or term.endswith("-direct"))


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80


def _swatch(color: str) -> str:
    red, green, blue, alpha = (*bytes.fromhex(color[1:]), 255)[:4]
    if alpha == 0:
        return f"{_RESET}{_CELL * '.'}"
    return f"\x1b[48;2;{red};{green};{blue}m{_CELL * (' ' if alpha == 255 else '.')}"
