"""Counting the colors of pixels, against plain NumPy."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from kernel_tools import Bytes, assert_same, cases, labeled_by_numpy, pictures
from marks import needs_kernels, slowly

from codec.colors import histogram
from codec.colors.histogram import count_colors
from codec.colors.pixels import pack_colors
from codec.labels.nearest import label_pixels


def counted_by_numpy(pixels: Bytes) -> tuple[Bytes, npt.NDArray[np.int64]]:
    keys, counts = np.unique(pack_colors(np.ascontiguousarray(pixels)), return_counts=True)
    colors = keys.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 4 - pixels.shape[2] :]
    return colors, counts


@pytest.mark.parametrize("channels", [slowly(1), slowly(2), 3, slowly(4)])
@pytest.mark.usefixtures("several_threads")
def test_counting_and_labeling(path: str, channels: int) -> None:
    for pixels in cases(channels):
        before = pixels.copy()

        counted = count_colors(pixels)

        colors, counts = counted_by_numpy(pixels)
        assert_same(counted.colors, colors)
        assert_same(counted.counts, counts)
        color_labels = (np.arange(len(colors)) * 7 % 256).astype(np.uint8)
        expected = labeled_by_numpy(pixels, counted, color_labels)
        assert_same(label_pixels(pixels, counted, color_labels), expected)
        assert (pixels == before).all()


@needs_kernels
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_large_pictures_are_counted_in_parts(
    channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(histogram, "_PART_PIXELS", 300)
    for pixels in pictures(31, 67, channels):
        counted = count_colors(pixels)

        colors, counts = counted_by_numpy(pixels)
        assert_same(counted.colors, colors)
        assert_same(counted.counts, counts)


@pytest.mark.parametrize("alpha", range(256))
def test_every_alpha_beside_opaque_pixels(path: str, alpha: int) -> None:
    pixels = np.array([[[9, 9, 9, 255], [9, 9, 9, alpha], [0, 0, 0, alpha]]], np.uint8)

    counted = count_colors(pixels)

    colors, counts = counted_by_numpy(pixels)
    assert_same(counted.colors, colors)
    assert_same(counted.counts, counts)
    color_labels = np.arange(len(colors), dtype=np.uint8)[::-1]
    expected = labeled_by_numpy(pixels, counted, color_labels)
    assert_same(label_pixels(pixels, counted, color_labels), expected)


def test_runs_of_every_length(path: str) -> None:
    rows = [[1] * run + [2] * (700 - run) for run in (0, 1, 15, 16, 17, 239, 240, 241, 255, 512)]
    for channels in (1, 2, 3, 4):
        pixels = np.repeat(np.array(rows, np.uint8)[:, :, None], channels, axis=2)
        for picture in (pixels, np.ascontiguousarray(pixels.transpose(1, 0, 2))):
            counted = count_colors(picture)

            colors, counts = counted_by_numpy(picture)
            assert_same(counted.colors, colors)
            assert_same(counted.counts, counts)


def test_all_colors_of_one_bucket(path: str) -> None:
    low = np.arange(4096)
    pixels = np.stack([low * 0 + 200, 16 + (low >> 8), low & 255], axis=1).astype(np.uint8)
    pixels = np.random.RandomState(5).permutation(np.repeat(pixels, 3, axis=0)).reshape(96, -1, 3)

    counted = count_colors(pixels)

    colors, counts = counted_by_numpy(pixels)
    assert_same(counted.colors, colors)
    assert_same(counted.counts, counts)


@needs_kernels
def test_a_picture_that_changes_while_it_is_counted_harms_nothing() -> None:
    from codec.kernels.histogram import count_entries, put_entries

    pixels = np.random.RandomState(6).randint(0, 256, (9, 32)).astype(np.uint8)
    heads = np.zeros(4096, np.uint32)
    guarded = np.full(64, 999, np.uint16)
    runs = np.full(64, 999, np.uint64)
    for start in (0, 3, 7, 0xFFFFFFFF):
        heads[:] = start
        put_entries(pixels, 4, heads, guarded[:5], runs[:2])
        assert (guarded[5:] == 999).all()
        assert (runs[2:] == 999).all()
    assert count_entries(pixels, 4, np.zeros(4096, np.uint32)) > 2


@needs_kernels
def test_what_does_not_fit_is_refused() -> None:
    from codec.kernels import histogram as counting

    rows, heads = np.zeros((2, 12), np.uint8), np.zeros(4096, np.uint32)
    starts, unique = np.zeros(4097, np.uint32), np.zeros(4096, np.uint32)
    entries, runs = np.zeros(8, np.uint16), np.zeros(0, np.uint64)
    colors, counts = np.zeros((1, 3), np.uint8), np.zeros(1, np.int64)
    falling, far = starts.copy(), starts.copy()
    falling[7], far[-1] = 1, 9
    calls: list[Callable[[], object]] = [
        lambda: counting.count_small(rows, 3, np.zeros(256, np.uint64)),
        lambda: counting.count_small(rows, 2, np.zeros(256, np.uint64)),
        lambda: counting.count_entries(rows, 2, heads),
        lambda: counting.count_entries(rows, 3, heads[1:]),
        lambda: counting.count_entries(rows[:, 1:].copy(), 3, heads),
        lambda: counting.put_entries(rows, 5, heads, entries, runs),
        lambda: counting.count_buckets(entries, falling, 0, 4096, heads, unique),
        lambda: counting.count_buckets(entries, far, 0, 4096, heads, unique),
        lambda: counting.count_buckets(entries, starts, 5, 4, heads, unique),
        lambda: counting.count_buckets(entries, starts, 0, 4097, heads, unique),
        lambda: counting.write_colors(
            entries, starts, 0, 4096, heads, unique + np.uint32(1), colors, counts
        ),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r".+"):
            call()
