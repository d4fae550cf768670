"""Pictures as arrays: their channels, rows and colors."""

from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import ImageError

_HIGHEST = 255


def as_channels(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """View a picture as (H, W, C).

    Raises
    ------
    ImageError
        It is not a uint8 picture of 1 to 4 channels.
    """
    if _is_masked(pixels):
        raise ImageError("pixels are a masked array: pixels.filled(0) has none", "bad-dtype")
    try:
        array = np.asarray(pixels)
    except (TypeError, ValueError) as error:
        raise ImageError("pixels are not an array", "bad-dtype") from error
    if array.dtype == object and not isinstance(pixels, np.ndarray):
        raise ImageError(
            f"pixels must be a uint8 array, not {type(pixels).__name__}: "
            "codec.read_image(path) reads them from a file",
            "bad-dtype",
        )
    if array.dtype != np.uint8:
        name = "pixels" if isinstance(pixels, np.ndarray) else "np.asarray(pixels)"
        raise ImageError(
            f"pixels must be uint8, not {array.dtype}: {_dtype_cure(array, name)}", "bad-dtype"
        )
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or not 1 <= array.shape[2] <= 4:
        raise ImageError(
            f"pixels must have shape (H, W) or (H, W, 1 to 4), not {array.shape}"
            f"{_shape_cure(array)}",
            "bad-shape",
        )
    if array.size == 0:
        raise ImageError(f"pixels have the empty shape {array.shape}", "bad-dimensions")
    return array


def _is_masked(pixels: Any) -> bool:
    """Tell whether there is a mask, which arrays made of lists silently lose."""
    if isinstance(pixels, list | tuple):
        return any(map(_is_masked, pixels))
    # Asking for np.ma would import it, which takes longer than decoding a small picture.
    return type(pixels) is not np.ndarray and hasattr(pixels, "mask")


def _shape_cure(array: npt.NDArray[Any]) -> str:
    """Say how to get at the picture, where it is clear which axis is which."""
    if array.ndim == 3:
        height, width, channels = array.shape
        if 1 <= height <= 4 and 2 * height < channels:
            return ": np.moveaxis(pixels, 0, -1) puts channels last"
        if 0 < channels < min(height, width):
            return ": pixels[:, :, :3] has three of its channels"
    if array.ndim == 4 and len(array) == 1:
        return ": pixels[0] is its one picture"
    return ""


def _dtype_cure(array: npt.NDArray[Any], name: str) -> str:
    """Say what makes uint8 of the samples, as far as their type and range tell what they mean."""
    kind = array.dtype.kind
    if kind == "b":
        return f"{name}.astype(np.uint8) * 255 makes black and white"
    if kind == "c":
        return f"np.abs({name}) and {name}.real are real numbers"
    if kind == "O":
        return f"{name}.astype(np.uint8) makes numbers of objects that are from 0 to 255"
    if kind not in "iuf":
        return "these are no numbers"
    if array.size == 0:
        return f"{name}.astype(np.uint8) is, and the shape {array.shape} is empty"
    low, high = array.min().item(), array.max().item()
    if not np.isfinite([low, high]).all():
        return f"np.nan_to_num({name}) replaces what is not finite"
    if array.dtype == np.int8 and low < 0:
        return f"{name}.view(np.uint8) has the same bits, from 0 to 255"
    if low < 0 or high >= 1 << 16 or (kind == "f" and high > _HIGHEST):
        scaled = f"np.interp({name}, ({low:.9g}, {high:.9g}), (0, 255))"
        return f"{scaled}.round().astype(np.uint8) stretches them to 0 to 255"
    if high > _HIGHEST:
        # Counts of a camera use the lowest bits: as 16 bits they would become black.
        bits = next(bits for bits in (10, 12, 14, 16) if high < 1 << bits)
        return f"({name} / {(1 << bits) - 1} * 255).round().astype(np.uint8) scales {bits} bits"
    if kind == "f" and high <= 1:
        return f"({name} * 255).round().astype(np.uint8) scales 0 to 1"
    return f"{name}{'.round()' * (kind == 'f')}.astype(np.uint8) keeps 0 to 255"


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


def distinct(colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Leave out colors that are there before, and sort the others.

    As `np.unique` of rows, which would import np.ma.

    Parameters
    ----------
    colors : ndarray of shape (N, C), dtype uint8
        At least one.

    Returns
    -------
    colors : ndarray of shape (U, C), dtype uint8
        In lexicographic order.
    """
    keys = np.sort(pack_colors(colors))
    return unpack_colors(keys[np.append(True, keys[1:] != keys[:-1])], colors.shape[1])


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
        All colors of a picture, each once: there are 256 greys.

    Returns
    -------
    channels : int
        C, but for alpha that is 255 everywhere, and then for RGB that is grey everywhere.
    """
    channels = int(colors.shape[1])
    if channels in (2, 4) and (colors[:, -1] == 255).all():
        channels -= 1
    if channels == 3 and len(colors) <= 256 and (colors[:, 1:3] == colors[:, :1]).all():
        channels = 1
    return channels


def joint_channels(first: int, second: int) -> int:
    """Tell how many channels say all that colors of C = `first` and of C = `second` do."""
    has_alpha = first in (2, 4) or second in (2, 4)
    return (3 if max(first, second) >= 3 else 1) + has_alpha


def to_channels(colors: npt.NDArray[np.uint8], channels: int) -> npt.NDArray[np.uint8]:
    """Write colors with other channels.

    Parameters
    ----------
    colors : ndarray of shape (..., C'), dtype uint8
        Grey becomes three equal channels, and what has no alpha is opaque.
    channels : int
        C. Channels that are left out should say nothing.

    Returns
    -------
    colors : ndarray of shape (..., C), dtype uint8
        The same array if C = C'.
    """
    given = colors.shape[-1]
    if given == channels:
        return colors
    hues = 3 if channels >= 3 else 1
    written = np.empty((*colors.shape[:-1], channels), dtype=np.uint8)
    written[..., :hues] = colors[..., :hues] if given >= 3 else colors[..., :1]
    if channels in (2, 4):
        written[..., -1] = colors[..., -1] if given in (2, 4) else 255
    return written
