"""The nearest of real code-words for real rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codec.codebook.rowsearch import nearest_codewords


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [1, 7, 300])
@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (1e-140, 0.0), (1e150, 0.0), (1, 1e9)])
def test_every_code_word_is_asked(columns: int, size: int, scale: float, offset: float) -> None:
    random = np.random.RandomState(columns + size)
    rows = random.rand(2000, columns) * scale + offset
    codewords = random.rand(size, columns) * scale + offset

    squares = np.zeros((len(rows), size))
    for column, word in zip(rows.T, codewords.T, strict=True):
        squares += (column[:, None] - word) ** 2

    assert (nearest_codewords(rows, codewords) == squares.argmin(axis=1)).all()


@given(
    st.integers(1, 4).flatmap(
        lambda columns: st.tuples(
            *(
                st.lists(st.tuples(*[st.integers(-3, 3)] * columns), min_size=1, max_size=40)
                for _ in range(2)
            )
        )
    )
)
def test_ties_go_to_the_lowest_label(
    both: tuple[list[tuple[int, ...]], list[tuple[int, ...]]],
) -> None:
    rows, codewords = (np.array(numbers) / 2 for numbers in both)
    squares = ((rows[:, None] - codewords) ** 2).sum(axis=2)

    for guess in (None, np.full(len(rows), len(codewords) - 1)):
        assert (nearest_codewords(rows, codewords, guess) == squares.argmin(axis=1)).all()


def test_other_rows_do_not_matter() -> None:
    random = np.random.RandomState(0)
    rows, codewords = random.randint(0, 50, (3000, 3)) / 49, random.randint(0, 9, (200, 3)) / 8

    labels = nearest_codewords(rows, codewords)

    for part in (slice(0, 1), slice(0, 250), slice(1, None, 3), slice(None, None, -1)):
        assert (nearest_codewords(rows[part], codewords) == labels[part]).all()


@pytest.mark.parametrize(("columns", "size"), [(6, 20), (3, 1100)])
def test_many_columns_or_code_words_will_do(columns: int, size: int) -> None:
    random = np.random.RandomState(0)
    rows, codewords = random.rand(1500, columns), random.rand(size, columns)

    squares = ((rows[:, None] - codewords) ** 2).sum(axis=2)

    assert (nearest_codewords(rows, codewords) == squares.argmin(axis=1)).all()
