"""kmcodec on pictures larger than memory, beside GDAL and libvips: CPU seconds, memory, error.

The pictures are mosaics of blocks of 512x512 of the photographs, screenshots and maps in DATA, of
which tone and direction change from block to block, so that new colors keep coming. They are made
once, in a folder that stays (`--scratch`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import measure
import numpy as np
import peers
import tifffile
from measure import MIB, Figure, Settings, Usage, interleave, spawn
from PIL import Image

from codec.chunks import count
from codec.images.sources.opening import open_source

BLOCK = 512
FOLDERS = ("kodak", "cq100", "photo_misc", "ladder", "screenshots", "maps", "art")
GIGAPIXEL, HUNDRED, PNG_SIDE = 32768, 10240, 18944  # a side
EVERY = 4  # strips of 256 rows whose errors are summed
TUNES = ("visual", "psnr")


@dataclass
class Large(Settings):
    """And where pictures are made and stay."""

    repeats: int = 2
    scratch: Path = Path("large-pictures")


def blocks(data: Path) -> Iterator[np.ndarray]:
    """Yield blocks without end, the same ones each time."""
    paths = sorted(path for folder in FOLDERS for path in Path(data, folder).glob("*.*"))
    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
    pictures = [pixels for pixels in pictures if min(pixels.shape[:2]) >= BLOCK // 2]
    state = np.random.RandomState(1)
    while True:
        pixels = pictures[state.randint(len(pictures))]
        side = state.randint(BLOCK // 2, min(pixels.shape[:2]) + 1)
        y, x = (state.randint(length - side + 1) for length in pixels.shape[:2])
        some = Image.fromarray(pixels[y : y + side, x : x + side])
        tone = (255 * (np.arange(256) / 255) ** state.uniform(0.7, 1.4) + 0.5).astype(np.uint8)
        found = tone[np.asarray(some.resize((BLOCK, BLOCK), Image.Resampling.BICUBIC))]
        yield np.ascontiguousarray(found[:, :: state.choice([1, -1])])


def make(settings: Large, side: int, compression: str | None) -> Path:
    """Make a mosaic as a tiled TIFF, if it is not there."""
    settings.scratch.mkdir(parents=True, exist_ok=True)
    path = settings.scratch / f"{side}-{compression}.tif"
    if not path.exists():
        measure.say(f"making {path.name}")
        part = path.with_suffix(".part")
        tifffile.imwrite(
            part, blocks(settings.data), shape=(side, side, 3), dtype="uint8",
            tile=(BLOCK, BLOCK), photometric="rgb", bigtiff=True, compression=compression,
        )  # fmt: skip
        part.rename(path)
    return path


def compress(source: Path, target: Path, *words: str, **variables: str) -> Usage:
    """Run the command."""
    command = [sys.executable, "-m", "codec", "compress", str(source), "-f", "-q", *words]
    shutil.rmtree(target, ignore_errors=True)
    return spawn([*command, "-o", str(target)], env={**os.environ, **variables})


def figures(
    name: str, used: list[Usage], seconds: float | None, mebibytes: int | None
) -> Iterator[Figure]:
    """Judge CPU and memory of some runs by the best of them."""
    cpu = min(use.cpu_seconds for use in used)
    yield Figure(f"{name}: CPU", cpu, seconds, "s", n=len(used))
    peak = max(use.peak_bytes for use in used) / MIB
    yield Figure(f"{name}: peak", peak, mebibytes, "MiB", n=len(used))


def gigapixel(settings: Large) -> Iterator[Figure]:
    """Compress a tiled TIFF of 1.07 gigapixels to Zarr, with one thread and with two."""
    source, target = make(settings, GIGAPIXEL, "zstd"), settings.scratch / "giga.zarr"
    for tune in TUNES:
        tasks = {
            threads: partial(compress, source, target, f"--tune={tune}", KMCODEC_THREADS=threads)
            for threads in ("1", "2")
        }
        used = interleave(tasks, settings.repeats)
        yield from figures(f"{tune}, one thread", used["1"], 35, 512)
        yield from figures(f"{tune}, two threads", used["2"], None, 512)
        ratio = min(u.seconds for u in used["2"]) / min(u.seconds for u in used["1"])
        yield Figure(f"{tune}: wall of two threads / one", ratio, 0.6)


def hundred(settings: Large) -> Iterator[Figure]:
    """Compress an uncompressed tiled TIFF of 105 Mpx, beside the palettes of GDAL and libvips."""
    source, folder = make(settings, HUNDRED, None), settings.scratch
    tasks: dict[str, Any] = {
        f"ours {tune}": partial(compress, source, folder / f"{tune}.tif", f"--tune={tune}")
        for tune in TUNES
    }
    if shutil.which("rgb2pct.py"):
        words = ["rgb2pct.py", str(source), str(folder / "gdal.tif")]
        tasks["gdal"] = partial(spawn, words)
    if shutil.which("vips"):
        options = "[palette,dither=0,effort=7]"
        words = ["vips", "copy", str(source), str(folder / f"vips.png{options}")]
        tasks["vips"] = partial(spawn, words)
    used = interleave(tasks, settings.repeats, strict=False)
    errors = {
        who: squared_error(source, folder / name)
        for who, name in (
            ("ours visual", "visual.tif"), ("ours psnr", "psnr.tif"), ("gdal", "gdal.tif"),
            ("vips", "vips.png"),
        )
        if used.get(who)
    }  # fmt: skip
    for who, runs in used.items():
        ours = who.startswith("ours")
        yield from figures(who, runs, 5 if ours else None, 350 if ours else None)
        yield Figure(f"{who}: squared error", errors[who], None, "a pixel")
    for peer in ("gdal", "vips"):
        if peer in errors:
            yield Figure(f"squared error / {peer}", errors["ours psnr"] / errors[peer], 1)
    if "vips" in used:
        times = [min(u.cpu_seconds for u in used[who]) for who in ("ours psnr", "vips")]
        yield Figure("CPU / vips", times[0] / times[1], 1)


def squared_error(source: Path, compressed: Path) -> float:
    """Sum the squared error over the channels of a pixel, on every fourth strip."""
    Image.MAX_IMAGE_PIXELS = None
    original = tifffile.imread(source)
    with Image.open(compressed) as picture:
        total, pixels = 0.0, 0
        for top in range(0, len(original), 256 * EVERY):
            strip = original[top : top + 256]
            box = (0, top, strip.shape[1], top + len(strip))
            found = np.asarray(picture.crop(box).convert("RGB")).astype(np.int32)
            total += float(((found - strip) ** 2).sum())
            pixels += strip.shape[0] * strip.shape[1]
    return total / pixels


def png(settings: Large) -> Iterator[Figure]:
    """Compress a PNG of 359 Mpx in blocks, and whole."""
    source = settings.scratch / f"{PNG_SIDE}.png"
    if not source.exists():
        tiff = make(settings, PNG_SIDE, None)
        spawn(["vips", "copy", str(tiff), f"{source}[compression=3]"])
    whole = f"--max-pixels={2 * PNG_SIDE**2}"
    tasks = {
        "in blocks": partial(compress, source, settings.scratch / "blocks.png"),
        "whole": partial(compress, source, settings.scratch / "whole.png", whole),
    }
    used = interleave(tasks, settings.repeats)
    yield from figures("in blocks", used["in blocks"], None, 400)
    yield from figures("whole", used["whole"], None, None)
    ours, other = (min(u.cpu_seconds for u in used[who]) for who in ("in blocks", "whole"))
    yield Figure("CPU in blocks / whole", ours / other, 1.1)


MERGE = """
import resource, sys, time
from pathlib import Path
from codec.chunks import Histogram, load_histogram
found = [load_histogram(path) for path in sorted(Path(sys.argv[1]).glob("*.npz"))]
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
total = Histogram.merge(found)
seconds = time.process_time() - start
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(len(found), len(total), seconds, (after - before) / 1024)
"""


def merge(settings: Large) -> Iterator[Figure]:
    """Merge the histograms of 256 parts of the gigapixel."""
    folder = settings.scratch / "histograms"
    if not folder.exists():
        part = Path(tempfile.mkdtemp(dir=settings.scratch))
        with open_source(make(settings, GIGAPIXEL, "zstd")) as source:
            side = GIGAPIXEL // 16
            for number in range(256):
                y, x = side * (number // 16), side * (number % 16)
                found = count(source[y : y + side, x : x + side])
                np.savez(  # which packs nothing: that would take minutes
                    part / f"{number}.npz", keys=found.keys, counts=found.counts,
                    channels=np.uint8(found.channels),
                )  # fmt: skip
        part.rename(folder)
    words = [sys.executable, "-c", MERGE, str(folder)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    parts, colors, seconds, mebibytes = map(float, done.stdout.split())
    detail = f"{parts:.0f} histograms, {colors / 1e6:.1f} million colors"
    yield Figure("merge: CPU", seconds, 4, "s", detail=detail)
    yield Figure("merge: memory above the parts", mebibytes, 200, "MiB")


SECTIONS = {"gigapixel": gigapixel, "hundred": hundred, "png": png, "merge": merge}
OPTIONS: measure.Options = {
    "--repeats": {"type": int, "metavar": "N", "help": "runs of what is timed (2)"},
    "--scratch": {"type": Path, "metavar": "DIR", "help": "where pictures are made and stay"},
}

if __name__ == "__main__":
    sys.exit(measure.main(__doc__, SECTIONS, OPTIONS, peers.about, Large()))
