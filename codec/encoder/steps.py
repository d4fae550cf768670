"""The steps after counting: codebook, labels, order.

The codebook is rounded before labels are assigned, so that labels describe the codebook that the
file holds; unused code-words are dropped before the order is chosen.
"""

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from codec.codebook.baselines import BASELINES
from codec.codebook.training import train_codebook
from codec.colors.distortion import errors_of_colors, errors_of_pixels
from codec.colors.histogram import ColorHistogram
from codec.colors.lookup import count_labels, renumber
from codec.colors.pixels import pack_colors
from codec.encoder.given import (
    check_opacity,
    find_codewords,
    kept_colors,
    pin_kept,
    with_kept,
)
from codec.encoder.picture import Counted, Picture, exact_labels
from codec.encoder.pinning import pin_colors
from codec.indexed import IndexedImage
from codec.labels.dithering import dither_pixels, fixed_strength
from codec.labels.nearest import label_colors, label_pixels
from codec.limits import MAX_CODEBOOK_SIZE, MAX_PIXELS
from codec.options import CODEBOOK_SOURCES, PALETTE_DEPTHS
from codec.settings import CompressSettings
from codec.stopwatch import Stopwatch

Bytes = npt.NDArray[np.uint8]

KMEANS = CODEBOOK_SOURCES[0]
ENOUGH_COLORS = 64  # for training not to weigh them mildly


class Chosen(NamedTuple):
    """A codebook, and the nearest code-words of all colors.

    Parameters
    ----------
    codebook : ndarray of shape (K', C'), dtype uint8
        Distinct code-words; some may be unused.
    color_labels : ndarray of shape (U,), dtype uint8
        A label for each color of `Picture.histogram`.
    engine : str
        What trained it, as `Compression.engine`.
    is_all : bool
        Whether it is all colors of `Picture.visible`.
    """

    codebook: Bytes
    color_labels: Bytes
    engine: str
    is_all: bool


class Labeled(NamedTuple):
    """Labels of pixels, and the code-words that they use.

    Parameters
    ----------
    codebook : ndarray of shape (K'', C'), dtype uint8
        Distinct code-words, each used.
    labels : ndarray of shape (H, W), dtype uint8
        A label for each pixel.
    color_labels : ndarray of shape (U,), dtype uint8, or None
        The label of each color of `Picture.histogram`; None if pixels of one color differ.
    """

    codebook: Bytes
    labels: Bytes
    color_labels: Bytes | None


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
    rate_distortion : float
        C: how much bytes counted beside errors when labels were chosen; 0 where the nearest
        code-words serve better.
    encodings : int
        How many times a file was encoded to find it.
    files : tuple of bytes, or None
        The files that it becomes, if they were encoded.
    choice : str or None
        Why K is what it is, if that was to be found.
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
    rate_distortion: float = 0.0
    encodings: int = 0
    files: tuple[bytes, ...] | None = None
    choice: str | None = None


def resolve_dither(settings: CompressSettings, n_pixels: int) -> str:
    """Name the dithering that runs for a choice, as `dither_pixels` knows it.

    Parameters
    ----------
    settings : CompressSettings
        The choice.
    n_pixels : int
        Of the picture: ``auto`` is ``none`` for those that are looked at in parts.
    """
    if not fixed_strength(settings.dither_strength) or settings.rate_distortion:
        return "none"
    if settings.dither != "auto":
        return str(settings.dither)
    if n_pixels > MAX_PIXELS:
        return "none"
    coarse = settings.given.palette_depth not in (None, PALETTE_DEPTHS[0])
    return "selective" if settings.n_colors < MAX_CODEBOOK_SIZE or coarse else "sparing"


def weigh_picture(
    picture: Counted, settings: CompressSettings, *, always: bool = False
) -> ColorHistogram:
    """Count colors as much as the tune says, for training.

    Parameters
    ----------
    picture : Picture
        The picture.
    settings : CompressSettings
        Its tune, and what decides how much visibility counts: K and dithering.
    always : bool
        Do so where the picture alone would need no training.

    Returns
    -------
    weighed : ColorHistogram
        The colors of `Picture.visible`.
    """
    visible = picture.weighed
    if settings.tune != "visual" or (len(visible) <= settings.n_colors and not always):
        return visible
    # Errors that are diffused show less, and of few code-words hues would miss more.
    dither = resolve_dither(settings, int(picture.histogram.counts.sum()))
    mildly = dither not in ("none", "sparing")
    mildly = mildly or settings.n_colors < ENOUGH_COLORS
    return ColorHistogram(visible.colors, picture.scene.weigh(visible, mildly=mildly))


def choose_codebook(
    picture: Counted, settings: CompressSettings, watch: Stopwatch | None = None
) -> Chosen:
    """Choose the code-words of a picture.

    Parameters
    ----------
    picture : Picture
        The picture.
    settings : CompressSettings
        How they are chosen, and how many.
    watch : Stopwatch, optional
        Times the stages.

    Returns
    -------
    chosen : Chosen
        At most `settings.n_colors` code-words.

    Raises
    ------
    ImageError
        Given code-words are none that clear or solid pixels could have.
    """
    watch = watch or Stopwatch()
    if settings.given.codebook is not None:
        with watch.stage("labels"):
            found = find_codewords(settings.given.codebook, picture.histogram, picture.metric)
            check_opacity(found.codebook, picture.visible.colors, picture.metric)
            return Chosen(found.codebook, found.color_labels, "none", found.is_all)
    instead, weighed = None, picture.weighed
    if settings.codebook_from != KMEANS and isinstance(picture, Picture):
        instead = functools.partial(BASELINES[settings.codebook_from], picture.shown)
    else:
        with watch.stage("training"):
            weighed = weigh_picture(picture, settings)
    codebook, engine, is_all = train_codebook(
        weighed,
        settings.n_colors,
        metric=picture.metric,
        seed=settings.seed,
        engine=settings.engine,
        effort=settings.effort,
        instead=instead,
        watch=watch,
    )
    with watch.stage("labels"):
        keep = kept_colors(settings.given, codebook.shape[1])
        if is_all and (whole := with_kept(codebook, keep, settings)) is not None:
            rows = np.searchsorted(pack_colors(whole), pack_colors(codebook)).astype(np.uint8)
            return Chosen(whole, rows[exact_labels(picture)], engine, is_all)
        codebook, color_labels = pin_codebook(picture, codebook, settings)
    return Chosen(codebook, color_labels, engine, is_all=False)


def pin_codebook(
    picture: Counted, codebook: Bytes, settings: CompressSettings
) -> tuple[Bytes, Bytes]:
    """Give a trained codebook what it has to have, and label colors with it.

    Parameters
    ----------
    picture : Picture
        The picture.
    codebook : ndarray of shape (K', C'), dtype uint8
        Trained code-words.
    settings : CompressSettings
        How many there may be, what was given, and the tune.

    Returns
    -------
    codebook : ndarray of shape (K'', C'), dtype uint8
        Distinct code-words.
    color_labels : ndarray of shape (U,), dtype uint8
        A label for each color of `Picture.histogram`.

    Raises
    ------
    ImageError
        Colors to keep left no room for what clear or solid pixels need.
    """
    keep = kept_colors(settings.given, codebook.shape[1])
    if settings.tune == "visual" and settings.codebook_from == KMEANS:
        codebook, color_labels = pin_colors(
            codebook, picture.scene, picture.histogram, picture.visible,
            settings.n_colors, picture.metric, weighed=picture.weighed, keep=keep,
            depth=settings.given.palette_depth,
        )  # fmt: skip
    else:
        codebook = pin_kept(codebook, keep, picture.weighed, picture.metric, settings)
        color_labels = label_colors(picture.histogram.colors, codebook, picture.metric)
    if len(keep):
        check_opacity(codebook, picture.visible.colors, picture.metric)
    return codebook, color_labels


def label_picture(
    picture: Picture, chosen: Chosen, dither: str = "none", strength: float = 1.0
) -> Labeled:
    """Give every pixel a label.

    Parameters
    ----------
    picture : Picture
        The picture.
    chosen : Chosen
        Its code-words.
    dither : str
        How errors cancel, as `dither_pixels` knows it; ``none`` takes the nearest code-words.
    strength : float
        See `dither_pixels`.

    Returns
    -------
    labeled : Labeled
        Labels, and the code-words in use.
    """
    codebook, color_labels = chosen.codebook, chosen.color_labels
    if dither == "none":
        used = np.flatnonzero(np.bincount(color_labels))
        codebook, color_labels = codebook[used], renumber(color_labels, used)
        labels = label_pixels(picture.pixels, picture.counted, color_labels)
        return Labeled(codebook, labels, color_labels)
    labels = dither_pixels(
        picture.telling, picture.histogram, color_labels, codebook, picture.metric, dither,
        strength,
    )  # fmt: skip
    used = np.flatnonzero(count_labels(labels))
    return Labeled(codebook[used], renumber(labels, used), None)


def errors_of(picture: Picture, labeled: Labeled, *, exact: bool) -> tuple[float, int]:
    """Tell mean squared and largest error, see `codec.colors.distortion`."""
    codebook, labels, color_labels = labeled
    if color_labels is None:
        return errors_of_pixels(picture.telling, codebook, labels, exact=exact)
    return errors_of_colors(picture.histogram, codebook, color_labels, exact=exact)


def judge(
    picture: Picture,
    chosen: Chosen,
    labeled: Labeled,
    indexed: IndexedImage,
    *,
    exact: bool,
    dither: str = "none",
) -> Compression:
    """Tell what became of a picture.

    Parameters
    ----------
    picture, chosen, labeled, indexed
        The picture, and what was made of it, step by step.
    exact : bool
        Whether colors under alpha 0 count.
    dither : str
        How errors cancel.

    Returns
    -------
    compression : Compression
        The indexed image, and what a report wants to know.
    """
    mse, worst_error = errors_of(picture, labeled, exact=exact)
    return Compression(
        indexed=indexed,
        lossless=chosen.is_all or (mse == 0 and not exact),
        unique_colors=len(picture.histogram),
        unique_colors_after=len(labeled.codebook),
        hidden_pixels=picture.hidden_pixels,
        engine=chosen.engine,
        mse=mse,
        worst_error=worst_error,
        dither="selective" if dither == "sparing" else dither,
    )
