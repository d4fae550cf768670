"""What a target is asked for: the cases, the files that bound them, the packing bound."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import looks_peers
import looks_rows
import numpy as np
import peers
import rate_peers
from measure import timed
from numpy.typing import NDArray
from pictures import Picture, Pixels

import codec

MAX_BYTES, MIN_PSNR, MAX_ERROR = "max_bytes", "min_psnr", "max_error"
MIN_SSIM, MIN_SSIMULACRA2 = "min_ssim", "min_ssimulacra2"
FORMATS, TUNES = ("kmc", "pair", "npz", "png"), ("psnr", "visual")
FEWEST, MOST = 8, 256  # colors of the plain files that a target lies between
FACTOR, MORE = 1.6, 1  # an error of at most so many packing bounds, and more, can be asked for


class Case(NamedTuple):
    """A target that is asked for; `place` says where between the bounds."""

    name: str
    kind: str
    path: Path
    grey: bool
    format: str
    tune: str
    place: float


def cases(files: Sequence[Path], n_bytes: int) -> Iterator[Case]:
    """Yield the cases: `n_bytes` of bytes, and some of every picture for the other targets.

    Each round takes all pictures, with formats in turns; tunes change after the formats, and
    after both there are the same pictures in grey.
    """
    kinds = [MAX_BYTES] * n_bytes
    kinds += [kind for kind in (MIN_PSNR, MAX_ERROR) for _ in range(2 * len(files))]
    kinds += [kind for kind in (MIN_SSIM, MIN_SSIMULACRA2) for _ in files]
    numbers: dict[str, int] = {}
    for kind in kinds if files else ():
        number = numbers.get(kind, 0)
        numbers[kind] = number + 1
        turn, which = divmod(number, len(files))
        form = FORMATS[(turn + which) % len(FORMATS)]
        every = len(FORMATS) if kind == MAX_BYTES else 1
        tune = TUNES[turn // every % len(TUNES)]
        grey = bool(turn // (every * len(TUNES)) % 2)
        name, place = f"{kind} {number}", random.Random(number).random()
        yield Case(name, kind, files[which], grey, form, tune, place)


@functools.lru_cache(maxsize=2)
def load(path: Path, crop: int | None, grey: bool) -> Picture:
    """Read a picture, in color or made grey."""
    picture = looks_rows.load(path, crop)
    if not grey:
        return picture
    weights = np.array([299, 587, 114])
    luma = (picture.reference[:, :, :3] @ weights + 500) // 1000
    channels = [luma.astype(np.uint8)[:, :, None]]
    channels += [picture.reference[:, :, 3:]] if picture.alpha else []
    return replace(picture, pixels=np.concatenate(channels, axis=2))


class Made(NamedTuple):
    """What was made: pixels decoded from the files, RGBA, bytes, and the seconds it took."""

    pixels: Pixels
    size_bytes: int
    seconds: float


def make(picture: Picture, form: str, **options: Any) -> Made:
    """Compress and encode, which is timed, then decode the files."""

    def run() -> list[bytes]:
        return peers.encode(form, codec.compress(picture.pixels, **options), "default")

    content, seconds = timed(run)
    return Made(*rate_peers.file(form, content), seconds)


@functools.lru_cache(maxsize=8)
def plain(path: Path, crop: int | None, grey: bool, form: str, tune: str, n_colors: int) -> Made:
    """Make a file without a target."""
    options: dict[str, Any] = {"rate_distortion": 0} if rate_peers.has_rate() else {}
    return make(load(path, crop, grey), form, n_colors=n_colors, tune=tune, **options)


def packing_bound(picture: Picture, n_colors: int = MOST) -> int:
    """Return an error that no codebook of so many colors can be below.

    Colors more than twice an error apart need a code-word each.
    """
    rgba = looks_peers.rgba(picture.reference).reshape(-1, 4)
    colors = np.unique(rgba[rgba[:, 3] > 0], axis=0).astype(np.int16)
    bound = 0
    while _packs_more(colors, 2 * bound, n_colors):
        bound += 1
    return bound


def _packs_more(colors: NDArray[np.int16], distance: int, n_colors: int) -> bool:
    """Tell whether more colors than that are found to be farther apart: the first that is left."""
    left, place = np.ones(len(colors), bool), 0
    for _ in range(n_colors):
        color = colors[place]  # of those after it, sorted, only so many can be near
        end = int(np.searchsorted(colors[:, 0], color[0] + distance, "right"))
        near = np.abs(colors[place:end] - color).max(axis=1) <= distance
        left[place:end] &= ~near
        if not left[place:].any():
            return False
        place += int(left[place:].argmax())
    return True
