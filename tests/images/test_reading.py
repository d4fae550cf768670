"""Files to pixels, exactly: every kind of picture, whatever was changed on the way is told.

Rows are those of the catalogue of bad inputs.
"""

import contextlib
import os
import struct
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import png_tools
import pytest
from cost_tools import ONE_MEBIBYTE, traced
from picture_tools import (
    LONG,
    animation,
    exif,
    jpeg_segment,
    noise,
    opened,
    png_of,
    raw_tiff,
    read,
    refusal,
    saved,
    tiff,
    tiff_pages,
    tiff_tags,
    warm_up,
    wide_noise,
    with_segment,
)
from PIL import EpsImagePlugin, Image
from png_tools import GREY, RGB, chunk, ihdr
from profile_tools import rgb_profile

import codec
from codec.errors import CodecError, FileError, ImageError
from codec.images.reading import read_image

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


# Files of several pictures


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_several_pictures_are_refused_unless_the_first_is_asked_for(
    kind: str, tmp_path: Path
) -> None:  # row 59
    data, first = animation(kind)
    name = "WebP" if kind == "WEBP" else kind
    error = refusal(tmp_path, data)
    assert isinstance(error, ImageError)
    assert error.reason == "several-frames"
    assert str(error) == f"the {name} holds 3 pictures (first_frame=True takes the first)"
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
    for first_frame in (False, True):
        image = read(tmp_path, data, first_frame=first_frame)
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


# Limits and paths


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
        assert "max_pixels" in str(error)
        np.testing.assert_array_equal(read(tmp_path, data, max_pixels=600).pixels, samples)
        # Pillow has a limit of its own, a process-wide one; ours alone counts.
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
        np.testing.assert_array_equal(read(tmp_path, data).pixels, samples)
        assert Image.MAX_IMAGE_PIXELS == 10
        monkeypatch.undo()


def test_a_file_that_cannot_be_read_is_the_fault_of_the_file_system(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        read_image(tmp_path / "missing.png")
    assert caught.value.reason == "not-found"
    assert refusal(tmp_path, b"").reason == "empty"


def test_every_kind_of_path_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(png_of(noise(0, 3, 4, 3), RGB, 8))
    for form in (path, str(path)):
        pixels = read_image(form).pixels
        assert pixels.shape == (3, 4, 3)


ICCP = chunk(b"iCCP", b"Wide\0\0" + zlib.compress(rgb_profile()))
ACTL = chunk(b"acTL", struct.pack(">II", 2, 0))
TEXT = chunk(b"tEXt", b"Author\0somebody")


def test_the_notices_of_a_png_come_in_the_order_of_what_is_done(tmp_path: Path) -> None:
    gamut = chunk(b"cICP", bytes([9, 16, 0, 1]))
    before = [ACTL, gamut, ICCP, chunk(b"eXIf", exif(6)), TEXT]
    data = png_of(wide_noise(0, 3, 5, 3), RGB, 16, before=before) + b"!"
    assert read(tmp_path, data, "picture.gif", first_frame=True).notices == [
        "1 bytes after the end of the PNG are ignored",
        "this is a PNG file in spite of its name",
        "only the first of 2 pictures is taken",
        "16-bit samples are rounded to 8 bits",
        "its color space, stated by numbers (cICP), is not applied",
        "converted from the color profile 'Wide' to sRGB",
        "turned by 90 degrees as its EXIF orientation asks",
        "metadata is not kept: EXIF, text",
    ]


def test_the_notices_of_a_jpeg_come_in_the_order_of_what_is_done(tmp_path: Path) -> None:
    picture = Image.fromarray(noise(0, 16, 8, 3)).convert("CMYK")
    data = saved(picture, "JPEG", icc_profile=rgb_profile(), comment=b"hello")
    data = with_segment(data, 0xE1, b"Exif\0\0" + exif(3))
    data = data[:2] + jpeg_segment(0xE2, b"MPF\0") * 2 + data[2:]
    assert read(tmp_path, data, "picture.bmp").notices == [
        "only the first picture of the JPEG is taken",
        "only the first picture of the JPEG is taken",
        "this is a JPEG file in spite of its name",
        "converted from CMYK to sRGB",
        "its color profile is damaged or for another kind, and not applied",
        "turned by 180 degrees as its EXIF orientation asks",
        "metadata is not kept: EXIF, comment",
    ]


def test_the_notices_of_a_tiff_come_in_the_order_of_what_is_done(tmp_path: Path) -> None:
    options = {
        "photometric": "rgb",
        "extrasamples": ["assocalpha"],
        "extratags": [(274, 3, 1, 2, True)],
        "iccprofile": rgb_profile(),
    }
    page = (wide_noise(0, 3, 5, 4), options)
    assert read(tmp_path, tiff_pages(page, page), "picture.png", first_frame=True).notices == [
        "this is a TIFF file in spite of its name",
        "only the first of 2 pictures is taken",
        "colors premultiplied by alpha are divided by it",
        "16-bit samples are rounded to 8 bits",
        "converted from the color profile 'Wide' to sRGB",
        "mirrored as its EXIF orientation asks",
    ]


def test_damaged_rows_are_told_before_several_pictures_and_these_before_colors(
    tmp_path: Path,
) -> None:
    color = chunk(b"tRNS", bytes(5))
    animation = png_of(noise(0, 2, 3, 3), RGB, 8, before=[ACTL, color])
    damaged = png_tools.repair_crcs(animation.replace(b"IDAT\x78", b"IDAT\x00"))
    assert refusal(tmp_path, damaged).reason == "bad-deflate"
    assert refusal(tmp_path, animation).reason == "several-frames"
    assert "transparent color" in str(refusal(tmp_path, animation, first_frame=True))


@pytest.mark.parametrize("filters", [(0,), (2,), (0, 1, 2)], ids=["none", "up", "mixed"])
def test_inflated_rows_are_not_kept_beside_the_pixels(
    filters: tuple[int, ...], tmp_path: Path
) -> None:
    # The rows, and what undoing their filters makes of them: nothing else as large as the picture.
    height, width = 300, 1000
    samples = np.zeros((height, width, 3), np.uint8)
    path = tmp_path / "picture.png"
    path.write_bytes(png_of(samples, RGB, 8, kinds=filters))
    read_image(path)
    tracemalloc.start()
    try:
        assert not read_image(path).pixels.any()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 2 * samples.nbytes <= peak < 2.2 * samples.nbytes


def test_too_little_memory_for_the_rows_is_said_to_be_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted() -> None:
        raise MemoryError

    monkeypatch.setattr(zlib, "decompressobj", exhausted)
    error = refusal(tmp_path, png_of(noise(0, 3, 5, 1), GREY, 8))
    assert error.reason == "memory"


def test_an_ordinary_png_is_read_without_the_libraries_of_other_kinds(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(png_of(noise(0, 3, 5, 4), png_tools.RGBA, 8, before=[TEXT]))
    code = (
        "import sys; from codec import read_image; print(read_image(sys.argv[1]).pixels.shape);"
        "print(*sorted({'PIL', 'imageio', 'tifffile'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path],
        cwd=Path(codec.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "(3, 5, 4)\n\n"


SIDES = 20_000, 10_000
FRAME = struct.pack(">BHHB", 8, SIDES[1], SIDES[0], 1) + bytes(3)
# A directory, whose place follows it.
ENTRIES = {
    order: struct.pack(order + "H", 2)
    + struct.pack(order + "HHIHH", 256, 3, 1, SIDES[0], 0)
    + struct.pack(order + "HHII", 257, 4, 1, SIDES[1])
    for order in "<>"
}
HEADS = {
    "PNG": b"\x89PNG\r\n\x1a\n" + ihdr(*SIDES),
    "GIF": b"GIF89a" + struct.pack("<HH", *SIDES),
    "BMP": b"BM" + bytes(12) + struct.pack("<Iii", 40, *SIDES),
    "BMP, top down": b"BM" + bytes(12) + struct.pack("<Iii", 40, SIDES[0], -SIDES[1]),
    "old BMP": b"BM" + bytes(12) + struct.pack("<IHH", 12, *SIDES),
    "DIB": struct.pack("<IiiHH", 40, *SIDES, 1, 24),
    "WebP": b"RIFF\xff\xff\xff\x01WEBPVP8X\x0a\0\0\0\0\0\0\0"
    + (SIDES[0] - 1).to_bytes(3, "little") + (SIDES[1] - 1).to_bytes(3, "little"),
    "lossy WebP": b"RIFF\xff\xff\xff\x01WEBPVP8 \xff\xff\0\0\0\0\0\x9d\x01\x2a"
    + struct.pack("<HH", 16_000, 16_000),
    "lossless WebP": b"RIFF\xff\xff\xff\x01WEBPVP8L\xff\xff\0\0\x2f"
    + struct.pack("<I", 15_999 | 15_999 << 14),
    "JPEG": b"\xff\xd8" + jpeg_segment(0xC0, FRAME),
    "JPEG with metadata": b"\xff\xd8" + b"".join(
        jpeg_segment(marker, b"Exif\0\0" * 10_000) for marker in (0xE1, 0xE2, 0xE2, 0xFE, 0xDB)
    ) + jpeg_segment(0xC2, FRAME),
    "TIFF": b"II*\0" + struct.pack("<I", 8) + ENTRIES["<"],
    "TIFF, big-endian": b"MM\0*" + struct.pack(">I", 8) + ENTRIES[">"],
    "TIFF, directory behind": b"II*\0" + struct.pack("<I", 90_000) + bytes(89_992) + ENTRIES["<"],
    "BigTIFF": b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2)
    + struct.pack("<HHQQ", 256, 4, 1, SIDES[0])
    + struct.pack("<HHQHHI", 257, 3, 1, SIDES[1], 0, 0),
}  # fmt: skip


def refused_from_its_head(path: Path, head: bytes) -> tuple[str, int]:
    """Why a file of 100 MiB that begins so is refused, and the most memory that takes."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(100 << 20)

    def refused() -> str:
        with pytest.raises(CodecError) as caught:
            read_image(path)
        return caught.value.reason

    return traced(refused)


@pytest.mark.parametrize("kind", HEADS)
def test_a_file_that_is_too_large_is_refused_from_its_header(kind: str, tmp_path: Path) -> None:
    warm_up(tmp_path)
    reason, peak = refused_from_its_head(tmp_path / "large", HEADS[kind])
    assert reason == "pixel-limit"
    assert peak < ONE_MEBIBYTE


@pytest.mark.parametrize("head", [b"", b"RIFF\0\0\0\0WAVE", b"%PDF"])
def test_what_is_no_picture_is_refused_from_its_first_bytes(head: bytes, tmp_path: Path) -> None:
    reason, peak = refused_from_its_head(tmp_path / "large", head)
    assert reason == "unknown-format"
    assert peak < ONE_MEBIBYTE


def test_numpy_takes_a_picture_for_its_pixels(tmp_path: Path) -> None:
    Image.fromarray(np.arange(60, dtype=np.uint8).reshape(4, 5, 3)).save(tmp_path / "a.png")
    picture = read_image(tmp_path / "a.png")
    assert picture.shape == (4, 5, 3)
    np.testing.assert_array_equal(np.asarray(picture), picture.pixels)
    assert np.asarray(picture).base is picture.pixels or np.asarray(picture) is picture.pixels
    assert np.array(picture, np.float32).dtype == np.float32
    changed = np.array(picture)
    changed[:] = 0
    assert picture.pixels.any()
