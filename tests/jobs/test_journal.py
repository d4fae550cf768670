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
from codec.jobs import journal as journals
from codec.jobs.collisions import PlannedFile
from codec.jobs.journal import FOLDER, Checkpoint, Journal, digest_of, input_mark
from codec.reports.report import FileReport
from codec.settings import CompressSettings, Given, ReadOptions, WriteOptions

COMMAND = digest_of("a command")
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


def writing(planned: PlannedFile, asked: list[bool]) -> Do:
    """Write an output, and note whether it may be replaced."""

    def do(writing: WriteOptions) -> FileReport:
        asked.append(writing.force)
        if planned.target.exists() and not writing.force:
            raise FileError("it already exists", "exists")
        planned.target.write_bytes(b"done")
        return FileReport("a.bmp")

    return do


def once(journal: Journal, planned: PlannedFile, do: Do, *, force: bool = False) -> FileReport:
    return journal.once(planned, planned.files, WriteOptions(force), do)


def reason_of(journal: Journal, planned: PlannedFile, *, force: bool = False) -> str | None:
    """Why a file is not done again, or None if it is."""
    asked: list[bool] = []
    try:
        once(journal, planned, writing(planned, asked), force=force)
    except FileError as error:
        return error.reason
    return None


@pytest.mark.parametrize("force", [False, True])
def test_what_was_done_is_done_before_only_in_a_run_that_goes_on(
    planned: PlannedFile, force: bool
) -> None:
    with opened(planned) as journal:
        assert reason_of(journal, planned, force=force) is None
    place = planned.target.parent / FOLDER
    assert place.is_dir()
    with opened(planned) as journal:
        assert reason_of(journal, planned, force=force) == "done-before"
        journal.finish()
    assert not place.exists()
    with opened(planned) as journal:
        assert reason_of(journal, planned, force=force) == (None if force else "exists")


def test_a_journal_of_nothing_leaves_nothing(planned: PlannedFile) -> None:
    with opened(planned):
        assert (planned.target.parent / FOLDER).is_dir()
    assert not (planned.target.parent / FOLDER).exists()


def test_an_input_that_was_changed_is_not_done(planned: PlannedFile) -> None:
    with opened(planned) as journal:
        assert reason_of(journal, planned) is None
    os.utime(planned.source, ns=(5, 5))
    with opened(planned) as journal:
        # What is there has not the look of a file of ours, so that it stays.
        assert reason_of(journal, planned) == "exists"


def test_an_output_of_another_codebook_is_not_done(planned: PlannedFile) -> None:
    with opened(planned) as journal:
        journal.codebook = b"one"
        assert reason_of(journal, planned) is None
    with opened(planned) as journal:
        journal.codebook = b"two"
        assert reason_of(journal, planned) == "exists"


def test_with_force_an_output_that_somebody_changed_is_made_again(planned: PlannedFile) -> None:
    with opened(planned) as journal:
        assert reason_of(journal, planned, force=True) is None
    planned.target.write_bytes(b"another")
    with opened(planned) as journal:
        assert reason_of(journal, planned, force=True) is None
    assert planned.target.read_bytes() == b"done"


def test_the_rest_of_several_files_is_written_over_the_first(planned: PlannedFile) -> None:
    half = planned.target.with_name("a.codebook.npy")
    both = replace(planned, files=(half, planned.target))

    def die(writing: WriteOptions) -> FileReport:
        half.write_bytes(b"half")
        raise KeyboardInterrupt

    with opened(planned) as journal, pytest.raises(KeyboardInterrupt):
        once(journal, both, die)
    asked: list[bool] = []
    with opened(planned) as journal:
        once(journal, both, writing(planned, asked))
    assert asked == [True]


def test_a_name_that_others_took_is_theirs_for_good(planned: PlannedFile) -> None:
    def late(writing: WriteOptions) -> FileReport:
        planned.target.write_bytes(b"of others")
        raise FileError("it already exists", "exists")

    with opened(planned) as journal, pytest.raises(FileError):
        once(journal, planned, late)
    for _ in range(2):
        with opened(planned) as journal:
            assert reason_of(journal, planned) == "exists"
    assert planned.target.read_bytes() == b"of others"


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
