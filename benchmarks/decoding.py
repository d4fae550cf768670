"""Labels to pixels, on one core: megapixels a second.

``python decoding.py FILE REPEATS`` is the process that measures: it prints the seconds as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import photographs
from figures import Figure, Result, interleave, reraise, timed
from photographs import CLASSES, SMALL, Settings, say

import codec

SECTION = "decoding"
MIN_MPX = 300.0
OURS, NUMPY = "codec.decompress", "NumPy codebook[labels]"
LEAST_REPEATS = 15
THREADS = "KMCODEC_THREADS"
NOTE = """\
codec.decompress on labels and codebook in memory, a new array every time; KMCODEC_THREADS=1 in a
process of its own; reading the file excluded. All cores: the same without that variable."""


def child(path: str, repeats: int) -> dict[str, list[float]]:
    """Time decompressing a file's labels, and what NumPy takes for the same."""
    indexed = codec.load(path)
    tasks = {
        OURS: lambda: timed(lambda: codec.decompress(indexed)),
        NUMPY: lambda: timed(lambda: indexed.codebook[indexed.labels]),
    }
    if not (codec.decompress(indexed) == indexed.codebook[indexed.labels]).all():
        raise RuntimeError("decompress gives other pixels than codebook[labels]")
    return interleave(tasks, repeats, reraise)


def measure(path: Path, repeats: int, threads: int | None) -> dict[str, list[float]]:
    """Run `child` in a process of its own; `threads` None for as many as there are cores."""
    own = {name: value for name, value in os.environ.items() if name != THREADS}
    if threads is not None:
        own[THREADS] = str(threads)
    command = [sys.executable, str(Path(__file__)), str(path), str(repeats)]
    done = subprocess.run(command, env=own, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    seconds: dict[str, list[float]] = json.loads(done.stdout)
    return seconds


def run(settings: Settings) -> Result:
    """Measure the first picture of every class; the small ones are information."""
    result = Result(text=NOTE)
    repeats = max(settings.repeats, LEAST_REPEATS)
    for size in CLASSES:
        for picture in photographs.read_all(photographs.of_class(settings, size)[:1]):
            say(f"{SECTION}: {size.name} {picture.name}")
            mpx = photographs.megapixels(picture)
            with tempfile.TemporaryDirectory() as name:
                path = Path(name, "X.npz")
                codec.save(codec.compress(picture.pixels), path)
                one, every = (measure(path, repeats, threads) for threads in (1, None))
            title = f"{mpx:.2f} Mpx"
            for what, seconds, target in (
                (f"{OURS}, one core", one[OURS], None if size is SMALL else MIN_MPX),
                (f"{OURS}, all cores", every[OURS], None),
                (NUMPY, one[NUMPY], None),
            ):
                rate = mpx / median(seconds)
                result.figures.append(
                    Figure(
                        SECTION,
                        f"{title}, {what}",
                        rate,
                        target,
                        "Mpx/s",
                        at_least=True,
                        detail=f"{median(seconds) * 1e3:.2f} ms",
                    )
                )
                result.rows.append(
                    {"picture": picture.name, "mpx": mpx, "what": what, "seconds": seconds}
                )
    if all(figure.target is None for figure in result.figures):
        name = f"{OURS}, one core"
        result.figures.append(
            Figure(SECTION, name, None, MIN_MPX, "Mpx/s", at_least=True, detail="no pictures")
        )
    return result


if __name__ == "__main__":
    print(json.dumps(child(sys.argv[1], int(sys.argv[2]))))
