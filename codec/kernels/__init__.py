"""Compiled loops: arrays in, arrays out, no policy.

Each module is one concern, written in Cython, and releases the GIL while it works. Where no
compiler was present, its twin in `codec.kernels.plain` takes its place, with the same results and
more time. Whoever writes ``kernels.mapping.look_up_rows(...)`` gets the one or the other, imported
when first asked for; a run that makes do with twins says so once.
"""

import importlib
import os
from importlib.machinery import EXTENSION_SUFFIXES
from types import ModuleType

NAMES = (
    "activity",
    "bands",
    "breathing",
    "cells",
    "covering",
    "deflatelabels",
    "diffusion",
    "distortion",
    "flats",
    "histogram",
    "labelcoder",
    "labelcolors",
    "labelmodel",
    "lloyd",
    "mapping",
    "medoids",
    "merging",
    "nearest",
    "nearpoints",
    "neighbors",
    "oklab",
    "pairs",
    "ratelabels",
    "rowfilters",
    "summary",
    "tables",
    "unfilter",
)
_SHARED = "shared"  # what Cython makes for all of them


def _all_there() -> bool:
    files = {file for folder in __path__ for file in os.listdir(folder)}
    return all(
        any(name + suffix in files for suffix in EXTENSION_SUFFIXES) for name in (*NAMES, _SHARED)
    )


COMPILED = _all_there()  # what runs here: all of the kernels, or none
WITHOUT = "without compiled kernels"
# pip would take what it built without one from its cache again.
CURE = "install a C compiler, then pip install --force-reinstall --no-deps --no-cache-dir kmcodec"
# What is said at the end of the build, which pip shows with -v, and at first use.
TOLD = f"{WITHOUT}, as no C compiler was there, kmcodec takes many times as long: {CURE}"
_untold = [TOLD]


def tell_what_runs() -> None:
    """Warn, once a process, that nothing was compiled."""
    if COMPILED:
        return
    try:
        text = _untold.pop()  # of several threads one gets it
    except IndexError:
        return
    import warnings

    warnings.warn(text, RuntimeWarning, stacklevel=4)


def __getattr__(name: str) -> ModuleType:
    if name not in NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    tell_what_runs()
    return importlib.import_module(f"{__name__}.{'' if COMPILED else 'plain.'}{name}")
