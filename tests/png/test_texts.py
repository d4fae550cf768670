"""Texts and profiles in chunks of a PNG: written, read back, and read when they are damaged."""

import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from png_tools import IEND, chunk, idat, ihdr, png

from codec.limits import MAX_METADATA_BYTES, MAX_METADATA_TEXTS
from codec.metadata import Text
from codec.png.reading import PngFile, read_png
from codec.png.texts import (
    TOO_LARGE,
    metadata_sizes,
    profile_chunks,
    read_profile,
    read_texts,
    text_chunks,
)

KEYWORDS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=79)
WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=300)


def holding(*chunks: bytes) -> bytes:
    return png(ihdr(1, 1), *chunks, idat(b"\0\0"), IEND)


def read(*chunks: bytes) -> PngFile:
    return read_png(holding(*chunks), passed_over=[])


@given(texts=st.lists(st.tuples(KEYWORDS, WORDS), max_size=8))
def test_texts_come_back_as_they_were_and_pillow_reads_the_same(
    texts: list[tuple[str, str]],
) -> None:
    written = [chunk(*each) for each in text_chunks(Text(*text) for text in texts)]
    found, notices = read_texts(read(*written))
    metadata = [not name.lower().startswith("raw profile type ") for name, _ in texts]
    if all(metadata) and "XML:com.adobe.xmp" not in dict(texts):
        assert (list(found), notices) == (texts, ())
    with Image.open(io.BytesIO(holding(*written))) as image:
        image.load()
        for keyword, text in dict(texts).items():
            assert image.text[keyword] == text  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("by me", b"tEXt"), ("né", b"tEXt"), ("山田", b"iTXt"),
        ("é" * 200, b"zTXt"), ("山" * 200, b"iTXt"), ("", b"tEXt"),
    ],
)  # fmt: skip
def test_a_text_is_of_the_kind_that_holds_it_and_packed_where_that_is_smaller(
    text: str, kind: bytes
) -> None:
    ((found, content),) = text_chunks([Text("Author", text)])
    assert found == kind
    assert len(content) < 100


DAMAGED = {
    "no keyword": (b"tEXt", b"\0text"),
    "a long keyword": (b"tEXt", b"k" * 80 + b"\0text"),
    "no end of a keyword": (b"tEXt", b"Author"),
    "no method": (b"zTXt", b"Author\0"),
    "an unknown method": (b"zTXt", b"Author\0\1" + zlib.compress(b"x")),
    "what is no zlib": (b"zTXt", b"Author\0\0xyz"),
    "a zlib stream cut short": (b"zTXt", b"Author\0\0" + zlib.compress(b"x" * 99)[:-5]),
    "no language": (b"iTXt", b"Author\0\0\0"),
    "an unknown flag": (b"iTXt", b"Author\0\2\0\0\0x"),
    "what is no UTF-8": (b"iTXt", b"Author\0\0\0\0\0\xff"),
    "packed what is no UTF-8": (b"iTXt", b"Author\0\1\0\0\0" + zlib.compress(b"\xff")),
}


@pytest.mark.parametrize("how", DAMAGED)
def test_a_damaged_text_is_told_and_the_others_are_read(how: str) -> None:
    sound = chunk(b"tEXt", b"Title\0name")
    texts, notices = read_texts(read(chunk(*DAMAGED[how]), sound))
    assert texts == (("Title", "name"),)
    assert notices == ("1 damaged texts are not kept",)


@given(kind=st.sampled_from([b"tEXt", b"zTXt", b"iTXt"]), content=st.binary(max_size=60))
def test_whatever_a_text_holds_is_read_or_told(kind: bytes, content: bytes) -> None:
    texts, notices = read_texts(read(chunk(kind, content)))
    assert len(texts) + len(notices) <= 1
    again, _ = read_texts(read(*(chunk(*each) for each in text_chunks(texts))))
    assert again == texts


def test_what_is_too_large_is_not_kept_whole_or_in_part() -> None:
    most = b"x" * (MAX_METADATA_BYTES - len("Title"))
    kept, notices = read_texts(read(chunk(b"tEXt", b"Title\0" + most)))
    assert (len(kept), notices) == (1, ())
    for more in (
        chunk(b"tEXt", b"Title\0x" + most),
        chunk(b"zTXt", b"Title\0\0" + zlib.compress(b"x" + most)),
        chunk(b"zTXt", b"Title\0\0" + zlib.compress(bytes(1 << 28))),
        chunk(b"tEXt", b"Title\0" + most) + chunk(b"tEXt", b"Author\0me"),
        chunk(b"tEXt", b"Title\0name") * (MAX_METADATA_TEXTS + 1),
    ):
        assert read_texts(read(more)) == ((), (TOO_LARGE,))


def test_a_profile_comes_back_unless_it_is_damaged_or_large() -> None:
    ((kind, content),) = profile_chunks(b"profile")
    assert read_profile(read(chunk(kind, content)), 7) == b"profile"
    assert read_profile(read(chunk(kind, content)), 6) == b""
    assert read_profile(read(chunk(kind, content[:-5])), 7) == b""
    assert read_profile(read(chunk(kind, b"ICC\0\0what")), 7) == b""
    assert read_profile(read(), 7) == b""
    assert profile_chunks(b"") == []


def test_sizes_are_those_of_all_contents() -> None:
    texts = chunk(b"tEXt", b"Title\0name"), chunk(b"iTXt", b"Author\0\0\0\0\0me")
    assert metadata_sizes(read(*texts)) == {"texts": 10 + 13}
    assert metadata_sizes(read(chunk(b"iCCP", b"123"), *texts)) == {"texts": 23, "profile": 3}
    assert metadata_sizes(read()) == {}
