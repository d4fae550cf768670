"""The last step of compressing: code-words in the order in which they are stored."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from codec.codebook.pinned import are_among
from codec.colors.lookup import ascending, renumber
from codec.colors.pixels import distinct, to_channels
from codec.encoder.given import in_given_order, kept_colors
from codec.encoder.picture import Picture
from codec.encoder.steps import Labeled
from codec.formats.registry import Format
from codec.indexed import IndexedImage
from codec.labels.ordering import order_by_samples, order_codewords
from codec.settings import CompressSettings

Bytes = npt.NDArray[np.uint8]


def arrange(
    picture: Picture, labeled: Labeled, settings: CompressSettings, format: Format
) -> IndexedImage:
    """Put code-words into order, with all channels of the picture.

    Parameters
    ----------
    picture : Picture
        The picture.
    labeled : Labeled
        Its labels.
    settings : CompressSettings
        How much is tried.
    format : Format
        What will be written: code-words are in ascending order, or in one that suits row filters.

    Returns
    -------
    indexed : IndexedImage
        The result. A codebook that was given is in the order in which it was, and colors to keep
        are there whether or not they are used.
    """
    codebook, labels, _ = labeled
    if settings.given.codebook is not None:
        return in_given_order(settings.given.codebook, codebook, labels)
    codebook = _with_keep(codebook, settings)
    if format.ascending:
        order = ascending(codebook)
    else:
        order = order_codewords(labels, codebook, settings.effort)
    order = _with_unused(order, len(codebook))
    words = to_channels(codebook[order], picture.channels)
    return IndexedImage(renumber(labels, order), words)


def arrange_by_samples(
    codebook: Bytes,
    samples: Sequence[Bytes],
    channels: int,
    settings: CompressSettings,
    format: Format,
    *,
    whole: bool = False,
) -> tuple[Bytes, Bytes]:
    """Put code-words into the order that `arrange` would, from the labels of some rows.

    Parameters
    ----------
    codebook : ndarray of shape (K'', C'), dtype uint8
        Code-words in use.
    samples : sequence of ndarray of shape (h, W), dtype uint8
        Labels of the rows that `codec.labels.ordering.sampled_rows` chooses.
    channels : int
        C of the picture.
    settings, format
        As for `arrange`.
    whole : bool
        Whether the first of the samples is all labels, of which orders are to be tried.

    Returns
    -------
    numbers : ndarray of shape (K'',), dtype uint8
        The label of each code-word.
    words : ndarray of shape (K, C), dtype uint8
        The codebook as it is stored.
    """
    numbers = np.arange(len(codebook), dtype=np.uint8)
    if settings.given.codebook is not None:
        given = in_given_order(settings.given.codebook, codebook, numbers[None])
        return given.labels[0], given.codebook
    codebook = _with_keep(codebook, settings)
    if format.ascending:
        order = ascending(codebook)
    else:
        order = order_by_samples(samples, codebook, samples[0] if whole else None)
    order = _with_unused(order, len(codebook))
    return renumber(numbers, order), to_channels(codebook[order], channels)


def _with_keep(codebook: Bytes, settings: CompressSettings) -> Bytes:
    """Add the colors to keep that are not in use."""
    keep = kept_colors(settings.given, codebook.shape[1])
    return np.vstack([codebook, keep[~are_among(keep, distinct(codebook))]])


def _with_unused(order: npt.NDArray[np.intp], size: int) -> npt.NDArray[np.intp]:
    """Append code-words that are not in use, which some orders leave out."""
    unused = np.ones(size, dtype=bool)
    unused[order] = False
    return np.concatenate([order, np.flatnonzero(unused)])
