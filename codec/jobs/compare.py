"""A compressed file against its original."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.colors.histogram import count_colors
from codec.colors.metrics import measure
from codec.colors.pixels import as_channels
from codec.decompressor import decompress
from codec.errors import CodecError, ImageError
from codec.files import display_name
from codec.formats.files import load_contents
from codec.images.reading import read_image
from codec.indexed import CHANNEL_NAMES
from codec.jobs.info import contents_facts, contents_notices
from codec.reports.report import FileReport
from codec.settings import ReadOptions
from codec.stopwatch import Stopwatch

Pixels = npt.NDArray[np.uint8]


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
        image = read_image(
            original, first_frame=reading.first_frame, max_pixels=reading.max_pixels
        )
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
        first, second = as_channels(image.pixels), as_channels(decoded)
        colors = len(count_colors(first)), len(count_colors(second))
        if first.shape != second.shape:
            notices.append(
                f"compared {CHANNEL_NAMES[first.shape[2]]} with {CHANNEL_NAMES[second.shape[2]]}"
            )
            first, second = _in_equal_channels(first, second)
        quality = quality_facts(first, second)
    return FileReport(
        display_name(original),
        outputs=(display_name(compressed),),
        original_bytes=image.size_bytes,
        **contents_facts(contents),
        unique_colors=colors[0],
        unique_colors_after=colors[1],
        **quality,
        notices=tuple(notices),
        seconds=watch.seconds,
        stage_seconds=watch.stages,
    )


def quality_facts(original: Pixels, decoded: Pixels, *, exact: bool = False) -> dict[str, Any]:
    """Measure everything, as a report names it; if `exact`, hidden colors count as a loss."""
    quality = measure(original, decoded)
    return {
        "lossless": bool(np.array_equal(original, decoded)) if exact else quality.mse == 0,
        "mse": quality.mse,
        "ssim": quality.ssim,
        "delta_e_mean": quality.delta_e_mean,
        "delta_e_p95": quality.delta_e_p95,
    }


def _in_equal_channels(first: Pixels, second: Pixels) -> tuple[Pixels, Pixels]:
    """Write grey as RGB, and opaque as with alpha, where only one of two pictures is so."""
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
