"""Every vector under tests/vectors gives its pixels or its reason, for ever."""

import ast
import hashlib
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from vector_tools import (
    CONFORMING,
    INVALID,
    REFUSED,
    VECTORS,
    Row,
    files_of,
    name_of,
    parts_of,
    sources_of_readers,
)

from codec import kernels
from codec.decompressor import decompress
from codec.errors import CodecError, FormatError, LimitError
from codec.formats.contents import Contents
from codec.formats.files import load_contents
from codec.formats.registry import FORMATS
from codec.limits import MAX_PIXELS

NOT_OURS = "foreign-", "optimized-", "dense-", "marked-"


LARGE = [
    f"dense-{name}.kmc"
    for name in (
        "large-18", "large-19", "large-20", "weights", "negative-weights", "final-mixer"
    )
]  # fmt: skip


def read_invalid(row: Row) -> Contents:
    if row["format"] == "any":
        return load_contents(INVALID / row["name"])
    return FORMATS[row["format"]].decode(*parts_of(INVALID, row), max_pixels=MAX_PIXELS)


def describe(pixels: npt.NDArray[np.uint8]) -> tuple[str, str]:
    return "x".join(map(str, pixels.shape)), hashlib.sha256(pixels.tobytes()).hexdigest()


@pytest.mark.parametrize("row", CONFORMING, ids=name_of)
def test_a_conforming_file_decodes_to_the_pixels_it_always_did(row: Row) -> None:
    if row["name"] in LARGE and not kernels.COMPILED:
        pytest.skip("would take minutes without compiled kernels")
    contents = load_contents(VECTORS / row["name"])
    assert contents.format == row["format"]
    assert contents.verified is (row["verified"] == "yes")
    assert describe(decompress(contents.indexed)) == (row["shape"], row["sha256"])
    assert contents.size_bytes == sum(path.stat().st_size for path in files_of(VECTORS, row))


@pytest.mark.parametrize(
    "row", [row for row in CONFORMING if row["verified"] == "yes"], ids=name_of
)
def test_what_the_writers_make_of_a_sealed_picture_today_means_the_same(row: Row) -> None:
    indexed = load_contents(VECTORS / row["name"]).indexed
    for format in FORMATS.values():
        if format.name == "kmc" and indexed.labels.size > 500 and not kernels.COMPILED:
            continue  # would take minutes
        contents = format.decode(*format.encode(indexed, "best"), max_pixels=indexed.labels.size)
        assert describe(decompress(contents.indexed)) == (row["shape"], row["sha256"])


@pytest.mark.parametrize("row", REFUSED, ids=name_of)
def test_an_invalid_file_is_refused_for_its_reason(row: Row) -> None:
    with pytest.raises(CodecError) as caught:
        read_invalid(row)
    assert caught.value.reason == row["reason"]
    expected = LimitError if row["reason"] in ("pixel-limit", "side-limit") else FormatError
    assert type(caught.value) is expected


def test_invalid_files_are_named_by_their_reason() -> None:
    for row in REFUSED:
        assert row["name"].startswith(row["reason"] + "-")
        assert re.fullmatch(r"[a-z0-9-]+(\.labels\.png|\.npz|\.png|\.kmc)?", row["name"])


@pytest.mark.parametrize(("folder", "rows"), [(VECTORS, CONFORMING), (INVALID, REFUSED)])
def test_manifest_and_folder_list_the_same_files(folder: Path, rows: list[Row]) -> None:
    names = [row["name"] for row in rows]
    assert len(set(names)) == len(names)
    listed = {path for row in rows for path in files_of(folder, row)}
    others = {
        ".gitattributes",
        "MANIFEST.csv",
        "README.md",
        "make_vectors.py",
        "invalid_vectors.py",
        "dense_vectors.py",
    }
    found = {path for path in folder.iterdir() if path.is_file() and path.name not in others}
    assert listed == found
    assert all(path.stat().st_size <= 4096 for path in found)


def test_every_format_has_vectors_of_every_kind_of_picture() -> None:
    names = {row["name"] for row in CONFORMING}
    own = {name.split(".")[0] for name in names if not name.startswith(NOT_OURS)}
    assert own >= {
        "grey-pixel", "rgb-pixel", "rgba-pixel", "one-color", "two-colors", "flag",
        "sixteen-colors", "seventeen-colors", "full-codebook", "one-row", "one-column",
        "grey-alpha", "transparent",
    }  # fmt: skip
    for name in own:
        assert {f"{name}{format.ending}" for format in FORMATS.values()} <= names


# Reasons that no file of a few kilobytes can give.
WITHOUT_VECTOR = {
    "verify",  # a fault of the writers
    "file-too-large",  # writers stop before it is
    "part-limit",  # of pictures that are read in parts
}


def reasons_in_the_code() -> set[str]:
    """The last argument of every error that is a file's fault."""
    found: set[str] = set()
    for path in sources_of_readers():
        # What IndexedImage objects to, readers hand on as FormatError.
        raised = {"ImageError"} if path.stem == "indexed" else {"FormatError", "LimitError"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) in raised):
                continue
            reason = node.args[1]
            if isinstance(reason, ast.Constant):
                found.add(str(reason.value))
            elif isinstance(reason, ast.JoinedStr):
                assert ast.unparse(reason) == "f'bad-{name}'"
                found |= {"bad-labels", "bad-codebook"}
            else:
                assert ast.unparse(reason) == "error.reason"
    return found


def test_every_reason_that_a_reader_can_give_has_a_vector() -> None:
    assert {row["reason"] for row in REFUSED} == reasons_in_the_code() - WITHOUT_VECTOR
