"""The pictures of the speed benchmark: folders below one data folder, classes by size."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import compare
from compare import Picture
from PIL import Image

PHOTOGRAPHS = ("kodak", "cq100", "photo_misc", "ladder", "huge")
KODAK, LADDER, HUGE = "kodak", "ladder", "huge"
EVERYTHING = ("kodak", "cq100", "screenshots", "maps", "charts", "art", "photo_misc")


@dataclass(frozen=True)
class Settings:
    """What was asked for.

    Attributes
    ----------
    data : Path
        Folder of the folders of pictures.
    repeats : int
        Runs of everything that is timed.
    limit : int or None
        Pictures of a class or folder; None for all.
    full_kmeans : int
        Pictures for scikit-learn on all pixels, which takes minutes each.
    plot : Path
        Where the plot of the scaling goes.
    colors : sequence of int
        K of the comparison of squared errors.
    """

    data: Path
    repeats: int
    limit: int | None
    full_kmeans: int
    plot: Path
    colors: Sequence[int]


@dataclass(frozen=True)
class SizeClass:
    """Photographs of about one size; `least` and `most` are pixels, both included."""

    name: str
    least: int
    most: int


SMALL = SizeClass("768x512", 768 * 512, 768 * 512)
MIDDLE = SizeClass("2.4 Mpx", 1_900_000, 3_000_000)
LARGE = SizeClass("10-24 Mpx", 9_500_000, 24_500_000)
CLASSES = (SMALL, MIDDLE, LARGE)


def say(message: str) -> None:
    """Tell how far it is, on stderr."""
    print(message, file=sys.stderr, flush=True)


def in_folders(settings: Settings, names: Sequence[str]) -> list[Path]:
    """List the pictures of those folders that exist, in order; `limit` does not count here."""
    folders = [settings.data / name for name in names]
    return [
        path for _, path in compare.find_pictures([f for f in folders if f.is_dir()], limit=None)
    ]


def n_pixels(path: Path) -> int:
    """Return width times height; only the header is read."""
    with Image.open(path) as opened:
        return int(opened.size[0] * opened.size[1])


def of_class(settings: Settings, size: SizeClass) -> list[Path]:
    """List the photographs of a class, at most `settings.limit`."""
    found = [
        path
        for path in in_folders(settings, PHOTOGRAPHS)
        if size.least <= n_pixels(path) <= size.most
    ]
    return found[: settings.limit]


def read_all(paths: Sequence[Path]) -> Iterator[Picture]:
    """Read pictures one after the other; those with alpha or that cannot be read are skipped."""
    for path in paths:
        try:
            picture = compare.read_picture(path.parent.name, path)
        except Exception as problem:
            say(f"skipped {path.name}: {type(problem).__name__}: {problem}")
            continue
        if picture.alpha:
            say(f"skipped {path.name}: alpha")
            continue
        yield picture


def megapixels(picture: Picture) -> float:
    """Return millions of pixels."""
    height, width = picture.pixels.shape[:2]
    return float(height * width / 1e6)
