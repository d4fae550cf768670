"""Marks that several tests share."""

from typing import Any

import pytest

from codec.kernels import COMPILED

NO_KERNELS = "the kernels were not compiled"
needs_kernels = pytest.mark.skipif(not COMPILED, reason=NO_KERNELS)


def slowly(*values: object) -> Any:
    """Arguments with which a test is slow."""
    return pytest.param(*values, marks=pytest.mark.slow)
