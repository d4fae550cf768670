"""Label PNG, archive and indexed PNG in rows: how large they are, and what is told of faults."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from large_tools import ROWS, begin, made, make_sink, write
from scene_tools import dotted_photo

import codec
from codec.errors import FileError, LimitError
from codec.files.temporaries import GrowingFile
from codec.formats.large import rows as large_rows
from codec.formats.large.deflating import PIECE_BYTES, Deflating


@pytest.mark.parametrize("name", ROWS)
def test_files_are_about_as_small_as_those_of_the_whole(name: str, tmp_path: Path) -> None:
    indexed = codec.compress(dotted_photo(), 200)
    written = write(tmp_path / name, indexed.labels, indexed.codebook)
    whole = codec.save(indexed, tmp_path / f"whole-{name}", effort="fast")
    sizes = [sum(path.stat().st_size for path in paths) for paths in (written, whole)]
    assert sizes[0] < 1.06 * sizes[1]
    assert codec.load(written[-1], require_seal=True) == indexed


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("size", [3, 200])
def test_many_strips_and_pieces_make_one_file(
    name: str, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_rows, "_STRIP_BYTES", 1 << 18)
    state = np.random.RandomState(1)
    labels = np.sort(state.randint(0, size, (450, 3000)).astype(np.uint8), axis=1)
    labels[150:300] = state.randint(0, size, (150, 3000))
    codebook = state.randint(0, 256, (size, 3)).astype(np.uint8)
    with make_sink(tmp_path / name) as sink:
        begin(sink, labels, codebook, {})
        for top, stop in ((0, 1), (1, 350), (350, 351), (351, 450)):
            sink.write(top, 0, labels[top:stop])
        sink.finish()
    assert codec.load(tmp_path / name, require_seal=True) == codec.IndexedImage(labels, codebook)


def test_pieces_refer_to_what_stands_before_them() -> None:
    period = np.random.RandomState(1).randint(0, 256, 30_000).astype(np.uint8)
    data = np.resize(period, 3 * PIECE_BYTES)
    emitted: list[bytes] = []
    deflating = Deflating(emitted.append, "default")
    for part in np.array_split(data, 7):
        deflating.add(part, 1)
    deflating.finish()
    assert sum(map(len, emitted)) < 31_000 + len(data) // 100


@pytest.mark.parametrize("name", ROWS)
def test_callers_may_use_their_memory_again(name: str, tmp_path: Path) -> None:
    labels, codebook = made(40, 50, 30, 3)
    memory = np.empty((10, 50), np.uint8)
    with make_sink(tmp_path / name) as sink:
        sink.begin(40, 50, codebook, {})
        for top in range(0, 40, 10):
            memory[...] = labels[top : top + 10]
            sink.write(top, 0, memory)
        sink.finish()
    assert np.array_equal(codec.load(tmp_path / name).labels, labels)


@pytest.mark.parametrize("name", ROWS)
def test_a_file_that_no_reader_accepts_is_not_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_rows, "MAX_FILE_BYTES", 2000)
    with pytest.raises(LimitError, match=r"\.zarr and \.tif") as error:
        write(tmp_path / name, *made(100, 150, 200, 3))
    assert error.value.reason == "file-too-large"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [*ROWS, "a.tif"])
def test_what_the_disk_changed_gets_no_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = GrowingFile.append

    def damaged(file: GrowingFile, data: bytes) -> int:
        place = append(file, data)
        if len(data) > 1000:
            file.write_at(place + 500, b"\0\0\0\0")
        return place

    monkeypatch.setattr(GrowingFile, "append", damaged)
    with pytest.raises(FileError, match="something else") as error:
        write(tmp_path / name, *made(100, 150, 200, 3))
    assert error.value.reason == "verify"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ROWS)
def test_memory_is_that_of_some_rows(name: str, tmp_path: Path) -> None:
    rows = np.random.RandomState(1).randint(0, 3, (64, 4000)).astype(np.uint8)
    codebook = made(1, 1, 3, 3)[1]
    with make_sink(tmp_path / name, effort="fast") as sink:
        tracemalloc.start()
        try:
            sink.begin(64 * 160, 4000, codebook, {})
            for top in range(0, 64 * 160, 64):
                sink.write(top, 0, rows)
            sink.finish()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 64 * 160 * 4000 * 0.75
