"""What the command line takes for what, and what it says where it takes nothing."""

import json
from pathlib import Path

import pytest
from cli_tools import Sandbox, usage_error

import codec


@pytest.mark.parametrize(
    ("arguments", "guess"),
    [
        (("compres", "a.png"), "compress"),
        (("swep", "a.png"), "sweep"),
        (("compress", "a.png", "--colour", "3"), "--colors"),
        (("compress", "--colours", "4", "a.png"), "--colors"),
        (("compress", "a.png", "--colours=4"), "--colors"),
        (("a.png", "--colours", "4"), "--colors"),
        (("--colours", "4"), "--colors"),
        (("--hlep",), "--help"),
        (("compress", "--hlep"), "--help"),
        (("--verison",), "--version"),
        (("help",), "--help"),
        (("info", "a.png", "--colors", "3"), None),
        (("compress", "a.png", "-z"), None),
        (("compress", "a.png", "--skip-if-bigger"), "--skip-if-larger"),
        (("compress", "a.png", "--tune", "vizual"), "visual"),
        (("compress", "a.png", "--dither", "fss"), "fs"),
        (("compress", "a.png", "--wholly-else"), None),
        (("info", "a.png", "--effort", "3"), None),
        (("nothing",), None),
        (("compress",), None),
        ((), None),
    ],
)
def test_wrong_usage_takes_two_lines_and_a_guess(
    sandbox: Sandbox, arguments: tuple[str, ...], guess: str | None
) -> None:
    sandbox.picture("a.png")
    run = sandbox.run(*arguments)
    assert usage_error(run)
    assert len(run.lines) == 2
    assert run.lines[0].startswith("usage: kmcodec ")
    assert "--help" in run.lines[0]
    if guess is None:
        assert "did you mean" not in run.lines[1]
    else:
        assert run.lines[1].endswith(f"; did you mean {guess}?")


@pytest.mark.parametrize("name", ["a.png", "./a.png", "picture"])
@pytest.mark.parametrize("first", [True, False])
def test_a_file_without_a_verb_is_compressed(sandbox: Sandbox, name: str, first: bool) -> None:
    sandbox.picture("a.png")
    sandbox.picture("picture.png").rename("picture")
    options = ("-k", "5", "-o", "x.npz")
    sandbox.run(*((name, *options) if first else (*options, name)), check=0)
    assert codec.load("x.npz").n_colors == 5


def test_a_missing_file_without_a_verb_is_told_as_such(sandbox: Sandbox) -> None:
    run = sandbox.run("missing.png", check=1)
    assert run.err == "kmcodec: error: missing.png: no such file or directory (not-found)\n"


def test_a_file_that_has_the_name_of_a_verb_needs_one(sandbox: Sandbox) -> None:
    sandbox.picture("a.png").rename("info")
    assert "RGB" in sandbox.run("info", "info", check=0).out
    sandbox.run("./info", "-o", "x.npz", check=0)
    assert Path("x.npz").exists()


def test_options_first_may_have_values_that_are_verbs(sandbox: Sandbox) -> None:
    sandbox.picture("a.png")
    sandbox.run("-d", "sweep", "a.png", check=0)
    assert Path("sweep/a.labels.png").exists()


@pytest.mark.parametrize("numbers", [("4,8,16",), ("4", "8", "16"), ("4,8", "16")])
def test_numbers_have_blanks_or_commas_between_them(
    sandbox: Sandbox, numbers: tuple[str, ...]
) -> None:
    sandbox.picture("a.png")
    expected = sandbox.run("sweep", "a.png", "-k", "4", "8", "16", "--json", check=0).out
    found = sandbox.run("sweep", "a.png", "-k", *numbers, "--json", check=0).out
    assert found.count('"n_colors_asked"') == expected.count('"n_colors_asked"') == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("-k", "4,16", "a.png", "b.png"),
        ("-k", "4", "16", "a.png", "b.png"),
        ("a.png", "b.png", "-k", "4", "16"),
        ("--colors", "4", "16", "a.png", "b.png"),
        ("--colors=4,16", "a.png", "b.png"),
        ("-k4,16", "a.png", "b.png"),
        ("-k", "4", "16", "--", "a.png", "b.png"),
    ],
)
def test_pictures_may_stand_behind_numbers(sandbox: Sandbox, arguments: tuple[str, ...]) -> None:
    sandbox.pictures("a.png", "b.png")
    lines = sandbox.run("sweep", "--json-lines", *arguments, check=0).out.splitlines()[:-1]
    found = [(each["input"], each["n_colors_asked"]) for each in map(json.loads, lines)]
    assert found == [("a.png", 4), ("a.png", 16), ("b.png", 4), ("b.png", 16)]


def test_a_picture_that_is_called_as_a_number_has_its_folder_before_it(sandbox: Sandbox) -> None:
    sandbox.picture("a.png").rename("16")
    lines = sandbox.run("sweep", "-k", "4", "./16", "--json-lines", check=0).out.splitlines()
    assert [json.loads(line).get("n_colors_asked") for line in lines] == [4, None]


@pytest.mark.parametrize("verb", ["compress", "sweep", "info"])
def test_inputs_that_stand_apart_are_told_as_that(sandbox: Sandbox, verb: str) -> None:
    sandbox.pictures("a.png", "b.png")
    run = sandbox.run(verb, "a.png", "--json", "b.png")
    assert usage_error(run)
    assert run.lines[1].endswith("error: b.png stands apart: name all inputs together")


def test_a_complaint_shows_the_usage_of_its_verb(sandbox: Sandbox) -> None:
    run = sandbox.run("sweep", "a.png", "--formt", "png", check=2)
    assert run.lines[0].startswith("usage: kmcodec sweep [OPTION...] INPUT...")


@pytest.mark.parametrize("numbers", ["4,", ",4", "4,,8", "4;8", "4,0", "4,257"])
def test_other_lists_of_numbers_are_wrong_usage(sandbox: Sandbox, numbers: str) -> None:
    sandbox.picture("a.png")
    assert usage_error(sandbox.run("sweep", "a.png", "-k", numbers))
