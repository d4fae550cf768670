"""The libraries that decode: nothing that they have, set or say leaks in or out."""

import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from cli_tools import REPOSITORY
from picture_tools import (
    FOUR_COLORS,
    LONG,
    SHORT,
    Pixels,
    attempt,
    bmp,
    gif,
    gif_frame,
    noise,
    palette_of,
    plte,
    png_of,
    raw_tiff,
    read,
    refusal,
    saved,
    tiff,
    tiff_tags,
    warm_up,
    wide_noise,
    with_segment,
)
from PIL import GifImagePlugin, Image, ImageFile
from png_tools import INDEXED, chunk
from profile_tools import rgb_profile

from codec.errors import CodecError
from codec.images.decoders import metadata_left_out
from codec.images.reading import read_image

# What plain kernels have to say, once, is none of what is watched here.
PYTHON = [sys.executable, "-W", "ignore:without compiled kernels:RuntimeWarning"]


def damaged_tiff() -> bytes:
    """A TIFF of which libtiff itself complains on stderr."""
    data = tiff(noise(0, 40, 30, 3), "rgb", compression="zlib")
    return data.replace(b"\x78", b"\x00")


def test_the_command_says_one_line_of_a_damaged_tiff(tmp_path: Path) -> None:
    path = tmp_path / "damaged.tif"
    path.write_bytes(damaged_tiff())
    assert isinstance(attempt(tmp_path, damaged_tiff()), CodecError)
    done = subprocess.run(
        [*PYTHON, "-m", "codec", "compress", str(path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "damaged.tif" in done.stderr


GUEST = """
import os, sys, threading, io
from PIL import Image, ImageFile
import codec
path = sys.argv[1]
ImageFile.LOAD_TRUNCATED_IMAGES = True
cut = io.BytesIO()
Image.effect_noise((90, 90), 50).save(cut, "JPEG")
cut = cut.getvalue()[:-700]
going, shown = threading.Event(), 0
def read():
    going.wait()
    for _ in range(150):
        codec.read_image(path)
    going.clear()
reader = threading.Thread(target=read)
reader.start()
going.set()
lines = 0
while going.is_set():
    os.write(2, b"a line\\n")
    lines += 1
    Image.open(io.BytesIO(cut)).load()
reader.join()
print(lines)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["raw", "zlib", "GIF", "JPEG", "profile"])
def test_what_another_thread_does_meanwhile_is_undisturbed(kind: str, tmp_path: Path) -> None:
    samples = noise(0, 90, 90, 3)
    picture = Image.fromarray(samples)
    path = tmp_path / "picture"
    path.write_bytes({
        "raw": tiff(samples, "rgb"),
        "zlib": tiff(wide_noise(0, 90, 90, 3), "rgb", compression="zlib"),
        "GIF": saved(picture.quantize(8), "GIF"),
        "JPEG": saved(picture, "JPEG"),
        "profile": saved(picture, "PNG", icc_profile=rgb_profile()),
    }[kind])  # fmt: skip
    done = subprocess.run(
        [*PYTHON, "-c", GUEST, str(path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = int(done.stdout)
    assert lines > 10
    assert done.stderr == "a line\n" * lines


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "BMP", "WEBP", "TIFF", "progressive", "RLE"])
def test_data_that_end_early_are_refused_whatever_others_have_set(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = Image.fromarray(noise(0, 60, 70, 3))
    if kind == "progressive":
        data = saved(picture, "JPEG", progressive=True)
    elif kind == "RLE":
        data = bmp(70, 60, 8, bytes([70, 1, 0, 0] * 59), palette=bytes(1024), compression=1)
    else:
        data = saved(picture.quantize(200) if kind == "GIF" else picture, kind)
    warm_up(tmp_path)
    for value in (False, True):
        monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", value)
        end = {"JPEG": b"\xff\xd9", "progressive": b"\xff\xd9", "GIF": b"\0;"}.get(kind, b"")
        for size in (len(data) // 2, len(data) - 30) if kind != "RLE" else (len(data),):
            error = refusal(tmp_path, data[:size])
            assert error.reason in {"truncated", "damaged"}
            if kind == "GIF":
                assert refusal(tmp_path, data[:size] + end).reason in {"truncated", "damaged"}


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
    warm_up(tmp_path)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 7)
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
    warm_up(tmp_path)
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


def test_no_file_makes_a_dependency_warn(tmp_path: Path) -> None:
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
    warm_up(tmp_path)
    monkeypatch.setattr(Image.Image, "load", exhausted)
    error = refusal(tmp_path, data)
    assert "memory" in str(error)
    assert error.reason != "damaged"


def test_only_metadata_that_are_there_are_said_to_be_left_out() -> None:
    every = {"xmp": b"x", "comment": b"c", "exif": b"e", "mode": "L"}
    assert metadata_left_out(every) == ("EXIF", "XMP", "comment")
    assert metadata_left_out({**every, "exif": b""}) == ("XMP", "comment")
    assert metadata_left_out({"mode": "L"}) == ()
