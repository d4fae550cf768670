"""One codebook for many pictures."""

from typing import Any

import numpy as np
import pytest
from cli_tools import many_colors
from picture_tools import noise
from PIL import Image

import codec
from codec.colors.displays import as_shown
from codec.errors import ImageError, ParameterError

SHADES = many_colors(1, 60, 90)
TILES = [SHADES[top : top + 20, left : left + 30] for top in (0, 20, 40) for left in (0, 30, 60)]


def error(pixels: np.ndarray, codebook: np.ndarray) -> float:
    decoded = codec.decompress(codec.compress(pixels, codebook=codebook, tune="psnr"))
    return float(((decoded.astype(int) - pixels) ** 2).mean())


@pytest.mark.parametrize("n_colors", [8, 40])
def test_pictures_are_trained_with_as_if_they_were_one(n_colors: int) -> None:
    whole = np.vstack(TILES)
    codebook = codec.train(iter(TILES), n_colors, tune="psnr")
    alone = codec.compress(whole, n_colors, tune="psnr")
    assert {tuple(word) for word in codebook.tolist()} == {
        tuple(word) for word in alone.codebook.tolist()
    }


def test_the_order_of_pictures_does_not_matter() -> None:
    for tune in ("visual", "psnr"):
        first = codec.train(TILES, 20, tune=tune)
        assert np.array_equal(first, codec.train(TILES[::-1], 20, tune=tune))
        assert len(first) == 20


@pytest.mark.parametrize(
    ("pictures", "channels"),
    [
        ([noise(1, 9, 9), noise(2, 9, 9)], 1),
        ([noise(1, 9, 9), noise(2, 9, 9, 3)], 3),
        ([noise(1, 9, 9, 2), noise(2, 9, 9, 3)], 4),
        ([noise(1, 9, 9, 2), noise(2, 9, 9)], 2),
        ([noise(1, 9, 9, 3), noise(2, 9, 9)], 1),
    ],
    ids=str,
)
def test_a_codebook_has_the_channels_of_all(pictures: list[Any], channels: int) -> None:
    if channels == 1 and pictures[0].ndim == 3:
        pictures = [np.repeat(p[..., :1], 3, axis=2) if p.ndim == 3 else p for p in pictures]
    codebook = codec.train(pictures, 30)
    assert codebook.shape == (30, channels)
    for picture in pictures:
        assert np.array_equal(codec.compress(picture, codebook=codebook).codebook, codebook)


def test_few_colors_of_all_pictures_are_all_kept() -> None:
    sprites = [noise(seed, 5, 5, 3, high=3) for seed in range(4)]
    codebook = codec.train(sprites, 27)
    assert len(codebook) == len(np.unique(np.vstack(sprites).reshape(-1, 3), axis=0))
    for sprite in sprites:
        assert (codec.decompress(codec.compress(sprite, codebook=codebook)) == sprite).all()


@pytest.mark.parametrize("n_colors", [12, 256])
def test_colors_are_kept_and_a_display_is_obeyed(n_colors: int) -> None:
    codebook = codec.train(TILES, n_colors, keep="#ff00ff", palette_depth="565")
    assert [255, 0, 255] in codebook.tolist()
    assert (as_shown(codebook, "565") == codebook).all()
    assert len(codebook) <= n_colors


def test_hidden_colors_are_one() -> None:
    picture = noise(3, 8, 8, 4)
    picture[:4, :, 3] = 0
    codebook = codec.train([picture, picture], 256)
    assert codebook[codebook[:, 3] == 0].tolist() == [[0, 0, 0, 0]]
    assert len(codec.train([picture], 256, exact=True)) > len(codebook)


def test_images_of_pillow_and_files_are_pictures(tmp_path: Any) -> None:
    Image.fromarray(TILES[0]).save(tmp_path / "x.png")
    expected = codec.train(TILES[:1], 9)
    assert np.array_equal(codec.train([codec.read_image(tmp_path / "x.png")], 9), expected)
    assert np.array_equal(codec.train([Image.open(tmp_path / "x.png")], 9), expected)


def test_nothing_to_train_with_is_refused() -> None:
    with pytest.raises(ImageError, match="no pictures"):
        codec.train([])
    with pytest.raises(ParameterError, match="n_colors"):
        codec.train(TILES, 0)
    with pytest.raises(ImageError, match="path"):
        codec.train(["x.png"])  # type: ignore[list-item]


def test_a_shared_codebook_serves_each_picture_about_as_well_as_all() -> None:
    codebook = codec.train(TILES, 64, tune="psnr")
    together = error(np.vstack(TILES), codebook)
    assert np.mean([error(tile, codebook) for tile in TILES]) == pytest.approx(together)
