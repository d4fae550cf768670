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
    lzw,
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


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("white", [0, 1])
@pytest.mark.parametrize("bits", [9, 10, 12, 14, 15])
def test_a_tiff_of_odd_depth_is_rounded_and_told(
    bits: int, white: int, compressed: bool, tmp_path: Path
) -> None:
    samples = np.random.default_rng(0).integers(0, 2**bits, (5, 7))
    samples[0, :2] = 0, 2**bits - 1
    body = b""
    for row in samples.tolist():
        single = "".join(f"{sample:0{bits}b}" for sample in row)
        single += "0" * (-len(single) % 8)
        body += int(single, 2).to_bytes(len(single) // 8, "big")
    strip = lzw(body) if compressed else body
    tags = tiff_tags(7, 5, len(strip), bits=bits, photometric=white)
    image = read(tmp_path, raw_tiff({**tags, 259: (SHORT, [5 if compressed else 1])}, strip=strip))
    highest = 2**bits - 1
    stored = samples if white else highest - samples
    np.testing.assert_array_equal(image.pixels, (stored * 510 + highest) // (2 * highest))
    assert image.notices == [f"{bits}-bit samples are rounded to 8 bits"]


def test_a_tiff_of_samples_of_several_depths_is_refused(tmp_path: Path) -> None:
    for depths in ([12, 12, 10], [16, 16, 8]):
        tags = {**tiff_tags(4, 1, 24, samples=3, photometric=2), 258: (SHORT, depths)}
        assert refusal(tmp_path, raw_tiff(tags, strip=bytes(24))).reason == "bad-dtype"


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


@pytest.mark.parametrize("wide", [False, True], ids=["8-bit", "16-bit"])
def test_a_big_endian_big_tiff_is_read_exactly(wide: bool, tmp_path: Path) -> None:
    samples = wide_noise(0, 9, 14, 3) if wide else noise(0, 9, 14, 3)
    data = tiff(samples, "rgb", bigtiff=True, byteorder=">")
    expected = narrowed(samples) if wide else samples
    np.testing.assert_array_equal(read(tmp_path, data).pixels, expected)


def test_inks_of_16_bits_become_rgb_as_those_of_8_do(tmp_path: Path) -> None:
    inks = noise(0, 9, 14, 4)
    narrow = read(tmp_path, tiff(inks, "separated"))
    for options in ({}, {"compression": "zlib", "predictor": True}, {"tile": (16, 16)}):
        wide = inks * np.uint16(257)
        wide[0, 0, 0] ^= 1
        image = read(tmp_path, tiff(wide, "separated", **options))
        np.testing.assert_array_equal(image.pixels, narrow.pixels)
        assert image.notices == [ROUNDED, "converted from CMYK to sRGB"]


def test_a_sound_tiff_that_cannot_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    lab = tiff(wide_noise(0, 9, 14, 3), "cielab")
    assert refusal(tmp_path, lab).reason == "unsupported"
    for compression, predictor in ((7, 1), (34676, 1), (5, 3)):
        tags = {**tiff_tags(7, 5, 210, bits=16, samples=3, photometric=2),
                259: (SHORT, [compression]), 317: (SHORT, [predictor])}  # fmt: skip
        error = refusal(tmp_path, raw_tiff(tags, strip=bytes(210)))
        assert error.reason == "unsupported"
        assert "16 bits" in str(error)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("tiled", [False, True], ids=["strips", "tiles"])
@pytest.mark.parametrize("apart", [False, True], ids=["chunky", "planar"])
@pytest.mark.parametrize("predicted", [False, True], ids=["plain", "predicted"])
@pytest.mark.parametrize(("channels", "photometric"), [(1, 1), (2, 1), (3, 2), (4, 2)])
def test_16_bits_compressed_by_lzw_are_read_exactly(
    channels: int, photometric: int, predicted: bool, apart: bool, tiled: bool, order: str,
    tmp_path: Path,
) -> None:  # fmt: skip
    samples = wide_noise(0, 21, 35, channels)
    rows, columns = (16, 16) if tiled else (6, 35)
    segments = []
    for plane in np.split(samples, channels, axis=2) if apart else [samples]:
        for top in range(0, 21, rows):
            for left in range(0, 35, columns):
                part = plane[top : top + rows, left : left + columns]
                if tiled:
                    missing = rows - len(part), columns - part.shape[1]
                    part = np.pad(part, [(0, missing[0]), (0, missing[1]), (0, 0)])
                if predicted:
                    part = np.diff(part, axis=1, prepend=np.uint16(0))
                segments.append(lzw(part.astype(order + "u2").tobytes()))
    starts = np.cumsum([16, *map(len, segments)])[:-1].tolist()
    sizes = [len(segment) for segment in segments]
    tags = {**tiff_tags(35, 21, 0, bits=16, samples=channels, photometric=photometric),
            259: (SHORT, [5]), 284: (SHORT, [1 + apart]),
            317: (SHORT, [1 + predicted])}  # fmt: skip
    if channels in (2, 4):
        tags[338] = (SHORT, [2])
    if tiled:
        tags |= {322: (LONG, [16]), 323: (LONG, [16]), 324: (LONG, starts), 325: (LONG, sizes)}
        tags = {tag: entry for tag, entry in tags.items() if tag not in (273, 278, 279)}
    else:
        tags |= {273: (LONG, starts), 278: (LONG, [rows]), 279: (LONG, sizes)}
    image = read(tmp_path, raw_tiff(tags, strip=b"".join(segments), order=order))
    np.testing.assert_array_equal(image.pixels, squeezed(narrowed(samples)))
    assert image.notices == [ROUNDED]


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("scale", [1, 257])
def test_a_color_map_of_8_or_16_bits_gives_its_colors(
    scale: int, bits: int, tmp_path: Path
) -> None:
    colors = noise(0, 2**bits, 3)
    indices = noise(1, 6, 8, high=2**bits)
    body = b"".join(png_tools.pack(row, bits) for row in indices.tolist())
    tags = tiff_tags(8, 6, len(body), bits=bits, photometric=3)
    tags[320] = (SHORT, (colors.T.astype(int) * scale).ravel().tolist())
    image = read(tmp_path, raw_tiff(tags, strip=body))
    np.testing.assert_array_equal(image.pixels, colors[indices])
    told = ["its color map of 8-bit values is read as such"]
    assert image.notices == (told if scale == 1 else [])


def test_a_color_map_of_black_stays_black(tmp_path: Path) -> None:
    tags = {**tiff_tags(8, 6, 48, photometric=3), 320: (SHORT, [0] * 768)}
    image = read(tmp_path, raw_tiff(tags, strip=bytes(48)))
    assert not image.pixels.any()
    assert image.notices == []


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


@pytest.mark.parametrize("pages", [1, 2, 5])
def test_a_tiff_whose_directories_run_in_a_circle_is_read_and_told(
    pages: int, tmp_path: Path
) -> None:
    thumbnail = {**tiff_tags(2, 1, 2), 254: (LONG, [1])}
    data = raw_tiff(*[tiff_tags(5, 3, 15)] * pages, thumbnail, strip=bytes(range(15)), circle=True)
    found = examine(data, MAX_PIXELS)
    assert (found.frames, found.width, found.height) == (pages, 5, 3)
    image = read(tmp_path, data, first_frame=pages > 1)
    assert image.pixels.ravel().tolist() == list(range(15))
    assert "circle" in image.notices[0]
    if pages > 1:
        assert refusal(tmp_path, data).reason == "several-frames"


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
