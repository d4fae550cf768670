"""Fuzz `codec.read_image` with atheris: only a `CodecError` may escape, within the stated bounds.

    python tests/fuzz/fuzz_images.py KIND [-runs=N] [-max_total_time=SECONDS] [...]

KIND is png, jpeg, webp, bmp, gif or tiff. Everything after it is for libFuzzer. Seeds are small
pictures in every mode that Pillow writes of that kind, and those below the folder that the
environment names KMCODEC_SEEDS. Half the mutants of a PNG get right CRCs, so that they come past
them. Every run is watched: refusing may take 32 MiB and 0.2 s, reading the picture, 200 MiB and
6 bytes a pixel.

Every 10,000 runs it tells how many were read and refused, and the most of time and memory.
"""

import io
import itertools
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import atheris

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

with atheris.instrument_imports(include=["codec"]):
    from codec.errors import CodecError
    from codec.images.reading import read_image

import numpy as np  # noqa: E402
import png_tools as pt  # noqa: E402
from fuzz.harness import run  # noqa: E402
from PIL import Image  # noqa: E402

MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16")
MAX_PIXELS = 1 << 22
REPORT_EVERY = 10_000
# Instrumented Python is several times slower; what is looked for is a hundred times slower.
REFUSED_SECONDS, READ_SECONDS, SECONDS_PER_PIXEL = 0.2 * 5, 1.0, 5e-6
REFUSED_KIB, READ_KIB, BYTES_PER_PIXEL = 32 << 10, 200 << 10, 10
TIFFS = (None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group4")
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "png": [{}, {"bits": 4}],
    "jpeg": [{}, {"progressive": True}, {"restart_marker_rows": 1}],
    "webp": [{}, {"lossless": True}],
    "bmp": [{}],
    "gif": [{}, {"interlace": 0}],
    "tiff": [{"compression": name} for name in TIFFS],
}
FOLDER = tempfile.TemporaryDirectory()
PATH = Path(FOLDER.name) / "x"
SEEN: Counter[str] = Counter()
MOST = {"refused": (0.0, 0), "read": (0.0, 0)}


def peak() -> int:
    """Most memory of this process so far, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def resident() -> int:
    """Memory of this process now, in KiB."""
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * (resource.getpagesize() >> 10)


def fuzz(data: bytes) -> None:
    PATH.write_bytes(data)
    before, began = resident(), time.process_time()
    highest = peak()
    pixels = 0
    try:
        pixels = read_image(PATH, max_pixels=MAX_PIXELS, first_frame=True).pixels.size
        result = "read"
    except CodecError as error:
        if not error.reason or not str(error):
            raise AssertionError("an error without words") from error
        result = "refused"
    seconds = time.process_time() - began
    # The peak of the process tells of this run only if it rose.
    kib = peak() - before if peak() > highest else 0
    SEEN[result] += 1
    MOST[result] = max(MOST[result][0], seconds), max(MOST[result][1], kib)
    if SEEN.total() % REPORT_EVERY == 0:
        print(f"{SEEN.total()} runs: {dict(SEEN)}; most seconds and KiB: {MOST}", flush=True)
    if result == "refused":
        within = seconds <= REFUSED_SECONDS and kib <= REFUSED_KIB
    else:
        within = (
            seconds <= READ_SECONDS + SECONDS_PER_PIXEL * pixels
            and kib <= READ_KIB + BYTES_PER_PIXEL * pixels / 1024
        )
    if not within:
        raise AssertionError(f"{result}, {pixels} samples: {seconds:.2f} s, {kib} KiB")


def fuzz_png(data: bytes) -> None:
    fuzz(pt.repair(data) if data[-1:] > b"\x7f" else data)


def seeds(kind: str) -> Iterator[bytes]:
    random = np.random.default_rng(0)
    flat = np.kron(random.integers(0, 256, (3, 4, 4)), np.ones((5, 6, 1))).astype(np.uint8)
    for mode, options in itertools.product(MODES, OPTIONS[kind]):
        image = Image.fromarray(flat, "RGBA")
        if mode == "I;16":
            image = Image.fromarray(flat[:, :, 0].astype(np.uint16) * 257)
        elif mode == "LAB":
            image = Image.frombytes("LAB", image.size, flat[:, :, :3].tobytes())
        else:
            image = (image.convert("RGB") if mode in ("CMYK", "YCbCr") else image).convert(mode)
        file = io.BytesIO()
        try:
            image.save(file, kind.upper(), **options)
        except (OSError, KeyError, ValueError, TypeError):
            continue  # not in this mode
        yield file.getvalue()
    yield from (path.read_bytes() for path in extra_seeds(kind))


def extra_seeds(kind: str) -> Iterator[Path]:
    """Small files of other writers, from the folder that KMCODEC_SEEDS names."""
    folder = os.environ.get("KMCODEC_SEEDS")
    if folder:
        endings = {"jpeg": (".jpg", ".jpeg"), "tiff": (".tif", ".tiff")}.get(kind, ("." + kind,))
        for path in sorted(Path(folder).rglob("*")):
            if path.name.lower().endswith(endings) and path.stat().st_size < 8192:
                yield path


TARGETS = {kind: fuzz_png if kind == "png" else fuzz for kind in OPTIONS}

if __name__ == "__main__":
    run(TARGETS, seeds, "-max_len=8192", "-timeout=20", "-len_control=0")
