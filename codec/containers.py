"""Picture files judged by their own structure, before any decoder sees them.

For each allowed kind: is it whole, how large is it, how many pictures does it hold? Decoders are
lenient about all three; users are not.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from codec.errors import ImageError, LimitError
from codec.formats.pngfile import PngFile, check_dimensions, check_filters, inflate_rows, read_png

# A JPEG of one flat color holds up to 170 pixels a byte; one that claims more than this lies.
_MAX_JPEG_PIXELS_PER_BYTE = 2000


@dataclass
class Findings:
    """What a container says of itself.

    Parameters
    ----------
    kind : str
        ``PNG``, ``JPEG``, ``WebP``, ``BMP``, ``GIF`` or ``TIFF``.
    width, height : int
        Before any rotation.
    frames : int
        Pictures in the file, thumbnails not counted.
    notices : list of str
        What a user should know.
    png : PngFile or None
        The parsed file, if it is a PNG.
    """

    kind: str
    width: int = 0
    height: int = 0
    frames: int = 1
    notices: list[str] = field(default_factory=list)
    png: PngFile | None = None


def _truncated(kind: str) -> ImageError:
    return ImageError(f"the {kind} ends early", "truncated")


def recognize(data: bytes) -> str:
    """Tell the kind of a picture from its first bytes.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    kind : str
        As in `Findings`.

    Raises
    ------
    ImageError
        It is none of the allowed kinds.
    """
    for magic, kind in (
        (b"\x89PNG\r\n\x1a\n", "PNG"),
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
    raise ImageError("not a PNG, JPEG, WebP, BMP, GIF or TIFF picture", "unknown-format")


def examine(data: bytes, max_pixels: int) -> Findings:
    """Check a picture file's structure, size and number of frames.

    Parameters
    ----------
    data : bytes
        The whole file.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    findings : Findings
        Everything is within the limits.

    Raises
    ------
    ImageError, FormatError
        Not an allowed kind, cut short or damaged.
    LimitError
        Larger than allowed.
    """
    findings = Findings(recognize(data))
    try:
        _EXAMINERS[findings.kind](data, findings, max_pixels)
    except (struct.error, IndexError) as error:
        raise _truncated(findings.kind) from error
    check_dimensions(findings.width, findings.height, max_pixels)
    return findings


def _examine_png(data: bytes, findings: Findings, max_pixels: int) -> None:
    png = read_png(data, max_pixels, strict_end=False)
    check_filters(png, inflate_rows(png))
    findings.width, findings.height, findings.png = png.header.width, png.header.height, png
    if png.trailing_bytes:
        findings.notices.append(f"{png.trailing_bytes} bytes after the end of the PNG are ignored")
    animation = png.chunks.get(b"acTL", b"")
    if len(animation) >= 4:
        findings.frames = max(1, struct.unpack_from(">I", animation)[0])
    gamma = png.chunks.get(b"gAMA", b"")
    if len(gamma) == 4 and not png.chunks.keys() & {b"sRGB", b"iCCP", b"cICP"}:
        value = struct.unpack(">I", gamma)[0]
        if abs(value - 45455) > 1000:
            findings.notices.append(f"its gamma of {value / 100000:.3f} is not applied")


def _examine_jpeg(data: bytes, findings: Findings, max_pixels: int) -> None:
    position = 2
    while True:
        while data[position] == 0xFF and data[position + 1] == 0xFF:
            position += 1
        if data[position] != 0xFF:
            raise ImageError("the JPEG's segments are damaged", "damaged")
        marker = data[position + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            findings.height, findings.width = struct.unpack_from(">HH", data, position + 5)
            break
        if marker in (0xD9, 0xDA):
            raise ImageError("the JPEG has no frame header", "damaged")
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            position += 2
            continue
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
    if data.rfind(b"\xff\xd9") < position:
        raise _truncated("JPEG")
    if findings.width * findings.height > _MAX_JPEG_PIXELS_PER_BYTE * len(data):
        raise LimitError(
            f"{len(data)} bytes of JPEG claim {findings.width}x{findings.height} pixels", "ratio"
        )


def _examine_gif(data: bytes, findings: Findings, max_pixels: int) -> None:
    findings.width, findings.height, flags = struct.unpack_from("<HHB", data, 6)
    position = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    frames = 0
    while (block := data[position]) != 0x3B:
        if block == 0x21:
            position += 2
        elif block == 0x2C:
            frames += 1
            width, height, local = struct.unpack_from("<HHB", data, position + 5)
            check_dimensions(width, height, max_pixels)
            position += 11 + (3 << (local & 7) + 1 if local & 0x80 else 0)
        else:
            raise ImageError("the GIF's blocks are damaged", "damaged")
        while size := data[position]:
            position += 1 + size
        position += 1
    if frames == 0:
        raise ImageError("the GIF holds no picture", "damaged")
    findings.frames = frames


def _examine_webp(data: bytes, findings: Findings, max_pixels: int) -> None:
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    if end > len(data):
        raise _truncated("WebP")
    position, frames = 12, 0
    while position + 8 <= end:
        name, size = struct.unpack_from("<4sI", data, position)
        content = position + 8
        if name == b"VP8X":
            findings.width = 1 + int.from_bytes(data[content + 4 : content + 7], "little")
            findings.height = 1 + int.from_bytes(data[content + 7 : content + 10], "little")
        elif name == b"VP8 " and not findings.width:
            width, height = struct.unpack_from("<HH", data, content + 6)
            findings.width, findings.height = width & 0x3FFF, height & 0x3FFF
        elif name == b"VP8L" and not findings.width:
            packed = struct.unpack_from("<I", data, content + 1)[0]
            findings.width, findings.height = 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
        elif name == b"ANMF":
            frames += 1
        position = content + size + (size & 1)
    if position - 1 > end:
        raise _truncated("WebP")
    findings.frames = max(1, frames)


def _examine_bmp(data: bytes, findings: Findings, max_pixels: int) -> None:
    header = struct.unpack_from("<I", data, 14)[0]
    if header == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    else:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    findings.width, findings.height = abs(width), abs(height)
    check_dimensions(findings.width, findings.height, max_pixels)
    start = struct.unpack_from("<I", data, 10)[0]
    # Run-length coded bitmaps (1, 2) have no fixed size; their decoder checks them.
    rows = findings.height * ((findings.width * bits + 31) // 32 * 4)
    if compression not in (1, 2) and start + rows > len(data):
        raise _truncated("BMP")


def _examine_tiff(data: bytes, findings: Findings, max_pixels: int) -> None:
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\x00", b"\x00+")
    if big:
        offset = struct.unpack_from(order + "Q", data, 8)[0]
    else:
        offset = struct.unpack_from(order + "I", data, 4)[0]
    seen: set[int] = set()
    frames = 0
    while offset:
        if offset in seen or len(seen) > 10_000:
            raise ImageError("the TIFF's directories run in a circle", "damaged")
        seen.add(offset)
        tags, offset = _tiff_directory(data, order, big, offset)
        if tags.get(254, 0) & 1:
            continue  # a thumbnail of another page
        frames += 1
        if frames == 1:
            findings.width, findings.height = tags.get(256, 0), tags.get(257, 0)
    findings.frames = max(1, frames)


def _tiff_directory(data: bytes, order: str, big: bool, offset: int) -> tuple[dict[int, int], int]:
    """Read the single short and long values of one directory, and where the next one is."""
    count_format, entry_size, next_format = ("Q", 20, "Q") if big else ("H", 12, "I")
    count = struct.unpack_from(order + count_format, data, offset)[0]
    position = offset + struct.calcsize(order + count_format)
    if position + count * entry_size > len(data):
        raise _truncated("TIFF")
    tags = {}
    for _ in range(count):
        tag, kind = struct.unpack_from(order + "HH", data, position)
        if kind in (3, 4):
            value_at = position + (12 if big else 8)
            tags[tag] = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, value_at)[0]
        position += entry_size
    return tags, struct.unpack_from(order + next_format, data, position)[0]


_EXAMINERS: dict[str, Callable[[bytes, Findings, int], None]] = {
    "PNG": _examine_png,
    "JPEG": _examine_jpeg,
    "GIF": _examine_gif,
    "WebP": _examine_webp,
    "BMP": _examine_bmp,
    "TIFF": _examine_tiff,
}
