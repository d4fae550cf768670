"""How far a decoded file is from its picture: PSNR, SSIM, SSIMULACRA2."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection
from typing import NamedTuple

import looks_metrics
import numpy as np
from looks_metrics import Original
from pictures import Picture, Pixels

PSNR, SSIM, SSIMULACRA2 = METRICS = ("psnr", "ssim", "ssimulacra2")
WINDOW = 7  # of SSIM


class Quality(NamedTuple):
    """What was measured; None is what was not asked for, or is not defined."""

    psnr: float | None = None  # dB, infinite where nothing was lost
    ssim: float | None = None
    ssimulacra2: float | None = None


class Judge:
    """Compare files with a picture: on black, white and a checkerboard where it has alpha.

    Errors and scores are averaged over the backgrounds. What decodes to the same pixels as a file
    before is not measured again.
    """

    def __init__(self, picture: Picture) -> None:
        self._alpha = picture.alpha
        found = looks_metrics.composites(picture.reference)
        self._originals = {name: Original(pixels) for name, pixels in found.items()}
        self._known: dict[tuple[str, bytes], float | None] = {}

    def quality(self, rgba: Pixels, metrics: Collection[str]) -> Quality:
        """Measure what a file decodes to."""
        seen = looks_metrics.composites(rgba if self._alpha else rgba[:, :, :3])
        pairs = [(self._originals[name], pixels) for name, pixels in seen.items()]
        if any(original.pixels.shape != pixels.shape for original, pixels in pairs):
            raise ValueError(f"decoded to {rgba.shape}")
        digest = hashlib.sha256(rgba.tobytes()).digest()
        functions = {PSNR: _psnr, SSIM: _ssim, SSIMULACRA2: _ssimulacra2}
        found = {}
        for name in metrics:
            if (name, digest) not in self._known:
                self._known[name, digest] = functions[name](pairs)
            found[name] = self._known[name, digest]
        return Quality(**found)


Pairs = list[tuple[Original, Pixels]]


def _psnr(pairs: Pairs) -> float:
    total = sum(np.square(o.pixels.astype(np.int32) - p).sum(dtype=np.int64) for o, p in pairs)
    samples = sum(p.size for _, p in pairs)
    return 10 * math.log10(255**2 * samples / int(total)) if total else math.inf


def _ssim(pairs: Pairs) -> float | None:
    from skimage.metrics import structural_similarity as ssim

    if min(pairs[0][1].shape[:2]) < WINDOW:
        return None
    options = {"channel_axis": 2, "data_range": 255, "win_size": WINDOW}
    return float(np.mean([ssim(o.pixels, p, **options) for o, p in pairs]))


def _ssimulacra2(pairs: Pairs) -> float:
    return float(np.mean([original.ssimulacra2(pixels) for original, pixels in pairs]))
