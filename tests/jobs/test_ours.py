"""What `-r` leaves out: what kmcodec made, and not what only has such a name."""

import json
import shutil
from pathlib import Path

import pytest
from cli_tools import Sandbox, few_colors, many_colors

import codec
from codec.jobs.ours import is_ours

OURS = ("labels", "indexed", "decoded")


def results_of(sandbox: Sandbox, *arguments: str, code: int = 0) -> dict[str, str]:
    """Run a command; return what became of each input."""
    run = sandbox.run(*arguments, "--json", check=code)
    return {result["input"]: result["status"] for result in json.loads(run.out)["results"]}


@pytest.mark.parametrize("word", [*OURS, "LABELS", "Decoded"])
def test_a_picture_that_only_has_such_a_name_is_compressed(sandbox: Sandbox, word: str) -> None:
    sandbox.pictures("in/photo.png", f"in/mask.{word}.png")
    run = sandbox.run("compress", "-r", "in", "--format", "npz", check=0)
    assert run.wrote("in/photo.npz", f"in/mask.{word}.npz")
    assert run.lines[-1].startswith("2 of 2 files  ")


@pytest.mark.parametrize("mode", ["palette", "grey", "RGBA"])
def test_a_palette_of_another_program_is_compressed(sandbox: Sandbox, mode: str) -> None:
    from PIL import Image

    sandbox.path("in").mkdir()
    picture = Image.fromarray(few_colors())
    convert = {"palette": "P", "grey": "L", "RGBA": "RGBA"}
    for word in OURS:
        picture.convert(convert[mode]).save(f"in/mask.{word}.png")
    run = sandbox.run("compress", "-r", "in", "--format", "npz", check=0)
    assert run.wrote(*(f"in/mask.{word}.npz" for word in OURS))


def test_labels_given_by_name_are_compressed_too(sandbox: Sandbox) -> None:
    sandbox.pictures("mask.labels.png")
    assert sandbox.run("compress", "mask.labels.png", check=0).wrote(
        "mask.labels.labels.png", "mask.labels.codebook.npy"
    )


@pytest.mark.parametrize(
    ("format", "left_out"),
    [
        ("pair", ["in/a.decoded.png", "in/a.labels.png"]),
        ("png", ["in/a.decoded.png", "in/a.indexed.png"]),
        ("npz", ["in/a.decoded.png"]),
        ("kmc", ["in/a.decoded.png"]),
    ],
)
def test_what_kmcodec_made_is_left_out_and_named(
    sandbox: Sandbox, format: str, left_out: list[str]
) -> None:
    sandbox.pictures("in/a.png", "in/b.png")
    sandbox.run("compress", "in/a.png", "--format", format, check=0)
    sandbox.run("decompress", "-r", "in", check=0)
    arguments = ("compress", "-r", "in", "-d", "out", "--format", "npz", "--force")
    assert results_of(sandbox, *arguments) == {
        "in/a.png": "ok", "in/b.png": "ok", **dict.fromkeys(left_out, "left-out"),
    }  # fmt: skip
    run = sandbox.run(*arguments, "--json", check=0)
    totals = json.loads(run.out)["totals"]
    assert (totals["files"], totals["ok"], totals["left_out"]) == (2, 2, len(left_out))
    run = sandbox.run(*arguments, check=0)
    for name in left_out:
        assert f"{name}: left out: kmcodec made it" in run.lines
    assert run.lines[-1].startswith(f"2 of 2 files ({len(left_out)} left out)  ")
    assert sandbox.run(*arguments, "--quiet", check=0).err == ""


def test_only_left_out_is_not_a_failure(sandbox: Sandbox) -> None:
    sandbox.picture("a.png", many_colors())
    sandbox.run("compress", "a.png", "-d", "in", "--format", "png", check=0)
    assert results_of(sandbox, "compress", "-r", "in") == {"in/a.indexed.png": "left-out"}


def test_what_is_damaged_or_alone_is_not_ours(tmp_path: Path) -> None:
    indexed = codec.compress(few_colors())
    codec.save(indexed, tmp_path / "a.labels.png")
    codec.save(indexed, tmp_path / "a.indexed.png")
    assert is_ours(tmp_path / "a.labels.png")
    assert is_ours(tmp_path / "a.indexed.png")
    shutil.copy(tmp_path / "a.labels.png", tmp_path / "b.labels.png")
    assert not is_ours(tmp_path / "b.labels.png")
    shutil.copy(tmp_path / "a.labels.png", tmp_path / "photo.png")
    assert not is_ours(tmp_path / "photo.png")
    content = (tmp_path / "a.indexed.png").read_bytes()
    (tmp_path / "a.indexed.png").write_bytes(content[:-20])
    assert not is_ours(tmp_path / "a.indexed.png")
    assert not is_ours(tmp_path / "nothing.labels.png")
    assert not is_ours(tmp_path / ".decoded.png")
