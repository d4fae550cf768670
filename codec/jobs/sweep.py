"""One picture at several sizes of codebook."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from codec.compressor import compress_with_details, prepare
from codec.decompressor import decompress
from codec.files import display_name
from codec.formats.checking import encode_checked
from codec.formats.registry import Format
from codec.images.reading import read_image
from codec.jobs.compress import compression_facts, hidden_notices
from codec.jobs.info import contents_facts, contents_notices
from codec.reports.quality import quality_facts, worst_facts
from codec.reports.report import FileReport
from codec.settings import CompressSettings, ReadOptions
from codec.stopwatch import Stopwatch


def sweep_file(
    source: Path,
    sizes: Sequence[int],
    codebooks: Sequence[str],
    format: Format,
    settings: CompressSettings,
    reading: ReadOptions,
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
        Whose bytes are counted.
    settings, reading
        How it is compressed otherwise, and read.

    Yields
    ------
    report : FileReport
        Bytes, ratios, PSNR, SSIM and seconds of one setting.

    Raises
    ------
    CodecError
        The picture cannot be read.
    """
    image = read_image(source, **asdict(reading))
    prepare(settings)
    for codebook_from in codebooks:
        for size in sizes:
            watch = Stopwatch()
            chosen = replace(settings, n_colors=size, codebook_from=codebook_from)
            details = compress_with_details(
                image,
                chosen,
                format=format,
                watch=watch,
            )
            _, contents = encode_checked(format, details.indexed, chosen.effort)
            seconds = watch.seconds
            decoded = decompress(contents.indexed)
            yield FileReport(
                display_name(source),
                original_bytes=image.size_bytes,
                **contents_facts(contents),
                **{
                    **compression_facts(details, chosen, image.conversions),
                    **quality_facts(image.pixels, decoded),
                    **worst_facts(
                        image.pixels,
                        contents.indexed,
                        exact=chosen.exact,
                        known=details.worst_error,
                    ),
                },
                notices=(*image.notices, *hidden_notices(details), *contents_notices(contents)),
                seconds=seconds,
                stage_seconds=watch.stages,
            )
