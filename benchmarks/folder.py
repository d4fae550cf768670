"""kmcodec on folders of small pictures that share a codebook: CPU a file, bytes, memory.

The pictures are crops of 128x128 of the photographs, screenshots, maps and art in DATA, saved as
PNG by Pillow. They are made once, in a folder that stays (`--scratch`).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import measure
import numpy as np
import peers
from large import FOLDERS
from measure import MIB, Figure, Settings, Usage, interleave, spawn
from PIL import Image

SIDE, FEW = 128, 200
TARGET_MS = 5  # of CPU a file, for counting, labeling and writing
FORMATS = ("pair", "png", "kmc")


@dataclass
class Folder(Settings):
    """And where pictures are made and stay, and how many."""

    repeats: int = 2
    scratch: Path = Path("small-pictures")
    pictures: int = 2000


def make(settings: Folder, count: int) -> Path:
    """Make the first so many pictures, unless they are there."""
    folder = settings.scratch / str(count)
    if folder.exists():
        return folder
    paths = sorted(path for name in FOLDERS for path in Path(settings.data, name).glob("*.*"))
    sources = [Image.open(path).convert("RGB") for path in paths]
    sources = [image for image in sources if min(image.size) >= SIDE]
    state = np.random.RandomState(1)
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for number in range(count):
        image = sources[number % len(sources)]
        x, y = (int(state.randint(length - SIDE + 1)) for length in image.size)
        image.crop((x, y, x + SIDE, y + SIDE)).save(part / f"{number:06d}.png", icc_profile=None)
    return part.rename(folder)


def compress(settings: Folder, count: int, format: str, effort: str) -> Usage:
    """Compress a folder by a process of one thread."""
    out = settings.scratch / "out"
    shutil.rmtree(out, ignore_errors=True)
    words = [*peers.COMMAND, "compress", "-r", str(make(settings, count)), "-d", str(out)]
    words += ["--shared-codebook", "--format", format, "--effort", effort, "-q"]
    return spawn(words, env={**os.environ, "KMCODEC_THREADS": "1"})


def folder(settings: Folder) -> Iterator[Figure]:
    """Small pictures that share a codebook, in one process.

    CPU of counting, labeling and writing a file: that of all less that of 200, so that what is
    done once is not in it.
    """
    few, many = FEW, max(settings.pictures, 2 * FEW)
    for count in (few, many):
        make(settings, count)
    for effort in ("default", "fast"):
        for format in FORMATS:
            yield from figures(settings, (few, many), format, effort)


def figures(
    settings: Folder, counts: tuple[int, int], format: str, effort: str
) -> Iterator[Figure]:
    """Compress both folders to a format; the target is for the default effort."""
    tasks = {n: partial(compress, settings, n, format, effort) for n in counts}
    used = interleave(tasks, settings.repeats)
    few, many = (median(u.cpu_seconds for u in used[n]) for n in counts)
    low, high = (max(u.peak_bytes for u in used[n]) / MIB for n in counts)
    compress(settings, counts[1], format, effort)
    files = [path for path in (settings.scratch / "out").rglob("*") if path.is_file()]
    total = sum(path.stat().st_size for path in files)
    title = format if effort == "default" else f"{format} --effort {effort}"
    detail = f"{counts[0]} files {few:.1f} s, {counts[1]} files {many:.1f} s"
    each = 1000 * (many - few) / (counts[1] - counts[0])
    target = TARGET_MS if effort == "default" else None
    yield Figure(f"{title}: CPU a file", each, target, "ms", n=counts[1], detail=detail)
    yield Figure(f"{title}: bytes a file", total / counts[1], unit="B", n=counts[1])
    detail = f"with {counts[0]} files {low:.0f} MiB"
    yield Figure(f"{title}: peak", high, unit="MiB", n=counts[1], detail=detail)


SECTIONS = {"folder": folder}
OPTIONS: measure.Options = {
    "--repeats": {"type": int, "metavar": "N", "help": "runs of what is timed (2)"},
    "--scratch": {"type": Path, "metavar": "DIR", "help": "where pictures are made and stay"},
    "--pictures": {"type": int, "metavar": "N", "help": "how many there are (2000)"},
}

if __name__ == "__main__":
    sys.exit(measure.main(__doc__, SECTIONS, OPTIONS, peers.about, Folder()))
