"""How it is measured: figures with targets, runs in turns, processes, the machine and its load.

Nothing outside the standard library is imported, so that any checkout's Python can run
``python measure.py``: the process at the other end of `Worker`.
"""

from __future__ import annotations

import argparse
import gc
import inspect
import json
import math
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple, ParamSpec, TypeVar

import report

SETTLE = 0.05  # seconds before a run: threads of the peer before it stop waiting in a busy loop
BUSY = 0.1  # cores that others may use before the seconds count as disturbed
EQUAL = 1e-9  # squared errors this close count as equal
MIB = 1 << 20

P = ParamSpec("P")
T = TypeVar("T")
Name = TypeVar("Name", bound=Hashable)
Values = Mapping[str, Mapping[str, float]]  # seconds, bytes or errors by picture, then by codec


def say(message: str) -> None:
    """Tell how far it is, on stderr."""
    print(message, file=sys.stderr, flush=True)


class Figure(NamedTuple):
    """One figure, and what it should be."""

    name: str
    value: float | None  # None when it could not be measured; `detail` says why
    target: float | None = None  # None for what is information only
    unit: str = "x"  # x for a ratio, % for a share (1.0 is 100 %), or what to print after it
    at_least: bool = False  # the target is the least value, not the largest
    n: int | None = None  # pictures or files that it is over
    detail: str = ""  # how it came about: the worst picture, means
    broken: bool = False  # our own run failed, which is a verdict of its own

    @property
    def verdict(self) -> str:
        """One word: PASS, FAIL, info, or ---- for what was not measured."""
        if self.broken:
            return "FAIL"
        if self.value is None:
            return "----"
        if self.target is None:
            return "info"
        met = self.value >= self.target if self.at_least else self.value <= self.target
        return "PASS" if met else "FAIL"


def mean(values: Iterable[float]) -> float | None:
    """Return the mean; None of nothing."""
    found = list(values)
    return fmean(found) if found else None


def geometric_mean(values: Iterable[float]) -> float | None:
    """Return the geometric mean of the positive, finite values; None of nothing."""
    logs = mean(math.log(value) for value in values if 0 < value < math.inf)
    return None if logs is None else math.exp(logs)


def column(rows: Mapping[str, Mapping[str, Any]], what: str) -> Values:
    """Return one attribute of what stands by picture and codec; without those that are None."""
    return {
        picture: {name: v for name, x in row.items() if (v := getattr(x, what)) is not None}
        for picture, row in rows.items()
    }


def ratios(values: Values, ours: str, theirs: str) -> dict[str, float]:
    """Return ours / theirs for the pictures that have both; 1 where both are 0."""
    found = {}
    for name, row in values.items():
        if ours in row and theirs in row:
            a, b = row[ours], row[theirs]
            found[name] = 1.0 if abs(a - b) <= EQUAL else a / b if b > EQUAL else math.inf
    return found


def versus(
    name: str,
    values: Values,
    ours: str,
    theirs: str,
    target: float | None = None,
    unit: str = "",
    average: Callable[[Iterable[float]], float | None] = geometric_mean,
) -> Figure:
    """Judge the mean over the pictures of ours / theirs; the worst picture is the detail."""
    lost = [picture for picture, row in values.items() if theirs in row and ours not in row]
    if lost:
        return Figure(name, None, target, detail=f"ours failed: {', '.join(lost)}", broken=True)
    found = ratios(values, ours, theirs)
    if not found:
        return Figure(name, None, target, detail="not measured")
    worst = max(found, key=lambda picture: found[picture])
    means = (fmean(values[picture][codec] for picture in found) for codec in (ours, theirs))
    mine, other = (report.show(mean, unit) for mean in means)
    detail = f"worst {found[worst]:.3g} ({worst}); mean {mine}, theirs {other}"
    return Figure(name, average(found.values()), target, n=len(found), detail=detail)


def share(
    name: str, values: Values, ours: str, theirs: str, target: float | None, lower: bool = False
) -> Figure:
    """Judge on how many pictures ours is at most theirs, or `lower`; the others are named."""
    found = ratios(values, ours, theirs)
    bad = {p: r for p, r in found.items() if r > 1 or (lower and r == 1)}
    value = 1 - len(bad) / len(found) if found else None
    detail = ", ".join(f"not {p} {bad[p]:.4f}" for p in sorted(bad, key=lambda p: -bad[p]))
    return Figure(name, value, target, "%", True, len(found), detail if found else "not measured")


def timed(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[T, float]:
    """Call a function; return its result and the wall seconds."""
    start = time.perf_counter()
    result = function(*args, **kwargs)
    return result, time.perf_counter() - start


def interleave(
    tasks: Mapping[Name, Callable[[], T]], repeats: int, *, strict: bool = True
) -> dict[Name, list[T]]:
    """Run tasks in turns: what disturbs the machine for a while disturbs all of them.

    The order is reversed in every second round, and there is a pause before each run. A task that
    raises ends everything; without `strict` it is left out from then on.
    """
    outcomes: dict[Name, list[T]] = {name: [] for name in tasks}
    for number in range(repeats):
        for name in [*outcomes][:: 1 if number % 2 == 0 else -1]:
            gc.collect()
            time.sleep(SETTLE)
            try:
                outcomes[name].append(tasks[name]())
            except Exception as problem:
                if strict:
                    raise
                del outcomes[name]
                say(f"{name} FAILED {type(problem).__name__}: {problem}")
    return outcomes


class Usage(NamedTuple):
    """What a process used: wall seconds, seconds of all its threads, largest resident set."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


# A process between this one and the measured, because Linux counts the memory that a parent holds
# at the start into the child's peak: a bare interpreter holds about 9 MiB.
SPAWN = """\
import os, sys, time
log, *command = sys.argv[1:]
actions = [
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    (os.POSIX_SPAWN_OPEN, 2, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
]
start = time.perf_counter()
child = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
_, status, used = os.wait4(child, 0)
seconds = time.perf_counter() - start
unit = 1 if sys.platform == "darwin" else 1024
code = os.waitstatus_to_exitcode(status)
print(code, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * unit)
"""


def spawn(command: Sequence[str], **options: Any) -> Usage:
    """Run a command to its end; `options` are those of `subprocess.run`: `cwd`, `env`."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "stderr")
        words = [sys.executable, "-I", "-S", "-c", SPAWN, str(log), *command]
        done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, **options)
        code, seconds, cpu_seconds, peak_bytes = done.stdout.split()
        if code != "0":
            raise RuntimeError(f"exit {code}: {log.read_text('utf-8', 'replace').strip()[-200:]}")
    return Usage(float(seconds), float(cpu_seconds), int(peak_bytes))


class Worker:
    """A process that runs statements and tells what they used; memory is not told.

    `python` is its interpreter; `options` are those of `subprocess.Popen`: `cwd`, `env`.
    """

    def __init__(self, python: str = sys.executable, **options: Any) -> None:
        pipe, words = subprocess.PIPE, [python, __file__]
        self._process = subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, **options)

    def run(self, statement: str) -> Usage:
        """Run a statement; its names stay for the next."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(statement), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"failed in a process of its own: {statement}")
        seconds, cpu_seconds = map(float, answer.split())
        return Usage(seconds, cpu_seconds, 0)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def work() -> None:
    """Be the process of a `Worker`."""
    names: dict[str, Any] = {}
    for line in sys.stdin:
        statement = compile(json.loads(line), "statement", "exec")
        gc.collect()
        cpu, (_, seconds) = time.process_time(), timed(exec, statement, names)
        print(seconds, time.process_time() - cpu, flush=True)


def machine() -> str:
    """Return when and on what it is measured."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8") if info.exists() else ""
    found = re.search(r"^model name\s*: (.*)", lines, re.MULTILINE)
    cpu = found[1] if found else platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return f"{date}  {cpu}, {cores} cores, python {platform.python_version()}"


def busy() -> float | None:
    """Return the seconds that all processes took but this one and its children; Linux only."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return None
    user, nice, system, _idle, _waiting, *rest = map(int, stat.read_text().split()[1:9])
    ticks = user + nice + system + sum(rest)
    return ticks / os.sysconf("SC_CLK_TCK") - sum(os.times()[:4])


def load(before: float | None, seconds: float) -> str:
    """Say how many cores others kept busy since `busy` said `before`, `seconds` ago.

    It matters: pngquant and scikit-learn wait for their threads in a busy loop, and take three
    times as long when one of two cores is taken.
    """
    now = busy()
    if now is None or before is None:
        return "load by other processes: unknown"
    cores = max(now - before, 0.0) / seconds
    word = "do not trust the seconds" if cores > BUSY else "quiet"
    return f"load by other processes: {cores:.2f} cores ({word})"


@dataclass
class Settings:
    """What was asked for on the command line."""

    data: Path = Path()
    sections: list[str] = field(default_factory=list)
    limit: int | None = None
    repeats: int = 5
    write: bool = False
    colors: list[int] = field(default_factory=lambda: [16, 64, 256])
    folders: list[str] = field(default_factory=list)
    peers: list[str] = field(default_factory=list)
    before: Path | None = None
    before_python: str | None = None


Section = Callable[[Any], Iterator[Figure]]  # of `Settings`, or those that `main` is given
Options = Mapping[str, Mapping[str, Any]]


def run(name: str, section: Section, settings: Settings, versions: str) -> list[Figure]:
    """Run a section, print what it found below its docstring, and write it if that is asked."""
    before, start = busy(), time.perf_counter()
    figures: list[Figure] = []
    try:
        found = section(settings)
        figures += (f for f in found if f.verdict != "----" or f.target is not None)
    except Exception as problem:  # a verdict, and the other sections go on
        detail = f"{type(problem).__name__}: {problem}"
        figures.append(Figure("did not finish", None, detail=detail, broken=True))
    figures = figures or [Figure("no pictures", None)]
    note = load(before, time.perf_counter() - start)
    title, _, how = inspect.cleandoc(section.__doc__ or "").partition("\n")
    lines = [f"{name}: {title}\n", machine(), versions, note, how.rstrip(), ""]
    text = "\n".join([*lines, report.table(figures), ""])
    print(text, flush=True)
    if settings.write:
        Path(report.RESULTS, f"{name}.txt").write_text(text, encoding="utf-8")
    return figures


def main(
    doc: str,
    sections: Mapping[str, Section],
    options: Options,
    versions: Callable[[], str],
    settings: Settings | None = None,
) -> int:
    """Run the sections asked for; exit code 1 when a target is not met or a run of ours fails."""
    docs = {name: (section.__doc__ or "").splitlines()[0] for name, section in sections.items()}
    listed = "\n".join(["sections:", *(f"  {name:<11} {line}" for name, line in docs.items())])
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=doc, epilog=listed, formatter_class=layout)
    parser.add_argument("data", type=Path, metavar="DATA", help="folder of folders of pictures")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help="default: all")
    parser.add_argument("--limit", type=int, metavar="N", help="pictures of a class or folder")
    parser.add_argument("--write", action="store_true", help="also write results/SECTION.txt")
    for name, words in options.items():
        parser.add_argument(name, **words)
    settings = parser.parse_args(namespace=settings or Settings())
    names = settings.sections or [n for n in sections if n != "before" or settings.before]
    if not settings.data.is_dir() or settings.repeats < 1 or not {*names} <= {*sections}:
        parser.error(f"DATA is a folder, sections are {', '.join(sections)}, --repeats 1 or more")
    about = versions()
    found = {name: run(name, sections[name], settings, about) for name in names}
    judged = [(n, f) for n in names for f in found[n] if f.target is not None or f.broken]
    words = {"PASS": "met", "FAIL": "not met", "----": "not measured"}
    count = {word: sum(f.verdict == word for _, f in judged) for word in words}
    print("targets: " + ", ".join(f"{count[word]} {what}" for word, what in words.items()))
    for name, figure in judged:
        if figure.verdict != "PASS":
            print(f"  {figure.verdict}  {name}: {figure.name}")
    nothing = all(figure.value is None for name in names for figure in found[name])
    return int(nothing or count["FAIL"] > 0)


if __name__ == "__main__":
    work()
