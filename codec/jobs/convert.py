"""Compressed files, and pictures that have a palette, from format to format without loss."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from codec.decompressor import decompress
from codec.encoder.blocks import Progress, silent
from codec.encoder.cutting import cut
from codec.errors import FormatError, ImageError, LimitError
from codec.files import check_source, check_targets, display_name, write_files
from codec.formats.checking import encode_checked
from codec.formats.contents import Contents
from codec.formats.registry import FORMATS, LARGE_FORMATS, Format
from codec.images.reading import read_image
from codec.images.spaces import indexed_in_srgb
from codec.images.writing import encode_gif
from codec.indexed import IndexedImage
from codec.jobs.info import contents_facts, load_shown, open_if_stored
from codec.jobs.metadata import text_notices
from codec.jobs.ours import RECURSIVE
from codec.reports.colors import codebook_facts
from codec.reports.report import FileReport
from codec.settings import ReadOptions
from codec.stopwatch import Stopwatch

if TYPE_CHECKING:
    from codec.formats.large.stored import LargeImage

Bytes = npt.NDArray[np.uint8]


def _encode_gif(indexed: IndexedImage, effort: str) -> list[bytes]:
    """Write a GIF, and hold what a reader finds in it against what was meant."""
    data = encode_gif(indexed.labels, indexed.codebook)
    found, pixels = read_image(data, max_pixels=indexed.labels.size), decompress(indexed)
    same = found.indices is not None and np.array_equal(found.indices, indexed.labels)
    if not same or not np.array_equal(found.pixels, _as_read(pixels)):
        raise FormatError("what was encoded decodes to another picture", "verify")
    return [data]


def _as_read(pixels: Bytes) -> Bytes:
    """Leave out what a reader does: alpha that is 255 everywhere, and colors of greys."""
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4) and (pixels[..., -1] == 255).all():
        pixels = pixels[..., :-1]
    if pixels.ndim == 3 and pixels.shape[2] >= 3 and (pixels[..., 1:3] == pixels[..., :1]).all():
        pixels = pixels[..., [0, *range(3, pixels.shape[2])]]
    return pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels


def _decode_gif(*files: bytes, max_pixels: int) -> Contents:
    raise FormatError("a GIF is a picture of other programs", "not-compressed")


# What nobody compresses to, but converts to.
GIF = Format("gif", "GIF", b"GIF8", (".gif",), ".gif", _encode_gif, _decode_gif, is_picture=True)
TARGETS = {**FORMATS, **LARGE_FORMATS, GIF.name: GIF}


@dataclass(frozen=True)
class Conversion:
    """How files are converted.

    Parameters
    ----------
    format : Format
        What is written.
    effort : {'fast', 'default', 'best'}
        How hard deflate tries.
    codebook : Path or None
        Of label PNGs, if it is not beside them.
    force : bool
        Replace existing outputs.
    """

    format: Format
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
    watch, format = Stopwatch(), how.format
    outputs = format.files(target)
    if not format.piecewise:
        check_targets(outputs, force=how.force)
    with ExitStack() as opened:
        with watch.stage("read"):
            picture = _open(source, how, reading)
            if not isinstance(picture.picture, IndexedImage):
                opened.enter_context(picture.picture)
            picture = _for(format, picture, reading.max_pixels)
        by_blocks = not isinstance(picture.picture, IndexedImage) or format.piecewise
        with watch.stage("blocks" if by_blocks else "encode"):
            if by_blocks:
                facts = _write_blocks(picture.picture, target, how, progress)
            else:
                facts = _write_whole(picture, outputs, how)
    exact = {} if picture.conversions else {"mse": 0.0, "worst_error": 0}
    return FileReport(
        display_name(source),
        outputs=tuple(display_name(path) for path in outputs),
        original_bytes=picture.size_bytes,
        **{**facts, "lossless": not picture.conversions, **exact},
        converted=picture.conversions,
        notices=picture.notices,
        seconds=watch.seconds,
        stage_seconds=watch.stages,
    )


@dataclass(frozen=True)
class _Opened:
    """Labels and codebook, in memory or on the disk, and what is known of them."""

    picture: "IndexedImage | LargeImage"
    size_bytes: int
    notices: tuple[str, ...] = ()
    conversions: tuple[str, ...] = ()


def _open(source: Path, how: Conversion, reading: ReadOptions) -> _Opened:
    """Open a file that has labels and a codebook, whoever wrote it."""
    if stored := open_if_stored(source):
        return _Opened(stored, stored.size_bytes)
    check_source(source, RECURSIVE)
    found, notices, conversions = load_shown(source, reading, how.codebook)
    if isinstance(found, Contents):
        indexed = found.indexed
    elif found.indices is not None and found.palette is not None:
        labels, codebook = np.array(found.indices), np.array(found.palette)
        indexed = IndexedImage(labels, codebook, metadata=found.metadata)
    else:
        raise ImageError("it has no palette: kmcodec compress makes one", "no-palette")
    kept = replace(indexed, keep_order=True)
    lost = text_notices(indexed.metadata.texts, how.format.title, holds=how.format.holds_texts)
    return _Opened(kept, found.size_bytes, (*notices, *lost), conversions)


def _for(format: Format, opened: _Opened, max_pixels: int) -> _Opened:
    """Bring a picture into memory, and its colors into sRGB, where a format needs that."""
    picture = opened.picture
    if not isinstance(picture, IndexedImage):
        height, width = picture.shape[:2]
        if format.name not in (GIF.name, "kmc"):
            return opened
        if height * width > max_pixels:
            raise LimitError(
                f"{width}x{height} exceeds the limit of {max_pixels} pixels, and this format is "
                "not written in blocks: .zarr, .tif, .labels.png, .npz and .png are "
                "(max_pixels raises it)",
                "pixel-limit",
            )
        whole = IndexedImage(picture.labels[:], picture.codebook, keep_order=True)
        return replace(opened, picture=whole)
    if format.holds(picture.metadata.profile):
        return opened
    converted, said, changed = indexed_in_srgb(picture)
    return replace(
        opened, picture=converted, notices=(*opened.notices, *said),
        conversions=(*opened.conversions, *(said if changed else ())),
    )  # fmt: skip


def _write_whole(opened: _Opened, outputs: list[Path], how: Conversion) -> dict[str, Any]:
    indexed, format = opened.picture, how.format
    assert isinstance(indexed, IndexedImage)  # noqa: S101 - what is read in parts is written so
    if format is GIF:
        files = format.encode(indexed, how.effort)
        facts = {
            "kind": format.title, "part_bytes": {"file": len(files[0])}, "width": indexed.width,
            "height": indexed.height, "channels": indexed.channels, **codebook_facts(indexed),
        }  # fmt: skip
    else:
        files, contents = encode_checked(format, indexed, how.effort)
        facts = contents_facts(contents)
    write_files(list(zip(outputs, files, strict=True)), force=how.force)
    return facts


def _write_blocks(
    picture: "LargeImage | IndexedImage", target: Path, how: Conversion, progress: Progress
) -> dict[str, Any]:
    """Copy labels block by block."""
    from codec.formats.large.opening import open_sink
    from codec.jobs.large import size_of

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
