"""Targets: what is asked for, and what the decoded files have of it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import lines
import looks_peers
import own
import rate_cases
from looks_rows import title
from measure import Figure, geometric_mean, say
from pictures import Picture
from rate_cases import (
    FACTOR,
    FEWEST,
    FORMATS,
    MAX_BYTES,
    MAX_ERROR,
    MIN_PSNR,
    MIN_SSIM,
    MIN_SSIMULACRA2,
    MORE,
    MOST,
    TUNES,
    Case,
    Made,
)
from rate_metrics import SSIM, SSIMULACRA2, Judge

import codec

USED, OFTEN, LEAST_USED = 0.95, 0.95, 0.8  # of the bytes: so much in so many cases; always
WITHIN_DB = 0.1
MAX_MORE_DB = 30.0  # above the fewest colors; more, where most lose nothing, is lossless anyway
MAX_TIME = {"kmc": 6.0, "pair": 3.0, "npz": 3.0, "png": 3.0}  # over compressing without a target
JUDGED = {MIN_SSIM: SSIM, MIN_SSIMULACRA2: SSIMULACRA2}


class Row(NamedTuple):
    """A case: what was asked for and what the files have; None where there are none."""

    case: str
    kind: str
    picture: str
    channels: int
    format: str
    tune: str
    asked: float | None = None
    got: float | None = None
    bytes: int | None = None
    psnr: float | None = None  # infinite: nothing was lost, and no more bytes can be of use
    seconds: float | None = None
    plain_seconds: float | None = None
    problem: str | None = None


class Task(NamedTuple):
    """The cases of a picture."""

    path: Path
    crop: int | None
    cases: Sequence[Case]

    def __str__(self) -> str:
        """Say what is measured."""
        return f"{title(self.path, self.crop)}, {len(self.cases)} targets"


def has_targets() -> bool:
    """Tell whether this checkout takes targets."""
    return MAX_BYTES in inspect.signature(codec.compress).parameters


def measure(path: Path, files: Sequence[Path], crop: int | None, n_bytes: int, jobs: int) -> None:
    """Measure the cases that the CSV file lacks, and add them there."""
    if not has_targets():
        say("this checkout takes no targets")
        return
    known = {(row.case, row.picture) for row in lines.read(path, Row)}
    missing: dict[Path, list[Case]] = {}
    for case in rate_cases.cases(files, n_bytes):
        if (case.name, title(case.path, crop)) not in known:
            missing.setdefault(case.path, []).append(case)
    tasks = [Task(file, crop, found) for file, found in missing.items()]
    lines.add(path, Row, tasks, run, jobs)


def run(task: Task) -> list[Row]:
    """Ask for the targets of a picture."""
    order = sorted(task.cases, key=lambda case: (case.grey, case.tune, case.format))
    return [row for case in order for row in asked(case, task.crop)]


def asked(case: Case, crop: int | None) -> Iterator[Row]:
    """Ask for a target, and look at the files; a quality of opaque pictures alone."""
    picture = rate_cases.load(case.path, crop, case.grey)
    if case.kind in JUDGED and picture.alpha:
        return
    channels = picture.pixels.shape[2]
    row = Row(case.name, case.kind, picture.name, channels, case.format, case.tune)
    try:
        target, measured, plain_seconds = aim(case, crop, picture)
        row = row._replace(asked=target, plain_seconds=round(plain_seconds, 4))
        made = compressed(case, picture, target)
        psnr = own.visible_psnr(looks_peers.rgba(picture.reference), made.pixels)
        row = row._replace(bytes=made.size_bytes, psnr=psnr, seconds=round(made.seconds, 4))
        row = row._replace(got=measured(made))
    except Exception as problem:
        row = row._replace(problem=f"{type(problem).__name__}: {problem}")
        say(f"{case.name} FAILED at {picture.name}: {row.problem}")
    yield row


def compressed(case: Case, picture: Picture, target: float) -> Made:
    """Compress for a target."""
    options = {"tune": case.tune, "format": case.format, case.kind: target}
    return rate_cases.make(picture, case.format, **options)


def aim(
    case: Case, crop: int | None, picture: Picture
) -> tuple[float, Callable[[Made], float], float]:
    """Return the target, what measures it, and the seconds without it.

    Bytes and qualities lie between those of plain files; the largest error is the least that has
    to be possible, with the second tune up to twice as much.
    """
    where = (case.path, crop, case.grey, case.format, case.tune)
    few, most = (rate_cases.plain(*where, k) for k in (FEWEST, MOST))
    original, place = looks_peers.rgba(picture.reference), case.place
    if case.kind == MAX_BYTES:
        least, largest = sorted((few.size_bytes, most.size_bytes))
        target = int(least * (largest / least) ** place)
        return target, lambda made: made.size_bytes, most.seconds
    if case.kind == MAX_ERROR:
        least = int(FACTOR * rate_cases.packing_bound(picture) + MORE)
        target = least if case.tune == TUNES[0] else round(least * (1 + place))
        return target, lambda made: own.worst_error(original, made.pixels), most.seconds
    if case.kind == MIN_PSNR:

        def quality(made: Made) -> float:
            return own.visible_psnr(original, made.pixels)

        low, high = quality(few), min(quality(most), quality(few) + MAX_MORE_DB)
    else:
        judge, metric = Judge(picture), JUDGED[case.kind]

        def quality(made: Made) -> float:
            return float(getattr(judge.quality(made.pixels, [metric]), metric))

        low, high = quality(few), quality(most)
    wanted = low + place * (high - low)
    return math.floor(wanted * 1000) / 1000, quality, most.seconds


def met(row: Row) -> bool:
    """Tell whether the files have what was asked for."""
    if row.got is None or row.asked is None:
        return False
    return row.got >= row.asked if row.kind.startswith("min") else row.got <= row.asked


def shared(
    name: str, rows: Sequence[Row], good: Callable[[Row], bool], target: float | None
) -> Figure:
    """Judge in how many cases something is so; some of the others are named."""
    bad = [row for row in rows if not good(row)]
    told = [f"{r.picture} {r.format} {r.tune} {r.asked} got {r.got}" for r in bad[:4]]
    detail = ", ".join(told) + (f" and {len(bad) - 4} more" if len(bad) > 4 else "")
    value = 1 - len(bad) / len(rows) if rows else None
    return Figure(name, value, target, "%", True, len(rows), detail if rows else "not measured")


def used(row: Row) -> float:
    """Return the share of the bytes that is used; all of them where nothing was lost."""
    return 1.0 if row.psnr == math.inf else (row.got or 0) / (row.asked or 1)


def judged(path: Path, crop: int | None) -> Iterator[Figure]:
    """Judge all cases of the CSV file."""
    known = [r for r in lines.read(path, Row) if r.picture.partition("#")[2] == str(crop or "")]
    if not known and not has_targets():
        yield Figure("targets", None, 1.0, detail="this checkout takes none")
        return
    by_kind = {
        kind: [row for row in known if row.kind == kind]
        for kind in (MAX_BYTES, MIN_PSNR, MAX_ERROR, *JUDGED)
    }
    rows = by_kind[MAX_BYTES]
    yield shared("max_bytes: met", rows, met, 1.0)
    kept = [row for row in rows if row.got is not None]
    yield shared(f"max_bytes: {USED:.0%} used", kept, lambda row: used(row) >= USED, OFTEN)
    lowest = min(kept, key=used, default=None)
    name, detail = "max_bytes: used, worst", f"{lowest.picture} {lowest.case}" if lowest else "-"
    value = used(lowest) if lowest else None
    yield Figure(name, value, LEAST_USED, "%", True, len(kept), detail)
    for what in ("format", "tune", "channels"):
        for each in sorted({getattr(row, what) for row in rows}, key=str):
            part = [row for row in kept if getattr(row, what) == each]
            name = f"max_bytes, {what} {each}: {USED:.0%} used"
            yield shared(name, part, lambda row: used(row) >= USED, None)
    rows = by_kind[MIN_PSNR]
    yield shared("min_psnr: met", rows, met, 1.0)
    yield shared(f"min_psnr: within {WITHIN_DB} dB", rows, near, OFTEN)
    yield shared("max_error: met", by_kind[MAX_ERROR], met, 1.0)
    for kind in JUDGED:
        yield shared(f"{kind}: met", by_kind[kind], met, None)
    yield from times(known)
    for kind, some in by_kind.items():
        for figure in times(some):
            yield figure._replace(name=f"{kind}, {figure.name}", target=None)


def near(row: Row) -> bool:
    """Tell whether a PSNR is hardly more than was asked for."""
    return met(row) and (row.got or 0) - (row.asked or 0) <= WITHIN_DB


def times(rows: Sequence[Row]) -> Iterator[Figure]:
    """Judge the time of a target over that of compressing without one."""
    for form in FORMATS:
        found = {
            f"{row.picture} {row.case}": row.seconds / row.plain_seconds
            for row in rows
            if row.format == form and row.seconds and row.plain_seconds
        }
        worst = max(found, key=lambda name: found[name], default="")
        detail = f"worst {found[worst]:.3g} ({worst})" if found else "not measured"
        value = geometric_mean(found.values())
        yield Figure(f"{form}: time", value, MAX_TIME[form], n=len(found) or None, detail=detail)
