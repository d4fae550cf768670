"""Texts and color profiles of a PNG: tEXt, zTXt, iTXt and iCCP."""

import zlib
from collections.abc import Iterable

from codec.limits import MAX_METADATA_BYTES, MAX_METADATA_TEXTS
from codec.metadata import Text
from codec.png.reading import PngFile

# Below, deflate gains less than the four bytes around what it packs.
_WORTH_PACKING = 128
_MOST_KEYWORD = 79


def text_chunks(texts: Iterable[Text]) -> list[tuple[bytes, bytes]]:
    """Make the chunks of texts.

    Parameters
    ----------
    texts : iterable of Text
        Each becomes a tEXt if it is of Latin-1, else an iTXt; packed if that is smaller.

    Returns
    -------
    chunks : list of (bytes, bytes)
        For `before_idat` of `write_png`.
    """
    return [_text_chunk(*text) for text in texts]


def _text_chunk(keyword: str, text: str) -> tuple[bytes, bytes]:
    name = keyword.encode("latin-1") + b"\0"
    try:
        content, is_latin = text.encode("latin-1"), True
    except UnicodeEncodeError:
        content, is_latin = text.encode(), False
    packed = zlib.compress(content, 9) if len(content) >= _WORTH_PACKING else content
    is_packed = len(packed) < len(content)
    if is_latin:
        return (b"zTXt", name + b"\0" + packed) if is_packed else (b"tEXt", name + content)
    # A flag and a method; then no language, and no translation of the keyword.
    return b"iTXt", name + bytes([is_packed, 0, 0, 0]) + (packed if is_packed else content)


def profile_chunks(profile: bytes) -> list[tuple[bytes, bytes]]:
    """Make the chunk of an ICC profile, which stands before PLTE; none if it is empty."""
    return [(b"iCCP", b"ICC\0\0" + zlib.compress(profile, 9))] if profile else []


def read_texts(png: PngFile) -> tuple[tuple[Text, ...], tuple[str, ...]]:
    """Read the texts of a PNG but those that hold EXIF, XMP and the like.

    Parameters
    ----------
    png : PngFile
        From `read_png`.

    Returns
    -------
    texts : tuple of Text
        Those that are sound, in their order; none if all together are too large.
    notices : tuple of str
        What is not among them, and why.
    """
    texts: list[Text] = []
    size = damaged = 0
    for kind, view in png.text_parts:
        if len(view) > 2 * MAX_METADATA_BYTES or len(texts) >= MAX_METADATA_TEXTS:
            return (), (TOO_LARGE,)
        try:
            text = _read_text(kind, bytes(view[:]), MAX_METADATA_BYTES - size)
        except OverflowError:
            return (), (TOO_LARGE,)
        except (ValueError, zlib.error):
            damaged += 1
            continue
        if text is None:
            continue
        size += len(text.keyword.encode()) + len(text.text.encode())
        if size > MAX_METADATA_BYTES:
            return (), (TOO_LARGE,)
        texts.append(text)
    return tuple(texts), (f"{damaged} damaged texts are not kept",) if damaged else ()


TOO_LARGE = (
    f"its texts are not kept: they are over {MAX_METADATA_TEXTS}, "
    f"or over {MAX_METADATA_BYTES} bytes"
)


def _read_text(kind: bytes, content: bytes, most: int) -> Text | None:
    """Read a chunk; None of what is no text for people.

    Raises
    ------
    ValueError, zlib.error
        It is damaged.
    OverflowError
        It has more than so many bytes.
    """
    name, zero, rest = content.partition(b"\0")
    if name.lower().startswith((b"raw profile type ", b"xml:com.adobe.xmp")):
        return None
    if not 1 <= len(name) <= _MOST_KEYWORD or not zero:
        raise ValueError
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        packed = rest[:1] == b"\1"
        language_keyword_text = rest[2:].split(b"\0", 2)
        if len(rest) < 4 or rest[0] > 1 or len(language_keyword_text) < 3:
            raise ValueError
        rest = (rest[1:2] if packed else b"") + language_keyword_text[2]
    if packed:
        if rest[:1] != b"\0":
            raise ValueError
        inflater = zlib.decompressobj()
        rest = inflater.decompress(rest[1:], most + 1)
        if not inflater.eof and len(rest) <= most:
            raise ValueError
    if len(rest) > most:
        raise OverflowError
    text = rest.partition(b"\0")[0].decode("utf-8" if kind == b"iTXt" else "latin-1")
    return Text(name.decode("latin-1"), text)


def metadata_sizes(png: PngFile) -> dict[str, int]:
    """Tell the bytes of texts and of the profile, as parts of a file; nothing if there are none.

    Parameters
    ----------
    png : PngFile
        From `read_png`.

    Returns
    -------
    sizes : dict of str to int
        By ``texts`` and ``profile``.
    """
    texts, profile = sum(len(view) for _, view in png.text_parts), png.chunks.get(b"iCCP", b"")
    return {part: n for part, n in (("texts", texts), ("profile", len(profile))) if n}


def read_profile(png: PngFile, most: int) -> bytes:
    """Inflate the ICC profile of a PNG.

    Parameters
    ----------
    png : PngFile
        From `read_png`.
    most : int
        Bytes that it may have.

    Returns
    -------
    profile : bytes
        Empty if there is none, or it is damaged or larger.
    """
    _, _, packed = png.chunks.get(b"iCCP", b"").partition(b"\0")
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(packed[1:], most)
    except zlib.error:
        return b""
    return profile if inflater.eof else b""
