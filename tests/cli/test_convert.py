"""`kmcodec convert`: the same labels and code-words, in the same order, in another format."""

import itertools
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from cli_tools import Sandbox, few_colors, refused, usage_error
from format_tools import with_profile
from marks import needs_kernels
from PIL import Image
from profile_tools import rgb_profile
from report_tools import read_json

import codec
from codec.formats.kmc import file as kmc
from codec.indexed import IndexedImage

pytestmark = needs_kernels  # to write .kmc

ENDINGS = (".labels.png", ".npz", ".png", ".kmc", ".gif", ".tif", ".zarr")


def picture(channels: int, size: int = 9) -> IndexedImage:
    """Labels and code-words in no order, of which two are equal and one is not used."""
    state = np.random.default_rng(channels)
    codebook = state.integers(0, 256, (size, channels)).astype(np.uint8)
    codebook[3] = codebook[5]
    if channels in (2, 4):
        codebook[:, -1] = 255
        codebook[2, -1] = 0
    labels = state.integers(0, size - 1, (60, 70)).astype(np.uint8)
    return IndexedImage(labels, codebook, keep_order=True)


def content(path: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Read labels and codebook of any format."""
    if path.endswith(".gif"):
        source = codec.read_image(path)
        assert source.indices is not None
        assert source.palette is not None
        return source.indices, source.palette
    with codec.open(path) as found:
        return found.labels[:], found.codebook


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_format_becomes_every_other_without_loss(sandbox: Sandbox, channels: int) -> None:
    pytest.importorskip("zarr")
    indexed = picture(channels)
    codec.save(indexed, "a.kmc")
    endings = [end for end in ENDINGS if channels in (1, 3) or end != ".tif"]
    for ending in endings:
        sandbox.run("convert", "a.kmc", "-o", f"b{ending}", check=0)
    for first, second in itertools.permutations(endings, 2):
        out = f"{first[1:].replace('.', '-')}-{second[1:].replace('.', '-')}{second}"
        run = sandbox.run("convert", f"b{first}", "-o", out, check=0)
        assert "lossless" in run.err
        labels, codebook = content(out)
        np.testing.assert_array_equal(labels, indexed.labels, err_msg=out)
        if ".gif" in (
            first,
            second,
        ):  # whose palettes have 2 to the n colors, with alpha or without
            decoded = np.asarray(IndexedImage(labels, codebook))
            np.testing.assert_array_equal(decoded, np.asarray(indexed), err_msg=out)
            codebook = codebook[: indexed.n_colors, : indexed.channels]
        np.testing.assert_array_equal(codebook, indexed.codebook, err_msg=out)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "TIFF"])
def test_palettes_of_other_programs_keep_their_order(sandbox: Sandbox, kind: str) -> None:
    indices = np.array([[3, 0, 5, 1], [5, 5, 3, 0]], np.uint8)
    colors = np.array([[9, 9, 9], [1, 2, 3], [7, 7, 7], [255, 0, 0], [1, 2, 3], [0, 0, 0]])
    image = Image.frombytes("P", (4, 2), indices.tobytes())
    image.putpalette(colors.astype(np.uint8).tobytes())
    image.save(f"a.{kind.lower()}", optimize=False)
    for ending in (".npz", ".kmc", ".png"):
        sandbox.run("convert", f"a.{kind.lower()}", "-o", f"b{ending}", check=0)
        labels, codebook = content(f"b{ending}")
        np.testing.assert_array_equal(labels, indices)
        np.testing.assert_array_equal(codebook[:6], colors)


def test_a_picture_of_another_program_is_upright_and_in_srgb(sandbox: Sandbox) -> None:
    image = Image.fromarray(few_colors()).quantize(16)
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save("a.png", icc_profile=rgb_profile(), exif=exif)
    shown = codec.read_image("a.png")
    run = sandbox.run("convert", "a.png", "-o", "b.npz", check=0)
    assert "orientation" in run.err
    np.testing.assert_array_equal(codec.decompress(codec.load("b.npz")), shown.pixels)


def test_a_profile_stays_where_it_can_and_else_colors_become_srgb(sandbox: Sandbox) -> None:
    Path("a.kmc").write_bytes(kmc.encode(with_profile(picture(3), rgb_profile()), "default")[0])
    sandbox.run("convert", "a.kmc", "-o", "b.kmc", check=0)
    assert Path("b.kmc").read_bytes() == Path("a.kmc").read_bytes()
    sandbox.run("decompress", "a.kmc", "-o", "shown.png", check=0)
    shown = codec.read_image("shown.png").pixels
    sandbox.run("convert", "a.kmc", "-o", "c.png", check=0)
    np.testing.assert_array_equal(codec.read_image("c.png").pixels, shown)
    assert codec.load("c.png").metadata.profile == rgb_profile()
    for name in ("b.npz", "b.gif", "b.tif"):
        run = sandbox.run("convert", "a.kmc", "-o", name, "--json", check=0)
        assert "to sRGB" in run.err
        (report,) = read_json(run.out)["results"]
        assert (report["lossless"], report["mse"]) == (False, None)
        np.testing.assert_array_equal(np.asarray(IndexedImage(*content(name))), shown)


@pytest.mark.parametrize("how", ["profile", "turned", "profile and turned"])
def test_what_a_png_of_another_program_shows_is_what_everybody_reads(
    sandbox: Sandbox, how: str
) -> None:
    image = Image.fromarray(few_colors()).quantize(16)
    more: dict[str, Any] = {"icc_profile": rgb_profile()} if "profile" in how else {}
    if "turned" in how:
        more["exif"] = Image.Exif()
        more["exif"][0x0112] = 6
    image.save("a.png", **more)
    shown = codec.read_image("a.png").pixels
    (report,) = codec.report("a.png", "a.png")
    assert (report.mse, report.n_colors) == (0, 16)
    run = sandbox.run("report", "a.png", "a.png", "--json", check=0)
    assert read_json(run.out)["results"][0]["mse"] == 0
    sandbox.run("decompress", "a.png", "-o", "b.png", check=0)
    np.testing.assert_array_equal(codec.read_image("b.png").pixels, shown)
    run = sandbox.run("convert", "a.png", "-o", "b.npz", "--json", check=0)
    assert read_json(run.out)["results"][0]["lossless"] == (how == "turned")


@pytest.mark.parametrize("name", ["a.zarr", "a.tif", "a.npz"])
def test_the_limit_of_pixels_holds_for_what_is_converted_in_memory(
    sandbox: Sandbox, name: str
) -> None:
    pytest.importorskip("zarr")
    codec.save(picture(3), "a.npz")
    if name != "a.npz":
        sandbox.run("convert", "a.npz", "-o", name, check=0)
    run = sandbox.run("convert", name, "-o", "b.kmc", "--max-pixels", "4199", check=1)
    assert "--max-pixels raises it" in run.err
    sandbox.run("convert", name, "-o", "b.kmc", "--max-pixels", "4200", check=0)


def test_files_of_a_folder_are_converted_and_others_left_out(sandbox: Sandbox) -> None:
    os.makedirs("in/deep")
    codec.save(picture(3), "in/a.kmc")
    codec.save(picture(4), "in/deep/b.labels.png")
    sandbox.picture("in/photo.png")
    run = sandbox.run("convert", "-r", "in", "-d", "out", "--format", "png", check=0)
    assert sorted(map(str, Path("out").rglob("*.png"))) == [
        "out/a.indexed.png", "out/deep/b.indexed.png",
    ]  # fmt: skip
    assert "in/photo.png: left out: it has no palette" in run.err
    again = sandbox.run("convert", "-r", "in", "-d", "out", "--format", "png", check=3)
    assert "skipped" in again.err


def test_a_report_tells_what_was_written(sandbox: Sandbox) -> None:
    codec.save(picture(3), "a.npz")
    run = sandbox.run("convert", "a.npz", "-o", "a.png", "--json", check=0)
    (report,) = read_json(run.out)["results"]
    assert report["input_bytes"] == Path("a.npz").stat().st_size
    assert report["output_bytes"] == Path("a.png").stat().st_size
    assert (report["n_colors"], report["lossless"], report["format"]) == (9, True, "png")


@pytest.mark.parametrize(
    ("arguments", "name", "reason"),
    [
        (("photo.png", "-o", "b.npz"), "photo.png", "no-palette"),
        (("missing.kmc", "-o", "b.npz"), "missing.kmc", "not-found"),
        (("soft.npz", "-o", "b.gif"), "soft.npz", "not-encodable"),
        (("soft.npz", "-o", "b.tif"), "soft.npz", "alpha"),
        (("cut.kmc", "-o", "b.npz"), "cut.kmc", "digest-mismatch"),
        (("soft.npz", "-o", "soft.npz", "-f"), "soft.npz", "collision"),
    ],
    ids=["pixels", "missing", "translucent", "alpha", "cut", "itself"],
)
def test_what_cannot_be_converted_is_told(
    sandbox: Sandbox, arguments: tuple[str, ...], name: str, reason: str
) -> None:
    sandbox.picture("photo.png")
    soft = picture(4)
    soft.codebook[1, 3] = 100
    codec.save(soft, "soft.npz")
    Path("cut.kmc").write_bytes(codec.dumps(soft, "kmc")[:-40])
    run = sandbox.run("convert", *arguments)
    assert run.left_all_as_it_was
    assert run.code in (1, 2)
    assert f"({reason})" in run.err or refused(run, name, reason)


@pytest.mark.parametrize(
    "arguments",
    [
        ("a.npz",),
        ("a.npz", "--format", "bmp"),
        ("a.npz", "-o", "b.bmp"),
        ("a.npz", "-o", "b.gif", "--format", "png"),
        ("a.npz", "c.npz", "-o", "b.gif"),
    ],
)
def test_wrong_usage_is_told(sandbox: Sandbox, arguments: tuple[str, ...]) -> None:
    codec.save(picture(3), "a.npz")
    codec.save(picture(3), "c.npz")
    assert usage_error(sandbox.run("convert", *arguments))
