"""What programs hold: compressed as it would be read, or refused with the cure."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import png_tools
import pytest
from cli_tools import PICTURES, few_colors, many_colors, with_alpha
from picture_tools import png_of
from PIL import Image

import codec
from codec.images.memory import as_source

MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16")


def in_mode(mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30) * 109)
    if mode in ("LA", "RGBA"):
        return Image.fromarray(with_alpha()).convert(mode)
    if mode == "LAB":
        return Image.frombytes("LAB", (32, 24), many_colors().tobytes())
    return Image.fromarray(many_colors()).convert(mode)


@pytest.mark.parametrize("mode", MODES)
def test_an_image_of_pillow_is_what_its_file_is(mode: str, tmp_path: Path) -> None:
    image = in_mode(mode)
    path = tmp_path / "x.tif"
    image.save(path)
    expected = codec.read_image(path).pixels
    np.testing.assert_array_equal(as_source(image).pixels, expected)
    found = codec.decompress(codec.compress(image, 9, effort="fast"))
    np.testing.assert_array_equal(
        found, codec.decompress(codec.compress(expected, 9, effort="fast"))
    )


@pytest.mark.parametrize(
    ("mode", "target"),
    [("PA", "RGBA"), ("La", "LA"), ("RGBa", "RGBA"), ("HSV", "RGB"), ("RGBX", "RGB")],
)
def test_modes_that_no_file_has_are_shown_as_pillow_does(mode: str, target: str) -> None:
    steps = {"PA": ("RGB", "P"), "La": ("LA",), "RGBa": ("RGBA",)}.get(mode, ("RGB",))
    image = Image.fromarray(with_alpha())
    for step in (*steps, mode):
        image = image.convert(step)
    np.testing.assert_array_equal(as_source(image).pixels, np.asarray(image.convert(target)))


def test_transparency_and_orientation_are_seen(tmp_path: Path) -> None:
    palette = Image.fromarray(few_colors()).quantize(8)
    palette.info["transparency"] = 3
    palette.save(tmp_path / "x.gif")
    assert as_source(palette).pixels.shape[2] == 4
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    Image.fromarray(many_colors()).save(stream, "JPEG", exif=exif)
    (tmp_path / "x.jpg").write_bytes(stream.getvalue())
    image = Image.open(stream)
    np.testing.assert_array_equal(
        as_source(image).pixels, codec.read_image(tmp_path / "x.jpg").pixels
    )


GAMA = png_tools.chunk(b"gAMA", (100_000).to_bytes(4, "big"))
CHRM = png_tools.chunk(
    b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
)


@pytest.mark.parametrize(
    "before",
    [[GAMA], [GAMA, CHRM], [CHRM], [png_tools.chunk(b"sRGB", b"\0"), GAMA], []],
    ids=["gamma", "both", "primaries", "sRGB", "none"],
)
@pytest.mark.parametrize("color_type", [png_tools.RGB, png_tools.GREY])
def test_colors_that_a_png_states_are_converted(
    color_type: int, before: list[bytes], tmp_path: Path
) -> None:
    samples = many_colors()[:, :, : 3 if color_type == png_tools.RGB else 1]
    path = tmp_path / "x.png"
    path.write_bytes(png_of(samples, color_type, 8, before=before))
    expected = codec.read_image(path).pixels
    with Image.open(path) as image:
        np.testing.assert_array_equal(as_source(image).pixels, expected)


@pytest.mark.parametrize(
    "info",
    [
        {"gamma": "1.0"},
        {"gamma": None},
        {"gamma": -1.0},
        {"gamma": float("nan")},
        {"gamma": 1e99},
        {"gamma": (1.0, 2.0)},
        {"gamma": 1.0, "chromaticity": 7},
        {"chromaticity": (1e9,) * 8},
    ],
)
def test_what_states_no_colors_changes_nothing(info: dict[str, Any]) -> None:
    image = Image.fromarray(many_colors())
    image.info.update(info)
    if info != {"gamma": 1.0, "chromaticity": 7}:
        np.testing.assert_array_equal(as_source(image).pixels, many_colors())
    else:
        assert as_source(image).pixels.shape == many_colors().shape


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "I;16"])
def test_a_color_that_is_declared_transparent_is(mode: str, tmp_path: Path) -> None:
    if mode == "I;16":  # where 20560 and its neighbors look alike on 8 bits
        samples = np.array([[20559, 20560, 20561], [0, 20560, 65535]], dtype=np.uint16)
        image, transparent = Image.fromarray(samples), 20560
    else:
        image = Image.fromarray(few_colors()).convert(mode)
        transparent = image.getpixel((0, 0))  # type: ignore[assignment]
    image.info["transparency"] = transparent
    image.save(tmp_path / "x.png")
    expected = codec.read_image(tmp_path / "x.png").pixels
    alpha = expected[:, :, -1]
    assert 0 < np.count_nonzero(alpha) < alpha.size
    np.testing.assert_array_equal(as_source(image).pixels, expected)
    with Image.open(tmp_path / "x.png") as opened:
        np.testing.assert_array_equal(as_source(opened).pixels, expected)


def test_of_an_animation_the_frame_it_stands_at_is_taken() -> None:
    frames = [Image.new("L", (9, 7), grey) for grey in (10, 200)]
    stream = io.BytesIO()
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    with Image.open(stream) as image:
        for number, grey in ((1, 200), (0, 10)):
            image.seek(number)
            assert (codec.decompress(codec.compress(image))[..., 0] == grey).all()


def test_a_closed_or_damaged_image_is_refused(tmp_path: Path) -> None:
    Image.fromarray(many_colors()).save(tmp_path / "x.jpg")
    closed = Image.open(tmp_path / "x.jpg")
    closed.close()
    content = (tmp_path / "x.jpg").read_bytes()
    with Image.open(io.BytesIO(content[:-40])) as cut:
        for image, reason in ((closed, "damaged"), (cut, "truncated")):
            with pytest.raises(codec.ImageError) as caught:
                codec.compress(image)
            assert caught.value.reason == reason


def test_what_read_image_gives_is_taken(tmp_path: Path) -> None:
    Image.fromarray(few_colors()).save(tmp_path / "x.png")
    indexed = codec.compress(codec.read_image(tmp_path / "x.png"))
    np.testing.assert_array_equal(codec.decompress(indexed), few_colors())


PIXELS = many_colors()
REFUSED: dict[str, tuple[Any, str]] = {
    "float to 1": (PIXELS / 255, "(pixels * 255).round().astype(np.uint8)"),
    "float32 to 1": ((PIXELS / 255).astype(np.float32), "(pixels * 255).round()"),
    "float to 255": (PIXELS.astype(np.float64), "pixels.round().astype(np.uint8)"),
    "float beyond": (PIXELS * 9.0, "np.interp(pixels, (9, "),
    "float below": (PIXELS - 9.5, "np.interp(pixels, (-8.5, "),
    "not a number": (PIXELS * np.nan, "np.nan_to_num(pixels)"),
    "infinite": (np.where(PIXELS > 99, np.inf, 0), "np.nan_to_num(pixels)"),
    "uint16": (PIXELS.astype(np.uint16) * 257, "(pixels / 65535 * 255).round().astype(np.uint8)"),
    "uint16 of 8 bits": (PIXELS.astype(np.uint16), "pixels.astype(np.uint8) keeps 0 to 255"),
    "uint16 of 10 bits": (PIXELS.astype(np.uint16) * 4, "(pixels / 1023 * 255)"),
    "uint16 of 12 bits": (PIXELS.astype(np.uint16) * 16, "(pixels / 4095 * 255)"),
    "uint16 of 14 bits": (PIXELS.astype(np.uint16) * 64, "(pixels / 16383 * 255)"),
    "int64": (PIXELS.astype(np.int64), "pixels.astype(np.uint8)"),
    "int8": (PIXELS.view(np.int8), "pixels.view(np.uint8)"),
    "uint32 of 16 bits": (PIXELS.astype(np.uint32) * 257, "(pixels / 65535 * 255).round()"),
    "uint32": (PIXELS.astype(np.uint32) << 24, "np.interp(pixels, (16777216, "),
    "negative": (PIXELS.astype(np.int16) - 99, "np.interp(pixels, (-98, "),
    "list": (PIXELS.tolist(), "np.asarray(pixels).astype(np.uint8) keeps 0 to 255"),
    "objects": (PIXELS.astype(object), "pixels.astype(np.uint8) makes numbers"),
    "text": (np.array([["a"]]), "these are no numbers"),
    "None": (None, "not NoneType: codec.read_image(path)"),
    "object": (object(), "not object: codec.read_image(path)"),
    "open file": (io.BytesIO(b""), "codec.read_image(file)"),
    "content of a PNG": (b"\x89PNG\r\n\x1a\n", "codec.read_image(data)"),
    "content of a JPEG": (bytearray(b"\xff\xd8\xff\xe0"), "codec.read_image(data)"),
    "view of content": (memoryview(b"\x89PNG\r\n\x1a\n"), "codec.read_image(data)"),
    "list of masked": ([np.ma.masked_array(row) for row in PIXELS], "pixels are a masked array"),
    "many channels": (np.zeros((9, 8, 5), np.uint8), "pixels[:, :, :3]"),
    "few pixels first": (np.zeros((3, 8, 8), np.uint8), "np.moveaxis(pixels, 0, -1)"),
    "bool": (PIXELS[:, :, 0] > 99, "pixels.astype(np.uint8) * 255"),
    "complex": (PIXELS * 1j, "np.abs(pixels)"),
    "channels first": (np.moveaxis(PIXELS, -1, 0), "np.moveaxis(pixels, 0, -1)"),
    "grey first": (PIXELS[None, :, :, 0], "np.moveaxis(pixels, 0, -1)"),
    "batch of one": (PIXELS[None], "pixels[0]"),
    "masked": (np.ma.masked_array(PIXELS, PIXELS > 99), "pixels.filled(0)"),
    "masked nothing": (np.ma.masked_array(PIXELS), "pixels.filled(0)"),
    "str": ("photo.png", "codec.read_image(path)"),
    "bytes": (b"photo.png", "codec.read_image(data)"),
    "Path": (Path("photo.png"), "codec.read_image(path)"),
    "Pillow's palette of nothing": (Image.new("P", (0, 3)), "empty shape"),
    "Pillow's float": (Image.fromarray((PIXELS[:, :, 0] / 255).astype(np.float32)), "'F'"),
    "Pillow's int32": (Image.fromarray(PIXELS[:, :, 0].astype(np.int32)), "image.convert('L')"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_taken_names_the_cure(name: str) -> None:
    given, cure = REFUSED[name]
    with pytest.raises(codec.ImageError) as caught:
        codec.compress(given)
    assert cure in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(4, 4, 5), (5, 9, 9), (2, 8, 8, 3), (9,)])
def test_no_cure_is_named_where_axes_may_be_anything(shape: tuple[int, ...]) -> None:
    with pytest.raises(codec.ImageError) as caught:
        codec.compress(np.zeros(shape, np.uint8))
    assert str(caught.value).endswith(f"1 to 4), not {shape}")


def test_cures_give_pixels() -> None:
    givens: tuple[Any, ...] = (
        PIXELS.astype(np.int16) - 99,
        PIXELS.view(np.int8),
        PIXELS * 9.0,
        PIXELS * 1e9,
    )
    for given in givens:
        with pytest.raises(codec.ImageError) as caught:
            codec.compress(given)
        cure = str(caught.value).partition(": ")[2].partition(" stretches")[0].partition(" has")[0]
        cured = eval(cure, {"np": np, "pixels": given})
        assert codec.decompress(codec.compress(cured, 9, effort="fast")).shape == PIXELS.shape
        if given.dtype != np.int8:
            assert (cured.min(), cured.max()) == (0, 255)


# An indexed image for who wants one of Pillow


@pytest.mark.parametrize("pixels", PICTURES.values(), ids=PICTURES)
def test_an_indexed_image_becomes_one_of_pillow(pixels: Any) -> None:
    indexed = codec.compress(pixels, 256)
    image = indexed.to_pil()
    assert (image.mode, image.size) == ("P", (indexed.width, indexed.height))
    np.testing.assert_array_equal(np.asarray(image), indexed.labels)
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[indexed.channels]
    shown = np.asarray(image.convert("RGBA").convert(mode))
    np.testing.assert_array_equal(shown, np.asarray(indexed))


def test_saved_by_pillow_it_keeps_labels_and_transparency() -> None:
    indexed = codec.compress(with_alpha())
    file = io.BytesIO()
    indexed.to_pil().save(file, "PNG")
    found = codec.compress(Image.open(file))
    np.testing.assert_array_equal(np.asarray(found), np.asarray(indexed))
    np.testing.assert_array_equal(found.labels, indexed.labels)
