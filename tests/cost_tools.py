"""What things cost: memory, which is measured, and steps, which are counted; no time."""

import atexit
import functools
import json
import subprocess
import sys
import tempfile
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
    """What reading a file took: the shape of its pixels or why it was refused, bytes, steps.

    Steps are lines of Python that were run. What does work for each of a million parts takes a
    million of them, on any machine.
    """

    found: list[int] | str
    peak: int
    steps: int


# Decoders in C do not ask Python for memory. What imports takes is spared by forking: each file
# is read in a process that has read a small one and nothing else, and whose peak begins anew.
_READING = """
import json, os, sys, traceback
from codec import CodecError, read_image
def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM"))
steps = 0
def step(frame, event, argument):
    global steps
    steps += event == "line"
    return step
def cost(path):
    before = peak()
    sys.settrace(step)
    try:
        found = read_image(path, first_frame=True).pixels.shape
    except CodecError as error:
        found = error.reason
    finally:
        sys.settrace(None)
    return found, peak() - before, steps
read_image(sys.argv[1], first_frame=True)
for line in sys.stdin:
    child = os.fork()
    if not child:
        try:
            print(json.dumps(cost(json.loads(line))), flush=True)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print("null", flush=True)
"""


@functools.cache
def _reader() -> "subprocess.Popen[str]":
    """Start the process that forks; it ends with this one."""
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder, "small")
        Image.new("RGB", (1, 1)).save(small, "PNG")
        reader = subprocess.Popen(
            [sys.executable, "-c", _READING, small],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        atexit.register(reader.communicate)
        _ask(reader, small)
    return reader


def _ask(reader: "subprocess.Popen[str]", path: Path) -> Cost:
    assert reader.stdin is not None
    assert reader.stdout is not None
    print(json.dumps(str(path)), file=reader.stdin, flush=True)
    answer = json.loads(reader.stdout.readline())
    assert answer, "the process that read the file did not survive it"
    return Cost(*answer)


def cost_of_reading(folder: Path, data: bytes) -> Cost:
    """Read a file in a process of its own, after a small one that has everything imported."""
    if not Path("/proc/self/status").exists():
        pytest.skip("what a process takes is not told here")
    path = folder / "costly"
    path.write_bytes(data)
    try:
        return _ask(_reader(), path)
    finally:
        path.unlink()
