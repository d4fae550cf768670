"""Files that are opened, of any size: what is in them, a part at a time."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from codec.encoder.blocks import Progress, silent
from codec.encoder.cutting import cut
from codec.errors import CodecError, FormatError, LimitError
from codec.files import display_name, read_start
from codec.formats.large.pixel_tiff import PixelTiff
from codec.formats.large.stored import LargeImage
from codec.formats.large.zarr_sink import stored_description
from codec.formats.registry import is_reserved
from codec.images.sources.base import PixelSource
from codec.indexed import CHANNEL_NAMES
from codec.jobs.large import Held, is_for_blocks, is_store, open_pixels, size_of
from codec.jobs.ours import TIFF_MAGICS
from codec.limits import check_dimensions
from codec.reports.colors import used_facts_of, write_colors
from codec.settings import ReadOptions

TIFF_ENDINGS = (".tif", ".tiff")
# Of a `.zarr` or `.tif` that has no more pixels, all tiles are read to tell what is in it.
MOST_READ = 1 << 30
NOT_COUNTED = "its colors are not counted, as it is too large for memory"
NOT_READ = "its tiles are verified when they are read"
_FORMATS = {"Zarr": "zarr", "TIFF": "tiff"}


def open_stored(path: Path) -> LargeImage | None:
    """Open a `.zarr` or `.tif` that kmcodec wrote.

    Parameters
    ----------
    path : Path
        Any file or folder.

    Returns
    -------
    image : LargeImage or None
        To be closed; None if it is something else.

    Raises
    ------
    FormatError
        It is damaged, or not complete.
    FileError
        It cannot be read.
    ParameterError
        A package is missing.
    """
    if os.path.isdir(path):
        is_ours = is_store(path) and stored_description(path) is not None
        return LargeImage(path) if is_ours else None
    if read_start(path, 4)[0] not in TIFF_MAGICS:
        return None
    try:
        return LargeImage(path)
    except FormatError as error:
        if error.reason != "not-compressed":
            raise
        return None


def open_too_large(path: Path, reading: ReadOptions, error: CodecError) -> "PixelSource | Held":
    """Open a picture that was refused because it is too large for memory.

    Raises
    ------
    CodecError
        That, if larger ones are not wanted, or it is none; or why it cannot be read.
    """
    if not is_for_blocks(error, reading.max_pixels) or is_reserved(path):
        raise error
    return open_pixels(path, reading, error)


# What runs where `auto` was asked for and K is 256, by the name that people choose.
_PUBLIC: dict[Any, dict[str, Any]] = {"sparing": {"dither": "selective"}}


def stored_facts(image: LargeImage) -> dict[str, Any]:
    """Collect what a `.zarr` or `.tif` says of itself, as a report names it."""
    height, width = image.shape[:2]
    return {
        "format": _FORMATS[image.kind],
        "part_bytes": {"file": size_of(image.path)},
        "width": width,
        "height": height,
        "channels": image.codebook.shape[1],
        "n_colors": len(image.codebook),
        "colors": write_colors(image.codebook),
        "verified": image.verified,
        "tile": image.tile,
        "made_with": {**image.facts, **_PUBLIC.get(image.facts.get("dither"), {})},
    }


def used_facts(image: LargeImage) -> dict[str, Any]:
    """Read all tiles, and tell how many colors there are and whether any is not opaque.

    Raises
    ------
    FormatError
        A tile is damaged.
    """
    counts = np.zeros(256, dtype=np.int64)
    for _, found in cut(image.labels, sink_block=image.tile).each(
        lambda labels, inner, block: np.bincount(labels.reshape(-1), minlength=256)
    ):
        counts += found
    image.check_unchanged()
    return used_facts_of(image.codebook, counts)


def source_facts(pixels: "PixelSource | Held") -> dict[str, Any]:
    """Collect what a picture's file says, as a report names it."""
    height, width, channels = (*pixels.shape, 1)[:3]
    return {
        "kind": pixels.kind,
        "mode": pixels.stored or CHANNEL_NAMES[channels],
        "bits": pixels.bits,
        "width": width,
        "height": height,
        "channels": channels,
    }


def write_pixels(
    image: LargeImage, target: Path, *, force: bool, progress: Progress = silent
) -> int:
    """Write the pixels of a picture to a tiled TIFF, block by block.

    Parameters
    ----------
    image : LargeImage
        What was compressed.
    target : Path
        The file.
    force : bool
        Replace what is there.
    progress : callable
        Told how many blocks were written, of how many.

    Returns
    -------
    size_bytes : int
        Of the file.

    Raises
    ------
    CodecError
        A tile is damaged, or the file cannot be written; there is none then.
    """
    height, width, channels = (*image.shape, 1)[:3]
    with PixelTiff(target, height, width, channels, force=force) as file:
        blocks = cut(image, sink_block=file.block)
        read = blocks.each(lambda pixels, inner, block: pixels)
        for number, (block, pixels) in enumerate(read, 1):
            file.write(*block.origin, pixels)
            progress(number, len(blocks))
        image.check_unchanged()
        return file.finish()


def check_in_memory(image: LargeImage, target: Path, max_pixels: int) -> None:
    """Refuse to decompress a picture into memory that is too large for that.

    Raises
    ------
    LimitError
        It is; the message says what is written block by block.
    """
    height, width = image.shape[:2]
    try:
        check_dimensions(width, height, max_pixels)
    except LimitError as error:
        raise LimitError(
            f"{error}; a tiled TIFF is written of any size: -o "
            f"{display_name(target.with_suffix('.tif').name)}", error.reason,
        ) from None  # fmt: skip
