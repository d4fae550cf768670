"""Numbers and words as people type them."""

import argparse

import pytest
from cli_tools import Sandbox, usage_error

import codec
from codec.cli.numbers import format_word, size_or_share


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("50000", 50000), ("50000b", 50000), ("50k", 50000), ("50K", 50000), ("50kb", 50000),
        ("50KB", 50000), ("50 kB", 50000), ("1MB", 1000000), ("1m", 1000000), ("1.5 mb", 1500000),
        ("50KiB", 51200), ("50kib", 51200), ("1MiB", 1048576), ("0.5k", 500), ("30%", 0.3),
        ("30 %", 0.3),
    ],
)  # fmt: skip
def test_sizes_are_read_however_their_unit_is_written(text: str, size: float) -> None:
    found = size_or_share(text)
    assert (found, type(found)) == (size, type(size))


@pytest.mark.parametrize("text", ["", "kB", "5  k", "5kg", "5kBs", "-5k", "0", "0.9", "5k%", "٣k"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no size such as"):
        size_or_share(text)


def test_formats_are_called_as_their_files_are() -> None:
    assert [*map(format_word, ["PNG", ".png", ".Npz", "TIF", ".tif", "tiff", "x"])] == [
        "png", "png", "npz", "tiff", "tiff", "tiff", "x",
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["PNG", ".png", ".PNG"])
def test_every_verb_takes_such_words(sandbox: Sandbox, word: str) -> None:
    sandbox.picture("a.png")
    sandbox.run("compress", "a.png", "--format", word, check=0)
    expected = codec.load("a.indexed.png")
    sandbox.run("compress", "a.png", "-o", "b.npz", check=0)
    sandbox.run("convert", "b.npz", "--format", word, check=0)
    assert codec.load("b.indexed.png") == expected
    assert "K" in sandbox.run("sweep", "a.png", "-k", "3", "--format", word, check=0).out
    assert usage_error(sandbox.run("compress", "a.png", "--format", "pgn"))
