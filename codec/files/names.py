"""Names of files, as they are shown."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_changes: list[Callable[[str], str]] = []


@contextmanager
def shown_with(change: Callable[[str], str]) -> Iterator[None]:
    """Show all names as a function says, such as those of files that stand for something else."""
    _changes.append(change)
    try:
        yield
    finally:
        _changes.remove(change)


def display_name(path: str | os.PathLike[str]) -> str:
    """Escape a path for one line of text: no control characters, nothing undecodable.

    Parameters
    ----------
    path : path-like
        Any path, hostile ones included.

    Returns
    -------
    name : str
        Printable everywhere; characters that could move the cursor, reorder the line or break
        it stand as escapes.
    """
    text = os.fsdecode(path)
    for change in _changes:
        text = change(text)
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode()
        for c in text
    )
