"""What the command line takes for what, and what it says where it takes nothing."""

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


@pytest.mark.parametrize("numbers", ["4,", ",4", "4,,8", "4;8", "4,0", "4,257"])
def test_other_lists_of_numbers_are_wrong_usage(sandbox: Sandbox, numbers: str) -> None:
    sandbox.picture("a.png")
    assert usage_error(sandbox.run("sweep", "a.png", "-k", numbers))
