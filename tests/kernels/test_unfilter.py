"""Kernels beside training: row filters and squared error, against plain Python."""

import numpy as np
import pytest

REASON = "the kernels were not compiled"
unfilter = pytest.importorskip("codec.kernels.unfilter", reason=REASON).unfilter
weighted_squared_error = pytest.importorskip(
    "codec.kernels.errors", reason=REASON
).weighted_squared_error


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


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [1, 2, 500])
def test_squared_error_is_exact(channels: int, size: int) -> None:
    state = np.random.RandomState(size)
    colors = state.randint(0, 256, (size, channels)).astype(np.uint8)
    counts = state.randint(1, 1 << 35, size).astype(np.int64)
    codebook = state.randint(0, 256, (9, channels)).astype(np.uint8)
    labels = state.randint(0, 9, size).astype(np.uint8)

    found = weighted_squared_error(colors, counts, codebook, labels)

    assert found == sum(
        count * sum((a - b) ** 2 for a, b in zip(color, codebook[label].tolist(), strict=True))
        for color, count, label in zip(
            colors.tolist(), counts.tolist(), labels.tolist(), strict=True
        )
    )


def test_labels_beyond_the_codebook_are_refused() -> None:
    colors, counts = np.zeros((2, 3), np.uint8), np.ones(2, np.int64)
    for labels, codebook in (([0, 1], (1, 3)), ([0, 0], (0, 3)), ([0, 0], (1, 2)), ([0], (1, 3))):
        with pytest.raises(ValueError, match="codebook"):
            weighted_squared_error(
                colors, counts, np.zeros(codebook, np.uint8), np.array(labels, np.uint8)
            )
