"""A server's minute: threads that compress uploads from bytes to bytes, in one process.

Uploads are PNGs of at most SIDE x SIDE, cut from the photographs, screenshots, charts, maps and
art in DATA. Each thread takes the next one as soon as it is done with the last, as the workers of
a server do that has always somebody waiting.
"""

from __future__ import annotations

import ctypes
import gc
import itertools
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from statistics import fmean, median, quantiles
from typing import NamedTuple

import measure
import peers
from measure import MIB, Figure, Settings, say
from PIL import Image

import codec

SIDE = 512
FOLDERS = ("kodak", "screenshots", "charts", "maps", "art")
MOST_GROWTH = 1.05  # of memory, which the allocator moves to and fro
MOST_WAIT = 2.0  # p99 over the fair share
_SAMPLED = 0.05  # seconds between two looks at the memory
_THREADS = "KMCODEC_THREADS"


@dataclass
class Server(Settings):
    """And how many threads serve for how long, after how many answers to warm up."""

    repeats: int = 3
    threads: int = 8
    seconds: float = 60
    warm_up: int = 400
    limit: int | None = 6


class Served(NamedTuple):
    """One answer: which upload, from when to when, and whether it is that of one thread."""

    upload: int
    start: float
    end: float
    same: bool


@dataclass
class Minute:
    """What became of it."""

    answers: list[Served] = field(default_factory=list)
    memory: list[tuple[float, int]] = field(default_factory=list)
    seconds: float = 0
    cpu_seconds: float = 0


def make_uploads(settings: Server) -> list[bytes]:
    """Cut the pictures, and save them as somebody would upload them."""
    uploads = []
    for name in FOLDERS:
        paths = sorted(path for path in Path(settings.data, name).glob("*.*"))
        for path in paths[: settings.limit]:
            file = BytesIO()
            image = Image.open(path).convert("RGB")
            image.crop((0, 0, *(min(SIDE, side) for side in image.size))).save(file, "PNG")
            uploads.append(file.getvalue())
    return uploads


def handle(upload: bytes) -> bytes:
    """Do what the guide's upload handlers do."""
    return codec.dumps(codec.compress(codec.read_image(upload), format="png"), "png")


def cpu_seconds(upload: bytes) -> float:
    """Return what an upload takes alone in one thread, whatever other processes do meanwhile."""
    start = time.process_time()
    handle(upload)
    return time.process_time() - start


def resident() -> int:
    """Return the bytes of this process that are in memory; Linux only."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def serve(
    uploads: list[bytes], expected: list[bytes], threads: int, seconds: float, least: int = 0
) -> Minute:
    """Let threads compress for some time and answers, and look at the memory meanwhile."""
    found, order = Minute(), itertools.count()
    cpu, begun = time.process_time(), time.perf_counter()
    until = begun + seconds

    def work() -> None:
        while (start := time.perf_counter()) < until or len(found.answers) < least:
            number = next(order) % len(uploads)
            data = handle(uploads[number])
            end = time.perf_counter()
            found.answers.append(Served(number, start, end, data == expected[number]))

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        found.memory.append((time.perf_counter() - begun, resident()))
        time.sleep(_SAMPLED)
    found.seconds = time.perf_counter() - begun
    found.cpu_seconds = time.process_time() - cpu
    return found


class Allocated(ctypes.Structure):
    """What glibc tells of its allocator (mallinfo2), in bytes, of all threads."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "mapped", "usmblks", "fsmblks", "used", "free",
            "keepcost",
        )
    ]  # fmt: skip


def at_rest() -> tuple[int, int]:
    """Return the bytes and the objects of Python that are in use while nothing is done.

    What is resident is no measure then: the allocator keeps what was freed, now more, now less.
    """
    gc.collect()
    ask = ctypes.CDLL(None).mallinfo2
    ask.restype = Allocated
    found = ask()
    return found.used + found.mapped, sys.getallocatedblocks()


def server(settings: Server) -> Iterator[Figure]:
    """Threads that compress uploads for a minute, in one process.

    T is what an upload takes alone in one thread (KMCODEC_THREADS=1), in seconds of CPU. With N
    threads on P cores each has P / N of a core: its fair share of the time is T N / P, by queueing
    alone, and 4 T with 8 threads on two cores. Of all answers the 99th percentile of latency over
    fair share is at most 2. Where other processes have a part of the cores, P is not what there
    is: the same with the cores that this process got tells more then.
    """
    uploads = make_uploads(settings)
    cores = len(os.sched_getaffinity(0))
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = "1"
    expected = [handle(upload) for upload in uploads]
    rounds = [[cpu_seconds(each) for each in uploads] for _ in range(settings.repeats)]
    alone = [median(times) for times in zip(*rounds, strict=True)]
    del os.environ[_THREADS]
    if before is not None:
        os.environ[_THREADS] = before
    say(f"{len(uploads)} uploads, {fmean(alone):.3f} s each alone")
    serve(uploads, expected, settings.threads, 0, settings.warm_up)
    first = at_rest()
    minute = serve(uploads, expected, settings.threads, settings.seconds)
    yield from figures(settings, minute, alone, cores)
    yield from memory(settings, minute, first, at_rest())


def figures(settings: Server, minute: Minute, alone: list[float], cores: int) -> Iterator[Figure]:
    """Judge answers and their latency."""
    answers, crowd = minute.answers, max(settings.threads / cores, 1)
    count = len(answers)
    wrong = sum(not answer.same for answer in answers)
    yield Figure("answers that are not those of one thread", wrong, 0, "", n=count)
    shares = [(a.end - a.start) / (alone[a.upload] * crowd) for a in answers]
    p50, p99 = (quantiles(shares, n=100)[place] for place in (49, 98))
    detail = f"median {p50:.2f}, largest {max(shares):.2f}; {crowd:g} T, T {fmean(alone):.3f} s"
    yield Figure("latency over fair share, p99", p99, MOST_WAIT, n=count, detail=detail)
    got = minute.cpu_seconds / minute.seconds
    yield Figure("the same, of the cores that it got", p99 * got / cores, n=count)
    yield Figure("latency over time alone, p99", p99 * crowd, n=count)
    latencies = quantiles([a.end - a.start for a in answers], n=100)
    detail = f"median {latencies[49]:.3f} s"
    yield Figure("latency, p99", latencies[98], unit="s", n=count, detail=detail)
    work = sum(alone[a.upload] for a in answers)
    detail = f"{minute.cpu_seconds:.1f} s of CPU in {minute.seconds:.1f} s"
    yield Figure("CPU over time alone", minute.cpu_seconds / work, n=count, detail=detail)
    yield Figure("answers a second", count / minute.seconds, unit="1/s", n=count)
    yield Figure("cores that it got", got, unit="", n=count)


def memory(
    settings: Server, minute: Minute, first: tuple[int, int], last: tuple[int, int]
) -> Iterator[Figure]:
    """Judge what is in use at rest before and after, and what is resident at work."""
    detail = f"{first[0] / MIB:.2f} MiB after the warm-up, then {last[0] / MIB:.2f} MiB"
    yield Figure("memory in use at rest, growth", last[0] / first[0], MOST_GROWTH, detail=detail)
    detail = f"{first[1]} after the warm-up, then {last[1]}"
    yield Figure("objects at rest, growth", last[1] / first[1], MOST_GROWTH, detail=detail)
    part = settings.seconds / 6
    parts = [
        fmean(size for at, size in minute.memory if number * part <= at < (number + 1) * part)
        for number in range(6)
    ]
    detail = " ".join(f"{each / MIB:.0f}" for each in parts) + " MiB in sixths"
    # Threads that have just begun fill memory of their own, in the first third.
    growth = fmean(parts[4:]) / fmean(parts[2:4])
    yield Figure("resident at work, last third over second", growth, MOST_GROWTH, detail=detail)
    peak = max(size for _, size in minute.memory)
    yield Figure("resident at work, peak", peak / MIB, unit="MiB")


SECTIONS = {"server": server}
OPTIONS: measure.Options = {
    "--repeats": {"type": int, "metavar": "N", "help": "runs alone of each upload (3)"},
    "--threads": {"type": int, "metavar": "N", "help": "that serve (8)"},
    "--seconds": {"type": float, "metavar": "S", "help": "that they serve (60)"},
    "--warm-up": {"type": int, "metavar": "N", "help": "answers before that (400)"},
}

if __name__ == "__main__":
    sys.exit(measure.main(__doc__, SECTIONS, OPTIONS, peers.about, Server()))
