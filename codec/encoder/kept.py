"""Labels that a picture came with, kept: palette indices, or grey values."""

import numpy as np
import numpy.typing as npt

from codec.colors.lookup import count_labels
from codec.colors.pixels import distinct, without_hidden
from codec.encoder.given import are_met
from codec.encoder.steps import Compression
from codec.errors import ImageError
from codec.indexed import IndexedImage
from codec.labels.given import GivenLabels, check_order, given_labels
from codec.settings import CompressSettings

Bytes = npt.NDArray[np.uint8]


def keep_given(
    pixels: Bytes, indices: Bytes | None, palette: Bytes | None, settings: CompressSettings
) -> Compression | None:
    """Keep the labels and the codebook that a picture came with.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        The picture.
    indices : ndarray of shape (H, W), dtype uint8, or None
        Its palette indices, if it has any.
    palette : ndarray of shape (K, C), dtype uint8, or None
        What they stand for.
    settings : CompressSettings
        How many colors there may be, and whether the order has to be kept.

    Returns
    -------
    compression : Compression or None
        None if there are none, too many, or not what code-words have to be.

    Raises
    ------
    ImageError
        The order has to be kept, and cannot.
    """
    given = given_labels(pixels, indices, palette, settings.n_colors)
    if settings.keep_order:
        check_order(given, settings.n_colors)
    if given is None or len(given.codebook) > settings.n_colors:
        return None
    if are_met(settings.given, given.codebook):
        return _as_given(given, settings)
    if settings.keep_order:
        raise not_all_there()
    return None


def not_all_there() -> ImageError:
    """Make the error for an order that has to be kept, of a palette that has to change."""
    return ImageError(
        "its indices are those of a palette that has not all colors to keep, or others than "
        "the display shows (without keep_order it is compressed)",
        "no-indices",
    )


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
        indexed=IndexedImage(
            given.labels.copy(),
            codebook.copy(),
            keep_order=settings.keep_order or settings.given.keep is not None,
        ),
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
