"""PNG as a picture: every kind exactly, transparency, colors, texts."""

import contextlib
import struct
import zlib
from pathlib import Path

import numpy as np
import png_tools
import pytest
from cost_tools import traced
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_tools import (
    EVERY_PNG,
    ROUNDED,
    SIZES,
    Pixels,
    narrowed,
    noise,
    palette_of,
    plte,
    png_of,
    random_samples,
    read,
    refusal,
    shown,
    squeezed,
    tiff,
    warm_up,
)
from png_tools import GREY, GREY_ALPHA, INDEXED, RGB, chunk

from codec.errors import CodecError
from codec.images.reading import read_image


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
    warm_up(folder)

    def reading() -> None:
        with contextlib.suppress(CodecError):
            np.testing.assert_array_equal(read_image(path).pixels, noise(0, 3, 4, 3))

    return traced(reading)[1]


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
