"""Arrays in files: `.npy`, Zarr, OME-Zarr; and HDF5, whose arrays are sources as they are."""

import os
import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import zarr
from picture_tools import noise
from source_tools import in_bands

from codec.errors import CodecError, ImageError, LimitError
from codec.images.sources.opening import open_source


def zarr_array(path: Path, pixels: Any, **options: Any) -> Any:
    """An array of Zarr on disk."""
    array = zarr.create_array(path, shape=pixels.shape, dtype=pixels.dtype, **options)
    array[...] = pixels
    return array


def refused(path: Path, **options: Any) -> str:
    """The reason of a refusal, on one line."""
    with pytest.raises(CodecError) as caught:
        open_source(path, **options)
    assert "\n" not in str(caught.value)
    return caught.value.reason


@pytest.mark.parametrize("shape", [(30, 17), (30, 17, 1), (30, 17, 2), (30, 17, 3), (30, 17, 4)])
def test_an_npy_is_read(shape: tuple[int, ...], tmp_path: Path) -> None:
    pixels = noise(0, *shape)
    np.save(tmp_path / "a.npy", pixels)
    if shape[2:] == (1,):
        pixels = pixels[:, :, 0]
    with open_source(tmp_path / "a.npy") as source:
        assert (source.shape, source.kind, source.in_order) == (pixels.shape, "NumPy", False)
        np.testing.assert_array_equal(in_bands(source, 7), pixels)
        np.testing.assert_array_equal(source[5:9, 3:16], pixels[5:9, 3:16])
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(source))[:], pixels)
        assert source.notices == []
        source.check_unchanged()
        os.utime(tmp_path / "a.npy", ns=(0, 0))
        with pytest.raises(ImageError, match="changed"):
            source.check_unchanged()


def test_other_npy_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    for array, reason in (
        (noise(0, 9, 9).astype(np.uint16), "bad-dtype"),
        (noise(0, 9, 9, 5), "bad-shape"),
        (noise(0, 9), "bad-shape"),
        (noise(0, 0, 9), "bad-shape"),
        (np.asfortranarray(noise(0, 9, 9)), "unsupported"),
    ):
        np.save(path, array)
        assert refused(path) == reason
    np.save(path, noise(0, 30, 30))
    data = path.read_bytes()
    for length in range(40, len(data), 100):
        path.write_bytes(data[:length])
        assert refused(path) in ("truncated", "damaged")


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("shape", [(50, 40), (50, 40, 3)])
def test_an_array_of_zarr_is_read(shape: tuple[int, ...], version: Any, tmp_path: Path) -> None:
    pixels = noise(0, *shape)
    path = tmp_path / "a.zarr"
    zarr_array(path, pixels, chunks=(16, 32, *shape[2:]), zarr_format=version)
    with open_source(path) as source:
        assert (source.shape, source.kind, source.tile) == (shape, "Zarr", (16, 32))
        assert source.size_bytes == sum(p.stat().st_size for p in path.rglob("*") if p.is_file())
        np.testing.assert_array_equal(in_bands(source, 16), pixels)
        np.testing.assert_array_equal(source[3:33, 30:35], pixels[3:33, 30:35])
        copy = pickle.dumps(source)
        np.testing.assert_array_equal(pickle.loads(copy)[:], pixels)
        source.check_unchanged()
        zarr.open(path)[0, 0] = 5 + pixels[0, 0]
        with pytest.raises(ImageError) as caught:
            source.check_unchanged()
        assert caught.value.reason == "input-changed"


@pytest.mark.parametrize("axes", ["yx", "cyx", "tczyx", "yxc", "zyx"])
@pytest.mark.parametrize("nested", [True, False])
def test_a_picture_of_ome_zarr_is_read(nested: bool, axes: str, tmp_path: Path) -> None:
    pixels = noise(0, 50, 40, 3 if "c" in axes else 1)
    sizes = {"t": 1, "z": 1, "y": 50, "x": 40, "c": pixels.shape[2]}
    plain = "".join(name for name in axes if name in "yxc")
    if "c" not in axes:
        pixels = pixels[:, :, 0]
    array = pixels.transpose([dict(zip("yxc", range(3), strict=True))[name] for name in plain])
    array = array.reshape([sizes[name] for name in axes])
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=3 if nested else 2)
    for name, data in (("0", array), ("1", array // 2)):
        group.create_array(name, data=np.ascontiguousarray(data))
    scales = [{
        "axes": [{"name": name} for name in axes], "datasets": [{"path": "0"}, {"path": "1"}],
    }]  # fmt: skip
    group.attrs.update({"ome": {"multiscales": scales}} if nested else {"multiscales": scales})
    for level in (0, 1):
        with open_source(tmp_path / "a.zarr", level=level) as source:
            assert source.kind == "OME-Zarr"
            np.testing.assert_array_equal(source[:], pixels // (1 + level))
            np.testing.assert_array_equal(source[3:9, 2:], (pixels // (1 + level))[3:9, 2:])
    assert refused(tmp_path / "a.zarr", level=2) == "no-level"


def test_other_arrays_of_zarr_are_refused(tmp_path: Path) -> None:
    for number, (array, reason) in enumerate((
        (noise(0, 9, 9).astype(np.uint16), "bad-dtype"),
        (noise(0, 9, 9, 5), "bad-shape"),
        (noise(0, 2, 2, 9, 9), "bad-shape"),
    )):  # fmt: skip
        zarr_array(tmp_path / f"{number}.zarr", array)
        assert refused(tmp_path / f"{number}.zarr") == reason
    zarr.open_group(tmp_path / "group.zarr", mode="w")
    assert refused(tmp_path / "group.zarr") == "unsupported"
    ours = zarr_array(tmp_path / "ours.zarr", noise(0, 9, 9))
    ours.attrs["kmcodec"] = {}
    assert refused(tmp_path / "ours.zarr") == "no-stream"
    (tmp_path / "empty.zarr").mkdir()
    assert refused(tmp_path / "empty.zarr") == "is-directory"
    (tmp_path / "empty.zarr" / "zarr.json").write_text("{")
    assert refused(tmp_path / "empty.zarr") == "damaged"
    zarr.create_array(tmp_path / "huge.zarr", shape=(10**6, 10**6), chunks=(10**5, 10**5),
                      dtype="u1")  # fmt: skip
    with pytest.raises(LimitError, match="a chunk of the Zarr"):
        open_source(tmp_path / "huge.zarr")


def test_a_damaged_chunk_is_an_error(tmp_path: Path) -> None:
    zarr_array(tmp_path / "a.zarr", noise(0, 50, 40), chunks=(16, 16))
    chunk = tmp_path / "a.zarr" / "c" / "1" / "1"
    chunk.write_bytes(chunk.read_bytes()[:-20])
    with open_source(tmp_path / "a.zarr") as source:
        source[:16]
        with pytest.raises(ImageError) as caught:
            source[:]
        assert caught.value.reason == "damaged"


def test_an_array_of_hdf5_is_a_source_as_it_is(tmp_path: Path) -> None:
    pixels = noise(0, 50, 40, 3)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("picture", data=pixels, chunks=(16, 16, 3), compression="gzip")
        assert (data.shape, data.dtype) == (pixels.shape, np.uint8)
        part = data[3:33, 5:9]
        assert part.flags.c_contiguous
        np.testing.assert_array_equal(part, pixels[3:33, 5:9])
