"""Pixels to IndexedImage: histogram, codebook, labels, order, in this order."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from codec.codebook.training import start_engine
from codec.colors.lookup import count_labels
from codec.colors.pixels import as_channels, distinct, without_hidden
from codec.encoder.picture import count_picture
from codec.encoder.steps import (
    KMEANS,
    Compression,
    arrange,
    choose_codebook,
    judge,
    label_picture,
    resolve_dither,
)
from codec.formats.registry import FORMATS, Format
from codec.images.records import SourceImage
from codec.indexed import IndexedImage
from codec.labels.given import GivenLabels, check_order, given_labels
from codec.limits import MAX_CODEBOOK_SIZE
from codec.options import DEFAULT_FORMAT
from codec.settings import CompressSettings
from codec.stopwatch import Stopwatch

if TYPE_CHECKING:
    from PIL.Image import Image


def compress(
    pixels: "npt.NDArray[np.uint8] | SourceImage | Image",
    n_colors: int = MAX_CODEBOOK_SIZE,
    *,
    seed: int = 0,
    engine: str = "auto",
    effort: str = "default",
    tune: str = "visual",
    color_space: str | None = None,
    exact: bool = False,
    codebook_from: str = KMEANS,
    dither: str | None = None,
    dither_strength: float = 1.0,
    keep_order: bool = False,
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
        0 to 1: how much of an error is made up for; 0 is no dithering.
    keep_order : bool
        Let `codec.save` keep palette indices or grey values as labels in a .kmc too, and refuse
        a picture that has none or whose palette is too large.

    Returns
    -------
    indexed : IndexedImage
        Labels and codebook; `codec.decompress` turns it into pixels, `codec.save` into files.

    Raises
    ------
    ImageError
        `pixels` is not such an array, an image of Pillow that is closed or damaged, or has no
        order that could be kept.
    ParameterError
        Another argument is not one of those listed.

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
    )  # fmt: skip
    return compress_with_details(pixels, settings).indexed


def prepare(settings: CompressSettings) -> None:
    """Import what compressing will need, so that it is not timed as compressing."""
    start_engine(settings.engine)


def compress_with_details(
    pixels: "npt.NDArray[np.uint8] | SourceImage | Image",
    settings: CompressSettings | None = None,
    *,
    format: Format = FORMATS[DEFAULT_FORMAT],
    watch: Stopwatch | None = None,
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

    Returns
    -------
    compression : Compression
        The indexed image, and what a report wants to know.

    Raises
    ------
    ImageError
        As `compress`.
    """
    settings, watch = settings or CompressSettings(), watch or Stopwatch()
    indices = palette = None
    if not isinstance(pixels, np.ndarray):
        source = pixels if isinstance(pixels, SourceImage) else _as_source(pixels)
        pixels, indices, palette = source.pixels, source.indices, source.palette
    pixels = as_channels(pixels)
    if format.keeps_indices or settings.keep_order:
        with watch.stage("labels"):
            given = given_labels(pixels, indices, palette, settings.n_colors)
            if settings.keep_order:
                check_order(given, settings.n_colors)
            if given is not None and len(given.codebook) <= settings.n_colors:
                return _as_given(given, settings)
    with watch.stage("histogram"):
        picture = count_picture(pixels, settings)
    chosen = choose_codebook(picture, settings, watch)
    dither = "none" if chosen.is_all else resolve_dither(settings)
    with watch.stage("labels"):
        labeled = label_picture(picture, chosen, dither, settings.dither_strength)
    with watch.stage("ordering"):
        indexed = arrange(picture, labeled, settings, format)
    return judge(picture, chosen, labeled, indexed, exact=settings.exact, dither=dither)


def _as_source(picture: "Image") -> SourceImage:
    from codec.images.memory import as_source

    return as_source(picture)


def _as_given(given: GivenLabels, settings: CompressSettings) -> Compression:
    """Keep labels and codebook, but for hidden colors."""
    codebook, hidden_pixels = given.codebook, 0
    counts = count_labels(given.labels)[: len(codebook)]
    colors = _count_distinct(codebook[counts > 0])
    if not settings.exact:
        shown = without_hidden(codebook)
        hidden_pixels = int(counts[(shown != codebook).any(axis=1)].sum())
        codebook = shown
    return Compression(
        # Copies: the picture may be changed by who holds it.
        indexed=IndexedImage(given.labels.copy(), codebook.copy(), keep_order=settings.keep_order),
        lossless=True,
        unique_colors=colors,
        unique_colors_after=_count_distinct(codebook[counts > 0]),
        hidden_pixels=hidden_pixels,
        engine="none",
        mse=0.0,
        worst_error=0,
        as_given=True,
    )


def _count_distinct(colors: npt.NDArray[np.uint8]) -> int:
    return len(distinct(colors)) if len(colors) else 0
