"""A PNG of every kind, streamed: the pixels of `read_image`, or an error."""

import contextlib
import os
import pickle
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import png_tools as pt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_tools import palette_of, plte, png_of, random_samples
from profile_tools import rgb_profile
from source_tools import assert_as_read, failure_of_reading, failure_of_streaming, in_bands, stored

import codec
from codec.errors import CodecError, ImageError, LimitError
from codec.images.sources import base, opening
from codec.images.sources.opening import open_source
from codec.png import samples as samples_module

KINDS = [
    (color_type, depth)
    for color_type, depths in (
        (pt.GREY, (1, 2, 4, 8, 16)), (pt.RGB, (8, 16)), (pt.INDEXED, (1, 2, 4, 8)),
        (pt.GREY_ALPHA, (8, 16)), (pt.RGBA, (8, 16)),
    )
    for depth in depths
]  # fmt: skip


def some_png(height: int, width: int, color_type: int, depth: int, *chunks: bytes) -> bytes:
    """A PNG of noise, with a palette if it needs one."""
    before = [plte(palette_of(depth))] if color_type == pt.INDEXED else []
    samples = random_samples(height, height, width, color_type, depth)
    return png_of(samples, color_type, depth, before=[*before, *chunks])


@pytest.fixture(autouse=True)
def _small_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strips of a few rows, as large pictures have them."""
    monkeypatch.setattr(samples_module, "_STRIP_BYTES", 200)
    monkeypatch.setattr(base, "_AT_ONCE", 100)


@pytest.mark.parametrize(("color_type", "depth"), KINDS)
@pytest.mark.parametrize("rows", [1, 5, 16, 64])
def test_every_kind_is_streamed_exactly(
    rows: int, color_type: int, depth: int, tmp_path: Path
) -> None:
    path = stored(tmp_path, some_png(37, 11, color_type, depth))
    assert_as_read(path, rows)


@pytest.mark.parametrize(("color_type", "depth"), KINDS[:7])
def test_a_transparent_color_becomes_alpha(color_type: int, depth: int, tmp_path: Path) -> None:
    key = struct.pack(">H", 1) * pt.SAMPLES[color_type]
    assert_as_read(stored(tmp_path, some_png(20, 9, color_type, depth, pt.chunk(b"tRNS", key))), 7)


@pytest.mark.parametrize("palette", ["mixed", "grey", "short", "alpha"])
def test_palettes_become_what_their_entries_in_use_are(palette: str, tmp_path: Path) -> None:
    """Grey if those in use are, whatever the others."""
    colors = np.repeat(np.arange(16, dtype=np.uint8)[:, None] * 17, 3, axis=1)
    chunks = []
    if palette == "mixed":
        colors[15] = 1, 2, 3
    if palette == "alpha":
        colors[3] = 9, 8, 7
        chunks = [pt.chunk(b"tRNS", bytes(range(9)))]
    if palette == "short":
        colors = colors[:5]
    indices = np.random.RandomState(0).randint(0, 15, (40, 13, 1)).astype(np.uint8)
    data = png_of(indices, pt.INDEXED, 4, before=[plte(colors), *chunks])
    assert_as_read(stored(tmp_path, data), 6)


@pytest.mark.parametrize("kind", [(pt.RGB, 8), (pt.GREY, 8), (pt.RGBA, 16), (pt.INDEXED, 4)])
@pytest.mark.parametrize("chunk", ["gAMA", "cICP", "iCCP", "damaged"])
def test_stated_colors_are_converted_alike(
    chunk: str, kind: tuple[int, int], tmp_path: Path
) -> None:
    chunks = {
        "gAMA": pt.chunk(b"gAMA", struct.pack(">I", 100_000)),
        "cICP": pt.chunk(b"cICP", bytes([12, 13, 0, 1])),
        "iCCP": pt.chunk(b"iCCP", b"p\0\0" + zlib.compress(rgb_profile())),
        "damaged": pt.chunk(b"iCCP", b"p\0\0damaged"),
    }
    data = png_of(
        random_samples(1, 25, 8, *kind), *kind,
        before=[chunks[chunk], *([plte(palette_of(4))] if kind[0] == pt.INDEXED else [])],
    )  # fmt: skip
    assert_as_read(stored(tmp_path, data), 9)


def test_a_profile_that_changes_no_pixel_is_no_conversion(tmp_path: Path) -> None:
    samples = np.repeat(random_samples(0, 30, 9, pt.GREY, 1) * np.uint8(255), 3, axis=2)
    gamma = pt.chunk(b"gAMA", struct.pack(">I", 100_000))
    path = stored(tmp_path, png_of(samples, pt.RGB, 8, before=[gamma]))
    assert_as_read(path, 7)
    with open_source(path) as source:
        source[:]
        assert source.notices
        assert source.conversions == ()


@given(
    st.integers(1, 60), st.integers(1, 40), st.sampled_from(KINDS), st.integers(1, 70),
    st.integers(60, 5000), st.integers(1, 400),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_any_shape_in_any_bands(
    height: int, width: int, kind: tuple[int, int], rows: int, strip: int, part: int
) -> None:
    data = some_png(height, width, *kind)
    stream = b"".join(content for name, content in pt.chunks_of(data) if name == b"IDAT")
    chunks = [(b"IDAT", stream[place : place + part]) for place in range(0, len(stream), part)]
    others = [found for found in pt.chunks_of(data) if found[0] != b"IDAT"]
    data = pt.from_chunks([*others[:-1], *chunks, others[-1]])
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(samples_module, "_STRIP_BYTES", strip)
        assert_as_read(stored(Path(folder), data), rows)


def test_bands_may_overlap_by_16_rows_and_skip_some(tmp_path: Path) -> None:
    path = stored(tmp_path, some_png(120, 10, pt.RGB, 8))
    pixels = codec.read_image(path).pixels
    with open_source(path) as source:
        passes = []
        begin = source._begin  # type: ignore[attr-defined]
        source._begin = lambda: passes.append(begin())  # type: ignore[attr-defined]
        for top, end in ((0, 20), (4, 30), (26, 28), (28, 40), (24, 41), (60, 62), (62, 64)):
            np.testing.assert_array_equal(source[top:end], pixels[top:end])
        assert not passes
        for top, end in ((59, 70), (3, 90), (0, 120), (119, 120)):
            np.testing.assert_array_equal(source[top:end, 2:9], pixels[top:end, 2:9])
        assert len(passes) == 3


def test_what_was_given_can_be_written_to(tmp_path: Path) -> None:
    path = stored(tmp_path, some_png(20, 10, pt.INDEXED, 8))
    pixels = codec.read_image(path).pixels
    with open_source(path) as source:
        assert source.indices is not None
        source.indices[0:20][...] = 0
        source.indices[2:20][...] = 0
        np.testing.assert_array_equal(source[0:20], pixels)


def test_a_mirrored_png_is_streamed_and_a_turned_one_refused(tmp_path: Path) -> None:
    for orientation in range(1, 9):
        exif = struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, 274, 3, 1, orientation, 0, 0)
        path = stored(tmp_path, some_png(20, 9, pt.RGB, 8, pt.chunk(b"eXIf", exif)))
        if orientation < 3:
            assert_as_read(path, 7)
            continue
        with pytest.raises(ImageError, match=r"turned.*max_pixels") as caught:
            open_source(path)
        assert caught.value.reason == "no-stream"


def test_adam7_is_refused_with_a_cure(tmp_path: Path) -> None:
    path = stored(tmp_path, png_of(random_samples(0, 9, 9, pt.RGB, 8), pt.RGB, 8, interlace=1))
    with pytest.raises(ImageError, match=r"interlaced PNG.*convert it.*max_pixels"):
        open_source(path)


def test_an_animation_is_refused_unless_its_first_picture_is_asked_for(tmp_path: Path) -> None:
    path = stored(tmp_path, some_png(9, 9, pt.RGB, 8, pt.chunk(b"acTL", struct.pack(">II", 3, 0))))
    assert failure_of_streaming(path)[0] == failure_of_reading(path) == "several-frames"
    assert_as_read(path, 4, first_frame=True)


@pytest.mark.parametrize("color_type", [pt.RGB, pt.INDEXED])
def test_a_file_cut_anywhere_gives_the_same_error(color_type: int, tmp_path: Path) -> None:
    data = some_png(60, 25, color_type, 8)
    for length in (*range(1, len(data), 100), *range(len(data) - 20, len(data))):
        path = stored(tmp_path, data[:length])
        expected = failure_of_reading(path)
        found, pixels = failure_of_streaming(path)
        assert found == expected
        if not expected:
            np.testing.assert_array_equal(pixels, codec.read_image(path).pixels)


def test_a_damaged_file_gives_the_same_error_or_the_same_pixels(tmp_path: Path) -> None:
    data = some_png(30, 9, pt.INDEXED, 4)
    for place in range(8, len(data), 7):
        for repair in (bytes, pt.repair):
            damaged = bytearray(data)
            damaged[place] ^= 0x24
            path = stored(tmp_path, repair(bytes(damaged)))
            expected = failure_of_reading(path)
            found, pixels = failure_of_streaming(path)
            if found == "no-stream":  # it became interlaced
                continue
            assert found == expected, place
            if not expected:
                np.testing.assert_array_equal(pixels, codec.read_image(path).pixels)


def test_the_last_rows_are_given_when_all_is_sound(tmp_path: Path) -> None:
    rows = bytes(7 * 90)  # of 6 pixels and a filter
    for stream, reason in (
        (zlib.compress(rows)[:-2], "truncated"),
        (zlib.compress(rows)[:-1] + b"x", "bad-deflate"),
        (zlib.compress(rows[:-1]), "truncated"),
    ):
        path = stored(tmp_path, pt.png(pt.ihdr(6, 90), pt.chunk(b"IDAT", stream), pt.IEND))
        assert failure_of_reading(path) == reason
        with open_source(path) as source:
            for _ in range(2):  # nor does asking again help
                assert not source[0:20].any()
                for _ in range(2):
                    with pytest.raises(CodecError) as caught:
                        source[20:90]
                    assert caught.value.reason == reason


def test_after_an_error_no_rows_are_mistaken_for_others(tmp_path: Path) -> None:
    rows = np.zeros((200, 7), dtype=np.uint8)
    rows[:, 1:] = np.arange(200)[:, None]
    stream = zlib.compress(rows.tobytes(), 0)[:-200]
    path = stored(tmp_path, pt.png(pt.ihdr(6, 200), pt.chunk(b"IDAT", stream), pt.IEND))
    with open_source(path) as source:
        np.testing.assert_array_equal(source[0:20], rows[0:20, 1:])
        with pytest.raises(CodecError):
            source[20:200]
        for top in range(20, 90, 5):
            np.testing.assert_array_equal(source[top : top + 19], rows[top : top + 19, 1:])
            with pytest.raises(CodecError):
                source[20:200]
            after = slice(top + 100, top + 109)
            with contextlib.suppress(CodecError):
                np.testing.assert_array_equal(source[after], rows[after, 1:])


def test_an_entry_in_use_in_the_last_row_alone_counts(tmp_path: Path) -> None:
    indices = np.zeros((90, 20, 1), dtype=np.uint8)
    indices[-1, -1] = 3
    colors = np.array([[7] * 3, [8] * 3, [9] * 3, [1, 2, 3]], dtype=np.uint8)
    path = stored(tmp_path, png_of(indices, pt.INDEXED, 8, before=[plte(colors)]))
    assert_as_read(path, 20)


def test_a_header_that_lies_takes_no_memory(tmp_path: Path) -> None:
    data = pt.png(pt.ihdr(2**31 - 1, 2**31 - 1, 16, pt.RGBA), pt.idat(bytes(9)), pt.IEND)
    assert failure_of_streaming(stored(tmp_path, data))[0] == "truncated"
    data = pt.png(pt.ihdr(2**31, 1), pt.idat(bytes(9)), pt.IEND)
    assert failure_of_streaming(stored(tmp_path, data))[0] == "bad-dimensions"
    data = pt.png(pt.ihdr(0, 1), pt.idat(bytes(9)), pt.IEND)
    assert failure_of_streaming(stored(tmp_path, data))[0] == "bad-dimensions"


def test_a_row_that_takes_too_much_memory_is_refused(tmp_path: Path) -> None:
    width = 2**26
    stream = zlib.compress(bytes(width // 8 + 1) * 8, 9)
    data = pt.png(pt.ihdr(width, 1), pt.chunk(b"IDAT", stream), pt.IEND)
    with pytest.raises(LimitError, match="a row of the PNG") as caught:
        open_source(stored(tmp_path, data))
    assert caught.value.reason == "part-limit"


def test_sides_over_the_limit_of_other_readers_are_streamed(tmp_path: Path) -> None:
    width = 70_000
    row = np.random.RandomState(0).randint(0, 256, (3, width, 1)).astype(np.uint8)
    path = stored(tmp_path, png_of(row, pt.GREY, 8))
    assert failure_of_reading(path) == "side-limit"
    with open_source(path) as source:
        np.testing.assert_array_equal(in_bands(source, 2), row[:, :, 0])


def test_a_file_that_changes_between_passes_is_noticed(tmp_path: Path) -> None:
    path = stored(tmp_path, some_png(20, 9, pt.RGB, 8))
    with open_source(path) as source:
        in_bands(source, 8)
        source.check_unchanged()
        times = os.stat(path).st_atime_ns, os.stat(path).st_mtime_ns + 1
        os.utime(path, ns=times)
        with pytest.raises(ImageError) as caught:
            source.check_unchanged()
        assert caught.value.reason == "input-changed"
        with pytest.raises(ImageError):
            pickle.loads(pickle.dumps(source))[0:1]
        path.unlink()
        with pytest.raises(ImageError) as caught:
            source.check_unchanged()
        assert caught.value.reason == "input-changed"


def test_a_file_that_becomes_shorter_is_an_error(tmp_path: Path) -> None:
    rows = np.random.RandomState(0).randint(0, 256, (900, 901)).astype(np.uint8)
    rows[:, 0] = 0
    path = stored(tmp_path, pt.grey_png(900, 900, rows.tobytes()))
    with open_source(path) as source:
        source[0:8]
        os.truncate(path, 200)
        with pytest.raises(CodecError):
            in_bands(source, 8)


def test_a_copy_opens_the_file_once_in_a_process(tmp_path: Path) -> None:
    path = stored(tmp_path, some_png(20, 9, pt.INDEXED, 8))
    pixels = codec.read_image(path).pixels
    with open_source(path) as source:
        data = pickle.dumps(source)
    opening._reopened.clear()
    first, second = pickle.loads(data), pickle.loads(data)
    assert first is second
    np.testing.assert_array_equal(first[3:20], pixels[3:])
    first.close()
    with pickle.loads(pickle.dumps(first)) as third:
        assert third is not first
        np.testing.assert_array_equal(third[:], pixels)


def test_keys_other_than_slices_are_refused(tmp_path: Path) -> None:
    with open_source(stored(tmp_path, some_png(20, 9, pt.RGB, 8))) as source:
        whole = np.asarray(source)
        assert source[5:5].shape == (0, 9, 3)
        assert source[..., 1:2].shape == (20, 9, 1)
        np.testing.assert_array_equal(source[-3:, :, 1:], whole[-3:, :, 1:])
        for key in (3, (slice(0, 4, 2),), (slice(None), 3), (slice(None),) * 4):
            with pytest.raises(IndexError):
                source[key]
