"""Picture files judged by their own structure, before any decoder sees them.

For each allowed kind: is it whole, how large is it, how many pictures does it hold? Decoders are
lenient about all three; users are not.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError, LimitError
from codec.limits import MAX_JPEG_PIXELS_PER_BYTE, MAX_TIFF_DIRECTORIES, check_dimensions
from codec.png.reading import PngFile, check_filters, inflate_rows, read_png

# By kind: the extensions of its files, and Pillow's names for its readers.
KINDS = {
    "PNG": ((".png", ".apng"), ("PNG",)),
    "JPEG": ((".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), ("JPEG", "MPO")),
    "WebP": ((".webp",), ("WEBP",)),
    "BMP": ((".bmp", ".dib"), ("BMP",)),
    "GIF": ((".gif",), ("GIF",)),
    "TIFF": ((".tif", ".tiff"), ("TIFF",)),
}
READABLE_EXTENSIONS = tuple(name for names, _ in KINDS.values() for name in names)

_CICP_OF_SRGB = bytes([1, 13, 0, 1])
_CHRM_OF_SRGB = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
# Types of TIFF values that are whole numbers, and the tags that are looked at.
_TIFF_NUMBERS = {1: "u1", 3: "u2", 4: "u4", 16: "u8"}
_SUBFILE, _WIDTH, _HEIGHT = 254, 256, 257
_STRIPS_AND_TILES = ((273, 279), (324, 325))


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
    index : int
        Where the first of them stands, thumbnails counted.
    notices : list of str
        What a user should know.
    png : PngFile or None
        The parsed file, if it is a PNG.
    rows : ndarray of dtype uint8, one-dimensional, or None
        Its rows, inflated.
    """

    kind: str
    width: int = 0
    height: int = 0
    frames: int = 1
    index: int = 0
    notices: list[str] = field(default_factory=list)
    png: PngFile | None = None
    rows: npt.NDArray[np.uint8] | None = None


def _truncated(kind: str) -> ImageError:
    return ImageError(f"the {kind} ends early", "truncated")


def other_size(kind: str) -> ImageError:
    """Make the error for a picture whose decoder and container disagree."""
    return ImageError(f"the {kind} decodes to another size than it states", "damaged")


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
    except (struct.error, IndexError, OverflowError) as error:
        raise _truncated(findings.kind) from error
    check_dimensions(findings.width, findings.height, max_pixels)
    return findings


def _examine_png(data: bytes, findings: Findings, max_pixels: int) -> None:
    png = read_png(data, max_pixels, strict_end=False)
    findings.rows = inflate_rows(png)
    check_filters(png, findings.rows)
    findings.width, findings.height, findings.png = png.header.width, png.header.height, png
    if png.trailing_bytes:
        findings.notices.append(f"{png.trailing_bytes} bytes after the end of the PNG are ignored")
    animation = png.chunks.get(b"acTL", b"")
    if len(animation) >= 4:
        findings.frames = max(1, struct.unpack_from(">I", animation)[0])
    _tell_color_space(png.chunks, findings.notices)


def _tell_color_space(chunks: dict[bytes, bytes], notices: list[str]) -> None:
    """Say what a PNG states of its colors, other than by a profile, if it is not sRGB."""
    if chunks.get(b"cICP", _CICP_OF_SRGB) != _CICP_OF_SRGB:
        notices.append("its color space, stated by numbers (cICP), is not applied")
    if chunks.keys() & {b"sRGB", b"iCCP", b"cICP"}:
        return
    gamma, primaries = chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")
    if len(gamma) == 4:
        value = struct.unpack(">I", gamma)[0]
        if abs(value - 45455) > 1000:
            notices.append(f"its gamma of {value / 100000:.3f} is not applied")
    if len(primaries) == 32:
        found = struct.unpack(">8I", primaries)
        if any(abs(a - b) > 1000 for a, b in zip(found, _CHRM_OF_SRGB, strict=True)):
            notices.append("its primaries (cHRM) are not applied")


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
        if marker == 0xE2 and data[position + 4 : position + 8] == b"MPF\0":
            findings.notices.append("only the first picture of the JPEG is taken")
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            position += 2
            continue
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
    if data.rfind(b"\xff\xd9") < position:
        raise _truncated("JPEG")
    if findings.width * findings.height > MAX_JPEG_PIXELS_PER_BYTE * len(data):
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
    pages: list[int] = []
    while offset:
        if offset in seen or len(seen) > MAX_TIFF_DIRECTORIES:
            raise ImageError("the TIFF's directories run in a circle", "damaged")
        tags, following = _tiff_directory(data, order, big, offset)
        is_thumbnail = int(tags.get(_SUBFILE, _NOTHING)[0]) & 1
        if not is_thumbnail:
            pages.append(len(seen))
        if len(pages) == 1 and not is_thumbnail:
            findings.width, findings.height = (
                int(tags.get(tag, _NOTHING)[0]) for tag in (_WIDTH, _HEIGHT)
            )
            _check_extents(tags, len(data))
        seen.add(offset)
        offset = following
    findings.frames = max(1, len(pages))
    findings.index = pages[0] if pages else 0


_NOTHING = np.zeros(1, dtype=np.uint8)


def _check_extents(tags: dict[int, npt.NDArray[np.unsignedinteger]], size: int) -> None:
    """Refuse a page whose strips or tiles go beyond the end of the file."""
    for places, sizes in _STRIPS_AND_TILES:
        if places in tags and sizes in tags and len(tags[places]) == len(tags[sizes]):
            starts, lengths = (
                np.minimum(tags[tag].astype(np.uint64), size + 1) for tag in (places, sizes)
            )
            if (starts + lengths).max() > size:
                raise _truncated("TIFF")


def _tiff_directory(
    data: bytes, order: str, big: bool, offset: int
) -> tuple[dict[int, npt.NDArray[np.unsignedinteger]], int]:
    """Read the tags of one directory that are looked at, and where the next one is."""
    count_format, entry_size, next_format = ("Q", 20, "Q") if big else ("H", 12, "I")
    count = struct.unpack_from(order + count_format, data, offset)[0]
    position = offset + struct.calcsize(order + count_format)
    if position + count * entry_size > len(data):
        raise _truncated("TIFF")
    wanted = {_SUBFILE, _WIDTH, _HEIGHT, *(tag for pair in _STRIPS_AND_TILES for tag in pair)}
    tags = {}
    for _ in range(count):
        tag, kind, length = struct.unpack_from(f"{order}HH{next_format}", data, position)
        if tag in wanted and kind in _TIFF_NUMBERS and length:
            dtype = np.dtype(order + _TIFF_NUMBERS[kind])
            place = position + (12 if big else 8)
            if length * dtype.itemsize > (8 if big else 4):
                place = struct.unpack_from(order + next_format, data, place)[0]
            if place + length * dtype.itemsize > len(data):
                raise _truncated("TIFF")
            tags[tag] = np.frombuffer(data, dtype, length, place)
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
