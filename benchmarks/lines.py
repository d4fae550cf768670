"""What was measured, a line each in a CSV file: a run adds to it, can be stopped, and goes on."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from fnmatch import fnmatch
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from measure import say

Line = TypeVar("Line", bound=tuple[Any, ...])  # a NamedTuple of texts and numbers
Task = TypeVar("Task")


def read(path: Path, kind: type[Line]) -> list[Line]:
    """Read the lines of a file that may not be there yet; an empty field is None."""
    if not path.exists():
        return []
    hints = get_type_hints(kind)
    types = {
        n: next(t for t in (str, int, float) if t in (h, *get_args(h))) for n, h in hints.items()
    }
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            kind(**{name: types[name](field) if field else None for name, field in line.items()})
            for line in csv.DictReader(lines)
        ]


def add(
    path: Path,
    kind: type[Line],
    tasks: Sequence[Task],
    work: Callable[[Task], Iterable[Line]],
    jobs: int,
) -> None:
    """Do tasks in processes, and add the lines of each as soon as it is done."""
    if not tasks:
        return
    # A thread each: processes share the cores, and busy loops would disturb the others
    for name in ("KMCODEC_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = "1"
    is_new = not path.exists()
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    with path.open("a", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        if is_new:
            writer.writerow(kind._fields)  # type: ignore[attr-defined]
        try:
            futures = {pool.submit(work, task): task for task in tasks}
            for number, future in enumerate(as_completed(futures), start=1):
                say(f"[{number}/{len(tasks)}] {futures[future]}")
                try:
                    writer.writerows(future.result())
                except Exception as problem:
                    say(f"skipped: {type(problem).__name__}: {problem}")
                lines.flush()
        finally:
            pool.shutdown(cancel_futures=True)


def chosen(names: Sequence[str], globs: Sequence[str]) -> list[str]:
    """Return the names that a pattern matches; all without patterns."""
    return [n for n in names if not globs or any(fnmatch(n, glob) for glob in globs)]
