"""Chunks of Zarr that are `.kmc` files."""

from pathlib import Path

import numpy as np
import pytest
from large_tools import flip, made, write
from marks import needs_kernels

import codec
from codec.errors import FormatError

zarr = pytest.importorskip("zarr")
pytestmark = needs_kernels


@pytest.mark.parametrize(("size", "channels"), [(1, 3), (5, 1), (40, 3), (16, 4)])
def test_every_chunk_is_a_kmc(size: int, channels: int, tmp_path: Path) -> None:
    labels, codebook = made(70, 96, size, channels)
    path = tmp_path / "a.zarr"
    write(path, labels, codebook, serializer="kmc")

    with codec.open(path) as image:
        assert np.array_equal(image.labels[...], labels)
    assert np.array_equal(zarr.open(path, mode="r")["labels"][...], labels)
    # An empty chunk, all of label 0, is none.
    chunks = [each for each in (path / "labels" / "c").rglob("*") if each.is_file()]
    assert len(chunks) == 6 or size == 1
    for chunk in chunks:
        row, column = int(chunk.parent.name), int(chunk.name)
        (tmp_path / "chunk.kmc").write_bytes(chunk.read_bytes())
        found = codec.load(tmp_path / "chunk.kmc", require_seal=True)
        part = labels[row * 32 : row * 32 + 32, column * 48 : column * 48 + 48]
        assert np.array_equal(found.labels[: len(part)], part)
        assert np.array_equal(found.codebook, codebook)


def test_damage_is_told_by_tile(tmp_path: Path) -> None:
    labels, codebook = made(64, 96, 30, 3)
    path = tmp_path / "a.zarr"
    write(path, labels, codebook, serializer="kmc")
    flip(path / "labels" / "c" / "1" / "1", -1)
    with codec.open(path) as image, pytest.raises(FormatError, match="tile 1, 1"):
        image[...]
