"""Texts for people that pictures hold: title, author, description, copyright, time, comments.

Of EXIF, XMP and IPTC these are all that is read: the rest, such as sizes, thumbnails, orientation,
places and what took the picture, would be wrong of another file, or nobody's business.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from codec.images.directories import (
    ARTIST,
    TAKEN,
    USER_COMMENT,
    XP_AUTHOR,
    XP_COMMENT,
    XP_TITLE,
    Directory,
    exif_directories,
)
from codec.images.directories import COPYRIGHT as COPYRIGHT_TAG
from codec.images.directories import DESCRIPTION as DESCRIPTION_TAG
from codec.limits import MAX_METADATA_BYTES
from codec.metadata import Text, are_too_large
from codec.png.texts import TOO_LARGE

Found = tuple[tuple[Text, ...], tuple[str, ...]]

TITLE, AUTHOR, DESCRIPTION, COPYRIGHT, TIME, COMMENT = (
    "Title", "Author", "Description", "Copyright", "Creation Time", "Comment",
)  # fmt: skip
# Of EXIF: tags of texts in bytes and in UTF-16, and types of values that are bytes.
_EXIF_TEXTS = {
    DESCRIPTION_TAG: DESCRIPTION, ARTIST: AUTHOR, COPYRIGHT_TAG: COPYRIGHT, TAKEN: TIME,
}  # fmt: skip
_EXIF_WIDE = {XP_TITLE: TITLE, XP_COMMENT: COMMENT, XP_AUTHOR: AUTHOR}
_BYTES = (1, 2, 7)
# Before a user's comment stands how it is encoded, in eight bytes.
_ENCODINGS = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16"}
_DC = "{http://purl.org/dc/elements/1.1/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XMP_TEXTS = {"title": TITLE, "creator": AUTHOR, "description": DESCRIPTION, "rights": COPYRIGHT}
_IPTC_TEXTS = {5: TITLE, 80: AUTHOR, 116: COPYRIGHT, 120: DESCRIPTION}
_PHOTOSHOP, _IPTC_RESOURCE, _IPTC_UTF_8 = b"Photoshop 3.0\0", 0x0404, b"\x1b%G"
# Of which a picture has one: the first that is found.
_SINGLE = (TITLE, TIME)


def collect_texts(
    *,
    exif: bytes = b"",
    xmp: bytes = b"",
    iptc: bytes = b"",
    tags: Sequence[tuple[str, bytes]] = (),
    comments: Sequence[bytes] = (),
) -> Found:
    """Collect the texts of a picture.

    Parameters
    ----------
    exif, xmp, iptc : bytes
        As a file holds them, with what JPEG puts before EXIF or without; they may be damaged.
    tags : sequence of (str, bytes)
        Texts that a file holds by themselves: their keywords, and contents.
    comments : sequence of bytes
        Comments of a file.

    Returns
    -------
    texts : tuple of Text
        Each value of a keyword once; none if all together are too large.
    notices : tuple of str
        What could not be read.
    """
    texts: dict[Text, None] = {}
    notices = []
    sources: list[tuple[str, Callable[[bytes], Iterator[Text]], bytes]] = [
        ("XMP", _of_xmp, xmp), ("EXIF", _of_exif, exif), ("IPTC", _of_iptc, iptc),
    ]  # fmt: skip
    for name, read, content in sources:
        if len(content) > MAX_METADATA_BYTES:
            notices.append(f"texts of its {name} are not kept: it is too large")
        elif content:
            try:
                _add(texts, [*read(content)])
            except Exception:  # noqa: BLE001 - whatever a parser says of damaged content
                notices.append(f"its {name} is damaged, and its texts are not kept")
    _add(texts, [Text(keyword, _decoded(content)) for keyword, content in tags])
    _add(texts, [Text(COMMENT, _decoded(content)) for content in comments])
    if are_too_large(tuple(texts)):
        return (), (*notices, TOO_LARGE)
    return tuple(texts), tuple(notices)


def _add(texts: dict[Text, None], found: list[Text]) -> None:
    there = {text.keyword for text in texts}
    for keyword, content in found:
        text = content.replace("\0", " ").replace("\r\n", "\n").strip(" \n")
        if text and not (keyword in _SINGLE and keyword in there):
            texts[Text(keyword, text)] = None


def _decoded(content: bytes) -> str:
    """Decode what nobody says the encoding of: UTF-8 if it can be, else Latin-1."""
    content = b"; ".join(part for part in map(bytes.strip, content.split(b"\0")) if part)
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _of_exif(exif: bytes) -> Iterator[Text]:
    for directory in exif_directories(exif.removeprefix(b"Exif\0\0")):
        for tag, keyword in _EXIF_TEXTS.items():
            yield Text(keyword, _decoded(_bytes_of(directory, tag)))
        for tag, keyword in _EXIF_WIDE.items():
            wide = _bytes_of(directory, tag).decode("utf-16-le", "replace")
            yield Text(keyword, wide.partition("\0")[0])
        comment = _bytes_of(directory, USER_COMMENT)
        if encoding := _ENCODINGS.get(comment[:8]):
            if encoding == "utf-16" and comment[8:10] not in (b"\xff\xfe", b"\xfe\xff"):
                encoding = "utf-16-le" if directory.order == "<" else "utf-16-be"
            yield Text(COMMENT, comment[8:].decode(encoding, "replace").strip("\0"))


def _bytes_of(directory: Directory, tag: int) -> bytes:
    kind, *_ = directory.entries.get(tag, (0,))
    return directory.raw(tag) if kind in _BYTES else b""


def _of_xmp(xmp: bytes) -> Iterator[Text]:
    from xml.etree import ElementTree

    content = xmp.strip(b"\0 \n\r\t")
    if b"<!DOCTYPE" in content.replace(b"\0", b"").upper():
        raise ValueError("XMP has no document type, which could grow without bounds")
    tree = ElementTree.fromstring(content)  # noqa: S314 - it defines no entities
    for description in tree.iter(f"{_RDF}Description"):
        for name, keyword in _XMP_TEXTS.items():
            element = description.find(_DC + name)
            if element is None:
                yield Text(keyword, description.get(_DC + name) or "")
                continue
            items = [item.text or "" for item in element.iter(f"{_RDF}li")]
            # Creators are several, and of the others each is the same in another language.
            chosen = "; ".join(items) if name == "creator" else "".join(items[:1])
            yield Text(keyword, chosen if items else element.text or "")


def _of_iptc(iptc: bytes) -> Iterator[Text]:
    """Read the records of IPTC, bare or among the resources of Photoshop."""
    records = _iptc_resource(iptc) if iptc.startswith((_PHOTOSHOP, b"8BIM")) else iptc
    encoding = ""
    position = records.find(b"\x1c")
    while position >= 0 and records[position : position + 1] == b"\x1c":
        record, data_set = records[position + 1 : position + 3]
        size = int.from_bytes(records[position + 3 : position + 5], "big")
        content = records[position + 5 : position + 5 + size]
        if size > 0x7FFF or len(content) < size:
            raise ValueError("a record is cut short")
        if (record, data_set) == (1, 90) and content == _IPTC_UTF_8:
            encoding = "utf-8"
        elif record == 2 and data_set in _IPTC_TEXTS:
            text = content.decode(encoding, "replace") if encoding else _decoded(content)
            yield Text(_IPTC_TEXTS[data_set], text)
        position += 5 + size


def _iptc_resource(content: bytes) -> bytes:
    """Find the records among resources: each a name, its number, a title and what is in it."""
    for match in re.finditer(rb"8BIM", content):
        position = match.end()
        number = int.from_bytes(content[position : position + 2], "big")
        if number == _IPTC_RESOURCE and position + 2 < len(content):
            start = position + 2 + (content[position + 2] + 2 & ~1)
            size = int.from_bytes(content[start : start + 4], "big")
            return content[start + 4 : start + 4 + size]
    return b""
