"""Full disks and killed runs: nothing is left, or what is left is continued."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from cli_tools import child_environment
from large_tools import NAMES, blocks, made, make_sink, require

import codec

pytestmark = pytest.mark.slow

HEAD = """
    import os, resource, signal, sys
    from pathlib import Path
    from codec.errors import FileError
    from large_tools import blocks, made, make_sink
    labels, codebook = made(640, 960, 250, 3)
    sink = make_sink(Path(sys.argv[1]), effort="fast")
"""


def run(source: str, name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    tests = str(Path(__file__).parents[2])
    environment = {**child_environment(), "PYTHONPATH": tests}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(HEAD + source), name],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


FULL = """
    limit = 40_000 if sys.argv[1].endswith("zarr") else 100_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    if limit == 40_000:
        sink = make_sink(Path(sys.argv[1]), tile=(320, 480))
        labels[:320] = 0
    try:
        with sink:
            sink.begin(640, 960, codebook, {})
            for block in list(blocks(sink, labels))[:: -1 if limit == 40_000 else 1]:
                sink.write(*block)
            sink.finish()
    except FileError as error:
        print(error.reason, error)
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_is_told_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    require(name)
    done = run(FULL, name, tmp_path)
    assert done.stderr == ""
    assert done.stdout.startswith("no-space ")
    assert f"cannot write {name}: " in done.stdout
    if name != "a.zarr":
        assert list(tmp_path.iterdir()) == []
        return
    labels, codebook = made(640, 960, 250, 3)
    labels[:320] = 0
    with make_sink(tmp_path / name, tile=(320, 480)) as sink:
        sink.begin(640, 960, codebook, {})
        assert sink.done == {(0, 0), (0, 480)}
        for y, x, block in blocks(sink, labels):
            if (y, x) not in sink.done:
                sink.write(y, x, block)
        sink.finish()
    assert np.array_equal(codec.open(tmp_path / name).labels[...], labels)


KILLED = """
    labels, codebook = made(320, 480, 250, 3)
    sink.begin(320, 480, codebook, {"token": 1})
    for number, block in enumerate(blocks(sink, labels)):
        if number == 40:
            os.kill(os.getpid(), signal.SIGKILL)
        sink.write(*block)
"""


def test_a_killed_run_is_continued_and_writes_no_tile_twice(tmp_path: Path) -> None:
    require("a.zarr")
    assert run(KILLED, "a.zarr", tmp_path).returncode == -signal.SIGKILL
    labels, codebook = made(320, 480, 250, 3)
    chunks = tmp_path / "a.zarr" / "labels" / "c"
    times = {path: path.stat().st_mtime_ns for path in chunks.rglob("*") if path.is_file()}
    with make_sink(tmp_path / "a.zarr") as sink:
        sink.begin(320, 480, codebook, {"token": 1})
        assert len(sink.done) == 40
        for y, x, block in blocks(sink, labels):
            if (y, x) not in sink.done:
                sink.write(y, x, block)
        sink.finish()
    with make_sink(tmp_path / "b.zarr") as sink:
        sink.begin(320, 480, codebook, {"token": 1})
        sink.write(0, 0, labels)
        sink.finish()

    assert all(path.stat().st_mtime_ns == time for path, time in times.items())
    seals = [
        json.loads((tmp_path / name / "zarr.json").read_text())["attributes"]["kmcodec"]["seal"]
        for name in ("a.zarr", "b.zarr")
    ]
    assert seals[0] == seals[1]
    assert np.array_equal(codec.open(tmp_path / "a.zarr").labels[...], labels)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "a.zarr"])
def test_a_killed_run_leaves_nothing_that_has_a_name(name: str, tmp_path: Path) -> None:
    if not hasattr(os, "O_TMPFILE"):
        pytest.skip("all files have names here")
    source = KILLED
    assert run(source, name, tmp_path).returncode == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_from_the_start_keeps_nothing(tmp_path: Path) -> None:
    require("a.zarr")
    done = run(FULL.replace("40_000", "2000"), "a.zarr", tmp_path)
    assert (done.stdout[:9], done.stderr) == ("no-space ", "")
    assert list(tmp_path.iterdir()) == []
