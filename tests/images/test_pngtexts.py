"""Orientations that a PNG states in its texts, as ImageMagick and Adobe write them."""

import zlib
from pathlib import Path

import numpy as np
import pytest
from cost_tools import ONE_MEBIBYTE, traced
from picture_tools import exif, noise, opened, png_of, read, upright, warm_up
from PIL import ImageOps
from png_tools import RGB, chunk

PIXELS = noise(0, 3, 5, 3)
JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
TURN = "turned by 90 degrees as its {} orientation asks"
RAW = " (raw profile text)"


def xmp(orientation: int) -> bytes:
    return b'<x:xmpmeta><rdf:Description tiff:Orientation="%d"/></x:xmpmeta>' % orientation


def raw(name: bytes, content: bytes) -> bytes:
    digits = content.hex().encode()
    lines = b"\n".join(digits[start : start + 72] for start in range(0, len(digits), 72))
    return b"\n%s\n%8d\n%s\n" % (name, len(content), lines)


def text(kind: str, keyword: bytes, content: bytes) -> bytes:
    if kind == "tEXt":
        return chunk(b"tEXt", keyword + b"\0" + content)
    if kind == "zTXt":
        return chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(content))
    if kind == "iTXt":
        return chunk(b"iTXt", keyword + b"\0\0\0en\0word\0" + content)
    return chunk(b"iTXt", keyword + b"\0\1\0\0\0" + zlib.compress(content))


KINDS = ["tEXt", "zTXt", "iTXt", "packed iTXt"]
PLACES = {
    "exif": (b"Raw profile type exif", "EXIF" + RAW),
    "APP1": (b"Raw profile type APP1", "EXIF" + RAW),
    "APP1 of XMP": (b"Raw profile type APP1", "XMP" + RAW),
    "xmp": (b"Raw profile type xmp", "XMP" + RAW),
    "XMP": (b"XML:com.adobe.xmp", "XMP"),
}


def content_of(place: str, orientation: int) -> bytes:
    contents = {
        "exif": raw(b"exif", b"Exif\0\0" + exif(orientation)),
        "APP1": raw(b"generic", b"Exif\0\0" + exif(orientation)),
        "APP1 of XMP": raw(b"APP1", JPEG_XMP + xmp(orientation)),
        "xmp": raw(b"xmp", xmp(orientation)),
        "XMP": xmp(orientation),
    }
    return contents[place]


@pytest.mark.parametrize("orientation", [1, 2, 3, 6, 8, 9])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_a_png_is_turned_as_its_text_asks_and_says_whose(
    place: str, kind: str, orientation: int, tmp_path: Path
) -> None:
    keyword, said = PLACES[place]
    stated = text(kind, keyword, content_of(place, orientation))
    left = f"metadata is not kept: {said[:4].strip()}"
    for before, after in (([stated], []), ([], [stated])):
        image = read(tmp_path, png_of(PIXELS, RGB, 8, before=before, after=after))
        np.testing.assert_array_equal(image.pixels, upright(PIXELS, orientation))
        assert image.notices[-1] == left
        assert [said in notice for notice in image.notices[:-1]] == [True] * (1 < orientation < 9)
    other = text("tEXt", b"Author", b"somebody")
    image = read(tmp_path, png_of(PIXELS, RGB, 8, before=[other, stated, other]))
    np.testing.assert_array_equal(image.pixels, upright(PIXELS, orientation))
    assert image.notices[-1] == left + ", text"


@pytest.mark.parametrize("orientation", range(2, 9))
def test_what_pillow_turns_is_turned(orientation: int, tmp_path: Path) -> None:
    stated = text("zTXt", PLACES["exif"][0], content_of("exif", orientation))
    data = png_of(PIXELS, RGB, 8, before=[stated])
    turned = ImageOps.exif_transpose(opened(data))
    np.testing.assert_array_equal(read(tmp_path, data).pixels, np.asarray(turned))


def test_exif_of_its_own_chunk_comes_first_and_xmp_last(tmp_path: Path) -> None:
    own = chunk(b"eXIf", exif(6))
    raw_exif = text("zTXt", PLACES["exif"][0], content_of("exif", 3))
    in_xmp = text("iTXt", PLACES["XMP"][0], content_of("XMP", 2))
    for before, orientation in (
        ([in_xmp, raw_exif, own], 6),
        ([in_xmp, raw_exif], 3),
        ([in_xmp], 2),
        ([raw_exif, chunk(b"eXIf", b"II*\0\x08\0\0\0\0\0")], 3),  # which states none
    ):
        image = read(tmp_path, png_of(PIXELS, RGB, 8, before=before))
        np.testing.assert_array_equal(image.pixels, upright(PIXELS, orientation))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\nexif\n",
        b"\nexif\n 99\n",
        b"\nexif\n 99\nnot digits",
        b"\nexif\n 99\n4949\xff\xfe",
        b"\nexif\n 99\n45786966000",
        raw(b"exif", exif(6))[:40],
        b"\0" * 99,
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_raw_profiles_that_are_damaged_turn_nothing(
    content: bytes, kind: str, tmp_path: Path
) -> None:
    for keyword, _ in PLACES.values():
        stated = text(kind, keyword, content)
        for damaged in (stated, chunk(stated[4:8], stated[8:-8]), chunk(stated[4:8], keyword)):
            image = read(tmp_path, png_of(PIXELS, RGB, 8, before=[damaged]))
            np.testing.assert_array_equal(image.pixels, PIXELS)


@pytest.mark.parametrize("place", PLACES)
def test_a_bomb_in_a_text_that_is_looked_at_is_inflated_in_part(
    place: str, tmp_path: Path
) -> None:
    keyword, _ = PLACES[place]
    bomb = content_of(place, 6).rstrip() + b"0" * (100 << 20)
    data = png_of(PIXELS, RGB, 8, before=[text("zTXt", keyword, bomb)])
    warm_up(tmp_path)
    image, peak = traced(lambda: read(tmp_path, data))
    np.testing.assert_array_equal(image.pixels, upright(PIXELS, 6))
    assert peak < 8 * ONE_MEBIBYTE
