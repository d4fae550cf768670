"""What is in a compressed file, or in any picture."""

import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from codec.errors import CodecError, FormatError, ImageError, LimitError
from codec.files import check_source, display_name, read_start
from codec.files.given import Readable, is_path
from codec.formats.contents import Contents
from codec.formats.files import is_marked, load_contents
from codec.formats.registry import FORMATS, is_reserved
from codec.indexed import CHANNEL_NAMES, IndexedImage
from codec.jobs.ours import ONE_BY_ONE, TIFF_MAGICS
from codec.limits import MAX_PIXELS
from codec.reports.colors import codebook_facts, pixel_facts, used_facts
from codec.reports.report import FileReport
from codec.settings import ReadOptions
from codec.stopwatch import Stopwatch

if TYPE_CHECKING:
    from codec.formats.large.stored import LargeImage
    from codec.images.records import SourceImage
    from codec.images.sources.base import PixelSource
    from codec.jobs.large import Held

_UNVERIFIED = "written without a seal: whether labels and codebook belong together is unverified"
# Why a file that is sound is none of ours.
_NOT_OURS = ("not-compressed", "not-indexed")


def describe_file(source: Path, *, max_pixels: int = MAX_PIXELS) -> FileReport:
    """Tell what is in a compressed file, or in any picture.

    Parameters
    ----------
    source : Path
        A label PNG, an npz, an indexed PNG or a kmc; or a picture, of several the first; or a
        `.zarr` or `.tif` that kmcodec wrote.
    max_pixels : int
        Largest picture that is read into memory. Of larger ones less is told; if this is less
        than usual, they are refused.

    Returns
    -------
    report : FileReport
        Size, C and raw bytes, and of a compressed file K, bytes by part and ratios; the original
        is unknown. Of a picture, how its file stores samples. Of both, how many colors there are,
        and whether any is not opaque.

    Raises
    ------
    CodecError
        The file cannot be read.
    """
    watch = Stopwatch()
    reading = ReadOptions(first_frame=True, max_pixels=max_pixels)
    if os.path.isdir(source) or read_start(source, 4)[0] in TIFF_MAGICS:
        from codec.jobs.large import is_store, open_pixels
        from codec.jobs.opened import open_stored

        if stored := open_stored(source):
            with stored:
                return _describe_stored(stored, source, watch)
        if is_store(source):
            with open_pixels(source, reading) as pixels:
                return _describe_pixels(pixels, source, watch)
        check_source(source, ONE_BY_ONE)
    try:
        found = load_any(source, reading)
    except LimitError as error:
        from codec.jobs.opened import open_too_large

        with open_too_large(source, reading, error) as pixels:
            return _describe_pixels(pixels, source, watch)
    if isinstance(found, Contents):
        facts, notices = contents_facts(found), contents_notices(found)
        facts |= used_facts(found.indexed)
        if FORMATS[found.format].is_picture and not found.verified:  # which is anybody's
            facts |= _stored_facts(_read_picture(source, reading))
    else:
        facts, notices = picture_facts(found), tuple(found.notices)
        facts["original_bytes"] = found.size_bytes
    return FileReport(display_name(source), **facts, notices=notices, seconds=watch.seconds)


def _describe_stored(stored: "LargeImage", source: Path, watch: Stopwatch) -> FileReport:
    """Tell what is in a `.zarr` or `.tif`."""
    from codec.jobs import opened

    facts = opened.stored_facts(stored)
    notices: tuple[str, ...] = ()
    if stored.shape[0] * stored.shape[1] <= opened.MOST_READ:
        facts |= opened.used_facts(stored)
    else:
        notices = (opened.NOT_READ,)
    return FileReport(display_name(source), **facts, notices=notices, seconds=watch.seconds)


def _describe_pixels(pixels: "PixelSource | Held", source: Path, watch: Stopwatch) -> FileReport:
    """Tell what is in a picture that is too large for memory, or in a folder of Zarr."""
    from codec.jobs import opened

    facts = opened.source_facts(pixels)
    notices: tuple[str, ...] = (opened.NOT_COUNTED,)
    if pixels.shape[0] * pixels.shape[1] <= MAX_PIXELS:
        facts |= pixel_facts(pixels[:, :])
        notices = ()
    return FileReport(
        display_name(source),
        original_bytes=pixels.size_bytes,
        **facts,
        notices=(*pixels.notices, *notices),
        seconds=watch.seconds,
    )


def load_any(source: Readable, reading: ReadOptions) -> "Contents | SourceImage":
    """Read a compressed file, or a picture if it is none.

    Parameters
    ----------
    source : path or bytes
        Any file, or its content. A PNG with a palette is compressed, whoever wrote it.
    reading : ReadOptions
        How a picture is read.

    Returns
    -------
    found : Contents or SourceImage
        What is in it.

    Raises
    ------
    CodecError
        It is neither, is damaged, or is larger than allowed.
    """
    try:
        return load_contents(source, max_pixels=reading.max_pixels)
    except FormatError as error:
        if not _may_be_picture(source, error, reading.max_pixels):
            raise
        try:
            return _read_picture(source, reading)
        except ImageError as other:
            if other.reason != "unknown-format":
                raise
            also = ", nor a picture" if error.reason in _NOT_OURS else ""
            raise FormatError(f"{error}{also}", error.reason) from error


def open_if_stored(source: Path) -> "LargeImage | None":
    """Open a `.zarr` or `.tif` that kmcodec wrote, and nothing else; it is to be closed."""
    if not os.path.isdir(source) and read_start(source, 4)[0] not in TIFF_MAGICS:
        return None
    from codec.jobs.opened import open_stored

    return open_stored(source)


class Shown(NamedTuple):
    """What is in a file, as everybody sees it.

    Parameters
    ----------
    found : Contents or SourceImage
        As of `load_any`; a PNG with a palette that another program wrote in sRGB, and upright.
    notices : tuple of str
        What a user should know.
    conversions : tuple of str
        Those that say that colors are not what they were in the file.
    """

    found: "Contents | SourceImage"
    notices: tuple[str, ...]
    conversions: tuple[str, ...] = ()


def load_shown(source: Readable, reading: ReadOptions, codebook_path: Path | None = None) -> Shown:
    """Read a compressed file, or a picture if it is none, with the colors that are seen.

    Parameters
    ----------
    source, reading
        As for `load_any`.
    codebook_path : Path, optional
        Of a label PNG, if it is not beside it.

    Raises
    ------
    CodecError
        As `load_any`.
    """
    if codebook_path:
        found: Contents | SourceImage = load_contents(
            source, codebook_path=codebook_path, max_pixels=reading.max_pixels
        )
    else:
        found = load_any(source, reading)
    if isinstance(found, Contents):
        return Shown(*as_shown(found, source, reading))
    return Shown(found, tuple(found.notices), found.conversions)


def as_shown(
    contents: Contents, source: Readable, reading: ReadOptions
) -> tuple[Contents, tuple[str, ...], tuple[str, ...]]:
    """Give a PNG of another program the colors and the orientation that everybody sees.

    Returns
    -------
    contents : Contents
        The same of anything else.
    notices, conversions : tuple of str
        See `Shown`.
    """
    notices = contents_notices(contents)
    if contents.verified or not FORMATS[contents.format].is_picture:
        return contents, notices, ()
    image = _read_picture(source, reading)
    labels, codebook = image.indices, image.palette
    if labels is None or codebook is None:  # greys, which are their own labels
        labels, codebook = contents.indexed.labels, contents.indexed.codebook
    indexed = IndexedImage(
        np.array(labels), np.array(codebook), verified=False, size_bytes=contents.size_bytes,
        metadata=image.metadata,
    )  # fmt: skip
    shown = replace(contents, indexed=indexed)
    return shown, (*notices, *image.notices), image.conversions


def _read_picture(path: Readable, reading: ReadOptions) -> "SourceImage":
    # Decompressing, which tells the facts of compressed files, reads no picture.
    from codec.images.reading import read_image

    return read_image(path, **asdict(reading))


def _may_be_picture(path: Readable, error: FormatError, max_pixels: int) -> bool:
    """Tell whether a file that is refused as one of ours may be anybody's picture.

    Of a PNG without our mark what loses nothing is passed over, as by all who read pictures.
    """
    if error.reason in _NOT_OURS:
        return True
    try:
        if is_path(path) and is_reserved(path):
            return False
        return not is_marked(path, max_pixels=max_pixels, lenient=True)
    except CodecError:
        return False


def contents_facts(contents: Contents) -> dict[str, Any]:
    """Collect what a compressed file says of itself, as a report names it."""
    indexed = contents.indexed
    return {
        "format": contents.format,
        "part_bytes": contents.part_bytes,
        "width": indexed.width,
        "height": indexed.height,
        "channels": indexed.channels,
        **codebook_facts(indexed),
        "verified": contents.verified,
        "texts": tuple((text.keyword, text.text) for text in contents.metadata.texts),
    }


def contents_notices(contents: Contents) -> tuple[str, ...]:
    """Say what a user should know of a compressed file."""
    return () if contents.verified else (_UNVERIFIED,)


def picture_facts(image: "SourceImage") -> dict[str, Any]:
    """Collect what a picture and its file say, as a report names it."""
    height, width = image.pixels.shape[:2]
    return {
        **_stored_facts(image),
        "width": width,
        "height": height,
        "channels": _channels(image),
        **pixel_facts(image.pixels),
    }


def _stored_facts(image: "SourceImage") -> dict[str, Any]:
    mode = image.stored or CHANNEL_NAMES[_channels(image)]
    return {"kind": image.kind, "mode": mode, "bits": image.bits}


def _channels(image: "SourceImage") -> int:
    return 1 if image.pixels.ndim == 2 else image.pixels.shape[2]
