"""Pictures are turned upright exactly once, whatever container says how (row 62)."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from picture_tools import (
    NO_EXIF,
    exif,
    noise,
    opened,
    palette_of,
    plte,
    png_of,
    random_samples,
    read,
    riff,
    riff_chunks,
    saved,
    tiff,
    upright,
    wide_noise,
    with_segment,
)
from PIL import Image, ImageOps
from png_tools import GREY, GREY_ALPHA, INDEXED, RGB, RGBA, chunk

from codec.images.orientation import find_orientation, turn_upright

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


@pytest.mark.parametrize("orientation", sorted(TURNS))
def test_what_was_turned_by_a_right_angle_has_its_sides_exchanged(orientation: int) -> None:
    turned = turn_upright(np.zeros((3, 5, 2), np.uint8), orientation)
    assert turned.shape == ((5, 3, 2) if orientation >= 5 else (3, 5, 2))


@pytest.mark.parametrize("content", GARBAGE)
def test_exif_that_is_none_states_no_orientation(content: bytes) -> None:
    xmp = b'<x tiff:Orientation="8"/>'
    if content != exif(65535):  # which states one that is not defined
        assert find_orientation(content, xmp) == (8, "XMP")
    assert find_orientation(exif(3), xmp) == (3, "EXIF")
    assert find_orientation(b"Exif\0\0" + exif(3), b"") == (3, "EXIF")
    assert find_orientation(b"", b"<tiff:Orientation>6</tiff:Orientation>") == (6, "XMP")
    assert find_orientation(b"", b"tiff:Orientation=9") == (1, "EXIF")


@pytest.mark.parametrize(
    "stated",
    [
        b'tiff:Orientation="6"',
        b"tiff:Orientation='6'",
        b'tiff:Orientation = "6"',
        b"<tiff:Orientation>6</tiff:Orientation>",
        b"<tiff:Orientation>\n 6\n</tiff:Orientation>",
    ],
)
def test_xmp_states_an_orientation_in_every_way_of_xml(stated: bytes) -> None:
    assert find_orientation(b"", b"<x " + stated + b"/>") == (6, "XMP")
