"""A source and a sink that travel, and signals between tests and workers, through files."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from cli_tools import REPOSITORY, child_environment

from codec.errors import ImageError

Bytes = npt.NDArray[np.uint8]

_DEADLINE = 120  # seconds after which a test has hung


def wait_until(happened: Any, what: str) -> None:
    """Wait for what must happen."""
    until = time.monotonic() + _DEADLINE
    while not happened():
        assert time.monotonic() < until, f"{what} did not happen"
        time.sleep(0.01)


_OPTIONS: dict[str, Any] = {
    "threads_per_worker": 1,
    "dashboard_address": ":0",  # any port: others run too
    "host": "127.0.0.1",
}


@contextlib.contextmanager
def cluster_of(size: int, **options: Any) -> Iterator[Any]:
    """Start workers, and end them whatever happens."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=size, **_OPTIONS, **options) as cluster,
        Client(cluster) as client,
    ):
        yield client


@contextlib.contextmanager
def program(name: str, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a part of a cluster."""
    environment = child_environment() | {"PYTHONPATH": str(REPOSITORY / "tests")}
    command = [sys.executable, "-m", f"distributed.cli.dask_{name}", "--no-dashboard", *arguments]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def worker(scheduler: Path) -> Any:
    return program(
        "worker", "--scheduler-file", str(scheduler), "--nthreads", "1", "--no-nanny",
        "--host", "127.0.0.1", "--local-directory", str(scheduler.parent),
    )  # fmt: skip


@contextlib.contextmanager
def programs(folder: Path, workers: int) -> Iterator[str]:
    """Start a scheduler and workers that nobody starts again; give its address."""
    from distributed import Client

    file = folder / "scheduler.json"
    with contextlib.ExitStack() as stack:
        stack.enter_context(
            program(
                "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)
            )
        )
        wait_until(file.exists, "starting a scheduler")
        for _ in range(workers):
            stack.enter_context(worker(file))
        with Client(scheduler_file=str(file), timeout=60, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=120)
            address: str = client.scheduler.address
        yield address


class Gate:
    """Holds whoever reads, while it is closed, and tells who that is.

    Parameters
    ----------
    folder : Path
        Where signals are files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def close(self) -> None:
        (self.folder / "closed").touch()

    def is_closed(self) -> bool:
        return (self.folder / "closed").exists()

    def open(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            (self.folder / "closed").unlink()

    def pass_through(self) -> None:
        """Called by whoever reads."""
        if self.is_closed():
            (self.folder / f"reader-{os.getpid()}").touch()
            wait_until(lambda: not self.is_closed(), "opening the gate")

    def readers(self) -> list[int]:
        return [int(path.name.split("-")[1]) for path in self.folder.glob("reader-*")]

    def kill_a_reader(self) -> int:
        """Kill a process that certainly is reading, and let the others go on."""
        wait_until(self.readers, "reading")
        killed = self.readers()[0]
        os.kill(killed, signal.SIGKILL)
        for path in self.folder.glob("reader-*"):
            path.unlink()
        self.open()
        return killed


class Killer:
    """Kills a worker while it reads, in a thread of its own."""

    def __init__(self, gate: Gate) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._pool, self._gate = ThreadPoolExecutor(1), gate
        self._killed: Any = None

    def begin(self) -> None:
        self._gate.close()
        self._killed = self._pool.submit(self._gate.kill_a_reader)

    def end(self) -> int:
        killed: int = self._killed.result(timeout=120)
        self._pool.shutdown()
        return killed


class NpySource:
    """A picture in a .npy file, which may have damaged tiles."""

    in_order = False

    def __init__(
        self,
        path: Path,
        *,
        tile: tuple[int, int] = (16, 16),
        damaged: Sequence[tuple[int, int]] = (),
        gate: Gate | None = None,
    ) -> None:
        pixels = np.load(path, mmap_mode="r")
        self.path, self.shape, self.dtype, self.tile = path, pixels.shape, pixels.dtype, tile
        self.ndim = pixels.ndim
        self.damaged, self.gate, self.token = damaged, gate, self._token()

    def _token(self) -> tuple[int, int]:
        status = os.stat(self.path)
        return status.st_size, status.st_mtime_ns

    def __getitem__(self, key: tuple[slice, ...]) -> Bytes:
        if self.gate is not None:
            self.gate.pass_through()
        rows, columns = key[:2]
        for y, x in self.damaged:
            if (
                rows.start < y + self.tile[0] and y < rows.stop
                and columns.start < x + self.tile[1] and x < columns.stop
            ):  # fmt: skip
                raise ImageError("this is no LZW", "bad-image")
        return np.ascontiguousarray(np.load(self.path, mmap_mode="r")[key])

    def check_unchanged(self) -> None:
        if self._token() != self.token:
            raise ImageError("the picture changed while it was read", "input-changed")


class NpySink:
    """Labels in a .npy file, written in blocks by whoever has them."""

    block = 16, 16

    def __init__(self, path: Path, begun: Any = None, gate: Gate | None = None) -> None:
        self.path, self.done, self._begun, self._gate = path, set[Any](), begun, gate
        self.writing: list[Path] = []

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_begun": None}

    @property
    def part(self) -> Path:
        return self.path.with_suffix(".part")

    def begin(self, height: int, width: int, codebook: Bytes, facts: dict[str, Any]) -> None:
        np.lib.format.open_memmap(self.part, "w+", np.uint8, (height, width))
        if self._begun is not None:
            self._begun()

    def write(self, y: int, x: int, labels: Bytes) -> None:
        height, width = labels.shape
        assert y % self.block[0] == 0
        assert x % self.block[1] == 0
        marker = self.path.with_name(f"writing-{os.getpid()}")
        marker.touch()
        if self._gate is not None:
            self._gate.pass_through()
        np.load(self.part, mmap_mode="r+")[y : y + height, x : x + width] = labels
        marker.unlink()

    def finish(self) -> list[Path]:
        self.part.rename(self.path)
        return [self.path]

    def abort(self) -> None:
        self.writing = list(self.path.parent.glob("writing-*"))
        self.part.unlink(missing_ok=True)


class Deadly:
    """A source that kills whoever reads a row of it."""

    dtype, shape = np.dtype(np.uint8), (64, 48, 3)

    def __init__(self, row: int) -> None:
        self.row = row

    def __getitem__(self, key: tuple[slice, ...]) -> Bytes:
        rows, columns = key[:2]
        if rows.start <= self.row < rows.stop:
            os._exit(1)
        return np.zeros((rows.stop - rows.start, columns.stop - columns.start, 3), np.uint8)


@contextlib.contextmanager
def small_tasks(pixels: int) -> Iterator[None]:
    """Give little pictures many blocks, and many tasks."""
    import pytest

    with pytest.MonkeyPatch.context() as patch:
        for name in ("_BLOCK_PIXELS", "_MOST_PIXELS"):
            patch.setattr(f"codec.encoder.cutting.{name}", pixels)
        for name in ("_LEAST_PIXELS", "_MOST_PIXELS"):
            patch.setattr(f"codec.dask.blocks.{name}", 2 * pixels)
        yield


def count_at(gate: Gate, orders: Any, errands: Any) -> Any:
    """Count pictures on a worker that may be killed before."""
    from codec.jobs.batches import count_batch

    gate.pass_through()
    return count_batch(orders, errands)


def compress_at(gate: Gate, orders: Any, errands: Any) -> Any:
    """Compress pictures on a worker that may be killed after the first of them."""
    from codec.jobs.batches import compress_batch

    if gate.is_closed():
        compress_batch(orders, errands[:1])
        gate.pass_through()
    return compress_batch(orders, errands)


def die_of(name: str, verb: str, gate: Gate | None, orders: Any, errands: Any) -> Any:
    """Count or compress pictures on a worker, but for one that kills it."""
    from codec.jobs import batches

    if any(errand.planned.source.name == name for errand in errands):
        if gate is not None:
            gate.pass_through()
        os._exit(1)
    return getattr(batches, verb)(orders, errands)
