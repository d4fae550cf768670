"""One file at a time: compress, decompress or compare it, and report.

Each function does the whole way from files to files and returns a `FileReport`, or raises a
`CodecError`; who calls decides what becomes of the other files.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from codec.codebook import start_engine
from codec.compressor import as_channels, compress_with_details
from codec.decompressor import decompress
from codec.errors import CodecError, ImageError
from codec.files import check_source, check_targets, display_name, write_files
from codec.formats import FORMS, encode_checked, load_contents, part_paths
from codec.formats.contents import Contents
from codec.histogram import count_colors
from codec.images import encode_image, holds_exactly, read_image
from codec.metrics import measure
from codec.options import MAX_PIXELS
from codec.report import FileReport

UNVERIFIED = "written without a seal: whether labels and codebook belong together is unverified"


@dataclass(frozen=True)
class CompressOptions:
    """What `kmcodec compress` and `kmcodec sweep` may be told beside names.

    Parameters
    ----------
    n_colors, seed, engine, color_space, exact, codebook_from
        See `codec.compress`.
    first_frame, max_pixels
        See `codec.read_image`.
    force : bool
        Replace existing outputs.
    skip_if_larger : bool
        Write nothing if the result would be larger than the input file.
    full_quality : bool
        Measure SSIM and color difference too, which takes longer than compressing.
    """

    n_colors: int = 256
    seed: int = 0
    engine: str = "auto"
    color_space: str = "rgb"
    exact: bool = False
    codebook_from: str = "kmeans"
    first_frame: bool = False
    max_pixels: int = MAX_PIXELS
    force: bool = False
    skip_if_larger: bool = False
    full_quality: bool = False


@contextmanager
def _timed(report: FileReport, stage: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        spent = time.perf_counter() - start
        report.stage_seconds[stage] = report.stage_seconds.get(stage, 0.0) + spent


@contextmanager
def _clocked(report: FileReport) -> Iterator[None]:
    start = time.perf_counter()
    yield
    report.seconds = time.perf_counter() - start


def _set_shape(report: FileReport, contents: Contents) -> None:
    indexed = contents.indexed
    report.width, report.height = indexed.width, indexed.height
    report.channels, report.n_colors = indexed.channels, indexed.n_colors
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
        ``pair``, ``npz`` or ``png``.
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
    form = FORMS[form_name]
    paths = part_paths(form, target)
    report = FileReport(display_name(source), outputs=[display_name(path) for path in paths])
    with _clocked(report):
        check_source(source)
        check_targets(paths, force=options.force)
        with _timed(report, "read"):
            image = read_image(
                source, first_frame=options.first_frame, max_pixels=options.max_pixels
            )
        report.notices += image.notices
        report.input_bytes = image.size_bytes
        details = compress_with_details(
            image.pixels,
            options.n_colors,
            seed=options.seed,
            engine=options.engine,
            color_space=options.color_space,
            exact=options.exact,
            codebook_from=options.codebook_from,
        )
        indexed = details.indexed
        report.stage_seconds.update(details.seconds)
        if details.hidden_pixels:
            report.notices.append(
                f"the hidden colors of {details.hidden_pixels} fully transparent pixels "
                "are not kept (--exact keeps them)"
            )
        with _timed(report, "encode"):
            parts, contents = encode_checked(form, indexed)
        _set_shape(report, contents)
        report.output_bytes = contents.size_bytes
        report.set_sizes(contents.size_bytes, image.size_bytes)
        report.set_error(details.mse)
        report.unique_colors, report.unique_colors_after = details.unique_colors, indexed.n_colors
        report.engine = details.engine
        if report.output_bytes > image.size_bytes:
            if options.skip_if_larger:
                return _skipped(report, "the result would be larger than the file", "larger")
            report.notices.append("the result is larger than the file")
        with _timed(report, "write"):
            write_files(list(zip(paths, parts, strict=True)), force=options.force)
        if options.full_quality:
            with _timed(report, "measure"):
                _measure(report, image.pixels, decompress(indexed))
    return report


def _skipped(report: FileReport, why: str, reason: str) -> FileReport:
    return replace(report, status="skipped", error=why, reason=reason, outputs=[])


def _measure(report: FileReport, original: np.ndarray, decoded: np.ndarray) -> None:
    quality = measure(original, decoded)
    report.set_error(quality.mse)
    report.ssim = quality.ssim
    report.delta_e_mean, report.delta_e_p95 = quality.delta_e_mean, quality.delta_e_p95


def decompress_file(
    source: Path,
    target: Path,
    *,
    codebook: Path | None = None,
    force: bool = False,
    max_pixels: int = MAX_PIXELS,
) -> FileReport:
    """Decompress one compressed file into an image file.

    Parameters
    ----------
    source : Path
        A label PNG, an npz or an indexed PNG.
    target : Path
        The image; its extension chooses the kind.
    codebook : Path, optional
        The codebook of a label PNG, if it is not beside it.
    force : bool
        Replace an existing output.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    report : FileReport
        Status ``ok``.

    Raises
    ------
    CodecError
        The input or the output is at fault; nothing was written.
    """
    report = FileReport(display_name(source), outputs=[display_name(target)])
    with _clocked(report):
        check_source(source)
        check_targets([target], force=force)
        with _timed(report, "read"):
            contents = load_contents(source, codebook_path=codebook, max_pixels=max_pixels)
        _set_shape(report, contents)
        report.input_bytes = contents.size_bytes
        report.set_sizes(contents.size_bytes)
        with _timed(report, "decode"):
            pixels = decompress(contents.indexed)
        del contents
        extension = target.suffix.lower()
        with _timed(report, "encode"):
            data = encode_image(pixels, extension)
            if not holds_exactly(data, extension, pixels):
                report.notices.append(
                    f"{extension} is lossy here: the written pixels differ from the decoded ones"
                )
        with _timed(report, "write"):
            write_files([(target, data)], force=force)
        report.output_bytes = len(data)
    return report


def describe_file(source: Path, *, max_pixels: int = MAX_PIXELS) -> FileReport:
    """Tell what is in a compressed file.

    Parameters
    ----------
    source : Path
        A label PNG, an npz or an indexed PNG.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    report : FileReport
        Size, K, C, bytes by part and ratios; the original is unknown.

    Raises
    ------
    CodecError
        The file cannot be read.
    """
    report = FileReport(display_name(source))
    with _clocked(report):
        contents = load_contents(source, max_pixels=max_pixels)
        _set_shape(report, contents)
        report.output_bytes = contents.size_bytes
        report.set_sizes(contents.size_bytes)
    return report


def compare_files(original: Path, compressed: Path, options: CompressOptions) -> FileReport:
    """Measure a compressed file against its original.

    Parameters
    ----------
    original : Path
        The picture file.
    compressed : Path
        What it was compressed to.
    options : CompressOptions
        `first_frame` and `max_pixels` count.

    Returns
    -------
    report : FileReport
        Sizes, ratios and all measures of quality.

    Raises
    ------
    CodecError
        A file cannot be read, or the shapes differ.
    """
    report = FileReport(display_name(original), outputs=[display_name(compressed)])
    with _clocked(report):
        with _timed(report, "read"):
            image = read_image(
                original, first_frame=options.first_frame, max_pixels=options.max_pixels
            )
            report.notices += image.notices
        with _timed(report, "load"):
            try:
                contents = load_contents(compressed, max_pixels=options.max_pixels)
            except CodecError as error:
                message = f"{display_name(compressed)}: {error}"
                raise type(error)(message, error.reason) from error
        _set_shape(report, contents)
        report.input_bytes, report.output_bytes = image.size_bytes, contents.size_bytes
        report.set_sizes(contents.size_bytes, image.size_bytes)
        with _timed(report, "decode"):
            decoded = decompress(contents.indexed)
        if decoded.shape != image.pixels.shape:
            raise ImageError(
                f"{display_name(compressed)} has the shape {decoded.shape}, "
                f"its original {image.pixels.shape}",
                "bad-shape",
            )
        with _timed(report, "measure"):
            _measure(report, image.pixels, decoded)
            report.unique_colors = len(count_colors(as_channels(image.pixels)))
            report.unique_colors_after = len(count_colors(as_channels(decoded)))
    return report


def sweep_file(
    source: Path,
    sizes: Sequence[int],
    codebooks: Sequence[str],
    form_name: str,
    options: CompressOptions,
) -> Iterator[tuple[str, FileReport]]:
    """Compress one picture with several sizes of codebook, writing nothing.

    Parameters
    ----------
    source : Path
        The picture.
    sizes : sequence of int
        The K to try.
    codebooks : sequence of str
        Ways of choosing the codebook.
    form_name : str
        Whose bytes are counted.
    options : CompressOptions
        Everything else.

    Yields
    ------
    codebook_from : str
        The way of choosing.
    report : FileReport
        Bytes, ratios, PSNR, SSIM and seconds of one setting.

    Raises
    ------
    CodecError
        The picture cannot be read.
    """
    image = read_image(source, first_frame=options.first_frame, max_pixels=options.max_pixels)
    form = FORMS[form_name]
    start_engine(options.engine)
    for codebook_from in codebooks:
        for size in sizes:
            report = FileReport(display_name(source), input_bytes=image.size_bytes)
            report.notices += image.notices
            with _clocked(report):
                details = compress_with_details(
                    image.pixels,
                    size,
                    seed=options.seed,
                    engine=options.engine,
                    color_space=options.color_space,
                    exact=options.exact,
                    codebook_from=codebook_from,
                )
                _, contents = encode_checked(form, details.indexed)
            indexed = details.indexed
            _set_shape(report, contents)
            report.stage_seconds.update(details.seconds)
            report.output_bytes = contents.size_bytes
            report.set_sizes(contents.size_bytes, image.size_bytes)
            report.unique_colors = details.unique_colors
            report.unique_colors_after = indexed.n_colors
            report.engine = details.engine
            _measure(report, image.pixels, decompress(indexed))
            yield codebook_from, report
