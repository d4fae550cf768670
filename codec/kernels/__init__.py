"""Compiled loops: arrays in, arrays out, no policy.

Each module is one concern, written in Cython, releases the GIL while it works, and equals its
plain NumPy twin in the tests exactly. Where no compiler was present they do not exist, and
`compiled` says so.
"""

import functools
import os
from importlib.machinery import EXTENSION_SUFFIXES

NAMES = (
    "breathing",
    "cells",
    "dither",
    "distortion",
    "histogram",
    "labelcoder",
    "labelcolors",
    "labelmodel",
    "lloyd",
    "mapping",
    "nearest",
    "neighbors",
    "summary",
    "unfilter",
)


@functools.cache
def compiled() -> bool:
    """Tell whether the kernels were built, all of them."""
    files = {file for folder in __path__ for file in os.listdir(folder)}
    return all(any(name + suffix in files for suffix in EXTENSION_SUFFIXES) for name in NAMES)
