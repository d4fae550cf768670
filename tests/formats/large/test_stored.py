"""`codec.open`: regions of files of every format."""

import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from large_tools import NAMES, TILED, Bytes, made, pixels_of, write

import codec
from codec.errors import FileError, FormatError, ImageError, LimitError
from codec.formats.large import regions

REGIONS: list[Any] = [
    (slice(3, 70), slice(5, 100)), (slice(32, 64), slice(48, 96)), (slice(None), slice(-5, None)),
    (slice(10, 10), slice(None)), 7, (7, 9), (slice(2, 5), 9), Ellipsis, slice(95, 300),
    (Ellipsis, slice(3, 4)), (-1, -1), (),
]  # fmt: skip


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_regions_are_those_of_an_array(name: str, channels: int, tmp_path: Path) -> None:
    labels, codebook = made(101, 147, 30, channels)
    write(tmp_path / name, labels, codebook)
    pixels = pixels_of(labels, codebook)

    with codec.open(tmp_path / name) as image:
        assert (image.shape, image.ndim) == (pixels.shape, pixels.ndim)
        assert image.dtype == np.uint8
        assert (image.labels.shape, image.labels.ndim) == (labels.shape, 2)
        assert image.tile == ((32, 48) if name in TILED else None)
        assert not image.in_order
        assert image.verified
        assert image.size_bytes > 100
        for region in REGIONS:
            found = image[region]
            assert np.array_equal(found, pixels[region]), region
            assert found.flags.c_contiguous
            assert np.array_equal(image.labels[region], labels[region]), region
        if channels == 3:
            assert np.array_equal(image[5:9, 3:50, 1:], pixels[5:9, 3:50, 1:])
            assert np.array_equal(image[5:9, 3:50, 1], pixels[5:9, 3:50, 1])
        assert np.array_equal(np.asarray(image), pixels)
        assert np.array_equal(np.asarray(image.labels), labels)
        assert np.array_equal(image.palette[image.indices[...]].reshape(pixels.shape), pixels)
        assert "147 × 101" in repr(image)
        assert len(image) == 101


def test_other_indices_are_refused() -> None:
    wrong: list[Any] = [
        slice(0, 5, 2), 101, -102, (1, 2, 3), (Ellipsis, Ellipsis), "a", None, [1, 2], 1.5,
    ]  # fmt: skip
    for index in wrong:
        with pytest.raises(IndexError):
            regions.find_region(index, (101, 147))


@pytest.mark.parametrize("name", TILED)
def test_only_what_a_region_touches_is_read(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / name, *made(101, 147, 30, 3))
    with codec.open(tmp_path / name) as image:
        read: list[tuple[int, int]] = []
        read_tile = type(image._tiles).read_tile

        def noted(tiles: regions.Tiles, place: tuple[int, int]) -> Bytes:
            read.append(place)
            return read_tile(tiles, place)

        monkeypatch.setattr(type(image._tiles), "read_tile", noted)
        image[32:64, 48:97]
    assert sorted(read) == [(1, 1), (1, 2)]


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_is_the_same_picture(name: str, tmp_path: Path) -> None:
    labels, codebook = made(70, 60, 30, 3)
    write(tmp_path / name, labels, codebook)
    with codec.open(tmp_path / name, require_seal=True) as image:
        copy = pickle.loads(pickle.dumps(image))
        assert copy is pickle.loads(pickle.dumps(image))  # opened once in a process
        assert np.array_equal(copy[...], image[...])
        copy.close()
        assert np.array_equal(pickle.loads(pickle.dumps(image))[...], image[...])


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_file_is_told(name: str, tmp_path: Path) -> None:
    write(tmp_path / name, *made(70, 60, 30, 3))
    with codec.open(tmp_path / name) as image:
        image.check_unchanged()
        dumped = pickle.dumps(image)
        main = tmp_path / name / "zarr.json" if name == "a.zarr" else tmp_path / name
        os.utime(main, (1, 1))
        with pytest.raises(ImageError) as error:
            image.check_unchanged()
        assert error.value.reason == "input-changed"
        with pytest.raises(ImageError):
            pickle.loads(dumped)


@pytest.mark.parametrize("name", TILED)
def test_threads_read_at_once(name: str, tmp_path: Path) -> None:
    labels, codebook = made(300, 400, 30, 3)
    write(tmp_path / name, labels, codebook)
    with codec.open(tmp_path / name) as image, ThreadPoolExecutor(4) as pool:
        tops = range(0, 300, 20)
        found = list(pool.map(lambda top: image.labels[top : top + 20], tops))
    assert np.array_equal(np.concatenate(found), labels)


def test_what_has_no_seal_is_refused_if_one_is_required(tmp_path: Path) -> None:
    labels, codebook = made(20, 30, 30, 3)
    np.savez(tmp_path / "a.npz", labels=labels, codebook=codebook)
    with codec.open(tmp_path / "a.npz") as image:
        assert not image.verified
        assert np.array_equal(image.labels[...], labels)
    with pytest.raises(FormatError) as error:
        codec.open(tmp_path / "a.npz", require_seal=True)
    assert error.value.reason == "unsealed"


def test_limits_are_those_of_loading(tmp_path: Path) -> None:
    write(tmp_path / "a.npz", *made(20, 30, 30, 3))
    write(tmp_path / "a.tif", *made(20, 30, 30, 3))
    with pytest.raises(LimitError):
        codec.open(tmp_path / "a.npz", max_pixels=599)
    codec.open(tmp_path / "a.tif", max_pixels=599).close()


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileError) as error:
        codec.open(tmp_path / "a.tif")
    assert error.value.reason == "not-found"


def test_a_large_image_is_compressed_again_as_its_pixels(tmp_path: Path) -> None:
    labels, codebook = made(20, 30, 30, 3)
    write(tmp_path / "a.tif", labels, codebook)
    with codec.open(tmp_path / "a.tif") as image:
        assert codec.compress(image[...], 256) == codec.compress(codebook[labels], 256)
