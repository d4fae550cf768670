"""Rows of real coordinates: counted, and as whole numbers on a grid."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codec.codebook.rows import RowHistogram, as_bytes, as_whole, count_rows

Rows = npt.NDArray[np.float64]


def _plainly(rows: Rows, weights: Rows | None = None) -> dict[tuple[float, ...], float]:
    """Distinct rows and weights, one after the other."""
    found: dict[tuple[float, ...], float] = {}
    weights = np.ones(len(rows)) if weights is None else weights
    for row, weight in zip(rows.tolist(), weights.tolist(), strict=True):
        if weight:
            found[tuple(row)] = found.get(tuple(row), 0.0) + weight
    return found


def _as_dict(histogram: RowHistogram) -> dict[tuple[float, ...], float]:
    rows = [tuple(row) for row in histogram.rows.tolist()]
    assert rows == sorted(set(rows))
    return dict(zip(rows, histogram.weights.tolist(), strict=True))


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("scale", [1.0, 1 / 255, -0.1])
@pytest.mark.parametrize("weighted", [False, True])
def test_every_row_is_counted(columns: int, scale: float, weighted: bool) -> None:
    random = np.random.RandomState(columns)
    rows = (random.randint(0, 4, (200, columns)) * scale).astype(np.float64)
    weights = (random.randint(0, 3, 200) * 0.5).astype(np.float64) if weighted else None

    assert _as_dict(count_rows(rows, weights)) == _plainly(rows, weights)
    parts = [
        count_rows(rows[part], None if weights is None else weights[part])
        for part in (slice(90, None), slice(90))
    ]
    assert _as_dict(parts[0] + parts[1]) == _plainly(rows, weights)


def test_zeros_are_positive() -> None:
    for zeros in ([[-0.0], [0.0]], [[-0.0], [0.3]], [[-0.0], [-3.0]]):
        rows = count_rows(np.array(zeros)).rows
        assert not np.signbit(rows[rows == 0]).any()


def test_bytes_are_recognized() -> None:
    octets = np.arange(256, dtype=np.uint8).reshape(-1, 4)
    parts: Rows = octets.astype(np.float64) / 255
    single = (octets.astype(np.float32) / np.float32(255)).astype(np.float64)
    for rows in (octets.astype(np.float64), parts, single):
        found = as_bytes(rows)
        assert found is not None
        assert (found[0] == octets).all()
        assert (found[1][found[0]] == rows).all()
    wrong = parts.copy()
    wrong[-1, -1] = np.nextafter(1, 0)
    for rows in (parts + 0.5, 255 * parts - 1, 255 * parts + 1, wrong, np.zeros((3, 5))):
        assert as_bytes(rows) is None


@given(
    st.lists(st.integers(0, 1 << 17), min_size=2, max_size=40, unique=True),
    st.integers(-40, 40),
    st.integers(-(1 << 20), 1 << 20),
)
@example([0, 1, 2], -5, 68_687)
def test_every_grid_is_found(steps: list[int], exponent: int, offset: int) -> None:
    whole = np.array(sorted(steps)) + offset
    rows = np.ldexp(whole.astype(float), exponent)[:, None]

    found = as_whole(count_rows(rows))

    assert found is not None
    points, weights = found[0][:, 0].astype(np.int64), found[1]
    assert points.min() >= 0
    assert points.max() <= 1 << 20
    # In the proportions of the rows, to the last digit.
    assert ((points - points[0]) * (whole[-1] - whole[0])).tolist() == (
        (whole - whole[0]) * (points[-1] - points[0])
    ).tolist()
    assert (weights == 1).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sixteen_bits_are_found(dtype: type) -> None:
    samples = np.random.RandomState(0).randint(0, 1 << 16, (100, 3))
    rows = (samples.astype(dtype) / dtype(65535)).astype(np.float64)
    histogram = count_rows(rows)

    found = as_whole(histogram)

    assert found is not None
    assert np.ptp(found[0]) == 8 * np.ptp(samples)
    assert (np.rint(histogram.rows * 65535) * 8 - found[0] == 8 * samples.min()).all()


@pytest.mark.parametrize(
    "values",
    [
        [0.1, 0.2, 0.4],
        [0, 1, (1 << 17) + 1],
        [-1e308, 1e308],
        [0.1, 1e10],
        [0.5, 1e17],
    ],
)
def test_other_rows_are_on_no_grid(values: list[float]) -> None:
    assert as_whole(count_rows(np.array(values)[:, None])) is None


def test_many_pixels_need_a_coarser_grid() -> None:
    rows = np.array([[0.0], [1.0], [70000.0]])
    assert as_whole(RowHistogram(rows, np.array([1.0, 1.0, 2.0**19]))) is not None
    assert as_whole(RowHistogram(rows, np.array([1.0, 1.0, 2.0**24]))) is None
    rows = np.array([[0.0], [1.0], [300.0]])
    found = as_whole(RowHistogram(rows, np.full(3, 2.0**28)))
    assert found is not None
    # Within the bounds of the kernels.
    squares = (found[0].astype(object) ** 2).sum(axis=1)
    assert (squares * found[1].astype(object)).sum() < 1 << 61


def test_weights_become_whole() -> None:
    rows = np.arange(3.0)[:, None]

    def whole(*weights: float) -> list[int] | None:
        found = as_whole(RowHistogram(rows, np.array(weights)))
        return None if found is None else found[1].tolist()

    assert whole(1, 7, 2**31) == [1, 7, 2**31]
    assert whole(0.5, 0.75, 4) == [256, 384, 2048]
    assert whole(1e-9, 1e-9, 3e-9) is not None
    assert whole(1e-9, 1.0, 1.0) is None
    assert whole(1, 1, 2**33) is None
    thirds = whole(1 / 3, 2 / 3, 100)
    assert thirds is not None
    assert np.allclose(np.array(thirds) / thirds[2] * 100, [1 / 3, 2 / 3, 100], rtol=1 / 256)
