"""Patterns of names that no shell has expanded."""

import os

import pytest
from cli_tools import Sandbox, few_colors


@pytest.fixture
def tree(sandbox: Sandbox) -> Sandbox:
    """Pictures with names that patterns tell apart."""
    sandbox.pictures("a1.png", "a2.png", "b1.png", "deep/a3.png", "deep/er/a4.png", "[1].png")
    return sandbox


def inputs(sandbox: Sandbox, *patterns: str) -> list[str]:
    """Names that `info` tells of, in their order."""
    run = sandbox.run("info", *patterns, check=0)
    return [line for line in run.out.splitlines() if not line.startswith(" ")]


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["a*.png"], ["a1.png", "a2.png"]),
        (["a?.png", "b1.png"], ["a1.png", "a2.png", "b1.png"]),
        (["b*", "a1.png"], ["b1.png", "a1.png"]),
        (["**/a*.png"], ["a1.png", "a2.png", "deep/a3.png", "deep/er/a4.png"]),
        (["deep/*.png"], ["deep/a3.png"]),
        (["[1].png"], ["[1].png"]),
        (["[1]*"], ["[1].png"]),
    ],
)
def test_patterns_stand_for_what_they_match(
    tree: Sandbox, patterns: list[str], names: list[str]
) -> None:
    assert inputs(tree, *patterns) == names


@pytest.mark.skipif(os.name == "nt", reason="no such names")
def test_a_file_that_is_named_like_a_pattern_is_itself(tree: Sandbox) -> None:
    tree.picture("a*.png", few_colors(9))
    assert inputs(tree, "a*.png") == ["a*.png"]


@pytest.mark.parametrize("verb", ["compress", "decompress", "convert", "info", "sweep", "train"])
def test_what_matches_nothing_is_a_file_that_is_missing(tree: Sandbox, verb: str) -> None:
    more = {"convert": ("--format", "npz"), "train": ("-o", "x.npy")}.get(verb, ())
    run = tree.run(verb, "x*.png", *more, check=1)
    assert "x*.png: no such file or directory (not-found)" in run.err


def test_compressed_files_of_a_report_may_be_patterns(tree: Sandbox) -> None:
    tree.run("compress", "a1.png", "-o", "c.npz", check=0)
    tree.run("compress", "a1.png", "-o", "c.png", check=0)
    run = tree.run("report", "a1.png", "c.*", check=0)
    assert "c.npz" in run.out
    assert "c.png" in run.out
