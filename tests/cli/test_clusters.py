"""`--scheduler` with many files: what the command makes alone, whatever becomes of workers."""

import functools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from cli_tools import PICTURES, Run, Sandbox, many_colors, usage_error
from dask_tools import (
    Gate,
    Killer,
    cluster_of,
    compress_at,
    count_at,
    die_of,
)
from marks import needs_kernels

dask = pytest.importorskip("dask")
pytest.importorskip("distributed")

TALL = np.arange(70_000 * 2 * 3, dtype=np.uint32).reshape(70_000, 2, 3) // 40_000


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of one with two processes, which are started again when they are killed."""
    with cluster_of(2) as client:
        yield client.scheduler.address


@pytest.fixture
def folder(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Many pictures, in batches of three."""
    monkeypatch.setattr("codec.dask.folders._MOST_FILES", 3)
    for number in range(8):
        sandbox.picture(f"in/tree{number % 3}/{number}.png", many_colors(number))
    for name, pixels in PICTURES.items():
        sandbox.picture(f"in/{name}.png", pixels)
    whole = sandbox.path("in/tree0/0.png").read_bytes()
    sandbox.path("in/damaged.png").write_bytes(whole[:-200])
    sandbox.path("in/tree1/empty.png").write_bytes(b"")
    return sandbox


def contents(sandbox: Sandbox, name: str) -> dict[str, bytes]:
    """All files below a folder."""
    top = sandbox.path(name)
    return {
        str(path.relative_to(top)): path.read_bytes()
        for path in top.rglob("*.*")
        if path.is_file()
    }


def without_times(text: str, folder: str) -> list[str]:
    """Lines, with the folder of outputs named alike."""
    lines = re.sub(r"[0-9.]+ s$", "s", text, flags=re.MULTILINE).splitlines()
    return [re.sub(rf"\b{folder}/", "out/", line) for line in lines]


def facts(run: Run, folder: str) -> Any:
    """What JSON says, but for times."""
    found = json.loads(run.out.replace(f'"{folder}/', '"out/').replace(f" {folder}/", " out/"))
    for result in (*found["results"], found["totals"]):
        for name in ("seconds", "stage_seconds", "megapixels_per_second"):
            result.pop(name, None)
    return found


def assert_alike(sandbox: Sandbox, near: Run, far: Run) -> None:
    """Compare runs that wrote to folders `near` and `far`."""
    assert far.code == near.code
    assert without_times(far.err, "far") == without_times(near.err, "near")
    assert facts(far, "far") == facts(near, "near")
    assert contents(sandbox, "far") == contents(sandbox, "near")


@pytest.mark.slow
@needs_kernels
@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--shared-codebook",),
        ("--shared-codebook", "--format", "npz", "-k", "20", "--measure"),
        ("--format", "kmc", "--max-bytes", "30%", "--skip-if-larger"),
        ("--weights", "in/tree0/weights.png", "-v"),
    ],
    ids=" ".join,
)
def test_workers_make_what_one_machine_makes(
    folder: Sandbox, scheduler: str, options: tuple[str, ...]
) -> None:
    if "--weights" in options:
        folder.picture("in/tree0/weights.png", many_colors()[:, :, 0])
    words = ["compress", "-r", "in", "--json", *options]
    near = folder.run(*words, "-d", "near")
    far = folder.run(*words, "-d", "far", "--scheduler", scheduler)

    assert near.code == 1
    assert "in/damaged.png" in far.err
    assert len(contents(folder, "far")) >= 8
    assert_alike(folder, near, far)

    near = folder.run(*words, "-d", "near")
    far = folder.run(*words, "-d", "far", "--scheduler", scheduler)
    assert far.left_all_as_it_was
    assert_alike(folder, near, far)


@pytest.mark.slow
@needs_kernels
def test_each_worker_does_large_pictures_in_blocks(sandbox: Sandbox, scheduler: str) -> None:
    pytest.importorskip("zarr")
    sandbox.picture("in/a.png", many_colors())
    sandbox.picture("in/tall.png", TALL.astype(np.uint8))
    for format in ("zarr", "npz"):  # tiles of a .tif stand in the order in which they are done
        words = ["compress", "-r", "in", "--json", "--format", format]
        near = sandbox.run(*words, "-d", "near")
        far = sandbox.run(*words, "-d", "far", "--scheduler", scheduler)
        assert_alike(sandbox, near, far)
        assert "in/tall.png" in far.err


@pytest.mark.slow
@needs_kernels
@pytest.mark.parametrize(
    ("function", "killed_at"), [("count_batch", count_at), ("compress_batch", compress_at)]
)
def test_a_worker_that_is_killed_changes_nothing(
    folder: Sandbox,
    scheduler: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    function: str,
    killed_at: Callable[..., Any],
) -> None:
    words = ["compress", "-r", "in", "--json", "--shared-codebook"]
    near = folder.run(*words, "-d", "near")
    gate = Gate(tmp_path_factory.mktemp("gate"))
    monkeypatch.setattr(f"codec.jobs.folders.{function}", functools.partial(killed_at, gate))
    killer = Killer(gate)
    killer.begin()

    far = folder.run(*words, "-d", "far", "--scheduler", scheduler)

    assert killer.end() > 0
    assert_alike(folder, near, far)


@pytest.mark.slow
@needs_kernels
@pytest.mark.parametrize("verb", ["count_batch", "compress_batch"])
def test_a_file_of_which_workers_die_is_named(
    folder: Sandbox, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    words = ["compress", "-r", "in", "--json"]
    words += ["--shared-codebook"] if verb == "count_batch" else []
    name, aside = folder.path("in/tree1/4.png"), folder.path("4.png")
    name.rename(aside)
    near = folder.run(*words, "-d", "near")
    aside.rename(name)
    deadly = functools.partial(die_of, "4.png", verb, None)
    monkeypatch.setattr(f"codec.jobs.folders.{verb}", deadly)
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        cluster_of(2) as client,
    ):
        far = folder.run(*words, "-d", "far", "--scheduler", client.scheduler.address)

    assert far.code == 1
    line = next((line for line in far.lines if "in/tree1/4.png" in line), far.err)
    assert "workers died of in/tree1/4.png" in line
    assert line.endswith("(worker-killed)")
    assert contents(folder, "far") == contents(folder, "near")
    results = facts(far, "far")["results"]
    reasons = {each["input"]: each["reason"] for each in results}
    assert reasons.pop("in/tree1/4.png") == "worker-killed"
    others = [each for each in results if each["input"] != "in/tree1/4.png"]
    assert others == facts(near, "near")["results"]


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--shared-codebook",)], ids=" ".join)
def test_a_cluster_without_workers_is_told_once(
    folder: Sandbox, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.setattr("codec.dask.far.PATIENCE", 1.0)
    with cluster_of(0) as client:
        address = client.scheduler.address
        run = folder.run(
            "compress", "-r", "in", "-d", "out", "--json", "--scheduler", address, *options
        )
    assert run.code == 1
    assert run.left_all_as_it_was
    said = [line for line in run.lines if "no worker for 1 s" in line]
    assert len(said) == 1
    assert said[0].startswith("kmcodec: error: the cluster has had no worker")
    results = json.loads(run.out)["results"]
    assert [result["reason"] for result in results] == ["no-workers"] * 14


NOBODY = ("--scheduler", "tcp://127.0.0.1:9")


def test_pages_are_refused(sandbox: Sandbox) -> None:
    sandbox.picture("a.png")
    run = sandbox.run("compress", "a.png", "--html", "a.html", *NOBODY)
    assert usage_error(run)
    assert "--html" in run.err
    assert run.left_all_as_it_was


def test_a_scheduler_that_is_not_there_is_told(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codec.dask.far._REACHED", 0.5)
    sandbox.pictures("in/a.png", "in/b.png")
    run = sandbox.run("compress", "-r", "in", "-d", "out", *NOBODY)
    assert run.code == 1
    assert len(run.lines) == 1
    assert "there is no scheduler at tcp://127.0.0.1:9" in run.err
    assert run.left_all_as_it_was


def test_no_files_need_no_scheduler(sandbox: Sandbox) -> None:
    sandbox.path("in").mkdir()
    run = sandbox.run("compress", "-r", "in", "-d", "out", *NOBODY)
    assert (run.code, run.lines) == (0, ["kmcodec: no files found"])
