"""Files whose bytes are read when they are sliced."""

import os
import zlib
from pathlib import Path

import pytest

from codec.errors import FileError, ImageError, LimitError
from codec.files.views import FileView, ViewPart
from codec.limits import MAX_PART_BYTES


@pytest.fixture
def data() -> bytes:
    return bytes(range(256)) * 10_000


@pytest.fixture
def path(data: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(data)
    return path


def test_slices_are_those_of_the_bytes(data: bytes, path: Path) -> None:
    view = FileView(path)
    assert len(view) == view.size == len(data)
    for part in (slice(3, 9), slice(-5, None), slice(9, 3), slice(len(data) - 3, len(data) + 9)):
        assert view[part] == data[part]
    assert view.crc(5, len(data)) == zlib.crc32(data[5:])
    piece = ViewPart(view, 7, 3000)
    assert len(piece) == 2993
    assert bytes(piece) == b"".join(piece.pieces(400)) == data[7:3000]
    assert piece[:5] == data[7:12]
    assert piece[2990:9999] == data[2997:3000]


def test_a_part_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(MAX_PART_BYTES + 2)
    view = FileView(path)
    assert len(view[1 : MAX_PART_BYTES + 1]) == MAX_PART_BYTES
    with pytest.raises(LimitError) as caught:
        view[:]
    assert caught.value.reason == "part-limit"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "fifo")
    for name, reason in (
        ("empty", "empty"), ("fifo", "not-regular"), ("", "is-directory"), ("no", "not-found"),
    ):  # fmt: skip
        with pytest.raises(FileError) as caught:
            FileView(tmp_path / name)
        assert caught.value.reason == reason


def test_a_changed_file_is_noticed(path: Path) -> None:
    view = FileView(path)
    view.check_unchanged()
    with path.open("ab") as file:
        file.write(b"x")
    with pytest.raises(ImageError) as caught:
        view.check_unchanged()
    assert caught.value.reason == "input-changed"
    os.truncate(path, 10)
    with pytest.raises(ImageError) as caught:
        view[5:20]
    assert caught.value.reason == "input-changed"


def test_a_closed_file_is_not_read(path: Path) -> None:
    view = FileView(path)
    view.close()
    view.close()
    assert view.closed
    with pytest.raises(FileError):
        view[:3]
