"""Every vector under tests/vectors gives its pixels or its reason, for ever."""

import ast
import csv
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import codec
from codec import kernels
from codec.decompressor import decompress
from codec.errors import CodecError, FormatError, LimitError
from codec.formats import FORMS, load_contents, part_paths
from codec.formats.contents import Contents
from codec.options import MAX_PIXELS

VECTORS = Path(__file__).parent / "vectors"
INVALID = VECTORS / "invalid"
SPECIFICATION = VECTORS.parents[1] / "format-spec.md"
NOT_OURS = "foreign-", "optimized-", "dense-"


def manifest(folder: Path) -> list[dict[str, str]]:
    with (folder / "MANIFEST.csv").open(newline="") as file:
        return list(csv.DictReader(file))


CONFORMING, REFUSED = manifest(VECTORS), manifest(INVALID)


def name_of(row: dict[str, str]) -> str:
    return row["name"]


def files_of(folder: Path, row: dict[str, str]) -> list[Path]:
    path = folder / row["name"]
    return [path] if row["form"] == "any" else part_paths(FORMS[row["form"]], path)


def parts_of(folder: Path, row: dict[str, str]) -> list[bytes]:
    return [path.read_bytes() for path in files_of(folder, row)]


def read_invalid(row: dict[str, str]) -> Contents:
    if row["form"] == "any":
        return load_contents(INVALID / row["name"])
    return FORMS[row["form"]].decode(parts_of(INVALID, row), MAX_PIXELS)


def describe(pixels: np.ndarray) -> tuple[str, str]:
    return "x".join(map(str, pixels.shape)), hashlib.sha256(pixels.tobytes()).hexdigest()


@pytest.mark.parametrize("row", CONFORMING, ids=name_of)
def test_a_conforming_file_decodes_to_the_pixels_it_always_did(row):
    contents = load_contents(VECTORS / row["name"])
    assert contents.form == row["form"]
    assert contents.verified is (row["verified"] == "yes")
    assert describe(decompress(contents.indexed)) == (row["shape"], row["sha256"])
    assert contents.size_bytes == sum(path.stat().st_size for path in files_of(VECTORS, row))


@pytest.mark.parametrize(
    "row", [row for row in CONFORMING if row["verified"] == "yes"], ids=name_of
)
def test_what_the_writers_make_of_a_sealed_picture_today_means_the_same(row):
    indexed = load_contents(VECTORS / row["name"]).indexed
    for form in FORMS.values():
        if form.name == "kmc" and indexed.labels.size > 500 and not kernels.compiled():
            continue  # would take minutes
        contents = form.decode(form.encode(indexed), indexed.labels.size)
        assert describe(decompress(contents.indexed)) == (row["shape"], row["sha256"])


@pytest.mark.parametrize("row", REFUSED, ids=name_of)
def test_an_invalid_file_is_refused_for_its_reason(row):
    with pytest.raises(CodecError) as caught:
        read_invalid(row)
    assert caught.value.reason == row["reason"]
    expected = LimitError if row["reason"] in ("pixel-limit", "side-limit") else FormatError
    assert type(caught.value) is expected


def test_invalid_files_are_named_by_their_reason():
    for row in REFUSED:
        assert row["name"].startswith(row["reason"] + "-")
        assert re.fullmatch(r"[a-z0-9-]+(\.labels\.png|\.npz|\.png|\.kmc)?", row["name"])


@pytest.mark.parametrize(("folder", "rows"), [(VECTORS, CONFORMING), (INVALID, REFUSED)])
def test_manifest_and_folder_list_the_same_files(folder, rows):
    names = [row["name"] for row in rows]
    assert len(set(names)) == len(names)
    listed = {path for row in rows for path in files_of(folder, row)}
    others = {".gitattributes", "MANIFEST.csv", "README.md", "make_vectors.py"}
    found = {path for path in folder.iterdir() if path.is_file() and path.name not in others}
    assert listed == found
    assert all(path.stat().st_size <= 4096 for path in found)


def test_every_form_has_vectors_of_every_kind_of_picture():
    names = {row["name"] for row in CONFORMING}
    own = {name.split(".")[0] for name in names if not name.startswith(NOT_OURS)}
    assert own >= {
        "grey-pixel", "rgb-pixel", "rgba-pixel", "one-color", "two-colors", "flag",
        "sixteen-colors", "seventeen-colors", "full-codebook", "one-row", "one-column",
        "grey-alpha", "transparent",
    }  # fmt: skip
    for name in own:
        assert {f"{name}{form.suffix}" for form in FORMS.values()} <= names


# Reasons that no file of a few kilobytes can give.
WITHOUT_VECTOR = {
    "verify",  # a fault of the writers
}


def reasons_in_the_code() -> set[str]:
    """The last argument of every error that is a file's fault."""
    found = set()
    package = Path(codec.__file__).parent
    for path in [*package.glob("formats/*.py"), package / "indexed.py"]:
        # What IndexedImage objects to, readers hand on as FormatError.
        raised = {"ImageError"} if path.name == "indexed.py" else {"FormatError", "LimitError"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) in raised):
                continue
            reason = node.args[1]
            if isinstance(reason, ast.Constant):
                found.add(reason.value)
            elif isinstance(reason, ast.JoinedStr):
                assert ast.unparse(reason) == "f'bad-{name}'"
                found |= {"bad-labels", "bad-codebook"}
            else:
                assert ast.unparse(reason) == "error.reason"
    return found


def test_every_reason_that_a_reader_can_give_has_a_vector():
    assert {row["reason"] for row in REFUSED} == reasons_in_the_code() - WITHOUT_VECTOR


def specification() -> str:
    return SPECIFICATION.read_text(encoding="utf-8")


def test_the_specification_lists_these_reasons_and_no_others():
    table = specification().split("\n## 11 Reasons")[1].split("\n## 12")[0]
    listed = {
        reason
        for line in table.splitlines()
        if line.startswith("| `")
        for reason in re.findall(r"`([a-z0-9-]+)`", line.split("|")[1])
    }
    assert listed - {"file-too-large"} == {row["reason"] for row in REFUSED}


def test_the_hexadecimal_dumps_of_the_specification_are_the_vectors():
    dumps = re.findall(
        r"^`(flag[a-z.]+)`, (\d+) bytes:\n\n```text\n(.*?)```", specification(), re.M | re.S
    )
    assert [name for name, _, _ in dumps] == ["flag.codebook.npy", "flag.labels.png", "flag.png"]
    for name, size, dump in dumps:
        data = (VECTORS / name).read_bytes()
        assert len(data) == int(size)
        compared = 0
        for line in dump.splitlines():
            position = int(line[:8], 16)
            for token in line[10:58].split():
                if token == "..":
                    break
                assert data[position] == int(token, 16), f"{name} at {position:#x}"
                position, compared = position + 1, compared + 1
        assert compared > 70


# The decoder of the specification's appendix; that it reads what conforms is in test_spec.py


def reference_decoder() -> SimpleNamespace:
    appendix = specification().split("\n## Appendix A")[1].split("\n## Appendix B")[0]
    (source,) = re.findall(r"```python\n(.*?)```", appendix, re.S)
    namespace: dict[str, object] = {}
    exec(compile(source, "format-spec.md", "exec"), namespace)
    return SimpleNamespace(**namespace)


def decode_by_the_book(reference: SimpleNamespace, folder: Path, row: dict[str, str]) -> tuple:
    decode: Callable[..., tuple] = getattr(reference, f"decode_{row['form']}")
    return decode(*parts_of(folder, row))


def test_the_decoder_of_the_specification_refuses_the_same_files():
    reference = reference_decoder()
    for row in REFUSED:
        if row["form"] not in ("any", "kmc"):  # that of dense files is in test_reference.py
            with pytest.raises(reference.FormatError):
                decode_by_the_book(reference, INVALID, row)
