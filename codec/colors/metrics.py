"""How far a decoded picture is from its original.

With alpha, what is measured is what can be seen. Squared error is the expected one on a
background whose grey level is uniformly random (see `codec.colors.colorspace`); SSIM and color
difference are taken on black and on white. The color of fully transparent pixels never counts.
"""

import functools
import importlib.util
import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codec.colors.colorspace import LINEAR
from codec.colors.histogram import run_starts
from codec.colors.lab import ciede2000, lab_from_linear
from codec.colors.lookup import look_up
from codec.colors.pixels import pack_colors, unpack_colors
from codec.colors.ssim import WINDOW, similarity
from codec.errors import ImageError, ParameterError
from codec.threads import row_strips, run_parallel

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Quality:
    """Measures of a decoded picture.

    Parameters
    ----------
    mse : float
        Mean over samples of the squared difference, in squared 8-bit steps.
    psnr_db : float
        Peak signal-to-noise ratio in dB, infinite for equal pictures.
    ssim : float or None
        Mean structural similarity, at most 1; None for pictures smaller than 7x7.
    delta_e_mean, delta_e_p95 : float
        Mean and 95th percentile of the CIEDE2000 color difference.
    """

    mse: float
    psnr_db: float
    ssim: float | None
    delta_e_mean: float
    delta_e_p95: float


def squared_error(original: Pixels, decoded: Pixels) -> float:
    """Sum the visible squared difference over all color samples.

    Parameters
    ----------
    original, decoded : ndarray of shape (..., C), dtype uint8
        Equal shapes.

    Returns
    -------
    total : float
        Sum over pixels and color channels.
    """
    total = 0.0
    first = original.reshape(-1, original.shape[-1])
    second = decoded.reshape(-1, decoded.shape[-1])
    for part in row_strips(len(first), 1):
        if original.shape[-1] in (2, 4):
            total += float(squared_errors(first[part], second[part]).sum())
        else:  # whole numbers, of which 16 bits are enough for each
            squares = channel_errors(first[part], second[part]).astype(np.uint16)
            squares *= squares
            total += float(squares.sum(dtype=np.uint64))
    return total


def squared_errors(original: Pixels, decoded: Pixels) -> npt.NDArray[np.float64]:
    """Visible squared difference of each color, summed over its color channels.

    Parameters
    ----------
    original, decoded : ndarray of shape (N, C), dtype uint8
        Colors, row by row.

    Returns
    -------
    errors : ndarray of shape (N,), dtype float64
        In squared 8-bit steps.
    """
    first, second = original.astype(np.float64), decoded.astype(np.float64)
    if original.shape[1] not in (2, 4):
        return np.asarray(((first - second) ** 2).sum(axis=1))
    opacity, other = first[:, -1:] / 255.0, second[:, -1:] / 255.0
    shift = opacity * first[:, :-1] - other * second[:, :-1]
    spread = 255.0 * (opacity - other)
    return np.asarray(((shift - spread / 2) ** 2 + spread**2 / 12).sum(axis=1))


def channel_errors(original: Pixels, decoded: Pixels, *, exact: bool = False) -> Pixels:
    """Absolute differences of all samples.

    Parameters
    ----------
    original, decoded : ndarray of shape (..., C), dtype uint8
        Equal shapes.
    exact : bool
        Count the colors of fully transparent pixels of the original; otherwise just their alpha.

    Returns
    -------
    errors : ndarray of the same shape, dtype uint8
    """
    errors: Pixels = np.maximum(original, decoded)
    errors -= np.minimum(original, decoded)
    if not exact and original.shape[-1] in (2, 4):
        errors[..., :-1] *= original[..., -1:] > 0
    return errors


def visible_errors(original: Pixels, decoded: Pixels, *, exact: bool = False) -> Pixels:
    """Largest difference of a channel of every pixel, as it is seen on black or on white.

    Parameters
    ----------
    original, decoded : ndarray of shape (..., C), dtype uint8
        Equal shapes.
    exact : bool
        Count alpha as a channel like the others, and so the colors of clear pixels.

    Returns
    -------
    errors : ndarray of shape (...), dtype uint8
        Without alpha, or if exact, the largest of `channel_errors`. With alpha the larger one of
        both backgrounds, each rounded to whole steps.
    """
    if exact or original.shape[-1] not in (2, 4):
        return _largest(channel_errors(original, decoded, exact=exact))
    first, second = _opaque_parts(original), _opaque_parts(decoded)
    on_black = first - second
    # What white adds where colors are missing.
    on_white = on_black - (original[..., -1:].astype(np.int16) - decoded[..., -1:])
    larger = np.maximum(abs(on_black), abs(on_white)).max(axis=-1)
    return np.asarray(larger.astype(np.uint8))


def _largest(errors: Pixels) -> Pixels:
    """Take the largest of each pixel; NumPy is slow where the last axis is short."""
    largest = errors[..., 0].copy()
    for channel in range(1, errors.shape[-1]):
        np.maximum(largest, errors[..., channel], out=largest)
    return largest


def _opaque_parts(pixels: Pixels) -> npt.NDArray[np.int16]:
    """Multiply colors by their alpha, rounded."""
    products = pixels[..., :-1].astype(np.int32) * pixels[..., -1:]
    return np.asarray(((products + 127) // 255).astype(np.int16))


def worst_error_of(
    pixels: Pixels, codebook: Pixels, labels: Pixels, *, exact: bool = False
) -> int:
    """Largest of `channel_errors` of a picture and what its labels mean.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, C), dtype uint8
        The picture.
    codebook : ndarray of shape (K, C), dtype uint8
        Its code-words.
    labels : ndarray of shape (H, W), dtype uint8
        Less than K.
    exact : bool
        As for `channel_errors`.

    Returns
    -------
    error : int
        0 to 255.
    """
    return max(
        int(channel_errors(pixels[rows], look_up(codebook, labels[rows]), exact=exact).max())
        for rows in row_strips(*labels.shape)
    )


def psnr_db(mse: float) -> float:
    """Peak signal-to-noise ratio of 8-bit samples in dB; infinite without error."""
    return float("inf") if mse == 0 else float(10 * np.log10(255.0**2 / mse))


def color_samples(channels: int) -> int:
    """Color channels of a pixel, alpha not counted."""
    return 1 if channels <= 2 else 3


def measure(original: Pixels, decoded: Pixels) -> Quality:
    """Compare a decoded picture with its original.

    Parameters
    ----------
    original, decoded : ndarray of shape (H, W) or (H, W, C), dtype uint8
        Equal shapes.

    Returns
    -------
    quality : Quality
        All measures.

    Raises
    ------
    ImageError
        The shapes differ.

    References
    ----------
    Z. Wang et al., "Image quality assessment: from error visibility to structural similarity",
    IEEE Transactions on Image Processing 13(4), 2004, doi:10.1109/TIP.2003.819861.
    G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula", Color Research and
    Application 30(1), 2005, doi:10.1002/col.20070.
    """
    if original.shape != decoded.shape:
        raise ImageError(
            f"the pictures have different shapes, {original.shape} and {decoded.shape}",
            "bad-shape",
        )
    if original.ndim == 2:
        original, decoded = original[:, :, None], decoded[:, :, None]
    channels = original.shape[2]
    samples = original.shape[0] * original.shape[1] * color_samples(channels)
    mse = squared_error(original, decoded) / samples
    parts = [_delta_e(*pictures) for pictures in _on_backgrounds(original, decoded)]
    mean, p95 = _mean_and_p95(*(np.concatenate(each) for each in zip(*parts, strict=True)))
    return Quality(
        mse=mse,
        psnr_db=psnr_db(mse),
        ssim=mean_ssim(original, decoded),
        delta_e_mean=mean,
        delta_e_p95=p95,
    )


def mean_ssim(original: Pixels, decoded: Pixels) -> float | None:
    """Mean structural similarity; see `Quality`.

    Parameters
    ----------
    original, decoded : ndarray of shape (H, W, C), dtype uint8
        Equal shapes.

    Returns
    -------
    similarity : float or None
        At most 1; None for pictures smaller than 7x7.
    """
    height, width = original.shape[:2]
    if min(height, width) < WINDOW:
        return None
    inner = height - WINDOW + 1  # windows, from the top

    def add_up(rows: slice) -> float:
        part = slice(rows.start, rows.stop + WINDOW - 1)
        shown = _on_backgrounds(original[part], decoded[part])
        mean = float(np.mean([similarity(*pair) for pair in shown]))
        return mean * len(range(inner)[rows])

    parts = [functools.partial(add_up, rows) for rows in row_strips(inner, width)]
    return float(sum(run_parallel(parts)) / inner)


def check_ssimulacra2() -> None:
    """Raise `ParameterError` if what measures SSIMULACRA2 is not installed."""
    if importlib.util.find_spec("ssimulacra2") is None:
        raise ParameterError(
            "SSIMULACRA2 needs a package: pip install kmcodec[ssimulacra2]", "min_ssimulacra2"
        )


def ssimulacra2(original: Pixels, decoded: Pixels) -> float:
    """Visual similarity by SSIMULACRA2, of the PyPI package of this name.

    Parameters
    ----------
    original, decoded : ndarray of shape (H, W, C), dtype uint8
        Equal shapes.

    Returns
    -------
    score : float
        At most 100, for what looks the same; with alpha, the lower one on black and on white.

    Raises
    ------
    ParameterError
        The package is not installed.

    References
    ----------
    J. Sneyers, "SSIMULACRA 2", https://github.com/cloudinary/ssimulacra2, 2023.
    """
    check_ssimulacra2()
    from ssimulacra2 import compute_ssimulacra2

    return min(
        float(compute_ssimulacra2(*map(_as_ppm, shown)))
        for shown in _on_backgrounds(original, decoded)
    )


def _as_ppm(pixels: Pixels) -> io.BytesIO:
    """Write a picture as that package reads it."""
    height, width = pixels.shape[:2]
    colors = np.broadcast_to(pixels, (height, width, 3))
    return io.BytesIO(f"P6 {width} {height} 255\n".encode() + colors.tobytes())


def _on_backgrounds(original: Pixels, decoded: Pixels) -> list[tuple[Pixels, Pixels]]:
    """Show both without alpha; if they have it, on black and on white."""
    backgrounds = (0.0, 255.0) if original.shape[2] in (2, 4) else (0.0,)
    return [(_on(original, each), _on(decoded, each)) for each in backgrounds]


def _on(pixels: Pixels, background: float) -> Pixels:
    """Compose a picture over a grey level and drop its alpha channel."""
    if pixels.shape[2] not in (2, 4):
        return pixels
    opacity = pixels[:, :, -1:] / 255.0
    composed = opacity * pixels[:, :, :-1] + (1.0 - opacity) * background
    return np.asarray(np.floor(composed + 0.5), dtype=np.uint8)


def _delta_e(
    original: Pixels, decoded: Pixels
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """CIEDE2000 of each pair of colors that meet, and how many pixels are such pairs."""

    def find(rows: slice) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        first, second = pack_colors(original[rows]), pack_colors(decoded[rows])
        keys = (first.astype(np.uint64) << np.uint64(32) | second).reshape(-1)
        keys.sort()
        starts = run_starts(keys)
        return keys[starts], np.diff(starts, append=len(keys))

    strips = row_strips(*original.shape[:2])
    parts = run_parallel([functools.partial(find, rows) for rows in strips])
    keys, counts = (np.concatenate(each) for each in zip(*parts, strict=True))
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = run_starts(keys)
    counts = np.add.reduceat(counts[order], starts)
    return _delta_e_of_pairs(keys[starts], original.shape[2]), counts


def _mean_and_p95(
    values: npt.NDArray[np.float32], counts: npt.NDArray[np.int64]
) -> tuple[float, float]:
    """Mean and 95th percentile, as NumPy's, of values that are there so many times each."""
    order = np.argsort(values)
    values, ends = values[order].astype(np.float64), counts[order].cumsum()
    total = int(ends[-1])
    below, part = divmod(95 * (total - 1), 100)
    low, high = values[np.searchsorted(ends, [below, min(below + 1, total - 1)], side="right")]
    mean = float((values * counts[order]).sum()) / total
    return mean, float(low + (high - low) * part / 100)


def _delta_e_of_pairs(pairs: npt.NDArray[np.uint64], channels: int) -> npt.NDArray[np.float32]:
    parts = []
    for rows in row_strips(len(pairs), 1):
        part = pairs[rows]
        first, second = (
            np.broadcast_to(unpack_colors(keys.astype(np.uint32), channels), (len(part), 3))
            for keys in (part >> np.uint64(32), part)
        )
        differences = ciede2000(lab_from_linear(LINEAR[first]), lab_from_linear(LINEAR[second]))
        parts.append(differences.astype(np.float32))
    return np.concatenate(parts)
