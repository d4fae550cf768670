"""Kernels that count and place all colors there are, against their twins and definitions."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_tools import SHAPES, pictures

from codec.colors.colorspace import LMS_FROM_RGB, OKLAB_FROM_LMS, srgb_to_linear
from codec.colors.pixels import as_rows, pack_colors, unpack_colors
from codec.kernels.plain import flats as plain_flats
from codec.kernels.plain import oklab as plain_oklab
from codec.kernels.plain import tables as plain_tables

flats = pytest.importorskip("codec.kernels.flats")
oklab = pytest.importorskip("codec.kernels.oklab")
tables = pytest.importorskip("codec.kernels.tables")

KEYS = 1 << 24


@pytest.mark.parametrize("home", [tables, plain_tables])
@pytest.mark.parametrize("dtype", [np.uint32, np.uint64])
@pytest.mark.parametrize("shape", [(37, 41), (3, 1100)])
def test_pixels_are_counted_in_a_table(shape: tuple[int, int], dtype: type, home: object) -> None:
    for picture in pictures(*shape, 3):
        table: npt.NDArray[np.uint32] = np.zeros(KEYS, dtype)
        for _ in range(2):
            home.count_in_table(as_rows(picture), table)  # type: ignore[attr-defined]

        keys, counts = np.unique(pack_colors(picture), return_counts=True)
        assert np.array_equal(np.flatnonzero(table), keys)
        assert np.array_equal(table[keys], 2 * counts)


@pytest.mark.parametrize("home", [tables, plain_tables])
def test_counts_are_added_and_keys_stay_inside(home: object) -> None:
    table = np.arange(9, dtype=np.uint32)
    keys, counts = np.array([1, 8], np.uint32), np.array([10, 20], np.uint32)
    home.add_counts(keys, counts, table)  # type: ignore[attr-defined]

    assert table.tolist() == [0, 11, 2, 3, 4, 5, 6, 7, 28]
    for wrong, numbers in ((keys + 1, counts), (keys, counts[:1])):
        with pytest.raises(ValueError, match=r"table|fit"):
            home.add_counts(wrong, numbers, table)  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="table"):
        home.count_in_table(np.zeros((1, 3), np.uint8), table)  # type: ignore[attr-defined]


@pytest.mark.parametrize("home", [tables, plain_tables])
@pytest.mark.parametrize("dtype", [np.uint32, np.uint64])
def test_what_was_counted_is_listed(dtype: type, home: object) -> None:
    state = np.random.RandomState(0)
    most: npt.NDArray[np.uint32] = np.full(999, np.iinfo(dtype).max, dtype)
    for part in (most[:9] * 0, most * state.randint(0, 2, 999).astype(dtype), most[:70]):
        size = int(np.count_nonzero(part))
        keys: npt.NDArray[np.uint32] = np.empty(size, np.uint32)
        counts: npt.NDArray[np.uint32] = np.empty(size, dtype)
        home.list_counts(part, 5000, keys, counts)  # type: ignore[attr-defined]
        assert np.array_equal(keys, 5000 + np.flatnonzero(part))
        assert np.array_equal(counts, part[part > 0])
        for more in (1, -1):
            other = max(size + more, 0)
            if other != size:
                with pytest.raises(ValueError, match="fit"):
                    home.list_counts(  # type: ignore[attr-defined]
                        part, 0, np.empty(other, np.uint32), np.empty(other, dtype)
                    )
        with pytest.raises(ValueError, match="fit"):
            home.list_counts(part, 0, keys, np.empty(size + 1, dtype))  # type: ignore[attr-defined]


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("shape", SHAPES[:7])
def test_flat_pixels_of_all_colors(shape: tuple[int, int], channels: int) -> None:
    for picture in pictures(*shape, channels):
        where = (shape[0] // 3, shape[0], 0, shape[1] - shape[1] // 4)
        keys = np.unique(pack_colors(picture))
        expected = np.zeros(len(keys), np.int64)
        flats.count_flats(as_rows(picture), channels, *where, keys, expected)

        for home in (flats, plain_flats):
            table = np.zeros(256**channels, np.uint32)
            home.count_all_flats(as_rows(picture), channels, *where, table)
            assert np.array_equal(table[keys], expected)
            assert table.sum() == expected.sum()


@settings(max_examples=20, deadline=None)
@given(start=st.integers(0, KEYS - (1 << 14)))
def test_coordinates_are_those_of_numpy(start: int) -> None:
    colors = unpack_colors(np.arange(start, start + (1 << 14), dtype=np.uint32), 3)
    light: npt.NDArray[np.float64] = srgb_to_linear(np.arange(256.0))
    found = []
    for home in (oklab, plain_oklab):
        points = np.full(colors.shape, np.nan)
        home.find_coordinates(colors, light, LMS_FROM_RGB, OKLAB_FROM_LMS, 65536.0, points)
        found.append(points)

    assert np.array_equal(found[0], found[1])
