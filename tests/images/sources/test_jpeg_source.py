"""JPEGs streamed by libvips: the pixels of `read_image`, or an error."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from picture_tools import noise, saved, with_segment
from PIL import Image
from profile_tools import grey_profile, rgb_profile
from source_tools import assert_as_read, failure_of_reading, failure_of_streaming, stored

import codec
from codec.errors import ImageError
from codec.files.views import FileView
from codec.images import jpeg
from codec.images.jpeg import jpeg_structure
from codec.images.sources import jpeg as source_module
from codec.images.sources.opening import open_source

pytest.importorskip("pyvips")


@pytest.fixture(autouse=True)
def _small_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "_STRIP_BYTES", 5000)


def picture(*shape: int) -> Image.Image:
    """A picture with edges and slopes."""
    samples = np.cumsum(noise(0, *shape, high=5), axis=1, dtype=np.uint8)
    return Image.fromarray(samples)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("quality", [20, 75, 98])
@pytest.mark.parametrize("restart", [0, 3])
def test_jpegs_are_streamed_exactly(
    restart: int, quality: int, subsampling: int, tmp_path: Path
) -> None:
    data = saved(
        picture(75, 91, 3), "JPEG", quality=quality, subsampling=subsampling,
        restart_marker_rows=restart,
    )  # fmt: skip
    assert_as_read(stored(tmp_path, data), 20)


@pytest.mark.parametrize("kind", ["grey", "rgb", "profile", "grey profile", "comment", "mirrored"])
def test_what_is_converted_is_converted_alike(kind: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {}
    shape: tuple[int, ...] = (75, 91, 3)
    if "grey" in kind:
        shape = shape[:2]
    if "profile" in kind:
        options["icc_profile"] = grey_profile(1.0) if "grey" in kind else rgb_profile()
    if kind == "rgb":
        options["keep_rgb"] = True
    if kind == "comment":
        options["comment"] = b"a comment"
    if kind == "mirrored":
        exif = Image.Exif()
        exif[274] = 2
        options["exif"] = exif
    assert_as_read(stored(tmp_path, saved(picture(*shape), "JPEG", **options), "a.png"), 33)


def test_what_cannot_be_streamed_is_refused(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    for options, word in (
        ({"progressive": True}, "progressive"), ({"exif": exif}, "turned"),
    ):  # fmt: skip
        path = stored(tmp_path, saved(picture(30, 40, 3), "JPEG", **options))
        with pytest.raises(ImageError, match=word) as caught:
            open_source(path)
        assert caught.value.reason == "no-stream"
    path = stored(tmp_path, saved(picture(30, 40, 4).convert("CMYK"), "JPEG"))
    with pytest.raises(ImageError, match="inks"):
        open_source(path)


def test_without_pyvips_its_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyvips", None)
    with pytest.raises(ImageError, match=r"kmcodec\[vips\]") as caught:
        open_source(stored(tmp_path, saved(picture(30, 40, 3), "JPEG")))
    assert caught.value.reason == "missing-dependency"


def test_a_file_cut_anywhere_gives_an_error(tmp_path: Path) -> None:
    data = saved(picture(75, 91, 3), "JPEG")
    for length in (*range(1, len(data), 100), len(data) - 1):
        path = stored(tmp_path, data[:length])
        assert failure_of_streaming(path)[0] == failure_of_reading(path) != ""


def test_a_damaged_file_gives_an_error_or_the_same_pixels(tmp_path: Path) -> None:
    data = saved(picture(75, 91, 3), "JPEG")
    for place in range(4, len(data), 41):
        damaged = bytearray(data)
        damaged[place] ^= 0x24
        path = stored(tmp_path, bytes(damaged))
        failure, pixels = failure_of_streaming(path, 16)
        if not failure:
            np.testing.assert_array_equal(pixels, codec.read_image(path).pixels)


@pytest.mark.parametrize("window", [2, 3, 7, 1000])
def test_segments_are_found_whatever_is_read_at_once(
    window: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = saved(picture(75, 91, 3), "JPEG", comment=b"c")
    data = with_segment(data[:2] + b"\xff\xff\xff" + data[2:], 0xEC, b"junk" * 9)
    path = stored(tmp_path, data)
    monkeypatch.setattr(jpeg, "_WINDOW", window)
    assert jpeg_structure(FileView(path)) == jpeg_structure(data)
