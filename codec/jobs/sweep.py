"""One picture at several sizes of codebook."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from codec.codebook.training import start_engine
from codec.compressor import compress_with_details
from codec.decompressor import decompress
from codec.files import display_name
from codec.formats.checking import encode_checked
from codec.formats.registry import FORMATS, arranged_for
from codec.images.reading import read_image
from codec.jobs.compress import CompressOptions, _hidden_notice, clocked, describe, measure_quality
from codec.reports.report import FileReport


def sweep_file(
    source: Path,
    sizes: Sequence[int],
    codebooks: Sequence[str],
    form_name: str,
    options: CompressOptions,
) -> Iterator[FileReport]:
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
    report : FileReport
        Bytes, ratios, PSNR, SSIM and seconds of one setting.

    Raises
    ------
    CodecError
        The picture cannot be read.
    """
    image = read_image(source, first_frame=options.first_frame, max_pixels=options.max_pixels)
    form = FORMATS[form_name]
    start_engine(options.engine)
    for codebook_from in codebooks:
        for size in sizes:
            report = FileReport(display_name(source), input_bytes=image.size_bytes)
            report.notices += image.notices
            with clocked(report):
                details = compress_with_details(
                    image.pixels, replace(options, n_colors=size, codebook_from=codebook_from)
                )
                indexed = arranged_for(form, details.indexed)
                _, contents = encode_checked(form, indexed, options.effort)
            describe(report, contents)
            report.stage_seconds.update(details.seconds)
            report.output_bytes = contents.size_bytes
            report.set_sizes(contents.size_bytes, image.size_bytes)
            report.unique_colors = details.unique_colors
            report.unique_colors_after = indexed.n_colors
            report.engine, report.dither = details.engine, details.dither
            report.notices += _hidden_notice(details)
            report.n_colors_asked, report.codebook_from = size, codebook_from
            measure_quality(report, image.pixels, decompress(indexed), exact=options.exact)
            yield report
