"""The record of a file: every figure in it is right."""

import numpy as np
import pytest
from cli_tools import OUTPUTS, PICTURES, Sandbox, few_colors
from report_tools import disk, read_json

from codec.reports.report import FileReport
from codec.reports.totals import Totals


@pytest.mark.parametrize("format", OUTPUTS)
@pytest.mark.parametrize("channels", PICTURES)
def test_the_numbers_of_compress_are_exact(sandbox: Sandbox, format: str, channels: str) -> None:
    pixels = PICTURES[channels]
    sandbox.picture("photo.png", pixels)
    run = sandbox.run("compress", "photo.png", "--format", format, "--json", check=0)
    (result,) = read_json(run.out)["results"]
    size = disk(*OUTPUTS[format])
    height, width = pixels.shape[:2]
    assert result["input"] == "photo.png"
    assert result["status"] == "ok"
    assert result["error"] is None
    assert result["outputs"] == list(OUTPUTS[format])
    assert (result["width"], result["height"]) == (width, height)
    assert result["channels"] == (1 if pixels.ndim == 2 else pixels.shape[2])
    assert result["input_bytes"] == disk("photo.png")
    assert result["raw_bytes"] == pixels.size
    assert result["output_bytes"] == size
    assert result["ratio_raw"] == pixels.size / size
    assert result["ratio_file"] == disk("photo.png") / size
    assert result["bits_per_pixel"] == 8 * size / (height * width)
    colors = len(np.unique(pixels.reshape(height * width, -1), axis=0))
    given = channels == "grey" and format in ("pair", "npz")  # labels are the grey values
    assert result["n_colors"] == (int(pixels.max()) + 1 if given else colors)
    assert result["unique_colors"] == result["unique_colors_after"] == colors
    assert result["lossless"] is True
    assert result["mse"] == 0
    assert result["psnr_db"] is None
    assert sum(result["part_bytes"].values()) == size
    assert result["seconds"] >= sum(result["stage_seconds"].values()) > 0


def test_parts_of_a_pair_are_those_of_its_files(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    run = sandbox.run("compress", "photo.png", "--json", check=0)
    parts = read_json(run.out)["results"][0]["part_bytes"]
    assert parts["codebook"] + parts["seal"] == disk("photo.codebook.npy")
    assert parts["labels"] == disk("photo.labels.png")
    assert set(parts) == {"codebook", "seal", "labels"}


def test_the_numbers_of_decompress_are_exact(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    sandbox.run("compress", "photo.png", check=0)
    run = sandbox.run("decompress", "photo.labels.png", "--json", check=0)
    (result,) = read_json(run.out)["results"]
    size = disk("photo.labels.png", "photo.codebook.npy")
    assert result["outputs"] == ["photo.decoded.png"]
    assert result["input_bytes"] == size
    assert result["output_bytes"] == disk("photo.decoded.png")
    assert result["raw_bytes"] == few_colors().size
    assert result["ratio_raw"] == few_colors().size / size
    assert result["bits_per_pixel"] == 8 * size / (12 * 17)
    assert result["verified"] is True


def test_failures_and_skips_are_results_too(sandbox: Sandbox) -> None:
    sandbox.picture("a.png")
    sandbox.run("compress", "a.png", check=0)
    run = sandbox.run("compress", "a.png", "none.png", "--json", check=1)
    skipped, failed = read_json(run.out)["results"]
    assert (skipped["status"], skipped["reason"]) == ("skipped", "exists")
    assert "already exists" in skipped["error"]
    assert skipped["outputs"] == []
    assert (failed["status"], failed["reason"]) == ("error", "not-found")
    assert failed["error"] == "no such file or directory"
    assert failed["output_bytes"] is None


def test_a_result_larger_than_its_input_is_a_skip_in_json(sandbox: Sandbox) -> None:
    sandbox.picture("dot.png", few_colors(height=1, width=1))
    run = sandbox.run("compress", "dot.png", "--skip-if-larger", "--json", check=3)
    (result,) = read_json(run.out)["results"]
    assert (result["status"], result["reason"], result["outputs"]) == ("skipped", "larger", [])


# Totals


@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_totals_in_json_are_those_of_the_results(sandbox: Sandbox, command: str) -> None:
    names = ["a.png", "b.png"]
    for seed, name in enumerate(names):
        sandbox.picture(name, few_colors(seed, height=30 + seed))
    run = sandbox.run("compress", *names, "--json", check=0)
    if command == "decompress":
        run = sandbox.run("decompress", "a.labels.png", "b.labels.png", "--json", check=0)
    document = read_json(run.out)
    results, sums = document["results"], document["totals"]
    for name in ("input_bytes", "raw_bytes", "output_bytes"):
        assert sums[name] == sum(result[name] for result in results)
    # A ratio of sums lies between the ratios that went into it; unknown ones stay unknown.
    for name in ("ratio_raw", "ratio_file"):
        ratios = [result[name] for result in results]
        if None in ratios:
            assert sums[name] is None
        else:
            assert min(ratios) <= sums[name] <= max(ratios)


def test_totals_of_what_has_no_original_have_no_ratio_to_it(sandbox: Sandbox) -> None:
    sandbox.picture("a.png")
    sandbox.run("compress", "a.png", check=0)
    document = read_json(sandbox.run("info", "a.labels.png", "--json", check=0).out)
    assert document["results"][0]["ratio_file"] is None
    assert document["totals"]["ratio_file"] is None
    assert document["totals"]["ratio_raw"] == document["results"][0]["ratio_raw"]


def test_totals_of_nothing_have_no_ratio() -> None:
    sums = Totals.of([FileReport("x", status="error")]).facts()
    assert sums["ratio_raw"] is None
    assert sums["ratio_file"] is None
    assert sums["output_bytes"] == 0
