"""TIFF: its pages, what they say of their samples, and their pixels."""

import functools
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError
from codec.files.views import FileView
from codec.images.blocks import blocks_of
from codec.images.decoders import metadata_left_out
from codec.images.directories import (
    ARTIST,
    BITS,
    COPYRIGHT,
    DESCRIPTION,
    EXIF,
    EXTRA_SAMPLES,
    HEIGHT,
    ICC_PROFILE,
    IPTC,
    ORIENTATION,
    PHOTOMETRIC,
    PRIMARIES,
    SAMPLE_FORMAT,
    SUBFILE,
    TRANSFER_FUNCTION,
    WHITE_POINT,
    WIDTH,
    XMP,
    Directory,
    read_directories,
)
from codec.images.orientation import find_orientation
from codec.images.records import Findings, Structure
from codec.images.segments import check_extents, layout_of
from codec.images.stated import are_of_srgb
from codec.images.texts import Found, collect_texts
from codec.limits import check_dimensions

Pixels = npt.NDArray[np.uint8]

# A value of ExtraSamples, and tags by Pillow's names for what is in them.
_UNSPECIFIED = 0
_METADATA = {"exif": EXIF, "xmp": XMP}
_TEXTS = {DESCRIPTION: "Description", ARTIST: "Author", COPYRIGHT: "Copyright"}
# Values of PhotometricInterpretation that are told, and those of SampleFormat.
_STORED = {3: "palette", 5: "CMYK", 6: "YCbCr", 8: "Lab", 9: "Lab", 10: "Lab"}
_KINDS = {2: "int", 3: "float", 5: "complex int", 6: "complex"}


def tiff_structure(data: bytes | FileView) -> Structure:
    """Walk the directories of a TIFF or BigTIFF.

    Parameters
    ----------
    data : bytes or FileView
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
    findings = describe(directory, structure)
    blocks = blocks_of(layout, findings.profile)
    if scale_range:
        blocks.stretch()
    pixels = blocks.whole()
    return pixels, replace(
        findings,
        notices=(*findings.notices, *blocks.notices),
        profile=blocks.profile,
        conversions=(*findings.conversions, *blocks.conversions),
        palette=blocks.palette,
    )


def describe(directory: Directory, structure: Structure) -> Findings:
    """Find what a page says of its colors, and what else is in it.

    Parameters
    ----------
    directory : Directory
        Of the page.
    structure : Structure
        Of the file.

    Returns
    -------
    findings : Findings
        All that needs no pixels.

    Raises
    ------
    ImageError
        Its samples are not unsigned integers of up to 16 bits.
    """
    dropped = _check_samples(directory)
    profile = directory.raw(ICC_PROFILE) or None
    unapplied = () if profile else _colors_not_applied(directory)
    orientation = directory.number(ORIENTATION), "EXIF"
    if ORIENTATION not in directory:
        orientation = find_orientation(b"", directory.raw(XMP))
    left_out = metadata_left_out({name: tag in directory for name, tag in _METADATA.items()})
    return Findings(
        structure, unapplied, profile, orientation, left_out, dropped,
        read_texts=functools.partial(_read_texts, directory),
    )  # fmt: skip


def _read_texts(directory: Directory) -> Found:
    tags = [(keyword, directory.raw(tag)) for tag, keyword in _TEXTS.items()]
    return collect_texts(xmp=directory.raw(XMP), iptc=directory.raw(IPTC), tags=tags)


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
