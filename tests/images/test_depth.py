"""Samples of more than 8 bits become 8, and say what that leaves of them."""

import functools
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Sandbox
from cost_tools import traced
from picture_tools import ROUNDED, png_of, raw_tiff, read, tiff, tiff_tags
from png_tools import GREY, GREY_ALPHA, RGB, RGBA, chunk
from report_tools import read_json

from codec.images.depth import Narrowing, scale_to_8_bits

# What a camera counts, in a file that could hold 65,535.
COUNTS = np.linspace(0, 419, 64).astype(np.uint16).reshape(8, 8)
ALPHAS = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
CURE = "(scale_range=True stretches them)"


@pytest.mark.parametrize("order", ["<", ">"])
def test_every_value_in_either_byte_order_is_rounded_to_nearest(order: str) -> None:
    values = np.arange(65536)
    expected = (2 * values + 257) // 514  # of values / 257, whose halves are never reached
    pixels = scale_to_8_bits(values.astype(f"{order}u2").reshape(256, 256))
    assert pixels.dtype == np.uint8
    assert pixels.ravel().tolist() == expected.tolist()


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (3, 5, 1), (2, 3, 4)])
def test_the_shape_is_kept_and_the_samples_are_not_touched(shape: tuple[int, ...]) -> None:
    samples = np.full(shape, 257 * 200, np.uint16)
    samples.flags.writeable = False
    pixels = scale_to_8_bits(samples)
    assert pixels.shape == shape
    assert (pixels == 200).all()


# Samples that use a small part of their range


def twelve_bits(samples: Any, photometric: int = 1) -> bytes:
    body = b""
    for row in samples.tolist():
        single = "".join(f"{sample:012b}" for sample in row)
        body += int(single, 2).to_bytes(len(single) // 8, "big")
    height, width = samples.shape
    tags = tiff_tags(width, height, len(body), bits=12, photometric=photometric)
    return raw_tiff(tags, strip=body)


def stretched(samples: Any, low: int, high: int) -> Any:
    """Scaled in floats, which none of these samples is halfway between."""
    return np.rint((samples.astype(float) - low) * 255 / (high - low))


COLORS = np.dstack([COUNTS, COUNTS // 2, COUNTS[::-1] + 100])
KEY = chunk(b"tRNS", struct.pack(">H", 65535))
KEYED = np.where(np.eye(8) > 0, np.uint16(65535), COUNTS)
NARROW: dict[str, tuple[Callable[[], bytes], Any, int, int, int]] = {
    "grey PNG": (lambda: png_of(COUNTS[:, :, None], GREY, 16), COUNTS, 0, 419, 64),
    "interlaced": (lambda: png_of(COUNTS[:, :, None], GREY, 16, interlace=1), COUNTS, 0, 419, 64),
    "RGB PNG": (
        lambda: png_of(COLORS, RGB, 16), COLORS, 0, 519, len(np.unique(COLORS)),
    ),
    "grey TIFF": (lambda: tiff(COUNTS + 9000, "minisblack"), COUNTS + 9000, 9000, 9419, 64),
    "white is zero": (
        lambda: tiff(COUNTS, "miniswhite"), 65535 - COUNTS.astype(int), 65116, 65535, 64,
    ),
    "tiles beyond the picture": (
        lambda: tiff(COUNTS + 200, "minisblack", tile=(16, 16)), COUNTS + 200, 200, 619, 64,
    ),
    "planes apart": (
        lambda: tiff(np.moveaxis(COLORS, 2, 0), "rgb", planarconfig="separate"),
        COLORS, 0, 519, len(np.unique(COLORS)),
    ),
    "14 bits of 16": (
        lambda: tiff(ALPHAS >> 2, "minisblack", compression="zlib", predictor=True),
        ALPHAS >> 2, 0, 16383, 64,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", NARROW)
def test_a_small_range_is_told_with_its_cure_and_stretched_if_asked(
    kind: str, tmp_path: Path
) -> None:
    make, samples, low, high, before = NARROW[kind]
    data = make()
    image = read(tmp_path, data)
    expected = stretched(samples, 0, 65535)
    np.testing.assert_array_equal(image.pixels, expected)
    use, after = f"16-bit samples use {low} to {high} of 0 to 65535", len(np.unique(expected))
    if after == before:  # as of 14 bits, of which only some occur
        assert image.notices == [ROUNDED]
    else:
        assert image.notices == [ROUNDED, f"{use}: {before} levels become {after} {CURE}"]
    image = read(tmp_path, data, scale_range=True)
    expected = stretched(samples, low, high)
    np.testing.assert_array_equal(image.pixels, expected)
    assert (image.pixels.min(), image.pixels.max()) == (0, 255)
    told = f"16-bit samples from {low} to {high} are stretched to 0 to 255"
    after = len(np.unique(expected))
    lost = f": {before} levels become {after}" if after < before else ""
    assert list(image.conversions) == image.notices == [told + lost]


@pytest.mark.parametrize("photometric", [0, 1])
def test_a_small_range_of_12_bits_is_stretched_likewise(photometric: int, tmp_path: Path) -> None:
    counts = COUNTS // 4
    low, high = (0, 104) if photometric else (4095 - 104, 4095)
    data = twelve_bits(counts, photometric)
    use = f"12-bit samples use {low} to {high} of 0 to 4095: 64 levels become 7 {CURE}"
    assert read(tmp_path, data).notices[1:] == [use]
    image = read(tmp_path, data, scale_range=True)
    expected = stretched(counts if photometric else 4095 - counts.astype(int), low, high)
    np.testing.assert_array_equal(image.pixels, expected)


@pytest.mark.parametrize("colors", [1, 3])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_alpha_is_never_stretched_and_hides_what_is_clear(
    kind: str, colors: int, tmp_path: Path
) -> None:
    layers = [COUNTS] if colors == 1 else [COUNTS, COUNTS // 2, COUNTS // 3]
    samples = np.dstack([*layers, ALPHAS])
    assert samples[0, 0, -1] == 0
    samples[0, 0, 0] = 50_000  # under alpha 0
    if kind == "PNG":
        data = png_of(samples, GREY_ALPHA if colors == 1 else RGBA, 16)
    else:
        options = {"extrasamples": ["unassalpha"]}
        data = tiff(
            samples, "minisblack" if colors == 1 else "rgb", planarconfig="contig", **options
        )
    levels = np.unique(samples.reshape(-1, colors + 1)[1:, :colors])
    low, high = levels[0], levels[-1]
    assert f"16-bit samples use {low} to {high} of" in read(tmp_path, data).notices[1]
    image = read(tmp_path, data, scale_range=True)
    np.testing.assert_array_equal(image.pixels[:, :, -1], stretched(ALPHAS, 0, 65535))
    shown = image.pixels.reshape(-1, colors + 1)[1:, :colors]
    wide = samples.reshape(-1, colors + 1)[1:, :colors]
    np.testing.assert_array_equal(shown, stretched(wide, low, high))


def test_the_transparent_color_does_not_count(tmp_path: Path) -> None:
    data = png_of(KEYED[:, :, None], GREY, 16, before=[KEY])
    shown = KEYED < 65535
    low, high = KEYED[shown].min(), KEYED[shown].max()
    assert f"16-bit samples use {low} to {high} of" in read(tmp_path, data).notices[1]
    image = read(tmp_path, data, scale_range=True)
    np.testing.assert_array_equal(image.pixels[:, :, 1], np.where(shown, 255, 0))
    np.testing.assert_array_equal(
        image.pixels[:, :, 0][shown], stretched(KEYED[shown], int(low), int(high))
    )


def test_premultiplied_colors_are_stretched_when_they_are_straight(tmp_path: Path) -> None:
    alpha = np.full((8, 8), 32768, np.uint16)
    data = tiff(np.dstack([COUNTS] * 3 + [alpha]), "rgb", extrasamples=["assocalpha"])
    image = read(tmp_path, data, scale_range=True)
    assert image.notices[1].startswith("16-bit samples from 0 to 838 are stretched")
    assert (image.pixels[:, :, 0].min(), image.pixels[:, :, 0].max()) == (0, 255)
    assert (image.pixels[:, :, 3] == 128).all()


def test_one_bright_sample_does_not_hide_that_nothing_is_left(tmp_path: Path) -> None:
    counts = COUNTS.copy()
    counts[3, 3] = 65535
    notice = read(tmp_path, tiff(counts, "minisblack")).notices[1]
    assert notice == "16-bit samples have 64 levels, of which 4 are left"


def test_ordinary_samples_are_only_rounded(tmp_path: Path) -> None:
    rows, columns = np.mgrid[0:64, 0:64]
    photograph = np.dstack([rows * 900 + 3000, columns * 500, rows * columns * 7]).astype("u2")
    for samples in (photograph, photograph[:, :, :1], np.full((4, 4, 1), 30_001, np.uint16)):
        data = png_of(samples, RGB if samples.shape[2] == 3 else GREY, 16)
        assert read(tmp_path, data).notices == [ROUNDED]


@pytest.mark.parametrize("samples", [[7, 7], [0, 65535], [30_000, 30_000]])
def test_there_may_be_nothing_to_stretch(samples: list[int], tmp_path: Path) -> None:
    data = png_of(np.array([samples], np.uint16)[:, :, None], GREY, 16)
    plain, asked = read(tmp_path, data), read(tmp_path, data, scale_range=True)
    np.testing.assert_array_equal(plain.pixels, asked.pixels)
    assert plain.notices == asked.notices


def test_samples_of_8_bits_and_inks_are_left_alone(tmp_path: Path) -> None:
    dark = (COUNTS // 8).astype(np.uint8)
    inks = np.dstack([COUNTS] * 4)
    for data in (
        png_of(dark[:, :, None], GREY, 8),
        tiff(dark, "minisblack"),
        tiff(inks, "separated"),
    ):
        plain, asked = read(tmp_path, data), read(tmp_path, data, scale_range=True)
        np.testing.assert_array_equal(plain.pixels, asked.pixels)
        assert plain.notices == asked.notices
        assert not any("range" in notice for notice in plain.notices)


def test_stretching_takes_no_more_memory_than_rounding(tmp_path: Path) -> None:
    samples = np.arange(1 << 21, dtype=np.uint32).reshape(1024, 2048) % 4096
    data = png_of(samples.astype(np.uint16)[:, :, None], GREY, 16)
    peaks = [
        traced(functools.partial(read, tmp_path, data, scale_range=asked))[1]
        for asked in (False, True)
    ]
    assert peaks[1] <= 1.02 * peaks[0]


def test_commands_that_read_a_picture_stretch_it_if_asked(sandbox: Sandbox) -> None:
    sandbox.path("a.png").write_bytes(png_of(COUNTS[:, :, None], GREY, 16))
    run = sandbox.run("compress", "a.png", "--scale-range", "-o", "a.npz", check=0)
    assert "  all 64 colors kept  " in run.lines[0]
    for command in (("report", "a.png", "a.npz"), ("sweep", "a.png", "-k", "64")):
        found = read_json(sandbox.run(*command, "--scale-range", "--json", check=0).out)["results"]
        assert (found[0]["mse"], found[0]["unique_colors"]) == (0, 64)
        assert found[0]["lossless"] is False
        assert "stretched" in found[0]["converted"][0]
    assert (
        read_json(sandbox.run("report", "a.png", "a.npz", "--json").out)["results"][0]["mse"] > 0
    )


def test_parts_add_up() -> None:
    whole, parts = Narrowing(16), Narrowing(16)
    whole(COUNTS)
    for rows in range(0, 8, 3):
        parts(COUNTS[rows : rows + 3])
    assert whole.notices == parts.notices != ()
