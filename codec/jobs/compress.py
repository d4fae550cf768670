"""One file at a time: compress, decompress or compare it, and report.

Each function does the whole way from files to files and returns a `FileReport`, or raises a
`CodecError`; who calls decides what becomes of the other files.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codec.colors.metrics import measure
from codec.compressor import Compression, compress_with_details
from codec.decompressor import decompress
from codec.errors import FileError
from codec.files import check_source, check_targets, display_name, write_files
from codec.formats.checking import encode_checked
from codec.formats.contents import Contents
from codec.formats.registry import FORMATS, arranged_for, part_paths
from codec.images.reading import read_image
from codec.limits import MAX_PIXELS
from codec.reports.report import FileReport
from codec.settings import CompressSettings

Pixels = npt.NDArray[np.uint8]
UNVERIFIED = "written without a seal: whether labels and codebook belong together is unverified"


@dataclass(frozen=True)
class CompressOptions(CompressSettings):
    """What `kmcodec compress` and `kmcodec sweep` may be told beside names.

    Parameters
    ----------
    first_frame, max_pixels
        See `codec.read_image`.
    force : bool
        Replace existing outputs.
    skip_if_larger : bool
        Write nothing if the result would be larger than the input file.
    full_quality : bool
        Measure SSIM and color difference too, which takes longer than compressing.
    """

    first_frame: bool = False
    max_pixels: int = MAX_PIXELS
    force: bool = False
    skip_if_larger: bool = False
    full_quality: bool = False


@contextmanager
def timed(report: FileReport, stage: str) -> Iterator[None]:
    """Add the time that passes to a stage of a report."""
    start = time.perf_counter()
    try:
        yield
    finally:
        spent = time.perf_counter() - start
        report.stage_seconds[stage] = report.stage_seconds.get(stage, 0.0) + spent


@contextmanager
def clocked(report: FileReport) -> Iterator[None]:
    """Set the time of a whole report."""
    start = time.perf_counter()
    yield
    report.seconds = time.perf_counter() - start


def describe(report: FileReport, contents: Contents) -> None:
    """Fill in what a compressed file says of itself."""
    indexed = contents.indexed
    report.width, report.height = indexed.width, indexed.height
    report.channels, report.n_colors = indexed.channels, indexed.n_colors
    report.form = contents.form
    report.part_bytes, report.verified = contents.part_bytes, contents.verified
    if not contents.verified:
        report.notices.append(UNVERIFIED)


def compress_file(
    source: Path, target: Path, form_name: str, options: CompressOptions
) -> FileReport:
    """Compress one picture file.

    Parameters
    ----------
    source : Path
        The picture.
    target : Path
        The file that names the output; a pair's codebook goes beside it.
    form_name : str
        ``pair``, ``npz``, ``png`` or ``kmc``.
    options : CompressOptions
        Everything else.

    Returns
    -------
    report : FileReport
        Status ``ok``, or ``skipped`` if the result is larger and that was not wanted.

    Raises
    ------
    CodecError
        The input or the output is at fault; nothing was written.
    """
    form = FORMATS[form_name]
    paths = part_paths(form, target)
    report = FileReport(display_name(source), outputs=[display_name(path) for path in paths])
    with clocked(report):
        _check_picture(source)
        check_targets(paths, force=options.force)
        with timed(report, "read"):
            image = read_image(
                source, first_frame=options.first_frame, max_pixels=options.max_pixels
            )
        report.notices += image.notices
        report.input_bytes = image.size_bytes
        details = compress_with_details(image.pixels, options)
        indexed = arranged_for(form, details.indexed)
        report.stage_seconds.update(details.seconds)
        report.notices += _hidden_notice(details)
        with timed(report, "encode"):
            parts, contents = encode_checked(form, indexed, options.effort)
        describe(report, contents)
        report.output_bytes = contents.size_bytes
        report.set_sizes(contents.size_bytes, image.size_bytes)
        lossless = details.lossless or (details.mse == 0 and not options.exact)
        report.set_error(details.mse, lossless=lossless)
        report.n_colors_asked, report.codebook_from = options.n_colors, options.codebook_from
        report.unique_colors, report.unique_colors_after = details.unique_colors, indexed.n_colors
        report.engine, report.dither = details.engine, details.dither
        if report.output_bytes > image.size_bytes:
            if options.skip_if_larger:
                return _skipped(report, "the result would be larger than the file", "larger")
            report.notices.append("the result is larger than the file")
        with timed(report, "write"):
            write_files(list(zip(paths, parts, strict=True)), force=options.force)
        if options.full_quality:
            with timed(report, "measure"):
                measure_quality(report, image.pixels, decompress(indexed), exact=options.exact)
    return report


def _check_picture(source: Path) -> None:
    try:
        check_source(source)
    except FileError as error:
        if error.reason != "is-directory":
            raise
        raise FileError("is a directory (-r takes what is in it)", error.reason) from None


def _hidden_notice(details: Compression) -> list[str]:
    if not details.hidden_pixels:
        return []
    return [
        f"the hidden colors of {details.hidden_pixels} fully transparent pixels "
        "are not kept (--exact keeps them)"
    ]


def _skipped(report: FileReport, why: str, reason: str) -> FileReport:
    return replace(report, status="skipped", error=why, reason=reason, outputs=[])


def measure_quality(
    report: FileReport, original: Pixels, decoded: Pixels, *, exact: bool = False
) -> None:
    """Fill in all measures; if `exact`, hidden colors count for what is lossless."""
    quality = measure(original, decoded)
    lossless = np.array_equal(original, decoded) if exact else quality.mse == 0
    report.set_error(quality.mse, lossless=bool(lossless))
    report.ssim = quality.ssim
    report.delta_e_mean, report.delta_e_p95 = quality.delta_e_mean, quality.delta_e_p95
