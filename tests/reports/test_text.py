"""What the commands say: lines, text and JSON, and that every number in them is right."""

import json
import math
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import (
    Pixels,
    Sandbox,
    child_environment,
    few_colors,
    many_colors,
    with_alpha,
)

import codec
from codec.kernels import compiled
from codec.report import FileReport, as_text, format_bytes, totals

PROMISED_KEYS = {
    "input", "status", "outputs", "input_bytes", "raw_bytes", "output_bytes", "ratio_raw",
    "ratio_file", "bits_per_pixel", "width", "height", "channels", "n_colors", "psnr_db",
    "seconds", "error",
}  # fmt: skip
REPORT_KEYS = PROMISED_KEYS | {
    "part_bytes", "unique_colors", "unique_colors_after", "lossless", "mse", "ssim",
    "delta_e_mean", "delta_e_p95", "stage_seconds", "notices",
}  # fmt: skip
NAMES = {
    "pair": ("photo.codebook.npy", "photo.labels.png"),
    "npz": ("photo.npz",),
    "png": ("photo.indexed.png",),
}


def read_json(text: str) -> dict[str, Any]:
    """Parse a JSON report strictly: NaN and Infinity are no JSON."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    document: dict[str, Any] = json.loads(text, parse_constant=refuse)
    for result in document["results"]:
        assert result.keys() >= PROMISED_KEYS
    return document


def disk(*names: str) -> int:
    """Bytes of files on disk."""
    return sum(Path(name).stat().st_size for name in names)


PICTURES = {
    "grey": few_colors()[:, :, 0],
    "grey and alpha": with_alpha()[:, :, 2:],
    "RGB": few_colors(),
    "RGBA": with_alpha(),
}


# Lines


def test_compressing_a_file_is_one_line_with_both_ratios(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors(height=80, width=90))
    run = sandbox.run("compress", "-k", "8", "photo.png", check=0)
    (line,) = run.lines
    found = re.fullmatch(
        r"photo\.png  (\S+ k?B) → (\S+ k?B)  (\d+\.\d)× vs raw, (\d+\.\d)× vs file"
        r"  (\d+\.\d) dB  \d+\.\d\d s",
        line,
    )
    assert found, line
    size = disk("photo.codebook.npy", "photo.labels.png")
    assert found[1] == format_bytes(disk("photo.png"))
    assert found[2] == format_bytes(size)
    assert found[3] == f"{80 * 90 * 3 / size:.1f}"
    assert found[4] == f"{disk('photo.png') / size:.1f}"
    decoded = codec.decompress(codec.load("photo.labels.png"))
    mse = np.mean((decoded.astype(float) - many_colors(height=80, width=90)) ** 2)
    assert found[5] == f"{10 * math.log10(255**2 / mse):.1f}"


def test_a_lossless_result_says_so(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", few_colors(height=60, width=60))
    run = sandbox.run("compress", "photo.png", check=0)
    assert "  lossless  " in run.lines[0]
    assert "dB" not in run.err


def test_decompressing_a_file_is_one_line(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    sandbox.run("compress", "photo.png", check=0)
    run = sandbox.run("decompress", "photo.labels.png", check=0)
    (line,) = run.lines
    assert re.fullmatch(
        r"photo\.labels\.png  \S+ B → \S+ B  17×12 RGB, 27 colors, \d\.\d× vs raw  \d\.\d\d s",
        line,
    )


@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_quiet_runs_say_nothing_but_errors(sandbox: Sandbox, command: str) -> None:
    sandbox.picture("photo.png")
    sandbox.run("compress", "photo.png", check=0)
    name = {"compress": "photo.png", "decompress": "photo.labels.png"}[command]
    run = sandbox.run(command, "-q", "-f", name, check=0)
    assert (run.out, run.err) == ("", "")
    run = sandbox.run(command, "-q", "-f", name, "none.png", check=1)
    assert run.lines == ["kmcodec: error: none.png: no such file or directory (not-found)"]
    sandbox.run("decompress", "-q", "photo.labels.png")
    run = sandbox.run(command, "-q", name, check=3)
    assert (run.out, run.err) == ("", "")


def test_verbose_runs_tell_quality_and_stages(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    run = sandbox.run("compress", "-v", "-k", "9", "photo.png", check=0)
    assert run.out == ""
    for fact in ("SSIM", "ΔE2000 mean", "ΔE2000 95 %", "histogram", "training", "labels", "write"):
        assert fact in run.err


def test_many_files_end_with_their_totals(sandbox: Sandbox) -> None:
    names = ["a.png", "b.png", "c.png"]
    for seed, name in enumerate(names):
        sandbox.picture(name, few_colors(seed, height=20 + seed, width=30))
    run = sandbox.run("compress", *names, "--format", "npz", "--json", check=0)
    lines = [line for line in run.lines if "notice" not in line]
    assert len(lines) == 4
    before, after = disk(*names), disk("a.npz", "b.npz", "c.npz")
    raw = (20 + 21 + 22) * 30 * 3
    assert re.fullmatch(
        rf"3 of 3 files  {re.escape(format_bytes(before))} → {re.escape(format_bytes(after))}"
        rf"  {raw / after:.1f}× vs raw, {before / after:.1f}× vs file  \d\.\d\d s",
        lines[-1],
    ), lines[-1]
    sums = read_json(run.out)["totals"]
    assert sums["files"] == sums["ok"] == 3
    assert (sums["input_bytes"], sums["raw_bytes"], sums["output_bytes"]) == (before, raw, after)
    assert sums["ratio_raw"] == raw / after
    assert sums["ratio_file"] == before / after


def test_totals_count_what_failed_and_what_was_skipped(sandbox: Sandbox) -> None:
    for name in ("a.png", "b.png"):
        sandbox.picture(name)
    sandbox.run("compress", "a.png", check=0)
    run = sandbox.run("compress", "a.png", "b.png", "none.png", "--json", check=1)
    sums = read_json(run.out)["totals"]
    counts = [sums[name] for name in ("files", "ok", "skipped", "error")]
    assert counts == [3, 1, 1, 1]
    assert sums["input_bytes"] == disk("b.png")
    assert run.lines[-1].startswith("1 of 3 files (1 skipped, 1 failed)  ")


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
    sums = totals([FileReport("x", status="error")])
    assert sums["ratio_raw"] is None
    assert sums["ratio_file"] is None
    assert sums["output_bytes"] == 0


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, "?"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (557_249, "557.2 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (999_999, "1.0 MB"),
        (2_500_000_000, "2.5 GB"),
        (3_000_000_000_000, "3.0 TB"),
    ],
)
def test_sizes_are_written_with_the_unit_that_suits_them(size: int | None, text: str) -> None:
    assert format_bytes(size) == text


# JSON


@pytest.mark.parametrize("form", NAMES)
@pytest.mark.parametrize("channels", PICTURES)
def test_the_numbers_of_compress_are_exact(sandbox: Sandbox, form: str, channels: str) -> None:
    pixels = PICTURES[channels]
    sandbox.picture("photo.png", pixels)
    run = sandbox.run("compress", "photo.png", "--format", form, "--json", check=0)
    (result,) = read_json(run.out)["results"]
    size = disk(*NAMES[form])
    height, width = pixels.shape[:2]
    assert result["input"] == "photo.png"
    assert result["status"] == "ok"
    assert result["error"] is None
    assert result["outputs"] == list(NAMES[form])
    assert (result["width"], result["height"]) == (width, height)
    assert result["channels"] == (1 if pixels.ndim == 2 else pixels.shape[2])
    assert result["input_bytes"] == disk("photo.png")
    assert result["raw_bytes"] == pixels.size
    assert result["output_bytes"] == size
    assert result["ratio_raw"] == pixels.size / size
    assert result["ratio_file"] == disk("photo.png") / size
    assert result["bits_per_pixel"] == 8 * size / (height * width)
    colors = len(np.unique(pixels.reshape(height * width, -1), axis=0))
    assert result["n_colors"] == result["unique_colors"] == colors
    assert result["unique_colors_after"] == colors
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


def test_notices_are_in_the_json_and_on_their_own_lines(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    Path("photo.png").rename("photo.jpg")
    run = sandbox.run("compress", "photo.jpg", "--json", check=0)
    (result,) = read_json(run.out)["results"]
    assert any("PNG" in notice for notice in result["notices"])
    assert len(run.lines) == 1 + len(result["notices"])
    for notice in result["notices"]:
        assert f"photo.jpg: notice: {notice}" in run.lines


# Report


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


@pytest.mark.parametrize("form", NAMES)
def test_a_report_has_every_size_and_measure(sandbox: Sandbox, form: str) -> None:
    original = many_colors(height=40, width=50)
    sandbox.picture("photo.png", original)
    sandbox.run("compress", "photo.png", "-k", "20", "--format", form, check=0)
    decoded = codec.decompress(codec.load(NAMES[form][-1]))
    run = sandbox.run("report", "photo.png", NAMES[form][-1], "--json", check=0)
    (result,) = read_json(run.out)["results"]
    assert result.keys() >= REPORT_KEYS
    size = disk(*NAMES[form])
    assert result["input_bytes"] == disk("photo.png")
    assert result["raw_bytes"] == 40 * 50 * 3
    assert result["output_bytes"] == sum(result["part_bytes"].values()) == size
    assert result["ratio_raw"] == 40 * 50 * 3 / size
    assert result["ratio_file"] == disk("photo.png") / size
    assert result["bits_per_pixel"] == 8 * size / (40 * 50)
    assert result["unique_colors"] == len(np.unique(original.reshape(-1, 3), axis=0))
    assert result["unique_colors_after"] == len(np.unique(decoded.reshape(-1, 3), axis=0))
    assert result["n_colors"] == len(codec.load(NAMES[form][-1]).codebook) <= 20
    assert result["lossless"] is False
    assert result["verified"] is True
    assert {"read", "decode", "measure"} <= result["stage_seconds"].keys()
    assert result["seconds"] >= sum(result["stage_seconds"].values()) > 0
    expect_quality(result, original, decoded)


def facts(text: str) -> dict[str, str]:
    """Take a report apart: names and values of its lines."""
    rows = (re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in text.splitlines()[1:])
    return {row[0]: row[1] for row in rows if len(row) == 2}


def test_a_report_as_text_says_the_same_as_json(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors(height=40, width=50))
    sandbox.run("compress", "photo.png", "-k", "20", check=0)
    result = read_json(
        sandbox.run("report", "photo.png", "photo.labels.png", "--json", check=0).out
    )["results"][0]
    run = sandbox.run("report", "photo.png", "photo.labels.png", check=0)
    assert run.out.splitlines()[0] == "photo.png"
    said = facts(run.out)
    assert said["picture"] == "50 × 40, RGB"
    assert said["original file"] == f"{result['input_bytes']} bytes"
    assert said["raw pixels"] == f"{result['raw_bytes']} bytes"
    for part, size in result["part_bytes"].items():
        assert said[part] == f"{size} bytes"
    assert said["compressed"] == f"{result['output_bytes']} bytes"
    assert said["ratio vs raw"] == f"{result['ratio_raw']:.2f}×"
    assert said["ratio vs file"] == f"{result['ratio_file']:.2f}×"
    assert said["bits per pixel"] == f"{result['bits_per_pixel']:.3f}"
    colors = f"{result['unique_colors']} → {result['unique_colors_after']}"
    assert said["unique colors"] == colors
    assert said["codebook size K"] == f"{result['n_colors']}"
    assert said["MSE"] == f"{result['mse']:.3f}"
    assert said["PSNR"] == f"{result['psnr_db']:.1f} dB"
    assert said["SSIM"] == f"{result['ssim']:.4f}"
    assert said["ΔE2000 mean"] == f"{result['delta_e_mean']:.3f}"
    assert said["ΔE2000 95 %"] == f"{result['delta_e_p95']:.3f}"
    assert said["verified"] == "yes"
    for stage in result["stage_seconds"]:
        assert re.fullmatch(r"\d+\.\d{3} s", said[stage])
    assert re.fullmatch(r"\d+\.\d{3} s", said["time"])


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
    run = sandbox.run("compress", "photo.png", "-k", "12", "--json", "-v", check=0)
    (compressed,) = read_json(run.out)["results"]
    run = sandbox.run("report", "photo.png", "photo.labels.png", "--json", check=0)
    (reported,) = read_json(run.out)["results"]
    same = REPORT_KEYS - {"outputs", "seconds", "stage_seconds", "mse", "psnr_db"}
    for name in same:
        assert compressed[name] == reported[name], name
    assert compressed["mse"] == pytest.approx(reported["mse"], rel=1e-12)


# Info


@pytest.mark.parametrize("form", NAMES)
@pytest.mark.parametrize("channels", PICTURES)
def test_info_accounts_for_every_byte_on_disk(sandbox: Sandbox, form: str, channels: str) -> None:
    pixels = PICTURES[channels]
    sandbox.picture("photo.png", pixels)
    sandbox.run("compress", "photo.png", "--format", form, check=0)
    run = sandbox.run("info", NAMES[form][-1], "--json", check=0)
    assert run.err == ""
    (result,) = read_json(run.out)["results"]
    size = disk(*NAMES[form])
    assert sum(result["part_bytes"].values()) == result["output_bytes"] == size
    assert all(part > 0 for part in result["part_bytes"].values())
    assert (result["height"], result["width"]) == pixels.shape[:2]
    assert result["channels"] == (1 if pixels.ndim == 2 else pixels.shape[2])
    assert result["n_colors"] == len(codec.load(NAMES[form][-1]).codebook)
    assert result["raw_bytes"] == pixels.size
    assert result["ratio_raw"] == pixels.size / size
    said = facts(sandbox.run("info", NAMES[form][-1], check=0).out)
    assert said["compressed"] == f"{size} bytes"
    parts = [said[part] for part in result["part_bytes"]]
    assert sum(int(part.removesuffix(" bytes")) for part in parts) == size


def test_info_tells_of_several_files(sandbox: Sandbox) -> None:
    for seed, name in enumerate(("a.png", "b.png")):
        sandbox.picture(name, few_colors(seed))
        sandbox.run("compress", name, check=0)
    run = sandbox.run("info", "a.labels.png", "none.npz", "b.codebook.npy", check=1)
    assert run.lines == ["kmcodec: error: none.npz: no such file or directory (not-found)"]
    assert "a.labels.png" in run.out
    assert "b.codebook.npy" in run.out
    run = sandbox.run("info", "a.labels.png", "b.labels.png", "--json", check=0)
    assert read_json(run.out)["totals"]["files"] == 2


@pytest.mark.parametrize("built", [False, True])
def test_verbose_output_tells_why_the_engine_is_slow(
    monkeypatch: pytest.MonkeyPatch, built: bool
) -> None:
    monkeypatch.setattr("codec.report.compiled", lambda: built)
    why = "as kmcodec was installed without a compiler"
    assert (why in as_text(FileReport("a.png", engine="sklearn"))) is not built
    assert why not in as_text(FileReport("a.png", engine="native"))


def test_info_tells_which_engine_runs(sandbox: Sandbox) -> None:
    run = sandbox.run("info", "--engine", check=0)
    engine = "native" if compiled() else "sklearn"
    assert run.out == f"engine: {engine}\n"
    document = read_json(sandbox.run("info", "--engine", "--json", check=0).out)
    assert document["engine"] == engine
    sandbox.picture("photo.png", many_colors())
    run = sandbox.run("compress", "photo.png", "-k", "3", "--json", check=0)
    assert read_json(run.out)["results"][0]["engine"] == engine
    run = sandbox.run("info", "--engine", "photo.labels.png", check=0)
    assert run.out.startswith(f"engine: {engine}\nphoto.labels.png\n")


def test_info_of_nothing_is_wrong_usage(sandbox: Sandbox) -> None:
    run = sandbox.run("info", check=2)
    assert len(run.lines) == 1
    assert run.lines[0].startswith("kmcodec: error: ")


def test_info_of_what_others_wrote_says_that_it_is_not_sealed(sandbox: Sandbox) -> None:
    labels = np.random.RandomState(0).randint(0, 2, (9, 9)).astype(np.uint8)
    np.savez("x.npz", labels=labels, codebook=np.array([[0], [255]], dtype=np.uint8))
    said = facts(sandbox.run("info", "x.npz", check=0).out)
    assert said["verified"] == "no seal"
    run = sandbox.run("info", "x.npz", "--json", check=0)
    (result,) = read_json(run.out)["results"]
    assert result["verified"] is False
    assert sum(result["part_bytes"].values()) == disk("x.npz")


# Sweep


def test_a_sweep_is_one_line_for_each_size(sandbox: Sandbox) -> None:
    original = many_colors()
    sandbox.picture("photo.png", original)
    run = sandbox.run("sweep", "photo.png", "-k", "5", "40", check=0)
    assert run.left_all_as_it_was
    header, *rows = run.out.splitlines()
    assert header.split()[:3] == ["codebook", "K", "bytes"]
    assert [row.split()[:2] for row in rows] == [["kmeans", "5"], ["kmeans", "40"]]
    for row in rows:
        _, k, size, ratio_raw, ratio_file, psnr, _ssim, _seconds = row.split()
        sandbox.run("compress", "photo.png", "-k", k, "-f", check=0)
        assert int(size) == disk("photo.labels.png", "photo.codebook.npy")
        assert ratio_raw == f"{original.size / int(size):.2f}×"
        assert ratio_file == f"{disk('photo.png') / int(size):.2f}×"
        decoded = codec.decompress(codec.load("photo.labels.png"))
        mse = np.mean((decoded.astype(float) - original) ** 2)
        assert psnr == f"{10 * math.log10(255**2 / mse):.2f}"


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
        "sweep", "photo.png", "-k", "32", "--json",
        "--codebook-from", "kmeans", "random", "first-pixels", "median-cut", check=0,
    )  # fmt: skip
    document = read_json(run.out)
    errors = {result["codebook_from"]: result["mse"] for result in document["results"]}
    assert list(errors) == ["kmeans", "random", "first-pixels", "median-cut"]
    assert all(errors["kmeans"] < errors[other] for other in errors if other != "kmeans"), errors


def test_a_sweep_of_few_colors_is_lossless(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    run = sandbox.run("sweep", "photo.png", "-k", "27", "200", check=0)
    rows = [row.split() for row in run.out.splitlines()[1:]]
    assert [(row[1], row[5]) for row in rows] == [("27", "inf"), ("200", "inf")]


def test_a_sweep_has_sizes_by_default(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", few_colors(height=4, width=5))
    run = sandbox.run("sweep", "photo.png", "--codebook-from", "first-pixels", check=0)
    assert len(run.out.splitlines()) == 1 + 7


# Progress


def on_terminal(root: Path, *arguments: str) -> tuple[int, str]:
    """Run a command with a terminal for stderr; return its exit code and what it showed."""
    terminal, side = pty.openpty()
    try:
        child = subprocess.Popen(
            [sys.executable, "-m", "codec", *arguments],
            cwd=root, env=child_environment(), stdout=subprocess.DEVNULL, stderr=side,
        )  # fmt: skip
    finally:
        os.close(side)
    shown = b""
    try:
        while True:
            try:
                data = os.read(terminal, 4096)
            except OSError:  # how a terminal says that its other side was closed
                break
            if not data:
                break
            shown += data
    finally:
        os.close(terminal)
    return child.wait(60), shown.decode()


def test_progress_is_drawn_on_a_terminal_and_cleared(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "1")  # so that it is known when each file begins
    names = ["a.png", "b.png", "c.png"]
    for name in names:
        sandbox.picture(name, few_colors(height=50, width=50))
    code, shown = on_terminal(sandbox.root, "compress", *names)
    assert code == 0
    for done, name in enumerate(names):
        assert f" {done}/3 {name}\r\x1b[K{name}  " in shown
    visible = [line.rsplit("\x1b[K", 1)[-1].strip() for line in shown.strip().split("\n")]
    assert [line.split("  ")[0] for line in visible] == [*names, "3 of 3 files"]
    assert "█" not in "".join(visible)


def test_progress_is_not_drawn_for_one_file_nor_if_quiet(sandbox: Sandbox) -> None:
    for name in ("a.png", "b.png"):
        sandbox.picture(name)
    code, shown = on_terminal(sandbox.root, "compress", "a.png")
    assert code == 0
    assert "\x1b" not in shown
    assert on_terminal(sandbox.root, "compress", "-q", "-f", "a.png", "b.png") == (0, "")


def test_progress_is_not_drawn_into_a_file(sandbox: Sandbox) -> None:
    for name in ("a.png", "b.png"):
        sandbox.picture(name)
    run = sandbox.run("compress", "a.png", "b.png", check=0)
    assert "\x1b" not in run.err
    assert "\r" not in run.err
    assert "█" not in run.err
