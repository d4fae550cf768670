"""What only Pillow asks for."""

import mimetypes
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import few_colors, pixels_of, write_dense
from format_tools import with_profile
from PIL import Image
from profile_tools import cyan_only_profile, rgb_profile

import codec
from codec.errors import ImageError
from codec.formats.kmc import file as kmc

MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "LAB", "HSV")


def in_mode(mode: str) -> Image.Image:
    if mode == "LAB":
        return Image.frombytes("LAB", (17, 12), few_colors().tobytes())
    image = Image.fromarray(few_colors())
    for step in {"PA": ("P",), "RGBa": ("RGBA",)}.get(mode, ()):
        image = image.convert(step)
    return image.convert(mode)


def saved(image: Image.Image, path: Path, **options: Any) -> Image.Image:
    image.save(path, **options)
    with Image.open(path) as opened:
        opened.load()
        return opened


def in_16_bits() -> Image.Image:
    return Image.fromarray(np.arange(204, dtype=np.uint16).reshape(12, 17) * 300)


@pytest.mark.parametrize("image", [*map(in_mode, MODES), in_16_bits()], ids=[*MODES, "I;16"])
def test_pillow_writes_what_compress_takes(image: Image.Image, tmp_path: Path) -> None:
    expected = codec.decompress(codec.compress(image))
    assert np.array_equal(pixels_of(saved(image, tmp_path / "x.kmc")), expected)


def test_pillow_refuses_modes_without_a_range(tmp_path: Path) -> None:
    for mode in ("I", "F"):
        with pytest.raises(ImageError, match="mode"):
            Image.new(mode, (3, 3)).save(tmp_path / "y.kmc")


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_transparency_and_orientation_are_not_lost(mode: str, tmp_path: Path) -> None:
    image = Image.fromarray(few_colors()).convert(mode)
    image.info["transparency"] = image.getpixel((0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "x.png", exif=exif)
    with Image.open(tmp_path / "x.png") as opened:
        pixels = pixels_of(saved(opened, tmp_path / "x.kmc"))
    assert pixels.shape == (17, 12, {"L": 2, "RGB": 4}[mode])
    shown = codec.read_image(tmp_path / "x.png").pixels
    assert np.array_equal(pixels[..., -1], shown[..., -1])
    assert np.array_equal(pixels * (pixels[..., -1:] > 0), shown * (shown[..., -1:] > 0))


def test_a_profile_goes_with_the_colors_it_is_for(tmp_path: Path) -> None:
    wide = rgb_profile()
    for mode in ("RGB", "P"):
        image = Image.fromarray(few_colors()).convert(mode)
        image.info["icc_profile"] = wide
        again = saved(image, tmp_path / "x.kmc")
        assert np.array_equal(pixels_of(again), np.asarray(image.convert("RGB")))
        assert again.info["icc_profile"] == wide
    # Greys of a palette too, since a profile of RGB is of no use for a grey picture.
    greys = Image.fromarray(few_colors()).convert("L").convert("P")
    saved(greys, tmp_path / "x.kmc", icc_profile=wide)
    assert codec.load(tmp_path / "x.kmc").channels == 3
    saved(greys, tmp_path / "x.kmc")
    assert codec.load(tmp_path / "x.kmc").channels == 1
    inks = in_mode("CMYK")
    inks.info["icc_profile"] = cyan_only_profile()
    again = saved(inks, tmp_path / "x.kmc")
    assert "icc_profile" not in again.info
    assert np.array_equal(pixels_of(again), codec.decompress(codec.compress(inks))[..., 0])
    plain = saved(in_mode("CMYK"), tmp_path / "y.kmc")
    assert not np.array_equal(pixels_of(again), pixels_of(plain))


def test_an_opened_image_goes_to_other_processes(tmp_path: Path) -> None:
    pixels = write_dense(tmp_path / "x.kmc", 4)
    with Image.open(tmp_path / "x.kmc") as image:
        again = pickle.loads(pickle.dumps(image))
    assert np.array_equal(pixels_of(again), pixels)


@pytest.mark.parametrize("profile", [None, rgb_profile()], ids=["sRGB", "a profile"])
def test_pillow_keeps_the_order_of_a_palette_if_asked(
    profile: bytes | None, tmp_path: Path
) -> None:
    indices = np.array([[3, 0, 5], [5, 5, 3]], np.uint8)
    image = Image.frombytes("P", (3, 2), indices.tobytes())
    colors = np.array([[9, 9, 9], [1, 2, 3], [7, 7, 7], [255, 0, 0], [1, 2, 3], [0, 0, 0]])
    image.putpalette(colors.astype(np.uint8).tobytes())
    if profile:
        image.info["icc_profile"] = profile
    image.save(tmp_path / "x.kmc", keep_order=True)
    assert image.info.get("icc_profile") == profile
    indexed = codec.load(tmp_path / "x.kmc")
    assert np.array_equal(indexed.labels, indices)
    assert np.array_equal(indexed.codebook, colors)
    with Image.open(tmp_path / "x.kmc") as found:
        assert found.info.get("icc_profile") == profile
    with pytest.raises(ImageError, match="no palette indices"):
        image.convert("RGB").save(tmp_path / "y.kmc", keep_order=True)


@pytest.mark.parametrize("channels", [1, 2])
def test_greys_with_a_profile_are_no_palette(channels: int, tmp_path: Path) -> None:
    pixels = write_dense(tmp_path / "x.kmc", channels)
    path = tmp_path / "y.kmc"
    path.write_bytes(
        kmc.encode(with_profile(codec.load(tmp_path / "x.kmc"), b"grey profile"), "default")[0]
    )
    with Image.open(path) as image:
        assert image.mode == ("L", "LA")[channels - 1]
        assert image.info["icc_profile"] == b"grey profile"
        assert np.array_equal(np.asarray(image), pixels)


def test_options_of_other_formats_are_passed_over(tmp_path: Path) -> None:
    image = Image.fromarray(few_colors())
    image.save(tmp_path / "x.kmc", n_colors=4)
    image.save(tmp_path / "y.kmc", n_colors=4, quality=90, optimize=True, exif=b"", dpi=(9, 9))
    assert (tmp_path / "x.kmc").read_bytes() == (tmp_path / "y.kmc").read_bytes()
    with pytest.raises(codec.ParameterError, match="effort"):
        image.save(tmp_path / "z.kmc", effort="most")


def test_the_type_of_dense_files_is_known_to_servers() -> None:
    assert mimetypes.guess_type("x.kmc") == ("image/x-kmc", None)
    assert Image.MIME["KMC"] == "image/x-kmc"


@pytest.mark.parametrize("channels", [3, 4])
def test_a_palette_goes_from_kmc_to_png_in_its_order(channels: int, tmp_path: Path) -> None:
    write_dense(tmp_path / "x.kmc", channels)
    with Image.open(tmp_path / "x.kmc") as image:
        image.save(tmp_path / "y.png")
    found, expected = codec.load(tmp_path / "y.png"), codec.load(tmp_path / "x.kmc")
    assert np.array_equal(found.labels, expected.labels)
    assert np.array_equal(found.codebook[: expected.n_colors], expected.codebook)
