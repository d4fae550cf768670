"""PNG row filters on arrays against the specification byte by byte."""

import itertools

import numpy as np
import numpy.typing as npt
import png_tools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codec.png.rowfilters import (
    AVERAGE,
    LEAST_ENTROPY,
    NONE,
    PAETH,
    SUB,
    UP,
    filter_rows,
    unfilter_rows,
)

Rows = npt.NDArray[np.uint8]
KINDS = (NONE, SUB, UP, AVERAGE, PAETH)
ROWS = np.array([[1, 2, 4, 8], [1, 1, 255, 0], [7, 7, 7, 7]], dtype=np.uint8)


def noise(height: int, width: int, seed: int = 0) -> Rows:
    return np.random.RandomState(seed).randint(0, 256, (height, width)).astype(np.uint8)


def filtered_by_the_book(rows: Rows, kinds: list[int], pixel_bytes: int) -> Rows:
    data = png_tools.filter_rows([row.tobytes() for row in rows], kinds, pixel_bytes)
    return np.frombuffer(data, dtype=np.uint8).reshape(rows.shape[0], -1)


def test_the_filters_have_the_numbers_of_the_specification() -> None:
    assert KINDS == (0, 1, 2, 3, 4)


def test_none_puts_a_zero_before_each_row() -> None:
    assert filter_rows(ROWS, NONE).tolist() == [
        [0, 1, 2, 4, 8], [0, 1, 1, 255, 0], [0, 7, 7, 7, 7],
    ]  # fmt: skip


def test_sub_stores_the_difference_to_the_left() -> None:
    assert filter_rows(ROWS, SUB).tolist() == [
        [1, 1, 1, 2, 4], [1, 1, 0, 254, 1], [1, 7, 0, 0, 0],
    ]  # fmt: skip


def test_up_stores_the_difference_to_the_row_above() -> None:
    assert filter_rows(ROWS, UP).tolist() == [
        [2, 1, 2, 4, 8], [2, 0, 255, 251, 248], [2, 6, 6, 8, 7],
    ]  # fmt: skip


def test_average_adds_half_the_sum_rounded_down() -> None:
    # Above: 255 255; the sums 255 + 0 and 255 + 128 do not wrap before they are halved.
    filtered = np.array([[0, 255, 255], [3, 1, 0]], dtype=np.uint8)
    assert unfilter_rows(filtered, 1).tolist() == [[255, 255], [128, 191]]


@pytest.mark.parametrize(
    ("left", "above", "corner", "predicted"),
    [
        (10, 20, 10, 20),  # estimate 20: above is nearest
        (20, 10, 10, 20),  # estimate 20: left is nearest
        (10, 30, 20, 20),  # estimate 20: corner is nearest
        (5, 5, 5, 5),
        (10, 12, 11, 11),  # estimate 11: corner is exact
        (12, 12, 13, 12),  # a tie of left and above goes left
        (10, 14, 11, 14),  # estimate 13
        (2, 8, 5, 5),
        (255, 255, 0, 255),  # estimate 510 is not wrapped
        (0, 0, 255, 0),  # estimate -255
        (0, 3, 2, 0),  # estimate 1: left and corner are equally far, left wins
        (3, 0, 2, 0),  # estimate 1: above and corner are equally far, above wins
    ],
)
def test_paeth_predicts_the_nearest_neighbor_with_ties_in_order(
    left: int, above: int, corner: int, predicted: int
) -> None:
    filtered = np.array(
        [[0, corner, above], [4, (left - corner) % 256, 0]], dtype=np.uint8
    )  # fmt: skip
    assert unfilter_rows(filtered, 1).tolist() == [[corner, above], [left, predicted]]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (31, 17)])
def test_filtering_is_that_of_the_specification_and_is_undone_exactly(
    kind: int, shape: tuple[int, int]
) -> None:
    rows = noise(*shape)
    filtered = filter_rows(rows, kind)
    assert filtered.tobytes() == filtered_by_the_book(rows, [kind] * shape[0], 1).tobytes()
    assert unfilter_rows(filtered, 1).tobytes() == rows.tobytes()


def entropy(row: Rows) -> float:
    counts = np.unique(row, return_counts=True)[1]
    return float((counts * np.log2(len(row) / counts)).sum())


@pytest.mark.parametrize("shape", [(1, 1), (1, 64), (31, 257), (90, 8)])
def test_each_row_gets_the_filter_after_which_its_entropy_is_least(shape: tuple[int, int]) -> None:
    rows = np.cumsum(noise(*shape) % 5, axis=1).astype(np.uint8)
    rows[::3] = noise(*shape, seed=1)[::3]
    rows[1::4] = rows[: len(rows[1::4])]

    filtered = filter_rows(rows, LEAST_ENTROPY)

    alike = [filter_rows(rows, kind) for kind in KINDS]
    for y, row in enumerate(filtered):
        least = min(entropy(other[y]) for other in alike)
        assert (row == alike[row[0]][y]).all()
        # The logarithm is a straight line between powers of two: 0.09 off at most.
        assert entropy(row) <= least + 0.09 * len(row)
    if shape[0] > 2 and shape[1] > 64:
        assert len(set(filtered[:, 0].tolist())) >= 2
    assert unfilter_rows(filtered, 1).tobytes() == rows.tobytes()


def test_rows_that_stand_apart_are_filtered_alike() -> None:
    rows = noise(12, 34)
    for way in (*KINDS, LEAST_ENTROPY):
        for layout in (rows, np.asfortranarray(rows), np.repeat(rows, 2, axis=1)[:, ::2]):
            assert filter_rows(layout, way).tobytes() == filter_rows(rows, way).tobytes()


def test_filtering_leaves_the_rows_as_they_were() -> None:
    rows = ROWS.copy()
    for kind in (*KINDS, LEAST_ENTROPY):
        filter_rows(rows, kind)
        unfilter_rows(filter_rows(rows, kind), 1)
    assert rows.tolist() == ROWS.tolist()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pixel_bytes", [1, 2, 3, 4, 6, 8])
@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1), (3, 8), (8, 3)])
def test_one_filter_for_all_rows_is_undone_exactly(
    kind: int, pixel_bytes: int, shape: tuple[int, int]
) -> None:
    rows = noise(shape[0], shape[1] * pixel_bytes)
    filtered = filtered_by_the_book(rows, [kind] * shape[0], pixel_bytes)
    before = filtered.tobytes()
    assert unfilter_rows(filtered, pixel_bytes).tobytes() == rows.tobytes()
    assert filtered.tobytes() == before


@pytest.mark.parametrize("pixel_bytes", [1, 3])
def test_every_sequence_of_three_filters_is_undone_exactly(pixel_bytes: int) -> None:
    rows = noise(3, 4 * pixel_bytes, seed=1)
    for kinds in itertools.product(KINDS, repeat=3):
        filtered = filtered_by_the_book(rows, list(kinds), pixel_bytes)
        assert unfilter_rows(filtered, pixel_bytes).tobytes() == rows.tobytes(), kinds


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.data())
def test_any_rows_under_any_filters_come_back(data: st.DataObject) -> None:
    pixel_bytes = data.draw(st.sampled_from((1, 2, 3, 4, 6, 8)))
    height = data.draw(st.integers(1, 8))
    width = data.draw(st.integers(1, 8)) * pixel_bytes
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=height, max_size=height))
    content = data.draw(st.binary(min_size=height * width, max_size=height * width))
    rows = np.frombuffer(content, dtype=np.uint8).reshape(height, width)
    filtered = filtered_by_the_book(rows, kinds, pixel_bytes)
    assert unfilter_rows(filtered, pixel_bytes).tobytes() == content
