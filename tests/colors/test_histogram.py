"""Counting colors."""

import numpy as np
import numpy.typing as npt
import pytest
from kernel_tools import hand_out_twins

from codec.colors import histogram as module
from codec.colors.histogram import ColorHistogram, count_colors
from codec.colors.pixels import pack_colors
from codec.kernels.plain import histogram as plain


def _counted_by_numpy(pixels: npt.NDArray[np.uint8]) -> tuple[list[list[int]], list[int]]:
    colors, counts = np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0, return_counts=True)
    return colors.tolist(), counts.tolist()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", [(1, 1), (1, 37), (37, 1), (40, 50)])
def test_every_color_is_counted_in_lexicographic_order(
    channels: int, shape: tuple[int, int]
) -> None:
    state = np.random.RandomState(channels)
    pixels = state.randint(0, 5, (*shape, channels)).astype(np.uint8) * 63

    counted = count_colors(pixels)

    assert (counted.colors.tolist(), counted.counts.tolist()) == _counted_by_numpy(pixels)


@pytest.mark.slow
@pytest.mark.parametrize("channels", [3, 4])
def test_strips_and_parts_count_as_one_pass_does(
    channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.random.RandomState(0).randint(0, 9, (64, 33, channels)).astype(np.uint8)
    expected = _counted_by_numpy(pixels)
    monkeypatch.setattr(plain, "_PIXELS_AT_ONCE", 100)
    for limit in (1, 500, 1 << 22):
        monkeypatch.setattr(module, "_PART_PIXELS", limit)

        counted = count_colors(pixels)

        assert (counted.colors.tolist(), counted.counts.tolist()) == expected
        with monkeypatch.context() as patch:
            hand_out_twins(patch)
            counted = count_colors(pixels)
        assert (counted.colors.tolist(), counted.counts.tolist()) == expected


def test_merging_parts_is_counting_the_whole() -> None:
    pixels = np.random.RandomState(1).randint(0, 8, (30, 20, 3)).astype(np.uint8)
    parts = [count_colors(pixels[top : top + 10]) for top in (0, 10, 20)]

    for first, second, third in ((0, 1, 2), (2, 0, 1)):
        merged = (parts[first] + parts[second]) + parts[third]
        assert merged.colors.tolist() == count_colors(pixels).colors.tolist()
        assert merged.counts.tolist() == count_colors(pixels).counts.tolist()


def test_strides_do_not_matter() -> None:
    pixels = np.random.RandomState(2).randint(0, 4, (20, 30, 3)).astype(np.uint8)
    turned = np.asfortranarray(pixels)[::-1, ::-1]

    assert count_colors(turned).counts.tolist() == count_colors(pixels).counts.tolist()


def test_keys_sort_as_colors_do() -> None:
    colors = np.array([[0, 0, 0, 1], [0, 0, 1, 0], [1, 0, 0, 0], [255, 255, 255, 255]], np.uint8)

    assert pack_colors(colors).tolist() == [1, 256, 1 << 24, 2**32 - 1]


def test_length_is_the_number_of_colors() -> None:
    counted = ColorHistogram(np.zeros((1, 3), np.uint8), np.array([7]))

    assert len(counted) == 1
