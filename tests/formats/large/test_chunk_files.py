"""Chunks as files: those of zarr, byte for byte, whole or not there."""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from codec.formats.large.chunk_files import ChunkFiles, write_whole

zarr = pytest.importorskip("zarr")

TILE = (32, 48)


def filled(shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Noise, and one tile without any."""
    values = np.random.RandomState(3).randint(0, 9, shape).astype(np.uint8)
    values[:32, 48:96] = 0
    return values


def files(path: Path) -> dict[str, bytes]:
    return {str(f.relative_to(path)): f.read_bytes() for f in path.rglob("*") if f.is_file()}


@pytest.mark.parametrize("level", [1, 9])
@pytest.mark.parametrize("shape", [(64, 96), (70, 100), (1, 97), (31, 1)])
def test_chunks_are_those_that_zarr_writes(
    tmp_path: Path, shape: tuple[int, int], level: int
) -> None:
    values = filled(shape)
    for name in ("theirs", "ours"):
        array = zarr.create_array(
            tmp_path / name, shape=shape, chunks=TILE, dtype="uint8", fill_value=0,
            compressors=zarr.codecs.ZstdCodec(level=level),
        )  # fmt: skip
        if name == "theirs":
            array[...] = values
    ours = ChunkFiles(tmp_path / "ours", TILE, level)
    for y in range(0, shape[0], TILE[0]):
        for x in range(0, shape[1], TILE[1]):
            part = values[y : y + TILE[0], x : x + TILE[1]]
            place = y // TILE[0], x // TILE[1]
            ours.write(place, part)
            assert np.array_equal(ours.read(place, part.shape), part)

    assert files(tmp_path / "ours") == files(tmp_path / "theirs")
    assert np.array_equal(zarr.open_array(tmp_path / "ours")[...], values)


def test_a_chunk_that_is_written_again_is_another(tmp_path: Path) -> None:
    chunks = ChunkFiles(tmp_path, TILE, 1)
    for values in (filled(TILE), filled(TILE)[::-1], np.zeros(TILE, np.uint8)):
        chunks.write((2, 3), values)
        assert np.array_equal(chunks.read((2, 3), TILE), values)
    assert not files(tmp_path)


def test_a_damaged_chunk_is_told(tmp_path: Path) -> None:
    chunks = ChunkFiles(tmp_path, TILE, 1)
    chunks.write((0, 0), filled(TILE))
    path = tmp_path / "c" / "0" / "0"
    path.write_bytes(path.read_bytes()[:-9])

    with pytest.raises((RuntimeError, ValueError)):
        chunks.read((0, 0), TILE)


def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c" / "0"
    write_whole(str(path), b"before")

    def refuse(*names: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="No space"):
        write_whole(str(path), b"after")
    assert files(tmp_path) == {os.path.join("c", "0"): b"before"}
