"""Filtering rows, and choosing filters, against plain Python."""

import numpy as np
import pytest
from marks import NO_KERNELS
from png_tools import filter_rows as by_the_book

kernel = pytest.importorskip("codec.kernels.rowfilters", reason=NO_KERNELS)


def _saved(row: bytes) -> int:
    """Count x log2(count) of each byte, on a straight line between powers of two."""
    saved = 0
    for byte in set(row):
        count = row.count(byte)
        log = count.bit_length() - 1
        saved += count * log + 2 * (count - 2**log)
    return saved


@pytest.mark.parametrize("shape", [(1, 1), (7, 1), (1, 70), (40, 3), (40, 300)])
def test_rows_are_filtered_and_filters_chosen(shape: tuple[int, int]) -> None:
    state = np.random.RandomState(shape[1])
    rows = np.cumsum(state.randint(-3, 4, shape), axis=1).astype(np.uint8)
    rows[::3] = state.randint(0, 256, rows[::3].shape)
    rows[2::5] = rows[1::5][: len(rows[2::5])] if shape[0] > 5 else 7
    rows.flags.writeable = False
    lines = [row.tobytes() for row in rows]
    filtered = np.empty((shape[0], 1 + shape[1]), np.uint8)
    kinds = state.randint(0, 5, shape[0]).astype(np.uint8)

    kernel.filter_rows(rows, kinds, filtered)
    assert filtered.tobytes() == by_the_book(lines, kinds.tolist())

    kernel.choose_filters(rows, kinds)
    alike = [np.frombuffer(by_the_book(lines, [kind] * len(rows)), np.uint8) for kind in range(5)]
    for y, chosen in enumerate(kinds.tolist()):
        saved = [_saved(every.reshape(filtered.shape)[y].tobytes()) for every in alike]
        assert chosen == saved.index(max(saved))


@pytest.mark.parametrize(
    ("rows", "kinds", "out"),
    [
        ((3, 7), 2, (3, 8)),
        ((3, 7), 4, (3, 8)),
        ((3, 7), 3, (3, 7)),
        ((3, 7), 3, (2, 8)),
        ((0, 7), 0, (0, 8)),
        ((3, 0), 3, (3, 1)),
    ],
)
def test_rows_that_do_not_fit_are_refused(
    rows: tuple[int, int], kinds: int, out: tuple[int, int]
) -> None:
    some, filters = np.zeros(rows, np.uint8), np.zeros(kinds, np.uint8)
    with pytest.raises(ValueError, match="fit"):
        kernel.filter_rows(some, filters, np.zeros(out, np.uint8))
    if kinds != rows[0] or 0 in rows:
        with pytest.raises(ValueError, match="fit"):
            kernel.choose_filters(some, filters)
