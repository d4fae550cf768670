"""JPEG: what its segments say, and how often its decoder would have to pass over the picture."""

import struct
from collections.abc import Iterator

from codec.errors import ImageError, LimitError
from codec.images.records import Structure, truncated
from codec.limits import MAX_JPEG_PIXELS_PER_BYTE, MAX_JPEG_SCANS, MAX_JPEG_SCANS_PER_BYTE

_START_OF_SCAN = 0xDA


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
        Its segments are damaged or it ends early.
    LimitError
        It claims more pixels, or takes more passes over them, than its bytes can be honest about.
    struct.error, IndexError
        It ends inside a segment.
    """
    position = 2
    notices = []
    while True:
        while data[position] == 0xFF and data[position + 1] == 0xFF:
            position += 1
        if data[position] != 0xFF:
            raise ImageError("the JPEG's segments are damaged", "damaged")
        marker = data[position + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, position + 5)
            break
        if marker in (0xD9, _START_OF_SCAN):
            raise ImageError("the JPEG has no frame header", "damaged")
        if marker == 0xE2 and data[position + 4 : position + 8] == b"MPF\0":
            notices.append("only the first picture of the JPEG is taken")
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            position += 2
            continue
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
    if data.rfind(b"\xff\xd9") < position:
        raise truncated("JPEG")
    if width * height > MAX_JPEG_PIXELS_PER_BYTE * len(data):
        raise LimitError(f"{len(data)} bytes of JPEG claim {width}x{height} pixels", "ratio")
    _check_scans(data, position, width * height)
    return Structure("JPEG", width, height, notices=tuple(notices))


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
