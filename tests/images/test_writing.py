"""Pixels to image files: exactly, or not at all."""

from pathlib import Path

import numpy as np
import pytest
from picture_tools import SIZES, noise, opened, squeezed

from codec.errors import FileError, ImageError, ParameterError
from codec.images.reading import read_image, write_image
from codec.images.writing import check_image_name, encode_image


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_written_png_holds_exactly_the_pixels(channels: int, tmp_path: Path) -> None:
    for height, width in SIZES:
        pixels = squeezed(noise(0, height, width, channels))
        path = write_image(pixels, tmp_path / "picture.png", force=True)
        np.testing.assert_array_equal(np.asarray(opened(path.read_bytes())), pixels)
        image = read_image(path)
        np.testing.assert_array_equal(image.pixels, pixels)
        assert image.notices == []


@pytest.mark.parametrize(
    ("extension", "channels"),
    [(".bmp", 1), (".bmp", 3), (".tif", 1), (".tiff", 3), (".tif", 4), (".apng", 3), (".dib", 3),
     (".tga", 4), (".ppm", 3)],
)  # fmt: skip
def test_other_lossless_files_hold_exactly_the_pixels(
    extension: str, channels: int, tmp_path: Path
) -> None:
    pixels = squeezed(noise(0, 9, 14, channels))
    path = write_image(pixels, tmp_path / f"picture{extension}")
    np.testing.assert_array_equal(np.asarray(opened(path.read_bytes())), pixels)


def test_pixels_of_any_strides_are_encoded(tmp_path: Path) -> None:
    pixels = noise(0, 9, 14, 3)
    for extension in (".png", ".bmp"):
        expected = encode_image(np.ascontiguousarray(pixels[::-1, ::2]), extension)
        assert encode_image(pixels[::-1, ::2], extension) == expected


def test_a_file_that_cannot_hold_the_picture_says_so(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    with pytest.raises(ImageError) as caught:
        write_image(noise(0, 9, 14, 4), path)
    assert caught.value.reason == "not-encodable"
    assert not path.exists()


@pytest.mark.parametrize(
    "name", ["picture", "picture.", "picture.xyz", "picture.pdf", "a.eps", "a.psd"]
)
def test_a_name_without_a_kind_of_image_is_refused(name: str) -> None:
    with pytest.raises(ParameterError) as caught:
        check_image_name(name)
    assert caught.value.reason == "output-name"


def test_the_extension_is_found_whatever_its_case() -> None:
    assert check_image_name("a/b.c/picture.PNG") == ".png"
    assert check_image_name(b"picture.Jpeg") == ".jpeg"  # type: ignore[arg-type]


def test_an_existing_file_is_kept_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"precious")
    with pytest.raises(FileError) as caught:
        write_image(noise(0, 3, 4), path)
    assert caught.value.reason == "exists"
    assert path.read_bytes() == b"precious"
    write_image(noise(0, 3, 4), path, force=True)
    np.testing.assert_array_equal(read_image(path).pixels, noise(0, 3, 4))
