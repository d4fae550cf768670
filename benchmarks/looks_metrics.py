"""How a picture looks beside its original: SSIMULACRA2, butteraugli, error in smooth areas."""

from __future__ import annotations

import functools
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Pixels = NDArray[np.uint8]

BUTTERAUGLI = "butteraugli_main"
SIDE = 8  # pixels of a square of the checkerboard; SSIMULACRA2 knows nothing smaller either
WINDOW, SMOOTH = 7, 16  # smooth: no channel varies by more than this within so many pixels a side
OPAQUE, BACKGROUNDS = "opaque", ("black", "white", "checkerboard")


class Scale(NamedTuple):
    """A picture at one of the scales of SSIMULACRA2: its XYB, blurred, and its blurred square."""

    xyb: Any
    mean: Any
    square: Any


def scales(pixels: Pixels) -> Iterator[Scale]:
    """Yield a picture as SSIMULACRA2 sees it, from the full size to a thirty-second."""
    from ssimulacra2 import ssimulacra2 as s2

    linear = s2.srgb_to_linear(pixels)
    for number in range(s2.kNumScales):
        if number:
            linear = s2.downsample(linear, 2, 2)
        xyb = s2.make_positive_xyb(s2.linear_rgb_to_xyb(linear))
        if min(xyb.shape[:2]) < SIDE and number:
            return
        yield Scale(xyb, s2.blur_image(xyb), s2.blur_image(xyb * xyb))


class Original:
    """An opaque RGB picture that others are compared with; its own side is computed once."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        self._folder = tempfile.TemporaryDirectory()
        self._png = Path(self._folder.name, "X.png")
        _write(pixels, self._png)

    @functools.cached_property
    def _scales(self) -> list[Scale]:
        return list(scales(self.pixels))

    def ssimulacra2(self, pixels: Pixels) -> float:
        """Return the score: 100 for the same picture, 90 for hardly another, no lower bound."""
        from ssimulacra2 import ssimulacra2 as s2

        total = s2.Msssim()
        for own, other in zip(self._scales, scales(pixels), strict=True):
            cross, found = s2.blur_image(own.xyb * other.xyb), s2.MsssimScale()
            squares = own.square, other.square, cross
            found.avg_ssim = s2.ssim_map(own.mean, other.mean, *squares)
            found.avg_edgediff = s2.edge_diff_map(own.xyb, own.mean, other.xyb, other.mean)
            total.scales.append(found)
        return float(total.score())

    def butteraugli(self, pixels: Pixels) -> float:
        """Return the 3-norm: 0 for the same picture, less than 1 for hardly another."""
        path = self._png.with_name("Y.png")
        _write(pixels, path)
        words = [BUTTERAUGLI, str(self._png), str(path)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        found = re.search(r"3-norm: (\S+)", done.stdout)
        if not found:
            raise RuntimeError(f"{BUTTERAUGLI} said {done.stdout!r}")
        return float(found[1])


def _write(pixels: Pixels, path: Path) -> None:
    Image.fromarray(pixels).save(path, compress_level=1)


def composites(pixels: Pixels) -> dict[str, Pixels]:
    """Put a picture on black, on white and on a checkerboard; what is opaque stays as it is."""
    if pixels.shape[2] == 3:
        return {OPAQUE: pixels}
    height, width = pixels.shape[:2]
    odd = (np.arange(height)[:, None] // SIDE + np.arange(width) // SIDE) % 2
    shades: tuple[Any, ...] = (0, 255, np.where(odd, 0x66, 0x99)[:, :, None])
    colors, alpha = pixels[:, :, :3].astype(np.int32), pixels[:, :, 3:].astype(np.int32)
    return {
        name: ((colors * alpha + shade * (255 - alpha) + 127) // 255).astype(np.uint8)
        for name, shade in zip(BACKGROUNDS, shades, strict=True)
    }


def smooth(pixels: Pixels) -> NDArray[np.bool_]:
    """Tell which pixels lie in a smooth area that is not flat: where a band would show."""
    size = (WINDOW, WINDOW, 1)
    highest = ndimage.maximum_filter(pixels, size).astype(np.int16)
    spread = (highest - ndimage.minimum_filter(pixels, size)).max(axis=2)
    mask: NDArray[np.bool_] = (spread > 0) & (spread <= SMOOTH)
    return mask


def smooth_error(original: Pixels, pixels: Pixels) -> float | None:
    """Return the squared error, summed over the channels, averaged over the smooth pixels."""
    mask = smooth(original)
    if not mask.any():
        return None
    difference = original[mask].astype(np.int64) - pixels[mask]
    return float(np.vdot(difference, difference)) / int(mask.sum())
