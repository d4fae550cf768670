"""TIFF pictures of every layout exactly; what cannot be read is said so."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import png_tools
import pytest
from picture_tools import (
    LONG,
    LONG8,
    ROUNDED,
    SHORT,
    Page,
    attempt,
    examine,
    far_apart,
    narrowed,
    noise,
    raw_tiff,
    read,
    reason_of,
    refusal,
    shown,
    size_of,
    squeezed,
    tiff,
    tiff_pages,
    tiff_tags,
    wide_noise,
)
from profile_tools import SRGB_TO_XYZ, WHITE, srgb_encoded

from codec.errors import CodecError, ImageError
from codec.images.tiff import tiff_structure
from codec.limits import MAX_PIXELS, MAX_TIFF_DIRECTORIES


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
def test_a_tiff_of_odd_depth_is_refused(bits: int, tmp_path: Path) -> None:
    samples = [0, 1, 2**bits - 1, 2 ** (bits - 1)]
    body = int("".join(f"{sample:0{bits}b}" for sample in samples).ljust(64, "0"), 2)
    strip = body.to_bytes(8, "big")[: -(-4 * bits // 8)]
    data = raw_tiff(tiff_tags(4, 1, len(strip), bits=bits), strip=strip)
    assert refusal(tmp_path, data).reason == "bad-dtype"


@pytest.mark.parametrize("wide", [False, True], ids=["8-bit", "16-bit"])
def test_straight_alpha_of_a_tiff_is_kept(wide: bool, tmp_path: Path) -> None:
    samples = wide_noise(0, 9, 14, 4) if wide else noise(0, 9, 14, 4)
    image = read(tmp_path, tiff(samples, "rgb", extrasamples=["unassalpha"]))
    np.testing.assert_array_equal(image.pixels, narrowed(samples) if wide else samples)
    assert image.notices == ([ROUNDED] if wide else [])


@pytest.mark.parametrize("wide", [False, True], ids=["8-bit", "16-bit"])
def test_premultiplied_alpha_of_a_tiff_becomes_straight(wide: bool, tmp_path: Path) -> None:
    straight = noise(0, 9, 14, 4).astype(np.float64) / 255
    straight[:, :, 3] = np.maximum(straight[:, :, 3], 0.25)
    scale = 65535 if wide else 255
    stored = np.dstack([straight[:, :, :3] * straight[:, :, 3:], straight[:, :, 3]])
    stored = np.rint(stored * scale).astype(np.uint16 if wide else np.uint8)
    image = read(tmp_path, tiff(stored, "rgb", extrasamples=["assocalpha"]))
    assert far_apart(image.pixels, straight * 255) <= 4
    told = "colors premultiplied by alpha are divided by it"
    assert image.notices == [told, *([ROUNDED] if wide else [])]


@pytest.mark.parametrize("wide", [False, True], ids=["8-bit", "16-bit"])
@pytest.mark.parametrize("channels", [2, 4])
def test_an_extra_sample_of_no_meaning_is_dropped_and_told(
    channels: int, wide: bool, tmp_path: Path
) -> None:
    samples = wide_noise(0, 9, 14, channels) if wide else noise(0, 9, 14, channels)
    photometric = "rgb" if channels == 4 else "minisblack"
    data = tiff(samples, photometric, extrasamples=["unspecified"], planarconfig="contig")
    image = read(tmp_path, data)
    shown_8 = narrowed(samples) if wide else samples
    np.testing.assert_array_equal(image.pixels, squeezed(shown_8[:, :, :-1]))
    told = "extra samples of unknown meaning are not kept"
    assert image.notices == [told, *([ROUNDED] if wide else [])]


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
        shown_8 = noise(0, 9, 14, 3)
        data = tiff(shown_8, "rgb", bigtiff=True, byteorder=">")
    elif kind == "CMYK":
        shown_8 = np.empty(0, np.uint8)  # cannot be right
        data = tiff(wide_noise(0, 9, 14, 4), "separated")
    else:
        samples = wide_noise(0, 9, 14, 2)
        shown_8 = narrowed(samples)
        options: dict[str, Any] = {"extrasamples": ["unassalpha"], "planarconfig": "contig"}
        data = tiff(samples, "minisblack", **options)
    outcome = attempt(tmp_path, data)
    if isinstance(outcome, CodecError):
        assert outcome.reason == "unsupported"
        assert "uri" not in str(outcome)
    else:
        np.testing.assert_array_equal(outcome, shown_8)


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
    main: Page = (page, {"photometric": "rgb"})
    small: Page = (page[::4, ::4].copy(), {"photometric": "rgb", "subfiletype": 1})
    expected = narrowed(page) if wide else page
    for pages in ([main, small], [small, main], [small, main, small]):
        np.testing.assert_array_equal(read(tmp_path, tiff_pages(*pages)).pixels, expected)


def test_no_page_of_a_tiff_escapes_the_limit_on_pixels(tmp_path: Path) -> None:
    small = (noise(0, 4, 4, 3), {"photometric": "rgb"})
    for large in (noise(0, 14, 10, 3), wide_noise(0, 300, 300, 3)):
        hidden = (large, {"photometric": "rgb", "subfiletype": 1})
        data = tiff_pages(hidden, small)
        outcome = attempt(tmp_path, data, max_pixels=100)
        if isinstance(outcome, CodecError):
            assert outcome.reason in {"pixel-limit", "damaged"}
        else:
            np.testing.assert_array_equal(outcome, small[0])


def test_a_tiff_that_states_its_size_twice_is_refused(tmp_path: Path) -> None:
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
        assert refusal(tmp_path, variant, max_pixels=5_000).reason == "damaged"


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


# Structure


@pytest.mark.parametrize("big", [False, True], ids=["classic", "big"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_of_either_byte_order_and_size_is_measured(order: str, big: bool) -> None:
    data = raw_tiff(tiff_tags(5, 3, 15), strip=bytes(15), order=order, big=big)
    assert size_of(data) == (5, 3)
    tags = tiff_tags(5, 3, 15)
    tags.update({tag: (SHORT, tags[tag][1]) for tag in (256, 257, 273, 278, 279)})
    assert size_of(raw_tiff(tags, strip=bytes(15), order=order, big=big)) == (5, 3)


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_64_bit_numbers_of_a_big_tiff_are_read(order: str) -> None:
    tags = {**tiff_tags(5, 3, 15), 256: (LONG8, [5]), 257: (LONG8, [3])}
    assert size_of(raw_tiff(tags, strip=bytes(15), order=order, big=True)) == (5, 3)


def test_the_pages_of_a_tiff_are_counted_without_thumbnails() -> None:  # row 59
    page = tiff_tags(5, 3, 15)
    thumbnail = {**tiff_tags(2, 1, 2), 254: (LONG, [1])}
    for directories, pages in (
        ([page, page, page], 3),
        ([page, thumbnail], 1),
        ([thumbnail, page], 1),
        ([thumbnail, page, thumbnail, page], 2),
    ):
        found = examine(raw_tiff(*directories, strip=bytes(15)), MAX_PIXELS)
        assert (found.frames, found.width, found.height) == (pages, 5, 3)


def test_a_tiff_whose_directories_run_in_a_circle_is_damaged() -> None:
    page = tiff_tags(5, 3, 15)
    assert reason_of(raw_tiff(page, page, strip=bytes(15), circle=True)) == "damaged"


def test_a_tiff_whose_directory_lies_beyond_its_end_is_truncated() -> None:
    data = raw_tiff(tiff_tags(5, 3, 15), strip=bytes(15))
    assert reason_of(data[:-4]) == "truncated"
    assert reason_of(data[:40]) == "truncated"
    assert reason_of(b"II*\0" + struct.pack("<I", 2**32 - 1)) == "truncated"
    assert reason_of(b"II*\0\x08\0\0\0\xff\xff" + bytes(100)) == "truncated"
    assert reason_of(b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2**63) + bytes(60)) == "truncated"


def test_a_tiff_without_its_pixels_is_truncated() -> None:
    strips = {273: (LONG, [16, 22]), 279: (LONG, [6, 10**6]), 278: (LONG, [1])}
    assert reason_of(raw_tiff({**tiff_tags(6, 2, 12), **strips}, strip=bytes(12))) == "truncated"
    assert reason_of(raw_tiff({**tiff_tags(6, 2, 12), 273: (LONG, [10**6])})) == "truncated"


def test_a_tiff_without_directories_or_sizes_has_no_pixels() -> None:
    assert reason_of(b"II*\0" + bytes(60)) == "bad-dimensions"
    nameless = {tag: entry for tag, entry in tiff_tags(5, 3, 15).items() if tag != 256}
    assert reason_of(raw_tiff(nameless, strip=bytes(15))) == "bad-dimensions"


def test_the_first_page_gives_the_size_and_thumbnails_are_passed_over() -> None:
    thumbnail = {**tiff_tags(2, 1, 2), 254: (4, [1])}
    data = raw_tiff(thumbnail, tiff_tags(5, 3, 15), tiff_tags(7, 2, 14), strip=bytes(15))
    found = tiff_structure(data)
    assert (found.kind, found.width, found.height) == ("TIFF", 5, 3)
    assert (found.frames, found.index, found.notices) == (2, 1, ())


def test_a_chain_of_directories_may_be_long_but_not_endless() -> None:
    page = tiff_tags(5, 3, 15)
    longest = [page] + [{}] * MAX_TIFF_DIRECTORIES
    assert tiff_structure(raw_tiff(*longest, strip=bytes(15))).frames == len(longest)
    with pytest.raises(ImageError) as caught:
        tiff_structure(raw_tiff(*longest, {}, strip=bytes(15)))
    assert caught.value.reason == "damaged"
