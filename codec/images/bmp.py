"""BMP, and DIB, which is one without the header of the file."""

import struct
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from codec.images.pillow import decode_mode
from codec.images.profiles import DAMAGED
from codec.images.records import Findings, Structure, truncated
from codec.images.stated import are_of_srgb
from codec.limits import check_dimensions

Pixels = npt.NDArray[np.uint8]

# The header of the file; and those of the bitmap, by what they are called elsewhere: core, info,
# info with masks, OS/2's, and the versions 4 and 5.
_FILE_HEADER = 14
_CORE, _INFO, _OS2, _V4, _V5 = 12, 40, 64, 108, 124
_HEADERS = (_CORE, _INFO, 52, 56, _OS2, _V4, _V5)
_BITS = (1, 2, 4, 8, 16, 24, 32)
# Of compression: run-lengths, and masks of three or four colors.
_RUN_LENGTHS, _MASKS, _ALPHA_MASKS = (1, 2), 3, 6
_CALIBRATED, _EMBEDDED, _LINKED = 0, b"DEBM", b"KNIL"
_NEARLY = 0.05


def is_dib(data: bytes) -> bool:
    """Tell whether a file begins like a DIB."""
    if len(data) < 16:
        return False
    size = struct.unpack_from("<I", data)[0]
    planes, bits = struct.unpack_from("<HH", data, 8 if size == _CORE else 12)
    return size in _HEADERS and planes == 1 and bits in _BITS


def bmp_size(data: bytes, kind: str) -> tuple[int, int]:
    """Read width and height of a BMP or DIB."""
    start = _start(kind)
    is_core = struct.unpack_from("<I", data, start)[0] == _CORE
    width, height = struct.unpack_from("<HH" if is_core else "<ii", data, start + 4)
    return abs(width), abs(height)


def bmp_structure(data: bytes, max_pixels: int, kind: str) -> Structure:
    """Check that all rows of a BMP or DIB are there.

    Parameters
    ----------
    data : bytes
        The whole file.
    max_pixels : int
        Largest picture that is accepted.
    kind : {'BMP', 'DIB'}
        DIB has no header of the file.

    Returns
    -------
    structure : Structure
        Of its size.

    Raises
    ------
    ImageError
        It ends early.
    LimitError
        It is larger than allowed.
    struct.error
        It ends within its headers.
    """
    width, height = bmp_size(data, kind)
    check_dimensions(width, height, max_pixels)
    header = _read_header(data, kind)
    # Run-length coded bitmaps have no fixed size; their decoder checks them.
    rows = height * ((width * header.bits + 31) // 32 * 4)
    if header.compression not in _RUN_LENGTHS and header.rows_start + rows > len(data):
        raise truncated(kind)
    if header.bits <= 8:
        return Structure(kind, width, height, stored="palette", bits=header.bits)
    return Structure(kind, width, height, bits=5 if header.bits == 16 else 8)


def decode_bmp(data: bytes, structure: Structure) -> tuple[Pixels, Findings]:
    """Decode a BMP or DIB.

    Parameters
    ----------
    data : bytes
        The whole file.
    structure : Structure
        From `bmp_structure`.

    Returns
    -------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        In the file's own color space; or indices of shape (H, W), if it has a palette.
    findings : Findings
        What else is in the file.

    Raises
    ------
    ImageError, OSError
        It is damaged or ends early.
    """
    header = _read_header(data, structure.kind)
    profile, told = _stated_profile(data, structure.kind)
    upright = (1, "EXIF")
    if header.bits in (1, 2, 4, 8) and not header.compression:
        indices = _decode_indices(data, header, structure)
        palette = _palette(data, header)[: max(header.colors, int(indices.max()) + 1)]
        return indices, Findings(structure, told, profile, upright, (), palette=palette)
    lacking = b""
    if structure.kind == "DIB":
        lacking = b"BM" + struct.pack("<IHHI", 0, 0, 0, _FILE_HEADER + header.rows_start)
    size = structure.width, structure.height
    found = decode_mode("BMP", data, size, None, lacking)
    return found.pixels, Findings(
        structure, found.notices + told, profile, upright, (), found.conversions, found.palette
    )


def _start(kind: str) -> int:
    return 0 if kind == "DIB" else _FILE_HEADER


class _Header(NamedTuple):
    """What a header says: its own size, and how and where colors and rows are stored."""

    size: int
    bits: int
    compression: int
    upside_down: bool
    colors_start: int
    colors: int
    rows_start: int


def _read_header(data: bytes, kind: str) -> _Header:
    start = _start(kind)
    size = struct.unpack_from("<I", data, start)[0]
    compression = colors = 0
    upside_down = True
    if size == _CORE:
        bits = struct.unpack_from("<H", data, start + 10)[0]
    else:
        height, _, bits, compression = struct.unpack_from("<iHHI", data, start + 8)
        upside_down = height > 0
        if size >= _INFO:
            colors = struct.unpack_from("<I", data, start + 32)[0]
    masks = {_MASKS: 12, _ALPHA_MASKS: 16}.get(compression, 0) if size == _INFO else 0
    if bits <= 8:
        colors = colors or 1 << bits
    colors_start = start + size + masks
    rows_start = colors_start + colors * _entry_size(size)
    if kind == "BMP":
        rows_start = struct.unpack_from("<I", data, 10)[0]
    return _Header(size, bits, compression, upside_down, colors_start, colors, rows_start)


def _entry_size(header_size: int) -> int:
    return 3 if header_size == _CORE else 4


def _decode_indices(data: bytes, header: _Header, structure: Structure) -> Pixels:
    """Decode rows of indices, which Pillow takes for something else if the palette is a ramp."""
    width, height, bits = structure.width, structure.height, header.bits
    stride = (width * bits + 31) // 32 * 4
    rows = np.frombuffer(data, np.uint8, height * stride, header.rows_start)
    indices = rows.reshape(height, stride, 1)
    if bits < 8:
        shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
        indices = indices >> shifts & np.uint8(2**bits - 1)
    return np.ascontiguousarray(
        indices.reshape(height, -1)[:: -1 if header.upside_down else 1, :width]
    )


def _palette(data: bytes, header: _Header) -> Pixels:
    """Read 256 colors, black beyond those that are stored."""
    entry = _entry_size(header.size)
    stored = data[header.colors_start : header.colors_start + entry * min(header.colors, 256)]
    table = np.frombuffer(stored.ljust(entry * 256, b"\0"), np.uint8).reshape(256, entry)
    return table[:, 2::-1]


def _stated_profile(data: bytes, kind: str) -> tuple[bytes | None, tuple[str, ...]]:
    """Find the embedded ICC profile; say so if colors are stated in another way."""
    start, size = _start(kind), _read_header(data, kind).size
    if size not in (_V4, _V5):
        return None, ()
    stated = data[start + 56 : start + 60]
    if stated == _EMBEDDED and size == _V5:
        place, length = struct.unpack_from("<II", data, start + 112)
        profile = data[start + place : start + place + length]
        return (profile, ()) if len(profile) == length > 0 else (None, (DAMAGED,))
    if stated == _LINKED:
        return None, ("its color profile is in another file and not applied",)
    if int.from_bytes(stated, "little") == _CALIBRATED and not _calibrated_as_srgb(data, start):
        return None, ("the primaries and gammas in its header are not applied",)
    return None, ()


def _calibrated_as_srgb(data: bytes, start: int) -> bool:
    """Tell whether primaries and gammas are nearly those of sRGB, or none."""
    ends = np.frombuffer(data, "<u4", 9, start + 60).reshape(3, 3) / 2.0**30
    gammas = np.frombuffer(data, "<u4", 3, start + 96) / 2.0**16
    if not ends.any() or not gammas.all():
        return True
    points = (ends[:, :2] / np.maximum(ends.sum(axis=1, keepdims=True), 1e-9)).ravel()
    # Some write the gamma, and some what it undoes.
    gammas = np.maximum(gammas, 1 / gammas)
    return bool((abs(gammas - 2.2) < _NEARLY).all()) and are_of_srgb(
        (31270, 32900, *(round(100_000 * x) for x in points))
    )
