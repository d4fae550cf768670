"""IndexedImage: what its arrays must not be, and what can be done with it."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from cli_tools import OUTPUTS, PICTURES, few_colors

import codec


@pytest.mark.parametrize("name", ["labels", "codebook"])
def test_masked_arrays_are_refused(name: str) -> None:
    arrays: dict[str, Any] = {
        "labels": np.zeros((3, 4), np.uint8),
        "codebook": np.zeros((1, 3), np.uint8),
    }
    codec.IndexedImage(**arrays)
    arrays[name] = np.ma.masked_array(arrays[name], arrays[name] == 0)
    with pytest.raises(codec.ImageError, match=rf"{name}\.filled\(0\)") as caught:
        codec.IndexedImage(**arrays)
    assert caught.value.reason == f"bad-{name}"


def indexed_of(
    labels: list[list[int]], codebook: list[list[int]], **more: Any
) -> codec.IndexedImage:
    return codec.IndexedImage(np.array(labels, np.uint8), np.array(codebook, np.uint8), **more)


@pytest.fixture
def flag() -> codec.IndexedImage:
    return indexed_of([[0, 1, 2], [2, 1, 0]], [[0, 0, 255], [255, 255, 255], [255, 0, 0]])


# As an array


@pytest.mark.parametrize("pixels", PICTURES.values(), ids=PICTURES)
def test_as_an_array_it_is_its_pixels(pixels: npt.NDArray[np.uint8]) -> None:
    indexed = codec.compress(pixels)
    assert indexed.shape == pixels.shape == np.shape(indexed)
    np.testing.assert_array_equal(np.asarray(indexed), codec.decompress(indexed), strict=True)
    np.testing.assert_array_equal(np.asarray(indexed), pixels)


def test_arrays_are_of_the_type_that_is_asked_for(flag: codec.IndexedImage) -> None:
    assert np.asarray(flag, dtype=np.float32).dtype == np.float32
    assert np.array(flag, dtype="i4", copy=True).sum() == flag.codebook.sum() * 2
    with pytest.raises(ValueError, match="copy=False"):
        np.array(flag, copy=False)
    with pytest.raises(ValueError, match="copy=False"):
        np.asarray(flag, copy=False)


def test_arrays_are_new_ones(flag: codec.IndexedImage) -> None:
    np.asarray(flag)[:] = 0
    assert np.asarray(flag).max() == 255


def test_an_array_of_arrays_that_were_changed_is_refused(flag: codec.IndexedImage) -> None:
    flag.labels[0, 0] = 3
    with pytest.raises(codec.ImageError, match="label 3 is beyond the codebook of 3"):
        np.asarray(flag)


def test_compressing_it_again_changes_no_pixel(flag: codec.IndexedImage) -> None:
    np.testing.assert_array_equal(np.asarray(codec.compress(flag)), np.asarray(flag))  # type: ignore[arg-type]


# Equality


def test_equal_are_those_of_equal_labels_and_codebooks(flag: codec.IndexedImage) -> None:
    same = codec.IndexedImage(
        np.asfortranarray(flag.labels), flag.codebook.copy(), verified=True, keep_order=True
    )
    assert flag == same
    assert hash(flag) == hash(same)
    assert len({flag, same}) == 1
    others = (
        codec.IndexedImage(flag.labels[::-1], flag.codebook),
        codec.IndexedImage(flag.labels.T, flag.codebook),
        codec.IndexedImage(flag.labels, flag.codebook[::-1]),
        codec.IndexedImage(flag.labels, np.vstack([flag.codebook, [[1, 1, 1]]]).astype(np.uint8)),
    )
    assert len({flag, *others}) == 5
    assert all(flag != other for other in others)
    assert flag != "flag"


def test_equal_pixels_of_other_labels_are_not_equal(flag: codec.IndexedImage) -> None:
    other = codec.IndexedImage(2 - flag.labels, flag.codebook[::-1])
    assert np.array_equal(np.asarray(flag), np.asarray(other))
    assert flag != other


# What a file tells


@pytest.mark.parametrize("format", OUTPUTS)
def test_loaded_it_knows_its_bytes(format: str, tmp_path: Path) -> None:
    indexed = codec.compress(few_colors())
    assert indexed.size_bytes is None
    paths = codec.save(indexed, tmp_path / OUTPUTS[format][-1])
    size = sum(path.stat().st_size for path in paths)
    loaded = codec.load(paths[-1])
    assert loaded.size_bytes == size
    assert f"{size:,} bytes" in repr(loaded)


def test_its_text_is_a_line(flag: codec.IndexedImage) -> None:
    assert repr(flag) == "<IndexedImage 3 × 2, RGB, K = 3>"


# Pixels of some labels


def test_pixels_are_selected_by_their_labels(flag: codec.IndexedImage) -> None:
    assert flag.select(1).tolist() == [[False, True, False], [False, True, False]]
    for labels in ([0, 2], np.array([2, 0]), (0, 2, 2), range(0, 3, 2)):
        assert flag.select(labels).tolist() == [[True, False, True], [True, False, True]]
    assert flag.select(np.uint8(1)).dtype == bool  # type: ignore[arg-type]
    assert not flag.select([]).any()


@pytest.mark.parametrize("labels", [3, -1, [0, 256], 1.0, "0", [True], None])
def test_what_is_no_label_is_not_selected(flag: codec.IndexedImage, labels: Any) -> None:
    with pytest.raises(codec.ParameterError, match="whole numbers from 0 to 2, not") as caught:
        flag.select(labels)
    assert caught.value.reason == "labels"


# Other colors


def test_a_recolored_image_has_the_same_labels(flag: codec.IndexedImage) -> None:
    before = flag.codebook.copy()
    new = flag.recolor({0: "#00ff00"})
    assert new.labels is flag.labels
    assert new.codebook.tolist() == [[0, 255, 0], [255, 255, 255], [255, 0, 0]]
    np.testing.assert_array_equal(flag.codebook, before)


def test_recolored_it_is_no_file_any_more(tmp_path: Path, flag: codec.IndexedImage) -> None:
    codec.save(flag, tmp_path / "x.npz")
    new = codec.load(tmp_path / "x.npz").recolor({0: "#000000"})
    assert (new.size_bytes, new.verified) == (None, None)


def test_a_codebook_that_is_too_small_for_the_labels_is_refused(flag: codec.IndexedImage) -> None:
    with pytest.raises(codec.ImageError, match="label 2 is beyond the codebook of 2"):
        flag.recolor([[0, 0, 0], [1, 1, 1]])
