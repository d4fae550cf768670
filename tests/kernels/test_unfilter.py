"""Undoing the row filters of PNG, against plain Python."""

import numpy as np
import pytest
from marks import NO_KERNELS

unfilter = pytest.importorskip("codec.kernels.unfilter", reason=NO_KERNELS).unfilter


def _unfiltered(filtered: list[list[int]], back: int, above: list[int]) -> list[list[int]]:
    """Section 9.2 of the PNG specification, byte by byte."""
    rows: list[list[int]] = []
    for kind, *values in filtered:
        row: list[int] = []
        for i, value in enumerate(values):
            a = row[i - back] if i >= back else 0
            b = above[i]
            c = above[i - back] if i >= back else 0
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            predicted = {1: a, 2: b, 3: (a + b) // 2, 4: paeth}.get(kind, 0)
            row.append((value + predicted) % 256)
        rows.append(row)
        above = row
    return rows


@pytest.mark.parametrize("back", [1, 2, 3, 4, 6, 8])
@pytest.mark.parametrize("width", [1, 2, 3, 17])
def test_filters_are_undone(back: int, width: int) -> None:
    state = np.random.RandomState(100 * back + width)
    filtered = state.randint(0, 256, (40, 1 + width * back)).astype(np.uint8)
    filtered[:, 0] = state.randint(0, 6, 40)  # 5 is none of them, and counts as none
    above = state.randint(0, 256, width * back).astype(np.uint8)
    for array in (filtered, above):
        array.flags.writeable = False
    rows = np.empty((40, width * back), dtype=np.uint8)

    unfilter(filtered, back, above, rows)

    assert rows.tolist() == _unfiltered(filtered.tolist(), back, above.tolist())


@pytest.mark.parametrize(
    ("shape", "back", "above", "out"),
    [
        ((3, 7), 1, 5, (3, 6)),
        ((3, 7), 1, 6, (3, 7)),
        ((3, 7), 1, 6, (2, 6)),
        ((3, 7), 0, 6, (3, 6)),
        ((3, 7), -1, 6, (3, 6)),
        ((3, 7), 4, 6, (3, 6)),
        ((3, 19), 9, 18, (3, 18)),
    ],
)
def test_rows_that_do_not_fit_are_refused(
    shape: tuple[int, int], back: int, above: int, out: tuple[int, int]
) -> None:
    filtered, first = np.zeros(shape, np.uint8), np.zeros(above, np.uint8)
    with pytest.raises(ValueError, match=r"fit|pixel"):
        unfilter(filtered, back, first, np.ones(out, np.uint8))
