"""What is noted of a run: which files are its own and done, and how far counting is."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codec.encoder.training import Pool
from codec.errors import FileError
from codec.files import check_targets
from codec.jobs import journal as journals
from codec.jobs.checkpoints import Checkpoint
from codec.jobs.collisions import PlannedFile
from codec.jobs.journal import FOLDER, Journal, digest_of, input_mark
from codec.reports.report import FileReport
from codec.settings import CompressSettings, Given, ReadOptions, WriteOptions

COMMAND, OTHER = digest_of("a command"), digest_of("another")
Do = Callable[[WriteOptions], FileReport]


@pytest.fixture
def planned(tmp_path: Path) -> PlannedFile:
    """A file whose output has a name that only kmcodec gives."""
    source, target = tmp_path / "a.bmp", tmp_path / "a.npz"
    source.write_bytes(b"a picture")
    return PlannedFile(source, target, (target,))


def opened(planned: PlannedFile, said: list[str] | None = None) -> Journal:
    tell = (lambda line: None) if said is None else said.append
    return Journal(planned.target.parent, COMMAND, tell)


def writing(planned: PlannedFile, asked: list[bool], data: bytes = b"done") -> Do:
    """Write outputs as those who compress do, and note whether they may be replaced."""

    def do(writing: WriteOptions) -> FileReport:
        asked.append(writing.force)
        check_targets(planned.files, force=writing.force)
        for file in planned.files:
            if writing.claim:
                writing.claim(file, data)
        for file in planned.files:
            file.write_bytes(data)
        return FileReport("a.bmp")

    return do


def once(journal: Journal, planned: PlannedFile, do: Do, *, force: bool = False) -> FileReport:
    return journal.once(planned, planned.files, WriteOptions(force), do)


def reason_of(
    journal: Journal, planned: PlannedFile, *, force: bool = False, data: bytes = b"done"
) -> str | None:
    """Why a file is not done again, or None if it is."""
    try:
        once(journal, planned, writing(planned, [], data), force=force)
    except FileError as error:
        return error.reason
    return None


@pytest.mark.parametrize("force", [False, True])
def test_what_was_done_is_up_to_date_only_in_a_run_that_goes_on(
    planned: PlannedFile, force: bool
) -> None:
    with opened(planned) as journal:
        assert reason_of(journal, planned, force=force) is None
    place = planned.target.parent / FOLDER
    assert place.is_dir()
    with opened(planned) as journal:
        assert reason_of(journal, planned, force=force) == "up-to-date"
        journal.finish()
    assert not place.exists()
    with opened(planned) as journal:
        assert reason_of(journal, planned, force=force) == (None if force else "exists")


def test_a_journal_that_stays_knows_what_is_ours_whatever_the_command_was(
    planned: PlannedFile,
) -> None:
    said: list[str] = []
    for command, data, reason in (
        (COMMAND, b"done", None), (COMMAND, b"done", "up-to-date"),
        (OTHER, b"otherwise", None), (OTHER, b"otherwise", "up-to-date"),
        (COMMAND, b"done", None),
    ):  # fmt: skip
        journal = Journal(planned.target.parent, command, said.append, stays=True)
        with journal:
            assert reason_of(journal, planned, data=data) == reason
            journal.finish()
        assert planned.target.read_bytes() == data
    planned.target.write_bytes(b"of others")
    with Journal(planned.target.parent, COMMAND, said.append, stays=True) as journal:
        assert reason_of(journal, planned) == "exists"
    assert not said


def test_of_another_command_nothing_is_ours_if_a_journal_does_not_stay(
    planned: PlannedFile,
) -> None:
    with opened(planned) as journal:
        assert reason_of(journal, planned) is None
    said: list[str] = []
    for command in (OTHER, COMMAND):
        with Journal(planned.target.parent, command, said.append) as journal:
            assert reason_of(journal, planned) == "exists"
    assert len(said) == 1
    assert "of a run with other options" in said[0]


def test_a_journal_of_nothing_leaves_nothing(planned: PlannedFile) -> None:
    with opened(planned):
        assert (planned.target.parent / FOLDER).is_dir()
    assert not (planned.target.parent / FOLDER).exists()


@pytest.mark.parametrize("change", ["time", "content", "another", "status"])
def test_an_input_that_was_changed_is_done_again(planned: PlannedFile, change: str) -> None:
    with opened(planned) as journal:
        assert reason_of(journal, planned) is None
    source = planned.source
    times = source.stat().st_atime_ns, source.stat().st_mtime_ns
    time.sleep(0.02)  # clocks of file systems tick slowly
    if change == "another":
        source.rename(source.with_name("before"))
    if change != "status":
        source.write_bytes(b"a pictura")
    os.utime(source, ns=(5, 5) if change == "time" else times)
    with opened(planned) as journal:
        assert reason_of(journal, planned, data=b"anew") is None
    assert planned.target.read_bytes() == b"anew"


def test_an_input_that_changes_while_it_is_done_is_done_again(planned: PlannedFile) -> None:
    def change(options: WriteOptions) -> FileReport:
        report = writing(planned, [])(options)
        planned.source.write_bytes(b"a larger picture")
        return report

    with opened(planned) as journal:
        once(journal, planned, change)
    with opened(planned) as journal:
        assert reason_of(journal, planned) is None


def test_an_output_of_another_codebook_is_done_again(planned: PlannedFile) -> None:
    with opened(planned) as journal:
        journal.codebook = b"one"
        assert reason_of(journal, planned) is None
    with opened(planned) as journal:
        journal.codebook = b"two"
        assert reason_of(journal, planned) is None
        assert reason_of(journal, planned, force=True) is None


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("change", ["larger", "same size and time", "gone", "folder"])
def test_an_output_that_somebody_changed_is_theirs(
    planned: PlannedFile, force: bool, change: str
) -> None:
    with opened(planned) as journal:
        assert reason_of(journal, planned, force=force) is None
    target, kept = planned.target, None if change == "gone" else "exists"
    times = target.stat().st_atime_ns, target.stat().st_mtime_ns
    time.sleep(0.02)
    if change in ("gone", "folder"):
        target.unlink()
        if change == "folder":
            target.mkdir()
            kept = "not-regular"
            force = False
    else:
        target.write_bytes(b"mine" if change != "larger" else b"mine for ever")
        os.utime(target, ns=times)
    for _ in range(2):
        with opened(planned) as journal:
            if force or not kept:
                assert reason_of(journal, planned, force=force) in (None, "up-to-date")
            else:
                assert reason_of(journal, planned) is not None
    if force or not kept:
        assert target.read_bytes() == b"done"
    elif change != "folder":
        assert target.read_bytes().startswith(b"mine")


def test_what_was_touched_but_not_changed_is_up_to_date(planned: PlannedFile) -> None:
    with opened(planned) as journal:
        assert reason_of(journal, planned) is None
    os.utime(planned.target, ns=(5, 5))
    for _ in range(2):
        with opened(planned) as journal:
            assert reason_of(journal, planned) == "up-to-date"


@pytest.mark.parametrize("written", [0, 1, 2])
def test_what_is_killed_before_it_is_done_is_done_over(planned: PlannedFile, written: int) -> None:
    """Between the writing of several files, before it, and after."""
    half = planned.target.with_name("a.codebook.npy")
    both = replace(planned, files=(half, planned.target))

    def die(options: WriteOptions) -> FileReport:
        assert options.claim
        for file in both.files:
            options.claim(file, b"done")
        for file in both.files[:written]:
            file.write_bytes(b"done")
        raise KeyboardInterrupt

    with opened(planned) as journal, pytest.raises(KeyboardInterrupt):
        once(journal, both, die)
    asked: list[bool] = []
    with opened(planned) as journal:
        if written < 2:
            once(journal, both, writing(both, asked))
            assert asked == [written > 0]
        else:
            assert reason_of(journal, both) == "up-to-date"
    assert [file.read_bytes() for file in both.files] == [b"done", b"done"]


@pytest.mark.parametrize("number", [0, 1])
def test_a_group_with_a_file_of_somebody_is_left(planned: PlannedFile, number: int) -> None:
    half = planned.target.with_name("a.codebook.npy")
    both = replace(planned, files=(half, planned.target))
    with opened(planned) as journal:
        assert reason_of(journal, both) is None
    both.files[number].write_bytes(b"mine")
    with opened(planned) as journal:
        assert reason_of(journal, both) == "exists"
    assert both.files[number].read_bytes() == b"mine"


def test_a_name_that_others_took_meanwhile_is_theirs(planned: PlannedFile) -> None:
    def late(options: WriteOptions) -> FileReport:
        assert options.claim
        options.claim(planned.target, b"done")
        planned.target.write_bytes(b"of others")
        raise FileError("it already exists", "exists")

    with opened(planned) as journal, pytest.raises(FileError):
        once(journal, planned, late)
    for _ in range(2):
        with opened(planned) as journal:
            assert reason_of(journal, planned) == "exists"
    assert planned.target.read_bytes() == b"of others"


def test_what_is_no_journal_is_not_touched(planned: PlannedFile) -> None:
    place = planned.target.parent / FOLDER
    place.mkdir()
    (place / "files").write_bytes(b"somebody's own")
    said: list[str] = []
    with opened(planned, said) as journal:
        assert reason_of(journal, planned) is None
        journal.finish()
    assert (place / "files").read_bytes() == b"somebody's own"
    assert len(said) == 1
    assert said[0].endswith("no journal is kept: what is there is no journal of kmcodec")


def test_a_second_run_has_no_journal_and_says_so(planned: PlannedFile) -> None:
    said: list[str] = []
    with opened(planned) as first:
        assert reason_of(first, planned) is None
        with opened(planned, said) as second:
            assert reason_of(second, planned) == "exists"
            assert second.load() is None
            second.finish()
        assert (planned.target.parent / FOLDER).is_dir()
    assert len(said) == 1
    assert said[0].endswith("notice: no journal is kept: another run is at work there")


def test_the_digest_of_a_command_tells_all_that_matters() -> None:
    book = np.zeros((2, 3), np.uint8)
    settings = CompressSettings(n_colors=9)
    seen = {
        digest_of(*each)
        for each in (
            (settings, ReadOptions(), None),
            (replace(settings, seed=1), ReadOptions(), None),
            (settings, ReadOptions(first_frame=True), None),
            (settings, ReadOptions(), np.zeros((3, 3), np.uint8)),
            (settings, ReadOptions(), np.zeros((9, 1), np.uint8)),
            (replace(settings, n_colors=2, given=Given(book)), ReadOptions(), None),
            (replace(settings, n_colors=2, given=Given(book + 1)), ReadOptions(), None),
        )
    }
    assert len(seen) == 7
    assert digest_of(settings) == digest_of(CompressSettings(n_colors=9))


def test_inputs_are_told_apart_and_folders_are_none(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(b"same")
        os.utime(tmp_path / name, ns=(7, 7))
    marks = {input_mark(tmp_path / name) for name in "ab"}
    os.utime(tmp_path / "a", ns=(7, 8))
    marks.add(input_mark(tmp_path / "a"))
    (tmp_path / "b").write_bytes(b"other")
    os.utime(tmp_path / "b", ns=(7, 7))
    marks.add(input_mark(tmp_path / "b"))
    assert len(marks) == 4
    assert input_mark(tmp_path) == input_mark(tmp_path / "none") == 0


# Counting


def pool_of(*channels: int) -> Pool:
    pool = Pool(CompressSettings(n_colors=16))
    for seed, depth in enumerate(channels):
        pool.add(np.random.default_rng(seed).integers(0, 256, (60, 70, depth), np.uint8))
    return pool


@pytest.mark.parametrize(
    ("before", "after"), [((1,), (3,)), ((3, 3), (1, 4)), ((2,), (2,)), ((4,), (3,)), ((), (3,))]
)
def test_a_pool_goes_on_from_a_checkpoint_as_if_nothing_had_been(
    planned: PlannedFile, monkeypatch: pytest.MonkeyPatch, before: tuple[int, ...],
    after: tuple[int, ...],
) -> None:  # fmt: skip
    monkeypatch.setattr(journals, "_LEAST_SECONDS", 0)
    monkeypatch.setattr(journals, "_WORK_PER_SAVING", 0)
    inputs = np.arange(len(before), dtype=np.uint64)
    with opened(planned) as journal:
        assert journal.load() is None
        journal.save(lambda: Checkpoint(inputs, pool_of(*before).state()))
    with opened(planned) as journal:
        saved = journal.load()
    assert saved is not None
    assert saved.inputs.tolist() == inputs.tolist()
    assert saved.codebook is None
    resumed, whole = Pool(CompressSettings(n_colors=16)), pool_of(*before)
    resumed.restore(saved.counted)
    for pool in (resumed, whole):
        for seed, depth in enumerate(after, 50):
            pool.add(np.random.default_rng(seed).integers(0, 256, (60, 70, depth), np.uint8))
    assert resumed.pictures == whole.pictures
    assert {name: array.tolist() for name, array in resumed.state().items()} == {
        name: array.tolist() for name, array in whole.state().items()
    }
    np.testing.assert_array_equal(resumed.train(), whole.train())


def test_a_checkpoint_with_any_byte_changed_is_none(
    planned: PlannedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "_LEAST_SECONDS", 0)
    book = np.arange(6, dtype=np.uint8).reshape(2, 3)
    with opened(planned) as journal:
        state = {"keys": np.arange(4, dtype=np.uint32)}
        journal.save(lambda: Checkpoint(np.arange(2, dtype=np.uint64), state, book), at_once=True)
    path = planned.target.parent / FOLDER / "counted"
    data = path.read_bytes()
    with opened(planned) as journal:
        saved = journal.load()
        assert saved is not None
        np.testing.assert_array_equal(saved.codebook, book)
        for place in range(0, len(data), 7):
            path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            assert journal.load() is None
            path.write_bytes(data[:place])
            assert journal.load() is None
        path.write_bytes(data)
    with Journal(planned.target.parent, digest_of("another"), lambda line: None) as journal:
        assert journal.load() is None


def test_checkpoints_cost_a_part_of_the_work(
    planned: PlannedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many are made as their cost allows, of which the clock is ours."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    made: list[float] = []

    def checkpoint() -> Checkpoint:
        made.append(now[0])
        now[0] += 2
        return Checkpoint(np.zeros(1, np.uint64), {})

    with opened(planned) as journal:
        while now[0] < 1000:
            now[0] += 0.5
            journal.save(checkpoint)
    assert made[0] == 1
    assert len(made) == 1 + int((1000 - 3) / 42)
    assert np.diff(made).min() >= 2 + 20 * 2
