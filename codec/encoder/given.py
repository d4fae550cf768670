"""Code-words that are given: a whole codebook, colors to keep, or what a display can show.

A codebook that is given is stored as it is, unused and equal code-words included, and its order
is kept: whoever gives one knows it by its numbers. What it decodes to has its channels.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from codec.codebook.pinned import Pinning, are_among
from codec.colors.colorspace import ColorMetric
from codec.colors.displays import as_shown, shows_greys
from codec.colors.histogram import ColorHistogram
from codec.colors.lookup import look_up
from codec.colors.notation import read_color, write_color
from codec.colors.opacity import are_clear, are_solid, has_classes
from codec.colors.pixels import (
    distinct,
    joint_channels,
    pack_colors,
    telling_channels,
    to_channels,
    without_hidden,
)
from codec.errors import ImageError, ParameterError
from codec.indexed import IndexedImage
from codec.labels.remembered import label_again
from codec.limits import MAX_CODEBOOK_SIZE
from codec.options import PALETTE_DEPTHS
from codec.settings import CompressSettings, Given, check_choice

Bytes = npt.NDArray[np.uint8]
Colors = str | npt.NDArray[np.uint8] | Iterable[Any]

_EXAMPLE = "such as '#ff0000' or '#ff000080'"


def check_given(
    codebook: Bytes | None = None,
    keep: Colors = (),
    palette_depth: str | None = None,
    n_colors: int = MAX_CODEBOOK_SIZE,
) -> Given:
    """Check what is given of a codebook.

    Parameters
    ----------
    codebook, keep, palette_depth, n_colors
        See `codec.compress`.

    Returns
    -------
    given : Given
        The same; arrays are copies.

    Raises
    ------
    ParameterError
        One of them is impossible, or contradicts another.
    """
    if palette_depth is not None:
        check_choice("palette_depth", palette_depth, PALETTE_DEPTHS)
    colors = _read_colors(keep)
    if codebook is not None:
        codebook, n_colors = _check_codebook(codebook), MAX_CODEBOOK_SIZE
        if len(colors) and not (among := are_among(colors, _whole(codebook))).all():
            missing = write_color(colors[~among][0])
            raise ParameterError(f"the codebook has no {missing}, which is to be kept", "keep")
        _check_shown(codebook, palette_depth, "a code-word of the codebook", "codebook")
    if len(colors) > n_colors:
        raise ParameterError(
            f"{len(colors)} colors are to be kept, and the codebook has room for {n_colors}",
            "keep",
        )
    _check_shown(colors, palette_depth, "a color to be kept", "keep")
    return Given(codebook, colors if len(colors) else None, palette_depth)


def _check_codebook(codebook: Any) -> Bytes:
    """Hold a codebook to what `IndexedImage` takes."""
    if not isinstance(codebook, np.ndarray):
        raise ParameterError(
            f"codebook must be a uint8 array of shape (K, C), not {type(codebook).__name__}: "
            "codec.load_codebook(path) reads one from a file",
            "codebook",
        )
    if codebook.ndim == 2 and len(codebook) > MAX_CODEBOOK_SIZE:
        raise ParameterError(
            f"the codebook has {len(codebook)} code-words, and {MAX_CODEBOOK_SIZE} are the most",
            "codebook",
        )
    try:
        IndexedImage(np.zeros((1, 1), dtype=np.uint8), codebook)
    except ImageError as error:
        raise ParameterError(str(error), "codebook") from error
    return codebook.copy()


def _read_colors(colors: Colors) -> Bytes:
    """Read colors of any notation; distinct ones of shape (P, 4)."""
    if isinstance(colors, str):
        colors = [part.strip() for part in colors.split(",")]
    found = [_read_color(color) for color in colors]
    whole = np.array(found, dtype=np.uint8).reshape(-1, 4)
    return distinct(whole) if found else whole


def _read_color(color: Any) -> tuple[int, ...]:
    """Read one color as RGBA."""
    channels = read_color(color)
    if channels is None:
        raise ParameterError(
            f"{color!r} is no color to keep, {_EXAMPLE}, or 1 to 4 numbers from 0 to 255", "keep"
        )
    row = to_channels(np.array([channels], dtype=np.uint8), 4)[0]
    return tuple(row.tolist())


def _check_shown(colors: Bytes, depth: str | None, what: str, name: str) -> None:
    """Refuse colors that a display does not have; grey is looked at as RGB."""
    whole = to_channels(colors, 4)
    changed = (as_shown(whole, depth) != whole).any(axis=1)
    if changed.any():
        color = whole[changed][:1]
        raise ParameterError(
            f"{write_color(color[0])}, {what}, is none that a display of {depth} shows: "
            f"{write_color(as_shown(color, depth)[0])} is",
            name,
        )


def _whole(colors: Bytes) -> Bytes:
    """Distinct colors as RGBA."""
    return distinct(to_channels(colors, 4))


def are_met(given: Given, palette: Bytes) -> bool:
    """Tell whether a palette has all that code-words have to be."""
    if given.codebook is not None:
        return False
    whole = to_channels(palette, 4)
    kept = given.keep is None or bool(are_among(given.keep, distinct(whole)).all())
    return kept and bool((as_shown(whole, given.palette_depth) == whole).all())


def channels_of(given: Given) -> int:
    """Tell how many channels say what is given; 1 if nothing is."""
    channels = 1 if shows_greys(given.palette_depth) else 3
    if given.codebook is not None:
        channels = joint_channels(channels, telling_channels(distinct(given.codebook)))
    if given.keep is not None:  # grey with alpha is no color either
        grey = bool((given.keep[:, :3] == given.keep[:, :1]).all())
        alpha = bool((given.keep[:, 3] != 255).any())
        channels = joint_channels(channels, (1 if grey else 3) + alpha)
    return channels


def kept_colors(given: Given, channels: int) -> Bytes:
    """Write the colors to keep with the channels of a picture, of which they have no more."""
    if given.keep is None:
        return np.empty((0, channels), dtype=np.uint8)
    return distinct(to_channels(given.keep, channels))


def with_kept(codebook: Bytes, keep: Bytes, settings: CompressSettings) -> Bytes | None:
    """Add the colors to keep to all colors of a picture, if there is room and a display for all.

    Returns
    -------
    codebook : ndarray of shape (K', C), dtype uint8, or None
        Distinct code-words in lexicographic order.
    """
    if not np.array_equal(as_shown(codebook, settings.given.palette_depth), codebook):
        return None
    whole = distinct(np.vstack([codebook, keep])) if len(keep) else codebook
    return whole if len(whole) <= settings.n_colors else None


def pin_kept(
    codebook: Bytes,
    keep: Bytes,
    visible: ColorHistogram,
    metric: ColorMetric,
    settings: CompressSettings,
) -> Bytes:
    """Give a codebook the colors to keep, and what the display can show of the others.

    Parameters
    ----------
    codebook : ndarray of shape (K', C), dtype uint8
        Trained code-words, in lexicographic order.
    keep : ndarray of shape (P, C), dtype uint8
        As `kept_colors` has them.
    visible : ColorHistogram
        What it was trained with.
    metric : ColorMetric
        How different two colors are.
    settings : CompressSettings
        Their number, and the display.

    Returns
    -------
    codebook : ndarray of shape (K'', C), dtype uint8
        Distinct code-words; in lexicographic order if any had to change.
    """
    depth = settings.given.palette_depth
    if not len(keep) and depth is None:
        return codebook
    return Pinning(visible, settings.n_colors, metric, depth).pin(distinct(codebook), keep)


class Found(NamedTuple):
    """The code-words of a codebook as colors find them.

    Parameters
    ----------
    codebook : ndarray of shape (K', C), dtype uint8
        The distinct ones, in lexicographic order.
    color_labels : ndarray of shape (U,), dtype uint8
        The nearest of them for each color; the same where it is there.
    is_all : bool
        Whether every color is there.
    """

    codebook: Bytes
    color_labels: Bytes
    is_all: bool


def find_codewords(codebook: Bytes, histogram: ColorHistogram, metric: ColorMetric) -> Found:
    """Label colors with a codebook that was given.

    Parameters
    ----------
    codebook : ndarray of shape (K, C'), dtype uint8
        As given; C' says no more than C.
    histogram : ColorHistogram
        The colors, of C channels.
    metric : ColorMetric
        How different two colors are.

    Returns
    -------
    found : Found
        Labels of distinct code-words.
    """
    colors = histogram.colors
    words = distinct(to_channels(codebook, colors.shape[1]))
    labels = label_again(colors, words, metric)
    # No metric is as fine as equality, but for what nobody sees.
    shown, shown_words = colors, words
    if not metric.exact:
        shown, shown_words = without_hidden(colors), without_hidden(words)
    keys = pack_colors(shown_words)
    order = np.argsort(keys, kind="stable")
    wanted = pack_colors(shown)
    places = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    equal = keys[order][places] == wanted
    labels[equal] = order[places][equal]
    return Found(words, labels, bool(equal.all()))


def in_given_order(codebook: Bytes, words: Bytes, labels: Bytes) -> IndexedImage:
    """Go back from some distinct code-words to the codebook that was given.

    Parameters
    ----------
    codebook : ndarray of shape (K, C'), dtype uint8
        As given.
    words : ndarray of shape (K', C), dtype uint8
        Some of its code-words.
    labels : ndarray of shape (H, W), dtype uint8
        Labels of `words`.

    Returns
    -------
    indexed : IndexedImage
        The codebook as it is; of equal code-words the first has all pixels.
    """
    keys = pack_colors(to_channels(codebook, words.shape[1]))
    # By the first of its equals, as a sort that is stable leaves it.
    order = np.argsort(keys, kind="stable")
    places = order[np.searchsorted(keys[order], pack_colors(words))]
    table = np.zeros(MAX_CODEBOOK_SIZE, dtype=np.uint8)
    table[: len(places)] = places
    return IndexedImage(look_up(table, labels), codebook.copy(), keep_order=True)


def check_opacity(codebook: Bytes, colors: Bytes, metric: ColorMetric) -> None:
    """Refuse given code-words that would make clear pixels opaque, or solid ones translucent.

    Parameters
    ----------
    codebook : ndarray of shape (K, C), dtype uint8
        Code-words.
    colors : ndarray of shape (U, C), dtype uint8
        Those of the picture.
    metric : ColorMetric
        If it is exact, alpha is a channel like the others, and nothing is refused.

    Raises
    ------
    ImageError
        Code-words for one of the two are missing.
    """
    if not has_classes(metric, colors.shape[1]):
        return
    for are_such, word, example in ((are_clear, "clear", "00"), (are_solid, "solid", "ff")):
        if are_such(colors).any() and not are_such(codebook).any():
            raise ImageError(
                f"it has {word} pixels and no code-word for them: the codebook needs one of "
                f"alpha {int(example, 16)}, such as #000000{example}",
                "no-codeword",
            )
