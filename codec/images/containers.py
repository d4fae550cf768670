"""Picture files other than PNG, judged by their own structure before any decoder sees them.

For each kind: is it whole, how large is it, how many pictures does it hold? Decoders are lenient
about all three; users are not. PNG is judged by its own decoder, and needs none of these modules.
"""

import functools
import struct
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError
from codec.files import Part
from codec.images.bmp import bmp_size, bmp_structure, decode_bmp
from codec.images.directories import first_page_size
from codec.images.gif import decode_gif, gif_structure
from codec.images.jpeg import decode_jpeg, jpeg_size, jpeg_structure
from codec.images.kinds import START_BYTES
from codec.images.pillow import decode_webp
from codec.images.records import Findings, Structure, truncated
from codec.images.tiff import decode_tiff, tiff_structure
from codec.limits import check_dimensions

Pixels = npt.NDArray[np.uint8]

# Chunks of a WebP: of an animation some for every frame, and more of larger files.
_MOST_CHUNKS, _LEAST_CHUNK = 1 << 16, 128


def stated_size(part: Part, kind: str) -> tuple[int, int] | None:
    """Find the size of a picture as its headers state it, without reading all of the file.

    Parameters
    ----------
    part : callable
        From `codec.files.open_parts`; the file has at least `START_BYTES`.
    kind : str
        From `recognize`.

    Returns
    -------
    size : tuple of (int, int) or None
        Width and height; None if they are not where a sound file has them.
    """
    start = part(0, START_BYTES)
    if kind == "GIF":
        width, height = struct.unpack_from("<HH", start, 6)
        return width, height
    if kind in ("BMP", "DIB"):
        return bmp_size(start, kind)
    if kind == "WebP":
        return _webp_size(start[12:16], start[20:])
    return jpeg_size(part) if kind == "JPEG" else first_page_size(part)


def _webp_size(name: bytes, content: bytes) -> tuple[int, int] | None:
    """Read width and height off a chunk that states them."""
    if name == b"VP8X":
        width, height = (int.from_bytes(content[at : at + 3], "little") for at in (4, 7))
        return 1 + width, 1 + height
    if name == b"VP8 ":
        width, height = struct.unpack_from("<HH", content, 6)
        return width & 0x3FFF, height & 0x3FFF
    if name == b"VP8L":
        packed = struct.unpack_from("<I", content, 1)[0]
        return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    return None


def decode(data: bytes, structure: Structure, *, scale_range: bool) -> tuple[Pixels, Findings]:
    """Decode what `examine` found to be whole.

    Parameters
    ----------
    data : bytes
        The whole file.
    structure : Structure
        From `examine`.
    scale_range : bool
        Stretch samples of more than 8 bits, which TIFFs have.

    Returns
    -------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        In the file's own color space; or indices, if there is a palette.
    findings : Findings
        What else is in the file.

    Raises
    ------
    ImageError, FormatError, LimitError, OSError
        It is damaged, ends early, or is of a kind that is not read.
    """
    if structure.kind == "TIFF":
        return decode_tiff(data, structure, scale_range=scale_range)
    return _DECODERS[structure.kind](data, structure)


def examine(data: bytes, kind: str, max_pixels: int) -> Structure:
    """Check a picture file's structure, size and number of frames.

    Parameters
    ----------
    data : bytes
        The whole file.
    kind : {'JPEG', 'WebP', 'BMP', 'DIB', 'GIF', 'TIFF'}
        From `recognize`.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    structure : Structure
        Everything is within the limits.

    Raises
    ------
    ImageError, FormatError
        Cut short, damaged, or without pixels.
    LimitError
        Larger than allowed.
    """
    try:
        structure = _EXAMINERS[kind](data, max_pixels)
    except (struct.error, IndexError, OverflowError) as error:
        raise truncated(kind) from error
    check_dimensions(structure.width, structure.height, max_pixels)
    return structure


def _webp_structure(data: bytes, _: int) -> Structure:
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    if end > len(data):
        raise truncated("WebP")
    width = height = frames = 0
    position = 12
    left_over = _MOST_CHUNKS + end // _LEAST_CHUNK
    while position + 8 <= end:
        if (left_over := left_over - 1) < 0:
            raise ImageError("the WebP has far more chunks than pictures have", "damaged")
        name, size = struct.unpack_from("<4sI", data, position)
        content = position + 8
        if name == b"VP8X" or not width:
            width, height = _webp_size(name, data[content : content + 10]) or (0, 0)
        if name == b"ANMF":
            frames += 1
        position = content + size + (size & 1)
    if position - 1 > end:
        raise truncated("WebP")
    return Structure("WebP", width, height, max(1, frames))


_EXAMINERS: dict[str, Callable[[bytes, int], Structure]] = {
    "JPEG": lambda data, _: jpeg_structure(data),
    "GIF": gif_structure,
    "WebP": _webp_structure,
    "BMP": functools.partial(bmp_structure, kind="BMP"),
    "DIB": functools.partial(bmp_structure, kind="DIB"),
    "TIFF": lambda data, _: tiff_structure(data),
}
_DECODERS: dict[str, Callable[[bytes, Structure], tuple[Pixels, Findings]]] = {
    "JPEG": decode_jpeg,
    "WebP": decode_webp,
    "BMP": decode_bmp,
    "DIB": decode_bmp,
    "GIF": decode_gif,
}
