"""Pictures as arrays: their channels, rows and colors."""

from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError


def as_channels(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """View a picture as (H, W, C).

    Raises
    ------
    ImageError
        It is not a uint8 picture of 1 to 4 channels.
    """
    try:
        array = np.asarray(pixels)
    except (TypeError, ValueError) as error:
        raise ImageError("pixels are not an array", "bad-dtype") from error
    if isinstance(pixels, np.ma.MaskedArray):
        raise ImageError("pixels are a masked array: pixels.filled(0) has none", "bad-dtype")
    if array.dtype != np.uint8:
        raise ImageError(
            f"pixels must be uint8, not {array.dtype}{_dtype_cure(array)}", "bad-dtype"
        )
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or not 1 <= array.shape[2] <= 4:
        cure = ""
        if array.ndim == 3 and 1 <= array.shape[0] <= 4:
            cure = ": np.moveaxis(pixels, 0, -1) puts channels last"
        elif array.ndim == 4 and len(array) == 1:
            cure = ": pixels[0] is its one picture"
        raise ImageError(
            f"pixels must have shape (H, W) or (H, W, 1 to 4), not {array.shape}{cure}",
            "bad-shape",
        )
    if array.size == 0:
        raise ImageError(f"pixels have the empty shape {array.shape}", "bad-dimensions")
    return array


def _dtype_cure(array: npt.NDArray[Any]) -> str:
    """Say what makes uint8 of the samples, if their type and range tell what they mean."""
    kind = array.dtype.kind
    if kind == "b":
        return ": pixels.astype(np.uint8) * 255 makes black and white"
    if array.dtype == np.uint16 and array.size and array.max() > 255:
        # Counts of a camera use the lowest bits: as 16 bits they would become black.
        bits = next(bits for bits in (10, 12, 14, 16) if array.max() < 1 << bits)
        return f": (pixels / {(1 << bits) - 1} * 255).round().astype(np.uint8) scales {bits} bits"
    if kind not in "iuf" or array.size == 0 or not (array.min() >= 0 and array.max() <= 255):
        return ", from 0 to 255"
    if kind == "f" and array.max() <= 1:
        return ": (pixels * 255).round().astype(np.uint8) scales 0 to 1"
    return f": pixels{'.round()' * (kind == 'f')}.astype(np.uint8) keeps 0 to 255"


def pack_colors(colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """Pack each color into one integer whose order is the colors' lexicographic order.

    Parameters
    ----------
    colors : ndarray of shape (..., C), dtype uint8
        Colors of 1 to 4 channels.

    Returns
    -------
    keys : ndarray of shape (...), dtype uint32
        First channel most significant.
    """
    keys = colors[..., 0].astype(np.uint32)
    for channel in range(1, colors.shape[-1]):
        keys <<= 8
        keys |= colors[..., channel]
    return keys


def unpack_colors(keys: npt.NDArray[np.uint32], channels: int) -> npt.NDArray[np.uint8]:
    """Undo `pack_colors`: keys of shape (U,) to colors of shape (U, C)."""
    octets = keys.astype(">u4").view(np.uint8).reshape(-1, 4)
    return np.ascontiguousarray(octets[:, 4 - channels :])


def as_rows(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """View a picture as rows of bytes side by side, as kernels want it; copied if need be.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, C), dtype uint8
        Any strides.

    Returns
    -------
    rows : ndarray of shape (H, W * C), dtype uint8
        Any stride between rows.
    """
    rows = pixels.reshape(len(pixels), -1)
    return rows if rows.strides[1] == 1 or rows.shape[1] == 1 else np.ascontiguousarray(rows)


def without_hidden(colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Set colors under alpha 0 to zero; ndarray of shape (..., C)."""
    if colors.shape[-1] not in (2, 4):
        return colors
    return colors * (colors[..., -1:] > 0)


def telling_channels(colors: npt.NDArray[np.uint8]) -> int:
    """Tell how many channels, of the first, say all that there is to say.

    Parameters
    ----------
    colors : ndarray of shape (U, C), dtype uint8
        All colors of a picture.

    Returns
    -------
    channels : int
        C, but for alpha that is 255 everywhere, and then for RGB that is grey everywhere.
    """
    channels = int(colors.shape[1])
    if channels in (2, 4) and (colors[:, -1] == 255).all():
        channels -= 1
    if channels == 3 and (colors[:, 1:3] == colors[:, :1]).all():
        channels = 1
    return channels


def with_all_channels(colors: npt.NDArray[np.uint8], channels: int) -> npt.NDArray[np.uint8]:
    """Undo the loss of channels that say nothing: colors of shape (K, C') to (K, C)."""
    if colors.shape[1] == 1 and channels >= 3:
        colors = colors.repeat(3, axis=1)
    if colors.shape[1] < channels:
        colors = np.pad(colors, [(0, 0), (0, 1)], constant_values=255)
    return colors
