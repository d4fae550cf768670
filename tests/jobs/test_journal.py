"""What is noted of a run: which files are its own and done, and how far counting is."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codec.errors import FileError
from codec.files import check_targets, write_files
from codec.jobs import marks
from codec.jobs.collisions import PlannedFile
from codec.jobs.journal import FOLDER, Journal
from codec.jobs.marks import digest_of, input_mark
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


@pytest.mark.parametrize("change", ["content", "another", "link"])
@pytest.mark.parametrize("settled", [False, True])
def test_an_input_that_was_changed_is_done_again(
    planned: PlannedFile, change: str, settled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same size and time."""
    if settled:
        monkeypatch.setattr(marks, "_FINE_NS", -(10**18))
    source = planned.source
    for _ in range(2):
        with opened(planned) as journal:
            reason_of(journal, planned)
    times = source.stat().st_atime_ns, source.stat().st_mtime_ns
    if settled:
        time.sleep(0.05)  # more than a tick
    if change == "another":
        source.rename(source.with_name("before"))
    if change == "link":
        other = source.with_name("other")
        other.write_bytes(b"a pictura")
        source.unlink()
        source.symlink_to(other)
    else:
        source.write_bytes(b"a pictura")
    os.utime(source, ns=times)
    with opened(planned) as journal:
        assert reason_of(journal, planned, data=b"anew") is None
    assert planned.target.read_bytes() == b"anew"


@pytest.mark.parametrize("change", ["time", "status", "written again"])
def test_an_input_with_the_same_in_it_is_up_to_date(planned: PlannedFile, change: str) -> None:
    with opened(planned) as journal:
        assert reason_of(journal, planned) is None
    if change == "time":
        os.utime(planned.source, ns=(5, 5))
    elif change == "status":
        planned.source.chmod(0o600)
    else:
        planned.source.write_bytes(planned.source.read_bytes())
    with opened(planned) as journal:
        assert reason_of(journal, planned) == "up-to-date"


def test_nothing_is_believed_of_times_that_a_change_might_not_show(
    planned: PlannedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a file system counts seconds: what is written in the same second looks the same."""
    noted: list[int] = []
    note = Journal._note

    def noting(journal: Journal, *marks: int) -> None:
        noted.extend(marks)
        note(journal, *marks)

    monkeypatch.setattr(Journal, "_note", noting)
    with opened(planned) as journal:
        assert reason_of(journal, planned) is None
    assert len(noted) == 2  # whose it is, and of what it was made
    second = time.time_ns() // 10**9 * 10**9
    for path in (planned.source, planned.target):
        os.utime(path, ns=(second, second))
    monkeypatch.setattr(marks, "_FINE_NS", 2_100_000_000)
    with opened(planned) as journal:
        assert reason_of(journal, planned) == "up-to-date"
    assert len(noted) == 2
    monkeypatch.setattr(marks, "_FINE_NS", -(10**18))
    monkeypatch.setattr(marks, "_COARSE_NS", -(10**18))
    for _ in range(2):
        with opened(planned) as journal:
            assert reason_of(journal, planned) == "up-to-date"
    assert len(noted) == 3


def test_an_input_that_changes_while_it_is_done_is_done_again(planned: PlannedFile) -> None:
    def change(options: WriteOptions) -> FileReport:
        planned.source.write_bytes(b"a larger picture")
        return writing(planned, [])(options)

    before = planned.source.read_bytes()
    with opened(planned) as journal:
        once(journal, planned, change)
    with opened(planned) as journal:
        assert reason_of(journal, planned) is None
    planned.source.write_bytes(before)
    with opened(planned) as journal:
        assert reason_of(journal, planned) is None


@pytest.mark.parametrize("what", ["another", "a link", "gone"])
def test_an_output_that_somebody_puts_there_meanwhile_is_theirs(
    planned: PlannedFile, what: str
) -> None:
    """While what is to replace it is made."""
    target = planned.target
    with opened(planned) as journal:
        assert reason_of(journal, planned) is None
    planned.source.write_bytes(b"another picture")

    def meanwhile(options: WriteOptions) -> FileReport:
        assert options.force
        target.unlink()
        if what == "a link":
            target.with_name("precious").write_bytes(b"mine")
            target.symlink_to("precious")
        elif what == "another":
            target.write_bytes(b"mine")
        write_files([(target, b"anew")], force=options.force, claim=options.claim)
        return FileReport("a.bmp")

    with opened(planned) as journal:
        if what == "gone":
            once(journal, planned, meanwhile)
            assert target.read_bytes() == b"anew"
        else:
            with pytest.raises(FileError) as caught:
                once(journal, planned, meanwhile)
            assert caught.value.reason == "exists"
            assert target.read_bytes() == b"mine"
            assert target.is_symlink() == (what == "a link")


def test_a_picture_of_another_folder_does_not_replace_what_has_its_name(
    planned: PlannedFile,
) -> None:
    with opened(planned) as journal:
        assert reason_of(journal, planned) is None
    other = planned.source.with_name("elsewhere") / "a.bmp"
    other.parent.mkdir()
    other.write_bytes(b"another picture")
    theirs = replace(planned, source=other)
    for stays in (False, True):
        with Journal(planned.target.parent, COMMAND, lambda line: None, stays=stays) as journal:
            assert reason_of(journal, theirs, data=b"theirs") == "exists"
    assert planned.target.read_bytes() == b"done"


def test_what_stands_beside_outputs_is_ours_for_all(planned: PlannedFile) -> None:
    """As the codebook is that files share."""
    beside = planned.target.with_name("shared.codebook.npy")

    def do(data: bytes) -> Do:
        def work(options: WriteOptions) -> FileReport:
            write_files([(beside, data)], force=True, claim=options.claim)
            return writing(planned, [], data)(options)

        return work

    for data in (b"one", b"two"):
        with opened(planned) as journal:
            journal.codebook = data
            once(journal, planned, do(data))
    beside.write_bytes(b"somebody's")
    with opened(planned) as journal:
        journal.codebook = b"three"
        assert not journal.owns(beside)
        with pytest.raises(FileError) as caught:
            once(journal, planned, do(b"three"))
        assert caught.value.reason == "exists"
    assert beside.read_bytes() == b"somebody's"


def test_an_output_behind_a_link_is_never_ours(planned: PlannedFile) -> None:
    with opened(planned) as journal:
        assert reason_of(journal, planned) is None
    planned.target.rename(planned.target.with_name("precious"))
    planned.target.symlink_to("precious")
    planned.source.write_bytes(b"another picture")
    with opened(planned) as journal:
        assert reason_of(journal, planned, data=b"anew") is not None
    assert planned.target.read_bytes() == b"done"


def test_a_folder_with_another_name_has_the_same_journal(planned: PlannedFile) -> None:
    folder = planned.target.parent / "small"
    folder.mkdir()
    there = replace(planned, target=folder / "a.npz", files=(folder / "a.npz",))
    with opened(there) as journal:
        assert reason_of(journal, there) is None
    other = folder.rename(folder.with_name("other"))
    there = replace(planned, target=other / "a.npz", files=(other / "a.npz",))
    with opened(there) as journal:
        assert reason_of(journal, there) == "up-to-date"


def test_a_run_that_does_not_stay_leaves_a_journal_that_does(planned: PlannedFile) -> None:
    def run(command: bytes, *, stays: bool) -> str | None:
        with Journal(planned.target.parent, command, said.append, stays=stays) as journal:
            reason = reason_of(journal, planned, data=command)
            journal.finish()
        return reason

    said: list[str] = []
    assert run(COMMAND, stays=True) is None
    assert run(OTHER, stays=False) is None
    assert run(OTHER, stays=False) == "up-to-date"
    assert run(COMMAND, stays=True) is None
    assert run(COMMAND, stays=True) == "up-to-date"
    assert not said


def test_a_folder_named_like_a_temporary_file_does_no_harm(planned: PlannedFile) -> None:
    with opened(planned) as journal:
        assert reason_of(journal, planned) is None
    (planned.target.parent / FOLDER / ".kmcodec-1-aaaaaaaaaaaa.tmp").mkdir()
    for _ in range(2):
        with opened(planned) as journal:
            assert reason_of(journal, planned) == "up-to-date"


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


def test_inputs_are_told_apart_and_folders_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new").write_bytes(b"just now")
    monkeypatch.setattr(marks, "_FINE_NS", 10**12)
    assert input_mark(tmp_path / "new") == 0
    monkeypatch.setattr(marks, "_FINE_NS", -(10**12))
    for name in "ab":
        (tmp_path / name).write_bytes(b"same")
        os.utime(tmp_path / name, ns=(7, 7))
    found = {input_mark(tmp_path / name) for name in "ab"}
    os.utime(tmp_path / "a", ns=(7, 8))
    found.add(input_mark(tmp_path / "a"))
    (tmp_path / "b").write_bytes(b"other")
    os.utime(tmp_path / "b", ns=(7, 7))
    found.add(input_mark(tmp_path / "b"))
    assert len(found) == 4
    assert input_mark(tmp_path) == input_mark(tmp_path / "none") == 0
