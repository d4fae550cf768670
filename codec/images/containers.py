"""Picture files judged by their own structure, before any decoder sees them.

For each kind: is it whole, how large is it, how many pictures does it hold? Decoders are lenient
about all three; users are not. PNG, which is read by our own decoder, is judged there.
"""

import functools
import struct
import zlib
from collections.abc import Callable

from codec.errors import ImageError
from codec.images.bmp import bmp_size, bmp_structure, is_dib
from codec.images.gif import gif_structure
from codec.images.jpeg import jpeg_structure
from codec.images.records import Structure, truncated
from codec.images.tiff import tiff_structure
from codec.limits import check_dimensions
from codec.png.reading import SIGNATURE

EXTENSIONS = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "WebP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "DIB": (".dib",),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff"),
}
# What `check_start` looks at.
START_BYTES = 33
READABLE_EXTENSIONS = tuple({name: None for names in EXTENSIONS.values() for name in names})


def recognize(data: bytes) -> str:
    """Tell the kind of a picture from its first bytes.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    kind : str
        As in `Structure`.

    Raises
    ------
    ImageError
        It is none of the allowed kinds.
    """
    for magic, kind in (
        (SIGNATURE, "PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"BM", "BMP"),
        (b"GIF87a", "GIF"),
        (b"GIF89a", "GIF"),
        (b"II*\x00", "TIFF"),
        (b"MM\x00*", "TIFF"),
        (b"II+\x00", "TIFF"),
        (b"MM\x00+", "TIFF"),
    ):
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if is_dib(data):
        return "DIB"
    raise ImageError("not a PNG, JPEG, WebP, BMP, GIF or TIFF picture", "unknown-format")


def check_start(start: bytes, kind: str, max_pixels: int) -> None:
    """Refuse a picture for its size as its first bytes state it, where they do.

    Parameters
    ----------
    start : bytes
        The first bytes of the file, `START_BYTES` if it has so many.
    kind : str
        From `recognize`.
    max_pixels : int
        Largest picture that is accepted.

    Raises
    ------
    LimitError
        It is larger.
    """
    width = height = 0
    if len(start) < START_BYTES:
        return
    if kind == "PNG" and zlib.crc32(start[12:29]) == int.from_bytes(start[29:33], "big"):
        width, height = struct.unpack_from(">II", start, 16)
    elif kind == "GIF":
        width, height = struct.unpack_from("<HH", start, 6)
    elif kind in ("BMP", "DIB"):
        width, height = bmp_size(start, kind)
    elif kind == "WebP" and start[12:16] == b"VP8X":
        width, height = (1 + int.from_bytes(start[at : at + 3], "little") for at in (24, 27))
    if width and height:
        check_dimensions(width, height, max_pixels)


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
    while position + 8 <= end:
        name, size = struct.unpack_from("<4sI", data, position)
        content = position + 8
        if name == b"VP8X":
            width = 1 + int.from_bytes(data[content + 4 : content + 7], "little")
            height = 1 + int.from_bytes(data[content + 7 : content + 10], "little")
        elif name == b"VP8 " and not width:
            width, height = (
                side & 0x3FFF for side in struct.unpack_from("<HH", data, content + 6)
            )
        elif name == b"VP8L" and not width:
            packed = struct.unpack_from("<I", data, content + 1)[0]
            width, height = 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
        elif name == b"ANMF":
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
