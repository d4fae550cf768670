"""How much memory something takes."""

import tracemalloc
from collections.abc import Callable
from typing import TypeVar

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
