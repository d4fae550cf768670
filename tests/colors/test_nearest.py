"""The exact search for nearest code-words."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_tools import brute_force

from codec.colors.nearest import NearestSearch


@settings(max_examples=100, derandomize=True, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    dimensions=st.integers(1, 4),
    size=st.integers(1, 256),
    count=st.integers(1, 2000),
    spread=st.sampled_from([2, 16, 256]),
)
def test_the_search_agrees_with_brute_force(
    seed: int, dimensions: int, size: int, count: int, spread: int
) -> None:
    state = np.random.RandomState(seed)
    points = state.randint(0, spread, (count, dimensions)).astype(float)
    codewords = state.randint(0, spread, (size, dimensions)).astype(float)

    assert NearestSearch(points)(codewords).tolist() == brute_force(points, codewords)


def test_numbers_too_large_for_float32_stay_exact() -> None:
    state = np.random.RandomState(3)
    points = state.randint(-20000, 20000, (3000, 4)).astype(float)
    codewords = state.randint(-20000, 20000, (200, 4)).astype(float)

    assert NearestSearch(points)(codewords).tolist() == brute_force(points, codewords)


def test_real_codewords_are_searched_too() -> None:
    state = np.random.RandomState(4)
    points, codewords = state.rand(3000, 3) * 255, state.rand(64, 3) * 255

    assert NearestSearch(points)(codewords).tolist() == brute_force(points, codewords)


def test_of_equal_codewords_the_lower_label_wins() -> None:
    points = np.array([[5.0], [7.0]])

    assert NearestSearch(points)(np.array([[6.0], [6.0], [8.0]])).tolist() == [0, 0]
