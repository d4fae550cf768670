"""Other code-words for a picture, chosen by label or by color."""

from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.colors.notation import read_color, write_color
from codec.colors.pixels import joint_channels, to_channels
from codec.errors import ParameterError

Bytes = npt.NDArray[np.uint8]
Color = str | int | Sequence[int] | npt.NDArray[np.integer]


def recolored(codebook: Bytes, colors: Any) -> Bytes:
    """Exchange code-words.

    Parameters
    ----------
    codebook : ndarray of shape (K, C), dtype uint8
        The code-words.
    colors : mapping, or sequence of colors
        See `codec.IndexedImage.recolor`.

    Returns
    -------
    codebook : ndarray of shape (K', C'), dtype uint8
        Of a mapping K' = K.

    Raises
    ------
    ParameterError
        There is no such label, code-word or color, or one label gets two colors.
    """
    if not isinstance(colors, Mapping):
        return _read_codebook(colors)
    whole = to_channels(codebook, 4)
    found: dict[int, Bytes] = {}
    for old, new in colors.items():
        word = to_channels(_read(new), 4)
        for label in _labels_of(old, whole):
            if not np.array_equal(found.setdefault(label, word), word):
                raise ParameterError(f"label {label} is given two colors", "colors")
    if not found:
        return codebook.copy()
    words = np.vstack(list(found.values()))
    has_hues = (words[:, 1:3] != words[:, :1]).any()
    needed = (3 if has_hues else 1) + bool((words[:, 3] < 255).any())
    channels = joint_channels(codebook.shape[1], needed)
    exchanged = to_channels(codebook, channels).copy()
    exchanged[list(found)] = to_channels(words, channels)
    return exchanged


def _read_codebook(colors: Any) -> Bytes:
    """Read code-words of any notation; they may differ in their channels."""
    if isinstance(colors, str):
        raise ParameterError(f"{colors!r} is one color, and a codebook is a sequence", "colors")
    try:
        words = [_read(color) for color in colors]
    except TypeError:
        raise ParameterError("a codebook is a sequence of colors, or an array", "colors") from None
    if not words:
        raise ParameterError("a codebook has at least one color", "colors")
    channels = words[0].shape[1]
    for word in words:
        channels = joint_channels(channels, word.shape[1])
    return np.vstack([to_channels(word, channels) for word in words])


def _read(color: Any) -> Bytes:
    """Read a new color, of shape (1, C)."""
    channels = read_color((color,) if isinstance(color, Integral) else color)
    if channels is None:
        raise ParameterError(
            f"{color!r} is no color, such as '#ff0000', or 1 to 4 numbers from 0 to 255", "colors"
        )
    return np.array([channels], dtype=np.uint8)


def _labels_of(old: Any, whole: Bytes) -> Iterator[int]:
    """Find the labels that a key of a mapping means, among code-words written as RGBA."""
    if isinstance(old, Integral):
        label = int(old)
        if not 0 <= label < len(whole):
            raise ParameterError(f"label {label} is beyond the codebook of {len(whole)}", "colors")
        yield label
        return
    word = to_channels(_read(old), 4)
    (labels,) = np.nonzero((whole == word).all(axis=1))
    if not labels.size:
        raise ParameterError(f"the codebook has no {write_color(word[0])}", "colors")
    yield from labels.tolist()
