"""Metadata that travel with a picture: texts, and the color profile of its colors."""

from dataclasses import dataclass
from typing import NamedTuple


class Text(NamedTuple):
    """A text, as PNG names and holds them.

    Parameters
    ----------
    keyword : str
        What it tells: ``Title``, ``Author``, ``Description``, ``Copyright``, ``Creation Time``,
        ``Comment`` or, of a PNG, any other; 1 to 79 characters of Latin-1.
    text : str
        Any Unicode but the character of number 0.
    """

    keyword: str
    text: str


@dataclass(frozen=True)
class Metadata:
    """What goes with labels and codebook, where a format can hold it.

    Parameters
    ----------
    texts : tuple of Text
        In the order in which they are stored.
    profile : bytes
        ICC profile of the code-words; empty for sRGB.
    """

    texts: tuple[Text, ...] = ()
    profile: bytes = b""

    def __bool__(self) -> bool:
        return bool(self.texts or self.profile)


NO_METADATA = Metadata()


def name_texts(texts: tuple[Text, ...]) -> str:
    """Name the keywords of texts, each once, as a notice can print them."""
    names = dict.fromkeys(text.keyword for text in texts)
    printable = ("".join(c if c.isprintable() else "?" for c in name) for name in names)
    first = list(printable)
    more = f" and {len(first) - 8} others" if len(first) > 8 else ""
    return ", ".join(first[:8]) + more
