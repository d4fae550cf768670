"""Targets on the command line: what is written, and what is skipped."""

from typing import Any

import pytest
from cli_tools import OUTPUTS, Sandbox, few_colors, many_colors, usage_error
from marks import needs_kernels
from report_tools import disk, facts, read_json

import codec
from codec.colors.metrics import measure


@pytest.mark.parametrize("name", ["pair", "npz", "png", pytest.param("kmc", marks=needs_kernels)])
def test_bytes_are_those_of_all_files(sandbox: Sandbox, name: Any) -> None:
    original = many_colors()
    sandbox.picture("photo.png", original)
    run = sandbox.run(
        "compress", "photo.png", "--max-bytes", "900", "--format", name, "--json", check=0
    )
    (result,) = read_json(run.out)["results"]
    assert result["output_bytes"] == disk(*OUTPUTS[name]) <= 900
    assert result["targets"] == {"max_bytes": 900}
    assert 1 <= result["encodings"] <= 4
    assert result["rate_distortion"] >= 0
    indexed = codec.load(OUTPUTS[name][-1])
    assert indexed.n_colors == result["n_colors"]
    # What the library gives for the same.
    again = codec.compress(original, max_bytes=900, format=name)
    assert (again.codebook == indexed.codebook).all()
    assert (again.labels == indexed.labels).all()


@pytest.mark.parametrize(
    ("text", "limit"), [("1k", 1000), ("1KiB", 1024), ("1.2kB", 1200), ("900", 900)]
)
def test_sizes_have_units(sandbox: Sandbox, text: str, limit: int) -> None:
    sandbox.picture("photo.png", many_colors())
    run = sandbox.run("compress", "photo.png", "--max-bytes", text, "--json", check=0)
    (result,) = read_json(run.out)["results"]
    assert result["targets"] == {"max_bytes": limit}
    assert 0.7 * limit < result["output_bytes"] <= limit


def test_a_share_is_of_each_input(sandbox: Sandbox) -> None:
    sandbox.picture("a.png", many_colors(1))
    sandbox.picture("b.png", many_colors(2, height=40, width=40))
    run = sandbox.run("compress", "a.png", "b.png", "--max-bytes", "50%", "--json", check=0)
    for result in read_json(run.out)["results"]:
        limit = disk(result["input"]) // 2
        assert result["targets"] == {"max_bytes": limit}
        assert result["output_bytes"] <= limit


def test_what_cannot_be_met_is_skipped(sandbox: Sandbox) -> None:
    sandbox.picture("a.png", many_colors(1))
    sandbox.picture("b.png", few_colors())
    run = sandbox.run("compress", "a.png", "b.png", "--min-psnr", "70", "--format", "png", check=3)
    assert run.wrote("b.indexed.png")
    assert "a.png: skipped: 70 dB cannot be reached, " in run.err
    assert "1 of 2 files (1 skipped)" in run.err


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (("--max-error", "2"), "a largest error of 2 cannot be reached, "),
        (("--max-bytes", "100"), "100 bytes are too few: it takes "),
        (("--max-bytes", "0.5%"), "bytes are too few"),
        (("--min-ssim", "1"), "SSIM 1 cannot be reached, "),
    ],
    ids=str,
)
def test_nothing_is_written_then(sandbox: Sandbox, target: tuple[str, str], words: str) -> None:
    sandbox.picture("photo.png", many_colors())
    run = sandbox.run("compress", "photo.png", *target, "--json", check=3)
    assert run.left_all_as_it_was
    (result,) = read_json(run.out)["results"]
    assert (result["status"], result["reason"]) == ("skipped", "target-not-reachable")
    assert words in result["error"]
    assert result["outputs"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        ("--max-bytes", "0"),
        ("--max-bytes", "x"),
        ("--max-bytes", "5  k"),
        ("--max-bytes", "5 kg"),
        ("--max-bytes", "kB"),
        ("--max-bytes", "0.5"),
        ("--max-bytes", "101%"),
        ("--max-bytes", "-3"),
        ("--min-psnr", "-1"),
        ("--min-psnr", "nan"),
        ("--min-ssim", "2"),
        ("--max-error", "1.5"),
        ("--auto", "--min-psnr", "30"),
        ("--max-bytes", "9k", "--dither", "fs"),
        ("--max-bytes", "9%", "--dither", "ordered"),
    ],
    ids=" ".join,
)
def test_wrong_targets_are_wrong_usage(sandbox: Sandbox, wrong: tuple[str, ...]) -> None:
    sandbox.picture("photo.png")
    run = sandbox.run("compress", "photo.png", *wrong)
    assert usage_error(run)


def test_a_report_tells_what_was_asked_for_and_chosen(sandbox: Sandbox) -> None:
    original = many_colors()
    sandbox.picture("photo.png", original)
    line = sandbox.run("compress", "photo.png", "--auto", "--format", "png", check=0).err
    assert "  K = " in line
    assert "(the knee of error over bytes" in line
    text = sandbox.run(
        "compress", "photo.png", "--min-psnr", "30.5", "--max-error", "40", "-k", "200",
        "--format", "png", "-f", "-v", check=0,
    ).err  # fmt: skip
    told = facts(text)
    assert told["targets"] == "--min-psnr 30.5 --max-error 40"
    quality = measure(original, codec.decompress(codec.load("photo.indexed.png")))
    assert quality.psnr_db >= 30.5
    assert int(told["encodings"]) >= 1
