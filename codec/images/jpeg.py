"""JPEG: what its segments say, and how often its decoder would have to pass over the picture."""

import functools
import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError, LimitError
from codec.files import Part
from codec.files.views import FileView, ViewPart
from codec.images.decoders import metadata_left_out
from codec.images.orientation import find_orientation
from codec.images.pillow import decode_mode
from codec.images.records import Findings, Structure, truncated
from codec.images.texts import collect_texts
from codec.limits import (
    LARGE_JPEG_PIXELS,
    MAX_JPEG_PIXELS_PER_BYTE,
    MAX_JPEG_SCANS,
    MAX_JPEG_SCANS_PER_BYTE,
    MAX_JPEG_SEGMENTS,
    MAX_LARGE_JPEG_SCANS,
    MAX_METADATA_BYTES,
    MAX_METADATA_TEXTS,
)

Pixels = npt.NDArray[np.uint8]

_END, _START_OF_SCAN = 0xD9, 0xDA
# Neither a coded byte, nor one that fills, nor a marker that stands alone but the end.
_MARKER = re.compile(rb"\xff[\x02-\xcf\xd9-\xfe]")
# Bytes that are looked through at once.
_WINDOW = 1 << 20
# Before the frame header, of files that are looked at in part; an ICC profile has up to 255.
_MOST_SEGMENTS = 400
# Of a profile one more than can be numbered; of EXIF a mebibyte.
_MOST_PROFILES, _MOST_EXIF = 256, 16
_EXIF, _XMP, _ICC = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"
_IPTC = b"Photoshop 3.0\0"
# Segments that decide on pixels: frames, tables and scans, and what JFIF and Adobe say of colors.
_DECODING = {*range(0xC0, 0xD0), _START_OF_SCAN, 0xDB, 0xDC, 0xDD, 0xE0, 0xEE}


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


def jpeg_structure(data: bytes | FileView) -> Structure:
    """Walk the segments of a JPEG to its end, and count its scans.

    Parameters
    ----------
    data : bytes or FileView
        The whole file.

    Returns
    -------
    structure : Structure
        Of the first picture in the file.

    Raises
    ------
    ImageError
        It has no frame header, no end behind its scans, or segments without number.
    LimitError
        It claims more pixels, or takes more passes over them, than its bytes can be honest about.
    struct.error, IndexError
        It ends inside a segment.
    """
    notices = []
    junk = scans = coded = 0
    scan: _Segment | None = None
    size: tuple[int, int] | None = None
    bits = channels = 0
    for segment in _segments(data):
        junk += segment.skipped
        if _is_frame(segment.marker) and size is None:
            head = data[segment.start + 4 : segment.start + 10]
            height, width = struct.unpack_from(">HH", head, 1)
            size = width, height
            bits, channels = head[0], head[5]
        elif segment.marker in (_END, _START_OF_SCAN) and size is None:
            raise ImageError("the JPEG has no frame header", "damaged")
        elif segment.marker == 0xE2 and not size and _is_mpf(data, segment.start):
            notices.append("only the first picture of the JPEG is taken")
        if scan:
            coded += segment.start - scan.end
        scan = segment if segment.marker == _START_OF_SCAN else None
        scans += bool(scan)
    assert size is not None  # noqa: S101 - or its end would have been refused
    if junk:
        notices.append(f"{junk} bytes between the JPEG's segments are ignored")
    _check_passes(len(data), coded, size, scans)
    stored = "CMYK" if channels == 4 else ""
    return Structure("JPEG", *size, notices=tuple(notices), stored=stored, bits=bits)


def _is_mpf(data: bytes | FileView, start: int) -> bool:
    return data[start + 4 : start + 8] == b"MPF\0"


def is_in_one_scan(data: bytes | FileView) -> bool:
    """Tell whether rows follow each other in the file: neither progressive nor in several scans.

    Parameters
    ----------
    data : bytes or FileView
        The file, which `jpeg_structure` found sound.
    """
    markers = [segment.marker for segment in _segments(data)]
    frames = [marker for marker in markers if _is_frame(marker)]
    return markers.count(_START_OF_SCAN) == 1 and set(frames) <= {0xC0, 0xC1}


def jpeg_end(data: bytes) -> int:
    """Find where the first picture of a JPEG ends.

    Parameters
    ----------
    data : bytes
        From its first byte on.

    Returns
    -------
    end : int
        Behind the marker that ends it.

    Raises
    ------
    ImageError, struct.error
        There is none.
    """
    return max(segment.end for segment in _segments(data))


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
    sorted_out = _sort_out(data)
    view = memoryview(data)
    kept: list[bytes | memoryview] = [b"\xff\xd8"]
    kept += [view[start:end] for start, end in sorted_out.kept]
    size = structure.width, structure.height
    found = decode_mode("JPEG", b"".join(kept), size, sorted_out.profile)
    findings = _findings_of(sorted_out, structure)
    return found.pixels, replace(
        findings, notices=found.notices, profile=found.profile, conversions=found.conversions
    )


def describe_jpeg(data: bytes | FileView, structure: Structure) -> Findings:
    """Find what a JPEG says of its colors, and what else is in it.

    Parameters
    ----------
    data : bytes or FileView
        The whole file.
    structure : Structure
        From `jpeg_structure`.

    Returns
    -------
    findings : Findings
        All that needs no pixels.
    """
    return _findings_of(_sort_out(data), structure)


class _SortedOut(NamedTuple):
    """What decides on pixels, by its places, and what else is in a JPEG."""

    kept: list[tuple[int, int]]
    metadata: dict[str, bytes]
    comments: list[bytes]
    profile: bytes | None


def _findings_of(found: _SortedOut, structure: Structure) -> Findings:
    metadata = found.metadata
    orientation = find_orientation(metadata.get("exif", b""), metadata.get("xmp", b""))
    left_out = metadata_left_out(metadata)
    read_texts = functools.partial(
        collect_texts,
        exif=metadata.get("exif", b""),
        xmp=metadata.get("xmp", b""),
        iptc=metadata.get("iptc", b""),
        comments=found.comments,
    )
    return Findings(structure, (), found.profile, orientation, left_out, read_texts=read_texts)


def _sort_out(data: bytes | FileView) -> _SortedOut:
    kept: list[tuple[int, int]] = []
    metadata: dict[str, bytes] = {}
    comments: list[bytes] = []
    exif: list[bytes] = []
    profile: list[bytes] = []
    size = 0  # of comments, of which no more are kept than may be
    scan: _Segment | None = None
    in_scans = False
    for segment in _segments(data):
        marker, start, end, _ = segment
        content = data[start + 4 : end]
        if scan:
            kept.append((scan.end, start))
        scan = segment if marker == _START_OF_SCAN else None
        in_scans |= bool(scan)
        if marker == _END or (marker in _DECODING and len(content) == end - start - 4):
            kept.append((start, end))
        elif in_scans:  # where nobody expects metadata
            continue
        elif marker == 0xE1 and content.startswith(_EXIF) and len(exif) < _MOST_EXIF:
            exif.append(content[len(_EXIF) :])
        elif marker == 0xE1 and content.startswith(_XMP):
            metadata["xmp"] = content[len(_XMP) :]
        elif marker == 0xE2 and content.startswith(_ICC) and len(profile) < _MOST_PROFILES:
            profile.append(content)
        elif marker == 0xED and content.startswith(_IPTC):
            if len(metadata.get("iptc", b"")) <= MAX_METADATA_BYTES:
                metadata["iptc"] = metadata.get("iptc", b"") + content
        elif marker == 0xFE:
            metadata["comment"] = content
            if len(comments) <= MAX_METADATA_TEXTS and size <= MAX_METADATA_BYTES:
                comments.append(content)
                size += len(content)
    if exif:
        metadata["exif"] = b"".join([_EXIF, *exif])
    return _SortedOut(kept, metadata, comments, _joined(profile))


def _joined(parts: list[bytes]) -> bytes | None:
    """Put an ICC profile together: 12 bytes of name, its number and how many there are, each."""
    parts = sorted(parts)
    if not parts or len(parts[0]) < 14 or parts[0][13] != len(parts):
        return None
    return b"".join(part[14:] for part in parts)


class _Segment(NamedTuple):
    """A segment: its place, and how many bytes before it are of no other."""

    marker: int
    start: int
    end: int
    skipped: int


def _segments(data: bytes | FileView) -> Iterator[_Segment]:
    """Yield the segments of the first picture to its end, scans without what is coded in them."""
    position, in_scan = 2, False
    for _ in range(MAX_JPEG_SEGMENTS):
        start, marker = _find_marker(data, position)
        skipped = 0 if in_scan else start - position
        if skipped and skipped == _count_filling(data, position, start):
            skipped = 0
        if marker == _END:
            yield _Segment(marker, start, start + 2, skipped)
            return
        end = start + 2 + struct.unpack(">H", data[start + 2 : start + 4])[0]
        yield _Segment(marker, start, end, skipped)
        position, in_scan = end, marker == _START_OF_SCAN
    raise ImageError(f"the JPEG has over {MAX_JPEG_SEGMENTS} segments", "damaged")


def _find_marker(data: bytes | FileView, position: int) -> tuple[int, int]:
    """Find the next marker: where it is, and which."""
    if not isinstance(data, FileView):
        found = _MARKER.search(data, position)
        if found:
            return found.start(), data[found.start() + 1]
        raise truncated("JPEG")
    while len(window := data[position : position + _WINDOW]) > 1:
        found = _MARKER.search(window)
        if found:
            return position + found.start(), window[found.start() + 1]
        position += len(window) - 1
    raise truncated("JPEG")


def _count_filling(data: bytes | FileView, start: int, end: int) -> int:
    """Count bytes that may stand between segments."""
    if isinstance(data, FileView):
        return sum(piece.count(b"\xff") for piece in ViewPart(data, start, end).pieces(_WINDOW))
    return data.count(b"\xff", start, end)


def _check_passes(size_bytes: int, coded: int, size: tuple[int, int], scans: int) -> None:
    """Refuse a picture with more pixels, or passes over them, than honest ones have."""
    width, height = size
    pixels = width * height
    if pixels > MAX_JPEG_PIXELS_PER_BYTE * size_bytes:
        raise LimitError(f"{size_bytes} bytes of JPEG claim {width}x{height} pixels", "ratio")
    most = MAX_JPEG_SCANS if pixels <= LARGE_JPEG_PIXELS else MAX_LARGE_JPEG_SCANS
    most = min(most, max(1, MAX_JPEG_SCANS_PER_BYTE * coded // max(1, pixels)))
    if scans > most:
        raise LimitError(f"the JPEG passes over its pixels more than {most} times", "ratio")
