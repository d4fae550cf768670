"""The libraries that decode: nothing that they have, set or say leaks in or out."""

import functools
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import REPOSITORY
from picture_tools import (
    FOUR_COLORS,
    LONG,
    SHORT,
    Pixels,
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

from codec.images.decoders import metadata_left_out
from codec.images.reading import read_image


def test_nothing_is_printed_about_a_strange_tiff(tmp_path: Path) -> None:
    strange = tmp_path / "strange.tif"
    strange.write_bytes(tiff(wide_noise(0, 3, 5, 3), "rgb", extratags=[(274, 3, 1, 9, True)]))
    code = "import sys; from codec import read_image; print(read_image(sys.argv[1]).pixels.shape)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(strange)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("(3, 5, 3)\n", "", 0)


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
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
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


def warned(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that warns before it works, as those of a dependency may in the next version."""

    @functools.wraps(function)
    def wrapper(*arguments: Any, **options: Any) -> Any:
        warnings.warn("this will be removed", DeprecationWarning, stacklevel=2)
        return function(*arguments, **options)

    return wrapper


def test_warnings_of_a_dependency_never_surface(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    for name in ("fromarray", "open"):
        monkeypatch.setattr(Image, name, warned(getattr(Image, name)))
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
