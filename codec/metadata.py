"""Metadata that travel with a picture: texts, and the color profile of its colors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from codec.errors import ParameterError
from codec.limits import MAX_METADATA_BYTES, MAX_METADATA_TEXTS

_MOST_KEYWORD = 79
# Keywords of texts of PNGs that hold other things.
_NO_TEXTS = ("xml:com.adobe.xmp", "raw profile type ")


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

    Raises
    ------
    ParameterError
        A text is not as `Text` says, or holds EXIF or XMP by its keyword; or they are over 256, or
        1 MiB together.
    """

    texts: tuple[Text, ...] = ()
    profile: bytes = b""

    def __post_init__(self) -> None:
        for keyword, text in self.texts:
            if not _is_text(keyword, text):
                raise ParameterError(f"no text that a PNG can hold: {keyword[:80]!r}", "metadata")
        if are_too_large(self.texts):
            raise ParameterError(
                f"texts are over {MAX_METADATA_TEXTS}, or over {MAX_METADATA_BYTES} bytes",
                "metadata",
            )

    def __bool__(self) -> bool:
        return bool(self.texts or self.profile)


def are_too_large(texts: Sequence[Text]) -> bool:
    """Tell whether there are more texts, or more bytes of UTF-8 in them, than are kept."""
    size = sum(len(keyword.encode()) + len(text.encode()) for keyword, text in texts)
    return len(texts) > MAX_METADATA_TEXTS or size > MAX_METADATA_BYTES


def _is_text(keyword: str, text: str) -> bool:
    try:
        name, _ = keyword.encode("latin-1"), text.encode()
    except UnicodeEncodeError:
        return False
    is_one = 1 <= len(name) <= _MOST_KEYWORD and "\0" not in keyword + text
    return is_one and not keyword.lower().startswith(_NO_TEXTS)


def name_texts(texts: tuple[Text, ...]) -> str:
    """Name the keywords of texts, each once, as a notice can print them."""
    names = dict.fromkeys(text.keyword for text in texts)
    printable = ("".join(c if c.isprintable() else "?" for c in name) for name in names)
    first = list(printable)
    more = f" and {len(first) - 8} others" if len(first) > 8 else ""
    return ", ".join(first[:8]) + more


NO_METADATA = Metadata()
