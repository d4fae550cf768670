"""TIFF: what its directories say, and the pages that Pillow would misread.

Those are pages of 16-bit colors, which Pillow cuts to 8 bits, or of 16-bit greys whose white is 0,
which it shows as their negative. tifffile decodes them, and tells the samples of every page.
"""

import io
import struct
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError
from codec.images.decoders import metadata_left_out, silent_libtiff
from codec.images.depth import ROUNDED, scale_16_bits
from codec.images.orientation import turn_upright
from codec.images.pillow import decode_with_pillow
from codec.images.records import Findings, Structure, other_size, truncated
from codec.limits import MAX_TIFF_DIRECTORIES

Pixels = npt.NDArray[np.uint8]
Tags = dict[int, npt.NDArray[np.unsignedinteger]]

# Types of values that are whole numbers, and the tags that are looked at.
_NUMBERS = {1: "u1", 3: "u2", 4: "u4", 16: "u8"}
_SUBFILE, _WIDTH, _HEIGHT = 254, 256, 257
_STRIPS_AND_TILES = ((273, 279), (324, 325))
_NOTHING = np.zeros(1, dtype=np.uint8)
# Values of ExtraSamples, and tags by Pillow's names for what is in them.
_UNSPECIFIED, _PREMULTIPLIED = 0, 1
_METADATA = {"Orientation": 274, "icc_profile": 34675, "exif": 34665, "xmp": 700}
# What a value of PhotometricInterpretation means: colors of a pixel, by those that are read.
_WHITE_IS_ZERO = 0
_COLORS = {_WHITE_IS_ZERO: 1, 1: 1, 2: 3}


def tiff_structure(data: bytes) -> Structure:
    """Walk the directories of a TIFF or BigTIFF.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    structure : Structure
        Pages marked as thumbnails are not counted.

    Raises
    ------
    ImageError
        A directory or the strips of the first page lie beyond the end, or the directories run in
        a circle.
    struct.error, OverflowError
        It ends inside a number, or a place is beyond all memory.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\x00", b"\x00+")
    if big:
        offset = struct.unpack_from(order + "Q", data, 8)[0]
    else:
        offset = struct.unpack_from(order + "I", data, 4)[0]
    width = height = 0
    seen: set[int] = set()
    pages: list[int] = []
    while offset:
        if offset in seen or len(seen) > MAX_TIFF_DIRECTORIES:
            raise ImageError("the TIFF's directories run in a circle", "damaged")
        tags, following = _read_directory(data, order, big, offset)
        is_thumbnail = int(tags.get(_SUBFILE, _NOTHING)[0]) & 1
        if not is_thumbnail:
            pages.append(len(seen))
            if len(pages) == 1:
                width, height = (int(tags.get(tag, _NOTHING)[0]) for tag in (_WIDTH, _HEIGHT))
                _check_extents(tags, len(data))
        seen.add(offset)
        offset = following
    index = pages[0] if pages else 0
    return Structure("TIFF", width, height, max(1, len(pages)), index)


def _read_directory(data: bytes, order: str, big: bool, offset: int) -> tuple[Tags, int]:
    """Read the tags of one directory that are looked at, and where the next one is."""
    count_format, entry_size, next_format = ("Q", 20, "Q") if big else ("H", 12, "I")
    count = struct.unpack_from(order + count_format, data, offset)[0]
    position = offset + struct.calcsize(order + count_format)
    if position + count * entry_size > len(data):
        raise truncated("TIFF")
    wanted = {_SUBFILE, _WIDTH, _HEIGHT, *(tag for pair in _STRIPS_AND_TILES for tag in pair)}
    tags = {}
    for _ in range(count):
        tag, kind, length = struct.unpack_from(f"{order}HH{next_format}", data, position)
        if tag in wanted and kind in _NUMBERS and length:
            dtype = np.dtype(order + _NUMBERS[kind])
            place = position + (12 if big else 8)
            if length * dtype.itemsize > (8 if big else 4):
                place = struct.unpack_from(order + next_format, data, place)[0]
            if place + length * dtype.itemsize > len(data):
                raise truncated("TIFF")
            tags[tag] = np.frombuffer(data, dtype, length, place)
        position += entry_size
    return tags, struct.unpack_from(order + next_format, data, position)[0]


def _check_extents(tags: Tags, size: int) -> None:
    """Refuse a page whose strips or tiles go beyond the end of the file."""
    for places, sizes in _STRIPS_AND_TILES:
        if places in tags and sizes in tags and len(tags[places]) == len(tags[sizes]):
            starts, lengths = (
                np.minimum(tags[tag].astype(np.uint64), size + 1) for tag in (places, sizes)
            )
            if (starts + lengths).max() > size:
                raise truncated("TIFF")


def decode_tiff(data: bytes, structure: Structure) -> tuple[Pixels, Findings]:
    """Decode a page of a TIFF. To be called within `careful_pillow`.

    Parameters
    ----------
    data : bytes
        The file.
    structure : Structure
        Which page, and its size.

    Returns
    -------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        Upright, straight alpha, in the file's own color space unless that is CMYK or Lab.
    findings : Findings
        What else is in the file.

    Raises
    ------
    ImageError
        Its samples are not unsigned integers of 1 to 8 or 16 bits, it has another size than its
        directory says, or it is of a kind that is not read.
    """
    import tifffile

    with silent_libtiff(), tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[structure.index]
        size = page.imagewidth, page.imagelength, page.imagedepth
        if size != (structure.width, structure.height, 1):
            raise other_size("TIFF")
        notices = _check_samples(page)
        if _is_misread_by_pillow(page):
            pixels, findings = _decode_16_bits(page, structure)
        else:
            pixels, findings = decode_with_pillow(data, structure)
    return pixels, replace(findings, notices=notices + findings.notices)


def _check_samples(page: Any) -> tuple[str, ...]:
    """Refuse samples of other kinds, and say what becomes of extra ones."""
    kind = np.dtype(page.dtype) if page.dtype is not None else None
    if kind is not None and kind not in (np.uint8, np.uint16, np.bool_):
        raise ImageError(
            f"its samples are {kind}, not unsigned integers of 8 or 16 bits", "bad-dtype"
        )
    if kind == np.uint16 and page.bitspersample != 16:
        raise ImageError(f"its samples have {page.bitspersample} bits, not 8 or 16", "bad-dtype")
    notices = {
        _UNSPECIFIED: "extra samples of unknown meaning are not kept",
        _PREMULTIPLIED: "colors premultiplied by alpha are divided by it",
    }
    return tuple(notice for use, notice in notices.items() if use in page.extrasamples)


def _is_misread_by_pillow(page: Any) -> bool:
    grey = page.samplesperpixel == 1 and page.photometric != _WHITE_IS_ZERO
    return bool(page.dtype == np.uint16 and not grey)


def _decode_16_bits(page: Any, structure: Structure) -> tuple[Pixels, Findings]:
    """Decode grey or RGB of 16 bits, and read metadata as Pillow does."""
    tags = {name: page.tags.valueof(code) for name, code in _METADATA.items()}
    metadata = {name: value for name, value in tags.items() if value is not None}
    colors, count = _COLORS.get(page.photometric), page.samplesperpixel
    if colors is None or count not in (colors, colors + 1):
        raise ImageError("a TIFF of this kind is not read at 16 bits", "unsupported")
    try:
        samples = np.require(page.asarray(), requirements="W")
    except (KeyError, ValueError) as error:
        if "imagecodecs" not in str(error):
            raise
        raise ImageError("a TIFF so compressed is not read at 16 bits", "unsupported") from error
    if page.planarconfig == 2 and count > 1:
        samples = np.moveaxis(samples, 0, -1)
    samples = samples.reshape(structure.height, structure.width, count)
    if page.photometric == _WHITE_IS_ZERO:
        samples[:, :, 0] ^= 65535
    if _PREMULTIPLIED in page.extrasamples:
        for row in samples:
            alpha = np.maximum(row[:, colors:].astype(np.float64), 1.0)
            row[:, :colors] = np.rint(np.minimum(row[:, :colors] * (65535.0 / alpha), 65535.0))
    if _UNSPECIFIED in page.extrasamples:
        samples = samples[:, :, :colors]
    orientation = metadata.get("Orientation", 1)
    return turn_upright(scale_16_bits(samples), orientation), Findings(
        structure,
        (ROUNDED,),
        metadata.get("icc_profile"),
        orientation,
        metadata_left_out(metadata),
    )
