"""TIFFs of every layout read block by block: the pixels of `read_image`, or an error."""

import os
import pickle
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_tools import LONG, SHORT, noise, raw_tiff, tiff, tiff_pages, tiff_tags, wide_noise
from PIL import Image
from profile_tools import rgb_profile
from source_tools import assert_as_read, failure_of_reading, failure_of_streaming, stored

import codec
from codec.errors import CodecError, ImageError, LimitError
from codec.images.sources import tiff as tiff_module
from codec.images.sources import tiles
from codec.images.sources.opening import open_source

COMPRESSIONS = [None, "zlib", "lzw", "zstd", "packbits"]
TILES: list[dict[str, Any]] = [
    {"tile": (16, 32)}, {"rowsperstrip": 3}, {"rowsperstrip": 1}, {"rowsperstrip": 40},
]  # fmt: skip


def smooth(seed: int, *shape: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Samples that compress."""
    return np.cumsum(noise(seed, *shape, high=3), axis=1, dtype=np.uint8)


@pytest.fixture(params=[True, False], ids=["imagecodecs", "libtiff"])
def _with_or_without(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without what the extra brings."""
    monkeypatch.setattr(tiff_module, "_AT_ONCE", 1000)
    if not request.param:
        monkeypatch.setattr(tiles, "_imagecodecs", lambda: None)


@pytest.mark.usefixtures("_with_or_without")
@pytest.mark.parametrize("layout", TILES, ids=str)
@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("kind", ["grey", "white", "rgb", "rgba", "planar", "16", "16rgb"])
def test_every_layout_is_read_exactly(
    kind: str, compression: str | None, layout: dict[str, Any], tmp_path: Path
) -> None:
    options: dict[str, Any] = {"compression": compression, **layout}
    if compression in ("zlib", "lzw", "zstd"):
        options["predictor"] = kind in ("rgb", "grey", "16")
    samples: Any = smooth(0, 40, 75, 3)
    photometric = "rgb"
    if kind in ("grey", "white"):
        samples, photometric = samples[:, :, 0], "minisblack" if kind == "grey" else "miniswhite"
    elif kind == "rgba":
        samples = smooth(1, 40, 75, 4)
        options["extrasamples"] = ["unassalpha"]
    elif kind == "planar":
        samples = np.moveaxis(samples, 2, 0)
        options["planarconfig"] = "separate"
    elif kind == "16":
        samples, photometric = wide_noise(0, 40, 75), "minisblack"
    elif kind == "16rgb":
        samples = wide_noise(0, 40, 75, 3)
    path = stored(tmp_path, tiff(samples, photometric, **options))
    assert_as_read(path, 7)
    pixels = codec.read_image(path).pixels
    with open_source(path, threads=2) as source:
        assert not source.in_order
        assert source.tile == layout.get("tile", (min(40, layout.get("rowsperstrip", 0)), 75))
        for box in (slice(0, 1), slice(74, 75)), (slice(5, 33), slice(31, 66)):
            np.testing.assert_array_equal(source[box], pixels[box])


@pytest.mark.usefixtures("_with_or_without")
@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("tiled", [False, True])
def test_palettes_and_bigtiffs(tiled: bool, order: str, bigtiff: bool, tmp_path: Path) -> None:
    colors = np.random.RandomState(0).randint(0, 256, (3, 256)).astype(np.uint16) * 257
    colors[:, :100] = colors[0, :100]
    for high in (90, 200):  # greys, and others
        data = tiff(
            noise(0, 50, 41, high=high), "palette", colormap=colors, byteorder=order,
            bigtiff=bigtiff, compression="zlib", **({"tile": (16, 16)} if tiled else {}),
        )  # fmt: skip
        assert_as_read(stored(tmp_path, data), 9)


@pytest.mark.parametrize(
    "kind", ["jpeg", "jpeg-grey", "premultiplied", "cmyk", "profile", "bits", "fax", "wide alpha"]
)
def test_what_is_converted_is_converted_alike(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiff_module, "_AT_ONCE", 500)
    path = tmp_path / "picture.tif"
    rgb = smooth(0, 64, 50, 3)
    if kind == "jpeg":
        path.write_bytes(tiff(rgb, "rgb", compression="jpeg", tile=(16, 16)))
    elif kind == "jpeg-grey":
        path.write_bytes(tiff(rgb[:, :, 0], "minisblack", compression="jpeg", rowsperstrip=8))
    elif kind == "premultiplied":
        rgba = np.dstack([rgb // 3, noise(3, 64, 50) // 2 + 90])
        path.write_bytes(tiff(rgba, "rgb", extrasamples=["assocalpha"], tile=(16, 16)))
    elif kind == "cmyk":
        path.write_bytes(tiff(smooth(2, 64, 50, 4), "separated", tile=(16, 16)))
    elif kind == "profile":
        path.write_bytes(tiff(rgb, "rgb", iccprofile=rgb_profile(), tile=(32, 16)))
    elif kind == "wide alpha":
        wide = wide_noise(0, 64, 50, 4)
        path.write_bytes(tiff(wide, "rgb", extrasamples=["assocalpha"], tile=(16, 16)))
    elif kind == "bits":
        image = Image.fromarray(rgb[:, :, 0]).convert("1")
        image.save(path, "TIFF")
    else:
        Image.fromarray(rgb[:, :, 0]).convert("1").save(path, "TIFF", compression="group4")
    assert_as_read(path, 9)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("rows", [7, 64])
def test_orientations_are_turned(rows: int, orientation: int, tmp_path: Path) -> None:
    path = stored(
        tmp_path,
        tiff(smooth(0, 40, 75, 3), "rgb", tile=(16, 32), extratags=[
            (274, "H", 1, orientation, True)]),
    )  # fmt: skip
    assert_as_read(path, rows)
    with open_source(path) as source:
        assert source.tile == ((16, 32) if orientation < 5 else (32, 16))


@pytest.mark.parametrize("packed", [False, True])
def test_an_order_of_bits_is_heeded_as_in_reading(packed: bool, tmp_path: Path) -> None:
    strip = smooth(0, 20, 75).tobytes()
    strip = zlib.compress(strip) if packed else strip
    tags = {**tiff_tags(75, 20, len(strip)), 266: (SHORT, [2]), 259: (SHORT, [8 if packed else 1])}
    path = stored(tmp_path, raw_tiff(tags, strip=strip))
    failure, pixels = failure_of_streaming(path)
    assert bool(failure) == bool(failure_of_reading(path))
    if not failure:
        np.testing.assert_array_equal(pixels, codec.read_image(path).pixels)


def test_strips_that_are_to_be_turned_are_refused(tmp_path: Path) -> None:
    options = {"rowsperstrip": 8, "extratags": [(274, "H", 1, 6, True)]}
    path = stored(tmp_path, tiff(smooth(0, 40, 75, 3), "rgb", **options))
    with pytest.raises(ImageError, match="turned") as caught:
        open_source(path)
    assert caught.value.reason == "no-stream"


@pytest.mark.parametrize("wide", [False, True], ids=["8-bit", "16-bit"])
def test_only_what_a_slice_needs_is_decoded(wide: bool, tmp_path: Path) -> None:
    samples: Any = smooth(0, 64, 64, 3)
    if wide:
        samples = samples.astype(np.uint16) * 9
    data = bytearray(tiff(samples, "rgb", compression="zlib", tile=(16, 16)))
    path = stored(tmp_path, bytes(data))
    pixels = codec.read_image(path).pixels
    import tifffile

    with tifffile.TiffFile(path) as opened:
        page: Any = opened.pages[0]
        start, size = page.dataoffsets[6], page.databytecounts[6]
    data[start : start + size] = b"\xff" * size
    path.write_bytes(bytes(data))
    with open_source(path) as source:
        np.testing.assert_array_equal(source[:16], pixels[:16])
        np.testing.assert_array_equal(source[:, 48:], pixels[:, 48:])
        for box in ((slice(0, 64), slice(0, 64)), (slice(20, 21), slice(40, 41))):
            with pytest.raises(ImageError, match="the tile at row 16, column 32") as caught:
                source[box]
            assert caught.value.reason == "damaged"


def test_pages_are_frames_and_levels_are_not(tmp_path: Path) -> None:
    large, small, least = smooth(0, 64, 48, 3), smooth(1, 32, 24, 3), smooth(2, 16, 12, 3)
    common = {"photometric": "rgb", "tile": (16, 16)}
    path = stored(
        tmp_path,
        tiff_pages((large, common), (small, {**common, "subfiletype": 1}),
                   (large[:, :, 0] > 9, {"tile": (16, 16), "subfiletype": 5, "photometric": 4}),
                   (least, {**common, "subfiletype": 1})),
    )  # fmt: skip
    assert_as_read(path, 20)
    for level, expected in enumerate((large, small, least)):
        with open_source(path, level=level) as source:
            np.testing.assert_array_equal(source[:], expected)
            np.testing.assert_array_equal(pickle.loads(pickle.dumps(source))[:], expected)
    with pytest.raises(ImageError, match="0 to 2"):
        open_source(path, level=3)
    path = stored(tmp_path, tiff_pages((large, {**common, "subifds": 1}), (small, common)))
    with open_source(path, level=1) as source:
        np.testing.assert_array_equal(source[:], small)
    path = stored(tmp_path, tiff_pages((large, common), (small, common)))
    assert failure_of_streaming(path)[0] == failure_of_reading(path) == "several-frames"
    assert_as_read(path, 20, first_frame=True)


@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "zstd", "jpeg"])
@pytest.mark.parametrize("layout", TILES[:2], ids=str)
def test_a_file_cut_or_damaged_gives_no_other_pixels(
    layout: dict[str, Any], compression: str | None, tmp_path: Path
) -> None:
    data = tiff(smooth(0, 40, 75, 3), "rgb", compression=compression, **layout)
    variants = [data[:length] for length in range(1, len(data), 100)]
    for place in range(4, len(data), max(1, len(data) // 60)):
        damaged = bytearray(data)
        damaged[place] ^= 0x24
        variants.append(bytes(damaged))
    for variant in variants:
        path = stored(tmp_path, variant)
        failure, pixels = failure_of_streaming(path, 40)
        if not failure:
            np.testing.assert_array_equal(pixels, codec.read_image(path).pixels)
        elif not failure_of_reading(path):
            assert failure in ("no-stream", "part-limit")


@given(
    st.integers(1, 70), st.integers(1, 70), st.sampled_from([1, 3, 4]), st.integers(1, 80),
    st.sampled_from([16, 32]), st.sampled_from([16, 48]), st.booleans(), st.integers(1, 3),
    st.randoms(use_true_random=False),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_any_slice_of_any_shape(
    tmp_path_factory: pytest.TempPathFactory,
    height: int, width: int, channels: int, rowsperstrip: int, rows: int, columns: int,
    tiled: bool, threads: int, random: Any,
) -> None:  # fmt: skip
    samples: Any = smooth(height, height, width, channels)
    options: dict[str, Any] = {"extrasamples": ["unassalpha"]} if channels == 4 else {}
    if channels == 1:
        samples = samples[:, :, 0]
    options |= {"tile": (rows, columns)} if tiled else {"rowsperstrip": rowsperstrip}
    data = tiff(samples, "minisblack" if channels == 1 else "rgb", compression="zlib", **options)
    path = stored(tmp_path_factory.mktemp("any"), data)
    with open_source(path, threads=threads) as source:
        for _ in range(5):
            top, left = random.randint(0, height), random.randint(0, width)
            box = slice(top, random.randint(top, height)), slice(left, random.randint(left, width))
            np.testing.assert_array_equal(source[box], samples[box])


def test_hostile_sizes_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    for width, height in ((2**32 - 1, 2**32 - 1), (2**32 - 1, 1), (0, 5)):
        path = stored(tmp_path, raw_tiff(tiff_tags(width, height, 100), strip=bytes(100)))
        assert failure_of_streaming(path)[0] in ("truncated", "ratio", "bad-dimensions")


def test_strips_that_take_too_much_memory_are_refused(tmp_path: Path) -> None:
    width, height = 30_000, 5_000
    packed = zlib.compress(bytes(width * height), 1)
    tags = {**tiff_tags(width, height, len(packed)), 259: (SHORT, [50000])}
    path = stored(tmp_path, raw_tiff(tags, strip=packed))
    with pytest.raises(LimitError, match="a strip of the TIFF") as caught:
        open_source(path)
    assert caught.value.reason == "part-limit"
    tags[259] = SHORT, [8]
    assert failure_of_streaming(stored(tmp_path, raw_tiff(tags, strip=packed)))[0] == "no-stream"
    tags[278] = LONG, [2**32 - 1]
    assert failure_of_streaming(stored(tmp_path, raw_tiff(tags, strip=packed)))[0] == "no-stream"


def test_a_long_strip_of_bytes_is_read_in_parts(tmp_path: Path) -> None:
    rows = noise(0, 3000, 1000)
    path = stored(tmp_path, tiff(rows, "minisblack", rowsperstrip=3000))
    with open_source(path) as source:
        assert source.tile == (1048, 1000)
        np.testing.assert_array_equal(source[1040:1060, 5:9], rows[1040:1060, 5:9])
        np.testing.assert_array_equal(source[:], rows)


def test_a_file_that_changes_is_noticed(tmp_path: Path) -> None:
    path = stored(tmp_path, tiff(smooth(0, 64, 64, 3), "rgb", tile=(16, 16)))
    with open_source(path) as source:
        copy = pickle.dumps(source)
        os.truncate(path, 3000)
        with pytest.raises(CodecError):
            source[:]
        with pytest.raises(ImageError) as caught:
            source.check_unchanged()
        assert caught.value.reason == "input-changed"
    with pytest.raises(CodecError):
        pickle.loads(copy)
