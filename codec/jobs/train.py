"""Picture files to one codebook."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codec.encoder.codebooks import load_codebook
from codec.encoder.training import Pool
from codec.errors import CodecError, ImageError
from codec.files import check_source, display_name, write_files
from codec.formats.codebooks import encode_codebook
from codec.images.reading import read_image
from codec.jobs.collisions import PlannedFile
from codec.jobs.ours import check_not_decoded
from codec.reports.report import CodebookReport, FileReport
from codec.settings import CompressSettings, Given, ReadOptions
from codec.stopwatch import Stopwatch

Bytes = npt.NDArray[np.uint8]


def count_file(
    planned: PlannedFile, pool: Pool, reading: ReadOptions, weights: Bytes | None = None
) -> FileReport:
    """Count the colors of one picture file.

    Parameters
    ----------
    planned : PlannedFile
        The picture.
    pool : Pool
        What they are added to.
    reading : ReadOptions
        How it is read.
    weights : ndarray of shape (H, W), optional
        See `codec.compress`.

    Returns
    -------
    report : FileReport
        Status ``ok``, with its size and colors.

    Raises
    ------
    CodecError
        The picture is at fault; nothing was added.
    """
    if planned.failure:
        raise planned.failure
    watch = Stopwatch()
    check_source(planned.source)
    if planned.is_found:
        check_not_decoded(planned.source, reading.max_pixels)
    image = read_image(planned.source, **asdict(reading))
    height, width, channels = (*image.pixels.shape, 1)[:3]
    return FileReport(
        display_name(planned.source),
        original_bytes=image.size_bytes,
        width=width,
        height=height,
        channels=channels,
        unique_colors=pool.add(image.pixels, weights),
        converted=image.conversions,
        notices=tuple(image.notices),
        seconds=watch.seconds,
        stage_seconds=watch.stages,
    )


def write_codebook(
    codebook: Bytes, pictures: int, target: Path, *, force: bool = False
) -> CodebookReport:
    """Write a codebook alone.

    Parameters
    ----------
    codebook : ndarray of shape (K, C), dtype uint8
        Its code-words.
    pictures : int
        How many it was trained with.
    target : Path
        Its ending says how it is written.
    force : bool
        Replace an existing file.

    Returns
    -------
    report : CodebookReport
        Its name and sizes.

    Raises
    ------
    FileError, ParameterError
        The output is at fault; nothing was written.
    """
    data = encode_codebook(codebook, target)
    write_files([(target, data)], force=force)
    return CodebookReport(display_name(target), len(data), len(codebook), pictures)


def share_codebook(
    plan: Sequence[PlannedFile],
    settings: CompressSettings,
    reading: ReadOptions,
    weights: Bytes | None = None,
) -> tuple[CompressSettings, int]:
    """Train one codebook for all pictures of a run.

    Parameters
    ----------
    plan : sequence of PlannedFile
        The pictures. Those that cannot be read are left out, and will be complained of when it
        is their turn to be compressed.
    settings, reading
        How they are compressed and read.
    weights : ndarray of shape (H, W), optional
        See `codec.compress`; the same for all.

    Returns
    -------
    settings : CompressSettings
        With that codebook as given; the same as before if there are no pictures.
    pictures : int
        How many it is of.
    """
    pool = Pool(settings)
    for planned in plan:
        with suppress(CodecError, MemoryError):
            count_file(planned, pool, reading, weights)
    if not pool.pictures:
        return settings, 0
    codebook = pool.train()
    given = Given(codebook, palette_depth=settings.given.palette_depth)
    return replace(settings, n_colors=len(codebook), given=given), pool.pictures


def read_codebook(path: Path, max_pixels: int) -> Bytes:
    """Read a codebook that was named beside the inputs, and name it if it cannot be read."""
    try:
        return load_codebook(path, max_pixels=max_pixels)
    except CodecError as error:
        message = f"the codebook {display_name(path)}: {error}"
        raise type(error)(message, error.reason) from error


def read_weights(path: Path, reading: ReadOptions) -> Bytes:
    """Read weights from a grey picture, and name it if it cannot be read.

    Returns
    -------
    weights : ndarray of shape (H, W), dtype uint8
        White counts 255 times as much as the darkest grey but black.
    """
    try:
        check_source(path)
        pixels = read_image(path, **asdict(reading)).pixels
        if pixels.ndim != 2:
            raise ImageError("weights are a grey picture without alpha", "bad-shape")
        if not pixels.any():
            raise ImageError("all weights are 0: nothing would count", "weights")
    except CodecError as error:
        message = f"the weights {display_name(path)}: {error}"
        raise type(error)(message, error.reason) from error
    return pixels
