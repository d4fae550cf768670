"""Clusters whose workers are killed, or not there; nothing is a matter of chance or of time."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import numpy.typing as npt
import pytest
from dask_tools import (
    Deadly,
    Gate,
    Killer,
    NpySink,
    NpySource,
    cluster_of,
    program,
    small_tasks,
    wait_until,
    worker,
)
from distributed import Client
from marks import needs_kernels
from picture_tools import block_picture

import codec
from codec.errors import ClusterError, ImageError

pytestmark = [pytest.mark.slow, needs_kernels]

Bytes = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Two processes, which are started again when they are killed."""
    with cluster_of(2) as client:
        yield client


@pytest.fixture
def picture(tmp_path: Path) -> Bytes:
    pixels: Bytes = block_picture("flat", 300, 200, 3)
    np.save(tmp_path / "a.npy", pixels)
    return pixels


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gate")


def pids(client: Any) -> set[int]:
    return set(client.run(os.getpid).values())


def test_workers_killed_while_counting_and_labeling_change_nothing(
    client: Any, picture: Bytes, tmp_path: Path, gate: Gate
) -> None:
    whole = codec.compress(picture, 30, dither="none")
    array = da.from_array(NpySource(tmp_path / "a.npy", gate=gate), chunks=(64, 64, 3))
    killed = []
    with small_tasks(2000):
        killer = Killer(gate)
        killer.begin()
        codebook = codec.dask.fit(array, 30, client=client)
        killed.append(killer.end())
        killer = Killer(gate)
        killer.begin()
        labels = client.compute(codec.dask.labels(array, codebook)).result(timeout=120)
        killed.append(killer.end())

    assert not pids(client) & set(killed)
    assert np.array_equal(codebook.words, whole.codebook)
    assert np.array_equal(labels, whole.labels)


@pytest.mark.parametrize("phase", ["count", "label"])
def test_a_worker_killed_while_it_reads_a_file_changes_nothing(
    client: Any, picture: Bytes, tmp_path: Path, gate: Gate, phase: str
) -> None:
    whole = codec.compress(picture, 30, dither="none")
    killer = Killer(gate)
    sink = NpySink(tmp_path / "labels.npy", killer.begin if phase == "label" else None)
    if phase == "count":
        killer.begin()
    with small_tasks(2000):
        found = codec.dask.compress_files(
            NpySource(tmp_path / "a.npy", gate=gate), sink, 30, client=client
        )
    killer.end()
    assert np.array_equal(found.codebook, whole.codebook)
    assert np.array_equal(np.load(tmp_path / "labels.npy"), whole.labels)


def test_arrays_in_chunks_and_big_tables_on_a_cluster(
    client: Any, picture: Bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codec.dask._TABLE_FROM", 1)
    whole = codec.compress(picture, 30, dither="none", tune="psnr")
    array = da.from_array(picture, chunks=(70, 90, 2))
    with small_tasks(9000):
        labels, codebook = codec.dask.compress(array, 30, tune="psnr")  # on the client there is
        found = client.compute(labels).result(timeout=120)
    assert np.array_equal(codebook.words, whole.codebook)
    assert np.array_equal(found, whole.labels)


def test_damaged_tiles_are_named_by_workers(client: Any, picture: Bytes, tmp_path: Path) -> None:
    source = NpySource(tmp_path / "a.npy", damaged=[(32, 64), (288, 0)])
    with small_tasks(2000), pytest.raises(ImageError) as caught:
        codec.dask.compress_files(source, NpySink(tmp_path / "labels.npy"), client=client)
    assert caught.value.reason == "damaged"
    assert "row 32, column 64" in str(caught.value)
    assert "row 288, column 0" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]


def test_a_picture_that_changes_is_noticed_by_workers(
    client: Any, picture: Bytes, tmp_path: Path
) -> None:
    def change() -> None:
        np.save(tmp_path / "a.npy", picture[::-1])

    sink = NpySink(tmp_path / "labels.npy", change)
    with small_tasks(2000), pytest.raises(ImageError) as caught:
        codec.dask.compress_files(NpySource(tmp_path / "a.npy"), sink, client=client)
    assert caught.value.reason == "input-changed"
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]


def test_an_interrupted_job_leaves_nobody_writing(
    client: Any, picture: Bytes, tmp_path: Path, gate: Gate
) -> None:
    sink = NpySink(tmp_path / "labels.npy", gate=gate)

    def interrupt(done: int, total: int) -> None:
        if sink.part.exists():  # one task has labeled, and others will
            gate.close()
            wait_until(gate.readers, "writing")
            threading.Timer(0.5, gate.open).start()
            raise KeyboardInterrupt

    with small_tasks(2000), pytest.raises(KeyboardInterrupt):
        codec.dask.compress_files(
            NpySource(tmp_path / "a.npy"), sink, client=client, progress=interrupt
        )
    assert sink.writing == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npy", "gate"]


def test_whoever_kills_workers_is_named(tmp_path: Path) -> None:
    with (
        # A task at a time, so that none is blamed for another.
        dask.config.set(
            {
                "distributed.scheduler.allowed-failures": 0,
                "distributed.scheduler.worker-saturation": 1.0,
            }
        ),
        cluster_of(1) as client,
        small_tasks(480),
        pytest.raises(ClusterError) as caught,
    ):
        codec.dask.compress_files(Deadly(35), NpySink(tmp_path / "labels.npy"), client=client)
    assert caught.value.reason == "worker-killed"
    assert "row 32" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_cluster_without_workers_is_an_error(picture: Bytes, tmp_path: Path) -> None:
    with cluster_of(0) as client:
        with pytest.raises(ClusterError, match="no worker for 2 s: dask worker tcp://") as caught:
            codec.dask.fit(da.zeros((9, 8), dtype=np.uint8), client=client, patience=2)
        assert caught.value.reason == "no-workers"
        source, sink = NpySource(tmp_path / "a.npy"), NpySink(tmp_path / "labels.npy")
        with pytest.raises(ClusterError) as caught:
            codec.dask.compress_files(source, sink, client=client, patience=0.5)
        assert caught.value.reason == "no-workers"


# Workers that are programs of their own


def test_workers_over_tcp_of_which_all_are_lost(
    picture: Bytes, tmp_path: Path, gate: Gate
) -> None:
    """One while counting, another while labeling, and then there is none."""
    whole = codec.compress(picture, 30, dither="none")
    (tmp_path / "dask").mkdir()
    file = tmp_path / "dask" / "scheduler.json"
    source = NpySource(tmp_path / "a.npy", gate=gate)
    with contextlib.ExitStack() as stack:
        stack.enter_context(
            program(
                "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)
            )
        )
        wait_until(file.exists, "starting a scheduler")
        started = [stack.enter_context(worker(file)) for _ in range(2)]
        processes = {each.pid: each for each in started}
        client = stack.enter_context(Client(scheduler_file=str(file), timeout=60))
        client.wait_for_workers(2, timeout=120)
        killer = Killer(gate)
        killer.begin()
        with small_tasks(2000):
            found = codec.dask.compress_files(
                source, NpySink(tmp_path / "labels.npy"), 30, client=client
            )
            assert processes[killer.end()].wait(timeout=60) == -signal.SIGKILL
            assert np.array_equal(found.codebook, whole.codebook)
            assert np.array_equal(np.load(tmp_path / "labels.npy"), whole.labels)

            killer = Killer(gate)
            sink = NpySink(tmp_path / "again.npy", killer.begin)
            with pytest.raises(ClusterError) as caught:
                codec.dask.compress_files(source, sink, 30, client=client, patience=2)
        assert caught.value.reason == "no-workers"
        assert processes[killer.end()].wait(timeout=60) == -signal.SIGKILL
    assert not list(tmp_path.glob("again*"))
