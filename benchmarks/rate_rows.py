"""The points of the curves, line by line in a CSV file that a run goes on from."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import lines
import looks_rows
import numpy as np
import rate_peers
from looks_rows import title
from measure import say
from pictures import Picture
from rate_metrics import METRICS, SSIMULACRA2, Judge
from rate_peers import OURS, WHO

FOLDERS = ("kodak", "cq100", "screenshots", "maps", "charts", "art", "pixelart_rgba")


class Row(NamedTuple):
    """A file that somebody made of a picture with a setting, decoded and compared."""

    who: str
    picture: str
    setting: str
    pixels: int
    colors: int  # distinct ones of the picture
    paper: float  # share of its most frequent color
    bytes: int | None = None  # None where somebody could not do it
    psnr: float | None = None  # None, here and below: not measured yet
    ssim: float | None = None
    ssimulacra2: float | None = None


Key = tuple[str, str, str]  # who, picture, setting


def read(path: Path) -> dict[Key, Row]:
    """Read the points; of a point that is there twice what was measured last counts."""
    return {(r.who, r.picture, r.setting): r for r in lines.read(path, Row)}


class Task(NamedTuple):
    """A picture, who shall code it with what settings, and what is measured."""

    path: Path
    crop: int | None
    who: str
    settings: Sequence[str]
    metrics: Sequence[str]

    def __str__(self) -> str:
        """Say what is measured."""
        return f"{title(self.path, self.crop)} {self.who}, {len(self.settings)} files"


def asked(who: str, metrics: Sequence[str]) -> list[str]:
    """Return what is measured of somebody: SSIMULACRA2 is slow, and not the aim of `psnr`."""
    return [m for m in metrics if m != SSIMULACRA2 or not who.startswith("ours psnr")]


def lacks(row: Row | None, metrics: Sequence[str]) -> bool:
    """Tell whether a point has to be measured, or measured again for what is asked now."""
    if row is None:
        return True
    return row.bytes is not None and any(getattr(row, name) is None for name in metrics)


def without_hidden(picture: Picture) -> Picture:
    """Make the colors of clear pixels black: nobody shall pay for what nobody sees."""
    if not picture.alpha:
        return picture
    pixels = picture.reference.copy()
    pixels[pixels[:, :, 3] == 0] = 0
    return replace(picture, pixels=pixels)


@functools.lru_cache(maxsize=1)
def _loaded(path: Path, crop: int | None) -> tuple[Picture, Judge, int, float]:
    picture = without_hidden(looks_rows.load(path, crop))
    flat = picture.reference.reshape(picture.n_pixels, -1).astype(np.uint32)
    keys = sum(flat[:, i] << np.uint32(8 * i) for i in range(flat.shape[1]))
    counts = np.unique(keys, return_counts=True)[1]
    return picture, Judge(picture), len(counts), round(counts.max() / picture.n_pixels, 4)


def point(task: Task) -> list[Row]:
    """Make the files of a task, and compare them."""
    picture, judge, n_colors, paper = _loaded(task.path, task.crop)
    coder, found = rate_peers.coder(task.who), []
    for setting in task.settings:
        row = Row(task.who, picture.name, setting, picture.n_pixels, n_colors, paper)
        found.append(row)
        if not rate_peers.takes(task.who, picture):
            continue
        try:
            file = coder.code(picture, setting)
            quality = judge.quality(file.pixels, task.metrics)
        except Exception as problem:
            say(f"{task.who} FAILED at {picture.name}, {setting}: {problem}")
        else:
            found[-1] = row._replace(bytes=file.size_bytes, **quality._asdict())
    return found


def measure(
    path: Path,
    files: Sequence[Path],
    crop: int | None,
    colors: Sequence[int],
    who: Sequence[str],
    metrics: Sequence[str] = METRICS,
    jobs: int = 1,
) -> None:
    """Measure what the CSV file lacks, and add it there."""
    known, tasks = read(path), []
    for file in files:
        for name in who:
            wanted = asked(name, metrics)
            missing = [
                setting
                for setting in rate_peers.coder(name, colors).settings
                if lacks(known.get((name, title(file, crop), setting)), wanted)
            ]
            tasks += [Task(file, crop, name, missing, wanted)] if missing else []
    lines.add(path, Row, tasks, point, jobs)


Table = Mapping[str, Mapping[str, Sequence[Row]]]  # by picture and who


def table(
    path: Path,
    folders: Sequence[str],
    pictures: Sequence[str] = (),
    crop: int | None = None,
    colors: Sequence[int] = (),
    who: Sequence[str] = WHO,
) -> Table:
    """Return the points that are asked for, without those that failed."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in read(path).values():
        name, _, cropped = row.picture.partition("#")
        kept = name.partition("/")[0] in folders and cropped == str(crop or "")
        kept = kept and lines.chosen([name], pictures) != [] and row.who in who
        if row.who in OURS and rate_peers.parsed(row.setting)[0] not in colors:
            continue
        if kept and row.bytes is not None:
            found.setdefault(row.picture, {}).setdefault(row.who, []).append(row)
    return dict(sorted(found.items()))
