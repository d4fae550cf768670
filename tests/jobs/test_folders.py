"""Files that workers do, as whoever asks sees them."""

import functools
from pathlib import Path

import pytest
from cli_tools import few_colors, many_colors, write_picture
from dask_tools import Gate, die_of, programs
from marks import needs_kernels

from codec.errors import CodecError, FileError
from codec.formats.registry import format_named
from codec.jobs.batches import Orders
from codec.jobs.collisions import Plan, PlannedFile
from codec.jobs.folders import _as_seen_here, _names, _with_names, far_folder
from codec.reports.report import FileReport
from codec.settings import CompressSettings, ReadOptions

ORDERS = Orders(CompressSettings(n_colors=20), ReadOptions(), format="pair")


def planned(folder: Path, name: str) -> PlannedFile:
    """Plan a picture for a pair beside it."""
    target = folder / f"{name}.labels.png"
    return PlannedFile(folder / f"{name}.png", target, tuple(format_named("pair").files(target)))


def test_names_are_those_that_were_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    file = PlannedFile(Path("in/a.png"), Path("in/a.png.npz"), (Path("in/a.png.npz"),))
    far = str(tmp_path / "in" / "a.png")
    report = FileReport(
        far, outputs=(f"{far}.npz",), notices=(f"{far} is odd",), error=f"{far}.npz is there"
    )
    near = _with_names(report, _names(file, None))
    assert near == FileReport(
        "in/a.png", outputs=("in/a.png.npz",), notices=("in/a.png is odd",),
        error="in/a.png.npz is there",
    )  # fmt: skip
    error = _with_names(FileError(f"cannot write {far}.npz", "exists"), _names(file, None))
    assert (type(error), str(error)) == (FileError, "cannot write in/a.png.npz")
    assert isinstance(error, CodecError)
    assert error.reason == "exists"
    memory = MemoryError()
    assert _with_names(memory, {"a": "b"}) is memory


def test_a_worker_with_other_files_is_told(tmp_path: Path) -> None:
    file, error = planned(tmp_path, "a"), FileError("no such file or directory", "not-found")
    assert _as_seen_here(error, file) is error
    write_picture(file.source, few_colors())
    said = _as_seen_here(error, file)
    assert isinstance(said, FileError)
    assert (str(said), said.reason) == (
        "no such file or directory, says a worker, and here it is: workers must see the same "
        "files",
        "not-found",
    )
    error = FileError("cannot write a: its directory does not exist", "no-directory")
    assert str(_as_seen_here(error, file)).startswith(f"{error}, says a worker")


@pytest.mark.slow
@needs_kernels
def test_what_was_done_before_the_last_worker_was_lost_is_told(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    names = [f"{number}" for number in range(8)]
    for name in names:
        write_picture(tmp_path / f"{name}.png", many_colors())
    gate, found = Gate(tmp_path_factory.mktemp("gate")), list[str]()
    gate.close()
    monkeypatch.setattr("codec.dask.folders._MOST_FILES", 2)
    monkeypatch.setattr("codec.dask.far.PATIENCE", 1.0)
    deadly = functools.partial(die_of, "4.png", "compress_batch", gate)
    monkeypatch.setattr("codec.jobs.folders.compress_batch", deadly)
    files: list[bytes | PlannedFile] = [planned(tmp_path, name) for name in names]
    plan = Plan()
    plan.extend(lambda name: planned(tmp_path, name.decode()), files)
    with (
        programs(tmp_path_factory.mktemp("dask"), 1) as address,
        far_folder(address, plan) as far,
    ):
        for file, outcome in far.compress(ORDERS, format_named("pair"), lambda path: None):
            assert file is files[len(found)]
            found.append(outcome.reason if isinstance(outcome, CodecError) else "ok")
            if len(found) == 4:
                gate.open()

    assert found == ["ok"] * 4 + ["no-workers"] * 4
    assert sorted(path.name for path in tmp_path.glob("*.labels.png")) == [
        f"{name}.labels.png" for name in names[:4]
    ]
