"""What `-r` leaves out: what kmcodec made, and not what only has such a name."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Sandbox, few_colors, many_colors, write_picture

import codec
from codec.formats.registry import FORMATS
from codec.jobs.ours import check_not_decoded, is_ours
from codec.jobs.plan import Naming, plan_compression

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


def test_what_is_damaged_or_only_named_so_is_not_ours(tmp_path: Path) -> None:
    indexed = codec.compress(few_colors())
    codec.save(indexed, tmp_path / "a.labels.png")
    codec.save(indexed, tmp_path / "a.indexed.png")
    assert is_ours(tmp_path / "a.labels.png")
    assert is_ours(tmp_path / "a.indexed.png")
    shutil.copy(tmp_path / "a.labels.png", tmp_path / "photo.png")
    assert not is_ours(tmp_path / "photo.png")
    content = (tmp_path / "a.indexed.png").read_bytes()
    (tmp_path / "a.indexed.png").write_bytes(content[:-20])
    assert not is_ours(tmp_path / "a.indexed.png")
    assert not is_ours(tmp_path / "nothing.labels.png")
    assert not is_ours(tmp_path / "a.labels.png", max_pixels=10)
    check_not_decoded(write_picture(tmp_path / ".decoded.png", few_colors()))


def test_the_mark_proves_it_where_the_codebook_is_lost(tmp_path: Path) -> None:
    indexed = codec.compress(few_colors())
    codec.save(indexed, tmp_path / "a.labels.png")
    (tmp_path / "a.codebook.npy").unlink()
    assert is_ours(tmp_path / "a.labels.png")
    write_picture(tmp_path / "b.labels.png", indexed.labels)  # as a pair of another program
    assert not is_ours(tmp_path / "b.labels.png")
    np.save(tmp_path / "b.codebook.npy", indexed.codebook)
    assert codec.load(tmp_path / "b.labels.png").verified is False
    assert not is_ours(tmp_path / "b.labels.png")
    # Earlier label PNGs had no mark, but their codebooks a seal.
    codec.save(indexed, tmp_path / "c.labels.png")
    write_picture(tmp_path / "c.labels.png", indexed.labels)
    assert is_ours(tmp_path / "c.labels.png")


@pytest.mark.parametrize("format", FORMATS)
def test_only_what_has_the_decoded_pixels_is_left_out(sandbox: Sandbox, format: str) -> None:
    for name in ("same", "size", "pixels"):
        sandbox.picture(f"in/{name}.png", few_colors())
    sandbox.run("compress", "-r", "in", "--format", format, check=0)
    sandbox.picture("in/same.decoded.png", few_colors())
    sandbox.picture("in/size.decoded.png", few_colors(height=40))
    sandbox.picture("in/pixels.decoded.png", few_colors(seed=1))
    found = results_of(sandbox, "compress", "-r", "in", "-d", "out")
    assert {name: state for name, state in found.items() if "decoded" in name} == {
        "in/same.decoded.png": "left-out",
        "in/size.decoded.png": "ok",
        "in/pixels.decoded.png": "ok",
    }
    few = ("--max-pixels", "100")  # of which nobody looks inside
    found = results_of(sandbox, "compress", "-r", "in", "-d", "more", *few, code=1)
    assert found["in/same.decoded.png"] == "error"
    # Who names it wants it.
    named = results_of(sandbox, "compress", "in/same.decoded.png", "-d", "named")
    assert named == {"in/same.decoded.png": "ok"}


def test_nothing_is_decoded_to_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.kmc", "b.labels.png", "c.indexed.png"):
        codec.save(codec.compress(few_colors()), tmp_path / name)
        write_picture(tmp_path / name.replace(name[1:], ".decoded.png"), few_colors())

    def decode(*args: object, **options: object) -> None:
        raise AssertionError("a picture is decoded")

    monkeypatch.setattr("codec.jobs.ours.load_contents", decode)
    monkeypatch.setattr("codec.images.reading.read_image", decode)
    plan = plan_compression([tmp_path], Naming(recursive=True), FORMATS["npz"])
    assert {planned.source.name: bool(planned.failure) for planned in plan} == {
        "a.decoded.png": False, "b.decoded.png": False, "b.labels.png": True,
        "c.decoded.png": False, "c.indexed.png": True,
    }  # fmt: skip
