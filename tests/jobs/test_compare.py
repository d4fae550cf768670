"""A compressed file, or any picture, against its original: every size and measure."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import OUTPUTS, Pixels, Sandbox, few_colors, many_colors, refused
from PIL import Image
from report_tools import REPORT_KEYS, disk, facts, read_json

import codec


def expect_quality(result: dict[str, Any], original: Pixels, decoded: Pixels) -> None:
    """Check measures against their definitions."""
    from skimage.color import deltaE_ciede2000, rgb2lab
    from skimage.metrics import structural_similarity

    mse = np.mean((original.astype(np.int64) - decoded) ** 2)
    assert result["mse"] == pytest.approx(mse, rel=1e-12)
    assert result["psnr_db"] == pytest.approx(10 * math.log10(255**2 / mse), rel=1e-12)
    ssim = structural_similarity(original, decoded, channel_axis=2, data_range=255)
    assert result["ssim"] == pytest.approx(ssim, abs=1e-6)
    differences = deltaE_ciede2000(rgb2lab(original), rgb2lab(decoded))
    assert result["delta_e_mean"] == pytest.approx(differences.mean(), rel=1e-3)
    assert result["delta_e_p95"] == pytest.approx(np.percentile(differences, 95), rel=1e-3)


@pytest.mark.parametrize("format", OUTPUTS)
def test_a_report_has_every_size_and_measure(sandbox: Sandbox, format: str) -> None:
    original = many_colors(height=40, width=50)
    sandbox.picture("photo.png", original)
    sandbox.run("compress", "photo.png", "-k", "20", "--format", format, check=0)
    decoded = codec.decompress(codec.load(OUTPUTS[format][-1]))
    run = sandbox.run("report", "photo.png", OUTPUTS[format][-1], "--json", check=0)
    (result,) = read_json(run.out)["results"]
    assert result.keys() >= REPORT_KEYS
    size = disk(*OUTPUTS[format])
    assert result["input_bytes"] == disk("photo.png")
    assert result["raw_bytes"] == 40 * 50 * 3
    assert result["output_bytes"] == sum(result["part_bytes"].values()) == size
    assert result["ratio_raw"] == 40 * 50 * 3 / size
    assert result["ratio_file"] == disk("photo.png") / size
    assert result["bits_per_pixel"] == 8 * size / (40 * 50)
    assert result["unique_colors"] == len(np.unique(original.reshape(-1, 3), axis=0))
    assert result["unique_colors_after"] == len(np.unique(decoded.reshape(-1, 3), axis=0))
    assert result["n_colors"] == len(codec.load(OUTPUTS[format][-1]).codebook) <= 20
    assert result["lossless"] is False
    assert result["verified"] is True
    assert {"read", "decode", "measure"} <= result["stage_seconds"].keys()
    assert result["seconds"] >= sum(result["stage_seconds"].values()) > 0
    expect_quality(result, original, decoded)


def test_a_report_of_a_lossless_file_says_so(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    sandbox.run("compress", "photo.png", check=0)
    said = facts(sandbox.run("report", "photo.png", "photo.labels.png", check=0).out)
    assert said["PSNR"] == "infinite (lossless)"
    assert said["unique colors"] == "27 → 27"
    assert said["SSIM"] == "1.0000"
    run = sandbox.run("report", "photo.png", "photo.labels.png", "--json", check=0)
    (result,) = read_json(run.out)["results"]
    assert (result["lossless"], result["mse"], result["psnr_db"]) == (True, 0, None)
    assert (result["delta_e_mean"], result["delta_e_p95"]) == (0, 0)


def test_a_report_of_a_picture_too_small_for_ssim_has_none(sandbox: Sandbox) -> None:
    sandbox.picture("dot.png", few_colors(height=3, width=40))
    sandbox.run("compress", "dot.png", check=0)
    run = sandbox.run("report", "dot.png", "dot.labels.png", "--json", check=0)
    assert read_json(run.out)["results"][0]["ssim"] is None
    assert "SSIM" not in sandbox.run("report", "dot.png", "dot.labels.png", check=0).out


def test_compress_and_report_agree(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    run = sandbox.run("compress", "photo.png", "-k", "12", "--json", "-v", "--measure", check=0)
    (compressed,) = read_json(run.out)["results"]
    run = sandbox.run("report", "photo.png", "photo.labels.png", "--json", check=0)
    (reported,) = read_json(run.out)["results"]
    same = REPORT_KEYS - {"outputs", "seconds", "stage_seconds", "mse", "psnr_db"}
    for name in same:
        assert compressed[name] == reported[name], name
    assert compressed["mse"] == pytest.approx(reported["mse"], rel=1e-12)


# Pictures of other programs


@pytest.mark.parametrize("name", ["other.jpg", "other.png", "other.webp"])
def test_any_two_pictures_are_compared(sandbox: Sandbox, name: str) -> None:
    original = many_colors(height=40, width=50)
    sandbox.picture("photo.png", original)
    sandbox.picture(name, original // 32 * 32)
    other = np.asarray(codec.read_image(name).pixels)
    run = sandbox.run("report", "photo.png", name, "--json", check=0)
    assert run.left_all_as_it_was
    (result,) = read_json(run.out)["results"]
    assert result.keys() >= REPORT_KEYS
    expect_quality(result, original, other)
    kind = {"jpg": "JPEG", "png": "PNG", "webp": "WebP"}[name.rpartition(".")[2]]
    assert (result["kind"], result["format"], result["n_colors"]) == (kind, None, None)
    assert result["part_bytes"] == {"file": disk(name)}
    assert result["ratio_file"] == disk("photo.png") / disk(name)
    assert result["bits_per_pixel"] == 8 * disk(name) / (40 * 50)
    for key, pixels in (("unique_colors", original), ("unique_colors_after", other)):
        assert result[key] == len(np.unique(pixels.reshape(-1, 3), axis=0))
    errors = np.abs(original.astype(int) - other).max(axis=2)
    assert result["worst_error"] == errors.max()
    column, row = result["worst_at"]
    assert errors[row, column] == errors.max()
    assert result["lossless"] is False
    said = facts(sandbox.run("report", "photo.png", name, check=0).out)
    assert said["file"] == said["compressed"] == f"{disk(name)} bytes"


def test_equal_pictures_are_lossless_unless_they_had_to_be_converted(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    sandbox.picture("other.bmp")
    run = sandbox.run("report", "photo.png", "other.bmp", "--json", check=0)
    assert read_json(run.out)["results"][0]["lossless"] is True
    wide = few_colors()[:, :, 0].astype(np.uint16) * 257 + 1
    Image.fromarray(wide).save("wide.png")
    sandbox.picture("grey.png", few_colors()[:, :, 0])
    run = sandbox.run("report", "grey.png", "wide.png", "--json", check=0)
    (result,) = read_json(run.out)["results"]
    assert (result["mse"], result["lossless"]) == (0, False)
    assert result["converted"]
    assert "grey.png: notice: wide.png: 16-bit samples are rounded to 8 bits" in run.lines


def test_animations_are_refused_or_their_first_frame_is_compared(sandbox: Sandbox) -> None:
    frames = [Image.fromarray(few_colors(seed)) for seed in (0, 1)]
    frames[0].save("x.tif", save_all=True, append_images=frames[1:])
    sandbox.picture("photo.png")
    run = sandbox.run("report", "photo.png", "x.tif")
    assert refused(run, "photo.png", "several-frames")
    assert "x.tif: the TIFF holds 2 pictures" in run.err
    sandbox.run("report", "photo.png", "x.tif", "--first-frame", check=0)


def test_what_is_no_picture_is_not_compared(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    Path("x.txt").write_text("text", encoding="utf-8")
    run = sandbox.run("report", "photo.png", "x.txt")
    assert refused(run, "photo.png", "not-compressed")
    assert "x.txt: not a label PNG" in run.err
    assert "nor a picture" in run.err


# What does not belong together


def test_a_report_of_different_shapes_is_refused(sandbox: Sandbox) -> None:
    sandbox.picture("a.png", few_colors())
    sandbox.picture("b.png", few_colors(height=5))
    sandbox.run("compress", "b.png", check=0)
    run = sandbox.run("report", "a.png", "b.labels.png")
    assert refused(run, "a.png", "bad-shape")
    assert "b.labels.png" in run.err


def test_a_report_names_the_file_that_is_damaged(pair: Sandbox) -> None:
    damaged = bytearray(Path("photo.labels.png").read_bytes())
    damaged[-20] ^= 1
    Path("photo.labels.png").write_bytes(damaged)
    run = pair.run("report", "photo.png", "photo.labels.png")
    assert refused(run, "photo.png", "bad-crc")
    assert "photo.labels.png" in run.err
    run = pair.run("report", "photo.png", "none.npz")
    assert refused(run, "photo.png", "not-found")
    assert "none.npz" in run.err
