"""A compressed file against its original."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from codec.colors.histogram import count_colors
from codec.colors.pixels import as_channels
from codec.decompressor import decompress
from codec.errors import CodecError, ImageError
from codec.files import display_name
from codec.formats.files import load_contents
from codec.images.reading import read_image
from codec.indexed import CHANNEL_NAMES
from codec.jobs.compress import CompressOptions, clocked, describe, measure_quality, timed
from codec.reports.report import FileReport

Pixels = npt.NDArray[np.uint8]


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
    with clocked(report):
        with timed(report, "read"):
            image = read_image(
                original, first_frame=options.first_frame, max_pixels=options.max_pixels
            )
            report.notices += image.notices
        with timed(report, "load"):
            try:
                contents = load_contents(compressed, max_pixels=options.max_pixels)
            except CodecError as error:
                message = f"{display_name(compressed)}: {error}"
                raise type(error)(message, error.reason) from error
        describe(report, contents)
        report.input_bytes, report.output_bytes = image.size_bytes, contents.size_bytes
        report.set_sizes(contents.size_bytes, image.size_bytes)
        if contents.profile:
            report.notices.append(
                "compared without regard to the ICC profile of the compressed file"
            )
        with timed(report, "decode"):
            decoded = decompress(contents.indexed)
        if decoded.shape[:2] != image.pixels.shape[:2]:
            raise ImageError(
                f"{display_name(compressed)} has the shape {decoded.shape}, "
                f"its original {image.pixels.shape}",
                "bad-shape",
            )
        with timed(report, "measure"):
            measure_quality(report, *_in_equal_channels(image.pixels, decoded, report))
            report.unique_colors = len(count_colors(as_channels(image.pixels)))
            report.unique_colors_after = len(count_colors(as_channels(decoded)))
    return report


def _in_equal_channels(
    original: Pixels, decoded: Pixels, report: FileReport
) -> tuple[Pixels, Pixels]:
    """Write grey as RGB, and opaque as with alpha, where only one of two pictures is so."""
    first, second = as_channels(original), as_channels(decoded)
    if first.shape == second.shape:
        return first, second
    report.notices.append(
        f"compared {CHANNEL_NAMES[first.shape[2]]} with {CHANNEL_NAMES[second.shape[2]]}"
    )
    with_alpha = first.shape[2] in (2, 4) or second.shape[2] in (2, 4)

    def widened(pixels: Pixels) -> Pixels:
        has_alpha = pixels.shape[2] in (2, 4)
        colors = pixels[:, :, :-1] if has_alpha else pixels
        layers = [np.broadcast_to(colors, (*pixels.shape[:2], 3))]
        if with_alpha:
            opaque = np.full((*pixels.shape[:2], 1), 255, dtype=np.uint8)
            layers.append(pixels[:, :, -1:] if has_alpha else opaque)
        return np.concatenate(layers, axis=2)

    return widened(first), widened(second)
