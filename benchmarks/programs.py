"""Whole processes: time beside pngquant, peak memory, many pictures in one process."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import environment
import photographs
import process
from figures import Figure, Result, geometric_mean, interleave, medians, reraise, worst
from photographs import LARGE, MIDDLE, SMALL, Settings, say
from PIL import Image
from process import MIB, Usage

from codec import images

N_COLORS = 256
OURS, PNGQUANT = "kmcodec", "pngquant"
TARGETS = {SMALL.name: 1.5, MIDDLE.name: 0.8, LARGE.name: 0.35}
MEMORY_BYTES, MEMORY_BYTES_PER_PIXEL = 200 * MIB, 6
BATCH = 12
TIME_NOTE = """\
time: geometric mean over the pictures of `kmcodec compress X.png -o X.npz -k 256` /
`pngquant --nofs -s4 256 X.png`, start of the process to its end, medians of runs in turns after
one to warm up; X.png is the picture, decoded and written as PNG once."""
MEMORY_NOTE = """\
over the picture: largest resident set of a `kmcodec compress` process - the decoded pixels
(width x height x channels bytes); the limit is 200 MiB + 6 bytes a pixel."""


def kmcodec() -> list[str]:
    """Return our command: the console script beside this Python, or else the module."""
    script = Path(sys.executable).with_name("kmcodec")
    return [str(script)] if script.exists() else list(process.KMCODEC)


def commands(png: Path, folder: Path) -> dict[str, tuple[list[str], Path]]:
    """Return the two commands and what they write, by name; without pngquant if it is missing."""
    npz, quantized = folder / "X.npz", folder / "X.fs8.png"
    ours = [*kmcodec(), "compress", str(png), "-q", "-f", "-o", str(npz), "-k", str(N_COLORS)]
    found = {OURS: (ours, npz)}
    if environment.pngquant_version():
        speed = ["pngquant", "--nofs", "-s4", "--force", "--output", str(quantized)]
        found[PNGQUANT] = ([*speed, str(N_COLORS), "--", str(png)], quantized)
    return found


def write_png(path: Path, folder: Path) -> tuple[Path, int, int]:
    """Write a picture as PNG; return its path, pixels and channels."""
    pixels = images.read_image(path).pixels
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if pixels.ndim == 3 and channels == 1:
        pixels = pixels[:, :, 0]
    png = folder / "X.png"
    Image.fromarray(pixels).save(png)
    return png, pixels.shape[0] * pixels.shape[1], channels


def measure(path: Path, repeats: int) -> dict[str, Any]:
    """Run both programs in turns on one picture."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        png, pixels, _ = write_png(path, folder)
        found = commands(png, folder)
        for command, _ in found.values():
            process.run_once(command)
        tasks = {
            codec: lambda command=command: process.run_once(command).seconds
            for codec, (command, _) in found.items()
        }
        spent = interleave(tasks, repeats, reraise)
        sizes = {codec: output.stat().st_size for codec, (_, output) in found.items()}
    return {"picture": path.name, "pixels": pixels, "seconds": spent, "bytes": sizes}


def judge(size: photographs.SizeClass, rows: Sequence[dict[str, Any]]) -> list[Figure]:
    """Make the lines of one class: time and bytes."""
    section = "process"
    title = f"{size.name} ({len(rows)}), pngquant -s4"
    target = TARGETS[size.name]
    spent = {row["picture"]: medians(row["seconds"]) for row in rows}
    if not rows or any(PNGQUANT not in seconds for seconds in spent.values()):
        mine = f"; ours {fmean(s[OURS] for s in spent.values()):.3f} s" if rows else ""
        reason = "not installed" if rows else "no pictures"
        return [Figure(section, f"{title}: time", None, target, detail=reason + mine)]
    times = {name: seconds[OURS] / seconds[PNGQUANT] for name, seconds in spent.items()}
    sizes = {row["picture"]: row["bytes"][OURS] / row["bytes"][PNGQUANT] for row in rows}
    ours, theirs = (fmean(s[codec] for s in spent.values()) for codec in (OURS, PNGQUANT))
    totals = [sum(row["bytes"][codec] for row in rows) for codec in (OURS, PNGQUANT)]
    return [
        Figure(
            section,
            f"{title}: time",
            geometric_mean([*times.values()]),
            target,
            detail=f"{worst(times)}; mean {ours:.3f} s, theirs {theirs:.3f} s",
        ),
        Figure(
            section,
            f"{title}: bytes",
            geometric_mean([*sizes.values()]),
            detail=f"{worst(sizes)}; together {totals[0]} bytes, theirs {totals[1]}",
        ),
    ]


def run_times(settings: Settings) -> Result:
    """Time whole processes against pngquant."""
    result = Result(text=TIME_NOTE)
    for size in photographs.CLASSES:
        rows = []
        for path in photographs.of_class(settings, size):
            say(f"process: {size.name} {path.name}")
            rows.append({"class": size.name, **measure(path, settings.repeats)})
        result.figures += judge(size, rows)
        result.rows += rows
    return result


def peak(path: Path) -> dict[str, Any]:
    """Run each program once on a picture; return the peaks, and what they are judged by."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        png, pixels, channels = write_png(path, folder)
        peaks: dict[str, Usage] = {
            codec: process.run_once(command)
            for codec, (command, _) in commands(png, folder).items()
        }
    return {
        "picture": path.name,
        "pixels": pixels,
        "decoded_bytes": pixels * channels,
        "peak_bytes": {codec: usage.peak_bytes for codec, usage in peaks.items()},
    }


def judge_memory(row: dict[str, Any]) -> list[Figure]:
    """Make the lines of one picture."""
    limit = (MEMORY_BYTES + MEMORY_BYTES_PER_PIXEL * row["pixels"]) / MIB
    decoded = row["decoded_bytes"]
    return [
        Figure(
            "memory",
            f"{row['picture']}, {row['pixels'] / 1e6:.2f} Mpx, {codec}",
            (peak_bytes - decoded) / MIB,
            limit if codec == OURS else None,
            "MiB",
            detail=f"peak {peak_bytes / MIB:.1f} MiB - decoded {decoded / MIB:.1f} MiB",
        )
        for codec, peak_bytes in row["peak_bytes"].items()
    ]


def run_memory(settings: Settings) -> Result:
    """Measure peak memory on a picture or more of every class."""
    result = Result(text=MEMORY_NOTE)
    small, middle = (photographs.of_class(settings, size)[:1] for size in (SMALL, MIDDLE))
    for path in [*small, *middle, *photographs.of_class(settings, LARGE)]:
        say(f"memory: {path.name}")
        row = peak(path)
        result.rows.append(row)
        result.figures += judge_memory(row)
    if not result.rows:
        limit = MEMORY_BYTES / MIB
        result.figures.append(Figure("memory", OURS, None, limit, "MiB", detail="no pictures"))
    return result


def run_batch(settings: Settings) -> Result:
    """Compress a dozen photographs in one process, and in one process each."""
    paths = photographs.of_class(settings, SMALL)[:BATCH]
    title = f"{SMALL.name} ({len(paths)}), seconds a picture"
    if not paths:
        return Result([Figure("batch", title, None, detail="no pictures")])
    with tempfile.TemporaryDirectory() as name:
        ending = ["-q", "-f", "-d", str(Path(name, "out")), "-k", str(N_COLORS)]
        one = [*kmcodec(), "compress", *map(str, paths), *ending]
        each = [[*kmcodec(), "compress", str(path), *ending] for path in paths]
        process.run_once(one)
        tasks = {
            "one process": lambda: process.run_once(one).seconds,
            "one process a picture": lambda: sum(process.run_once(c).seconds for c in each),
        }
        say(f"batch: {len(paths)} photographs")
        seconds = interleave(tasks, settings.repeats, reraise)
    spent = {what: value / len(paths) for what, value in medians(seconds).items()}
    figures = [
        Figure("batch", f"{title}, {what}", value, unit="s") for what, value in spent.items()
    ]
    figures.append(
        Figure(
            "batch", f"{title}, one / each", spent["one process"] / spent["one process a picture"]
        )
    )
    return Result(figures, [{"pictures": [path.name for path in paths], "seconds": seconds}])
