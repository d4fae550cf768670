"""What the commands say: lines and text, and that they say what is in the record."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Sandbox, few_colors, many_colors
from report_tools import disk, facts, read_json

import codec
from codec.reports.report import FileReport
from codec.reports.text import as_text, format_bytes

# Lines


def test_compressing_a_file_is_one_line_with_both_ratios(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors(height=80, width=90))
    run = sandbox.run("compress", "-k", "8", "photo.png", check=0)
    line, written = run.lines
    assert written == "photo.png: written to photo.labels.png and photo.codebook.npy"
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


def test_notices_are_in_the_json_and_on_their_own_lines(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    Path("photo.png").rename("photo.jpg")
    run = sandbox.run("compress", "photo.jpg", "--json", check=0)
    (result,) = read_json(run.out)["results"]
    assert any("PNG" in notice for notice in result["notices"])
    assert len(run.lines) == 2 + len(result["notices"])
    for notice in result["notices"]:
        assert f"photo.jpg: notice: {notice}" in run.lines


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


# Text


def test_verbose_runs_tell_quality_and_stages(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    run = sandbox.run("compress", "-v", "--measure", "-k", "9", "photo.png", check=0)
    assert run.out == ""
    for fact in ("SSIM", "ΔE2000 mean", "ΔE2000 95 %", "histogram", "training", "labels", "write"):
        assert fact in run.err


def test_the_line_tells_what_was_asked_to_be_measured(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    arguments = ("compress", "-k", "9", "photo.png", "--json", "--force")
    run = sandbox.run(*arguments, "--measure", check=0)
    result = read_json(run.out)["results"][0]
    told = f" dB  SSIM {result['ssim']:.4f}  ΔE {result['delta_e_mean']:.2f}  "
    assert told in run.lines[0]
    assert "SSIM" not in sandbox.run(*arguments, check=0).err


def test_a_report_as_text_says_the_same_as_json(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors(height=40, width=50))
    sandbox.run("compress", "photo.png", "-k", "20", check=0)
    result = read_json(
        sandbox.run("report", "photo.png", "photo.labels.png", "--json", check=0).out
    )["results"][0]
    run = sandbox.run("report", "photo.png", "photo.labels.png", check=0)
    assert run.out.splitlines()[0] == "photo.png"
    said = facts(run.out)
    assert said["format"] == result["format"] == "pair"
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


@pytest.mark.parametrize("built", [False, True])
def test_verbose_output_tells_why_the_engine_is_slow(
    monkeypatch: pytest.MonkeyPatch, built: bool
) -> None:
    monkeypatch.setattr("codec.kernels.COMPILED", built)
    why = "as kmcodec was installed without a compiler"
    assert (why in as_text(FileReport("a.png", engine="sklearn"))) is not built
    assert why not in as_text(FileReport("a.png", engine="native"))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_largest_error_with_alpha_says_what_it_is_of(channels: int) -> None:
    report = FileReport("a.png", channels=channels, worst_error=7, worst_at=(3, 4))
    (line,) = [line for line in as_text(report).splitlines() if "largest error" in line]
    own = ", of colors and alpha as stored" if channels in (2, 4) else ""
    assert line.endswith(f"7 of 255 at (3, 4){own}")
