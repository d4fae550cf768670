"""Looking up what stands for a label, and the label of a color, against plain NumPy."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from kernel_tools import SHAPES, assert_same, labeled_by_numpy, layouts
from marks import needs_kernels

from codec.colors.histogram import count_colors
from codec.colors.lookup import look_up
from codec.labels.nearest import label_pixels


@pytest.mark.parametrize("channels", [0, 1, 2, 3, 4])
@pytest.mark.usefixtures("several_threads")
def test_looking_up(path: str, channels: int) -> None:
    state = np.random.RandomState(channels)
    for (height, width), size in itertools.product(SHAPES, (1, 2, 200, 255, 256)):
        table = state.randint(0, 256, (size, channels) if channels else size).astype(np.uint8)
        picture = state.randint(0, size, (height, width)).astype(np.uint8)
        for some in layouts(picture):
            assert_same(look_up(table, some), table[some])
            assert_same(look_up(table, some[0]), table[some[0]])
        some_table = np.repeat(table, 2, axis=0)[::2][::-1]
        assert_same(look_up(some_table, picture), some_table[picture])


def test_a_label_beyond_the_table_is_an_error(path: str) -> None:
    for size, channels in itertools.product((1, 100, 255), (1, 2, 3, 4)):
        picture = np.zeros((40, 50), np.uint8)
        picture[-1, -1] = size
        with pytest.raises(IndexError):
            look_up(np.zeros((size, channels), np.uint8), picture)


def test_many_translucent_colors(path: str) -> None:
    key = np.random.RandomState(9).permutation(100_000).astype(">u4") * np.uint32(41_000)
    pixels = key.view(np.uint8).reshape(250, 400, 4)
    counted = count_colors(pixels)
    color_labels = (np.arange(len(counted)) * 7 % 256).astype(np.uint8)

    expected = labeled_by_numpy(pixels, counted, color_labels)
    assert_same(label_pixels(pixels, counted, color_labels), expected)


@pytest.mark.parametrize("shape", [(3, 1300), (2, 512), (2, 513)])
def test_rows_that_are_looked_up_in_parts(path: str, shape: tuple[int, int]) -> None:
    pixels = np.random.RandomState(4).randint(0, 9, (*shape, 3)).astype(np.uint8)
    counted = count_colors(pixels)
    color_labels = (np.arange(len(counted)) * 7 % 256).astype(np.uint8)

    expected = labeled_by_numpy(pixels, counted, color_labels)
    assert_same(label_pixels(pixels, counted, color_labels), expected)


@needs_kernels
def test_an_unknown_color_gets_label_zero() -> None:
    known = count_colors(np.full((1, 1, 4), 7, np.uint8))
    pixels = np.random.RandomState(7).randint(0, 256, (20, 30, 4)).astype(np.uint8)

    assert not label_pixels(pixels, known, np.array([0], np.uint8)).any()


@needs_kernels
def test_what_does_not_fit_is_refused() -> None:
    from codec.kernels import mapping

    rows, starts = np.zeros((2, 12), np.uint8), np.zeros(4097, np.uint32)
    table, out = np.zeros(1 << 24, np.uint8), np.zeros((2, 4), np.uint8)
    colors = np.zeros((1, 3), np.uint8)
    keys, few = np.zeros(1, np.uint32), np.zeros(1, np.uint8)
    far = starts.copy()
    far[-1] = 9
    calls: list[Callable[[], object]] = [
        lambda: mapping.fill_table(colors, few, table[1:]),
        lambda: mapping.fill_table(colors, few[1:], table),
        lambda: mapping.map_pixels(rows, 3, table[1:], starts, keys, few, out),
        lambda: mapping.map_pixels(rows, 4, table, starts, keys, few, out),
        lambda: mapping.map_pixels(rows, 3, table, starts[1:], keys, few, out),
        lambda: mapping.map_pixels(rows, 3, table, far, keys, few, out),
        lambda: mapping.map_pixels(rows, 3, table, starts, keys, few[1:], out),
        lambda: mapping.look_up_rows(np.zeros((257, 1), np.uint8), out, out),
        lambda: mapping.look_up_rows(np.zeros((1, 5), np.uint8), out, out),
        lambda: mapping.look_up_rows(colors, out, out),
        lambda: mapping.map_pixels(rows[:, ::2], 3, table, starts, keys, few, out[:, :2].copy()),
        lambda: mapping.look_up_rows(colors[:, :1].copy(), rows[:, ::3], out),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r".+"):
            call()
