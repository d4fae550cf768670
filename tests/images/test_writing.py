"""Pixels to image files: exactly, or not at all."""

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from marks import slowly
from picture_tools import SIZES, noise, opened, squeezed
from PIL import Image

from codec.errors import CodecError, ImageError, ParameterError
from codec.images.reading import read_image
from codec.images.writing import check_image_name, encode_image, holds_exactly

Pixels = npt.NDArray[np.uint8]
Image.init()
EXTENSIONS = sorted(
    extension
    for extension, kind in Image.registered_extensions().items()
    if kind in Image.SAVE and kind not in ("PDF", "EPS")
)


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


@pytest.mark.parametrize(
    ("height", "width"),
    [(9, 7), (16, 16), slowly(1, 65535), slowly(65535, 1), slowly(2, 40000)],
)
@pytest.mark.parametrize("extension", EXTENSIONS)
def test_every_kind_of_file_holds_the_picture_or_is_refused_by_its_name(
    extension: str, height: int, width: int
) -> None:
    modes = {1: "L", 3: "RGB"} if width * height > 1000 else {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
    for channels, mode in modes.items():
        pixels = squeezed(noise(0, height, width, channels))
        try:
            data = encode_image(pixels, check_image_name(f"picture{extension}"))
            exact = holds_exactly(data, extension, pixels)
        except CodecError as error:
            said = f"{error} ({error.reason})"
            words = rf"a \{extension} file cannot hold this picture: .+ \(not-encodable\)"
            found = re.fullmatch(words, said) is not None
        else:
            picture = np.asarray(opened(data).convert(mode))
            found = np.array_equal(picture, pixels) if exact else picture.size > 0
        assert found, (channels, extension)


@pytest.mark.parametrize(
    "fault", [OverflowError("65535"), SystemError("encoder"), TypeError(), RuntimeError("a\nb")]
)
def test_whatever_an_encoder_or_decoder_raises_is_a_refusal(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    import imageio.v3 as iio

    def fail(*arguments: object, **options: object) -> None:
        raise fault

    pixels = noise(0, 9, 14, 3)
    data = encode_image(pixels, ".bmp")
    monkeypatch.setattr(iio, "imwrite", fail)
    monkeypatch.setitem(Image.OPEN, "BMP", (fail, None))
    with pytest.raises(ImageError, match=r"a \.bmp file cannot hold this picture: \S"):
        encode_image(pixels, ".bmp")
    with pytest.raises(ImageError, match=r"a \.bmp file cannot hold this picture: \S"):
        holds_exactly(data, ".bmp", pixels)
