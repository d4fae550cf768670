"""Structural similarity, beside scikit-image's."""

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from codec.colors import ssim
from codec.colors.ssim import WINDOW, similarity


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(7, 7), (7, 300), (300, 7), (64, 265), (71, 19), (136, 523)])
def test_similarity_is_that_of_scikit_image(shape: tuple[int, int], channels: int) -> None:
    state = np.random.RandomState(shape[1])
    first = state.randint(0, 256, (*shape, channels)).astype(np.uint8)
    for most in (0, 1, 9, 255):
        second = first ^ state.randint(0, most + 1, first.shape).astype(np.uint8)
        expected = structural_similarity(
            first, second, channel_axis=2, data_range=255, win_size=WINDOW
        )
        assert similarity(first, second) == pytest.approx(expected, rel=1e-10, abs=1e-10)


def test_equal_pictures_are_alike_exactly() -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (90, 300, 3)).astype(np.uint8)
    assert similarity(pixels, pixels.copy()) == 1.0


@pytest.mark.parametrize("values", [(0, 255), (255, 0), (255, 255), (254, 255)])
def test_the_largest_sums_are_whole(values: tuple[int, int]) -> None:
    first, second = (np.full((8, 9, 3), value, np.uint8) for value in values)
    expected = structural_similarity(first, second, channel_axis=2, data_range=255)
    assert similarity(first, second) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("rows", "samples"), [(1, 3), (5, 7), (64, 8), (400, 10_000)])
def test_tiles_make_no_difference(
    rows: int, samples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = np.random.RandomState(4)
    first, second = state.randint(0, 256, (2, 40, 33, 3)).astype(np.uint8)
    expected = similarity(first, second)
    monkeypatch.setattr(ssim, "_TILE_ROWS", rows)
    monkeypatch.setattr(ssim, "_TILE_SAMPLES", samples)
    assert similarity(first, second) == pytest.approx(expected, rel=1e-12)
