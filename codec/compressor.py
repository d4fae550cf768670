"""Pixels to IndexedImage: histogram, codebook, labels, order, in this order."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from codec.codebook.training import start_engine
from codec.colors.pixels import as_channels
from codec.encoder.arranging import arrange
from codec.encoder.given import Colors, check_given
from codec.encoder.kept import keep_given
from codec.encoder.picture import count_picture
from codec.encoder.rate import rate_labels_mildly
from codec.encoder.steps import (
    KMEANS,
    Compression,
    choose_codebook,
    judge,
    label_picture,
    resolve_dither,
)
from codec.encoder.targets import meet_targets
from codec.errors import ParameterError
from codec.formats.registry import FORMATS, Format, format_named
from codec.images.records import SourceImage
from codec.indexed import IndexedImage
from codec.limits import MAX_CODEBOOK_SIZE
from codec.metadata import NO_METADATA
from codec.options import (
    DEFAULT_FORMAT,
    CodebookChoice,
    ColorSpaceChoice,
    DepthChoice,
    DitherChoice,
    EffortChoice,
    EngineChoice,
    FormatChoice,
    TuneChoice,
)
from codec.settings import CompressSettings, Targets
from codec.stopwatch import Stopwatch

if TYPE_CHECKING:
    from PIL.Image import Image


def compress(
    pixels: "npt.NDArray[np.uint8] | SourceImage | Image",
    n_colors: int = MAX_CODEBOOK_SIZE,
    *,
    seed: int = 0,
    engine: EngineChoice = "auto",
    effort: EffortChoice = "default",
    tune: TuneChoice = "visual",
    color_space: ColorSpaceChoice | None = None,
    exact: bool = False,
    codebook_from: CodebookChoice = KMEANS,
    dither: DitherChoice | None = None,
    dither_strength: float = 1.0,
    keep_order: bool = False,
    codebook: npt.NDArray[np.uint8] | None = None,
    keep: Colors = (),
    palette_depth: DepthChoice | None = None,
    weights: npt.NDArray[np.number] | None = None,
    max_bytes: int | None = None,
    min_psnr: float | None = None,
    min_ssim: float | None = None,
    min_ssimulacra2: float | None = None,
    max_error: int | None = None,
    auto: bool = False,
    format: FormatChoice = DEFAULT_FORMAT,
    rate_distortion: float | None = None,
) -> IndexedImage:
    """Represent a picture by at most 256 colors.

    With no more unique colors than `n_colors` the result is lossless, and compressing a
    decompressed picture again with the same `n_colors` is. Indices of a palette that fits are
    kept as labels, with the palette as codebook; so are grey values that are all less than
    `n_colors`.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8; SourceImage; PIL.Image.Image
        The picture: C = 1 grey, 2 grey+alpha, 3 RGB, 4 RGBA; 8-bit sRGB, straight alpha. Any
        strides; never modified. From `codec.read_image`, or an image of Pillow, it is taken as
        `codec.read_image` reads it: in sRGB, upright; of an animation that Pillow has opened it
        is the frame that the image stands at. Alpha that is 255 everywhere and RGB that is grey
        everywhere change nothing but the shape of the codebook.
    n_colors : int
        Largest size of the codebook, K, 1 to 256.
    seed : int
        Seed of everything random, 0 to 2**32 - 1.
    engine : {'auto', 'native', 'sklearn'}
        Which implementation of k-means runs; ``auto`` is ``native`` where it was compiled, whose
        result is the same on every machine.
    effort : {'fast', 'default', 'best'}
        How long it looks for a better codebook: ``fast`` takes half the time, ``best`` some
        seconds, with ``psnr`` for a squared error about 2 % less.
    tune : {'visual', 'psnr'}
        What the aim is: ``visual``, that it looks like the picture, or ``psnr``, the least squared
        error in sRGB. It chooses `color_space` and `dither` where they are not given.
    color_space : {'oklab', 'rgb', 'lab'}, optional
        Where differences of color are measured. By default ``oklab``; for ``psnr``, ``rgb``.
    exact : bool
        Keep the colors of fully transparent pixels and measure alpha as a channel like the
        others. By default colors count as much as they can be seen, and hidden ones become zero.
    codebook_from : {'kmeans', 'random', 'first-pixels', 'median-cut'}
        How the codebook is chosen; all but the first are there to compare with.
    dither : {'auto', 'none', 'selective', 'fs', 'ordered'}, optional
        Whether the errors of neighbors cancel, by error diffusion everywhere (``fs``) or where a
        band would show (``selective``), or by an 8x8 pattern: smooth shades look smooth, squared
        error and files are larger. By default ``auto``, which chooses for the best look at these
        bytes; for ``psnr``, ``none``. See `codec.labels.dithering`. Nothing lossless is dithered.
    dither_strength : float
        0 to 1: how much of an error is made up for; 0 is no dithering. Only 1 with a target or
        `rate_distortion`, where nothing is dithered.
    keep_order : bool
        Let `codec.save` keep palette indices or grey values as labels in a .kmc too, and refuse
        a picture that has none or whose palette is too large.
    codebook : ndarray of shape (K, C), dtype uint8, optional
        Code-words to take in place of trained ones, as from `codec.load_codebook` or
        `codec.train`; `n_colors` is K then. They are stored as they are, in this order, unused
        and equal ones included, in every format; decoded pixels have these C channels.
    keep : sequence of str or of 1 to 4 numbers, or ndarray of shape (P, C)
        Colors such as ``'#ff0000'`` or ``(255, 0, 0)`` that the codebook has exactly, used or
        not; the others are trained around them. A single str may have several, with commas.
    palette_depth : {'888', '565', '555', '444', '332'}, optional
        Bits of red, green and blue that the display has: all code-words are colors that it shows.
    weights : ndarray of shape (H, W), optional
        How much pixels count when code-words are chosen: whose weight is twice as much counts as
        two. Numbers that are finite and not negative, rounded to 255ths of the largest.
    max_bytes : int, optional
        Targets, this and the next: what is asked for in place of a number of colors, alone or
        together; the result has the fewest bytes that satisfy all, or, of bytes alone, the least
        error. `n_colors` is the largest K then, and nothing is dithered. This one: the most bytes
        of all files of `format`, if `codec.save` gets the same `effort`.
    min_psnr : float, optional
        The least PSNR in dB, 0 to 100.
    min_ssim : float, optional
        The least SSIM, 0 to 1; see `codec.colors.metrics.Quality`.
    min_ssimulacra2 : float, optional
        The least SSIMULACRA2, -100 to 100; needs the extra ``ssimulacra2``.
    max_error : int, optional
        The largest difference of any channel of any pixel, 0 to 255; colors under alpha 0 count
        if `exact`. It chooses all code-words: not with `keep` or `palette_depth`.
    auto : bool
        Choose K where more code-words begin to cost more bytes than they are worth.
    format : {'pair', 'npz', 'png', 'kmc'}
        What the result will be saved as: whose bytes count.
    rate_distortion : float, optional
        C, how much bytes count beside errors when labels are chosen; 0 takes the nearest
        code-words. By default 0, or with a target what suits it. Without one C/2, C/4 and C/8 are
        tried where C serves no better than 0.

    Returns
    -------
    indexed : IndexedImage
        Labels and codebook; `codec.decompress` turns it into pixels, `codec.save` into files.

    Raises
    ------
    ImageError
        `pixels` is not such an array, an image of Pillow that is closed or damaged, or has no
        order that could be kept; or `weights` are of another size, or code-words that were given
        are none for its clear or its solid pixels.
    ParameterError
        Another argument is not one of those listed.
    TargetError
        The targets cannot be met; the message names the best that can be.

    Notes
    -----
    Metadata of a SourceImage go with the result, and their bytes count. With a profile, code-words
    are chosen, and errors told, as if its colors were sRGB.

    Examples
    --------
    >>> import numpy as np
    >>> import codec
    >>> grey = np.array([[10, 12, 12, 200, 202]], dtype=np.uint8)
    >>> codec.decompress(codec.compress(grey, n_colors=2)).tolist()
    [[11, 11, 11, 201, 201]]
    """
    settings = CompressSettings(
        n_colors=n_colors, seed=seed, engine=engine, effort=effort, tune=tune,
        color_space=color_space, exact=exact, codebook_from=codebook_from,
        dither=dither, dither_strength=dither_strength, keep_order=keep_order,
        given=check_given(codebook, keep, palette_depth, n_colors),
        rate_distortion=rate_distortion,
        targets=Targets(max_bytes, min_psnr, min_ssim, min_ssimulacra2, max_error, auto),
    )  # fmt: skip
    return compress_with_details(
        pixels, settings, format=format_named(format), weights=weights
    ).indexed


def prepare(settings: CompressSettings) -> None:
    """Import what compressing will need, so that it is not timed as compressing."""
    start_engine(settings.engine)


def compress_with_details(
    pixels: "npt.NDArray[np.uint8] | SourceImage | Image",
    settings: CompressSettings | None = None,
    *,
    format: Format = FORMATS[DEFAULT_FORMAT],
    watch: Stopwatch | None = None,
    weights: npt.NDArray[np.number] | None = None,
) -> Compression:
    """Compress as `compress` does, and tell how it went.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        As for `compress`.
    settings : CompressSettings, optional
        Its other arguments; by default, the defaults.
    format : Format
        What will be written: it says in which order code-words stand, and whether palette indices
        or grey values are labels where they fit; `settings.keep_order` makes them so in any case.
    watch : Stopwatch, optional
        Times the stages.
    weights : ndarray of shape (H, W), optional
        As for `compress`.

    Returns
    -------
    compression : Compression
        The indexed image, and what a report wants to know.

    Raises
    ------
    ImageError, TargetError
        As `compress`.
    """
    settings, watch = settings or CompressSettings(), watch or Stopwatch()
    if isinstance(pixels, SourceImage) and pixels.metadata:
        return _with_metadata(pixels, settings, format, watch, weights)
    indices = palette = None
    if not isinstance(pixels, np.ndarray):
        source = pixels if isinstance(pixels, SourceImage) else _as_source(pixels)
        pixels, indices, palette = source.pixels, source.indices, source.palette
    pixels, kept = as_channels(pixels), None
    if format.keeps_indices or settings.keep_order:
        with watch.stage("labels"):
            kept = keep_given(pixels, indices, palette, settings)
        if kept is not None and not settings.targets:
            return kept
    with watch.stage("histogram"):
        picture = count_picture(pixels, settings, weights)
    if settings.targets:
        return meet_targets(picture, kept, settings, format, watch)
    chosen = choose_codebook(picture, settings, watch)
    dither, rate = "none" if chosen.is_all else resolve_dither(settings, pixels[..., 0].size), 0.0
    with watch.stage("labels"):
        labeled = label_picture(picture, chosen, dither, settings.dither_strength)
        if settings.rate_distortion and not chosen.is_all:
            labeled, rate = rate_labels_mildly(
                picture, labeled, settings, format, settings.rate_distortion
            )
    with watch.stage("ordering"):
        indexed = arrange(picture, labeled, settings, format)
    found = judge(picture, chosen, labeled, indexed, exact=settings.exact, dither=dither)
    return replace(found, rate_distortion=rate) if rate else found


def _with_metadata(
    source: SourceImage,
    settings: CompressSettings,
    format: Format,
    watch: Stopwatch,
    weights: npt.NDArray[np.number] | None,
) -> Compression:
    """Compress a picture whose metadata go with it, and whose bytes count."""
    metadata, given = source.metadata, settings.given
    if metadata.profile and not (
        given.codebook is None and given.keep is None and given.palette_depth is None
    ):
        raise ParameterError(
            "code-words that are given are sRGB, and the picture is not: leave out keep_profile",
            "keep_profile",
        )
    details = compress_with_details(
        replace(source, metadata=NO_METADATA), settings, format=format.carrying(metadata),
        watch=watch, weights=weights,
    )  # fmt: skip
    return replace(details, indexed=replace(details.indexed, metadata=metadata))


def _as_source(picture: "Image") -> SourceImage:
    from codec.images.memory import as_source

    return as_source(picture)
