"""Files that are written piece by piece before they have a name."""

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from codec.files import name_files
from codec.files.temporaries import GrowingFile

pytestmark = pytest.mark.usefixtures("kind")


def test_pieces_stand_where_they_were_put_and_get_a_name_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "file"
    file = GrowingFile(target)
    assert [file.append(b"abc"), file.append(b"defg")] == [0, 3]
    file.write_at(1, b"XY")
    assert (file.size, file.read(0, 5), file.read(5, 99)) == (7, b"aXYde", b"fg")
    assert bytes(file.view()) == b"aXYdefg"
    assert not target.exists()
    assert name_files([file.finish()], [target], force=False) == [target]
    file.close()
    assert target.read_bytes() == b"aXYdefg"
    assert list(tmp_path.iterdir()) == [target]


def test_what_got_no_name_is_gone(tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / "file")
    file.append(b"abc")
    file.finish()
    file.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_replaced_only_if_forced(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")
    target.chmod(0o640)
    file = GrowingFile(target)
    file.append(b"new")
    with pytest.raises(OSError, match="already exists"):
        name_files([file.finish()], [target], force=False)
    assert target.read_bytes() == b"old"
    name_files([file.finish()], [target], force=True)
    file.close()
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [target]


def test_of_two_files_both_get_their_names_or_none(tmp_path: Path) -> None:
    targets = [tmp_path / "first", tmp_path / "second"]
    files = [GrowingFile(target) for target in targets]
    done = [file.finish() for file in files]
    targets[1].mkdir()
    with pytest.raises(OSError, match="directory"):
        name_files(done, targets, force=True)
    assert not targets[0].exists()
    targets[1].rmdir()
    name_files(done, targets, force=False)
    for file in files:
        file.close()
    assert sorted(tmp_path.iterdir()) == targets


def test_threads_append_at_once(tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / "file")
    pieces = [bytes([number]) * (number + 1) for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        places = list(pool.map(file.append, pieces))
    for place, piece in zip(places, pieces, strict=True):
        assert file.read(place, len(piece)) == piece
    assert file.size == sum(map(len, pieces))
    file.close()


def test_where_links_are_refused_files_have_names_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    target = tmp_path / "file"
    file = GrowingFile(target)
    file.append(b"abc")
    assert [path.suffix for path in tmp_path.iterdir()] == [".tmp"]
    name_files([file.finish()], [target], force=False)
    file.close()
    assert target.read_bytes() == b"abc"
    assert list(tmp_path.iterdir()) == [target]
