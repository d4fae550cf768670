"""Outputs that collide with each other, or with inputs: renamed, or they alone fail.

Rows are those of the catalogue of bad inputs and faults.
"""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run, Sandbox, few_colors, read_picture, usage_error, write_picture

import codec
from codec.formats.registry import FORMATS
from codec.jobs.plan import Naming, plan_compression


def failed(run: Run, *names: str) -> bool:
    """Whether these inputs, and no others, failed since their outputs collide."""
    assert run.code == 1, run.err
    lines = [line for line in run.lines if line.startswith("kmcodec: error: ")]
    assert all(line.endswith(" (collision)") for line in lines), lines
    assert [line.split(": ")[2] for line in lines] == list(names), lines
    return True


# Outputs with one name


@pytest.mark.parametrize("force", [(), ("--force",)])
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "names",
    [
        ("a.png", "a.bmp"),
        ("a.png", "a.bmp", "a.tif", "a.tiff"),
        ("a.b.png", "a.b.bmp"),
        ("x y.png", "x y.tif"),
        (".a.png", ".a.bmp"),
    ],
)
def test_pictures_with_the_same_stem_keep_their_endings(  # row 123
    sandbox: Sandbox, names: tuple[str, ...], format: str, force: tuple[str, ...]
) -> None:
    sandbox.pictures("other.png", *names)
    run = sandbox.run("compress", "other.png", *names, "--format", format, *force, check=0)
    row = FORMATS[format]
    written = {f"{name}{row.default_ending}" for name in names}
    assert {f"other{row.default_ending}"} | written <= run.new
    for seed, name in enumerate(names, 1):
        indexed = codec.load(f"{name}{row.default_ending}")
        np.testing.assert_array_equal(codec.decompress(indexed), few_colors(seed))
    told = [line for line in run.lines if "its whole name is kept" in line]
    assert len(told) == 1
    assert f"its whole name is kept: {names[0]} and {len(names) - 1} more file" in told[0]


def test_a_renamed_output_says_so_in_json(sandbox: Sandbox) -> None:
    sandbox.pictures("a.png", "a.bmp", "b.png")
    run = sandbox.run("compress", "a.png", "a.bmp", "b.png", "--format=npz", "--json", check=0)
    results = json.loads(run.out)["results"]
    assert [result["outputs"] for result in results] == [["a.png.npz"], ["a.bmp.npz"], ["b.npz"]]
    told = "would be written to a.npz as well: its whole name is kept"
    assert [result["notices"][0] for result in results[:2]] == [f"a.bmp {told}", f"a.png {told}"]
    assert told not in str(results[2]["notices"])


@pytest.mark.parametrize(
    "inputs", [("x/a.png", "y/a.bmp"), ("-r", "x", "y"), ("-r", "x/a.png", "y")]
)
def test_pictures_of_different_directories_keep_their_endings_in_one(
    sandbox: Sandbox, inputs: tuple[str, ...]
) -> None:
    sandbox.pictures("x/a.png", "y/a.bmp")
    run = sandbox.run("compress", *inputs, "-d", "out", "--format", "npz", check=0)
    assert run.wrote("out", "out/a.png.npz", "out/a.bmp.npz")


@pytest.mark.parametrize(
    "inputs",
    [("x/a.png", "z/b.png", "y/a.png"), ("-r", "x", "z", "y"), ("-r", "x", "z", "y/a.png")],
)
def test_pictures_of_one_name_fail_and_the_others_are_done(
    sandbox: Sandbox, inputs: tuple[str, ...]
) -> None:
    sandbox.pictures("x/a.png", "y/a.png", "z/b.png")
    run = sandbox.run("compress", *inputs, "-d", "out", "--format", "npz")
    assert failed(run, "x/a.png", "y/a.png")
    assert run.wrote("out", "out/b.npz")
    assert "y/a.png would be written to out/a.png.npz as well" in run.lines[0]


def test_the_same_picture_twice_fails_alone(sandbox: Sandbox) -> None:
    sandbox.pictures("a.png", "b.png")
    sandbox.path("here").symlink_to(".")
    run = sandbox.run("compress", "a.png", "here/a.png", "b.png", "--format", "npz")
    assert failed(run, "a.png", "here/a.png")
    assert run.wrote("b.npz")


def test_the_same_name_twice_is_one_input(sandbox: Sandbox) -> None:
    sandbox.pictures("a.png")
    run = sandbox.run("compress", "a.png", "a.png", "./a.png", check=0)
    assert run.new == {"a.labels.png", "a.codebook.npy"}


def test_a_whole_name_may_collide_with_another_output(sandbox: Sandbox) -> None:
    names = ("a.bmp.png", "a.png", "a.bmp", "a.bmp.png.tif")
    sandbox.pictures(*names)
    run = sandbox.run("compress", *names, "--format", "npz", check=0)
    assert run.wrote("a.bmp.npz", "a.bmp.png.npz", "a.png.npz", "a.bmp.png.tif.npz") or run.wrote(
        *(f"{name}.npz" for name in names)
    )
    found = {tuple(codec.decompress(codec.load(name)).reshape(-1)) for name in run.new}
    assert found == {tuple(few_colors(seed).reshape(-1)) for seed in range(4)}


def test_both_halves_of_a_pair_are_one_input(sandbox: Sandbox) -> None:
    sandbox.pictures("a.png")
    sandbox.run("compress", "a.png", check=0)
    run = sandbox.run("decompress", "a.codebook.npy", "a.labels.png", check=0)
    assert run.new == {"a.decoded.png"}


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_an_output_that_is_another_input_fails_alone(
    sandbox: Sandbox, force: tuple[str, ...]
) -> None:
    sandbox.pictures("a.png", "b.png")
    shutil.copy("a.png", "a.indexed.png")
    run = sandbox.run("compress", "a.png", "a.indexed.png", "b.png", "--format", "png", *force)
    assert failed(run, "a.png")
    assert run.wrote("a.indexed.indexed.png", "b.indexed.png")
    assert "the output a.indexed.png is the input a.indexed.png" in run.lines[0]


@pytest.mark.parametrize("kind", ["symbolic", "hard"])
def test_an_output_that_is_another_name_of_an_input_fails_alone(
    sandbox: Sandbox, kind: str
) -> None:
    sandbox.pictures("a.png", "b.png")
    if kind == "symbolic":
        sandbox.path("a.npz").symlink_to("b.png")
    else:
        os.link("b.png", "a.npz")
    run = sandbox.run("compress", "a.png", "b.png", "--format", "npz", "--force")
    assert failed(run, "a.png")
    assert run.wrote("b.npz")


def test_an_output_through_a_link_to_an_input_directory_fails_alone(sandbox: Sandbox) -> None:
    sandbox.pictures("x/a.png", "x/a.indexed.png", "b.png")
    sandbox.path("out").symlink_to("x")
    run = sandbox.run(
        "compress", "x/a.png", "x/a.indexed.png", "b.png", "-d", "out", "--format=png", "-f"
    )
    assert failed(run, "x/a.png")
    assert run.wrote("x/a.indexed.indexed.png", "x/b.indexed.png")


def test_outputs_that_are_links_to_one_file_are_written_apart(sandbox: Sandbox) -> None:
    sandbox.pictures("a.png", "b.png")
    sandbox.path("a.npz").symlink_to("b.npz")
    run = sandbox.run("compress", "a.png", "b.png", "--format", "npz", "--force", check=0)
    assert run.wrote("a.png.npz", "b.png.npz")


def test_compressed_files_with_the_same_stem_keep_their_endings(sandbox: Sandbox) -> None:
    sandbox.pictures("a.png")
    sandbox.run("compress", "a.png", check=0)
    sandbox.run("compress", "a.png", "--format", "npz", check=0)
    run = sandbox.run("decompress", "a.labels.png", "a.npz", check=0)
    assert run.wrote("a.labels.png.decoded.png", "a.npz.decoded.png")
    np.testing.assert_array_equal(read_picture(Path("a.npz.decoded.png")), few_colors())


def test_names_that_differ_in_case_do_not_collide_where_the_system_keeps_them_apart(
    sandbox: Sandbox,
) -> None:
    sandbox.pictures("a.png")
    if sandbox.path("A.png").exists():
        pytest.skip("this file system does not tell upper from lower case")
    sandbox.pictures("A.png")
    sandbox.run("compress", "a.png", "A.png", check=0)


def test_every_folder_is_resolved_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that what a name costs does not grow with the depth of its tree."""
    monkeypatch.chdir(tmp_path)
    folder = Path("in", *["d"] * 40)
    sources = [write_picture(folder / f"{n}.png", few_colors(0, 1, 1)) for n in range(20)]
    asked = []
    islink = os.path.islink

    def count(path: str) -> bool:
        asked.append(path)
        return islink(path)

    monkeypatch.setattr(os.path, "islink", count)
    plan = plan_compression(sources, Naming(), FORMATS["npz"])
    assert len(plan) == 20
    assert len(asked) <= 41 + 3 * 20


# Outputs that are inputs


def link_to(name: str, kind: str) -> str:
    """Give a file of the working directory another name of a kind; return it."""
    if kind == "same":
        return name
    if kind == "dot":
        return f"./{name}"
    if kind == "absolute":
        return str(Path(name).absolute())
    other = f"other{''.join(Path(name).suffixes)}"
    if kind == "symbolic":
        Path(other).symlink_to(name)
    elif kind == "hard":
        os.link(name, other)
    else:
        Path("folder").symlink_to(".")
        return f"folder/{name}"
    return other


LINKS = ["same", "dot", "absolute", "symbolic", "hard", "folder"]


@pytest.mark.parametrize("force", [(), ("--force",)])
@pytest.mark.parametrize("kind", LINKS)
def test_an_output_of_compress_that_is_its_input_is_wrong_usage(  # rows 7 and 119
    sandbox: Sandbox, kind: str, force: tuple[str, ...]
) -> None:
    sandbox.picture("photo.png")
    output = link_to("photo.png", kind)
    assert usage_error(sandbox.run("compress", "photo.png", "-o", output, *force))
    assert usage_error(sandbox.run("compress", output, "-o", "photo.png", *force))


@pytest.mark.parametrize("force", [(), ("--force",)])
@pytest.mark.parametrize("kind", LINKS)
def test_an_output_of_decompress_that_is_its_input_is_wrong_usage(  # rows 7 and 119
    sandbox: Sandbox, kind: str, force: tuple[str, ...]
) -> None:
    sandbox.picture("photo.png")
    sandbox.run("compress", "photo.png", "-o", "small.png", check=0)
    output = link_to("small.png", kind)
    assert usage_error(sandbox.run("decompress", "small.png", "-o", output, *force))


@pytest.mark.parametrize("part", ["x.labels.png", "x.codebook.npy"])
@pytest.mark.parametrize("kind", ["symbolic", "hard"])
def test_a_part_of_a_pair_that_is_the_input_is_wrong_usage(  # rows 7 and 119
    sandbox: Sandbox, part: str, kind: str
) -> None:
    sandbox.picture("photo.png")
    if kind == "symbolic":
        Path(part).symlink_to("photo.png")
    else:
        os.link("photo.png", part)
    run = sandbox.run("compress", "photo.png", "-o", "x.labels.png", "--force")
    assert usage_error(run)


def test_the_other_half_of_a_pair_is_an_input_too(pair: Sandbox) -> None:  # row 7
    arguments = ("decompress", "photo.codebook.npy", "-o", "photo.labels.png", "--force")
    assert usage_error(pair.run(*arguments))


def test_a_codebook_given_by_name_is_an_input_too(pair: Sandbox) -> None:  # row 7
    shutil.copy("photo.codebook.npy", "book.png")
    run = pair.run(
        "decompress", "photo.labels.png", "--codebook", "book.png", "-o", "book.png", "--force"
    )
    assert usage_error(run)
