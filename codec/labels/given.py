"""Labels that a picture brings along: indices of a palette, or the values of a grey picture.

Both may be numbers that mean something, such as classes of a map or inks of a panel. Where labels
are arrays that people use, they stay what they are, unused and equal code-words included.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError

Pixels = npt.NDArray[np.uint8]


class GivenLabels(NamedTuple):
    """Labels and codebook as a picture has them.

    Parameters
    ----------
    labels : ndarray of shape (H, W), dtype uint8
        Indices or grey values.
    codebook : ndarray of shape (K', C), dtype uint8
        The palette, or all greys from 0 to the highest.
    """

    labels: Pixels
    codebook: Pixels


def given_labels(
    pixels: Pixels, indices: Pixels | None, palette: Pixels | None, n_colors: int
) -> GivenLabels | None:
    """Take the labels that a picture brings along.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        The picture.
    indices : ndarray of shape (H, W), dtype uint8, or None
        Palette indices, if it has any.
    palette : ndarray of shape (P, C'), dtype uint8, or None
        What they mean.
    n_colors : int
        Largest size of the codebook, K. A palette that is larger ends behind its highest index.

    Returns
    -------
    given : GivenLabels or None
        Its codebook may still be larger than K; None if there are no such labels.
    """
    if indices is not None and palette is not None:
        size = len(palette)
        if size > n_colors:
            size = int(indices.max()) + 1
        return GivenLabels(indices, palette[:size])
    if pixels.shape[2] == 1:
        values = pixels[:, :, 0]
        return GivenLabels(values, np.arange(int(values.max()) + 1, dtype=np.uint8)[:, None])
    return None


def check_order(given: GivenLabels | None, n_colors: int) -> None:
    """Refuse a picture that has no order that could be kept.

    Raises
    ------
    ImageError
        It brings no labels along, or more than K code-words.
    """
    if given is None:
        raise ImageError(
            "its pixels have no palette indices to keep, nor grey values "
            "(without keep_order it is compressed)",
            "no-indices",
        )
    size = len(given.codebook)
    if size > n_colors:
        raise ImageError(
            f"its indices go up to {size - 1}, which {n_colors} colors do not have "
            f"(-k {size} keeps them)",
            "too-many-indices",
        )
