"""Marks that several tests share."""

import shutil
from typing import Any

import pytest

from codec.kernels import COMPILED

NO_KERNELS = "the kernels were not compiled"
needs_kernels = pytest.mark.skipif(not COMPILED, reason=NO_KERNELS)
needs_pngquant = pytest.mark.skipif(
    shutil.which("pngquant") is None, reason="pngquant is not installed"
)


def slowly(*values: object) -> Any:
    """Arguments with which a test is slow."""
    return pytest.param(*values, marks=pytest.mark.slow)
