"""What Dask costs beside the plain loop: CPU seconds and memory for one large picture.

python benchmarks/cluster.py SOURCE [--tune psnr visual] [--who loop 1 2] [--scratch FOLDER]

SOURCE is a .npy, or a folder of Zarr, of shape (H, W) or (H, W, C), dtype uint8. The loop is
`codec.chunks.compress_chunked`; the others are `codec.dask.compress_files` on a LocalCluster of so
many processes of one thread. Every run is a process of its own, and reads and writes alike.
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

GOAL = 1.25  # times the CPU of the loop
MOST_MEBIBYTES = 600  # of a worker


class NpySource:
    """Pixels in a .npy, read and not mapped, so that memory is what is held."""

    def __init__(self, path: str) -> None:
        mapped = np.load(path, mmap_mode="r")
        self.path, self.offset = path, mapped.offset
        self.shape, self.dtype = mapped.shape, mapped.dtype

    def __getitem__(self, key: tuple[slice, slice]) -> np.ndarray:
        """Read whole rows, and leave columns out."""
        rows, columns = key
        row = int(np.prod(self.shape[1:]))
        size = rows.stop - rows.start
        data = np.fromfile(self.path, np.uint8, size * row, offset=self.offset + rows.start * row)
        return data.reshape(size, *self.shape[1:])[:, columns]


class NpySink:
    """Labels to a .npy, by whoever has whole rows."""

    block, done = (1, 1), ()

    def __init__(self, path: str) -> None:
        self.path, self.offset, self.width = path, 0, 0

    def begin(self, height: int, width: int, codebook: np.ndarray, facts: dict) -> None:
        """Make the file."""
        mapped = np.lib.format.open_memmap(self.path, "w+", np.uint8, (height, width))
        self.offset, self.width = mapped.offset, width

    def write(self, y: int, x: int, labels: np.ndarray) -> None:
        """Write rows."""
        if labels.shape[1] != self.width:
            raise ValueError("this takes whole rows: the picture is too wide for this benchmark")
        descriptor = os.open(self.path, os.O_WRONLY)
        try:
            os.pwrite(descriptor, labels.tobytes(), self.offset + y * self.width)
        finally:
            os.close(descriptor)

    def finish(self) -> tuple:
        """Do nothing."""
        return ()

    def abort(self) -> None:
        """Do nothing."""


def open_source(path: str) -> Any:
    """Open what can be sliced."""
    if path.endswith(".npy"):
        return NpySource(path)
    import zarr

    return zarr.open(path, mode="r")


def used() -> tuple[float, float]:
    """CPU seconds of this process, and its largest resident set in MiB."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def warm_up() -> None:
    """Import what compressing imports, so that it counts as starting."""
    import codec.chunks
    import codec.codebook.native
    import codec.dask

    tiny = np.zeros((8, 8, 3), dtype=np.uint8)
    codec.chunks.compress_chunked(tiny, np.empty((8, 8), dtype=np.uint8))


def run(source: Any, sink: NpySink, who: str, tune: str) -> dict[str, Any]:
    """Compress once, and tell what it took."""
    warm_up()
    from codec import chunks

    settings: dict[str, Any] = {"tune": tune, "dither": "none"}
    if who == "loop":
        before, began = used()[0], time.monotonic()
        found = chunks.compress_chunked(source, sink, **settings)
        cpu, memory = used()
        job = [cpu - before]
        own, peak, start = memory, memory, 0.0
    else:
        from dask.distributed import Client, LocalCluster

        import codec.dask

        begun = used()[0]
        with (
            LocalCluster(
                n_workers=int(who), threads_per_worker=1, dashboard_address=":0"
            ) as cluster,
            Client(cluster) as client,
        ):
            client.run(warm_up)
            first = client.run(used)
            before, began = used()[0], time.monotonic()
            start = before - begun + sum(cpu for cpu, _ in first.values())
            found = codec.dask.compress_files(source, sink, client=client, **settings)
            last = client.run(used)
            job = [used()[0] - before, *(last[name][0] - first[name][0] for name in first)]
            own, peak = used()[1], max(memory for _, memory in last.values())
    digest = hashlib.sha256(found.codebook.tobytes() + Path(sink.path).read_bytes()).hexdigest()
    return {
        "cpu": sum(job), "client": job[0], "start": start, "wall": time.monotonic() - began,
        "own": own, "peak": peak, "digest": digest,
    }  # fmt: skip


def main() -> int:
    """Run all, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source")
    parser.add_argument("--tune", nargs="+", default=["psnr", "visual"])
    parser.add_argument("--who", nargs="+", default=["loop", "1", "2"])
    parser.add_argument("--scratch", default=None, help="where labels are written")
    parser.add_argument("--run", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        with tempfile.TemporaryDirectory(dir=given.scratch) as folder:
            sink = NpySink(f"{folder}/labels.npy")
            print(json.dumps(run(open_source(given.source), sink, given.who[0], given.tune[0])))
        return 0
    environment = os.environ | {"KMCODEC_THREADS": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    scratch = ["--scratch", given.scratch] if given.scratch else []
    failed = False
    print("tune    who   CPU s  of client  start  ratio  worker MiB  client MiB  wall s  same")
    for tune in given.tune:
        loop: dict[str, Any] = {}
        for who in given.who:
            command = [sys.executable, __file__, given.source, "--run", "--tune", tune]
            done = subprocess.run(
                [*command, "--who", who, *scratch], env=environment, check=True,
                stdout=subprocess.PIPE,
            )  # fmt: skip
            found = json.loads(done.stdout.splitlines()[-1])
            loop = loop or found
            ratio, same = found["cpu"] / loop["cpu"], found["digest"] == loop["digest"]
            failed |= not same or ratio > GOAL or found["peak"] > MOST_MEBIBYTES
            print(
                f"{tune:7} {who:5} {found['cpu']:5.1f}  {found['client']:9.1f}  "
                f"{found['start']:5.1f}  {ratio:5.2f}  {found['peak']:10.0f}  "
                f"{found['own']:10.0f}  {found['wall']:6.1f}  {same}",
                flush=True,
            )
    print(f"{'FAIL' if failed else 'PASS'}  ratio at most {GOAL}, workers {MOST_MEBIBYTES} MiB")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
