"""What things cost: memory, which is measured, and time, for which tests are marked."""

import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pytest

Result = TypeVar("Result")
ONE_MEBIBYTE = 1 << 20


def traced(function: Callable[[], Result]) -> tuple[Result, int]:
    """Call a function; return what it gives, and how many bytes it took at most."""
    tracemalloc.start()
    try:
        result = function()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def slow(values: Iterable[Any], is_slow: Callable[[Any], bool]) -> list[Any]:
    """Values for a parameter, those of tests that take long marked so."""
    return [
        pytest.param(value, marks=pytest.mark.slow) if is_slow(value) else value
        for value in values
    ]
