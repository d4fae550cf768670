"""EXIF and XMP of a PNG, which texts may hold as well as chunks of their own; and its texts."""

import zlib

from codec.images.texts import Found, collect_texts
from codec.limits import MAX_PNG_TEXT_BYTES
from codec.metadata import are_too_large
from codec.png.reading import RAW_APP1, RAW_EXIF, RAW_XMP, XMP_TEXT, PngFile
from codec.png.texts import TOO_LARGE, read_texts

_RAW = " (raw profile text)"
# What JPEG puts before XMP, which "Raw profile type APP1" keeps.
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"


def find_metadata(png: PngFile) -> list[tuple[str, bytes]]:
    """Find EXIF and XMP, those first that count more.

    Parameters
    ----------
    png : PngFile
        From `read_png`.

    Returns
    -------
    metadata : list of (str, bytes)
        ``EXIF`` or ``XMP``, with a word on where it stands if that is a raw profile, and content:
        damaged, cut at a bound, but not empty.
    """
    texts = {keyword: _plain(*found) for keyword, found in png.texts.items()}
    app1 = _raw(texts.get(RAW_APP1, b""))
    is_xmp = app1.startswith(_JPEG_XMP)
    found = [
        ("EXIF", png.chunks.get(b"eXIf", b"")),
        ("EXIF" + _RAW, _raw(texts.get(RAW_EXIF, b""))),
        ("EXIF" + _RAW, b"" if is_xmp else app1),
        ("XMP", texts.get(XMP_TEXT, b"")),
        ("XMP" + _RAW, _raw(texts.get(RAW_XMP, b""))),
        ("XMP" + _RAW, app1 if is_xmp else b""),
    ]
    return [(name, content) for name, content in found if content]


def png_texts(png: PngFile) -> Found:
    """Collect the texts of a PNG: its own, and what EXIF and XMP say besides.

    Parameters
    ----------
    png : PngFile
        From `read_png`.

    Returns
    -------
    texts, notices
        As of `collect_texts`.
    """
    own, notices = read_texts(png)
    found: dict[str, bytes] = {}
    for name, content in find_metadata(png):
        found.setdefault(name.split()[0].lower(), content)
    others, more = collect_texts(exif=found.get("exif", b""), xmp=found.get("xmp", b""))
    keywords = {text.keyword for text in own}
    all_texts = *own, *(text for text in others if text.keyword not in keywords)
    if are_too_large(all_texts):
        return (), (*notices, *more, TOO_LARGE)
    return all_texts, (*notices, *more)


def _plain(kind: bytes, content: bytes) -> bytes:
    """Take the text out of a chunk; inflate it, if need be, up to a bound."""
    _, _, text = content.partition(b"\0")
    packed = kind == b"zTXt"
    if kind == b"zTXt":
        text = text[1:]
    elif kind == b"iTXt":
        packed = text[:1] == b"\1"
        # Behind a flag and a method stand a language and the keyword in it.
        text = text[2:].partition(b"\0")[2].partition(b"\0")[2]
    if not packed:
        return text
    try:
        return zlib.decompressobj().decompress(text, MAX_PNG_TEXT_BYTES)
    except zlib.error:
        return b""


def _raw(text: bytes) -> bytes:
    """Decode a raw profile: lines with its name and its length, then hexadecimal digits."""
    name_length_digits = text.split(maxsplit=2)
    if len(name_length_digits) < 3:
        return b""
    digits = b"".join(name_length_digits[2].split())
    try:
        return bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
    except ValueError:
        return b""
