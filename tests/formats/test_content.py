"""Compressed files and pictures that are bytes or open files, and no paths."""

import bz2
import gzip
import io
import lzma
import os
import re
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from picture_tools import block_picture

import codec
from codec.errors import CodecError

PICTURE = codec.compress(block_picture("noise", 40, 30, 4), 9)
FORMATS = ("npz", "png", "kmc")


class Slow(io.RawIOBase):
    """A stream that gives and takes a few bytes at a time, as pipes and sockets do."""

    def __init__(self, data: bytes = b"") -> None:
        self.data, self.taken = data, b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        found, self.data = self.data[: min(size, 7)], self.data[min(size, 7) :]
        return found

    def write(self, data: Any, /) -> int:
        self.taken += bytes(data)[:5]
        return len(bytes(data)[:5])


@pytest.mark.parametrize("effort", ["fast", "best"])
@pytest.mark.parametrize("format", FORMATS)
def test_bytes_are_those_of_the_file(format: Any, effort: Any, tmp_path: Path) -> None:
    (path,) = codec.save(PICTURE, tmp_path / f"a.{format}", effort=effort)
    data = codec.dumps(PICTURE, format, effort=effort)
    assert data == path.read_bytes()
    for given in (
        data,
        bytearray(data),
        memoryview(data),
        memoryview(data).cast("B", (len(data),)),
    ):
        assert codec.loads(given, require_seal=True) == codec.load(path)
    with path.open("rb") as there:
        for file in (io.BytesIO(data), Slow(data), there):
            assert codec.load(file, require_seal=True) == codec.load(path)


@pytest.mark.parametrize("format", FORMATS)
def test_an_open_file_gets_the_bytes_and_stays_open(format: Any, tmp_path: Path) -> None:
    data = codec.dumps(PICTURE, format)
    file, slow = io.BytesIO(), Slow()
    assert codec.save(PICTURE, file, format=format) == []
    codec.save(PICTURE, slow, format=format)
    assert file.getvalue() == slow.taken == data
    with (tmp_path / "a").open("w+b") as there:
        there.write(b"before")
        codec.save(PICTURE, there, format=format)
        there.write(b"after")
        there.seek(6)
        assert there.read() == data + b"after"


def test_a_picture_is_read_from_bytes_and_from_open_files(tmp_path: Path) -> None:
    data = codec.dumps(PICTURE, "png")
    (tmp_path / "a.png").write_bytes(data)
    expected = codec.read_image(tmp_path / "a.png")
    for given in (data, bytearray(data), memoryview(data), io.BytesIO(data), Slow(data)):
        found = codec.read_image(given)
        np.testing.assert_array_equal(found.pixels, expected.pixels)
        assert (found.kind, found.size_bytes) == (expected.kind, len(data))
        assert found.notices == expected.notices
    assert codec.compress(codec.read_image(data), format="png") == codec.loads(data)


class Wrapped:
    """A file that hands on all that it is asked for, as temporary files and uploads do."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def test_files_that_hand_on_to_others_are_files() -> None:
    """Python 3.12 sees no methods of theirs where it is asked for protocols."""
    data = codec.dumps(PICTURE, "png")
    assert codec.load(Wrapped(io.BytesIO(data))) == PICTURE
    given = Wrapped(io.BytesIO(data))
    assert codec.read_image(given).kind == "PNG"
    (report,) = codec.report(Wrapped(io.BytesIO(data)), Wrapped(io.BytesIO(data)))
    assert report.lossless
    file = io.BytesIO()
    codec.save(PICTURE, Wrapped(file), format="png")
    assert file.getvalue() == data


def test_a_file_is_read_from_where_it_stands() -> None:
    data = codec.dumps(PICTURE, "kmc")
    file = io.BytesIO(b"header" + data)
    file.seek(6)
    assert codec.load(file) == codec.loads(data)
    assert not file.closed


def test_a_socket_is_read_to_its_end() -> None:
    ours, theirs = socket.socketpair()
    data = codec.dumps(PICTURE, "png")

    def send() -> None:
        with ours:
            ours.sendall(data)

    thread = threading.Thread(target=send)
    thread.start()
    with theirs, theirs.makefile("rb", buffering=0) as stream:
        assert codec.load(stream) == codec.loads(data)
    thread.join()


def closed() -> io.BytesIO:
    file = io.BytesIO(b"x")
    file.close()
    return file


@pytest.mark.parametrize("read", [codec.load, codec.read_image, codec.loads])
@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (b"", "empty"),
        (b"no picture, and more than 32 bytes long", ""),
        (codec.dumps(PICTURE, "png")[:-40], ""),
        (io.BytesIO(), "empty"),
        (io.StringIO("text"), "bad-type"),
        (closed(), "input-output"),
        (3, "bad-type"),
        (None, "bad-type"),
        (np.zeros((3, 3)), "bad-type"),
        ([b"a"], "bad-type"),
    ],
    ids=["empty", "noise", "cut", "end", "text", "closed", "int", "none", "array", "list"],
)
def test_what_cannot_be_read_is_told(read: Callable[[Any], Any], given: Any, reason: str) -> None:
    with pytest.raises(CodecError) as caught:
        read(given)
    assert "\n" not in str(caught.value)
    if read is codec.loads and not isinstance(given, bytes):
        reason = "bad-type"
    assert caught.value.reason == reason or not reason


def test_what_is_something_else_names_what_takes_it() -> None:
    pixels: Any = codec.decompress(PICTURE)
    for call, cure in (
        (lambda: codec.dumps(pixels, "png"), "codec.compress(pixels)"),
        (lambda: codec.decompress(pixels), "codec.load(file)"),
        (lambda: codec.loads("a.png"), "codec.load "),  # type: ignore[arg-type]
    ):
        with pytest.raises(CodecError, match=re.escape(cure)):
            call()


def test_too_many_bytes_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        count = 0

        def read(self, size: int = -1, /) -> bytes:
            self.count += size
            return bytes(size)

    monkeypatch.setattr("codec.files.given.content_of.__defaults__", (1 << 22,))
    endless = Endless()
    with pytest.raises(codec.LimitError) as caught:
        codec.load(endless)
    assert caught.value.reason == "file-too-large"
    assert endless.count == (1 << 22) + 1
    with pytest.raises(codec.LimitError):
        codec.loads(bytes((1 << 22) + 1))


def test_limits_and_seals_hold_for_bytes() -> None:
    data = codec.dumps(PICTURE, "kmc")
    with pytest.raises(codec.LimitError):
        codec.loads(data, max_pixels=1199)
    with pytest.raises(codec.LimitError):
        codec.read_image(codec.dumps(PICTURE, "png"), max_pixels=1199)
    foreign = io.BytesIO()
    PICTURE.to_pil().save(foreign, "PNG")
    assert codec.loads(foreign.getvalue()).n_colors == PICTURE.n_colors
    with pytest.raises(codec.FormatError, match="no seal"):
        codec.loads(foreign.getvalue(), require_seal=True)


def test_a_file_open_as_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(codec.dumps(PICTURE, "png"))
    for encoding in ("utf-8", "latin-1"):
        for read in (codec.load, codec.read_image):
            with (
                path.open(encoding=encoding) as file,
                pytest.raises(codec.ParameterError, match="mode 'rb'"),
            ):
                read(file)  # type: ignore[arg-type]


def test_views_of_memory_are_taken_as_their_bytes() -> None:
    data = codec.dumps(PICTURE, "png")
    twice = bytes(byte for byte in data for _ in range(2))
    assert codec.loads(memoryview(twice)[::2]) == codec.loads(data)
    for wrong in (np.zeros((0, 3)).data, memoryview(b"")):
        with pytest.raises(codec.FileError, match="empty"):
            codec.load(wrong)
    view = memoryview(data)
    view.release()
    with pytest.raises(codec.FileError, match="released"):
        codec.load(view)


@pytest.mark.parametrize("module", [gzip, bz2, lzma])
def test_what_unpacks_may_fail_in_its_own_way(module: Any) -> None:
    packed = bytearray(module.compress(codec.dumps(PICTURE, "png")))
    file = module.open(io.BytesIO(packed))
    assert codec.load(file) == codec.loads(codec.dumps(PICTURE, "png"))
    for wrong in (packed[:-20], packed[:30] + bytes(len(packed) - 30)):
        with pytest.raises(codec.CodecError) as caught:
            codec.load(module.open(io.BytesIO(wrong)))
        assert "\n" not in str(caught.value)


def test_a_pipe_that_takes_no_more_is_told() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    noise = np.random.default_rng(0).integers(0, 256, (900, 900), dtype=np.uint8)
    big = codec.IndexedImage(noise, np.arange(256, dtype=np.uint8)[:, None])
    with (
        open(read, "rb"), open(write, "wb", buffering=0) as file,
        pytest.raises(codec.FileError, match="no more bytes"),
    ):  # fmt: skip
        codec.save(big, file, format="npz")


@pytest.mark.parametrize("wrong", [["fast"], None, 3, b"fast"])
def test_words_are_text(wrong: Any) -> None:
    with pytest.raises(codec.ParameterError, match="effort"):
        codec.dumps(PICTURE, "png", effort=wrong)


class Full(io.RawIOBase):
    """A stream on a full disk."""

    def write(self, data: Any, /) -> int:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("target", "format", "reason"),
    [
        (io.BytesIO(), None, "format"),
        (io.BytesIO(), "pair", "format"),
        (io.BytesIO(), "gif", "format"),
        (io.StringIO(), "png", "bad-type"),
        (closed(), "png", "input-output"),
        (Full(), "png", "no-space"),
        (7, "png", "bad-type"),
        (b"a.png", "png", "bad-type"),
        ("a.png", "kmc", "format"),
    ],
    ids=["no format", "pair", "gif", "text", "closed", "full", "int", "bytes", "other"],
)
def test_what_cannot_be_written_is_told(
    target: Any, format: Any, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CodecError) as caught:
        codec.save(PICTURE, target, format=format)
    assert caught.value.reason == reason
    assert os.listdir() == []


@pytest.mark.parametrize("format", ["pair", "zarr", "", "PNG", None, 3])
def test_one_file_has_one_of_three_formats(format: Any) -> None:
    with pytest.raises(codec.ParameterError):
        codec.dumps(PICTURE, format)
