"""Pictures larger than memory: from a file to a file, block by block."""

from dataclasses import replace
from pathlib import Path

from codec.encoder.streaming import Compressed, compress_blocks
from codec.errors import LimitError, ParameterError
from codec.files import check_source, check_targets, display_name
from codec.formats.large.opening import open_sink
from codec.formats.registry import Format
from codec.images.sources.arrays import is_zarr
from codec.images.sources.base import PixelSource
from codec.images.sources.opening import open_source
from codec.limits import MAX_PIXELS
from codec.reports.report import FileReport
from codec.settings import CompressSettings, ReadOptions, WriteOptions
from codec.stopwatch import Stopwatch

# Of refusals that say that a picture does not fit into memory.
_TOO_LARGE = ("pixel-limit", "side-limit", "file-too-large")


def is_for_blocks(error: LimitError, reading: ReadOptions) -> bool:
    """Tell whether a picture that was refused is to be read block by block.

    Parameters
    ----------
    error : LimitError
        Why it was.
    reading : ReadOptions
        Whoever allows fewer pixels than is usual wants larger pictures refused.
    """
    return error.reason in _TOO_LARGE and reading.max_pixels >= MAX_PIXELS


def compress_large(
    source: Path,
    target: Path,
    format: Format,
    settings: CompressSettings,
    reading: ReadOptions,
    writing: WriteOptions,
    *,
    refused: dict[str, bool],
) -> FileReport:
    """Compress one picture file of any size.

    Parameters
    ----------
    source, target, format, settings, reading, writing
        As for `codec.jobs.compress.compress_file`.
    refused : dict of str to bool
        Options that take a picture in memory, and whether they were given.

    Returns
    -------
    report : FileReport
        Status ``ok``, or ``skipped`` if the result is larger and that was not wanted.

    Raises
    ------
    CodecError
        The input or the output is at fault, or an option takes the picture in memory; nothing
        was written, but a `.zarr` that another run goes on with.
    """
    watch = Stopwatch()
    for name, given in {**refused, "--scale-range": reading.scale_range}.items():
        if given:
            raise ParameterError(
                f"{name} takes the picture in memory, and this one is compressed in blocks",
                "chunked",
            )
    if not is_zarr(source):
        check_source(source)
    if not format.piecewise:  # whose sinks look for themselves, and may go on with what is there
        check_targets(format.files(target), force=writing.force)
    with open_source(source, first_frame=reading.first_frame) as pixels:
        sink = open_sink(target, format.name, force=writing.force, effort=settings.effort)
        done = compress_blocks(pixels, sink, settings, format, token=list(pixels.token))
        report = _report(source, pixels, done, format, settings)
    report = replace(report, seconds=watch.seconds)
    if report.compressed_bytes and report.compressed_bytes > pixels.size_bytes:
        if writing.skip_if_larger and not writing.force:
            _remove(done.paths)
            return replace(
                report, status="skipped", error="the result would be larger than the file",
                reason="larger", outputs=(),
            )  # fmt: skip
        return replace(report, notices=(*report.notices, "the result is larger than the file"))
    return report


def _report(
    source: Path, pixels: PixelSource, done: Compressed, format: Format, settings: CompressSettings
) -> FileReport:
    height, width = pixels.shape[:2]
    size, channels = done.codebook.shape
    hidden: tuple[str, ...] = ()
    if done.hidden_pixels:
        hidden = (
            f"the hidden colors of {done.hidden_pixels} fully transparent pixels "
            "are not kept (--exact keeps them)",
        )
    names = [*(("codebook",) if len(done.paths) > 1 else ()), "labels"]
    if len(done.paths) == 1:
        names = ["file"]
    return FileReport(
        display_name(source),
        outputs=tuple(display_name(path) for path in done.paths),
        original_bytes=pixels.size_bytes,
        format=format.name,
        part_bytes={
            name: size_of(path) for name, path in zip(names, _by_part(done.paths), strict=True)
        },
        width=width,
        height=height,
        channels=channels,
        n_colors=size,
        colors=_written(done.codebook),
        verified=True,
        n_colors_asked=settings.n_colors,
        codebook_from=settings.codebook_from if settings.given.codebook is None else "given",
        unique_colors=done.unique_colors,
        unique_colors_after=done.unique_colors_after,
        lossless=done.lossless and not pixels.conversions,
        converted=tuple(pixels.conversions),
        mse=done.mse,
        worst_error=done.worst_error,
        engine=done.engine,
        dither=done.dither,
        rate_distortion=0.0,
        notices=(*pixels.notices, *hidden),
    )
