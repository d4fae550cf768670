"""`codec.report`: what the command of that name tells, of what a program holds."""

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from codec.decompressor import decompress
from codec.errors import ImageError
from codec.files.given import Readable, content_of, is_path, is_reader
from codec.formats.contents import Contents
from codec.images.memory import as_source
from codec.images.reading import read_image
from codec.images.records import SourceImage
from codec.images.spaces import indexed_in_srgb, picture_in_srgb
from codec.indexed import IndexedImage
from codec.jobs.info import load_shown, open_if_stored
from codec.limits import MAX_PIXELS, check_dimensions
from codec.reports.quality import comparison_facts, worst_facts
from codec.reports.report import FileReport
from codec.settings import ReadOptions

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Report:
    """What became of a picture.

    Parameters
    ----------
    name : str
        The path it was read from, if it was.
    width, height, channels : int
        Of the original.
    n_colors : int or None
        Size of the codebook, K, if it has one.
    size_bytes : int or None
        Of all its files, if it was read from some.
    bits_per_pixel : float or None
        Bits of these for each pixel.
    ratio_raw : float or None
        Bytes of the original's pixels over these.
    ratio_file : float or None
        Bytes of the original's file over these.
    unique_colors, unique_colors_after : int
        Different colors of the original, and of what it became.
    lossless : bool
        Whether all visible pixels are the same.
    mse, psnr_db : float
        Mean squared error, and the ratio of 255 squared to it in dB, infinite without error.
    ssim : float or None
        Mean structural similarity; None for pictures smaller than 7x7.
    delta_e_mean, delta_e_p95 : float
        Mean and 95th percentile of the color difference CIEDE2000.
    worst_error : int
        Largest difference of a channel, 0 to 255.
    worst_x, worst_y : int or None
        Column and row of the first pixel that has it, if there is any.
    """

    name: str
    width: int
    height: int
    channels: int
    n_colors: int | None
    size_bytes: int | None
    bits_per_pixel: float | None
    ratio_raw: float | None
    ratio_file: float | None
    unique_colors: int
    unique_colors_after: int
    lossless: bool
    mse: float
    psnr_db: float
    ssim: float | None
    delta_e_mean: float
    delta_e_p95: float
    worst_error: int
    worst_x: int | None
    worst_y: int | None


def report(
    original: "Pixels | SourceImage | Image | Readable",
    *compressed: "IndexedImage | Pixels | SourceImage | Image | Readable",
    max_pixels: int = MAX_PIXELS,
) -> list[Report]:
    """Measure what became of a picture, by kmcodec or by other programs.

    Parameters
    ----------
    original : ndarray, SourceImage or PIL.Image.Image; or what `codec.read_image` takes
        The picture.
    *compressed : IndexedImage, or any of these
        What it became: compressed files, pictures of other programs, or either in memory. What has
        kept a profile is compared in sRGB.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    reports : list of Report
        One for each; ``pandas.DataFrame(reports)`` is a table of them.

    Raises
    ------
    CodecError
        One is none of these, cannot be read or is damaged, or they differ in size.

    Examples
    --------
    >>> import numpy as np
    >>> import codec
    >>> ramp = np.arange(0, 256, 4, dtype=np.uint8).repeat(8).reshape(16, 32)
    >>> few, many = codec.report(ramp, *(codec.compress(ramp, k, tune="psnr") for k in (4, 16)))
    >>> round(few.psnr_db, 1), round(many.psnr_db, 1), few.worst_error
    (22.8, 35.1, 30)
    """
    reading = ReadOptions(max_pixels=max_pixels)
    source = _read_original(original, max_pixels)
    return [_measure(source, each, reading) for each in compressed]


def _read_original(given: Any, max_pixels: int) -> SourceImage:
    if _is_file(given):
        return read_image(given, max_pixels=max_pixels)
    return picture_in_srgb(_in_memory(given))


def _is_file(given: object) -> bool:
    return is_path(given) or isinstance(given, bytes | bytearray | memoryview) or is_reader(given)


def _in_memory(given: Any) -> SourceImage:
    source = as_source(given)
    if not isinstance(source.pixels, np.ndarray):
        raise ImageError(f"expected a picture, not {type(given).__name__}", "bad-type")
    return source


def _measure(original: SourceImage, given: Any, reading: ReadOptions) -> Report:
    found, conversions = given, original.conversions
    name = os.fsdecode(given) if is_path(given) else ""
    if name and (stored := open_if_stored(Path(name))):
        with stored:
            check_dimensions(stored.shape[1], stored.shape[0], reading.max_pixels)
            found = IndexedImage(stored.labels[:], stored.codebook, size_bytes=stored.size_bytes)
    elif _is_file(given):
        content = given if is_path(given) else content_of(given)
        found, _, more = load_shown(content, reading)
        conversions = (*conversions, *more)
    size_bytes = None
    if isinstance(found, Contents):
        found, size_bytes = found.indexed, found.size_bytes
    elif isinstance(found, IndexedImage):
        size_bytes = found.size_bytes
    else:
        source = _in_memory(found)
        found = picture_in_srgb(source).pixels
        size_bytes = source.size_bytes if source is given or source.kind else None
    if isinstance(found, IndexedImage):
        found, said, changed = indexed_in_srgb(found)
        conversions = (*conversions, *(said if changed else ()))
    decoded = decompress(found) if isinstance(found, IndexedImage) else found
    height, width, channels = (*original.pixels.shape, 1)[:3]
    if decoded.ndim not in (2, 3) or decoded.shape[:2] != (height, width):
        raise ImageError(
            f"it has the shape {decoded.shape}, its original {original.pixels.shape}", "bad-shape"
        )
    facts, _ = comparison_facts(original.pixels, decoded)
    worst = worst_facts(original.pixels, found)
    facts["lossless"] &= not conversions
    # Whose figures are those of the command.
    told = FileReport(
        name, original_bytes=original.size_bytes if original.kind else None, width=width,
        height=height, channels=channels, part_bytes={"file": size_bytes} if size_bytes else {},
        **facts,
    )  # fmt: skip
    x, y = worst["worst_at"] or (None, None)
    return Report(
        name=name, width=width, height=height, channels=channels,
        n_colors=found.n_colors if isinstance(found, IndexedImage) else None,
        size_bytes=size_bytes, bits_per_pixel=told.bits_per_pixel, ratio_raw=told.ratio_raw,
        ratio_file=told.ratio_file, psnr_db=math.inf if told.psnr_db is None else told.psnr_db,
        worst_error=worst["worst_error"], worst_x=x, worst_y=y, **facts,
    )  # fmt: skip
