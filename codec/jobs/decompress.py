"""Compressed files to picture files."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from codec.decompressor import decompress
from codec.encoder.blocks import Progress, silent
from codec.errors import LimitError
from codec.files import check_source, check_targets, display_name, read_start, write_files
from codec.formats.files import load_contents
from codec.images.writing import (
    PROFILED_EXTENSIONS,
    encode_image,
    holds_exactly,
    holds_text,
)
from codec.jobs.info import as_shown, contents_facts
from codec.jobs.ours import RECURSIVE, TIFF_MAGICS
from codec.limits import MAX_PIXELS
from codec.metadata import NO_METADATA, Metadata, name_texts
from codec.reports.report import FileReport
from codec.settings import ReadOptions
from codec.stopwatch import Stopwatch

if TYPE_CHECKING:
    from codec.formats.large.stored import LargeImage

Pixels = npt.NDArray[np.uint8]


def decompress_file(
    source: Path,
    target: Path,
    *,
    codebook: Path | None = None,
    force: bool = False,
    max_pixels: int = MAX_PIXELS,
    require_seal: bool = False,
    progress: Progress = silent,
) -> FileReport:
    """Decompress one compressed file into an image file.

    Parameters
    ----------
    source : Path
        A label PNG, an npz, an indexed PNG or a kmc; or a `.zarr` or `.tif` that kmcodec wrote.
    target : Path
        The image; its extension chooses the kind.
    codebook : Path, optional
        The codebook of a label PNG, if it is not beside it.
    force : bool
        Replace an existing output.
    max_pixels : int
        Largest picture that is accepted; of a larger `.zarr` or `.tif` a tiled TIFF is written,
        block by block.
    require_seal : bool
        Refuse what has no seal; these two have one.
    progress : callable
        Told how many blocks were written, of how many.

    Returns
    -------
    report : FileReport
        Status ``ok``.

    Raises
    ------
    CodecError
        The input or the output is at fault; nothing was written.
    """
    watch = Stopwatch()
    stored = _open_stored(source)
    check_targets([target], force=force)
    extension = target.suffix.lower()
    if stored:
        with stored:
            return _decompress_stored(stored, source, target, watch, force, max_pixels, progress)
    with watch.stage("read"):
        contents = load_contents(
            source, codebook_path=codebook, max_pixels=max_pixels, require_seal=require_seal
        )
        contents, said, _ = as_shown(
            contents, source, ReadOptions(first_frame=True, max_pixels=max_pixels)
        )
    facts, notices = contents_facts(contents), list(said)
    with watch.stage("decode"):
        indexed = contents.indexed
        if indexed.metadata.profile and extension not in PROFILED_EXTENSIONS:
            from codec.images.spaces import indexed_in_srgb

            indexed, said, _ = indexed_in_srgb(indexed)
            notices += said
        pixels, metadata = decompress(indexed), indexed.metadata
    del contents, indexed  # the labels: the picture is being encoded in their place
    with watch.stage("encode"):
        data = _encode(pixels, extension, metadata, notices)
    with watch.stage("write"):
        write_files([(target, data)], force=force)
    return FileReport(
        display_name(source),
        outputs=(display_name(target),),
        decoded_bytes=len(data),
        **facts,
        notices=tuple(notices),
        seconds=watch.seconds,
        stage_seconds=watch.stages,
    )


def _encode(pixels: Pixels, extension: str, metadata: Metadata, notices: list[str]) -> bytes:
    data = encode_image(pixels, extension, metadata)
    if not holds_exactly(data, extension, pixels):
        notices.append(
            f"{extension} is lossy here: the written pixels differ from the decoded ones"
        )
    if lost := tuple(text for text in metadata.texts if not holds_text(extension, text)):
        notices.append(f"{extension} files hold no such texts: {name_texts(lost)} not kept")
    return data


def _open_stored(source: Path) -> "LargeImage | None":
    """Open what is read a part at a time, and refuse what is no file."""
    is_folder = os.path.isdir(source)
    if not is_folder:
        check_source(source, RECURSIVE)
        if read_start(source, 4)[0] not in TIFF_MAGICS:
            return None
    from codec.jobs.opened import open_stored

    stored = open_stored(source)
    if is_folder and not stored:
        check_source(source, RECURSIVE)
    return stored


def _decompress_stored(
    stored: "LargeImage",
    source: Path,
    target: Path,
    watch: Stopwatch,
    force: bool,
    max_pixels: int,
    progress: Progress,
) -> FileReport:
    """Decompress what is read a part at a time, whole if it fits into memory."""
    from codec.jobs.opened import TIFF_ENDINGS, check_in_memory, stored_facts, write_pixels

    notices: list[str] = []
    extension = target.suffix.lower()
    try:
        check_in_memory(stored, target, max_pixels)
    except LimitError:
        if extension not in TIFF_ENDINGS:
            raise
        with watch.stage("blocks"):
            size_bytes = write_pixels(stored, target, force=force, progress=progress)
    else:
        with watch.stage("decode"):
            pixels = stored[:]
        with watch.stage("encode"):
            data = _encode(pixels, extension, NO_METADATA, notices)
        with watch.stage("write"):
            write_files([(target, data)], force=force)
        size_bytes = len(data)
    return FileReport(
        display_name(source),
        outputs=(display_name(target),),
        decoded_bytes=size_bytes,
        **stored_facts(stored),
        notices=tuple(notices),
        seconds=watch.seconds,
        stage_seconds=watch.stages,
    )
