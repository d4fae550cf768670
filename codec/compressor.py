"""Pixels to IndexedImage: histogram, codebook, labels, order, in this order.

The codebook is rounded before labels are assigned, so that labels describe the codebook that the
file holds; unused code-words are dropped before the order is chosen.
"""

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from codec.codebook.baselines import BASELINES
from codec.codebook.training import start_engine, train_codebook
from codec.colors.colorspace import ColorMetric
from codec.colors.distortion import errors_of_colors, errors_of_pixels
from codec.colors.histogram import ColorHistogram, count_colors
from codec.colors.lookup import ascending, count_labels, renumber
from codec.colors.pixels import (
    as_channels,
    distinct,
    pack_colors,
    telling_channels,
    with_all_channels,
    without_hidden,
)
from codec.colors.visibility import weigh_colors
from codec.images.records import SourceImage
from codec.indexed import IndexedImage
from codec.labels.dithering import dither_pixels, fixed_strength
from codec.labels.given import GivenLabels, check_order, given_labels
from codec.labels.nearest import label_colors, label_pixels
from codec.labels.ordering import order_codewords
from codec.limits import MAX_CODEBOOK_SIZE
from codec.options import CODEBOOK_SOURCES
from codec.pinning import pin_colors
from codec.settings import CompressSettings
from codec.stopwatch import Stopwatch

if TYPE_CHECKING:
    from PIL.Image import Image

KMEANS = CODEBOOK_SOURCES[0]
_ENOUGH_COLORS = 64


@dataclass(frozen=True, eq=False)
class Compression:
    """An indexed image and how it came about.

    Parameters
    ----------
    indexed : IndexedImage
        The result.
    lossless : bool
        Whether decompressing gives every pixel back; hidden colors do not count.
    unique_colors, unique_colors_after : int
        Colors of the picture, hidden ones included, and of what it decompresses to.
    hidden_pixels : int
        Fully transparent pixels whose color was set to zero.
    engine : str
        What trained the codebook: ``native``, ``sklearn``, ``optimal`` for grey pictures, whose
        codebook has no better one; ``none`` if nothing had to be trained.
    mse : float
        Mean over color samples of the squared difference that is visible (see
        `codec.colors.metrics`).
    worst_error : int
        Largest difference of a channel, 0 to 255; see `codec.colors.metrics.channel_errors`.
    dither : {'none', 'selective', 'fs', 'ordered'}
        How the labels were dithered; ``none`` where nothing had to be.
    as_given : bool
        Whether labels are the picture's own palette indices or grey values.
    """

    indexed: IndexedImage
    lossless: bool
    unique_colors: int
    unique_colors_after: int
    hidden_pixels: int
    engine: str
    mse: float
    worst_error: int
    dither: str = "none"
    as_given: bool = False


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
    in_ascending_order: bool = False,
    keep_indices: bool = True,
    watch: Stopwatch | None = None,
) -> Compression:
    """Compress as `compress` does, and tell how it went.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        As for `compress`.
    settings : CompressSettings, optional
        Its other arguments; by default, the defaults.
    in_ascending_order : bool
        Put code-words into ascending order, as `Format.ascending` asks, and not into the one that
        suits row filters.
    keep_indices : bool
        Take palette indices or grey values for labels where they fit, as `Format.keeps_indices`
        asks; `settings.keep_order` does in any case.
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
    if keep_indices or settings.keep_order:
        with watch.stage("labels"):
            given = given_labels(pixels, indices, palette, settings.n_colors)
            if settings.keep_order:
                check_order(given, settings.n_colors)
            if given is not None and len(given.codebook) <= settings.n_colors:
                return _as_given(given, settings)
    metric = ColorMetric(str(settings.color_space), settings.exact)  # a word, by the tune
    with watch.stage("histogram"):
        counted = count_colors(pixels)
        histogram = _without_idle_channels(counted)
        visible, hidden_pixels = (histogram, 0) if settings.exact else _merge_hidden(histogram)
    telling = pixels[..., : histogram.colors.shape[1]]
    instead = None
    if settings.codebook_from != KMEANS:
        shown = telling if hidden_pixels == 0 else without_hidden(telling)
        instead = functools.partial(BASELINES[settings.codebook_from], shown)
    dither = _resolve_dither(settings)
    weighed = visible
    if settings.tune == "visual" and instead is None and len(visible) > settings.n_colors:
        # Errors that are diffused show less, and of few code-words hues would miss more.
        diffused = dither not in ("none", "sparing")
        with watch.stage("training"):
            weights = weigh_colors(
                telling, visible, mildly=diffused or settings.n_colors < _ENOUGH_COLORS
            )
            weighed = ColorHistogram(visible.colors, weights)
    codebook, engine, is_all = train_codebook(
        weighed,
        settings.n_colors,
        metric=metric,
        seed=settings.seed,
        engine=settings.engine,
        effort=settings.effort,
        instead=instead,
        watch=watch,
    )
    with watch.stage("labels"):
        if is_all:
            dither, color_labels = "none", _exact_labels(histogram, visible)
        elif settings.tune == "visual" and instead is None:
            codebook, color_labels = pin_colors(
                codebook, telling, histogram, visible, settings.n_colors, metric
            )
        else:
            color_labels = label_colors(histogram.colors, codebook, metric)
        if dither == "none":
            used = np.flatnonzero(np.bincount(color_labels))
            codebook, color_labels = codebook[used], renumber(color_labels, used)
            labels = label_pixels(pixels, counted, color_labels)
        else:
            labels = dither_pixels(
                telling, histogram, color_labels, codebook, metric, dither,
                settings.dither_strength,
            )  # fmt: skip
            used = np.flatnonzero(count_labels(labels))
            codebook, labels = codebook[used], renumber(labels, used)
    with watch.stage("ordering"):
        order = (
            ascending(codebook)
            if in_ascending_order
            else order_codewords(labels, codebook, settings.effort)
        )
        codewords = with_all_channels(codebook[order], pixels.shape[2])
        indexed = IndexedImage(renumber(labels, order), codewords)
    mse, worst_error = (
        errors_of_colors(histogram, codebook, color_labels, exact=settings.exact)
        if dither == "none"
        else errors_of_pixels(telling, codebook, labels, exact=settings.exact)
    )
    return Compression(
        indexed=indexed,
        lossless=is_all or (mse == 0 and not settings.exact),
        unique_colors=len(histogram),
        unique_colors_after=indexed.n_colors,
        hidden_pixels=hidden_pixels,
        engine=engine,
        mse=mse,
        worst_error=worst_error,
        dither="selective" if dither == "sparing" else dither,
    )


def _resolve_dither(settings: CompressSettings) -> str:
    """Name the dithering that runs for a choice, as `dither_pixels` knows it."""
    if not fixed_strength(settings.dither_strength):
        return "none"
    if settings.dither != "auto":
        return str(settings.dither)
    return "selective" if settings.n_colors < MAX_CODEBOOK_SIZE else "sparing"


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


def _without_idle_channels(histogram: ColorHistogram) -> ColorHistogram:
    """Leave out channels that say nothing, so that a picture is the same with and without."""
    telling = telling_channels(histogram.colors)
    if telling == histogram.colors.shape[1]:
        return histogram
    return ColorHistogram(np.ascontiguousarray(histogram.colors[:, :telling]), histogram.counts)


def _merge_hidden(histogram: ColorHistogram) -> tuple[ColorHistogram, int]:
    """Merge all fully transparent colors into one; count the pixels this changes."""
    colors, counts = histogram.colors, histogram.counts
    if colors.shape[1] not in (2, 4):
        return histogram, 0
    transparent = colors[:, -1] == 0
    changed = transparent & colors[:, :-1].any(axis=1)
    if not changed.any():
        return histogram, 0
    # All zero is the first color of any.
    merged = ColorHistogram(
        np.vstack([np.zeros_like(colors[:1]), colors[~transparent]]),
        np.concatenate([[counts[transparent].sum()], counts[~transparent]]),
    )
    return merged, int(counts[changed].sum())


def _exact_labels(histogram: ColorHistogram, codebook: ColorHistogram) -> npt.NDArray[np.uint8]:
    """Label colors by equality where the codebook is all of them; no metric is that fine."""
    keys = pack_colors(codebook.colors)
    colors = histogram.colors
    if codebook is not histogram:  # hidden colors were merged; maybe there was one alone
        colors = without_hidden(colors)
    return np.searchsorted(keys, pack_colors(colors)).astype(np.uint8)
