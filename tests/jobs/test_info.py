"""What is in compressed files."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_tools import OUTPUTS, PICTURES, Sandbox, few_colors, many_colors
from report_tools import disk, facts, read_json

import codec
from codec.kernels import COMPILED


@pytest.mark.parametrize("format", OUTPUTS)
@pytest.mark.parametrize("channels", PICTURES)
def test_info_accounts_for_every_byte_on_disk(
    sandbox: Sandbox, format: str, channels: str
) -> None:
    pixels = PICTURES[channels]
    sandbox.picture("photo.png", pixels)
    sandbox.run("compress", "photo.png", "--format", format, check=0)
    run = sandbox.run("info", OUTPUTS[format][-1], "--json", check=0)
    assert run.err == ""
    (result,) = read_json(run.out)["results"]
    size = disk(*OUTPUTS[format])
    assert sum(result["part_bytes"].values()) == result["output_bytes"] == size
    assert all(part > 0 for part in result["part_bytes"].values())
    assert (result["height"], result["width"]) == pixels.shape[:2]
    assert result["channels"] == (1 if pixels.ndim == 2 else pixels.shape[2])
    assert result["n_colors"] == len(codec.load(OUTPUTS[format][-1]).codebook)
    assert result["raw_bytes"] == pixels.size
    assert result["ratio_raw"] == pixels.size / size
    said = facts(sandbox.run("info", OUTPUTS[format][-1], check=0).out)
    assert said["compressed"] == f"{size} bytes"
    parts = [said[part] for part in result["part_bytes"]]
    assert sum(int(part.removesuffix(" bytes")) for part in parts) == size


def test_info_tells_the_bytes_of_each_part(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    sandbox.run("compress", "photo.png", "-k", "40", "-o", "x.kmc", check=0)
    sandbox.run("compress", "photo.png", "-k", "40", "--format", "kmc", check=0)
    assert Path("photo.kmc").read_bytes() == Path("x.kmc").read_bytes()
    found = json.loads(sandbox.run("info", "x.kmc", "--json", check=0).out)["results"][0]
    assert found["format"] == "kmc"
    assert set(found["part_bytes"]) == {"labels", "codebook", "seal", "container"}
    assert sum(found["part_bytes"].values()) == Path("x.kmc").stat().st_size
    assert found["verified"] is True
    expected = codec.decompress(codec.compress(many_colors(), 40))
    assert np.array_equal(codec.decompress(codec.load("x.kmc")), expected)
    report = json.loads(sandbox.run("report", "photo.png", "x.kmc", "--json", check=0).out)
    assert report["results"][0]["output_bytes"] == Path("x.kmc").stat().st_size


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


def test_info_tells_which_engine_runs(sandbox: Sandbox) -> None:
    run = sandbox.run("info", "--engine", check=0)
    engine = "native" if COMPILED else "sklearn"
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
