"""One picture with several sizes of codebook."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from cli_tools import OUTPUTS, Sandbox, few_colors, many_colors
from report_tools import disk, read_json

import codec
from codec.compressor import compress_with_details
from codec.options import TUNES
from codec.settings import CompressSettings


def test_a_sweep_is_one_line_for_each_size(sandbox: Sandbox) -> None:
    original = many_colors()
    sandbox.picture("photo.png", original)
    run = sandbox.run("sweep", "photo.png", "-k", "5", "40", check=0)
    assert run.left_all_as_it_was
    header, *rows, knee = run.out.splitlines()
    assert header.split()[:3] == ["codebook", "K", "bytes"]
    assert [row.split()[:2] for row in rows] == [["kmeans", "5"], ["kmeans", "40"]]
    assert re.fullmatch(r"photo\.png: the knee is K = \d+: .*", knee)
    for row in rows:
        _, k, size, ratio_raw, ratio_file, psnr, _ssim, _seconds, *sizes = row.split()
        sandbox.run("compress", "photo.png", "-k", k, "-f", check=0)
        # Nested codebooks are a little other ones than trained for the size.
        assert 0.9 < int(size) / disk("photo.labels.png", "photo.codebook.npy") < 1.1
        assert sizes[0] == size
        assert ratio_raw == f"{original.size / int(size):.2f}×"
        assert ratio_file == f"{disk('photo.png') / int(size):.2f}×"
        decoded = codec.decompress(codec.load("photo.labels.png"))
        mse = np.mean((decoded.astype(float) - original) ** 2)
        assert abs(float(psnr) - 10 * math.log10(255**2 / mse)) < 0.3
    # The largest one is trained for its size.
    assert int(size) == disk("photo.labels.png", "photo.codebook.npy")


def test_a_sweep_as_json_has_a_result_for_each_line(sandbox: Sandbox) -> None:
    original = many_colors()
    sandbox.picture("photo.png", original)
    run = sandbox.run(
        "sweep", "photo.png", "-k", "4", "9", "--format", "npz", "--json",
        "--codebook-from", "median-cut", "random", check=0,
    )  # fmt: skip
    document = read_json(run.out)
    sources = [result["codebook_from"] for result in document["results"]]
    assert sources == ["median-cut", "median-cut", "random", "random"]
    assert [result["n_colors"] for result in document["results"]] == [4, 9, 4, 9]
    assert [result["n_colors_asked"] for result in document["results"]] == [4, 9, 4, 9]
    assert "totals" not in document
    for result in document["results"]:
        assert result["ratio_raw"] == original.size / result["output_bytes"]
        assert result["ratio_file"] == disk("photo.png") / result["output_bytes"]
        assert result["bits_per_pixel"] == 8 * result["output_bytes"] / (24 * 32)
        assert sum(result["part_bytes"].values()) == result["output_bytes"]
        assert 0 < result["ssim"] <= 1
        assert result["unique_colors"] > 256


def test_k_means_has_the_smallest_error_of_all_ways_to_choose_colors(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors(height=48, width=64))
    run = sandbox.run(
        "sweep", "photo.png", "-k", "32", "--json", "--tune", "psnr",
        "--codebook-from", "kmeans", "random", "first-pixels", "median-cut", check=0,
    )  # fmt: skip
    document = read_json(run.out)
    errors = {result["codebook_from"]: result["mse"] for result in document["results"]}
    assert list(errors) == ["kmeans", "random", "first-pixels", "median-cut"]
    assert all(errors["kmeans"] < errors[other] for other in errors if other != "kmeans"), errors


def test_a_sweep_of_few_colors_is_lossless(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    run = sandbox.run("sweep", "photo.png", "-k", "27", "200", check=0)
    rows = [row.split() for row in run.out.splitlines()[1:-1]]
    assert [(row[1], row[5]) for row in rows] == [("27", "inf"), ("200", "inf")]


def test_a_sweep_has_sizes_by_default(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", few_colors(height=4, width=5))
    run = sandbox.run("sweep", "photo.png", "--codebook-from", "first-pixels", check=0)
    assert len(run.out.splitlines()) == 1 + 7


def test_sweep_dithers(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    command = ("sweep", "photo.png", "-k", "8", "--effort", "fast", "--tune", "psnr", "--json")
    plain, smooth = (
        json.loads(sandbox.run(*command, *more, check=0).out)["results"][0]
        for more in ((), ("--dither", "fs"))
    )
    assert plain["mse"] < smooth["mse"]
    assert (plain["dither"], smooth["dither"]) == ("none", "fs")


def test_sweep_tunes(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    errors = {}
    for tune in TUNES:  # a size that is trained, as the largest of all is
        run = sandbox.run("sweep", "photo.png", "-k", "8", "--json", "--tune", tune, check=0)
        (result,) = json.loads(run.out)["results"]
        details = compress_with_details(many_colors(), CompressSettings(8, tune=tune))
        assert result["mse"] == pytest.approx(details.mse)
        errors[tune] = result["mse"]
    assert errors["psnr"] < errors["visual"]


def test_a_sweep_counts_the_bytes_of_dense_files(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    run = sandbox.run("sweep", "photo.png", "-k", "4", "9", "--format", "kmc", check=0)
    sandbox.run("compress", "photo.png", "-k", "9", "-o", "x.kmc", check=0)
    assert str(Path("x.kmc").stat().st_size) in run.out


def test_a_sweep_tells_the_bytes_of_every_format(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    document = read_json(sandbox.run("sweep", "photo.png", "-k", "9", "--json", check=0).out)
    (result,) = document["results"]
    assert result["format_bytes"]["pair"] == result["output_bytes"]
    assert 2 <= result["knee"] <= 9
    for name, size in result["format_bytes"].items():
        sandbox.run("compress", "photo.png", "-k", "9", "--format", name, "-f", check=0)
        assert size == disk(*OUTPUTS[name])


def test_a_sweep_takes_several_pictures(sandbox: Sandbox) -> None:
    sandbox.picture("a.png", many_colors(1))
    sandbox.picture("b.png", many_colors(2))
    run = sandbox.run("sweep", "a.png", "missing.png", "b.png", "-k", "4", "8", check=1)
    heads = [line for line in run.out.splitlines() if line.endswith(".png:")]
    assert heads == ["a.png:", "b.png:"]
    assert run.out.count("the knee is") == 2
    assert "missing.png" in run.err


def test_palette_indices_are_swept_as_they_are_kept(sandbox: Sandbox) -> None:
    sandbox.picture("grey.png", (np.arange(64, dtype=np.uint8).reshape(8, 8)))
    document = read_json(sandbox.run("sweep", "grey.png", "-k", "8", "64", "--json", check=0).out)
    assert [result["lossless"] for result in document["results"]] == [False, True]
    assert document["results"][1]["n_colors"] == 64
