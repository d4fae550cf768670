"""Decompressing a file: kinds of pictures, pairs, and profiles.

Rows are those of the catalogue of bad inputs and faults.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_tools import (
    VECTORS,
    Sandbox,
    few_colors,
    read_picture,
    refused,
    with_alpha,
    write_picture,
)
from format_tools import with_profile
from PIL import Image
from profile_tools import rgb_profile

import codec
from codec.formats.kmc import file as kmc
from codec.formats.registry import FORMATS


def test_an_existing_picture_is_skipped_unless_forced(pair: Sandbox) -> None:  # row 11
    pair.run("decompress", "photo.labels.png", check=0)
    assert pair.run("decompress", "photo.labels.png", check=3).left_all_as_it_was
    forced = pair.run("decompress", "photo.labels.png", "-f", check=0)
    assert forced.changed == {"photo.decoded.png"}


@pytest.mark.parametrize("extension", [".png", ".bmp", ".tif", ".tiff", ".webp"])
def test_these_kinds_of_pictures_hold_the_decoded_pixels(pair: Sandbox, extension: str) -> None:
    run = pair.run("decompress", "photo.labels.png", "-o", f"x{extension}", check=0)
    np.testing.assert_array_equal(read_picture(Path(f"x{extension}")), few_colors())
    assert "notice" not in run.err


@pytest.mark.parametrize("extension", [".png", ".tif", ".webp"])
def test_these_kinds_of_pictures_hold_alpha(sandbox: Sandbox, extension: str) -> None:
    sandbox.picture("photo.png", with_alpha())
    sandbox.run("compress", "photo.png", check=0)
    sandbox.run("decompress", "photo.labels.png", "-o", f"x{extension}", check=0)
    np.testing.assert_array_equal(read_picture(Path(f"x{extension}")), with_alpha())


@pytest.mark.parametrize("extension", [".jpg", ".jpeg", ".JPG", ".mpo", ".gif", ".ico", ".avif"])
def test_a_kind_of_picture_that_changes_the_pixels_is_noticed(
    sandbox: Sandbox, extension: str
) -> None:
    from PIL import features

    if extension == ".avif" and not features.check("avif"):
        pytest.skip("this Pillow cannot write AVIF")
    sandbox.picture("photo.png", few_colors(height=40, width=300))  # larger than an icon
    sandbox.run("compress", "photo.png", check=0)
    run = sandbox.run("decompress", "photo.labels.png", "-o", f"x{extension}", check=0)
    decoded = codec.decompress(codec.load("photo.labels.png"))
    written = np.squeeze(read_picture(Path(f"x{extension}")))
    changed = written.shape != decoded.shape or (written != decoded).any()
    noticed = any(
        line.startswith("photo.labels.png: notice: ") and "lossy" in line for line in run.lines
    )
    assert noticed == changed


def test_alpha_does_not_fit_into_a_jpeg(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", with_alpha())
    sandbox.run("compress", "photo.png", check=0)
    run = sandbox.run("decompress", "photo.labels.png", "-o", "x.jpg")
    assert refused(run, "photo.labels.png", "not-encodable")


# Pairs


def test_labels_with_the_codebook_of_another_picture_are_refused(sandbox: Sandbox) -> None:
    for seed, name in enumerate(("a.png", "b.png")):  # row 106
        sandbox.picture(name, few_colors(seed))
        sandbox.run("compress", name, check=0)
    shutil.copy("b.codebook.npy", "a.codebook.npy")
    for command in ("decompress", "info"):
        run = sandbox.run(command, "a.labels.png")
        assert refused(run, "a.labels.png", "digest-mismatch")
    run = sandbox.run("decompress", "b.labels.png", "--codebook", "b.codebook.npy", check=0)
    assert run.wrote("b.decoded.png")


def test_a_missing_codebook_is_named(pair: Sandbox) -> None:  # row 107
    Path("photo.codebook.npy").unlink()
    for command in ("decompress", "info"):
        run = pair.run(command, "photo.labels.png")
        assert refused(run, "photo.labels.png", "not-found")
        assert "photo.codebook.npy" in run.err


def test_a_missing_label_png_is_named(pair: Sandbox) -> None:  # row 107
    Path("photo.labels.png").unlink()
    for command in ("decompress", "info"):
        run = pair.run(command, "photo.codebook.npy")
        assert refused(run, "photo.codebook.npy", "not-found")
        assert "photo.labels.png" in run.err


def test_a_codebook_elsewhere_is_found_by_its_option(pair: Sandbox) -> None:
    Path("sub").mkdir()
    Path("photo.codebook.npy").rename("sub/other.npy")
    Path("photo.labels.png").rename("any.png")
    run = pair.run("decompress", "any.png", "--codebook", "sub/other.npy", check=0)
    assert run.wrote("any.decoded.png")
    run = pair.run("decompress", "any.png", "--codebook", "none.npy", "-o", "x.png")
    assert refused(run, "any.png", "not-found")
    assert "none.npy" in run.err
    Path("b.png").write_bytes(Path("any.png").read_bytes())
    run = pair.run("decompress", "any.png", "b.png", "--codebook", "sub/other.npy", "-d", "out")
    assert run.code == 0
    assert Path("out/b.decoded.png").read_bytes() == Path("any.decoded.png").read_bytes()


def test_a_codebook_beside_a_dense_file_is_wrong_usage(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    sandbox.run("compress", "photo.png", "-o", "x.kmc", check=0)
    sandbox.run("compress", "photo.png", check=0)
    run = sandbox.run("decompress", "x.kmc", "--codebook", "photo.codebook.npy", check=1)
    assert any("codebook of its own" in line for line in run.lines)
    assert run.left_all_as_it_was


@pytest.mark.parametrize("first", ["codebook", "labels"])
def test_half_of_a_replaced_pair_is_never_a_wrong_picture(sandbox: Sandbox, first: str) -> None:
    sandbox.picture("a.png", few_colors(1))  # row 108
    sandbox.run("compress", "a.png", check=0)
    old = {name: Path(name).read_bytes() for name in ("a.codebook.npy", "a.labels.png")}
    sandbox.picture("a.png", few_colors(2))
    sandbox.run("compress", "a.png", "-f", check=0)
    kept = "a.labels.png" if first == "codebook" else "a.codebook.npy"
    Path(kept).write_bytes(old[kept])
    run = sandbox.run("decompress", "a.labels.png")
    assert refused(run, "a.labels.png", "digest-mismatch")


def test_a_pair_that_others_wrote_is_read_with_a_notice(sandbox: Sandbox) -> None:
    codebook = np.array([[0, 0, 0], [255, 0, 0], [9, 9, 250]], dtype=np.uint8)
    labels = np.random.RandomState(0).randint(0, 3, (9, 11)).astype(np.uint8)
    write_picture(Path("x.labels.png"), labels)
    np.save("x.codebook.npy", codebook)
    run = sandbox.run("decompress", "x.labels.png", check=0)
    assert any(line.startswith("x.labels.png: notice: ") and "unverified" in line
               for line in run.lines)  # fmt: skip
    np.testing.assert_array_equal(read_picture(Path("x.decoded.png")), codebook[labels])
    np.savez_compressed("x.npz", labels=labels, codebook=codebook)
    run = sandbox.run("decompress", "x.npz", "-o", "y.png", check=0)
    assert "unverified" in run.err
    np.testing.assert_array_equal(read_picture(Path("y.png")), codebook[labels])


# rows 83, 85
def test_what_has_no_seal_is_refused_where_one_is_required(sandbox: Sandbox) -> None:
    labels = np.random.RandomState(0).randint(0, 3, (9, 11)).astype(np.uint8)
    codebook = np.array([[0, 0, 0], [255, 0, 0], [9, 9, 250]], dtype=np.uint8)
    write_picture(Path("x.labels.png"), labels)
    np.save("x.codebook.npy", codebook)
    np.savez("y.npz", labels=labels, codebook=codebook)
    for name in ("x.labels.png", "y.npz"):
        run = sandbox.run("decompress", name, "--require-seal", check=1)
        assert refused(run, name, "unsealed")
    run = sandbox.run("decompress", "y.npz", "x.labels.png", "--require-seal", "--json", check=1)
    assert [result["reason"] for result in json.loads(run.out)["results"]] == ["unsealed"] * 2


@pytest.mark.parametrize("format", list(FORMATS))
def test_what_is_sealed_is_decompressed_where_a_seal_is_required(
    sandbox: Sandbox, format: str
) -> None:
    sandbox.picture("a.png", few_colors())
    sandbox.run("compress", "a.png", "--format", format, check=0)
    name = "a" + FORMATS[format].default_ending
    sandbox.run("decompress", name, "--require-seal", "-o", "b.png", check=0)
    np.testing.assert_array_equal(read_picture(Path("b.png")), few_colors())


# Profiles


def test_a_profile_goes_on_with_the_picture(sandbox: Sandbox) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    indexed = codec.load(VECTORS / "flag.kmc")
    Path("x.kmc").write_bytes(kmc.encode(with_profile(indexed, profile), "best")[0])
    for name in ("x.png", "x.tif"):
        sandbox.run("decompress", "x.kmc", "-o", name, check=0)
        with Image.open(name) as image:
            assert image.info["icc_profile"] == profile
            assert np.array_equal(np.asarray(image), codec.decompress(indexed))
    (result,) = json.loads(sandbox.run("info", "x.kmc", "--json", check=0).out)["results"]
    assert result["part_bytes"]["profile"] > 0


def test_colors_become_srgb_in_kinds_of_file_without_profiles(sandbox: Sandbox) -> None:
    Path("x.kmc").write_bytes(
        kmc.encode(with_profile(codec.load(VECTORS / "flag.kmc"), rgb_profile()), "best")[0]
    )
    for name in ("x.bmp", "x.png"):
        run = sandbox.run("decompress", "x.kmc", "-o", name, check=0)
        assert ("to sRGB" in run.err) == (name == "x.bmp")
    assert np.array_equal(codec.read_image("x.bmp").pixels, codec.read_image("x.png").pixels)


@pytest.mark.parametrize("name", ["x.msp", "x.palm", "x.webp"])
def test_a_kind_of_file_that_cannot_hold_the_picture_is_refused_by_its_name(
    sandbox: Sandbox, name: str
) -> None:
    sandbox.picture("wide.png", few_colors(0, 1, 17000))
    sandbox.run("compress", "wide.png", "-o", "wide.npz", check=0)
    run = sandbox.run("decompress", "wide.npz", "-o", name)
    assert refused(run, "wide.npz", "not-encodable")
    assert f"a {name[1:]} file cannot hold this picture" in run.lines[0]
