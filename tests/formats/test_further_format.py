"""A further format is one module and one row: everything else asks the registry."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Sandbox, few_colors, read_picture

import codec
from codec.errors import FormatError
from codec.formats.contents import Contents
from codec.formats.registry import FORMATS, Format, format_of
from codec.indexed import IndexedImage

MAGIC = b"PLAIN\n"


def encode(indexed: IndexedImage, effort: str) -> list[bytes]:
    """Two files: colors, then magic, shape and labels."""
    shape = np.array([indexed.height, indexed.width, indexed.channels], dtype="<u4")
    return [indexed.codebook.tobytes(), MAGIC + shape.tobytes() + indexed.labels.tobytes()]


def decode(colors: bytes, data: bytes, *, max_pixels: int) -> Contents:
    """What `encode` wrote."""
    height, width, channels = np.frombuffer(data, "<u4", 3, len(MAGIC)).tolist()
    labels = np.frombuffer(data, np.uint8, offset=len(MAGIC) + 12)
    if labels.size != height * width:
        raise FormatError("the file is cut short", "truncated")
    codebook = np.frombuffer(colors, np.uint8).reshape(-1, channels)
    sizes = {"codebook": len(colors), "labels": len(data)}
    indexed = IndexedImage(labels.reshape(height, width), codebook, verified=False)
    return Contents("plain", indexed, sizes)


def peek_size(start: bytes) -> tuple[int, int]:
    """Width and height."""
    height, width = np.frombuffer(start, "<u4", 2, len(MAGIC)).tolist()
    return width, height


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> Format:
    """The row."""
    row = Format(
        "plain", "plain file", MAGIC, (".colors", ".plain"), ".plain", encode, decode,
        ascending=True, peek_size=peek_size,
    )  # fmt: skip
    monkeypatch.setitem(FORMATS, "plain", row)
    return row


def test_it_is_saved_and_loaded_by_the_end_of_its_name(tmp_path: Path) -> None:
    indexed = codec.compress(few_colors(), 5)
    paths = codec.save(indexed, tmp_path / "a.plain")

    assert paths == [tmp_path / "a.colors", tmp_path / "a.plain"]
    found = codec.load(tmp_path / "a.plain")
    assert np.array_equal(codec.decompress(found), codec.decompress(indexed))
    assert np.array_equal(found.codebook, np.unique(indexed.codebook, axis=0))
    assert np.array_equal(codec.load(tmp_path / "a.colors").labels, found.labels)


@pytest.mark.parametrize("named", [("--format", "plain"), ("-o", "a.plain")])
def test_the_command_writes_and_reads_it(sandbox: Sandbox, named: tuple[str, str]) -> None:
    sandbox.picture("a.png")
    assert sandbox.run("compress", "a.png", *named, check=0).wrote("a.plain", "a.colors")
    again = sandbox.run("compress", "a.png", "a.plain", "-d", "out", "--format", "npz", check=3)
    assert again.wrote("out", "out/a.npz")
    assert "a.plain: skipped: it is a compressed file" in again.err
    assert "format" in sandbox.run("info", "a.plain", check=0).out
    assert '"format": "plain"' in sandbox.run("info", "a.colors", "--json", check=0).out
    assert "lossless" in sandbox.run("report", "a.png", "a.plain", check=0).out
    # Its other file is no input of its own.
    assert sandbox.run("decompress", "a.colors", "a.plain", check=0).wrote("a.decoded.png")
    assert np.array_equal(read_picture(sandbox.path("a.decoded.png")), few_colors())


def test_a_directory_of_it_is_decompressed(sandbox: Sandbox) -> None:
    for name in ("d/a", "d/e/b"):
        sandbox.path(name).parent.mkdir(parents=True, exist_ok=True)
        codec.save(codec.compress(few_colors()), sandbox.path(f"{name}.plain"))
    run = sandbox.run("decompress", "-r", "d", "-d", "back", check=0)
    assert run.wrote("back", "back/e", "back/a.decoded.png", "back/e/b.decoded.png")


def test_its_bytes_are_swept(sandbox: Sandbox) -> None:
    picture = few_colors()
    sandbox.picture("a.png", picture)
    run = sandbox.run("sweep", "a.png", "-k", "4", "--format", "plain", "--json", check=0)
    (result,) = json.loads(run.out)["results"]
    assert result["format"] == "plain"
    assert result["output_bytes"] == len(MAGIC) + 12 + picture[:, :, 0].size + 4 * 3


def test_what_is_no_format_is_named_with_it(sandbox: Sandbox) -> None:
    run = sandbox.run("compress", "a.png", "--format", "gif", check=2)
    assert "format 'gif' is not one of pair, npz, png, kmc, plain" in run.err
    sandbox.path("text.plain").write_bytes(b"text that is no format")
    run = sandbox.run("info", "text.plain", check=1)
    assert (
        "not a label PNG, npz, indexed PNG, kmc or plain file, nor a picture (not-compressed)"
        in run.err
    )


def test_names_choose_the_longest_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Format("two", "two", b"TWO", (".two.plain",), ".two.plain", encode, decode)
    monkeypatch.setitem(FORMATS, "two", row)
    assert format_of("a.two.plain").name == "two"
    assert format_of("a.plain").name == "plain"
