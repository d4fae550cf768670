"""Which inputs become which outputs: names, trees, and collisions found beforehand.

Rows are those of the catalogue of bad inputs and faults.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Sandbox, few_colors, read_picture, usage_error, write_picture

import codec
from codec.cli.commands import main
from codec.formats.registry import FORMATS
from codec.jobs.plan import Naming, plan_compression, plan_decompression

# Names


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ((), ("sub/photo.codebook.npy", "sub/photo.labels.png")),
        (("--format", "pair"), ("sub/photo.codebook.npy", "sub/photo.labels.png")),
        (("--format", "npz"), ("sub/photo.npz",)),
        (("--format", "png"), ("sub/photo.indexed.png",)),
        (("-o", "x.npz"), ("x.npz",)),
        (("-o", "x.png"), ("x.png",)),
        (("-o", "x.labels.png"), ("x.codebook.npy", "x.labels.png")),
        (("-o", "X.NPZ"), ("X.NPZ",)),
        (("-o", "x.png", "--format", "png"), ("x.png",)),
        (("-d", "out"), ("out", "out/photo.codebook.npy", "out/photo.labels.png")),
        (("-d", "out/a/b", "--format", "npz"), ("out", "out/a", "out/a/b", "out/a/b/photo.npz")),
    ],
)
def test_outputs_of_compress_have_the_promised_names(
    sandbox: Sandbox, options: tuple[str, ...], names: tuple[str, ...]
) -> None:
    sandbox.picture("sub/photo.png")
    run = sandbox.run("compress", "sub/photo.png", *options, check=0)
    assert run.wrote(*names), run.new


@pytest.mark.parametrize(
    ("format", "compressed"),
    [
        ("pair", "photo.labels.png"),
        ("npz", "photo.npz"),
        ("png", "photo.indexed.png"),
        ("kmc", "photo.kmc"),
    ],
)
def test_outputs_of_decompress_have_the_promised_names(
    sandbox: Sandbox, format: str, compressed: str
) -> None:
    sandbox.picture("sub/photo.png")
    sandbox.run("compress", "sub/photo.png", "--format", format, check=0)
    assert sandbox.run("decompress", f"sub/{compressed}", check=0).wrote("sub/photo.decoded.png")
    assert sandbox.run("decompress", f"sub/{compressed}", "-o", "x.bmp", check=0).wrote("x.bmp")
    run = sandbox.run("decompress", f"sub/{compressed}", "-d", "out", check=0)
    assert run.wrote("out", "out/photo.decoded.png")


def test_the_codebook_names_its_pair_as_well(pair: Sandbox) -> None:
    run = pair.run("decompress", "photo.codebook.npy", check=0)
    assert run.wrote("photo.decoded.png")
    np.testing.assert_array_equal(read_picture(Path("photo.decoded.png")), few_colors())


@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_one_output_for_several_inputs_is_wrong_usage(sandbox: Sandbox, command: str) -> None:
    for name in ("a.png", "b.png"):  # row 8
        sandbox.picture(name)
    assert usage_error(sandbox.run(command, "a.png", "b.png", "-o", "c.png"))


def test_several_pictures_are_compressed_beside_themselves(sandbox: Sandbox) -> None:
    sandbox.pictures("a.png", "sub/b.bmp", "c.tif")
    run = sandbox.run("compress", "a.png", "sub/b.bmp", "c.tif", "--format", "npz", check=0)
    assert run.wrote("a.npz", "sub/b.npz", "c.npz")
    for seed, name in enumerate(("a.npz", "sub/b.npz", "c.npz")):
        np.testing.assert_array_equal(codec.decompress(codec.load(name)), few_colors(seed))


def test_a_directory_for_the_outputs_is_made_if_missing(sandbox: Sandbox) -> None:
    sandbox.pictures("a.png", "sub/b.png")
    run = sandbox.run("compress", "a.png", "sub/b.png", "-d", "x/y", "--format", "npz", check=0)
    assert run.wrote("x", "x/y", "x/y/a.npz", "x/y/b.npz")
    run = sandbox.run("decompress", "x/y/a.npz", "x/y/b.npz", "-d", "z", check=0)
    assert run.wrote("z", "z/a.decoded.png", "z/b.decoded.png")


def test_the_plan_names_every_file_that_would_be_written(tmp_path: Path) -> None:
    source = write_picture(tmp_path / "a.b.png", few_colors())
    (planned,) = plan_compression([source], Naming(), FORMATS["pair"])
    assert planned.files == (tmp_path / "a.b.codebook.npy", tmp_path / "a.b.labels.png")
    (planned,) = plan_decompression([tmp_path / "a.b.labels.png"], Naming())
    assert planned.files == (tmp_path / "a.b.decoded.png",)


# Directories


def test_a_directory_keeps_its_tree(sandbox: Sandbox) -> None:
    sandbox.pictures("in/a.png", "in/x/b.png", "in/x/y/c.png", "in/z/a.png")
    run = sandbox.run("compress", "-r", "in", "-d", "out", "--format", "npz", check=0)
    folders = {"out", "out/x", "out/x/y", "out/z"}
    assert run.new - folders == {"out/a.npz", "out/x/b.npz", "out/x/y/c.npz", "out/z/a.npz"}
    run = sandbox.run("decompress", "-r", "out", "-d", "back", check=0)
    assert {"back/a.decoded.png", "back/x/y/c.decoded.png"} <= run.new
    np.testing.assert_array_equal(
        read_picture(Path("back/x/y/c.decoded.png")), read_picture(Path("in/x/y/c.png"))
    )


def test_without_another_directory_outputs_stand_beside_their_inputs(sandbox: Sandbox) -> None:
    sandbox.pictures("in/a.png", "in/x/b.png")
    run = sandbox.run("compress", "-r", "in", "--format", "npz", check=0)
    assert run.wrote("in/a.npz", "in/x/b.npz")


def test_a_directory_needs_the_option_for_directories(sandbox: Sandbox) -> None:  # row 14
    sandbox.pictures("in/a.png")
    run = sandbox.run("compress", "in", check=1)
    assert run.left_all_as_it_was
    assert run.lines == [
        "kmcodec: error: in: is a directory (-r takes what is in it) (is-directory)"
    ]


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (("compress", "in"), "-r takes what is in it"),
        (("compress", "-r", "in", "-d", "out"), None),
        (("decompress", "in"), "-r takes what is in it"),
        (("convert", "in", "--format", "npz"), "-r takes what is in it"),
        (("train", "in", "-o", "x.npy"), "-r takes what is in it"),
        (("info", "in"), "name the files in it"),
        (("sweep", "in"), "name the files in it"),
        (("report", "in", "in/a.png"), "name the files in it"),
        (("report", "in/a.png", "in"), "name the files in it"),
    ],
)
def test_every_verb_tells_what_to_do_about_a_directory(
    sandbox: Sandbox, arguments: tuple[str, ...], cure: str | None
) -> None:
    sandbox.pictures("in/a.png")
    run = sandbox.run(*arguments, check=0 if cure is None else 1)
    assert (f"in: is a directory ({cure}) (is-directory)" in run.lines[0]) == (cure is not None)


def test_a_directory_and_a_file_go_together(sandbox: Sandbox) -> None:
    sandbox.pictures("in/a.png", "b.png")
    run = sandbox.run("compress", "-r", "in", "b.png", "-d", "out", "--format", "npz", check=0)
    assert run.new == {"out", "out/a.npz", "out/b.npz"}


def test_one_output_for_a_directory_is_wrong_usage(sandbox: Sandbox) -> None:  # row 8
    sandbox.pictures("in/a.png")
    assert sandbox.run("compress", "-r", "in", "-o", "x.npz", check=2).left_all_as_it_was


def test_a_directory_named_like_an_archive_is_a_directory(sandbox: Sandbox) -> None:  # row 24
    sandbox.pictures("in/b.zip/a.png", "in/c.png/d.png")
    run = sandbox.run("compress", "-r", "in", "--format", "npz", check=0)
    assert run.wrote("in/b.zip/a.npz", "in/c.png/d.npz")


def test_only_pictures_are_taken_from_a_directory(sandbox: Sandbox) -> None:
    sandbox.pictures("in/a.png", "in/B.PNG", "in/c.Tif")
    for name in ("notes.txt", "x.svg", "y.pdf", ".kmcodec-1-abc.tmp", "z"):
        sandbox.path(f"in/{name}").write_bytes(b"something else")
    run = sandbox.run("compress", "-r", "in", "--format", "npz", check=0)
    assert run.wrote("in/a.npz", "in/B.npz", "in/c.npz")


def test_links_to_directories_are_not_followed(sandbox: Sandbox) -> None:
    sandbox.pictures("in/a.png", "elsewhere/b.png")
    sandbox.path("in/loop").symlink_to(".")
    sandbox.path("in/other").symlink_to("../elsewhere")
    run = sandbox.run("compress", "-r", "in", "--format", "npz", check=0)
    assert run.wrote("in/a.npz")


def test_a_deep_tree_is_walked(sandbox: Sandbox) -> None:
    deep = Path("in", *["d"] * 300)
    sandbox.pictures(str(deep / "a.png"))
    run = sandbox.run("compress", "-r", "in", "--format", "npz", check=0)
    assert run.wrote(str(deep / "a.npz"))


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder below 1,500 others, which are removed one by one: nobody else can."""
    folder = tmp_path / "in"
    for _ in range(1500):
        folder.mkdir()
        folder /= "a"
    yield folder.parent
    while folder != tmp_path:
        folder = folder.parent
        for file in folder.iterdir() if folder != tmp_path else ():
            (file.rmdir if file.is_dir() else file.unlink)()


def test_a_tree_may_be_deeper_than_the_stack_of_python(  # row 126
    deep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_picture(deep / "a.png", few_colors())
    write_picture(tmp_path / "in" / "b.png", few_colors(1))
    assert main(["compress", "-r", "in", "--format", "npz"]) == 0
    assert main(["decompress", "-r", "in"]) == 0
    np.testing.assert_array_equal(read_picture(deep / "a.decoded.png"), few_colors())
    assert main(["compress", "-r", "in", "--format", "npz"]) == 3
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("0 of 2 files (2 skipped, 2 left out)")


def test_a_loop_of_links_and_a_broken_link_are_files_that_fail(sandbox: Sandbox) -> None:
    sandbox.pictures("in/a.png")
    sandbox.path("in/b.png").symlink_to("c.png")
    sandbox.path("in/c.png").symlink_to("b.png")
    sandbox.path("in/d.png").symlink_to("nothing")
    run = sandbox.run("compress", "-r", "in", "--format", "npz", check=1)
    assert run.wrote("in/a.npz")
    assert [line.split(": ")[2] for line in run.lines[1:-1] if "error" in line] == [
        "in/b.png", "in/c.png", "in/d.png",
    ]  # fmt: skip


def test_an_empty_directory_is_nothing_to_do(sandbox: Sandbox) -> None:
    sandbox.path("in").mkdir()
    assert sandbox.run("compress", "-r", "in", check=0).left_all_as_it_was


def test_an_unreadable_directory_is_one_error_among_the_others(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.pictures("in/a.png", "in/x/b.png")
    scandir = os.scandir

    def forbid(folder: str | Path) -> object:
        if str(folder) == "in/x":
            raise PermissionError(13, "Permission denied", "in/x")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", forbid)
    run = sandbox.run("compress", "-r", "in", "--format", "npz")
    assert run.code == 1
    assert run.new == {"in/a.npz"}
    assert "kmcodec: error: in/x: permission denied (no-permission)" in run.lines


def test_the_order_is_that_of_the_names(sandbox: Sandbox) -> None:
    sandbox.pictures("in/b.png", "in/a.png", "in/c/a.png", "z.png", "y.png")
    run = sandbox.run("compress", "-r", "z.png", "in", "y.png", "--json", "-q", check=0)
    names = [result["input"] for result in json.loads(run.out)["results"]]
    assert names == ["z.png", "in/a.png", "in/b.png", "in/c/a.png", "y.png"]


def test_the_order_is_that_of_the_names_however_the_system_lists_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [f"in/{folder}{letter}.png" for folder in ("", "x/", "y/") for letter in "abcdefghi"]
    monkeypatch.chdir(tmp_path)
    for source in sources:
        write_picture(Path(source), few_colors(0, 1, 1))
    scandir = os.scandir

    @contextlib.contextmanager
    def shuffled(folder: Path) -> Iterator[list["os.DirEntry[str]"]]:
        with scandir(folder) as entries:
            yield sorted(entries, key=lambda entry: hash((entry.name, "salt")))

    monkeypatch.setattr(os, "scandir", shuffled)
    plan = plan_compression([Path("in")], Naming(recursive=True), FORMATS["npz"])
    assert [str(planned.source) for planned in plan] == sources


# A second time


def test_compressing_all_pngs_a_second_time_does_nothing(sandbox: Sandbox) -> None:
    sandbox.pictures("a.png", "b.png")
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


@pytest.mark.parametrize("format", ["pair", "npz", "png", "kmc"])
def test_a_directory_is_not_compressed_twice(sandbox: Sandbox, format: str) -> None:
    sandbox.pictures("in/a.png", "in/x/b.png")
    options = ("compress", "-r", "in", "--format", format)
    sandbox.run(*options, check=0)
    names = {"pair": "a.labels.png", "npz": "a.npz", "png": "a.indexed.png", "kmc": "a.kmc"}
    sandbox.run("decompress", f"in/{names[format]}", check=0)
    run = sandbox.run(*options, check=3)
    assert run.left_all_as_it_was
    ours = {"pair": 2 + 1, "png": 2 + 1}.get(format, 1)
    assert run.lines[-1].startswith(f"0 of 2 files (2 skipped, {ours} left out)")


def test_outputs_inside_the_input_are_not_compressed(sandbox: Sandbox) -> None:
    sandbox.pictures("in/a.png", "in/x/b.png")
    options = ("compress", "-r", "in", "-d", "in/out")
    first = sandbox.run(*options, "--format", "png", check=0)
    shutil.copy("in/a.png", "in/out/copy.png")
    again = sandbox.run(*options, "--format", "png", check=3)
    assert again.left_all_as_it_was
    assert {"in/out/a.indexed.png", "in/out/x/b.indexed.png"} <= first.new
