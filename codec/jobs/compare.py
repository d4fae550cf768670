"""A compressed file against its original."""

from dataclasses import asdict
from pathlib import Path

from codec.decompressor import decompress
from codec.errors import CodecError, ImageError
from codec.files import display_name
from codec.formats.files import load_contents
from codec.images.reading import read_image
from codec.jobs.info import contents_facts, contents_notices
from codec.reports.quality import comparison_facts, worst_facts
from codec.reports.report import FileReport
from codec.settings import ReadOptions
from codec.stopwatch import Stopwatch


def compare_files(original: Path, compressed: Path, reading: ReadOptions) -> FileReport:
    """Measure a compressed file against its original.

    Parameters
    ----------
    original : Path
        The picture file.
    compressed : Path
        What it was compressed to.
    reading : ReadOptions
        How the original is read.

    Returns
    -------
    report : FileReport
        Sizes, ratios and all measures of quality.

    Raises
    ------
    CodecError
        A file cannot be read, or the shapes differ.
    """
    watch = Stopwatch()
    with watch.stage("read"):
        image = read_image(original, **asdict(reading))
    with watch.stage("load"):
        try:
            contents = load_contents(compressed, max_pixels=reading.max_pixels)
        except CodecError as error:
            message = f"{display_name(compressed)}: {error}"
            raise type(error)(message, error.reason) from error
    notices = [*image.notices, *contents_notices(contents)]
    if contents.profile:
        notices.append("compared without regard to the ICC profile of the compressed file")
    with watch.stage("decode"):
        decoded = decompress(contents.indexed)
    if decoded.shape[:2] != image.pixels.shape[:2]:
        raise ImageError(
            f"{display_name(compressed)} has the shape {decoded.shape}, "
            f"its original {image.pixels.shape}",
            "bad-shape",
        )
    with watch.stage("measure"):
        quality, said = comparison_facts(image.pixels, decoded)
        quality |= worst_facts(image.pixels, contents.indexed)
    quality["lossless"] &= not image.conversions
    return FileReport(
        display_name(original),
        outputs=(display_name(compressed),),
        original_bytes=image.size_bytes,
        **contents_facts(contents),
        **quality,
        converted=image.conversions,
        notices=(*notices, *said),
        seconds=watch.seconds,
        stage_seconds=watch.stages,
    )
