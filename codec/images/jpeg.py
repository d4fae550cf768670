"""JPEG: what its segments say, and how often its decoder would have to pass over the picture."""

import struct
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError, LimitError
from codec.files import Part
from codec.images.decoders import metadata_left_out
from codec.images.orientation import find_orientation
from codec.images.pillow import decode_mode
from codec.images.records import Findings, Structure, truncated
from codec.limits import MAX_JPEG_PIXELS_PER_BYTE, MAX_JPEG_SCANS, MAX_JPEG_SCANS_PER_BYTE

Pixels = npt.NDArray[np.uint8]

_START_OF_SCAN = 0xDA
# Before the frame header, of files that are looked at in part; an ICC profile has up to 255.
_MOST_SEGMENTS = 400
_EXIF, _XMP, _ICC = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"
# Segments that decide on pixels: frames and tables, and what JFIF and Adobe say of colors.
_DECODING = {*range(0xC0, 0xD0), 0xDB, 0xDC, 0xDD, 0xE0, 0xEE}


def jpeg_size(part: Part) -> tuple[int, int] | None:
    """Find width and height in the frame header; None if that is not where it should be."""
    position = 2
    for _ in range(_MOST_SEGMENTS):
        head = part(position, 9)
        if len(head) < 9 or head[0] != 0xFF:
            return None
        if _is_frame(head[1]):
            height, width = struct.unpack_from(">HH", head, 5)
            return width, height
        if head[1] in (0x00, 0x01, _START_OF_SCAN, 0xFF) or 0xD0 <= head[1] <= 0xD9:
            return None
        position += 2 + struct.unpack_from(">H", head, 2)[0]
    return None


def _is_frame(marker: int) -> bool:
    return 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)


def jpeg_structure(data: bytes) -> Structure:
    """Walk the segments of a JPEG up to its frame header, and count its scans.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    structure : Structure
        Of the first picture in the file.

    Raises
    ------
    ImageError
        It has no frame header or ends early.
    LimitError
        It claims more pixels, or takes more passes over them, than its bytes can be honest about.
    struct.error, IndexError
        It ends inside a segment.
    """
    notices = []
    junk = 0
    for marker, position, skipped in _segments(data):
        junk += skipped
        if _is_frame(marker):
            height, width = struct.unpack_from(">HH", data, position + 5)
            break
        if marker in (0xD9, _START_OF_SCAN):
            raise ImageError("the JPEG has no frame header", "damaged")
        if marker == 0xE2 and data[position + 4 : position + 8] == b"MPF\0":
            notices.append("only the first picture of the JPEG is taken")
    if junk:
        notices.append(f"{junk} bytes between the JPEG's segments are ignored")
    if data.rfind(b"\xff\xd9") < position:
        raise truncated("JPEG")
    if width * height > MAX_JPEG_PIXELS_PER_BYTE * len(data):
        raise LimitError(f"{len(data)} bytes of JPEG claim {width}x{height} pixels", "ratio")
    _check_scans(data, position, width * height)
    return Structure("JPEG", width, height, notices=tuple(notices))


def decode_jpeg(data: bytes, structure: Structure) -> tuple[Pixels, Findings]:
    """Decode the first picture of a JPEG.

    Parameters
    ----------
    data : bytes
        The whole file.
    structure : Structure
        From `jpeg_structure`.

    Returns
    -------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        Not turned, in the file's own color space unless that is CMYK.
    findings : Findings
        What else is in the file.

    Raises
    ------
    ImageError, OSError
        It is damaged or ends early.
    """
    kept: list[bytes | memoryview] = [b"\xff\xd8"]
    metadata: dict[str, bytes] = {}
    profile: list[bytes] = []
    for marker, position, _ in _segments(data):
        if marker == _START_OF_SCAN:
            kept.append(memoryview(data)[position:])
            break
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        content = data[position + 4 : end]
        if marker == 0xE1 and content.startswith(_EXIF):
            metadata["exif"] = metadata.get("exif", _EXIF) + content[len(_EXIF) :]
        elif marker == 0xE1 and content.startswith(_XMP):
            metadata["xmp"] = content[len(_XMP) :]
        elif marker == 0xE2 and content.startswith(_ICC):
            profile.append(content)
        elif marker == 0xFE:
            metadata["comment"] = content
        elif marker in _DECODING and end >= position + 4:
            kept.append(data[position:end])
    found = decode_mode(
        "JPEG", b"".join(kept), (structure.width, structure.height), _joined(profile)
    )
    orientation = find_orientation(metadata.get("exif", b""), metadata.get("xmp", b""))
    return found.pixels, Findings(
        structure, found.notices, found.profile, orientation, metadata_left_out(metadata),
        found.conversions,
    )  # fmt: skip


def _joined(parts: list[bytes]) -> bytes | None:
    """Put an ICC profile together: 12 bytes of name, its number and how many there are, each."""
    parts = sorted(parts)
    if not parts or len(parts[0]) < 14 or parts[0][13] != len(parts):
        return None
    return b"".join(part[14:] for part in parts)


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker and place of each segment up to the first scan, and how much was skipped."""
    position, skipped = 2, 0
    while True:
        marker = data[position + 1]
        if data[position] != 0xFF or marker == 0:
            skipped += 1
            position += 1
        elif marker == 0xFF:
            position += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            position += 2
        else:
            yield marker, position, skipped
            if marker in (0xD9, _START_OF_SCAN):
                return
            position, skipped = position + 2 + struct.unpack_from(">H", data, position + 2)[0], 0


def _check_scans(data: bytes, frame: int, pixels: int) -> None:
    """Refuse a picture with more passes over its pixels than honest ones have."""
    most = min(MAX_JPEG_SCANS, MAX_JPEG_SCANS_PER_BYTE * len(data) // max(1, pixels))
    # What looks like scans may lie within other segments; few files need a closer look.
    if data.count(b"\xff\xda", frame) > most:
        for number, _ in enumerate(_scans(data, frame), start=1):
            if number > most:
                raise LimitError(
                    f"the JPEG passes over its pixels more than {most} times", "ratio"
                )


def _scans(data: bytes, position: int) -> Iterator[int]:
    """Yield the place of each scan behind a segment, up to the end of the first picture."""
    while 0 <= position < len(data) - 3:
        marker = data[position + 1]
        if marker == 0xD9:
            return
        if marker == _START_OF_SCAN:
            yield position
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:
            position += 1 if marker == 0xFF else 2
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        position = data.find(b"\xff", position)
