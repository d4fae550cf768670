"""What was looked at, line by line in a CSV file that a run goes on from."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import lines
import looks_metrics
import pictures
from looks_metrics import OPAQUE, Original
from looks_peers import PAINTERS, Seen, optimized
from measure import say
from pictures import Picture

FOLDERS = ("kodak", "cq100", "screenshots", "maps", "charts", "art")  # seen on white alone
ALPHA_FOLDERS = ("pixelart_rgba", "rgba")


class Row(NamedTuple):
    """How a picture looks on a background as somebody made it of K colors, and what it takes."""

    who: str
    picture: str
    n_colors: int
    background: str
    pixels: int = 0
    ssimulacra2: float | None = None  # None where somebody could not do it
    butteraugli: float | None = None
    png: int | None = None  # bytes of the indexed PNG as written
    oxipng: int | None = None  # and after oxipng -o 4
    kmc: int | None = None
    smooth: float | None = None  # squared error in smooth areas; of opaque pictures that have any


Case = tuple[str, str, int]  # who, picture, K


def cases(rows: Sequence[Row]) -> dict[Case, list[Row]]:
    """Put the rows of different backgrounds together."""
    found: dict[Case, list[Row]] = {}
    for row in rows:
        found.setdefault((row.who, row.picture, row.n_colors), []).append(row)
    return found


def averaged(rows: Sequence[Row]) -> Row:
    """Return the mean look over the backgrounds."""
    first = rows[0]
    if len(rows) == 1 or first.ssimulacra2 is None:
        return first
    look, butteraugli = (
        fmean(getattr(r, w) for r in rows) for w in ("ssimulacra2", "butteraugli")
    )
    return first._replace(ssimulacra2=look, butteraugli=butteraugli)


def read(path: Path) -> list[Row]:
    """Read the rows of a file that may not be there yet."""
    return lines.read(path, Row)


class Task(NamedTuple):
    """A picture, K, and who shall make something of it."""

    path: Path
    crop: int | None
    n_colors: int
    who: Sequence[str]

    def __str__(self) -> str:
        """Say what is measured."""
        return f"{title(self.path, self.crop)} K={self.n_colors}"


def title(path: Path, crop: int | None) -> str:
    """Name a picture as the rows do: a crop is another picture."""
    return f"{path.parent.name}/{path.name}" + (f"#{crop}" if crop else "")


def load(path: Path, crop: int | None = None) -> Picture:
    """Read a picture; the middle of it where `crop` says how many pixels a side."""
    picture = pictures.read(path)
    pixels = picture.pixels
    if crop:
        top, left = (max(0, (size - crop) // 2) for size in pixels.shape[:2])
        pixels = pixels[top : top + crop, left : left + crop].copy()
    picture = replace(picture, name=title(path, crop), pixels=pixels)
    if picture.alpha and path.parent.name in FOLDERS:
        picture = replace(picture, pixels=looks_metrics.composites(picture.reference)["white"])
    return picture


@functools.lru_cache(maxsize=1)
def _originals(path: Path, crop: int | None) -> tuple[Picture, Mapping[str, Original]]:
    picture = load(path, crop)
    seen = looks_metrics.composites(picture.reference)
    return picture, {background: Original(pixels) for background, pixels in seen.items()}


def look(task: Task) -> list[Row]:
    """Measure a picture at one K."""
    picture, originals = _originals(task.path, task.crop)
    rows: list[Row] = []
    for who in task.who:
        empty = Row(who, picture.name, task.n_colors, OPAQUE, picture.n_pixels)
        try:
            seen = PAINTERS[who](picture, task.n_colors)
        except Exception as problem:
            say(f"{who} FAILED at {picture.name}: {type(problem).__name__}: {problem}")
            rows.append(empty)
        else:
            rows += judge(seen, picture, originals, empty)
    return rows


def judge(
    seen: Seen, picture: Picture, originals: Mapping[str, Original], empty: Row
) -> Iterator[Row]:
    """Fill a row for every background."""
    composites = looks_metrics.composites(seen.pixels if picture.alpha else seen.pixels[..., :3])
    smooth = None
    if not picture.alpha:
        smooth = looks_metrics.smooth_error(picture.reference, composites[OPAQUE])
    empty = empty._replace(png=len(seen.png), oxipng=len(optimized(seen.png)), kmc=seen.kmc)
    for background, original in originals.items():
        yield empty._replace(
            background=background,
            ssimulacra2=round(original.ssimulacra2(composites[background]), 4),
            butteraugli=original.butteraugli(composites[background]),
            smooth=smooth,
        )


def measure(
    path: Path,
    files: Sequence[Path],
    crop: int | None,
    colors: Sequence[int],
    who: Sequence[str],
    jobs: int,
) -> None:
    """Measure what the CSV file lacks, and add it there line by line."""
    known = cases(read(path))
    tasks = []
    for file in files:
        for k in colors:
            missing = [name for name in who if (name, title(file, crop), k) not in known]
            tasks += [Task(file, crop, k, missing)] if missing else []
    lines.add(path, Row, tasks, look, jobs)
