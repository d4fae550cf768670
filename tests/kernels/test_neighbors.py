"""Counting which labels touch, and arranging them, against plain NumPy."""

from collections.abc import Callable

import numpy as np
import pytest
from kernel_tools import SHAPES, Bytes, assert_same, hand_out_twins, layouts, pictures
from marks import needs_kernels, slowly

from codec.labels import ordering


def _touching(picture: Bytes, size: int) -> list[list[int]]:
    counts = [[0] * size for _ in range(size)]
    height, width = picture.shape
    for y, x in np.ndindex(height, width):
        for below, right in ((y, x + 1), (y + 1, x)):
            if below < height and right < width and picture[y, x] != picture[below, right]:
                counts[picture[y, x]][picture[below, right]] += 1
                counts[picture[below, right]][picture[y, x]] += 1
    return counts


@pytest.mark.parametrize("size", [1, 2, slowly(3), slowly(40), slowly(255), 256])
def test_counting_labels_and_neighbors(path: str, size: int) -> None:
    for height, width in SHAPES:
        for kind, picture in enumerate(pictures(height, width, 1)):
            some = picture[:, :, 0] % np.uint8(size) if size < 256 else picture[:, :, 0]
            expected = _touching(some, size)
            frequencies = [int((some == label).sum()) for label in range(size)]
            for layout in layouts(some) if kind == 2 else [some]:
                assert ordering._count_labels([layout], size).tolist() == frequencies
                assert ordering._count_neighbors([layout], size).tolist() == expected
            twice = np.array(expected) * 2
            assert ordering._count_neighbors([some] * 2, size).tolist() == twice.tolist()


@needs_kernels
@pytest.mark.parametrize("size", [2, 3, 5, 17, slowly(256)])
@pytest.mark.parametrize("most_swaps", [0, 1, 7, 512])
def test_arranging(size: int, most_swaps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "_MAX_SWAPS", most_swaps)
    state = np.random.RandomState(size)
    for most in (1, 2, 50, 10000, 1 << 30):
        for density in (0.02, 0.3, 1.0):
            touching = state.randint(0, most, (size, size)).astype(np.int64)
            touching = np.triu(touching * (state.rand(size, size) < density), 1)
            touching += touching.T

            line = ordering._linear_arrangement(touching)

            with monkeypatch.context() as patch:
                hand_out_twins(patch)
                assert_same(line, ordering._linear_arrangement(touching))


@needs_kernels
def test_the_order_is_the_same_without_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    state = np.random.RandomState(8)
    for size in (2, 3, 30, 256):
        picture = np.cumsum(state.randint(-1, 2, (90, 70)), axis=1) % size
        codebook = state.randint(0, 256, (size, 3)).astype(np.uint8)
        order = ordering.order_codewords(picture.astype(np.uint8), codebook)
        with monkeypatch.context() as patch:
            hand_out_twins(patch)
            assert_same(order, ordering.order_codewords(picture.astype(np.uint8), codebook))


@needs_kernels
def test_what_does_not_fit_is_refused() -> None:
    from codec.kernels import neighbors

    rows = np.zeros((2, 12), np.uint8)
    calls: list[Callable[[], object]] = [
        lambda: neighbors.count_labels(rows, np.zeros(255, np.int64)),
        lambda: neighbors.count_labels(rows[:, ::2], np.zeros(256, np.int64)),
        lambda: neighbors.count_pairs(rows, np.zeros((256, 255), np.int64)),
        lambda: neighbors.count_pairs(rows[:, ::2], np.zeros((256, 256), np.int64)),
        lambda: neighbors.arrange(np.zeros((1, 1), np.int64), 5),
        lambda: neighbors.arrange(np.zeros((3, 2), np.int64), 5),
        lambda: neighbors.arrange(np.zeros((257, 257), np.int64), 5),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r".+"):
            call()
