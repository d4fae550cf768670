"""Files to pixels, exactly: every kind of picture, whatever was changed on the way is told.

Rows are those of the catalogue of bad inputs.
"""

import contextlib
import functools
import os
import struct
import subprocess
import sys
import threading
import tracemalloc
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import png_tools
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from picture_tools import (
    LONG,
    SHORT,
    Pixels,
    Samples,
    bmp,
    exif,
    far_apart,
    gif,
    gif_frame,
    jpeg_claiming,
    narrowed,
    noise,
    opened,
    png_of,
    raw_tiff,
    read,
    refusal,
    rgb_profile,
    riff,
    riff_chunks,
    saved,
    shown,
    tiff,
    tiff_pages,
    tiff_tags,
    upright,
    wide_noise,
    with_segment,
)
from PIL import EpsImagePlugin, GifImagePlugin, Image, ImageFile, ImageOps
from png_tools import GREY, GREY_ALPHA, INDEXED, RGB, RGBA, SAMPLES, chunk

import codec
from codec.errors import CodecError, FileError, ImageError, ParameterError
from codec.images import check_image_name, encode_image, read_image, write_image

ROUNDED = "16-bit samples are rounded to 8 bits"
NO_EXIF = "metadata is not kept: EXIF"
EVERY_PNG = [
    *((GREY, depth) for depth in (1, 2, 4, 8, 16)),
    *((INDEXED, depth) for depth in (1, 2, 4, 8)),
    *((kind, depth) for kind in (RGB, GREY_ALPHA, RGBA) for depth in (8, 16)),
]
SIZES = [(1, 1), (1, 9), (9, 1), (3, 3), (4, 3), (13, 11)]  # row 50
FOUR_COLORS = bytes(range(0, 120, 10))
TURNS = {
    2: "mirrored",
    3: "turned by 180 degrees",
    4: "mirrored",
    5: "turned and mirrored",
    6: "turned by 90 degrees",
    7: "turned and mirrored",
    8: "turned by 270 degrees",
}


def turn_notices(orientation: int) -> list[str]:
    """What is told of a picture that was turned."""
    turn = TURNS.get(orientation)
    return [f"{turn} as its EXIF orientation asks"] if turn else []


def random_samples(seed: int, height: int, width: int, color_type: int, depth: int) -> Samples:
    shape = (height, width, SAMPLES[color_type])
    return wide_noise(seed, *shape) if depth == 16 else noise(seed, *shape, high=2**depth)


def palette_of(depth: int) -> Pixels:
    return noise(depth, 2**depth, 3)


def plte(palette: Pixels) -> bytes:
    return chunk(b"PLTE", palette.tobytes())


def squeezed(pixels: Pixels) -> Pixels:
    """A picture of one channel without its third axis."""
    return pixels[:, :, 0] if pixels.shape[2] == 1 else pixels


# PNG


@pytest.mark.parametrize("interlace", [0, 1], ids=["plain", "Adam7"])
@pytest.mark.parametrize(("color_type", "depth"), EVERY_PNG)
def test_a_png_of_every_kind_is_read_exactly(
    color_type: int, depth: int, interlace: int, tmp_path: Path
) -> None:  # rows 50, 51, 52, 53, 54, 58
    for seed, (height, width) in enumerate(SIZES):
        samples = random_samples(seed, height, width, color_type, depth)
        if color_type == INDEXED:
            palette = palette_of(depth)
            data = png_of(samples, INDEXED, depth, interlace=interlace, before=[plte(palette)])
            expected = palette[samples[:, :, 0]]
        else:
            data = png_of(samples, color_type, depth, interlace=interlace)
            expected = squeezed(shown(samples, depth))
        image = read(tmp_path, data, "picture.png")
        np.testing.assert_array_equal(image.pixels, expected)
        assert image.pixels.shape == expected.shape
        assert image.notices == ([ROUNDED] if depth == 16 else [])


@pytest.mark.parametrize("kind", range(5))
@pytest.mark.parametrize(("color_type", "depth"), [(GREY, 16), (RGB, 16), (GREY_ALPHA, 16)])
def test_a_16_bit_png_of_one_row_is_read_whatever_its_filter(
    color_type: int, depth: int, kind: int, tmp_path: Path
) -> None:
    samples = random_samples(kind, 1, 7, color_type, depth)
    image = read(tmp_path, png_of(samples, color_type, depth, kinds=[kind]))
    np.testing.assert_array_equal(image.pixels, squeezed(narrowed(samples)))


def test_all_65536_values_of_16_bits_are_rounded_to_nearest(tmp_path: Path) -> None:  # row 53
    samples = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
    for data in (
        png_of(samples, GREY, 16, kinds=[0]),
        tiff(samples[:, :, 0], "minisblack", byteorder="<"),
        tiff(samples[:, :, 0], "minisblack", byteorder=">"),
        tiff(np.dstack([samples] * 3), "rgb", byteorder="<"),
    ):
        image = read(tmp_path, data)
        channel = image.pixels if image.pixels.ndim == 2 else image.pixels[:, :, 1]
        np.testing.assert_array_equal(channel, narrowed(samples[:, :, 0]))
        assert image.notices == [ROUNDED]
        assert channel.ravel()[[0, 128, 129, 256, 385, 386, 65406, 65407, 65535]].tolist() == [
            0, 0, 1, 1, 1, 2, 254, 255, 255,
        ]  # fmt: skip


@pytest.mark.parametrize("interlace", [0, 1], ids=["plain", "Adam7"])
@pytest.mark.parametrize(
    ("color_type", "depth"), [*((GREY, depth) for depth in (1, 2, 4, 8, 16)), (RGB, 8), (RGB, 16)]
)
def test_the_transparent_color_of_a_png_makes_exactly_its_pixels_transparent(
    color_type: int, depth: int, interlace: int, tmp_path: Path
) -> None:  # row 55
    samples = random_samples(depth, 9, 12, color_type, depth)
    key = samples[4, 5].copy()
    samples[0, 0] = key
    samples[0, 1:3] = key
    samples[0, 1, -1] ^= 1  # almost the key
    samples[0, 2, 0] ^= 1
    trns = chunk(b"tRNS", struct.pack(f">{key.size}H", *key.tolist()))
    image = read(tmp_path, png_of(samples, color_type, depth, interlace=interlace, before=[trns]))
    opaque = (samples != key).any(axis=2)
    assert opaque[0, :3].tolist() == [False, True, True]
    expected = np.dstack([shown(samples, depth), np.where(opaque, 255, 0).astype(np.uint8)])
    np.testing.assert_array_equal(image.pixels, expected)
    assert image.notices == ([ROUNDED] if depth == 16 else [])


def test_unused_high_bits_of_a_transparent_color_are_masked(tmp_path: Path) -> None:
    # PNG, section 11.3.1.1: decoders must mask the other bits to 0 before the value is used.
    grey = np.array([[[5], [6]]], np.uint8)
    data = png_of(grey, GREY, 8, before=[chunk(b"tRNS", b"\x01\x05")])
    assert read(tmp_path, data).pixels[:, :, 1].tolist() == [[0, 255]]
    data = png_of(grey, GREY, 4, before=[chunk(b"tRNS", b"\x00\x16")])
    assert read(tmp_path, data).pixels[:, :, 1].tolist() == [[255, 0]]


@pytest.mark.parametrize("size", [0, 1, 3, 6])
def test_a_transparent_color_of_the_wrong_size_is_damaged(size: int, tmp_path: Path) -> None:
    data = png_of(noise(0, 2, 2, 1), GREY, 8, before=[chunk(b"tRNS", bytes(size))])
    assert refusal(tmp_path, data).reason == "damaged"


@pytest.mark.parametrize("interlace", [0, 1], ids=["plain", "Adam7"])
@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_the_transparency_of_a_palette_is_kept(
    depth: int, interlace: int, tmp_path: Path
) -> None:  # row 55
    samples = random_samples(depth, 9, 12, INDEXED, depth)
    palette = palette_of(depth)
    for alphas in ([0], [255, 0], [17, 0], [128] * 2**depth, [255]):
        trns = chunk(b"tRNS", bytes(alphas))
        data = png_of(samples, INDEXED, depth, interlace=interlace, before=[plte(palette), trns])
        alpha = np.array(alphas + [255] * (2**depth - len(alphas)), np.uint8)
        image = read(tmp_path, data)
        expected = np.dstack([palette[samples[:, :, 0]], alpha[samples[:, :, 0]]])
        np.testing.assert_array_equal(image.pixels, expected)
        assert image.notices == []


@pytest.mark.parametrize("interlace", [0, 1], ids=["plain", "Adam7"])
@pytest.mark.parametrize("depth", [2, 4, 8])
@pytest.mark.parametrize("transparent", [False, True], ids=["opaque", "transparent"])
def test_a_palette_index_out_of_range_is_refused(
    depth: int, interlace: int, transparent: bool, tmp_path: Path
) -> None:  # row 57
    samples = np.zeros((5, 6, 1), np.uint8)
    before = [plte(palette_of(8)[:3]), *([chunk(b"tRNS", b"\0")] if transparent else [])]
    for last, refused in ((2, False), (3, True), (2**depth - 1, True)):
        samples[4, 5] = last
        data = png_of(samples, INDEXED, depth, interlace=interlace, before=before)
        if refused:
            assert refusal(tmp_path, data).reason in {"damaged", "bad-palette"}
        else:
            assert read(tmp_path, data).pixels.shape == (5, 6, 4 if transparent else 3)


def test_a_palette_png_without_palette_is_refused(tmp_path: Path) -> None:  # row 57
    data = png_of(noise(0, 2, 2, 1, high=2), INDEXED, 8)
    assert refusal(tmp_path, data).reason == "bad-palette"


def test_a_suggested_palette_changes_nothing(tmp_path: Path) -> None:
    samples = noise(0, 3, 4, 3)
    data = png_of(samples, RGB, 8, before=[plte(palette_of(4))])
    np.testing.assert_array_equal(read(tmp_path, data).pixels, samples)


def test_a_png_is_read_through_any_number_of_idat_chunks(tmp_path: Path) -> None:
    samples = noise(0, 9, 7, 3)
    chunks = png_tools.chunks_of(png_of(samples, RGB, 8))
    (content,) = [content for kind, content in chunks if kind == b"IDAT"]
    parts = [(b"IDAT", content[n : n + 1]) for n in range(len(content))]
    data = png_tools.from_chunks([chunks[0], (b"IDAT", b""), *parts, chunks[-1]])
    np.testing.assert_array_equal(read(tmp_path, data).pixels, samples)


def test_bytes_after_the_end_of_a_png_are_told(tmp_path: Path) -> None:  # row 41
    samples = noise(0, 3, 4, 3)
    image = read(tmp_path, png_of(samples, RGB, 8) + b"PK\3\4")
    np.testing.assert_array_equal(image.pixels, samples)
    assert image.notices == ["4 bytes after the end of the PNG are ignored"]


@pytest.mark.parametrize(
    "bomb",
    [
        (b"zTXt", b"a\0\0"),
        (b"iTXt", b"a\0\1\0\0\0"),
        (b"iCCP", b"a\0\0"),
    ],
    ids=["zTXt", "iTXt", "iCCP"],
)
def test_a_bomb_in_a_chunk_that_is_not_needed_costs_nothing(
    bomb: tuple[bytes, bytes], tmp_path: Path
) -> None:  # row 48
    kind, head = bomb
    samples = noise(0, 3, 4, 3)
    once = chunk(kind, head + zlib.compress(bytes(50 << 20), 9))
    assert cost_of_reading(tmp_path, png_of(samples, RGB, 8, before=[once])) < 32 << 20


def test_many_texts_that_grow_together_cost_little(tmp_path: Path) -> None:  # row 48
    text = zlib.compress(bytes(1_000_000), 9)
    texts = [chunk(b"zTXt", b"key%d\0\0" % n + text) for n in range(70)]
    data = png_of(noise(0, 3, 4, 3), RGB, 8, before=texts)
    assert cost_of_reading(tmp_path, data) < 32 << 20


def cost_of_reading(folder: Path, data: bytes) -> int:
    """Bytes that reading a PNG takes at most; it may be refused, but not read wrongly."""
    path = folder / "picture.png"
    path.write_bytes(data)
    read_image_warm(folder)
    tracemalloc.start()
    try:
        with contextlib.suppress(CodecError):
            np.testing.assert_array_equal(read_image(path).pixels, noise(0, 3, 4, 3))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def attempt(folder: Path, data: bytes, **options: Any) -> Pixels | CodecError:
    """The pixels of a file that may be read or refused, or why it was refused."""
    try:
        return read(folder, data, **options).pixels
    except CodecError as error:
        return error


def read_image_warm(folder: Path) -> None:
    """Import everything that reading takes."""
    read(folder, png_of(noise(0, 1, 1, 3), RGB, 8), "warm.png")


def test_100000_texts_do_not_hide_the_picture(tmp_path: Path) -> None:  # row 49
    samples = noise(0, 3, 4, 3)
    texts = [chunk(b"tEXt", b"key%d\0value" % n) for n in range(100_000)]
    image = read(tmp_path, png_of(samples, RGB, 8, before=texts))
    np.testing.assert_array_equal(image.pixels, samples)


def test_the_texts_of_a_png_are_told_to_be_left_out(tmp_path: Path) -> None:
    for text in (
        chunk(b"tEXt", b"Author\0somebody"),
        chunk(b"zTXt", b"Author\0\0" + zlib.compress(b"somebody")),
        chunk(b"iTXt", b"Author\0\0\0\0\0somebody"),
    ):
        notices = read(tmp_path, png_of(noise(0, 3, 4, 3), RGB, 8, before=[text])).notices
        assert len(notices) == 1
        assert notices[0].startswith("metadata is not kept: ")


# Names and other formats


def test_text_and_markup_named_as_pictures_are_refused(tmp_path: Path) -> None:  # row 31
    for data in (b"text", b"<html></html>", b"<svg/>", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3"):
        assert refusal(tmp_path, data, "picture.png").reason == "unknown-format"


@pytest.fixture
def ghostscript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A marker that exists once anything named as Ghostscript is has run."""
    marker, folder = tmp_path / "it ran", tmp_path / "bin"
    folder.mkdir()
    for name in ("gs", "gswin32c", "gswin64c"):
        script = folder / name
        script.write_text(f"#!{sys.executable}\nopen({str(marker)!r}, 'w').close()\n")
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    return marker


def test_postscript_named_as_a_picture_starts_no_program(
    tmp_path: Path, ghostscript: Path
) -> None:  # row 32
    data = saved(Image.new("RGB", (4, 4)), "EPS")
    wrapped = b"\xc5\xd0\xd3\xc6" + struct.pack("<2I", 32, len(data)) + bytes(20) + data
    for name in ("picture.png", "picture.eps", "picture.jpg"):
        for form in (data, wrapped):
            assert refusal(tmp_path, form, name).reason == "unknown-format"
    assert not ghostscript.exists()
    with contextlib.suppress(OSError):  # the trap works: Pillow alone falls into it
        opened(data)
    assert ghostscript.exists()


@pytest.mark.parametrize("kind", ["PPM", "ICO", "TGA", "PCX", "SGI", "SPIDER", "MSP"])
def test_other_formats_that_pillow_reads_are_refused(kind: str, tmp_path: Path) -> None:  # row 33
    mode = {"SPIDER": "F", "MSP": "1"}.get(kind, "RGB")
    data = saved(Image.new(mode, (32, 32)), kind)
    assert opened(data).size == (32, 32)
    for name in ("picture.png", f"picture.{kind.lower()}"):
        assert refusal(tmp_path, data, name).reason == "unknown-format"


@pytest.mark.parametrize(
    "data",
    [
        b"icns\0\0\0\x10" + bytes(8),
        b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 2, 2, 8, 3) + bytes(40),
        b"SIMPLE  =                    T".ljust(80) + b"END".ljust(80),
        b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40),
        b"\xff\x4f\xff\x51" + bytes(40),
        b"\0\0\0\x1cftypavif" + bytes(40),
        b"qoif" + struct.pack(">II", 1, 1) + bytes(10),
        b"\0\1\0\0\x11\xaf" + bytes(200),
    ],
    ids=["ICNS", "PSD", "FITS", "JPEG 2000", "JPEG 2000 codestream", "AVIF", "QOI", "FLI"],
)
def test_more_formats_that_pillow_reads_are_refused(data: bytes, tmp_path: Path) -> None:  # row 33
    assert refusal(tmp_path, data, "picture.png").reason == "unknown-format"


def test_a_tiff_that_is_also_an_im_picture_is_never_read_as_one(tmp_path: Path) -> None:  # row 33
    # Pillow asks its IM reader before its TIFF reader, and that one looks for text alone.
    stored = noise(0, 16, 16)
    text = b": x\r\nImage type: Greyscale image\r\nImage size (x*y): 16*16\r\n\x1a"
    strip = text.ljust(496, b"\0") + np.full((16, 16), 200, np.uint8).tobytes()
    tags = {**tiff_tags(16, 16, 256), 273: (LONG, [16 + len(strip)])}
    data = raw_tiff(tags, strip=strip + stored.tobytes())
    assert opened(data).format in {"IM", "TIFF"}
    with contextlib.suppress(CodecError):
        np.testing.assert_array_equal(read(tmp_path, data).pixels, stored)


def test_the_name_of_a_file_decides_nothing_but_is_told_if_it_is_wrong(
    tmp_path: Path,
) -> None:  # row 34
    jpeg = saved(Image.fromarray(noise(0, 9, 12, 3)), "JPEG")
    wrong = ["this is a JPEG file in spite of its name"]
    for name, told in (
        ("a.jpg", []), ("a.JPG", []), ("a.jpeg", []), ("a.jpe", []), ("a.jfif", []), ("a", []),
        ("a.dat", []), ("a.jpg.bak", []), ("a.png", wrong), ("a.TIFF", wrong), ("a.webp", wrong),
    ):  # fmt: skip
        image = read(tmp_path, jpeg, name)
        np.testing.assert_array_equal(image.pixels, np.asarray(opened(jpeg)))
        assert image.notices == told
    webp = saved(Image.fromarray(noise(0, 9, 12, 3)), "WEBP", lossless=True)
    assert read(tmp_path, webp, "a.png").notices == ["this is a WebP file in spite of its name"]


# EXIF


@pytest.mark.parametrize("orientation", range(10))
def test_a_jpeg_is_turned_upright_and_says_so(orientation: int, tmp_path: Path) -> None:  # row 62
    for mode in ("RGB", "L", "CMYK"):
        picture = Image.fromarray(noise(0, 24, 17, 3)).convert(mode)
        plain = saved(picture, "JPEG")
        turned = with_segment(plain, 0xE1, b"Exif\0\0" + exif(orientation))
        before, image = read(tmp_path, plain), read(tmp_path, turned)
        np.testing.assert_array_equal(image.pixels, upright(before.pixels, orientation))
        assert image.notices == [*before.notices, *turn_notices(orientation), NO_EXIF]
        if mode == "RGB":
            independent = ImageOps.exif_transpose(opened(turned))
            np.testing.assert_array_equal(image.pixels, np.asarray(independent))


@pytest.mark.parametrize("orientation", range(10))
@pytest.mark.parametrize(
    ("color_type", "depth"),
    [
        (GREY, 1),
        (GREY, 8),
        (GREY, 16),
        (RGB, 8),
        (RGB, 16),
        (INDEXED, 4),
        (RGBA, 8),
        (GREY_ALPHA, 8),
    ],
)
def test_a_png_is_turned_upright_and_says_so(
    color_type: int, depth: int, orientation: int, tmp_path: Path
) -> None:  # row 62
    samples = random_samples(0, 3, 5, color_type, depth)
    before = [plte(palette_of(depth))] if color_type == INDEXED else []
    extra = [*before, chunk(b"eXIf", exif(orientation))]
    plain = read(tmp_path, png_of(samples, color_type, depth, before=before))
    image = read(tmp_path, png_of(samples, color_type, depth, before=extra))
    np.testing.assert_array_equal(image.pixels, upright(plain.pixels, orientation))
    assert image.notices == [*plain.notices, *turn_notices(orientation), NO_EXIF]


def test_exif_after_the_rows_of_a_png_counts_as_well(tmp_path: Path) -> None:  # row 62
    samples = noise(0, 3, 5, 3)
    image = read(tmp_path, png_of(samples, RGB, 8, after=[chunk(b"eXIf", exif(6))]))
    np.testing.assert_array_equal(image.pixels, upright(samples, 6))
    assert image.notices == [*turn_notices(6), NO_EXIF]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_webp_is_turned_upright_and_says_so(orientation: int, tmp_path: Path) -> None:  # row 62
    samples = noise(0, 9, 14, 3)
    data = saved(Image.fromarray(samples), "WEBP", lossless=True, exif=exif(orientation))
    image = read(tmp_path, data)
    np.testing.assert_array_equal(image.pixels, upright(samples, orientation))
    assert image.notices == [*turn_notices(orientation), NO_EXIF]


GARBAGE = [
    b"",
    b"garbage",
    b"\0" * 40,
    b"II*\0",
    b"II*\0\xff\xff\xff\xff",
    b"MM\0*\0\0\0\x08\xff\xff",
    exif(6)[:-6],
    exif(6, kind=2),
    exif(6, kind=5),
    exif(6, kind=7, count=4),
    exif(6, kind=99),
    exif(65535),
]


@pytest.mark.parametrize("content", GARBAGE)
def test_garbage_for_exif_turns_nothing_and_refuses_nothing(
    content: bytes, tmp_path: Path
) -> None:  # row 62
    samples = noise(0, 8, 16, 3)
    picture = Image.fromarray(samples)
    png = png_of(samples, RGB, 8, before=[chunk(b"eXIf", content)])
    np.testing.assert_array_equal(read(tmp_path, png).pixels, samples)
    late = png_of(samples, RGB, 8, after=[chunk(b"eXIf", content)])
    np.testing.assert_array_equal(read(tmp_path, late).pixels, samples)
    jpeg = saved(picture, "JPEG")
    damaged = with_segment(jpeg, 0xE1, b"Exif\0\0" + content)
    np.testing.assert_array_equal(read(tmp_path, damaged).pixels, np.asarray(opened(jpeg)))
    ((kind, stream),) = riff_chunks(saved(picture, "WEBP", lossless=True))
    head = (b"VP8X", b"\x08\0\0\0\x0f\0\0\x07\0\0")
    webp = riff(head, (kind, stream), (b"EXIF", content))
    np.testing.assert_array_equal(read(tmp_path, webp).pixels, samples)


TIFF_SAMPLES: dict[str, tuple[npt.NDArray[Any], str]] = {
    "grey": (noise(0, 3, 5), "minisblack"),
    "16-bit grey": (wide_noise(0, 3, 5), "minisblack"),
    "RGB": (noise(0, 3, 5, 3), "rgb"),
    "16-bit RGB": (wide_noise(0, 3, 5, 3), "rgb"),
    "1-bit": (noise(0, 3, 5, high=2).astype(bool), "minisblack"),
    "CMYK": (noise(0, 3, 5, 4), "separated"),
    "Lab": (noise(0, 3, 5, 3), "cielab"),
}


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("kind", TIFF_SAMPLES)
@pytest.mark.parametrize("orientation", range(10))
def test_a_tiff_is_turned_upright_exactly_once(
    orientation: int, kind: str, compression: str | None, tmp_path: Path
) -> None:  # row 62
    samples, photometric = TIFF_SAMPLES[kind]
    plain = read(tmp_path, tiff(samples, photometric, compression=compression))
    tag = [(274, 3, 1, orientation, True)]
    data = tiff(samples, photometric, compression=compression, extratags=tag)
    image = read(tmp_path, data)
    np.testing.assert_array_equal(image.pixels, upright(plain.pixels, orientation))
    assert image.notices == [*plain.notices, *turn_notices(orientation)]


def test_a_palette_tiff_is_turned_upright_exactly_once(tmp_path: Path) -> None:  # row 62
    indices = noise(0, 3, 5, high=4)
    colors = noise(1, 4, 3)
    ramp = np.zeros((3, 256), np.uint16)
    ramp[:, :4] = colors.T.astype(np.uint16) * 257
    tag = [(274, 3, 1, 6, True)]
    image = read(tmp_path, tiff(indices, "palette", colormap=ramp, extratags=tag))
    np.testing.assert_array_equal(image.pixels, upright(colors[indices], 6))


# JPEG


def test_a_jpeg_is_read_as_its_decoder_reads_it(tmp_path: Path) -> None:
    picture = Image.fromarray(noise(0, 24, 33, 3))
    for options in ({}, {"progressive": True}, {"quality": 30}, {"subsampling": 0}):
        data = saved(picture, "JPEG", **options)
        image = read(tmp_path, data)
        np.testing.assert_array_equal(image.pixels, np.asarray(opened(data)))
        assert image.notices == []


def test_a_grey_jpeg_stays_grey(tmp_path: Path) -> None:  # row 64
    data = saved(Image.fromarray(noise(0, 24, 33)), "JPEG")
    image = read(tmp_path, data)
    assert image.pixels.shape == (24, 33)
    np.testing.assert_array_equal(image.pixels, np.asarray(opened(data)))
    assert image.notices == []


def test_a_cmyk_jpeg_becomes_rgb_and_says_so(tmp_path: Path) -> None:  # row 64
    inks = np.array([[[255, 0, 0, 0], [0, 0, 0, 255], [0, 0, 0, 0], [0, 255, 255, 0]]], np.uint8)
    inks = inks.repeat(8, axis=0).repeat(8, axis=1)
    data = saved(Image.fromarray(inks, "CMYK"), "JPEG", quality=100, subsampling=0)
    image = read(tmp_path, data)
    assert image.notices == ["converted from CMYK to sRGB"]
    cyan, black, white, red = (image.pixels[4, x].tolist() for x in (4, 12, 20, 28))
    expected = [[0, 255, 255], [0, 0, 0], [255, 255, 255], [255, 0, 0]]
    assert far_apart(np.array([cyan, black, white, red]), np.array(expected)) <= 2


def test_a_ycck_jpeg_becomes_rgb_and_says_so(tmp_path: Path) -> None:  # row 64
    # Stored are 255 - ink, which Adobe's marker is made to declare as Y, Cb, Cr and K.
    for inks in ((130, 140, 110, 20), (100, 128, 128, 0), (90, 120, 150, 128)):
        flat = np.full((8, 8, 4), inks, np.uint8)
        data = saved(Image.fromarray(flat, "CMYK"), "JPEG", quality=100, subsampling=0)
        marker = data.index(b"Adobe")
        assert data[marker + 11] == 0
        image = read(tmp_path, data[: marker + 11] + b"\2" + data[marker + 12 :])
        y, cb, cr, k = (255.0 - ink for ink in inks)
        # JFIF: Y, Cb, Cr to red, green, blue, which are the inks C, M and Y of such a file.
        color = np.array(
            [
                y + 1.402 * (cr - 128),
                y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128),
                y + 1.772 * (cb - 128),
            ]
        )
        expected = (255.0 - np.clip(color, 0, 255)) * k / 255.0
        assert far_apart(image.pixels[4, 4], expected) <= 3
        assert image.notices == ["converted from CMYK to sRGB"]


def test_two_pictures_in_one_jpeg_are_read_as_the_first_and_told(tmp_path: Path) -> None:
    first, second = (Image.fromarray(noise(seed, 24, 33, 3)) for seed in (0, 1))
    data = saved(first, "MPO", save_all=True, append_images=[second])
    for name in ("picture.jpg", "picture.mpo"):
        image = read(tmp_path, data, name)
        np.testing.assert_array_equal(image.pixels, np.asarray(opened(saved(first, "JPEG"))))
        assert len(image.notices) == 1
        assert "picture" in image.notices[0]


def test_a_jpeg_cut_in_half_or_by_two_bytes_is_truncated(tmp_path: Path) -> None:  # row 46
    # A flipped bit in its entropy-coded data cannot be told: JPEG has no checksum (row 47).
    data = saved(Image.fromarray(noise(0, 48, 64, 3)), "JPEG")
    assert refusal(tmp_path, data[: len(data) // 2]).reason == "truncated"
    assert refusal(tmp_path, data[:-2]).reason == "truncated"


def test_a_small_jpeg_that_claims_to_be_huge_is_refused_at_once(tmp_path: Path) -> None:  # row 45
    data = jpeg_claiming(saved(Image.fromarray(noise(0, 16, 16, 3)), "JPEG"), 9000, 9000)
    read_image_warm(tmp_path)
    tracemalloc.start()
    try:
        error = refusal(tmp_path, data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert error.reason == "ratio"
    assert peak < 1 << 20


def test_the_comment_of_a_jpeg_is_told_to_be_left_out(tmp_path: Path) -> None:
    data = saved(Image.fromarray(noise(0, 8, 8, 3)), "JPEG", comment=b"hello")
    assert read(tmp_path, data).notices == ["metadata is not kept: comment"]


# GIF


def test_a_gif_of_one_frame_is_a_picture(tmp_path: Path) -> None:  # row 60
    indices = noise(0, 9, 14, high=4)
    palette = np.frombuffer(FOUR_COLORS, np.uint8).reshape(4, 3)
    data = gif(14, 9, FOUR_COLORS, gif_frame(indices.ravel().tolist(), (0, 0, 14, 9)))
    image = read(tmp_path, data)
    np.testing.assert_array_equal(image.pixels, palette[indices])
    assert image.notices == []


def test_the_transparency_of_a_gif_is_kept(tmp_path: Path) -> None:  # row 60
    indices = noise(0, 9, 14, high=4)
    colors = np.frombuffer(FOUR_COLORS, np.uint8).reshape(4, 3)
    control = b"!\xf9\4\1\0\0\2\0"
    data = gif(14, 9, FOUR_COLORS, control, gif_frame(indices.ravel().tolist(), (0, 0, 14, 9)))
    image = read(tmp_path, data)
    np.testing.assert_array_equal(image.pixels[:, :, 3], np.where(indices == 2, 0, 255))
    np.testing.assert_array_equal(image.pixels[indices != 2][:, :3], colors[indices][indices != 2])
    assert image.notices == []


def test_an_interlaced_gif_equals_its_plain_twin(tmp_path: Path) -> None:
    indices, colors = noise(0, 29, 24, high=7), noise(1, 7, 3)
    picture = Image.fromarray(indices, "P")
    picture.putpalette(colors.tobytes())
    plain, interlaced = (saved(picture, "GIF", interlace=n) for n in (0, 1))
    assert plain != interlaced
    for data in (plain, interlaced):
        np.testing.assert_array_equal(read(tmp_path, data).pixels, colors[indices])


def test_a_grey_gif_stays_grey(tmp_path: Path) -> None:
    samples = np.random.RandomState(0).permutation(256).astype(np.uint8).reshape(16, 16)
    image = read(tmp_path, saved(Image.fromarray(samples), "GIF"))
    np.testing.assert_array_equal(image.pixels, samples)
    image = read(tmp_path, saved(Image.fromarray(samples), "GIF", transparency=3))
    expected = np.dstack([samples, np.where(samples == 3, 0, 255)])
    np.testing.assert_array_equal(image.pixels, expected)


def animation(kind: str, frames: int = 3) -> tuple[bytes, Pixels]:
    """An animation or a file of several pages, and its first picture."""
    pictures = [Image.fromarray(noise(seed, 9, 14, 3)) for seed in range(frames)]
    if kind == "GIF":
        pictures = [picture.quantize(8) for picture in pictures]
    options = {"lossless": True} if kind == "WEBP" else {}
    if kind == "TIFF":
        data = tiff_pages(*((np.asarray(p), {"photometric": "rgb"}) for p in pictures))
    else:
        data = saved(pictures[0], kind, save_all=True, append_images=pictures[1:], **options)
    return data, np.asarray(pictures[0].convert("RGB"))


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_several_pictures_are_refused_unless_the_first_is_asked_for(
    kind: str, tmp_path: Path
) -> None:  # row 59
    data, first = animation(kind)
    name = "WebP" if kind == "WEBP" else kind
    error = refusal(tmp_path, data)
    assert isinstance(error, ImageError)
    assert error.reason == "several-frames"
    assert str(error) == f"the {name} holds 3 pictures (--first-frame takes the first)"
    image = read(tmp_path, data, first_frame=True)
    np.testing.assert_array_equal(image.pixels, first)
    assert image.notices == ["only the first of 3 pictures is taken"]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_an_animation_of_one_picture_is_a_picture(kind: str, tmp_path: Path) -> None:  # row 60
    data, first = animation(kind, frames=1)
    if kind == "PNG":
        chunks = png_tools.chunks_of(data)
        control = struct.pack(">IIIIIHHBB", 0, 14, 9, 0, 0, 1, 1, 0, 0)
        extra = [(b"acTL", struct.pack(">II", 1, 0)), (b"fcTL", control)]
        data = png_tools.from_chunks([chunks[0], *extra, *chunks[1:]])
    for options in ({}, {"first_frame": True}):
        image = read(tmp_path, data, **options)
        np.testing.assert_array_equal(image.pixels, first)
        assert image.notices == []


def test_the_first_picture_of_an_animated_png_may_stand_beside_the_animation(
    tmp_path: Path,
) -> None:
    first, *others = (Image.fromarray(noise(seed, 9, 14, 3)) for seed in range(3))
    data = saved(first, "PNG", save_all=True, append_images=others, default_image=True)
    image = read(tmp_path, data, first_frame=True)
    np.testing.assert_array_equal(image.pixels, np.asarray(first))
    assert image.notices == ["only the first of 2 pictures is taken"]


@pytest.mark.parametrize("options", [{}, {"first_frame": True}])
def test_a_truncated_animation_is_refused_however_much_is_left(
    options: dict[str, bool], tmp_path: Path
) -> None:  # row 61
    frames = [gif_frame(noise(n, 126, high=4).tolist(), (0, 0, 14, 9)) for n in range(3)]
    whole = gif(14, 9, FOUR_COLORS, *frames)
    one_left = whole[: -1 - len(frames[2]) - len(frames[1])]
    assert len(read(tmp_path, one_left + b";").pixels) == 9
    for data in (one_left, one_left + frames[1][:40], whole[: len(whole) // 2], whole[:-1]):
        assert refusal(tmp_path, data, **options).reason == "truncated"


def test_a_gif_whose_pixels_end_early_is_refused(tmp_path: Path) -> None:
    frame = gif_frame(noise(0, 60, high=4).tolist(), (0, 0, 14, 9))
    assert refusal(tmp_path, gif(14, 9, FOUR_COLORS, frame)).reason == "truncated"


def test_a_gif_frame_that_leaves_its_screen_is_refused(tmp_path: Path) -> None:
    frame = gif_frame([0, 1, 2, 3], (1, 0, 2, 2))
    assert refusal(tmp_path, gif(2, 2, FOUR_COLORS, frame)).reason == "damaged"


# WebP


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_lossless_webp_is_read_exactly(mode: str, tmp_path: Path) -> None:
    samples = noise(0, 9, 14, len(mode))
    image = read(tmp_path, saved(Image.fromarray(samples), "WEBP", lossless=True, exact=True))
    np.testing.assert_array_equal(image.pixels, samples)
    assert image.notices == []


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_lossy_webp_is_read_as_its_decoder_reads_it(mode: str, tmp_path: Path) -> None:
    data = saved(Image.fromarray(noise(0, 9, 14, len(mode))), "WEBP")
    image = read(tmp_path, data)
    np.testing.assert_array_equal(image.pixels, np.asarray(opened(data)))
    assert image.pixels.shape == (9, 14, len(mode))


def test_a_webp_that_is_also_a_photo_cd_is_never_read_as_one(tmp_path: Path) -> None:  # row 33
    # Pillow asks its PhotoCD reader before its WebP reader; that one looks at byte 2048 alone.
    picture = Image.new("RGB", (768, 512), (200, 30, 60))
    ((kind, stream),) = riff_chunks(saved(picture, "WEBP", lossless=True))
    head = (b"VP8X", b"\0\0\0\0\xff\x02\0\xff\x01\0")
    junk = bytearray(786_432)
    start = 12 + 18 + 8 + len(stream) + len(stream) % 2 + 8
    junk[2048 - start : 2052 - start] = b"PCD_"
    data = riff(head, (kind, stream), (b"JUNK", bytes(junk)))
    assert opened(data).format in {"PCD", "WEBP"}
    with contextlib.suppress(CodecError):
        np.testing.assert_array_equal(read(tmp_path, data).pixels, np.asarray(picture))


# BMP


def bmp_palette(colors: Pixels) -> bytes:
    return np.hstack([colors[:, ::-1], np.zeros((len(colors), 1), np.uint8)]).tobytes()


@pytest.mark.parametrize("bits", [1, 4, 8])
@pytest.mark.parametrize("direction", [1, -1], ids=["bottom up", "top down"])
def test_an_indexed_bmp_is_read_exactly(bits: int, direction: int, tmp_path: Path) -> None:
    indices = noise(bits, 5, 11, high=2**bits)
    colors = noise(9, 2**bits, 3)
    rows = [png_tools.pack(row, bits) for row in indices[::-direction].tolist()]
    body = b"".join(row.ljust(-(-len(row) // 4) * 4, b"\0") for row in rows)
    data = bmp(11, 5 * direction, bits, body, bmp_palette(colors))
    image = read(tmp_path, data)
    np.testing.assert_array_equal(image.pixels, colors[indices])
    assert image.notices == []


@pytest.mark.parametrize("direction", [1, -1], ids=["bottom up", "top down"])
def test_a_bmp_of_24_or_32_bits_is_read_exactly(direction: int, tmp_path: Path) -> None:
    samples = noise(0, 5, 11, 4)
    rows = samples[::-direction]
    body = np.pad(rows[:, :, 2::-1].reshape(5, 33), ((0, 0), (0, 3))).tobytes()
    image = read(tmp_path, bmp(11, 5 * direction, 24, body))
    np.testing.assert_array_equal(image.pixels, samples[:, :, :3])
    # The fourth byte of 32 bits is nothing unless a mask says that it is alpha.
    body = rows[:, :, [2, 1, 0, 3]].tobytes()
    image = read(tmp_path, bmp(11, 5 * direction, 32, body))
    np.testing.assert_array_equal(image.pixels, samples[:, :, :3])
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    image = read(tmp_path, bmp(11, 5 * direction, 32, body, compression=3, masks=masks))
    np.testing.assert_array_equal(image.pixels, samples)
    assert image.notices == []


def test_a_bmp_of_16_bits_is_read_as_its_decoder_reads_it(tmp_path: Path) -> None:
    values = np.array([[0x7FFF, 0, 0x7C00, 0x03E0]], "<u2")
    image = read(tmp_path, bmp(4, 1, 16, values.tobytes()))
    expected = [[[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 255, 0]]]
    np.testing.assert_array_equal(image.pixels, expected)


def test_a_grey_or_black_and_white_bmp_stays_grey(tmp_path: Path) -> None:
    samples = noise(0, 5, 11)
    image = read(tmp_path, saved(Image.fromarray(samples), "BMP"))
    np.testing.assert_array_equal(image.pixels, samples)
    black = samples > 127
    image = read(tmp_path, saved(Image.fromarray(black), "BMP"))
    np.testing.assert_array_equal(image.pixels, np.where(black, 255, 0))


def test_a_run_length_coded_bmp_is_read_exactly(tmp_path: Path) -> None:
    colors = noise(9, 4, 3)
    indices = np.array([[0, 1, 2, 0], [1, 1, 1, 2]])
    body = bytes([3, 1, 1, 2, 0, 0, 0, 4, 0, 1, 2, 0, 0, 1])
    palette = bmp_palette(colors)
    image = read(tmp_path, bmp(4, 2, 8, body, palette, compression=1))
    np.testing.assert_array_equal(image.pixels, colors[indices])
    body = bytes([3, 0x11, 1, 0x22, 0, 0, 0, 4, 0x01, 0x20, 0, 1])
    image = read(tmp_path, bmp(4, 2, 4, body, palette, compression=2))
    np.testing.assert_array_equal(image.pixels, colors[indices])


def test_a_truncated_bmp_is_refused(tmp_path: Path) -> None:  # row 66
    palette = bmp_palette(noise(9, 4, 3))
    whole = bmp(11, 5, 24, bytes(36 * 5))
    for data in (whole[:-1], whole[:60], whole[:20]):
        assert refusal(tmp_path, data).reason == "truncated"
    runs = bmp(4, 2, 8, bytes([3, 1, 1, 2, 0, 0, 0, 4, 0]), palette, compression=1)
    assert refusal(tmp_path, runs).reason in {"truncated", "damaged"}
    assert refusal(tmp_path, bmp(30_000, 30_000, 24, b"")).reason == "pixel-limit"


# TIFF


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("wide", [False, True], ids=["8-bit", "16-bit"])
def test_an_rgb_tiff_of_any_layout_is_read_exactly(
    wide: bool, order: str, planar: str, compression: str | None, tmp_path: Path
) -> None:  # row 54
    samples = wide_noise(0, 9, 14, 3) if wide else noise(0, 9, 14, 3)
    stored = samples if planar == "contig" else np.moveaxis(samples, 2, 0)
    data = tiff(
        stored,
        "rgb",
        byteorder=order,
        planarconfig=planar,
        compression=compression,
        rowsperstrip=4,
    )
    image = read(tmp_path, data)
    np.testing.assert_array_equal(image.pixels, narrowed(samples) if wide else samples)
    assert image.notices == ([ROUNDED] if wide else [])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("white", ["minisblack", "miniswhite"])
@pytest.mark.parametrize("wide", [False, True], ids=["8-bit", "16-bit"])
def test_a_grey_tiff_is_read_exactly_whichever_end_is_white(
    wide: bool, white: str, order: str, tmp_path: Path
) -> None:  # row 53
    samples = wide_noise(0, 9, 14) if wide else noise(0, 9, 14)
    shown_8 = narrowed(samples) if wide else samples
    image = read(tmp_path, tiff(samples, white, byteorder=order))
    expected = 255 - shown_8 if white == "miniswhite" else shown_8
    np.testing.assert_array_equal(image.pixels, expected)
    assert image.notices == ([ROUNDED] if wide else [])


@pytest.mark.parametrize("tiled", [False, True], ids=["strips", "tiles"])
@pytest.mark.parametrize("wide", [False, True], ids=["8-bit", "16-bit"])
def test_a_predicted_or_tiled_tiff_is_read_exactly(
    wide: bool, tiled: bool, tmp_path: Path
) -> None:
    samples = wide_noise(0, 35, 21, 3) if wide else noise(0, 35, 21, 3)
    options: dict[str, Any] = {"tile": (16, 16)} if tiled else {"rowsperstrip": 8}
    data = tiff(samples, "rgb", compression="zlib", predictor=True, **options)
    np.testing.assert_array_equal(
        read(tmp_path, data).pixels, narrowed(samples) if wide else samples
    )


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_a_grey_tiff_of_few_bits_is_read_exactly(bits: int, tmp_path: Path) -> None:  # row 52
    samples = noise(0, 5, 11, high=2**bits)
    body = b"".join(png_tools.pack(row, bits) for row in samples.tolist())
    data = raw_tiff(tiff_tags(11, 5, len(body), bits=bits), strip=body)
    np.testing.assert_array_equal(read(tmp_path, data).pixels, shown(samples, bits))


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_a_tiff_of_odd_depth_is_scaled_by_its_own_depth_or_refused(
    bits: int, tmp_path: Path
) -> None:
    samples = np.array([[0, 1, 2**bits - 1, 2 ** (bits - 1)]])
    body = int("".join(f"{v:0{bits}b}" for v in samples[0].tolist()).ljust(64, "0"), 2)
    strip = body.to_bytes(8, "big")[: -(-4 * bits // 8)]
    data = raw_tiff(tiff_tags(4, 1, len(strip), bits=bits), strip=strip)
    try:
        pixels = read(tmp_path, data).pixels
    except CodecError:
        return
    np.testing.assert_array_equal(pixels, np.rint(samples * 255.0 / (2**bits - 1)))


@pytest.mark.parametrize("wide", [False, True], ids=["8-bit", "16-bit"])
def test_straight_alpha_of_a_tiff_is_kept(wide: bool, tmp_path: Path) -> None:
    samples = wide_noise(0, 9, 14, 4) if wide else noise(0, 9, 14, 4)
    image = read(tmp_path, tiff(samples, "rgb", extrasamples=["unassalpha"]))
    np.testing.assert_array_equal(image.pixels, narrowed(samples) if wide else samples)
    assert image.notices == ([ROUNDED] if wide else [])


@pytest.mark.parametrize("wide", [False, True], ids=["8-bit", "16-bit"])
def test_premultiplied_alpha_of_a_tiff_becomes_straight_or_is_refused(
    wide: bool, tmp_path: Path
) -> None:
    straight = noise(0, 9, 14, 4).astype(np.float64) / 255
    straight[:, :, 3] = np.maximum(straight[:, :, 3], 0.25)
    scale = 65535 if wide else 255
    stored = np.dstack([straight[:, :, :3] * straight[:, :, 3:], straight[:, :, 3]])
    stored = np.rint(stored * scale).astype(np.uint16 if wide else np.uint8)
    try:
        image = read(tmp_path, tiff(stored, "rgb", extrasamples=["assocalpha"]))
    except CodecError:
        return
    assert far_apart(image.pixels, straight * 255) <= 4


@pytest.mark.parametrize("wide", [False, True], ids=["8-bit", "16-bit"])
@pytest.mark.parametrize("channels", [2, 4])
def test_an_extra_sample_of_no_meaning_is_not_dropped_or_taken_for_alpha_silently(
    channels: int, wide: bool, tmp_path: Path
) -> None:
    samples = wide_noise(0, 9, 14, channels) if wide else noise(0, 9, 14, channels)
    photometric = "rgb" if channels == 4 else "minisblack"
    data = tiff(samples, photometric, extrasamples=["unspecified"], planarconfig="contig")
    try:
        image = read(tmp_path, data)
    except CodecError:
        return
    shown_8 = narrowed(samples) if wide else samples
    np.testing.assert_array_equal(image.pixels, squeezed(shown_8[:, :, :-1]))
    assert any("sample" in notice for notice in image.notices if notice != ROUNDED)


def test_grey_with_alpha_of_a_tiff_is_kept(tmp_path: Path) -> None:
    samples = noise(0, 9, 14, 2)
    data = tiff(samples, "minisblack", extrasamples=["unassalpha"], planarconfig="contig")
    image = read(tmp_path, data)
    np.testing.assert_array_equal(image.pixels, samples)
    assert image.notices == []


REFUSED_TYPES = (
    "float16", "float32", "float64", "int8", "int16", "int32", "uint32", "uint64", "complex64",
)  # fmt: skip


@pytest.mark.parametrize("channels", [1, 3], ids=["grey", "RGB"])
@pytest.mark.parametrize("kind", [*REFUSED_TYPES, "NaN"])
def test_a_tiff_of_anything_but_8_or_16_bit_numbers_is_refused(
    kind: str, channels: int, tmp_path: Path
) -> None:  # row 65
    samples = squeezed(noise(0, 9, 14, channels)).astype("float32" if kind == "NaN" else kind)
    if kind == "NaN":
        samples.flat[:3] = np.nan, np.inf, -np.inf
    data = tiff(samples, "rgb" if channels == 3 else "minisblack")
    error = refusal(tmp_path, data)
    assert isinstance(error, ImageError)
    assert error.reason == "bad-dtype"


@pytest.mark.parametrize("kind", ["grey+alpha", "CMYK", "big-endian BigTIFF"])
def test_a_sound_tiff_that_cannot_be_read_is_not_called_damaged(kind: str, tmp_path: Path) -> None:
    if kind == "big-endian BigTIFF":
        data = tiff(noise(0, 9, 14, 3), "rgb", bigtiff=True, byteorder=">")
    elif kind == "CMYK":
        data = tiff(wide_noise(0, 9, 14, 4), "separated")
    else:
        data = tiff(
            wide_noise(0, 9, 14, 2),
            "minisblack",
            extrasamples=["unassalpha"],
            planarconfig="contig",
        )
    outcome = attempt(tmp_path, data)
    if isinstance(outcome, CodecError):
        assert outcome.reason != "damaged"
        assert "uri" not in str(outcome)


def test_16_bits_compressed_by_lzw_are_read_exactly_or_said_to_be_unsupported(
    tmp_path: Path,
) -> None:
    samples = wide_noise(0, 5, 7, 3)
    literals = samples.astype("<u2").tobytes()
    codes = [code for value in literals for code in (256, value)] + [257]
    bits = "".join(f"{code:09b}" for code in codes)
    strip = int(bits + "0" * (-len(bits) % 8), 2).to_bytes(-(-len(bits) // 8), "big")
    tags = {**tiff_tags(7, 5, len(strip), bits=16, samples=3, photometric=2), 259: (SHORT, [5])}
    outcome = attempt(tmp_path, raw_tiff(tags, strip=strip))
    if isinstance(outcome, CodecError):
        assert outcome.reason == "unsupported"
        assert "package" not in str(outcome)
    else:
        np.testing.assert_array_equal(outcome, narrowed(samples))


def test_a_big_tiff_is_read_exactly(tmp_path: Path) -> None:
    for samples in (noise(0, 9, 14, 3), wide_noise(0, 9, 14, 3)):
        data = tiff(samples, "rgb", bigtiff=True, byteorder="<")
        expected = samples if samples.dtype == np.uint8 else narrowed(samples)
        np.testing.assert_array_equal(read(tmp_path, data).pixels, expected)


@pytest.mark.parametrize("wide", [False, True], ids=["8-bit", "16-bit"])
def test_the_thumbnail_of_a_tiff_is_never_taken_for_its_picture(
    wide: bool, tmp_path: Path
) -> None:
    page = wide_noise(0, 9, 14, 3) if wide else noise(0, 9, 14, 3)
    main = (page, {"photometric": "rgb"})
    small = (page[::4, ::4].copy(), {"photometric": "rgb", "subfiletype": 1})
    expected = narrowed(page) if wide else page
    for pages in ([main, small], [small, main], [small, main, small]):
        np.testing.assert_array_equal(read(tmp_path, tiff_pages(*pages)).pixels, expected)


def test_no_page_of_a_tiff_escapes_the_limit_on_pixels(tmp_path: Path) -> None:
    small = (noise(0, 4, 4, 3), {"photometric": "rgb"})
    for large in (noise(0, 14, 10, 3), wide_noise(0, 300, 300, 3)):
        hidden = (large, {"photometric": "rgb", "subfiletype": 1})
        data = tiff_pages(hidden, small)
        outcome = attempt(tmp_path, data, max_pixels=100)
        if not isinstance(outcome, CodecError):
            np.testing.assert_array_equal(outcome, small[0])


def test_a_tiff_that_states_its_size_twice_is_not_read_as_the_larger(tmp_path: Path) -> None:
    body = bytes(200 * 200)
    data = raw_tiff(tiff_tags(200, 200, len(body)), strip=body)
    entry = struct.pack("<HHII", 256, LONG, 1, 200)
    at = data.index(entry)
    # Another width in place of the compression, which is "none" if left out.
    old = struct.pack("<HHI", 259, SHORT, 1)
    again = data.replace(old, struct.pack("<HHI", 256, LONG, 1)).replace(
        entry, struct.pack("<HHII", 256, LONG, 1, 3)
    )
    assert again[at : at + 12] != entry
    for variant in (again, data.replace(old + b"\1", struct.pack("<HHI", 256, LONG, 1) + b"\3")):
        try:
            image = read(tmp_path, variant, max_pixels=5_000)
        except CodecError:
            continue
        assert image.pixels.size <= 5_000


def test_a_cmyk_tiff_becomes_rgb_and_says_so(tmp_path: Path) -> None:  # row 64
    inks = noise(0, 9, 14, 4)
    image = read(tmp_path, tiff(inks, "separated"))
    complement = 255.0 - inks
    assert far_apart(image.pixels, complement[:, :, :3] * complement[:, :, 3:] / 255) <= 1
    assert image.notices == ["converted from CMYK to sRGB"]


def test_a_lab_tiff_becomes_rgb_by_its_definition_and_says_so(tmp_path: Path) -> None:  # row 64
    lab = np.array(
        [[[100, 0, 0], [0, 0, 0], [50, 0, 0], [60, 40, 30], [70, -40, 20], [40, 10, -50]]]
    )
    stored = np.dstack([np.rint(lab[:, :, 0] * 2.55), lab[:, :, 1], lab[:, :, 2]])
    image = read(tmp_path, tiff(stored.astype(np.int16).astype(np.uint8), "cielab"))
    # CIE 15: Lab to XYZ of D50, then the matrix of sRGB adapted to D50.
    y = (lab[..., 0] + 16) / 116
    cubes = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    xyz = np.where(cubes > 6 / 29, cubes**3, 3 * (6 / 29) ** 2 * (cubes - 4 / 29))
    from picture_tools import SRGB_TO_XYZ, WHITE, srgb_encoded

    linear = (xyz * np.array(WHITE)) @ np.linalg.inv(SRGB_TO_XYZ).T
    assert far_apart(image.pixels, srgb_encoded(linear)) <= 3
    assert image.notices == ["converted from LAB to sRGB"]


@pytest.mark.parametrize("kind", ["8-bit", "16-bit", "deflated", "16-bit deflated"])
def test_a_tiff_cut_anywhere_is_refused(kind: str, tmp_path: Path) -> None:
    samples = wide_noise(0, 6, 7, 3) if "16" in kind else noise(0, 6, 7, 3)
    compression = "zlib" if "deflated" in kind else None
    data = tiff(samples, "rgb", compression=compression, rowsperstrip=2)
    read(tmp_path, data)
    for size in range(1, len(data), 3):
        assert refusal(tmp_path, data[:size]).reason in {"truncated", "unknown-format"}


def test_nothing_is_printed_about_a_strange_tiff(tmp_path: Path) -> None:
    strange = tmp_path / "strange.tif"
    strange.write_bytes(tiff(wide_noise(0, 3, 5, 3), "rgb", extratags=[(274, 3, 1, 9, True)]))
    code = "import sys; from codec import read_image; print(read_image(sys.argv[1]).pixels.shape)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(strange)],
        cwd=Path(codec.__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("(3, 5, 3)\n", "", 0)


# Limits, globals, warnings


def test_the_limit_on_pixels_can_be_lowered_and_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # rows 43, 44
    samples = noise(0, 20, 30, 3)
    for data in (
        png_of(samples, RGB, 8),
        tiff(samples, "rgb"),
        saved(Image.fromarray(samples), "BMP"),
    ):
        error = refusal(tmp_path, data, max_pixels=599)
        assert error.reason == "pixel-limit"
        assert "599" in str(error)
        assert "--max-pixels" in str(error)
        np.testing.assert_array_equal(read(tmp_path, data, max_pixels=600).pixels, samples)
        # Pillow has a limit of its own, a process-wide one; ours alone counts.
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
        np.testing.assert_array_equal(read(tmp_path, data).pixels, samples)
        assert Image.MAX_IMAGE_PIXELS == 10
        monkeypatch.undo()


def global_state() -> tuple[object, ...]:
    return (
        ImageFile.LOAD_TRUNCATED_IMAGES,
        Image.MAX_IMAGE_PIXELS,
        GifImagePlugin.LOADING_STRATEGY,
        tuple(warnings.filters),
        tuple(Image.ID),
    )


def test_what_others_have_set_in_pillow_is_ignored_and_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = noise(0, 40, 30, 3)
    packed = saved(Image.fromarray(samples), "TIFF", compression="packbits")
    gif_data = saved(Image.fromarray(samples).quantize(8), "GIF")
    jpeg = saved(Image.fromarray(samples), "JPEG")
    read_image_warm(tmp_path)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    monkeypatch.setattr(
        GifImagePlugin, "LOADING_STRATEGY", GifImagePlugin.LoadingStrategy.RGB_ALWAYS
    )
    before = global_state()
    assert len(read(tmp_path, gif_data).pixels) == 40
    assert len(read(tmp_path, jpeg).pixels) == 40
    assert global_state() == before
    raw = tiff(samples, "rgb")
    for data in (raw[:-100], gif_data[:-100], jpeg[:-100], gif_frame_cut()):
        assert refusal(tmp_path, data).reason in {"truncated", "damaged"}
        assert global_state() == before
    np.testing.assert_array_equal(read(tmp_path, packed).pixels, samples)
    assert global_state() == before


def gif_frame_cut() -> bytes:
    """A GIF whose blocks are whole and whose pixels are not: only Pillow's flag tells."""
    return gif(14, 9, FOUR_COLORS, gif_frame([1] * 60, (0, 0, 14, 9)))


def test_many_threads_read_at_once_and_leave_the_globals_alone(tmp_path: Path) -> None:
    read_image_warm(tmp_path)
    before = global_state()
    paths = []
    for n in range(8):
        path = tmp_path / f"{n}.tif"
        path.write_bytes(tiff(noise(n, 12, 9, 3), "rgb"))
        paths.append(path)
    found: dict[int, Pixels] = {}

    def work(n: int) -> None:
        for _ in range(5):
            found[n] = read_image(paths[n]).pixels

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    for n, pixels in found.items():
        np.testing.assert_array_equal(pixels, noise(n, 12, 9, 3))
    assert global_state() == before


def warned(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that warns before it works, as those of a dependency may in the next version."""

    @functools.wraps(function)
    def wrapper(*arguments: Any, **options: Any) -> Any:
        warnings.warn("this will be removed", DeprecationWarning, stacklevel=2)
        return function(*arguments, **options)

    return wrapper


def test_warnings_of_a_dependency_never_surface(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = noise(0, 9, 14, 3)
    picture = Image.fromarray(samples)
    corrupt = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\xff\0\0\0\0\xff\0\0"
    tags = {**tiff_tags(14, 9, 378, samples=3, photometric=2), 305: (2, list(b"abc")),
            296: (SHORT, [1, 2, 3]), 283: (LONG, [0])}  # fmt: skip
    transparent = [plte(palette_of(2)), chunk(b"tRNS", b"\x01\x02")]
    files = [
        with_segment(saved(picture, "JPEG"), 0xE1, corrupt),
        raw_tiff(tags, strip=samples.tobytes()),
        png_of(noise(0, 5, 6, 1, high=4), INDEXED, 2, before=transparent),
        saved(picture, "PNG", icc_profile=rgb_profile()),
        saved(picture.convert("CMYK"), "JPEG"),
        tiff(samples, "cielab"),
        tiff(wide_noise(0, 5, 6, 3), "rgb"),
    ]
    for name in ("fromarray", "open"):
        monkeypatch.setattr(Image, name, warned(getattr(Image, name)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for data in files:
            read(tmp_path, data)
    assert [str(warning.message) for warning in caught] == []


def test_a_picture_too_large_for_memory_is_said_to_be_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    data = saved(Image.fromarray(noise(0, 9, 14, 3)), "BMP")
    read_image_warm(tmp_path)
    monkeypatch.setattr(Image.Image, "load", exhausted)
    error = refusal(tmp_path, data)
    assert "memory" in str(error)
    assert error.reason != "damaged"


def test_a_file_that_cannot_be_read_is_the_fault_of_the_file_system(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        read_image(tmp_path / "missing.png")
    assert caught.value.reason == "not-found"
    assert refusal(tmp_path, b"").reason == "empty"


def test_every_kind_of_path_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(png_of(noise(0, 3, 4, 3), RGB, 8))
    for form in (path, str(path), os.fsencode(path)):
        assert read_image(form).pixels.shape == (3, 4, 3)


# Writing


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_written_png_holds_exactly_the_pixels(channels: int, tmp_path: Path) -> None:
    for height, width in SIZES:
        pixels = squeezed(noise(0, height, width, channels))
        path = write_image(pixels, tmp_path / "picture.png", force=True)
        np.testing.assert_array_equal(np.asarray(opened(path.read_bytes())), pixels)
        image = read_image(path)
        np.testing.assert_array_equal(image.pixels, pixels)
        assert image.notices == []


@pytest.mark.parametrize(
    ("extension", "channels"),
    [(".bmp", 1), (".bmp", 3), (".tif", 1), (".tiff", 3), (".tif", 4), (".apng", 3), (".dib", 3),
     (".tga", 4), (".ppm", 3)],
)  # fmt: skip
def test_other_lossless_files_hold_exactly_the_pixels(
    extension: str, channels: int, tmp_path: Path
) -> None:
    pixels = squeezed(noise(0, 9, 14, channels))
    path = write_image(pixels, tmp_path / f"picture{extension}")
    np.testing.assert_array_equal(np.asarray(opened(path.read_bytes())), pixels)


def test_pixels_of_any_strides_are_encoded(tmp_path: Path) -> None:
    pixels = noise(0, 9, 14, 3)
    for extension in (".png", ".bmp"):
        expected = encode_image(np.ascontiguousarray(pixels[::-1, ::2]), extension)
        assert encode_image(pixels[::-1, ::2], extension) == expected


def test_a_file_that_cannot_hold_the_picture_says_so(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    with pytest.raises(ImageError) as caught:
        write_image(noise(0, 9, 14, 4), path)
    assert caught.value.reason == "not-encodable"
    assert not path.exists()


@pytest.mark.parametrize(
    "name", ["picture", "picture.", "picture.xyz", "picture.pdf", "a.eps", "a.psd"]
)
def test_a_name_without_a_kind_of_image_is_refused(name: str) -> None:
    with pytest.raises(ParameterError) as caught:
        check_image_name(name)
    assert caught.value.reason == "output-name"


def test_the_extension_is_found_whatever_its_case() -> None:
    assert check_image_name("a/b.c/picture.PNG") == ".png"
    assert check_image_name(b"picture.Jpeg") == ".jpeg"


def test_an_existing_file_is_kept_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"precious")
    with pytest.raises(FileError) as caught:
        write_image(noise(0, 3, 4), path)
    assert caught.value.reason == "exists"
    assert path.read_bytes() == b"precious"
    write_image(noise(0, 3, 4), path, force=True)
    np.testing.assert_array_equal(read_image(path).pixels, noise(0, 3, 4))


# Hypothesis


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


@st.composite
def any_png(draw: st.DrawFn) -> tuple[bytes, Pixels]:
    """A PNG of any kind, and what it shows."""
    color_type, depth = draw(st.sampled_from(EVERY_PNG))
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    seed = draw(st.integers(0, 2**32 - 1))
    samples = random_samples(seed, height, width, color_type, depth)
    before: list[bytes] = []
    opacity = None
    if color_type == INDEXED:
        colors = noise(seed, draw(st.integers(int(samples.max()) + 1, 2**depth)), 3)
        before.append(plte(colors))
        expected = colors[samples[:, :, 0]]
        if draw(st.booleans()):
            alphas = draw(st.binary(min_size=1, max_size=len(colors)))
            before.append(chunk(b"tRNS", alphas))
            opacity = np.frombuffer(alphas.ljust(256, b"\xff"), np.uint8)[samples[:, :, 0]]
    else:
        expected = shown(samples, depth)
        if color_type in (GREY, RGB) and draw(st.booleans()):
            key = samples[draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))]
            before.append(chunk(b"tRNS", struct.pack(f">{key.size}H", *key.tolist())))
            opacity = np.where((samples != key).any(axis=2), 255, 0).astype(np.uint8)
    if opacity is not None:
        expected = np.dstack([expected, opacity])
    data = png_of(
        samples, color_type, depth, interlace=draw(st.integers(0, 1)), before=before,
        kinds=draw(st.lists(st.integers(0, 4), min_size=1, max_size=4)),
        level=draw(st.sampled_from([0, 1, 9])),
    )  # fmt: skip
    return data, squeezed(expected)


@given(any_png())
@settings(max_examples=150, derandomize=True, deadline=None)
def test_a_random_png_of_any_kind_is_read_exactly(
    folder: Path, case: tuple[bytes, Pixels]
) -> None:
    data, expected = case
    np.testing.assert_array_equal(read(folder, data).pixels, expected)


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM",
       b"GIF89a", b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b"RIFF\x40\0\0\0WEBPVP8 "]))  # fmt: skip
@settings(max_examples=150, derandomize=True, deadline=None)
@example(b"", b"BM")
def test_random_bytes_are_a_picture_or_an_error_of_ours(
    folder: Path, content: bytes, start: bytes
) -> None:
    read_or_refuse(folder, start + content)


def read_or_refuse(folder: Path, data: bytes) -> None:
    outcome = attempt(folder, data, max_pixels=10_000)
    if isinstance(outcome, CodecError):
        assert str(outcome).isprintable()
    else:
        assert 0 < outcome.size <= 40_000


def mutants() -> dict[str, bytes]:
    samples = noise(0, 9, 14, 3)
    picture = Image.fromarray(samples)
    indexed = picture.quantize(8)
    wide = wide_noise(0, 9, 14, 3)
    return {
        "PNG": png_of(samples, RGB, 8, before=[chunk(b"eXIf", exif(6)), chunk(b"tRNS", bytes(6))]),
        "palette PNG": png_of(noise(0, 9, 14, 1, high=4), INDEXED, 2,
                              before=[plte(palette_of(2)), chunk(b"tRNS", b"\1\2")]),
        "16-bit PNG": png_of(wide, RGB, 16, interlace=1),
        "PNG with profile": saved(picture, "PNG", icc_profile=rgb_profile()),
        "JPEG": with_segment(saved(picture, "JPEG"), 0xE1, b"Exif\0\0" + exif(6)),
        "progressive JPEG": saved(picture, "JPEG", progressive=True, icc_profile=rgb_profile()),
        "CMYK JPEG": saved(picture.convert("CMYK"), "JPEG"),
        "WebP": saved(picture, "WEBP", exif=exif(6)),
        "lossless WebP": saved(picture, "WEBP", lossless=True, icc_profile=rgb_profile()),
        "GIF": saved(indexed, "GIF", transparency=2, comment=b"hi"),
        "animated GIF": animation("GIF")[0],
        "BMP": saved(picture, "BMP"),
        "palette BMP": saved(indexed, "BMP"),
        "run-length BMP": bmp(4, 2, 8, bytes([3, 1, 1, 2, 0, 0, 0, 4, 0, 1, 2, 0, 0, 1]),
                              bmp_palette(noise(9, 4, 3)), compression=1),
        "TIFF": tiff(samples, "rgb", rowsperstrip=4, extratags=[(274, 3, 1, 6, True)]),
        "16-bit TIFF": tiff(wide, "rgb", rowsperstrip=4),
        "16-bit deflated TIFF": tiff(wide, "rgb", compression="zlib", predictor=True),
        "big-endian 16-bit grey TIFF": tiff(wide[:, :, 0], "minisblack", byteorder=">"),
        "LZW TIFF": saved(picture, "TIFF", compression="tiff_lzw"),
        "palette TIFF": saved(indexed, "TIFF", compression="packbits"),
        "JPEG in TIFF": saved(picture, "TIFF", compression="jpeg"),
        "CMYK TIFF": tiff(noise(0, 9, 14, 4), "separated"),
        "Lab TIFF": tiff(samples, "cielab"),
        "BigTIFF": tiff(samples, "rgb", bigtiff=True),
    }  # fmt: skip


MUTANTS = mutants()


@st.composite
def mutant(draw: st.DrawFn, data: bytes) -> bytes:
    """A file with a few bytes changed, inserted or taken away."""
    mutated = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(mutated) - 1)))
        change = draw(st.sampled_from(["byte", "byte", "bit", "word", "cut", "insert", "end"]))
        if change == "byte":
            mutated[at : at + 1] = bytes([draw(st.sampled_from([0, 1, 2, 127, 128, 254, 255]))])
        elif change == "bit":
            mutated[at : at + 1] = bytes(
                [b ^ 1 << draw(st.integers(0, 7)) for b in mutated[at : at + 1]]
            )
        elif change == "word":
            mutated[at : at + 4] = draw(
                st.sampled_from([bytes(4), b"\xff" * 4, b"\0\0\0\x80", b"\2\0\0\0"])
            )
        elif change == "cut":
            del mutated[at : at + draw(st.integers(1, 9))]
        elif change == "insert":
            mutated[at:at] = draw(st.binary(min_size=1, max_size=9))
        else:
            del mutated[at:]
    return bytes(mutated)


@pytest.mark.parametrize("kind", MUTANTS)
def test_a_mutated_file_is_a_picture_or_an_error_of_ours(kind: str, folder: Path) -> None:
    @given(mutant(MUTANTS[kind]))
    @settings(max_examples=150, derandomize=True, deadline=None)
    def check(data: bytes) -> None:
        read_or_refuse(folder, data)
        if "PNG" in kind and data.startswith(png_tools.SIGNATURE):
            read_or_refuse(folder, png_tools.repair_crcs(data))

    read(folder, MUTANTS[kind], first_frame=True)
    check()
