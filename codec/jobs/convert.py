"""Compressed files, and pictures that have a palette, from format to format without loss."""

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from codec.encoder.blocks import Progress, silent
from codec.encoder.cutting import cut
from codec.errors import ImageError, LimitError
from codec.files import check_targets, display_name, read_start, write_files
from codec.formats.checking import encode_checked
from codec.formats.contents import Contents
from codec.formats.files import load_contents
from codec.formats.registry import FORMATS, Format
from codec.images.writing import encode_gif
from codec.indexed import IndexedImage
from codec.jobs.info import contents_facts, contents_notices, load_any
from codec.jobs.ours import TIFF_MAGICS
from codec.limits import MAX_PIXELS
from codec.reports.colors import codebook_facts
from codec.reports.report import FileReport
from codec.settings import ReadOptions
from codec.stopwatch import Stopwatch

if TYPE_CHECKING:
    from codec.formats.large.stored import LargeImage

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Conversion:
    """How files are converted.

    Parameters
    ----------
    format : Format or None
        What is written; None is a GIF.
    effort : {'fast', 'default', 'best'}
        How hard deflate tries.
    codebook : Path or None
        Of label PNGs, if it is not beside them.
    force : bool
        Replace existing outputs.
    """

    format: Format | None
    effort: str = "default"
    codebook: Path | None = None
    force: bool = False


def convert_file(
    source: Path,
    target: Path,
    how: Conversion,
    reading: ReadOptions,
    *,
    progress: Progress = silent,
) -> FileReport:
    """Convert one file: the same labels, and the same code-words in the same order.

    Parameters
    ----------
    source : Path
        A compressed file of any format, or an indexed PNG, a GIF or a TIFF with a palette that
        another program wrote: its entries in sRGB, the picture upright.
    target : Path
        The file that names the output.
    how : Conversion
        To which format.
    reading : ReadOptions
        How the picture of another program is read.
    progress : callable
        Told how many blocks were written, of how many, of what is not converted in memory.

    Returns
    -------
    report : FileReport
        Status ``ok``.

    Raises
    ------
    CodecError
        The input has no palette, or the output cannot hold it; nothing was written.
    """
    watch = Stopwatch()
    outputs = how.format.files(target) if how.format else [target]
    if not (how.format and how.format.piecewise):
        check_targets(outputs, force=how.force)
    stored = _open_stored(source)
    if stored:
        with stored, watch.stage("blocks"):
            return _finish(_convert_stored(stored, source, target, how, progress), watch)
    with watch.stage("read"):
        indexed, profile, facts = _load(source, how, reading)
    if how.format and how.format.piecewise:
        with watch.stage("blocks"):
            found = _write_blocks(indexed, target, how, progress)
    else:
        with watch.stage("encode"):
            files, found = _encode(indexed, how, profile)
        with watch.stage("write"):
            write_files(list(zip(outputs, files, strict=True)), force=how.force)
    dropped = profile and not (how.format and how.format.name == "kmc")
    said = ("its ICC profile is not kept: colors are told without it",) if dropped else ()
    return _finish(
        FileReport(
            display_name(source),
            outputs=tuple(display_name(path) for path in outputs),
            **{**facts, **found, "notices": (*facts["notices"], *said)},
        ),
        watch,
    )


def _finish(report: FileReport, watch: Stopwatch) -> FileReport:
    return replace(
        report, lossless=True, mse=0.0, worst_error=0, seconds=watch.seconds,
        stage_seconds=watch.stages,
    )  # fmt: skip


def _load(
    source: Path, how: Conversion, reading: ReadOptions
) -> tuple[IndexedImage, bytes, dict[str, Any]]:
    """Read labels and codebook, whoever wrote them, the profile, and what a report says of it."""
    found = (
        load_contents(source, codebook_path=how.codebook, max_pixels=reading.max_pixels)
        if how.codebook
        else load_any(source, reading)
    )
    if isinstance(found, Contents) and not (
        FORMATS[found.format].is_picture and not found.verified
    ):
        kept = IndexedImage(found.indexed.labels, found.indexed.codebook, keep_order=True)
        facts = {"original_bytes": found.size_bytes, "notices": contents_notices(found)}
        return kept, found.profile, facts
    if isinstance(found, Contents):  # a PNG of another program, which may have a profile
        from codec.images.reading import read_image

        found = read_image(source, **asdict(reading))
    if found.palette is None or found.indices is None:
        raise ImageError("it has no palette: kmcodec compress makes one", "no-palette")
    indexed = IndexedImage(np.array(found.indices), np.array(found.palette), keep_order=True)
    return indexed, b"", {"original_bytes": found.size_bytes, "notices": tuple(found.notices)}


def _encode(
    indexed: IndexedImage, how: Conversion, profile: bytes
) -> tuple[list[bytes], dict[str, Any]]:
    if how.format is None:
        data = encode_gif(indexed.labels, indexed.codebook)
        facts = {
            "kind": "GIF", "part_bytes": {"file": len(data)}, "width": indexed.width,
            "height": indexed.height, "channels": indexed.channels, **codebook_facts(indexed),
        }  # fmt: skip
        return [data], facts
    options: dict[str, Any] = {"profile": profile} if profile and how.format.name == "kmc" else {}
    files, contents = encode_checked(how.format, indexed, how.effort, **options)
    return files, contents_facts(contents)


def _open_stored(source: Path) -> "LargeImage | None":
    """Open what is read a part at a time, if it is such a file."""
    if not os.path.isdir(source) and read_start(source, 4)[0] not in TIFF_MAGICS:
        return None
    from codec.jobs.opened import open_stored

    return open_stored(source)


def _convert_stored(
    stored: "LargeImage", source: Path, target: Path, how: Conversion, progress: Progress
) -> FileReport:
    """Convert what is read a part at a time, in parts if there is a way."""
    outputs = how.format.files(target) if how.format else [target]
    by_blocks = how.format is not None and how.format.name != "kmc"
    height, width = stored.shape[:2]
    if not by_blocks and height * width > MAX_PIXELS:
        raise LimitError(
            f"{width}x{height} is too large for memory, and this format is not written in blocks: "
            ".zarr, .tif, .labels.png, .npz and .png are",
            "pixel-limit",
        )
    if by_blocks:
        facts = _write_blocks(stored, target, how, progress)
    else:
        indexed = IndexedImage(stored.labels[:], stored.codebook, keep_order=True)
        files, facts = _encode(indexed, how, b"")
        write_files(list(zip(outputs, files, strict=True)), force=how.force)
    return FileReport(
        display_name(source),
        outputs=tuple(display_name(path) for path in outputs),
        original_bytes=stored.size_bytes,
        **facts,
    )


def _write_blocks(
    picture: "LargeImage | IndexedImage", target: Path, how: Conversion, progress: Progress
) -> dict[str, Any]:
    """Copy labels block by block."""
    from codec.formats.large.opening import open_sink
    from codec.jobs.large import size_of

    assert how.format is not None  # noqa: S101 - a GIF is written whole
    height, width = picture.shape[:2]
    labels, codebook = picture.labels, picture.codebook
    facts = dict(getattr(picture, "facts", {}))
    with open_sink(target, how.format.name, force=how.force, effort=how.effort) as sink:
        sink.check(height, width, codebook.shape[1])
        sink.begin(height, width, codebook, facts)
        blocks = cut(labels, sink_block=sink.block, whole_rows=sink.block is None)
        keep: Callable[..., Bytes] = lambda pixels, inner, block: pixels[..., 0]  # noqa: E731
        for number, (block, part) in enumerate(blocks.each(keep), 1):
            sink.write(*block.origin, part)
            progress(number, len(blocks))
        paths = sink.finish()
    return {
        "format": how.format.name,
        "part_bytes": {"file": sum(size_of(path) for path in paths)},
        "width": width, "height": height, "channels": codebook.shape[1],
        "n_colors": len(codebook),
    }  # fmt: skip
