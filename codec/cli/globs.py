"""Patterns of names, where no shell has made names of them."""

import argparse
import glob
import os


def expand(options: argparse.Namespace) -> None:
    """Put the files that a pattern matches in its place, sorted, among the inputs.

    A pattern has `*` or `?`, with `**` for directories however deep, and is the name of no file.
    What matches nothing stays, and is complained of as a file that is missing.
    """
    for option in ("inputs", "compressed"):
        if isinstance(given := getattr(options, option, None), list):
            setattr(options, option, [name for each in given for name in _matching(each)])


def _matching(name: str) -> list[str]:
    if set("*?").isdisjoint(name) or os.path.lexists(name):
        return [name]
    # Brackets are left to shells: here they are a part of a name.
    return sorted(glob.glob(name.replace("[", "[[]"), recursive=True)) or [name]
