"""Texts of pictures of all kinds, and pictures that keep the color space of their profiles."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from picture_tools import jpeg_segment, noise, png_of, read, saved, upright, with_segment
from PIL import Image, PngImagePlugin
from png_tools import RGB, chunk
from profile_tools import grey_profile, rgb_profile

from codec.images.texts import collect_texts
from codec.limits import MAX_METADATA_BYTES, MAX_METADATA_TEXTS
from codec.metadata import Text
from codec.png.texts import TOO_LARGE

PICTURE = noise(0, 6, 9, 3)
XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:title="plain">
   <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© 山田</rdf:li>
     <rdf:li xml:lang="de">deutsch</rdf:li></rdf:Alt></dc:rights>
   <dc:creator><rdf:Seq><rdf:li>Ann</rdf:li><rdf:li>Bo</rdf:li></rdf:Seq></dc:creator>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""
OF_XMP = (("Title", "plain"), ("Author", "Ann; Bo"), ("Copyright", "© 山田"))


def exif_of(orientation: int = 1, **more: bytes) -> bytes:
    exif = Image.Exif()
    exif[33432], exif[315], exif[270] = "© Zoë".encode(), b"Zo\xeb", b"what it shows"
    exif[274] = orientation
    exif.get_ifd(0x8769)[36867] = "2020:01:02 03:04:05"
    for tag, value in more.items():
        exif.get_ifd(0x8769)[int(tag[1:])] = value
    return exif.tobytes()


OF_EXIF = (
    ("Description", "what it shows"), ("Author", "Zoë"), ("Copyright", "© Zoë"),
    ("Creation Time", "2020:01:02 03:04:05"),
)  # fmt: skip


def iptc(*records: tuple[int, int, bytes]) -> bytes:
    return b"".join(
        bytes([0x1C, record, number]) + struct.pack(">H", len(content)) + content
        for record, number, content in records
    )


IPTC = iptc((1, 90, b"\x1b%G"), (2, 5, "名".encode()), (2, 80, b"Cy"), (2, 116, b"(c) Cy"))
OF_IPTC = (("Title", "名"), ("Author", "Cy"), ("Copyright", "(c) Cy"))
PHOTOSHOP = b"Photoshop 3.0\0" + b"8BIM\x03\xed\0\0" + struct.pack(">I", 2) + b"ab"
PHOTOSHOP += b"8BIM\x04\x04\x03abc" + struct.pack(">I", len(IPTC)) + IPTC


def texts_of(folder: Path, data: bytes) -> tuple[Text, ...]:
    return read(folder, data, keep_texts=True).metadata.texts


# What each kind of file holds


def test_all_texts_of_a_png_are_kept_and_those_of_exif_that_it_has_not(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    own = [("Author", "José"), ("Software", "a\nb"), ("Note", "x" * 500), ("Author", "山田")]
    for keyword, text in own:
        info.add_text(keyword, text, zip=len(text) > 99)
    info.add_itxt("XML:com.adobe.xmp", XMP)
    data = saved(Image.fromarray(PICTURE), "PNG", pnginfo=info, exif=exif_of())
    others = [OF_XMP[0], OF_XMP[2], OF_EXIF[0], OF_EXIF[2], OF_EXIF[3]]
    assert texts_of(tmp_path, data) == (*own, *others)
    assert read(tmp_path, data).metadata.texts == ()


def test_texts_of_a_jpeg_are_those_of_xmp_exif_iptc_and_comments(tmp_path: Path) -> None:
    data = saved(Image.fromarray(PICTURE), "JPEG", exif=exif_of(), xmp=XMP.encode())
    data = with_segment(data, 0xED, PHOTOSHOP)
    for comment in (b"Latin \xe9", "UTF-8 é".encode()):
        data = with_segment(data, 0xFE, comment)
    found = texts_of(tmp_path, data)
    comments = ("Comment", "UTF-8 é"), ("Comment", "Latin é")
    assert found == (*OF_XMP, *OF_EXIF, *OF_IPTC[1:], *comments)


def test_texts_of_a_webp_are_those_of_xmp_and_exif(tmp_path: Path) -> None:
    data = saved(Image.fromarray(PICTURE), "WEBP", exif=exif_of(), xmp=XMP.encode())
    assert texts_of(tmp_path, data) == (*OF_XMP, *OF_EXIF)


def test_texts_of_a_tiff_are_those_of_its_tags_and_of_xmp_and_iptc(tmp_path: Path) -> None:
    tags = {
        270: "what",
        315: "Zoë".encode(),
        33432: b"\xa9 Zo\xeb",
        700: XMP.encode(),
        33723: IPTC,
    }
    data = saved(Image.fromarray(PICTURE), "TIFF", tiffinfo=tags)
    tagged = (("Description", "what"), ("Author", "Zoë"), ("Copyright", "© Zoë"))
    assert texts_of(tmp_path, data) == (*OF_XMP, *OF_IPTC[1:], *tagged)


def test_the_comments_of_a_gif_are_kept(tmp_path: Path) -> None:
    comment = "é" * 300  # in several blocks
    data = saved(Image.fromarray(PICTURE).quantize(8), "GIF", comment=comment.encode())
    assert texts_of(tmp_path, data) == (("Comment", comment),)


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        (b"ASCII\0\0\0plain\0\0", "plain"),
        (b"UNICODE\0" + "né".encode("utf-16-be"), "né"),
        (b"UNICODE\0" + "né".encode("utf-16"), "né"),
    ],
)
def test_comments_of_exif_are_decoded_as_they_say(stored: bytes, text: str) -> None:
    found, notices = collect_texts(exif=exif_of(t37510=stored))
    assert (found[-1], notices) == (("Comment", text), ())
    assert collect_texts(exif=exif_of(t37510=bytes(8) + b"unknown"))[0] == OF_EXIF


def test_a_copyright_of_photographer_and_editor_is_one_text() -> None:
    exif = Image.Exif()
    exif[33432] = b"me\0editor"
    exif[315] = b"   "
    assert collect_texts(exif=exif.tobytes()) == ((("Copyright", "me; editor"),), ())


def test_equal_values_are_kept_once_and_of_titles_and_times_the_first() -> None:
    found, _ = collect_texts(iptc=IPTC, tags=[("Copyright", b"(c) Cy"), ("Title", b"other")])
    assert found == OF_IPTC


# What is not kept


def test_exif_of_both_orders_of_bytes_is_read() -> None:
    for order, head in (("<", b"II*\0"), (">", b"MM\0*")):
        text = "né".encode("utf-16-le" if order == "<" else "utf-16-be")
        first = struct.pack(order + "HHHIIHHII", 2, 33432, 2, 3, 0, 34665, 4, 1, 38)
        first = first[:10] + b"me\0\0" + first[14:] + bytes(4)
        second = struct.pack(order + "HHHII", 1, 37510, 7, 12, 56) + bytes(4)
        data = head + struct.pack(order + "I", 8) + first + second + b"UNICODE\0" + text
        expected = ("Copyright", "me"), ("Comment", "né")
        assert collect_texts(exif=data) == (expected, ())
        assert collect_texts(exif=b"Exif\0\0" + data) == (expected, ())


def test_values_of_exif_beyond_its_end_are_passed_over() -> None:
    first = struct.pack("<HHHIIHHII", 2, 33432, 2, 300, 30, 315, 2, 3, 0)
    data = b"II*\0\x08\0\0\0" + first[:-4] + b"me\0\0" + bytes(4)
    assert collect_texts(exif=data) == ((("Author", "me"),), ())


@pytest.mark.parametrize("content", [b"<a>" * 200_000, b"<a>" * 100_000 + b"</a>" * 100_000])
def test_xmp_may_be_as_deep_as_it_likes(content: bytes) -> None:
    found, notices = collect_texts(xmp=content, comments=[b"kept"])
    assert found == (("Comment", "kept"),)
    assert len(notices) <= 1


@pytest.mark.parametrize("name", ["exif", "xmp", "iptc"])
@given(content=st.binary(min_size=1, max_size=80))
def test_damaged_metadata_are_told_and_comments_kept(name: str, content: bytes) -> None:
    head = {"exif": b"Exif\0\0MM\0*\0\0\0\x08", "xmp": b"<", "iptc": b"\x1c\x02\x50"}[name]
    damaged: dict[str, Any] = {name: head + content}
    found, notices = collect_texts(**damaged, comments=[b"kept"])
    assert found[-1] == ("Comment", "kept")
    assert len(notices) <= 1


@pytest.mark.parametrize(
    "content", [{"xmp": b"<x"}, {"exif": b"MM\0*\0"}, {"iptc": b"\x1c\x02\x50\0\x09me"}]
)
def test_what_cannot_be_read_is_named(content: dict[str, Any]) -> None:
    (name,) = content
    found, notices = collect_texts(**content)
    assert (found, notices) == (
        (),
        (f"its {name.upper()} is damaged, and its texts are not kept",),
    )


def test_xmp_that_defines_entities_is_not_read() -> None:
    bomb = XMP.replace("<x:", '<!DOCTYPE x [<!ENTITY a "bomb">]><x:', 1)
    assert collect_texts(xmp=bomb.encode())[0] == ()
    assert collect_texts(xmp=bomb.encode("utf-16"))[0] == ()


def test_too_much_is_not_kept_at_all() -> None:
    large = bytes([65]) * (MAX_METADATA_BYTES + 1)
    found, notices = collect_texts(xmp=large, comments=[b"kept"])
    assert found == (("Comment", "kept"),)
    assert notices == ("texts of its XMP are not kept: it is too large",)
    assert collect_texts(comments=[large, b"other"]) == ((), (TOO_LARGE,))
    many = [str(number).encode() for number in range(MAX_METADATA_TEXTS + 1)]
    assert collect_texts(comments=many) == ((), (TOO_LARGE,))
    assert len(collect_texts(comments=many[1:])[0]) == MAX_METADATA_TEXTS


def test_texts_of_a_png_and_of_its_exif_are_too_many_together(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    for number in range(MAX_METADATA_TEXTS):
        info.add_text("Note", str(number))
    data = saved(Image.fromarray(PICTURE), "PNG", pnginfo=info)
    assert len(texts_of(tmp_path, data)) == MAX_METADATA_TEXTS
    data = saved(Image.fromarray(PICTURE), "PNG", pnginfo=info, exif=exif_of())
    found = read(tmp_path, data, keep_texts=True)
    assert (found.metadata.texts, found.notices[0]) == ((), TOO_LARGE)


def test_the_notice_tells_what_is_more_than_texts(tmp_path: Path) -> None:
    data = saved(Image.fromarray(PICTURE), "JPEG", exif=exif_of(6), comment=b"hello")
    turned = "turned by 90 degrees as its EXIF orientation asks"
    found = read(tmp_path, data, keep_texts=True)
    assert found.notices == [turned, "of metadata only texts are kept: EXIF"]
    assert read(tmp_path, data).notices == [turned, "metadata is not kept: EXIF, comment"]


# Profiles


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "palette"])
def test_pixels_stay_in_the_color_space_of_a_profile_that_is_kept(
    tmp_path: Path, kind: str
) -> None:
    image = Image.fromarray(PICTURE)
    image = image.quantize(16) if kind == "palette" else image
    options = {"lossless": True} if kind == "WEBP" else {}
    data = saved(image, "PNG" if kind == "palette" else kind, icc_profile=rgb_profile(), **options)
    found = read(tmp_path, data, keep_profile=True)
    np.testing.assert_array_equal(found.pixels, np.asarray(image.convert("RGB")))
    assert (found.metadata.profile, found.notices, found.conversions) == (rgb_profile(), [], ())
    converted = read(tmp_path, data)
    assert (converted.pixels != found.pixels).any()
    assert converted.metadata.profile == b""


@pytest.mark.parametrize(
    ("mode", "profile"),
    [
        ("L", grey_profile(1.8)), ("L", rgb_profile()), ("RGB", grey_profile(1.8)),
        ("CMYK", rgb_profile()), ("RGB", b"damaged"), ("RGB", rgb_profile()[:-60]),
        ("RGB", rgb_profile() + bytes(MAX_METADATA_BYTES)),
    ],
)  # fmt: skip
def test_other_profiles_are_applied_as_ever(tmp_path: Path, mode: str, profile: bytes) -> None:
    data = saved(Image.fromarray(PICTURE).convert(mode), "TIFF", icc_profile=profile)
    found, plain = read(tmp_path, data, keep_profile=True), read(tmp_path, data)
    np.testing.assert_array_equal(found.pixels, plain.pixels)
    assert found.metadata.profile == b""
    assert found.notices == plain.notices


def test_a_profile_that_numbers_state_is_kept_as_one(tmp_path: Path) -> None:
    data = png_of(PICTURE, RGB, 8, before=[chunk(b"gAMA", struct.pack(">I", 100_000))])
    found = read(tmp_path, data, keep_profile=True)
    np.testing.assert_array_equal(found.pixels, PICTURE)
    again = saved(Image.fromarray(PICTURE), "PNG", icc_profile=found.metadata.profile)
    np.testing.assert_array_equal(read(tmp_path, again).pixels, read(tmp_path, data).pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_once_and_keep_no_orientation(
    tmp_path: Path, orientation: int
) -> None:
    data = saved(Image.fromarray(PICTURE), "WEBP", exif=exif_of(orientation), lossless=True)
    found = read(tmp_path, data, keep_texts=True, keep_profile=True)
    np.testing.assert_array_equal(found.pixels, upright(PICTURE, orientation))
    assert found.metadata.texts == OF_EXIF


def test_segments_behind_the_first_scan_are_no_metadata(tmp_path: Path) -> None:
    data = saved(Image.fromarray(PICTURE), "JPEG")
    behind = data[:-2] + jpeg_segment(0xED, PHOTOSHOP) + data[-2:]
    assert texts_of(tmp_path, behind) == ()
    assert Image.open(io.BytesIO(behind)).size == (9, 6)
