"""Many files: trees, collisions found beforehand, and one bad file that stops no other."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run, Sandbox, few_colors, read_picture, write_picture

import codec
from codec import batch, jobs, runner


def pictures(sandbox: Sandbox, *names: str) -> None:
    """Write different pictures of few colors."""
    for seed, name in enumerate(names):
        sandbox.picture(name, few_colors(seed))


def collides(run: Run, *names: str) -> bool:
    """Whether a run was stopped before any work by names that collide."""
    assert run.code == 2, run.err
    assert len(run.lines) == 1, run.err
    assert run.lines[0].startswith("kmcodec: error: ")
    assert run.lines[0].endswith("(collision)")
    for name in names:
        assert name in run.lines[0]
    assert run.left_all_as_it_was, (run.new, run.changed)
    return True


# Several inputs


def test_several_pictures_are_compressed_beside_themselves(sandbox: Sandbox) -> None:
    pictures(sandbox, "a.png", "sub/b.bmp", "c.tif")
    run = sandbox.run("compress", "a.png", "sub/b.bmp", "c.tif", "--format", "npz", check=0)
    assert run.wrote("a.npz", "sub/b.npz", "c.npz")
    for seed, name in enumerate(("a.npz", "sub/b.npz", "c.npz")):
        np.testing.assert_array_equal(codec.decompress(codec.load(name)), few_colors(seed))


def test_a_directory_for_the_outputs_is_made_if_missing(sandbox: Sandbox) -> None:
    pictures(sandbox, "a.png", "sub/b.png")
    run = sandbox.run("compress", "a.png", "sub/b.png", "-d", "x/y", "--format", "npz", check=0)
    assert run.wrote("x", "x/y", "x/y/a.npz", "x/y/b.npz")
    run = sandbox.run("decompress", "x/y/a.npz", "x/y/b.npz", "-d", "z", check=0)
    assert run.wrote("z", "z/a.decoded.png", "z/b.decoded.png")


def test_a_directory_is_not_made_for_an_output_that_fails(sandbox: Sandbox) -> None:
    sandbox.path("bad.png").write_bytes(b"not a picture")
    run = sandbox.run("compress", "bad.png", "-d", "x/y", check=1)
    assert run.left_all_as_it_was


def test_a_file_in_the_place_of_the_directory_is_an_error(sandbox: Sandbox) -> None:
    pictures(sandbox, "a.png")
    sandbox.path("out").write_bytes(b"a file")
    for folder in ("out", "out/deeper"):
        run = sandbox.run("compress", "a.png", "-d", folder, check=1)
        assert run.left_all_as_it_was
        assert len(run.lines) == 1
        assert run.lines[0].startswith("kmcodec: error: a.png: ")


def test_one_bad_file_does_not_stop_the_others(sandbox: Sandbox) -> None:
    names = [f"{number:02}.png" for number in range(20)]
    pictures(sandbox, *names)
    sandbox.path("07.png").write_bytes(b"not a picture")
    sandbox.path("11.png").unlink()
    run = sandbox.run("compress", *names, "--format", "npz", check=1)
    done = [name for name in names if name not in ("07.png", "11.png")]
    assert run.wrote(*(name[:-3] + "npz" for name in done))
    errors = [line for line in run.lines if line.startswith("kmcodec: error: ")]
    assert len(errors) == 2
    assert errors[0].startswith("kmcodec: error: 07.png: ")
    assert errors[1].startswith("kmcodec: error: 11.png: ")
    assert run.lines[-1].startswith("18 of 20 files (2 failed)")


def test_one_damaged_file_does_not_stop_the_others(sandbox: Sandbox) -> None:
    pictures(sandbox, "a.png", "b.png", "c.png")
    sandbox.run("compress", "a.png", "b.png", "c.png", check=0)
    shutil.copy("a.codebook.npy", "b.codebook.npy")
    run = sandbox.run("decompress", "a.labels.png", "b.labels.png", "c.labels.png", check=1)
    assert run.wrote("a.decoded.png", "c.decoded.png")


def test_an_error_counts_more_than_a_skip(sandbox: Sandbox) -> None:
    pictures(sandbox, "a.png", "b.png")
    sandbox.run("compress", "a.png", check=0)
    run = sandbox.run("compress", "a.png", "b.png", check=3)
    assert run.wrote("b.labels.png", "b.codebook.npy")
    sandbox.run("compress", "a.png", "none.png", check=1)


def test_a_file_deleted_after_it_was_listed_is_an_error(  # row 30
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures(sandbox, "in/a.png", "in/b.png", "in/c.png")
    compress_file = jobs.compress_file

    def delete_next(*arguments: object) -> object:
        sandbox.path("in/b.png").unlink(missing_ok=True)
        return compress_file(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "compress_file", delete_next)
    run = sandbox.run("compress", "-r", "in", "-d", "out", "--format", "npz", check=1)
    assert run.new == {"out", "out/a.npz", "out/c.npz"}
    assert any(line.startswith("kmcodec: error: in/b.png: ") for line in run.lines)


def test_a_directory_deleted_after_it_was_listed_is_an_error(  # row 30
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures(sandbox, "in/a/a.png", "in/b/b.png")
    run_jobs = runner.run

    def delete_first(*arguments: object, **options: object) -> object:
        shutil.rmtree("in/a")
        return run_jobs(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(runner, "run", delete_first)
    run = sandbox.run("compress", "-r", "in", "--format", "npz", check=1)
    assert run.new == {"in/b/b.npz"}
    assert run.lines[0].startswith("kmcodec: error: in/a/a.png: ")


# Directories


def test_a_directory_keeps_its_tree(sandbox: Sandbox) -> None:
    pictures(sandbox, "in/a.png", "in/x/b.png", "in/x/y/c.png", "in/z/a.png")
    run = sandbox.run("compress", "-r", "in", "-d", "out", "--format", "npz", check=0)
    folders = {"out", "out/x", "out/x/y", "out/z"}
    assert run.new - folders == {"out/a.npz", "out/x/b.npz", "out/x/y/c.npz", "out/z/a.npz"}
    run = sandbox.run("decompress", "-r", "out", "-d", "back", check=0)
    assert {"back/a.decoded.png", "back/x/y/c.decoded.png"} <= run.new
    np.testing.assert_array_equal(
        read_picture(Path("back/x/y/c.decoded.png")), read_picture(Path("in/x/y/c.png"))
    )


def test_without_another_directory_outputs_stand_beside_their_inputs(sandbox: Sandbox) -> None:
    pictures(sandbox, "in/a.png", "in/x/b.png")
    run = sandbox.run("compress", "-r", "in", "--format", "npz", check=0)
    assert run.wrote("in/a.npz", "in/x/b.npz")


def test_a_directory_needs_the_option_for_directories(sandbox: Sandbox) -> None:  # row 14
    pictures(sandbox, "in/a.png")
    run = sandbox.run("compress", "in", check=1)
    assert run.left_all_as_it_was
    assert run.lines == [
        "kmcodec: error: in: is a directory (-r takes what is in it) (is-directory)"
    ]


def test_a_directory_and_a_file_go_together(sandbox: Sandbox) -> None:
    pictures(sandbox, "in/a.png", "b.png")
    run = sandbox.run("compress", "-r", "in", "b.png", "-d", "out", "--format", "npz", check=0)
    assert run.new == {"out", "out/a.npz", "out/b.npz"}


def test_one_output_for_a_directory_is_wrong_usage(sandbox: Sandbox) -> None:  # row 8
    pictures(sandbox, "in/a.png")
    assert sandbox.run("compress", "-r", "in", "-o", "x.npz", check=2).left_all_as_it_was


def test_a_directory_named_like_an_archive_is_a_directory(sandbox: Sandbox) -> None:  # row 24
    pictures(sandbox, "in/b.zip/a.png", "in/c.png/d.png")
    run = sandbox.run("compress", "-r", "in", "--format", "npz", check=0)
    assert run.wrote("in/b.zip/a.npz", "in/c.png/d.npz")


def test_only_pictures_are_taken_from_a_directory(sandbox: Sandbox) -> None:
    pictures(sandbox, "in/a.png", "in/B.PNG", "in/c.Tif")
    for name in ("notes.txt", "x.svg", "y.pdf", ".kmcodec-1-abc.tmp", "z"):
        sandbox.path(f"in/{name}").write_bytes(b"something else")
    run = sandbox.run("compress", "-r", "in", "--format", "npz", check=0)
    assert run.wrote("in/a.npz", "in/B.npz", "in/c.npz")


def test_links_to_directories_are_not_followed(sandbox: Sandbox) -> None:
    pictures(sandbox, "in/a.png", "elsewhere/b.png")
    sandbox.path("in/loop").symlink_to(".")
    sandbox.path("in/other").symlink_to("../elsewhere")
    run = sandbox.run("compress", "-r", "in", "--format", "npz", check=0)
    assert run.wrote("in/a.npz")


def test_a_deep_tree_is_walked(sandbox: Sandbox) -> None:
    deep = Path("in", *["d"] * 300)
    pictures(sandbox, str(deep / "a.png"))
    run = sandbox.run("compress", "-r", "in", "--format", "npz", check=0)
    assert run.wrote(str(deep / "a.npz"))


def test_an_empty_directory_is_nothing_to_do(sandbox: Sandbox) -> None:
    sandbox.path("in").mkdir()
    assert sandbox.run("compress", "-r", "in", check=0).left_all_as_it_was


def test_the_order_is_that_of_the_names(sandbox: Sandbox) -> None:
    pictures(sandbox, "in/b.png", "in/a.png", "in/c/a.png", "z.png", "y.png")
    run = sandbox.run("compress", "-r", "z.png", "in", "y.png", "--json", "-q", check=0)
    names = [result["input"] for result in json.loads(run.out)["results"]]
    assert names == ["z.png", "in/a.png", "in/b.png", "in/c/a.png", "y.png"]


# A second time


def test_compressing_all_pngs_a_second_time_does_nothing(sandbox: Sandbox) -> None:
    pictures(sandbox, "a.png", "b.png")
    sandbox.run("compress", "a.png", "b.png", check=0)
    everything = sorted(str(path) for path in Path().glob("*.png"))
    assert len(everything) == 4
    run = sandbox.run("compress", *everything, "--json", check=3)
    assert run.left_all_as_it_was
    results = json.loads(run.out)["results"]
    assert {result["status"] for result in results} == {"skipped"}
    reasons = {result["input"]: result["reason"] for result in results}
    assert reasons == {
        "a.labels.png": "compressed-already",
        "a.png": "exists",
        "b.labels.png": "compressed-already",
        "b.png": "exists",
    }


@pytest.mark.parametrize("form", ["pair", "npz", "png", "kmc"])
def test_a_directory_is_not_compressed_twice(sandbox: Sandbox, form: str) -> None:
    pictures(sandbox, "in/a.png", "in/x/b.png")
    options = ("compress", "-r", "in", "--format", form)
    sandbox.run(*options, check=0)
    names = {"pair": "a.labels.png", "npz": "a.npz", "png": "a.indexed.png", "kmc": "a.kmc"}
    sandbox.run("decompress", f"in/{names[form]}", check=0)
    run = sandbox.run(*options, check=3)
    assert run.left_all_as_it_was
    assert run.lines[-1].startswith("0 of 2 files (2 skipped)")


def test_outputs_inside_the_input_are_not_compressed(sandbox: Sandbox) -> None:
    pictures(sandbox, "in/a.png", "in/x/b.png")
    options = ("compress", "-r", "in", "-d", "in/out")
    first = sandbox.run(*options, "--format", "png", check=0)
    shutil.copy("in/a.png", "in/out/copy.png")
    again = sandbox.run(*options, "--format", "png", check=3)
    assert again.left_all_as_it_was
    assert {"in/out/a.indexed.png", "in/out/x/b.indexed.png"} <= first.new


# Collisions


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_pictures_with_the_same_stem_collide(sandbox: Sandbox, force: tuple[str, ...]) -> None:
    pictures(sandbox, "a.png", "a.bmp")
    run = sandbox.run("compress", "a.png", "a.bmp", *force)
    assert collides(run, "a.png", "a.bmp")


def test_pictures_of_different_directories_collide_in_one(sandbox: Sandbox) -> None:
    pictures(sandbox, "x/a.png", "y/a.png")
    assert collides(sandbox.run("compress", "x/a.png", "y/a.png", "-d", "out"))
    assert not sandbox.path("out").exists()
    assert collides(sandbox.run("compress", "-r", "x", "y", "-d", "out"))


def test_the_same_picture_twice_collides(sandbox: Sandbox) -> None:
    pictures(sandbox, "a.png")
    sandbox.path("here").symlink_to(".")
    assert collides(sandbox.run("compress", "a.png", "here/a.png"), "a.png")


def test_the_same_name_twice_is_one_input(sandbox: Sandbox) -> None:
    pictures(sandbox, "a.png")
    run = sandbox.run("compress", "a.png", "a.png", "./a.png", check=0)
    assert run.new == {"a.labels.png", "a.codebook.npy"}


def test_collisions_are_found_before_any_work(sandbox: Sandbox) -> None:
    pictures(sandbox, "a.png", "b.png", "c.png", "c.bmp")
    assert collides(sandbox.run("compress", "a.png", "b.png", "c.png", "c.bmp"))


def test_both_halves_of_a_pair_are_one_input(sandbox: Sandbox) -> None:
    pictures(sandbox, "a.png")
    sandbox.run("compress", "a.png", check=0)
    run = sandbox.run("decompress", "a.codebook.npy", "a.labels.png", check=0)
    assert run.new == {"a.decoded.png"}


def test_an_output_that_is_another_input_collides(sandbox: Sandbox) -> None:
    pictures(sandbox, "a.png")
    shutil.copy("a.png", "a.indexed.png")
    for force in ((), ("--force",)):
        run = sandbox.run("compress", "a.png", "a.indexed.png", "--format", "png", *force)
        assert collides(run, "a.indexed.png")


def test_outputs_that_are_links_to_one_file_collide(sandbox: Sandbox) -> None:
    pictures(sandbox, "a.png", "b.png")
    sandbox.path("a.npz").symlink_to("b.npz")
    assert collides(sandbox.run("compress", "a.png", "b.png", "--format", "npz", "--force"))


def test_compressed_files_with_the_same_stem_collide(sandbox: Sandbox) -> None:
    pictures(sandbox, "a.png")
    sandbox.run("compress", "a.png", check=0)
    sandbox.run("compress", "a.png", "--format", "npz", check=0)
    assert collides(sandbox.run("decompress", "a.labels.png", "a.npz"))


def test_names_that_differ_in_case_do_not_collide_where_the_system_keeps_them_apart(
    sandbox: Sandbox,
) -> None:
    pictures(sandbox, "a.png")
    if sandbox.path("A.png").exists():
        pytest.skip("this file system does not tell upper from lower case")
    pictures(sandbox, "A.png")
    sandbox.run("compress", "a.png", "A.png", check=0)


# The plan itself


def test_the_plan_names_every_file_that_would_be_written(tmp_path: Path) -> None:
    source = write_picture(tmp_path / "a.b.png", few_colors())
    (job,) = batch.plan_compression([source], batch.Names(), "pair")
    assert job.files == (tmp_path / "a.b.codebook.npy", tmp_path / "a.b.labels.png")
    (job,) = batch.plan_decompression([tmp_path / "a.b.labels.png"], batch.Names())
    assert job.files == (tmp_path / "a.b.decoded.png",)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a.labels.png", "a"),
        ("a.codebook.npy", "a"),
        ("a.indexed.png", "a"),
        ("a.npz", "a"),
        ("a.png", "a"),
        ("a.b.LABELS.PNG", "a.b"),
        (".labels.png", ".labels"),
        ("labels.png", "labels"),
    ],
)
def test_the_stem_of_a_compressed_file_is_what_was_compressed(name: str, stem: str) -> None:
    assert batch.compressed_stem(Path("sub", name)) == stem


def test_an_unreadable_directory_is_one_error_among_the_others(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures(sandbox, "in/a.png", "in/x/b.png")
    walk = os.walk

    def forbid(top: str | Path, onerror: Callable[[OSError], None] | None = None) -> object:
        for folder, subfolders, files in walk(top):
            if onerror and "x" in subfolders:
                subfolders.remove("x")
                onerror(PermissionError(13, "Permission denied", os.path.join(folder, "x")))
            yield folder, subfolders, files

    monkeypatch.setattr(os, "walk", forbid)
    run = sandbox.run("compress", "-r", "in", "--format", "npz")
    assert run.code == 1
    assert run.new == {"in/a.npz"}
    assert "kmcodec: error: in/x: permission denied (no-permission)" in run.lines
