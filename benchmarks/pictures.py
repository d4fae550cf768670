"""What is measured on: folders of pictures, classes by size, each picture decoded once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import lines
import numpy as np
from measure import say
from numpy.typing import NDArray
from PIL import Image

import codec

Pixels = NDArray[np.uint8]

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
EVERYTHING = ("kodak", "cq100", "screenshots", "maps", "charts", "art", "photo_misc")
PHOTOGRAPHS = ("kodak", "cq100", "photo_misc", "ladder", "huge")  # put into classes by size
KODAK, LADDER, HUGE = "kodak", "ladder", "huge"
ROWS_AT_A_TIME = 256  # bounds the memory of Picture.error


class SizeClass(NamedTuple):
    """Photographs of about one size; `least` and `most` are pixels, both included."""

    name: str
    least: int
    most: int


SMALL = SizeClass("768x512", 768 * 512, 768 * 512)
MIDDLE = SizeClass("2.4 Mpx", 1_900_000, 3_000_000)
LARGE = SizeClass("10-24 Mpx", 9_500_000, 24_500_000)
CLASSES = (SMALL, MIDDLE, LARGE)


@dataclass(frozen=True)
class Picture:
    """A decoded picture: its folder and file, and the pixels that we compress."""

    name: str
    pixels: Pixels

    @cached_property
    def reference(self) -> Pixels:
        """The same as RGB, or RGBA where some pixel is not opaque: what the peers get."""
        return comparable(self.pixels)

    @cached_property
    def _folder(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory()

    @cached_property
    def png(self) -> Path:
        """The reference as a file for programs; it is gone when the picture is."""
        path = Path(self._folder.name, "X.png")
        Image.fromarray(self.reference).save(path)
        return path

    @property
    def alpha(self) -> bool:
        """Whether some pixel is not opaque."""
        return bool(self.reference.shape[2] == 4)

    @property
    def n_pixels(self) -> int:
        """Width times height."""
        return int(self.pixels.shape[0] * self.pixels.shape[1])

    def error(self, decoded: Pixels) -> float:
        """Return the squared error, summed over the channels, averaged over the pixels; exact."""
        if decoded.shape != self.reference.shape:
            raise ValueError(f"decoded to {decoded.shape}, not {self.reference.shape}")
        total = 0
        for start in range(0, len(decoded), ROWS_AT_A_TIME):
            rows = slice(start, start + ROWS_AT_A_TIME)
            difference = np.subtract(self.reference[rows], decoded[rows], dtype=np.int64)
            total += int(np.vdot(difference, difference))
        return total / self.n_pixels


def comparable(pixels: Pixels) -> Pixels:
    """Expand grey to RGB, and drop an alpha channel that is 255 everywhere."""
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    channels = pixels.shape[2]
    has_alpha = channels in (2, 4) and bool((pixels[:, :, -1] != 255).any())
    order = {1: [0, 0, 0], 2: [0, 0, 0, 1], 3: [0, 1, 2], 4: [0, 1, 2, 3]}[channels]
    return np.ascontiguousarray(pixels[:, :, order if has_alpha else order[:3]])


def noise() -> Picture:
    """Make a small picture to warm up with, so that no measurement pays for an import."""
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    return Picture("noise", pixels)


def files(data: Path, folders: Sequence[str], limit: int | None = None) -> list[Path]:
    """List the picture files of those folders that exist, in order; at most `limit` of each."""
    found = []
    for folder in folders:
        paths = sorted((data / folder).rglob("*"))
        found += [path for path in paths if path.suffix.lower() in SUFFIXES][:limit]
    return found


def asked(
    data: Path,
    folders: Sequence[str],
    limit: int | None = None,
    globs: Sequence[str] = (),
    max_pixels: float | None = None,
) -> list[Path]:
    """List those of `files` that a pattern of FOLDER/NAME matches, none larger than allowed."""
    paths = {f"{path.parent.name}/{path.name}": path for path in files(data, folders, limit)}
    found = [paths[name] for name in lines.chosen([*paths], globs)]
    return [path for path in found if max_pixels is None or n_pixels(path) <= max_pixels]


def n_pixels(path: Path) -> int:
    """Return width times height as a file's header says."""
    with Image.open(path) as opened:
        return opened.size[0] * opened.size[1]


def of_class(data: Path, size: SizeClass, limit: int | None = None) -> list[Path]:
    """List the photographs of a class, judged by their headers."""
    paths = files(data, PHOTOGRAPHS)
    return [path for path in paths if size.least <= n_pixels(path) <= size.most][:limit]


def read(path: Path) -> Picture:
    """Read a picture, but no animation."""
    with Image.open(path) as opened:
        if getattr(opened, "n_frames", 1) > 1:
            raise ValueError("has several frames")
    return Picture(f"{path.parent.name}/{path.name}", codec.read_image(path).pixels)


def read_all(paths: Sequence[Path]) -> Iterator[Picture]:
    """Read pictures one after the other; what cannot be read is told and skipped."""
    for number, path in enumerate(paths, start=1):
        try:
            picture = read(path)
        except Exception as problem:
            say(f"skipped {path.name}: {type(problem).__name__}: {problem}")
            continue
        say(f"[{number}/{len(paths)}] {picture.name}")
        yield picture
