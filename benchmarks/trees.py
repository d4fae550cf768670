"""kmcodec on trees whose names are kept: a second run, and runs that are killed.

The pictures are those of `folder.py`.
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import folder
import measure
import peers
from folder import FEW, Folder
from measure import Figure, Usage, interleave, spawn

TARGET_MS = 0.3  # a file that is up to date
KILLED = 40  # pictures of a tree that is killed


@dataclass
class Trees(Folder):
    """And how many runs are killed."""

    kills: int = 200


def again(settings: Trees) -> Iterator[Figure]:
    """Run with --same-names once more, when all is up to date.

    Time a file: that of all less that of 200, so that what is done once is not in it. The second
    run reads what the first has read and written; those that follow look at times alone.
    """
    counts = (FEW, max(settings.pictures, 2 * FEW))
    second, later = {}, {}
    for count in counts:
        out = settings.scratch / f"names-{count}"
        shutil.rmtree(out, ignore_errors=True)
        words = [*peers.COMMAND, "compress", "-q", "-r", str(folder.make(settings, count))]
        words += ["-d", str(out), "--same-names"]
        spawn(words)
        journal = out / ".kmcodec-run" / "files"
        second[count] = partial(_second, words, journal, journal.read_bytes())
        later[count] = partial(spawn, words)
    for title, tasks in (("second run", second), ("later runs", later)):
        used = interleave(tasks, max(settings.repeats, 5))
        few, many = (median(u.seconds for u in used[n]) for n in counts)
        each = 1000 * (many - few) / (counts[1] - counts[0])
        detail = f"{counts[0]} files {few:.2f} s, {counts[1]} files {many:.2f} s"
        name = f"{title}: time a file"
        yield Figure(name, each, TARGET_MS, "ms", n=counts[1], detail=detail)


def _second(words: list[str], journal: Path, data: bytes) -> Usage:
    """Run as if for the second time."""
    journal.write_bytes(data)
    return spawn(words)


def killed(settings: Trees) -> Iterator[Figure]:
    """Kill runs with --in-place at random: every file is the old or the new one."""
    source = settings.scratch / "killed-before"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    for path in sorted(folder.make(settings, FEW).iterdir())[:KILLED]:
        shutil.copy(path, source)
    whole, tree = settings.scratch / "killed-after", settings.scratch / "killed"
    seconds = _in_place(source, whole)
    before, after = _content(source), _content(whole)
    state, torn, new, left, ended = random.Random(1), 0, 0, 0, 0
    for _ in range(settings.kills):
        ended += _in_place(source, tree, state.uniform(0.2, 1.0) * seconds) is not None
        found = _content(tree)
        torn += sum(found.get(name) not in (before[name], after[name]) for name in before)
        new += sum(found.get(name) == after[name] for name in before)
        left += len(found.keys() - before.keys())
        _in_place(tree, None)
        torn += sum(data != after.get(name) for name, data in _content(tree).items())
    count = settings.kills * len(before)
    detail = f"{new} of {count} were new, {ended} runs had ended"
    yield Figure(
        "in place: files that are torn", torn, 0, "files", n=settings.kills, detail=detail
    )
    yield Figure("in place: left over", left, unit="files", n=settings.kills)


def _in_place(source: Path, tree: Path | None, until: float | None = None) -> float | None:
    """Compress a copy of a tree, or the tree; kill that after so many seconds.

    Return how long it took, or None if it was killed.
    """
    if tree is not None:
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(source, tree)
    words = [*peers.COMMAND, "compress", "-q", "-r", str(tree or source), "--in-place"]
    begun = time.monotonic()
    with subprocess.Popen(words) as process:
        try:
            code = process.wait(until)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return None
    if code:
        raise RuntimeError(f"exit {code}")
    return time.monotonic() - begun


def _content(tree: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in tree.iterdir()}


SECTIONS = {"again": again, "killed": killed}
OPTIONS: measure.Options = {
    **folder.OPTIONS,
    "--kills": {"type": int, "metavar": "N", "help": "runs that are killed (200)"},
}

if __name__ == "__main__":
    sys.exit(measure.main(__doc__, SECTIONS, OPTIONS, peers.about, Trees()))
