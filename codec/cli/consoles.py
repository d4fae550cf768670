"""Consoles that have no Unicode, or little of it: what is said there in ASCII."""

import codecs
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# How a stream encodes what it cannot: the name under which Python knows `_replace`.
ERRORS = "kmcodec"
# What stands in place of characters that our own texts have.
ASCII = {"×": "x", "–": "-", "Δ": "d", "→": "->"}


def _replace(error: UnicodeError) -> tuple[str, int]:
    """Replace what cannot be encoded: by what we say in its place, or else by its escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    unknown = error.object[error.start : error.end]
    return "".join(ASCII.get(c) or _escape(c) for c in unknown), error.end


def _escape(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


codecs.register_error(ERRORS, _replace)


@contextmanager
def exact_names() -> Iterator[None]:
    """Escape in names of files what this console can show in our own texts alone.

    `→` in a name is not `->`, which could be another file's.
    """
    from codec.files.names import shown_with

    unknown = [c for c in ASCII if not all(_knows(name, c) for name in ("stdout", "stderr"))]
    table = str.maketrans({c: _escape(c) for c in unknown})
    with shown_with(lambda name: name.translate(table)):
        yield


def _knows(stream: str, character: str) -> bool:
    with suppress(UnicodeEncodeError, LookupError):
        character.encode(getattr(getattr(sys, stream), "encoding", None) or "utf-8")
        return True
    return False
