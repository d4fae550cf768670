"""A picture at several sizes of codebook, from one training: made, or told without encoding."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from codec.colors.distortion import errors_of_colors
from codec.colors.lookup import look_up
from codec.colors.metrics import mean_ssim, psnr_db
from codec.colors.pixels import as_channels, to_channels
from codec.encoder.arranging import arrange
from codec.encoder.candidates import Candidates
from codec.encoder.kept import keep_given
from codec.encoder.knee import find_knee
from codec.encoder.picture import count_picture
from codec.encoder.steps import Compression, judge, label_picture, resolve_dither
from codec.errors import ParameterError
from codec.formats.registry import Format, format_named
from codec.images.memory import as_source
from codec.images.records import SourceImage
from codec.options import (
    DEFAULT_FORMAT,
    SWEPT_SIZES,
    ColorSpaceChoice,
    DitherChoice,
    EffortChoice,
    EngineChoice,
    FormatChoice,
    TuneChoice,
)
from codec.settings import CompressSettings
from codec.stopwatch import Stopwatch

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, eq=False)
class Sized:
    """What a picture became at one size.

    Parameters
    ----------
    size : int
        The largest K that was allowed.
    compressions : dict of str to Compression
        By the name of the format.
    knee : int
        The K at the knee of all sizes up to the largest of those asked for.
    """

    size: int
    compressions: dict[str, Compression]
    knee: int


def compress_sizes(
    source: SourceImage,
    settings: CompressSettings,
    sizes: Sequence[int],
    formats: Sequence[Format],
    watch: Stopwatch,
) -> Iterator[Sized]:
    """Compress a picture at several sizes.

    Parameters
    ----------
    source : SourceImage
        The picture.
    settings : CompressSettings
        How, but for K.
    sizes : sequence of int
        The K to try, each 1 to 256.
    formats : sequence of Format
        What will be written.
    watch : Stopwatch
        Times the stages.

    Yields
    ------
    sized : Sized
        For each size in turn.
    """
    settings = replace(settings, n_colors=max(sizes))
    pixels = as_channels(source.pixels)
    with watch.stage("histogram"):
        picture = count_picture(pixels, settings)
    candidates = Candidates(picture, settings, formats[0], watch)
    knee, _ = find_knee(candidates)
    for size in sizes:
        own = replace(settings, n_colors=size)
        with watch.stage("codebooks"):
            chosen = candidates.choose(size)
        dither = "none" if chosen.is_all else resolve_dither(own, picture.pixels[..., 0].size)
        with watch.stage("labels"):
            labeled = label_picture(picture, chosen, dither, own.dither_strength)
        compressions = {}
        for format in formats:
            if format.keeps_indices:
                kept = keep_given(pixels, source.indices, source.palette, own)
                if kept is not None:
                    compressions[format.name] = kept
                    continue
            with watch.stage("ordering"):
                indexed = arrange(picture, labeled, own, format)
            compressions[format.name] = judge(
                picture, chosen, labeled, indexed, exact=own.exact, dither=dither
            )
        yield Sized(size, compressions, knee)


@dataclass(frozen=True)
class Swept:
    """What a picture takes, and how far it is off, at one size of codebook in one format.

    Parameters
    ----------
    n_colors_asked : int
        The largest K that was allowed.
    n_colors : int
        K.
    format : str
        ``pair``, ``npz``, ``png`` or ``kmc``.
    size_bytes : int
        Bytes of all files.
    bits_per_pixel : float
        Bits of the files for each pixel.
    mse, psnr_db : float
        Mean squared error, see `codec.colors.metrics.Quality`, and the ratio of 255 squared to it
        in dB, infinite without error.
    ssim : float or None
        Mean structural similarity, if it was to be measured; None for pictures smaller than 7x7.
    knee : int
        The K from which more code-words cost more bytes than they are worth, up to the largest
        that was asked for, by the bytes of the first format; the same for all.
    """

    n_colors_asked: int
    n_colors: int
    format: str
    size_bytes: int
    bits_per_pixel: float
    mse: float
    psnr_db: float
    ssim: float | None
    knee: int


def sweep(
    pixels: "npt.NDArray[np.uint8] | SourceImage | Image",
    n_colors: Sequence[int] = SWEPT_SIZES,
    *,
    formats: Sequence[FormatChoice] = (DEFAULT_FORMAT,),
    measure: bool = False,
    seed: int = 0,
    engine: EngineChoice = "auto",
    effort: EffortChoice = "default",
    tune: TuneChoice = "visual",
    color_space: ColorSpaceChoice | None = None,
    exact: bool = False,
    dither: DitherChoice | None = None,
    dither_strength: float = 1.0,
) -> list[Swept]:
    """Tell what a picture becomes at several sizes of codebook, from one training.

    Codebooks differ a little from those that `codec.compress` trains for each size.

    Parameters
    ----------
    pixels : ndarray, SourceImage or PIL.Image.Image
        As for `codec.compress`.
    n_colors : sequence of int
        The K to try, each 1 to 256.
    formats : sequence of {'pair', 'npz', 'png', 'kmc'}
        Whose bytes are told.
    measure : bool
        Measure SSIM too, which takes longer.
    seed, engine, effort, tune, color_space, exact, dither, dither_strength
        See `codec.compress`.

    Returns
    -------
    swept : list of Swept
        For each size in turn, one for each format.

    Raises
    ------
    ImageError
        `pixels` are not a picture.
    ParameterError
        There is no size or format, or another argument is not one of those listed.

    Examples
    --------
    >>> import numpy as np
    >>> import codec
    >>> ramp = np.arange(0, 256, 4, dtype=np.uint8).repeat(8).reshape(16, 32)
    >>> for each in codec.sweep(ramp, [4, 16, 64], tune="psnr"):
    ...     print(each.n_colors, round(each.psnr_db, 1))
    4 22.8
    16 35.1
    64 inf
    """
    sizes, chosen = list(n_colors), [format_named(name) for name in formats]
    if not sizes or not chosen:
        raise ParameterError("a sweep needs a number of colors and a format", "n_colors")
    for format in chosen:
        format.check_writable()
    settings = CompressSettings(
        seed=seed, engine=engine, effort=effort, tune=tune, color_space=color_space, exact=exact,
        dither=dither, dither_strength=dither_strength,
    )  # fmt: skip
    for size in sizes:
        replace(settings, n_colors=size)  # which refuses what is none, before anything is done
    source = as_source(pixels)
    original = as_channels(source.pixels)
    found = []
    for sized in compress_sizes(source, settings, sizes, chosen, Stopwatch()):
        for name, compression in sized.compressions.items():
            found.append(_swept(original, sized, name, compression, effort, measure=measure))
    return found


def _swept(
    original: npt.NDArray[np.uint8],
    sized: Sized,
    format: str,
    compression: Compression,
    effort: EffortChoice,
    *,
    measure: bool,
) -> Swept:
    """Encode in a format, and measure."""
    indexed = compression.indexed
    size_bytes = sum(map(len, format_named(format).encode(indexed, effort)))
    ssim = None
    if measure:
        decoded = look_up(indexed.codebook, indexed.labels)
        ssim = mean_ssim(original, to_channels(decoded, original.shape[2]))
    return Swept(
        n_colors_asked=sized.size,
        n_colors=indexed.n_colors,
        format=format,
        size_bytes=size_bytes,
        bits_per_pixel=8 * size_bytes / (indexed.width * indexed.height),
        mse=compression.mse,
        psnr_db=psnr_db(compression.mse),
        ssim=ssim,
        knee=sized.knee,
    )


@dataclass(frozen=True)
class Sketched:
    """What a picture would become at one size.

    Parameters
    ----------
    size : int
        K.
    usual_bytes : float
        What its file usually takes.
    mse : float
        Mean squared error, without dithering.
    """

    size: int
    usual_bytes: float
    mse: float


def sketch_sizes(
    source: SourceImage, settings: CompressSettings, sizes: Sequence[int], format: Format
) -> list[Sketched]:
    """Tell about bytes and errors at several sizes, without encoding.

    Parameters
    ----------
    source : SourceImage
        The picture.
    settings : CompressSettings
        How it is compressed, but for K.
    sizes : sequence of int
        The K to tell of.
    format : Format
        What would be written.

    Returns
    -------
    sketched : list of Sketched
        In order; sizes that are too small for the picture, or for all of its colors, are left out.
    """
    own = replace(settings, n_colors=max(sizes))
    picture = count_picture(as_channels(source.pixels), own)
    candidates = Candidates(picture, own, format, Stopwatch())
    found = []
    for size in sizes:
        if candidates.least <= size < len(picture.visible):
            chosen = candidates.choose(size)
            mse, _ = errors_of_colors(
                picture.histogram, chosen.codebook, chosen.color_labels, exact=own.exact
            )
            found.append(Sketched(size, candidates.usual_bytes(size), mse))
    return found
