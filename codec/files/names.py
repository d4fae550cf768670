"""Names of files, as they are shown."""

import os

# How files are called that stand for something else; of the command, which has pipes.
SHOWN_AS: dict[str, str] = {}


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
    text = SHOWN_AS.get(text, text)
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode()
        for c in text
    )
