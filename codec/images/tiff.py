"""TIFF: its pages, and their strips and tiles decoded a few at a time.

libtiff, by way of Pillow, gets a TIFF of our own making with a few strips in it and the tags that
tell how to decode them: nothing else of a file reaches it, and nothing of it is larger than these.
Samples of more than 8 bits, which Pillow would cut, are passed through it as bytes.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError
from codec.images.decoders import metadata_left_out
from codec.images.depth import Narrowing
from codec.images.directories import (
    BITS,
    COLOR_MAP,
    COMPRESSION,
    DECODING,
    EXIF,
    EXTRA_SAMPLES,
    FILL_ORDER,
    HEIGHT,
    ICC_PROFILE,
    ORIENTATION,
    PHOTOMETRIC,
    PREDICTOR,
    PRIMARIES,
    SAMPLE_FORMAT,
    SAMPLES,
    STRIP_PLACES,
    STRIP_ROWS,
    STRIP_SIZES,
    SUBFILE,
    TILE_HEIGHT,
    TILE_PLACES,
    TILE_WIDTH,
    TRANSFER_FUNCTION,
    WHITE_POINT,
    WIDTH,
    XMP,
    Directory,
    read_directories,
    write_tiff,
)
from codec.images.fax import FAX, with_black_tails
from codec.images.orientation import find_orientation
from codec.images.pillow import Decoded, decode_mode
from codec.images.profiles import convert_inks
from codec.images.records import Findings, Structure, truncated
from codec.images.segments import UNCOMPRESSED, Block, Layout, check_extents, layout_of
from codec.images.stated import are_of_srgb
from codec.limits import check_dimensions

Pixels = npt.NDArray[np.uint8]
Bytes = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.uint16]

# Values of ExtraSamples, and tags by Pillow's names for what is in them.
_UNSPECIFIED, _PREMULTIPLIED = 0, 1
_METADATA = {"exif": EXIF, "xmp": XMP}
# What a value of PhotometricInterpretation means: colors of a pixel, by those that are read.
_WHITE_IS_ZERO, _INKS, _YCBCR = 0, 5, 6
_STORED = {3: "palette", _INKS: "CMYK", _YCBCR: "YCbCr", 8: "Lab", 9: "Lab", 10: "Lab"}
_COLORS = {_WHITE_IS_ZERO: 1, 1: 1, 2: 3, _INKS: 4}
# Values of SampleFormat.
_KINDS = {2: "int", 3: "float", 5: "complex int", 6: "complex"}
# Of Compression: those that store bytes, whatever these mean, and those of them with predictors.
_PREDICTED = (5, 8, 32946, 34925, 50000)
_OF_BYTES = (UNCOMPRESSED, 32773, *_PREDICTED)
_OLD_JPEG, _JPEG = 6, 7

_DIVIDED = "colors premultiplied by alpha are divided by it"


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
        A directory or the strips of the first page lie beyond the end, or directories overlap.
    struct.error, OverflowError
        It ends inside a number, or a place is beyond all memory.
    """
    directories, in_a_circle = read_directories(data)
    pages = [n for n, found in enumerate(directories) if not found.number(SUBFILE) & 1]
    notices: tuple[str, ...] = ()
    if in_a_circle:
        notices = ("the TIFF's directories run in a circle, of which each is counted once",)
    if not pages:
        return Structure("TIFF", 0, 0)
    page = directories[pages[0]]
    check_extents(page)
    size = page.number(WIDTH), page.number(HEIGHT)
    stored = _STORED.get(page.number(PHOTOMETRIC), "")
    bits = int(page.numbers(BITS).max(initial=1))
    return Structure("TIFF", *size, len(pages), pages[0], notices, stored, bits)


class _Kind(NamedTuple):
    """What samples are: bits of each, how many a pixel has, how many of them are colors."""

    bits: int
    samples: int
    colors: int


def decode_tiff(
    data: bytes, structure: Structure, *, scale_range: bool = False
) -> tuple[Pixels, Findings]:
    """Decode a page of a TIFF.

    Parameters
    ----------
    data : bytes
        The file.
    structure : Structure
        Which page, and its size.
    scale_range : bool
        Stretch grey and RGB of more than 8 bits to all of their range.

    Returns
    -------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        Not turned, straight alpha, in the file's own color space unless that is CMYK or Lab.
    findings : Findings
        What else is in the file.

    Raises
    ------
    ImageError
        Its samples are not unsigned integers of up to 16 bits, or it is of a kind that is not
        read.
    LimitError
        Its strips or tiles are far larger than the picture.
    """
    directory = read_directories(data)[0][structure.index]
    check_dimensions(directory.number(WIDTH), directory.number(HEIGHT), 2**62)
    layout = layout_of(directory)
    dropped = _check_samples(directory)
    profile = directory.raw(ICC_PROFILE) or None
    unapplied = () if profile else _colors_not_applied(directory)
    if layout.directory.numbers(BITS).max(initial=1) > 8:
        found = _decode_wide(layout, profile, scale_range)
    else:
        found = _decode_narrow(layout, profile)
    orientation = directory.number(ORIENTATION), "EXIF"
    if ORIENTATION not in directory:
        orientation = find_orientation(b"", directory.raw(XMP))
    left_out = metadata_left_out({name: tag in directory for name, tag in _METADATA.items()})
    return found.pixels, Findings(
        structure, (*unapplied, *found.notices), found.profile, orientation, left_out,
        (*dropped, *found.conversions), found.palette,
    )  # fmt: skip


def _check_samples(directory: Directory) -> tuple[str, ...]:
    """Refuse samples of other kinds, and say what becomes of extra ones."""
    bits = set(directory.numbers(BITS).tolist()) or {1}
    formats = set(directory.numbers(SAMPLE_FORMAT).tolist()) or {1}
    highest = max(bits)
    name = _KINDS.get(max(formats), "uint") + str(highest)
    if highest > 16 or formats & set(_KINDS):
        raise ImageError(
            f"its samples are {name}, not unsigned integers of 1 to 16 bits", "bad-dtype"
        )
    if highest > 8 and len(bits) > 1:
        raise ImageError(f"its samples have {sorted(bits)} bits, not all the same", "bad-dtype")
    unknown = _UNSPECIFIED in directory.numbers(EXTRA_SAMPLES)
    return ("extra samples of unknown meaning are not kept",) if unknown else ()


def _colors_not_applied(directory: Directory) -> tuple[str, ...]:
    """Name the tags that state other colors than those of sRGB."""
    names = []
    white, primaries = directory.fractions(WHITE_POINT), directory.fractions(PRIMARIES)
    points = tuple(round(100_000 * x) for x in (*white, *primaries))
    if points and not (len(points) == 8 and are_of_srgb(points)):
        names.append("its white point and primaries are")
    if TRANSFER_FUNCTION in directory:
        names.append("its transfer function is")
    return tuple(f"{name} not applied" for name in names)


def _decode_narrow(layout: Layout, profile: bytes | None) -> Decoded:
    """Let Pillow decode samples of up to 8 bits."""
    directory = layout.directory
    tags, before, notices = _mend_color_map(directory)
    pixels: Pixels | None = None
    blocks = list(layout.blocks())
    if layout.compression == _OLD_JPEG:  # its tags point at all places of the file
        blocks = [Block(0, 0, layout.height, layout.width, 0, 0)]
    for block in blocks:
        if layout.compression == _OLD_JPEG:
            copied = (*DECODING, WIDTH, HEIGHT, STRIP_PLACES, STRIP_ROWS, STRIP_SIZES)
            file = write_tiff(directory, tags, copied, 0, [directory.data[8:]])
        else:
            file = _cut_out(layout, block, tags)
        part = decode_mode("TIFF", file, (block.columns, block.rows), profile)
        if layout.compression in FAX:
            longer = _cut_out(layout, block, tags, going_on=True)
            with_tails = decode_mode("TIFF", longer, (block.columns, block.rows), profile)
            if not np.array_equal(part.pixels, with_tails.pixels):
                raise truncated("TIFF")
        if pixels is None:
            pixels = part.pixels
            if pixels.shape[:2] == (layout.height, layout.width):
                break
            pixels = np.empty((layout.height, layout.width, *pixels.shape[2:]), dtype=np.uint8)
        _put(pixels, block, part.pixels)
    assert pixels is not None  # noqa: S101 - no picture is without blocks
    if _PREMULTIPLIED in directory.numbers(EXTRA_SAMPLES) and _is_translucent(pixels):
        before += (_DIVIDED,)
    conversions = part.conversions
    if directory.number(PHOTOMETRIC) == _YCBCR and layout.compression not in (_OLD_JPEG, _JPEG):
        conversions = ("converted from YCbCr to RGB",)  # by Pillow or by libtiff, which is silent
    return Decoded(
        pixels, part.profile, before + conversions, notices + part.notices, part.palette
    )


def _is_translucent(pixels: Pixels) -> bool:
    """Tell whether there is more than opaque colors and what is all zero."""
    return any((row[row.any(axis=1), -1] < 255).any() for row in pixels)


def _put(pixels: Pixels, block: Block, part: Pixels) -> None:
    """Put a block in its place, without what tiles have beyond the picture."""
    place = pixels[block.top : block.top + block.rows, block.left : block.left + block.columns]
    place[...] = part[: place.shape[0], : place.shape[1]]


def _within(layout: Layout, block: Block, part: Samples) -> Samples:
    """Take what a block has within the picture."""
    return part[: layout.height - block.top, : layout.width - block.left]


def _cut_out(
    layout: Layout, block: Block, tags: dict[int, list[int]], going_on: bool = False
) -> bytes:
    """Make a TIFF of some strips or tiles, which may be made longer than they are."""
    segments = [part for plane in range(layout.planes) for part in layout.stored(block, plane)]
    if going_on:
        segments = with_black_tails(
            segments, layout.compression, layout.directory.number(FILL_ORDER, 1)
        )
    tags = {**tags, WIDTH: [block.columns], HEIGHT: [block.rows]}
    if layout.tiled:
        tags |= {TILE_WIDTH: [layout.columns], TILE_HEIGHT: [layout.rows]}
    else:
        tags[STRIP_ROWS] = [layout.rows]
    places = TILE_PLACES if layout.tiled else STRIP_PLACES
    return write_tiff(layout.directory, tags, DECODING, places, segments)


def _mend_color_map(
    directory: Directory,
) -> tuple[dict[int, list[int]], tuple[str, ...], tuple[str, ...]]:
    """Make 8 bits of the 16 of a color map, or 16 of 8; what was converted, and what repaired."""
    colors = directory.numbers(COLOR_MAP).astype(np.int64)
    if 0 < colors.max(initial=0) < 256:
        mended = {COLOR_MAP: (colors * 257).tolist()}
        return mended, (), ("its color map of 8-bit values is read as such",)
    # Of 8 bits that were shifted nothing is lost either.
    if not (colors % 257).any() or not (colors % 256).any():
        return {}, (), ()
    narrow = Narrowing(16)
    rounded = narrow(colors[None]).astype(np.int64)[0] * 257
    return {COLOR_MAP: rounded.tolist()}, ("its color map of 16 bits is rounded to 8",), ()


def _decode_wide(layout: Layout, profile: bytes | None, scale_range: bool) -> Decoded:
    """Decode grey, RGB or CMYK of 9 to 16 bits."""
    directory = layout.directory
    bits, samples = directory.number(BITS), directory.number(SAMPLES, 1)
    photometric = directory.number(PHOTOMETRIC)
    colors, extra = _COLORS.get(photometric, 0), directory.numbers(EXTRA_SAMPLES).tolist()
    if not colors or samples not in (colors, colors + 1):
        raise ImageError(f"a TIFF of this kind is not read at {bits} bits", "unsupported")
    predictor = directory.number(PREDICTOR, 1) if layout.compression in _PREDICTED else 1
    if layout.compression not in _OF_BYTES or not (
        predictor == 1 or (predictor == 2 and bits == 16)
    ):
        raise ImageError(f"a TIFF so compressed is not read at {bits} bits", "unsupported")
    kept = colors if _UNSPECIFIED in extra or photometric == _INKS else samples
    pixels = np.empty((layout.height, layout.width, kept), dtype=np.uint8)
    narrow, divided = Narrowing(bits, colors), False

    def straight(block: Block) -> Samples:
        nonlocal divided
        part = _within(layout, block, _samples_of(layout, block, predictor == 2))
        if photometric == _WHITE_IS_ZERO:
            part[:, :, 0] ^= 2**bits - 1
        if _PREMULTIPLIED in extra:
            divided |= _divide_by_alpha(part, colors, float(2**bits - 1))
        return part[:, :, :kept]

    if scale_range and photometric != _INKS:
        for block in layout.blocks():
            narrow.look(straight(block))
        narrow.stretch()
    for block in layout.blocks():
        _put(pixels, block, narrow(straight(block)))
    conversions = (_DIVIDED,) * divided + narrow.conversions
    if photometric == _INKS:
        pixels, notices = convert_inks(pixels, "CMYK", profile)
        conversions += ("converted from CMYK to sRGB",)
        return Decoded(pixels, None, conversions, notices)
    return Decoded(pixels, profile, conversions, narrow.notices)


def _divide_by_alpha(samples: Samples, colors: int, highest: float) -> bool:
    """Divide in place; tell whether that changed anything."""
    changed = False
    for row in samples:
        alpha = np.maximum(row[:, colors:].astype(np.float64), 1.0)
        straight = np.rint(np.minimum(row[:, :colors] * (highest / alpha), highest))
        changed = changed or bool((straight != row[:, :colors]).any())
        row[:, :colors] = straight
    return changed


def _samples_of(layout: Layout, block: Block, predicted: bool) -> Samples:
    """Decode a block to its samples."""
    directory = layout.directory
    bits, apart = directory.number(BITS), layout.planes > 1
    count = 1 if apart else directory.number(SAMPLES, 1)
    planes = []
    for plane in range(layout.planes):
        rows = _bytes_of(layout, block, plane)
        if bits == 16:
            wide = rows.view(directory.order + "u2").astype(np.uint16)
        else:
            single = np.unpackbits(rows, axis=1)[:, : layout.columns * count * bits]
            padded = np.zeros((len(rows), layout.columns * count, 16), dtype=np.uint8)
            padded[:, :, 16 - bits :] = single.reshape(len(rows), -1, bits)
            wide = np.packbits(padded, axis=2).view(">u2").astype(np.uint16)
        wide = wide.reshape(len(rows), layout.columns, count)
        if predicted:
            np.cumsum(wide, axis=1, dtype=np.uint16, out=wide)
        if layout.tiled:  # beside each other instead of below
            wide = wide.reshape(block.segments, layout.rows, layout.columns, count)
            wide = wide.swapaxes(0, 1).reshape(layout.rows, -1, count)
        planes.append(wide)
    return np.concatenate(planes, axis=2) if apart else planes[0]


def _bytes_of(layout: Layout, block: Block, plane: int) -> Bytes:
    """Decode strips or tiles, one below the other, to rows of bytes."""
    directory = layout.directory
    size = -(-layout.columns * layout.bits // 8)
    height = block.segments * layout.rows if layout.tiled else block.rows
    segments = layout.stored(block, plane)
    if layout.compression == UNCOMPRESSED and directory.number(FILL_ORDER, 1) == 1:
        return np.frombuffer(b"".join(segments), dtype=np.uint8).reshape(height, size)
    tags = {
        WIDTH: [size], HEIGHT: [height], STRIP_ROWS: [layout.rows], BITS: [8], SAMPLES: [1],
        PHOTOMETRIC: [1], COMPRESSION: [layout.compression],
    }  # fmt: skip
    file = write_tiff(directory, tags, (FILL_ORDER,), STRIP_PLACES, segments)
    return decode_mode("TIFF", file, (size, height), None).pixels
