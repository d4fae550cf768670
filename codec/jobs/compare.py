"""A compressed file, or any other picture, against its original."""

from dataclasses import asdict
from pathlib import Path

from codec.decompressor import decompress
from codec.errors import CodecError, ImageError
from codec.files import display_name
from codec.formats.contents import Contents
from codec.images.reading import read_image
from codec.jobs.info import contents_facts, contents_notices, load_any, picture_facts
from codec.reports.quality import comparison_facts, worst_facts
from codec.reports.report import FileReport
from codec.settings import ReadOptions
from codec.stopwatch import Stopwatch


def compare_files(original: Path, compressed: Path, reading: ReadOptions) -> FileReport:
    """Measure a compressed file, or any other picture, against its original.

    Parameters
    ----------
    original : Path
        The picture file.
    compressed : Path
        What it was compressed to, by this program or another.
    reading : ReadOptions
        How the original is read, and the other if it is a picture like that.

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
            found = load_any(compressed, reading)
        except CodecError as error:
            message = f"{display_name(compressed)}: {error}"
            raise type(error)(message, error.reason) from error
    notices, converted = [*image.notices], image.conversions
    if isinstance(found, Contents):
        notices += contents_notices(found)
        if found.profile:
            notices.append("compared without regard to the ICC profile of the compressed file")
        facts = contents_facts(found)
        with watch.stage("decode"):
            decoded = decompress(found.indexed)
    else:
        name = display_name(compressed)
        notices += [f"{name}: {notice}" for notice in found.notices]
        converted += found.conversions
        facts = {**picture_facts(found), "part_bytes": {"file": found.size_bytes}}
        decoded = found.pixels
    if decoded.shape[:2] != image.pixels.shape[:2]:
        raise ImageError(
            f"{display_name(compressed)} has the shape {decoded.shape}, "
            f"its original {image.pixels.shape}",
            "bad-shape",
        )
    with watch.stage("measure"):
        quality, said = comparison_facts(image.pixels, decoded)
        quality |= worst_facts(image.pixels, decoded)
    quality["lossless"] &= not converted
    return FileReport(
        display_name(original),
        outputs=(display_name(compressed),),
        original_bytes=image.size_bytes,
        **{**facts, **quality},
        converted=converted,
        notices=(*notices, *said),
        seconds=watch.seconds,
        stage_seconds=watch.stages,
    )
