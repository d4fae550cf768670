"""Codebooks alone: `.npy`, and palettes in writing as other programs have them.

GIMP's (`.gpl`), JASC's (`.pal`) and lists of `#rrggbb`, one a line or several, are read; all are
short, and nothing in them is guessed: a line that says no color is an error.
"""

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codec.colors.notation import parse_color, write_color
from codec.errors import FormatError, ParameterError
from codec.formats.npy import encode_npy
from codec.limits import MAX_CODEBOOK_SIZE

Bytes = npt.NDArray[np.uint8]
Color = tuple[int, ...]

ENDINGS = (".npy", ".gpl", ".hex")
_OPAQUE = ".gpl"
_GIMP, _JASC = "GIMP Palette", "JASC-PAL"
_NUMBER = re.compile(r"\d{1,3}", re.ASCII)
_BARE = re.compile(r"[0-9a-f]{6}", re.ASCII | re.IGNORECASE)
_COMMENT = re.compile(r";.*|#(?:\s.*)?$")
_SHOWN = 40  # letters of a line that is complained of


def parse_palette(data: bytes) -> Bytes:
    """Read a palette in writing.

    Parameters
    ----------
    data : bytes
        The file: UTF-8, or Latin-1 in the names of a GIMP palette.

    Returns
    -------
    codebook : ndarray of shape (K, C), dtype uint8
        In the order of the file, equal colors included; C = 4 if any is written with alpha,
        else 3.

    Raises
    ------
    FormatError
        It is none, a line is no color, or there are no colors or more than 256.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if not data.startswith(_GIMP.encode()):
            raise _unknown() from None
        text = data.decode("latin-1")
    lines = text.splitlines()
    first = lines[0].strip() if lines else ""
    if first == _GIMP:
        colors = _parse_gimp(lines)
    elif first == _JASC:
        colors = _parse_jasc(lines)
    elif "\0" in text:
        raise _unknown()
    else:
        colors = _parse_list(lines)
    if not colors:
        raise FormatError("there are no colors in it", "bad-codebook")
    if len(colors) > MAX_CODEBOOK_SIZE:
        raise FormatError(
            f"it has {len(colors)} colors, and a codebook has {MAX_CODEBOOK_SIZE} at most",
            "bad-codebook",
        )
    channels = max(map(len, colors))
    return np.array([(*color, 255)[:channels] for color in colors], dtype=np.uint8)


def _unknown() -> FormatError:
    return FormatError(
        "neither a codebook .npy, a picture, a compressed file, nor a palette in writing "
        "(.gpl, .pal, or lines such as #ff8000)",
        "bad-codebook",
    )


def _wrong(number: int, line: str, example: str) -> FormatError:
    shown = line.strip()[:_SHOWN]
    return FormatError(f"line {number}: {shown!r} is no color such as {example}", "bad-codebook")


def _parse_gimp(lines: list[str]) -> list[Color]:
    """Read lines of red, green and blue, behind which may stand a name."""
    colors, channels = [], 3
    for number, line in enumerate(lines[1:], 2):
        words = line.split()
        if not words or words[0].startswith("#") or words[0] in ("Name:", "Columns:"):
            continue
        if words[0] == "Channels:":  # Aseprite's
            channels = 4 if words[1:] == ["RGBA"] else 3
            continue
        colors.append(_numbers(words[:channels], channels, number, line))
    return colors


def _parse_jasc(lines: list[str]) -> list[Color]:
    """Read a version, a count, and as many lines of red, green and blue, maybe alpha."""
    words = [line.split() for line in lines]
    if len(lines) < 3 or words[1] != ["0100"] or not re.fullmatch(r"\d{1,6}", lines[2].strip()):
        raise FormatError("the JASC palette has no version 0100 and count", "bad-codebook")
    rows = [(number, row) for number, row in enumerate(words[3:], 4) if row]
    if len(rows) != int(lines[2]):
        raise FormatError(
            f"the JASC palette says {int(lines[2])} colors and has {len(rows)}", "bad-codebook"
        )
    return [
        _numbers(row, 4 if len(row) == 4 else 3, number, lines[number - 1]) for number, row in rows
    ]


def _numbers(words: list[str], channels: int, number: int, line: str) -> Color:
    """Read so many numbers from 0 to 255."""
    fits = len(words) == channels and all(map(_NUMBER.fullmatch, words))
    color = tuple(map(int, words)) if fits else ()
    if not color or max(color) > 255:
        raise _wrong(number, line, "255 128 0 0"[: 4 * channels - 1].strip())
    return color


def _parse_list(lines: list[str]) -> list[Color]:
    """Read colors between commas and blanks; `;`, or `#` before a blank, begins a comment."""
    colors: list[Color] = []
    for number, line in enumerate(lines, 1):
        for word in _COMMENT.sub("", line).replace(",", " ").split():
            color = parse_color(f"#{word}" if _BARE.fullmatch(word) else word)
            if color is None:
                if not colors:
                    raise _unknown()
                raise _wrong(number, word, "#ff8000")
            colors.append(color)
    return colors


def check_ending(path: Path) -> None:
    """Refuse, with `ParameterError`, names that say no kind of codebook that is written."""
    if path.suffix.lower() not in ENDINGS or path.name.lower() in ENDINGS:
        raise ParameterError(
            f"the name of a codebook ends in one of {', '.join(ENDINGS)}", "output-name"
        )


def holds_alpha(path: Path) -> bool:
    """Tell whether the kind of codebook that a name says has a place for alpha."""
    return path.suffix.lower() != _OPAQUE


def encode_codebook(codebook: Bytes, path: Path) -> bytes:
    """Write a codebook alone.

    Parameters
    ----------
    codebook : ndarray of shape (K, C), dtype uint8
        The code-words.
    path : Path
        Its ending says how: `.npy`, `.gpl` or `.hex`, a list.

    Returns
    -------
    data : bytes
        The file.

    Raises
    ------
    ParameterError
        The ending is none of these, or the kind has no alpha and a code-word is not opaque.
    """
    check_ending(path)
    ending = path.suffix.lower()
    if ending == ".npy":
        return encode_npy(codebook)
    written = [write_color(color) for color in codebook]
    if ending == ".hex":
        return "".join(f"{color}\n" for color in written).encode()
    if any(len(color) > 7 for color in written):
        raise ParameterError("a .gpl has no alpha: .npy and .hex have", "output-name")
    lines = ["{:3} {:3} {:3}\t{}\n".format(*bytes.fromhex(color[1:]), color) for color in written]
    return "".join([f"{_GIMP}\nName: kmcodec\n#\n", *lines]).encode()
