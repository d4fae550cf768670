"""Zarr as plain zarr reads it; stores that are continued, in other processes too."""

import json
import multiprocessing
import pickle
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from large_tools import SHAPES, Bytes, begin, blocks, flip, made, make_sink, pixels_of, write

import codec
from codec.errors import CodecError, FileError, FormatError, ImageError, ParameterError
from codec.formats.large.opening import open_sink
from codec.formats.large.sinks import Sink

zarr = pytest.importorskip("zarr")


def described(path: Path) -> Any:
    return json.loads((path / "zarr.json").read_text())["attributes"]["kmcodec"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("size", "channels"), [(1, 3), (5, 1), (256, 3), (16, 4)])
def test_plain_zarr_reads_it(
    shape: tuple[int, int], size: int, channels: int, tmp_path: Path
) -> None:
    labels, codebook = made(*shape, size, channels)
    write(tmp_path / "a.zarr", labels, codebook)

    group = zarr.open(tmp_path / "a.zarr", mode="r")
    told = group.attrs["kmcodec"]
    found = group["labels"][...]
    assert np.array_equal(found, labels)
    assert set(group.array_keys()) == {"labels", "digests"}
    assert group["labels"].chunks == (32, 48)
    assert np.array_equal(np.array(told["codebook"], np.uint8)[found], codebook[labels])
    assert told["facts"] == {"effort": "default"}
    assert told["complete"] is True


def test_chunks_are_large_unless_one_says_so(tmp_path: Path) -> None:
    labels, codebook = made(40, 50, 5, 3)
    with make_sink(tmp_path / "a.zarr", tile=None) as sink:
        assert sink.block == (1024, 1024)
        sink.begin(40, 50, codebook, {})
        sink.write(0, 0, labels)
        sink.finish()
    assert zarr.open(tmp_path / "a.zarr")["labels"].chunks == (1024, 1024)


def begun(path: Path, labels: Bytes, codebook: Bytes, count: int, **options: Any) -> Sink:
    """A store of which so many tiles are written, as a run leaves it that was killed."""
    sink = make_sink(path, **options)
    begin(sink, labels, codebook, {"token": 5})
    for block in list(blocks(sink, labels))[:count]:
        sink.write(*block)
    return sink


def tree(path: Path) -> dict[str, bytes]:
    """Content of all files by name."""
    return {
        str(each.relative_to(path)): each.read_bytes()
        for each in path.rglob("*")
        if each.is_file()
    }


def test_an_incomplete_store_is_refused_and_continued(tmp_path: Path) -> None:
    labels, codebook = made(101, 147, 30, 3)
    path, whole = tmp_path / "a.zarr", tmp_path / "b.zarr"
    begun(path, labels, codebook, 7)
    with pytest.raises(FormatError, match="not complete") as error:
        codec.open(path)
    assert error.value.reason == "truncated"

    with begun(path, labels, codebook, 0) as sink:
        todo = [block for block in blocks(sink, labels) if block[:2] not in sink.done]
        assert len(sink.done) == 7
        assert len(todo) == 4 * 4 - 7
        for block in todo:
            sink.write(*block)
        sink.finish()

    begun(whole, labels, codebook, 16).finish()
    assert tree(path) == tree(whole)
    with codec.open(path) as image:
        assert np.array_equal(image.labels[...], labels)


def test_what_a_killed_process_was_writing_is_removed(tmp_path: Path) -> None:
    labels, codebook = made(64, 96, 30, 3)
    path = tmp_path / "a.zarr"
    sink = begun(path, labels, codebook, 4)
    (path / "labels" / "c" / "0" / "0.0123456789abcdef0123456789abcdef.partial").touch()
    sink.finish()
    assert not list(path.rglob("*.partial"))
    assert np.array_equal(codec.open(path).labels[...], labels)


def test_an_error_leaves_a_store_to_be_continued(tmp_path: Path) -> None:
    labels, codebook = made(64, 96, 30, 3)
    labels[0, 0] = 30
    with pytest.raises(ImageError), make_sink(tmp_path / "a.zarr") as sink:  # noqa: PT012
        begin(sink, labels, codebook, {"token": 5})
        for block in blocks(sink, labels):
            sink.write(*block)
    labels[0, 0] = 0
    assert begun(tmp_path / "a.zarr", labels, codebook, 0).done == {(32, 48), (32, 0), (0, 48)}


@pytest.mark.parametrize("what", ["shape", "codebook", "facts", "tile"])
def test_a_store_of_another_picture_is_not_continued(what: str, tmp_path: Path) -> None:
    labels, codebook = made(64, 96, 30, 3)
    path = tmp_path / "a.zarr"
    begun(path, labels, codebook, 2)
    before = tree(path)
    sink = make_sink(path, tile=(32, 32) if what == "tile" else (32, 48))
    facts = {"token": 6 if what == "facts" else 5}
    words = codebook[::-1] if what == "codebook" else codebook
    with pytest.raises(FileError, match="force=True starts anew") as error:
        sink.begin(64, 95 if what == "shape" else 96, words, facts)
    assert error.value.reason == "exists"
    assert tree(path) == before

    anew = make_sink(path, force=True)
    anew.begin(64, 96, codebook, {"token": 6})
    assert anew.done == set()


def test_folders_of_others_are_never_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    path.mkdir()
    (path / "letter.txt").write_text("dear")
    for force in (False, True):
        with pytest.raises(FileError) as error:
            begun(path, *made(5, 5, 3, 3), 0, force=force)
        assert error.value.reason == "is-directory"
    (path / "letter.txt").unlink()
    begun(path, *made(5, 5, 3, 3), 1).finish()
    link = tmp_path / "b.zarr"
    link.symlink_to(path)
    with pytest.raises(FileError):
        begun(link, *made(5, 5, 3, 3), 0, force=True)
    codec.open(path).close()


def test_a_pickled_sink_writes_to_the_same_store(tmp_path: Path) -> None:
    labels, codebook = made(101, 147, 30, 3)
    sink = begun(tmp_path / "a.zarr", labels, codebook, 3)
    other = pickle.loads(pickle.dumps(sink))
    for block in list(blocks(sink, labels))[3:]:
        other.write(*block)
    sink.finish()
    with codec.open(tmp_path / "a.zarr") as image:
        assert np.array_equal(image.labels[...], labels)


@pytest.mark.slow
def test_other_processes_write(tmp_path: Path) -> None:
    labels, codebook = made(101, 147, 30, 3)
    sink = begun(tmp_path / "a.zarr", labels, codebook, 0)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        for future in [pool.submit(sink.write, *block) for block in blocks(sink, labels)]:
            future.result()
    sink.finish()
    with codec.open(tmp_path / "a.zarr") as image:
        assert np.array_equal(image.labels[...], labels)


def test_a_damaged_chunk_is_told_by_tile(tmp_path: Path) -> None:
    labels, codebook = made(64, 96, 200, 3)
    path = tmp_path / "a.zarr"
    write(path, labels, codebook)
    for damage in (flip_middle, cut, remove, exchange):
        again = tmp_path / f"{damage.__name__}.zarr"
        shutil.copytree(path, again)
        damage(again / "labels" / "c")
        with codec.open(again) as image:
            assert np.array_equal(image[:32], pixels_of(labels, codebook)[:32])
            with pytest.raises(FormatError, match="tile 1, 1"):
                image[40:50, 50:60]


def flip_middle(chunks: Path) -> None:
    flip(chunks / "1" / "1", 20)


def cut(chunks: Path) -> None:
    path = chunks / "1" / "1"
    path.write_bytes(path.read_bytes()[:-5])


def remove(chunks: Path) -> None:
    (chunks / "1" / "1").unlink()


def exchange(chunks: Path) -> None:
    shutil.copy(chunks / "0" / "1", chunks / "1" / "1")


@pytest.mark.parametrize("what", ["codebook", "seal", "width", "digests", "version", "tile"])
def test_changed_attributes_are_told(what: str, tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    write(path, *made(64, 96, 20, 3))
    told = described(path)
    if what == "digests":
        zarr.open(path)["digests"][0, 0, 0] ^= np.uint8(1)
    elif what == "codebook":
        told["codebook"][0][0] ^= 1
    else:
        told[what] = {"seal": "0" * 64, "width": 95, "version": 2, "tile": [32, 0]}[what]
    zarr.open(path).attrs["kmcodec"] = told
    with pytest.raises(FormatError) as error:
        codec.open(path)
    reason = {"version": "unsupported-version", "width": "bad-members", "tile": "bad-header"}
    assert error.value.reason == reason.get(what, "digest-mismatch")


@pytest.mark.slow
@pytest.mark.parametrize("array", ["", "labels", "digests"])
def test_damaged_metadata_are_told_or_harmless(array: str, tmp_path: Path) -> None:
    labels, codebook = made(64, 96, 3, 3)
    path = tmp_path / "a.zarr"
    write(path, labels, codebook)
    node = path / array / "zarr.json"
    data, refused = node.read_bytes(), 0
    for place in range(0, len(data), 3):
        node.write_bytes(data[:place] + bytes([data[place] ^ 2]) + data[place + 1 :])
        try:
            with codec.open(path) as image:
                assert np.array_equal(image.labels[...], labels)
                assert np.array_equal(image.codebook, codebook)
        except CodecError:
            refused += 1
    assert refused > len(data) // 8


def test_other_folders_are_no_compressed_pictures(tmp_path: Path) -> None:
    zarr.create_group(tmp_path / "b.zarr")
    zarr.create_array(tmp_path / "c.zarr", shape=(5, 5), dtype="uint8")
    (tmp_path / "a.zarr").mkdir()
    for name in ("a.zarr", "b.zarr", "c.zarr"):
        with pytest.raises(FormatError) as error:
            codec.open(tmp_path / name)
        assert error.value.reason == "not-compressed"


def test_what_the_disk_changed_is_written_again(tmp_path: Path) -> None:
    labels, codebook = made(64, 96, 200, 3)
    path = tmp_path / "a.zarr"
    sink = begun(path, labels, codebook, 4)
    flip(path / "labels" / "c" / "1" / "1", 20)
    with pytest.raises(FileError, match="something else") as error:
        sink.finish()
    assert error.value.reason == "verify"
    with begun(path, labels, codebook, 0) as again:
        assert again.done == {(0, 0), (0, 48), (32, 0)}
        again.write(32, 48, labels[32:, 48:])
        again.finish()
    assert np.array_equal(codec.open(path).labels[...], labels)


def test_a_missing_package_is_named_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "zarr", None)
    with pytest.raises(ParameterError, match=r'pip install "kmcodec\[large\]"'):
        open_sink(tmp_path / "a.zarr").begin(5, 5, made(5, 5, 3, 3)[1], {})
    (tmp_path / "b.zarr").mkdir()
    with pytest.raises(CodecError, match=r'pip install "kmcodec\[large\]"'):
        codec.open(tmp_path / "b.zarr")
    assert not (tmp_path / "a.zarr").exists()
