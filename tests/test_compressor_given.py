"""Compression of what has labels already: they are kept, or the cure is named."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from picture_tools import noise
from PIL import Image

import codec
from codec.compressor import compress_with_details
from codec.images.records import SourceImage
from codec.settings import CompressSettings

CLASSES = np.zeros((60, 80), np.uint8)
CLASSES[10:30, 10:40] = 15
CLASSES[30:50, 30:70] = 7
CLASSES[5:9, 5:9] = 1
PALETTE = noise(1, 16, 3)
PALETTE[15] = PALETTE[7]  # two names of a color, as of lamps that are switched
FILES = ("a.labels.png", "a.npz", "a.png", "a.kmc")


def paletted(palette: Any = PALETTE) -> Image.Image:
    image = Image.frombytes("P", (80, 60), CLASSES.tobytes())
    image.putpalette(palette.tobytes(), "RGBA" if palette.shape[1] == 4 else "RGB")
    return image


def source() -> SourceImage:
    return SourceImage(PALETTE[CLASSES], 0, indices=CLASSES, palette=PALETTE)


def panel_order() -> Image.Image:
    """White, black, red: an order that no sorting gives."""
    image = Image.frombytes("P", (80, 60), (CLASSES % 3).tobytes())
    image.putpalette(bytes([255, 255, 255, 0, 0, 0, 255, 0, 0]))
    return image


@pytest.mark.parametrize("n_colors", [16, 17, 256])
@pytest.mark.parametrize("make", [paletted, source], ids=["Pillow", "SourceImage"])
def test_indices_of_a_palette_are_the_labels(make: Any, n_colors: int) -> None:
    indexed = codec.compress(make(), n_colors)
    np.testing.assert_array_equal(indexed.labels, CLASSES)
    np.testing.assert_array_equal(indexed.codebook, PALETTE)
    details = compress_with_details(make(), CompressSettings(n_colors, dither="fs"))
    assert (details.unique_colors, details.unique_colors_after) == (3, 3)
    assert (details.lossless, details.mse, details.engine) == (True, 0, "none")
    assert details.dither == "none"
    assert details.as_given


@pytest.mark.parametrize("codebook_from", ["random", "first-pixels", "median-cut"])
def test_indices_are_kept_whoever_would_choose_the_codebook(codebook_from: Any) -> None:
    indexed = codec.compress(paletted(), 20, codebook_from=codebook_from)
    np.testing.assert_array_equal(indexed.labels, CLASSES)


def test_a_palette_that_does_not_fit_is_quantized_as_other_colors_are() -> None:
    indexed = codec.compress(paletted(), 15)
    assert indexed.n_colors == 3
    np.testing.assert_array_equal(codec.decompress(indexed), PALETTE[CLASSES])


@pytest.mark.parametrize("shape", [(60, 80), (60, 80, 1)])
def test_grey_values_are_the_labels(shape: tuple[int, ...]) -> None:
    pixels = CLASSES.reshape(shape)
    indexed = codec.compress(pixels, 16)
    np.testing.assert_array_equal(indexed.labels, CLASSES)
    assert indexed.codebook.ravel().tolist() == list(range(16))
    assert not np.shares_memory(indexed.labels, pixels)
    assert codec.compress(pixels, 15).n_colors == 4
    every = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(codec.compress(every).labels, every)


def test_hidden_colors_of_entries_are_not_kept_unless_exact() -> None:
    palette = np.column_stack([PALETTE, np.full(16, 255, np.uint8)])
    palette[[1, 3], 3] = 0
    details = compress_with_details(paletted(palette))
    np.testing.assert_array_equal(details.indexed.labels, CLASSES)
    expected = palette * (palette[:, 3:] > 0)
    np.testing.assert_array_equal(details.indexed.codebook, expected)
    assert details.hidden_pixels == (CLASSES == 1).sum()
    exact = compress_with_details(paletted(palette), CompressSettings(exact=True))
    np.testing.assert_array_equal(exact.indexed.codebook, palette)
    assert exact.hidden_pixels == 0


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("make", [paletted, source, panel_order, lambda: CLASSES])
def test_an_order_that_is_to_be_kept_is_in_every_format(
    make: Any, name: str, tmp_path: Path
) -> None:
    given = make()
    indexed = codec.compress(given, keep_order=True)
    try:
        codec.save(indexed, tmp_path / name)
    except codec.ParameterError as error:
        pytest.skip(str(error))  # no kernels, no .kmc
    found = codec.load(tmp_path / name)
    np.testing.assert_array_equal(found.labels, indexed.labels)
    np.testing.assert_array_equal(found.codebook, indexed.codebook)
    np.testing.assert_array_equal(codec.decompress(found), codec.decompress(indexed))


def test_without_being_asked_a_dense_file_leaves_out_what_is_spare(tmp_path: Path) -> None:
    indexed = codec.compress(paletted())
    for name, labels in (("a.npz", CLASSES), ("a.png", None), ("a.kmc", None)):
        try:
            codec.save(indexed, tmp_path / name)
        except codec.ParameterError as error:
            pytest.skip(str(error))
        found = codec.load(tmp_path / name)
        np.testing.assert_array_equal(codec.decompress(found), PALETTE[CLASSES])
        assert found.n_colors == (16 if labels is not None else 3)


REFUSED: dict[str, tuple[Any, int, str, str]] = {
    "RGB": (PALETTE[CLASSES], 256, "no-indices", "no palette indices"),
    "grey and alpha": (np.dstack([CLASSES, CLASSES]), 256, "no-indices", "no palette indices"),
    "Pillow's RGB": (Image.new("RGB", (4, 4)), 256, "no-indices", "no palette indices"),
    "palette": (paletted(), 15, "too-many-indices", "(-k 16 keeps them)"),
    "grey": (CLASSES + 100, 100, "too-many-indices", "(-k 116 keeps them)"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_an_order_that_cannot_be_kept_is_refused_with_the_cure(kind: str) -> None:
    given, n_colors, reason, words = REFUSED[kind]
    codec.compress(given, n_colors, effort="fast")
    with pytest.raises(codec.ImageError) as caught:
        codec.compress(given, n_colors, keep_order=True)
    assert caught.value.reason == reason
    assert words in str(caught.value)
