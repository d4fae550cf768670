"""The specification's own decoder, run as it stands in the document."""

import csv
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import codec
from codec import formats

ROOT = Path(__file__).parent.parent
VECTORS = Path(__file__).parent / "vectors"
SPEC = (ROOT / "format-spec.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def reference() -> dict[str, Callable[..., Any]]:
    (source,) = re.findall(r"```python\n(.*?)```", SPEC, flags=re.DOTALL)
    namespace: dict[str, Any] = {}
    exec(compile(source, "format-spec.md", "exec"), namespace)
    return namespace


def _random_image(state: np.random.RandomState, size: int, channels: int) -> codec.IndexedImage:
    height, width = state.randint(1, 20, 2)
    codebook = np.unique(state.randint(0, 256, (size, channels)).astype(np.uint8), axis=0)
    labels = state.randint(0, len(codebook), (height, width)).astype(np.uint8)
    return codec.IndexedImage(labels, codebook)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [1, 2, 3, 16, 17, 256])
def test_the_reference_decoder_agrees_on_what_is_written(
    reference: dict[str, Callable[..., Any]], size: int, channels: int
) -> None:
    indexed = _random_image(np.random.RandomState(size * 10 + channels), size, channels)
    expected = (
        indexed.height,
        indexed.width,
        channels,
        codec.decompress(indexed).tobytes(),
    )

    pair = formats.FORMS["pair"].encode(indexed)

    assert reference["decode_pair"](*pair) == expected
    assert reference["decode_npz"](*formats.FORMS["npz"].encode(indexed)) == expected
    assert reference["decode_png"](*formats.FORMS["png"].encode(indexed)) == expected


@pytest.mark.parametrize("form", ["pair", "npz", "png"])
def test_the_reference_decoder_refuses_every_flipped_bit(
    reference: dict[str, Callable[..., Any]], form: str
) -> None:
    indexed = _random_image(np.random.RandomState(5), 5, 3)
    parts = formats.FORMS[form].encode(indexed)
    expected = codec.decompress(indexed).tobytes()
    decode = reference[f"decode_{form}"]
    for number, part in enumerate(parts):
        for bit in range(8 * len(part)):
            damaged = bytearray(part)
            damaged[bit // 8] ^= 1 << bit % 8
            changed = [*parts[:number], bytes(damaged), *parts[number + 1 :]]
            try:
                assert decode(*changed)[3] == expected
            except reference["FormatError"]:
                continue


def test_the_worked_example_is_a_golden_file() -> None:
    names = ("flag.codebook.npy", "flag.labels.png", "flag.png")
    files = [(VECTORS / name).read_bytes() for name in names]
    example = SPEC.split("## 14 Worked example")[1].split("## 15")[0]
    lines = re.findall(r"^([0-9a-f]{8})  ((?:[0-9a-f]{2} {1,2})+)(?!\.)", example, re.MULTILINE)
    dumps = [(int(place, 16), bytes.fromhex(octets)) for place, octets in lines]
    remaining = iter(files)
    current = b""
    checked = 0
    for place, octets in dumps:
        if place == 0:
            current = next(remaining)
        assert current[place : place + len(octets)] == octets
        checked += len(octets)

    assert [len(data) for data in files] == [177, 73, 146]
    assert checked > 250


def test_every_reason_of_the_readers_is_in_the_specification() -> None:
    raised = set()
    for path in [*(ROOT / "codec" / "formats").glob("*.py"), ROOT / "codec" / "indexed.py"]:
        text = path.read_text(encoding="utf-8")
        raised |= set(re.findall(r'"([a-z]+(?:-[a-z]+)+|truncated)",?\s*\)', text))
    listed = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", SPEC.split("## 11")[1].split("## 12")[0]))

    assert raised - {"output-name", "bad-type", "profile-too-large"} <= listed  # those of writers
    assert {"truncated", "digest-mismatch", "pixel-limit", "bad-crc"} <= raised


def _golden() -> list[dict[str, str]]:
    manifest = VECTORS / "MANIFEST.csv"
    with manifest.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_reference_decoder_reads_the_golden_files(
    reference: dict[str, Callable[..., Any]],
) -> None:
    read = 0
    for row in _golden():
        path = VECTORS / row["name"]
        data = path.read_bytes()
        if row["form"] == "kmc":
            continue  # its reference is a package of its own: test_reference.py
        if row["form"] == "pair":
            codebook = path.with_name(path.name.replace(".labels.png", ".codebook.npy"))
            found = reference["decode_pair"](codebook.read_bytes(), data)
        else:
            found = reference[f"decode_{row['form']}"](data)
        assert hashlib.sha256(found[3]).hexdigest() == row["sha256"], row["name"]
        read += 1

    assert read >= 30
