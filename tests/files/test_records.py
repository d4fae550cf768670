"""Files of records that grow, and are one process's at a time."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cli_tools import child_environment

from codec.errors import FileError
from codec.files.records import RECORD_BYTES, RecordFile
from codec.limits import MAX_FILE_BYTES

HEAD = b"head of 5"


def record(number: int) -> bytes:
    return number.to_bytes(RECORD_BYTES, "little")


def read(path: Path) -> bytes:
    """Records that are found by who opens a file."""
    records = RecordFile(path, HEAD)
    records.close()
    return records.found


def test_what_was_appended_is_found_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert read(path) == b""
    records = RecordFile(path, HEAD)
    records.append(record(1))
    records.append(record(2) + record(3))
    records.close()
    records.close()
    assert read(path) == record(1) + record(2) + record(3)
    with pytest.raises(OSError, match="descriptor"):
        records.append(record(4))


def test_a_record_that_is_cut_is_none_and_the_next_stand_straight(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for size in range(1, RECORD_BYTES):
        path.write_bytes(HEAD + record(1) + record(2)[:size])
        records = RecordFile(path, HEAD)
        assert records.found == record(1)
        records.append(record(3))
        records.close()
        assert read(path) == record(1) + record(3)


@pytest.mark.parametrize("data", [b"", *(HEAD[:size] for size in range(1, len(HEAD)))])
def test_a_head_that_is_cut_is_written_again(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    assert read(path) == b""
    assert path.read_bytes() == HEAD


@pytest.mark.parametrize("data", [b"head of 6" + record(1), HEAD[1:], b"\0" * 64, b"a"])
def test_a_file_of_others_is_refused_and_stays(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(FileError) as caught:
        RecordFile(path, HEAD)
    assert caught.value.reason == "foreign"
    assert path.read_bytes() == data


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(HEAD)
    os.truncate(path, MAX_FILE_BYTES + 1)
    with pytest.raises(FileError) as caught:
        RecordFile(path, HEAD)
    assert caught.value.reason == "foreign"
    assert path.stat().st_size == MAX_FILE_BYTES + 1


def test_records_are_forgotten(tmp_path: Path) -> None:
    records = RecordFile(tmp_path / "x", HEAD)
    records.append(record(1))
    records.clear()
    records.append(record(2))
    records.close()
    assert read(tmp_path / "x") == record(2)


def test_one_process_has_it_until_it_ends_however_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "x"
    held = RecordFile(path, HEAD)
    with pytest.raises(FileError) as caught:
        RecordFile(path, HEAD)
    assert caught.value.reason == "locked"
    held.close()
    source = (
        "import sys; from pathlib import Path; from codec.files.records import RecordFile\n"
        f"records = RecordFile(Path(sys.argv[1]), {HEAD!r}); records.append({record(7)!r})\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", source, str(path)], env=child_environment(),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout
        assert child.stdout.readline() == "held\n"
        with pytest.raises(FileError):
            RecordFile(path, HEAD)
        child.kill()
    assert read(path) == record(7)


def test_a_file_that_is_removed_leaves_room(tmp_path: Path) -> None:
    path = tmp_path / "x"
    records = RecordFile(path, HEAD)
    records.append(record(1))
    records.close(remove=True)
    assert not path.exists()
    assert read(path) == b""


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"mine")
    (tmp_path / "x").symlink_to("other")
    with pytest.raises(OSError, match="symbolic"):
        RecordFile(tmp_path / "x", HEAD)
    assert (tmp_path / "other").read_bytes() == b"mine"


def test_threads_append_whole_records(tmp_path: Path) -> None:
    records = RecordFile(tmp_path / "x", HEAD)

    def work(first: int) -> None:
        for number in range(first, first + 200):
            records.append(record(number))

    threads = [threading.Thread(target=work, args=(200 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records.close()
    found = read(tmp_path / "x")
    numbers = [found[n : n + 8] for n in range(0, len(found), 8)]
    assert sorted(numbers) == sorted(map(record, range(800)))
