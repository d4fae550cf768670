"""What things cost: memory, which is measured, and time, for which tests are marked."""

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest
from PIL import Image

Result = TypeVar("Result")
ONE_MEBIBYTE = 1 << 20


def traced(function: Callable[[], Result]) -> tuple[Result, int]:
    """Call a function; return what it gives, and how many bytes it took at most."""
    tracemalloc.start()
    try:
        result = function()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def slow(values: Iterable[Any], is_slow: Callable[[Any], bool]) -> list[Any]:
    """Values for a parameter, those of tests that take long marked so."""
    return [
        pytest.param(value, marks=pytest.mark.slow) if is_slow(value) else value
        for value in values
    ]


class Cost(NamedTuple):
    """What reading a file took: the shape of its pixels or why it was refused, bytes, seconds."""

    found: list[int] | str
    peak: int
    seconds: float


# Decoders in C do not ask Python for memory.
_READING = """
import json, sys, time
from codec import CodecError, read_image
def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM"))
for path in sys.argv[1:]:
    before, start = peak(), time.process_time()
    try:
        found = read_image(path, first_frame=True).pixels.shape
    except CodecError as error:
        found = error.reason
    cost = found, peak() - before, time.process_time() - start
print(json.dumps(cost))
"""


def cost_of_reading(folder: Path, data: bytes) -> Cost:
    """Read a file in a process of its own, after a small one that has everything imported."""
    if not Path("/proc/self/status").exists():
        pytest.skip("what a process takes is not told here")
    path, small = folder / "costly", folder / "small"
    path.write_bytes(data)
    Image.new("RGB", (1, 1)).save(small, "PNG")
    run = subprocess.run(
        [sys.executable, "-c", _READING, small, path], capture_output=True, check=True
    )
    path.unlink()
    return Cost(*json.loads(run.stdout))
