"""One picture at several sizes of codebook."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from codec.compressor import compress_with_details, prepare
from codec.decompressor import decompress
from codec.encoder.sizes import compress_sizes
from codec.encoder.steps import KMEANS, Compression
from codec.errors import ParameterError
from codec.files import check_source, display_name
from codec.formats.checking import encode_checked
from codec.formats.registry import FORMATS, Format
from codec.images.reading import read_image
from codec.images.records import SourceImage
from codec.jobs.compress import compression_facts, hidden_notices
from codec.jobs.info import contents_facts, contents_notices
from codec.jobs.ours import ONE_BY_ONE
from codec.reports.quality import quality_facts, worst_facts
from codec.reports.report import FileReport
from codec.settings import CompressSettings, ReadOptions
from codec.stopwatch import Stopwatch

if TYPE_CHECKING:  # which imports what makes pages
    from codec.jobs.pages import Page


def sweep_file(
    source: Path,
    sizes: Sequence[int],
    codebooks: Sequence[str],
    format: Format,
    settings: CompressSettings,
    reading: ReadOptions,
    page: "Page | None" = None,
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
    format : Format
        Whose ratios are told.
    settings, reading
        How it is compressed otherwise, and read.
    page : Page, optional
        What is to show all of them.

    Yields
    ------
    report : FileReport
        Bytes, ratios, PSNR, SSIM and seconds of one setting; the bytes of every format. Sizes of
        k-means come from one training, whose time is the first one's.

    Raises
    ------
    CodecError
        The picture cannot be read, or the page not be written.
    """
    if page:
        page.check()
    check_source(source, ONE_BY_ONE)
    image = read_image(source, **asdict(reading))
    prepare(settings)
    if page:
        page.begin(source, image)
        page.with_curve = False
    for codebook_from in codebooks:
        own = replace(settings, codebook_from=codebook_from)
        if codebook_from == KMEANS:
            yield from _sweep_trained(source, image, sizes, format, own, page)
            continue
        for size in sizes:
            watch, chosen = Stopwatch(), replace(own, n_colors=size)
            details = {
                each.name: compress_with_details(image, chosen, format=each, watch=watch)
                for each in _writable(format)
            }
            yield _report(source, image, details, format, chosen, watch, page)


def _sweep_trained(
    source: Path,
    image: SourceImage,
    sizes: Sequence[int],
    format: Format,
    settings: CompressSettings,
    page: "Page | None",
) -> Iterator[FileReport]:
    """Draw on one training for all sizes."""
    watch = Stopwatch()
    for sized in compress_sizes(image, settings, sizes, _writable(format), watch):
        own = replace(settings, n_colors=sized.size)
        yield _report(source, image, sized.compressions, format, own, watch, page, sized.knee)
        watch = Stopwatch()


def _writable(first: Format) -> list[Format]:
    """List the formats that can be written here, one of them first."""
    found = [first]
    for format in FORMATS.values():
        if format is not first:
            with suppress(ParameterError):
                format.check_writable()
                found.append(format)
    return found


def _report(
    source: Path,
    image: SourceImage,
    details: dict[str, Compression],
    format: Format,
    settings: CompressSettings,
    watch: Stopwatch,
    page: "Page | None",
    knee: int | None = None,
) -> FileReport:
    """Encode in all formats, and tell what came of it in one of them."""
    main = details[format.name]
    _, contents = encode_checked(format, main.indexed, settings.effort)
    seconds = watch.seconds
    sizes = {
        name: sum(map(len, FORMATS[name].encode(each.indexed, settings.effort)))
        for name, each in details.items()
        if name != format.name
    }
    sizes[format.name] = contents.size_bytes
    decoded = decompress(contents.indexed)
    report = FileReport(
        display_name(source),
        original_bytes=image.size_bytes,
        **contents_facts(contents),
        **{
            **compression_facts(main, settings, image.conversions),
            **quality_facts(image.pixels, decoded),
            **worst_facts(
                image.pixels, contents.indexed, exact=settings.exact, known=main.worst_error
            ),
        },
        format_bytes={name: sizes[name] for name in FORMATS if name in sizes},
        notices=(*image.notices, *hidden_notices(main), *contents_notices(contents)),
        knee=knee,
        seconds=seconds,
        stage_seconds=watch.stages,
    )
    if page:
        way = "" if settings.codebook_from == KMEANS else f"{settings.codebook_from}, "
        page.add(report, f"{way}K = {settings.n_colors}", contents.indexed, settings)
    return report
