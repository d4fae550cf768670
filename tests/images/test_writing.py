"""Pixels to image files: exactly, or not at all."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from picture_tools import SIZES, noise, opened, squeezed

from codec.errors import ImageError, ParameterError
from codec.images.reading import read_image
from codec.images.writing import check_image_name, encode_image

Pixels = npt.NDArray[np.uint8]


def written(pixels: Pixels, path: Path) -> Path:
    """Write an image file of the kind that its name says."""
    path.write_bytes(encode_image(pixels, check_image_name(path)))
    return path


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_written_png_holds_exactly_the_pixels(channels: int, tmp_path: Path) -> None:
    for height, width in SIZES:
        pixels = squeezed(noise(0, height, width, channels))
        path = written(pixels, tmp_path / "picture.png")
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
    path = written(pixels, tmp_path / f"picture{extension}")
    np.testing.assert_array_equal(np.asarray(opened(path.read_bytes())), pixels)


def test_pixels_of_any_strides_are_encoded(tmp_path: Path) -> None:
    pixels = noise(0, 9, 14, 3)
    for extension in (".png", ".bmp"):
        expected = encode_image(np.ascontiguousarray(pixels[::-1, ::2]), extension)
        assert encode_image(pixels[::-1, ::2], extension) == expected


def test_a_file_that_cannot_hold_the_picture_says_so(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    with pytest.raises(ImageError) as caught:
        written(noise(0, 9, 14, 4), path)
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
