"""Nested codebooks: their squared error and time beside those that are trained one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import lines
import own
from looks_figures import worst_of
from looks_rows import load, title
from measure import Figure, geometric_mean, mean, timed

SIZES = (2, 4, 8, 16, 32, 64, 128, 256)
MAX_ERROR, MAX_WORST, MAX_TIME = 1.02, 1.05, 1.5


class Row(NamedTuple):
    """A codebook of a picture: its error, that of one trained alone, and the seconds."""

    picture: str
    n_colors: int
    nested: float  # squared error a pixel
    alone: float
    nested_seconds: float  # of all sizes
    alone_seconds: float  # of this size


class Task(NamedTuple):
    """A picture."""

    path: Path
    crop: int | None

    def __str__(self) -> str:
        """Say what is measured."""
        return title(self.path, self.crop)


def measure(path: Path, files: Sequence[Path], crop: int | None, jobs: int) -> None:
    """Measure the pictures that the CSV file lacks, and add them there."""
    known = {row.picture for row in lines.read(path, Row)}
    tasks = [Task(file, crop) for file in files if title(file, crop) not in known]
    lines.add(path, Row, tasks, run, jobs)


def run(task: Task) -> list[Row]:
    """Train both for a picture, from its histogram; sizes that hold all colors do not count."""
    picture = load(task.path, task.crop)
    histogram = own.histogram(picture.reference)
    sizes = [size for size in SIZES if size < len(histogram)]
    own.train(histogram, sizes[0])  # starts the engine
    nested, seconds = timed(own.train_nested, histogram, sizes)
    rows = []
    for size in sizes:
        alone, own_seconds = timed(own.train, histogram, size)
        of_nested, of_alone = (own.codebook_error(histogram, c) for c in (nested[size], alone))
        times = round(seconds, 4), round(own_seconds, 4)
        rows.append(Row(picture.name, size, of_nested, of_alone, *times))
    return rows


def judged(path: Path, crop: int | None) -> Iterator[Figure]:
    """Judge errors by size and of all sizes, and the time of all over that of the largest."""
    rows = [r for r in lines.read(path, Row) if r.picture.partition("#")[2] == str(crop or "")]
    ratios = {f"{r.picture} K={r.n_colors}": r.nested / r.alone for r in rows if r.alone}
    value = mean(ratios.values())
    yield Figure("squared error", value, MAX_ERROR, n=len(ratios), detail="all sizes")
    yield worst_of("squared error, worst", ratios, MAX_WORST, at_least=False)
    for size in SIZES:
        part = {r.picture: r.nested / r.alone for r in rows if r.n_colors == size and r.alone}
        worst = max(part, key=lambda picture: part[picture], default="")
        detail = f"worst {part[worst]:.4g} ({worst})" if part else "not measured"
        yield Figure(f"K={size}: squared error", mean(part.values()), n=len(part), detail=detail)
    most = {r.picture: r for r in rows if r.n_colors == max(SIZES)}
    times = {picture: r.nested_seconds / r.alone_seconds for picture, r in most.items()}
    yield Figure("time", geometric_mean(times.values()), MAX_TIME, n=len(times))
    yield worst_of("time, worst", times, None, at_least=False)
