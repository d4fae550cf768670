"""What a report says of a decoded picture beside its original."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.colors.histogram import count_colors
from codec.colors.lookup import look_up
from codec.colors.metrics import (
    channel_errors,
    color_samples,
    mean_ssim,
    measure,
    psnr_db,
    squared_error,
    ssimulacra2,
)
from codec.colors.pixels import as_channels, to_channels
from codec.indexed import CHANNEL_NAMES, IndexedImage
from codec.settings import Targets
from codec.threads import row_strips

Pixels = npt.NDArray[np.uint8]


def quality_facts(original: Pixels, decoded: Pixels) -> dict[str, Any]:
    """Measure a decoded picture.

    Parameters
    ----------
    original, decoded : ndarray of shape (H, W) or (H, W, C), dtype uint8
        Equal H and W.

    Returns
    -------
    facts : dict
        All measures, by their names in `FileReport`.
    """
    quality = measure(*alike(as_channels(original), as_channels(decoded)))
    return {
        "mse": quality.mse,
        "ssim": quality.ssim,
        "delta_e_mean": quality.delta_e_mean,
        "delta_e_p95": quality.delta_e_p95,
    }


def shortfall(
    look: Targets, original: Pixels, indexed: IndexedImage, mse: float, worst_error: int
) -> str:
    """Say what a result is not that it has to be like; empty if it is all of it.

    Parameters
    ----------
    look : Targets
        What it has to be like; its bytes are not looked at.
    original : ndarray of shape (H, W) or (H, W, C), dtype uint8
        The picture.
    indexed : IndexedImage
        What it became.
    mse : float
        Mean squared error of it.
    worst_error : int
        Largest error of it.
    """
    if look.max_error is not None and worst_error > look.max_error:
        return f"an error of {look.max_error} is passed: {worst_error}"
    if look.min_psnr is not None and (found := psnr_db(mse)) < look.min_psnr:
        return f"{look.min_psnr:.4g} dB are not reached: {found:.1f} dB"
    if look.min_ssim is None and look.min_ssimulacra2 is None:
        return ""
    pixels = look_up(to_channels(indexed.codebook, as_channels(original).shape[2]), indexed.labels)
    for least, measured, name in (
        (look.min_ssim, mean_ssim, "SSIM"), (look.min_ssimulacra2, ssimulacra2, "SSIMULACRA2"),
    ):  # fmt: skip
        value = None if least is None else measured(as_channels(original), pixels)
        if least is not None and value is not None and value < least:
            return f"{name} {least:.4g} is not reached: {value:.4g}"
    return ""


def worst_facts(
    original: Pixels,
    decoded: IndexedImage | Pixels,
    *,
    exact: bool = False,
    known: int = 255,
) -> dict[str, Any]:
    """Find the pixel with the largest error of a channel, from the top.

    Parameters
    ----------
    original : ndarray of shape (H, W) or (H, W, C), dtype uint8
        The picture.
    decoded : IndexedImage, or ndarray of shape (H, W) or (H, W, C), dtype uint8
        What it became, of equal H and W.
    exact : bool
        Count the colors of fully transparent pixels too.
    known : int
        The error, if it is known: what is below its first pixel is not looked at.

    Returns
    -------
    facts : dict
        The error and where it is, by their names in `FileReport`.
    """
    worst, width = 0, original.shape[1]
    place: tuple[int, int] | None = None
    for rows, first, second in matched_strips(original, decoded):
        errors = channel_errors(first, second, exact=exact)
        highest = int(errors.max())
        if highest > worst:
            worst = highest
            number = int((errors.reshape(-1) == highest).argmax()) // errors.shape[2]
            place = number % width, rows.start + number // width
        if worst >= known:
            break
    return {"worst_error": worst, "worst_at": place}


def differences(original: Pixels, decoded: Pixels) -> tuple[float, int, tuple[int, int] | None]:
    """Compare parts of two pictures.

    Parameters
    ----------
    original, decoded : ndarray of shape (h, w) or (h, w, C), dtype uint8
        Equal h and w.

    Returns
    -------
    squares : float
        The squared difference, summed over pixels and color channels.
    worst : int
        The largest difference of a channel.
    place : tuple of int, or None
        Row and column of the first pixel that has it; None without a difference.
    """
    first, second = alike(as_channels(original), as_channels(decoded))
    errors = channel_errors(first, second)
    worst, place = int(errors.max()), None
    if worst:
        number = int((errors.reshape(-1) == worst).argmax()) // errors.shape[2]
        place = divmod(number, errors.shape[1])
    return squared_error(first, second), worst, place


def samples_alike(first: int, second: int) -> int:
    """Tell how many color samples a pixel has when pictures of so many channels are compared."""
    if first == second:
        return color_samples(first)
    return 3


def matched_strips(
    original: Pixels, decoded: IndexedImage | Pixels
) -> Iterator[tuple[slice, Pixels, Pixels]]:
    """Walk over two pictures, strip by strip, with the same channels.

    Parameters
    ----------
    original : ndarray of shape (H, W) or (H, W, C), dtype uint8
        One of them.
    decoded : IndexedImage, or ndarray of shape (H, W) or (H, W, C), dtype uint8
        The other, of equal H and W.

    Yields
    ------
    rows : slice
        Which rows.
    first, second : ndarray of shape (rows, W, C), dtype uint8
        Of either.
    """
    pixels = as_channels(original)
    for rows in row_strips(*pixels.shape[:2]):
        if isinstance(decoded, IndexedImage):
            part = look_up(decoded.codebook, decoded.labels[rows])
        else:
            part = as_channels(decoded)[rows]
        yield rows, *alike(pixels[rows], part)


def comparison_facts(original: Pixels, decoded: Pixels) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Measure pictures that may differ in their channels.

    Parameters
    ----------
    original, decoded : ndarray of shape (H, W) or (H, W, C), dtype uint8
        Equal H and W.

    Returns
    -------
    facts : dict
        All measures, and the numbers of different colors, by their names in `FileReport`.
    notices : tuple of str
        Says if one had to be written as the other is.
    """
    first, second = as_channels(original), as_channels(decoded)
    facts = {
        "unique_colors": len(count_colors(first)),
        "unique_colors_after": len(count_colors(second)),
    }
    notices: tuple[str, ...] = ()
    if first.shape != second.shape:
        names = CHANNEL_NAMES[first.shape[2]], CHANNEL_NAMES[second.shape[2]]
        notices = (f"compared {names[0]} with {names[1]}",)
    quality = quality_facts(first, second)
    return {**facts, **quality, "lossless": quality["mse"] == 0}, notices


def alike(first: Pixels, second: Pixels) -> tuple[Pixels, Pixels]:
    """Write two pictures of shape (H, W, C) with the same channels."""
    if first.shape[2] == second.shape[2]:
        return first, second
    with_alpha = first.shape[2] in (2, 4) or second.shape[2] in (2, 4)
    return _widened(first, with_alpha=with_alpha), _widened(second, with_alpha=with_alpha)


def _widened(pixels: Pixels, *, with_alpha: bool) -> Pixels:
    """Write grey as RGB, and opaque as with alpha if that is asked for."""
    has_alpha = pixels.shape[2] in (2, 4)
    colors = pixels[:, :, :-1] if has_alpha else pixels
    layers = [np.broadcast_to(colors, (*pixels.shape[:2], 3))]
    if with_alpha:
        opaque = np.full((*pixels.shape[:2], 1), 255, dtype=np.uint8)
        layers.append(pixels[:, :, -1:] if has_alpha else opaque)
    return np.concatenate(layers, axis=2)
