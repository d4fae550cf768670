"""Compiled loops: arrays in, arrays out, no policy.

Each module is one concern, written in Cython, releases the GIL while it works, and equals its
plain NumPy twin in the tests exactly. Where no compiler was present they do not exist, and
`compiled` says so.
"""

import functools
import importlib.util


@functools.cache
def compiled() -> bool:
    """Tell whether the kernels were built."""
    return importlib.util.find_spec("codec.kernels.lloyd") is not None
