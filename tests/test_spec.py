"""The specification's own decoder, run as it stands in the document."""

import hashlib
import re
from types import SimpleNamespace

import numpy as np
import pytest
from vector_tools import (
    CONFORMING,
    INVALID,
    REFUSED,
    SPECIFICATION,
    VECTORS,
    parts_of,
    sources_of_readers,
    specified,
)

import codec
from codec.formats.kmc import reference
from codec.formats.registry import FORMATS
from codec.kernels.plain.labelcoder.coder import Decoder


@pytest.fixture(scope="module")
def appendix() -> SimpleNamespace:
    return specified()


def _random_image(state: np.random.RandomState, size: int, channels: int) -> codec.IndexedImage:
    height, width = state.randint(1, 20, 2)
    codebook = np.unique(state.randint(0, 256, (size, channels)).astype(np.uint8), axis=0)
    labels = state.randint(0, len(codebook), (height, width)).astype(np.uint8)
    return codec.IndexedImage(labels, codebook)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [1, 2, 3, 16, 17, 256])
def test_the_reference_decoder_agrees_on_what_is_written(
    appendix: SimpleNamespace, size: int, channels: int
) -> None:
    indexed = _random_image(np.random.RandomState(size * 10 + channels), size, channels)
    expected = (
        indexed.height,
        indexed.width,
        channels,
        codec.decompress(indexed).tobytes(),
    )

    for format in ("pair", "npz", "png"):
        parts = FORMATS[format].encode(indexed, "best")
        assert getattr(appendix, f"decode_{format}")(*parts) == expected


@pytest.mark.parametrize("format", ["pair", "npz", "png"])
def test_the_reference_decoder_refuses_every_flipped_bit(
    appendix: SimpleNamespace, format: str
) -> None:
    indexed = _random_image(np.random.RandomState(5), 5, 3)
    parts = FORMATS[format].encode(indexed, "best")
    expected = codec.decompress(indexed).tobytes()
    decode = getattr(appendix, f"decode_{format}")
    for number, part in enumerate(parts):
        for bit in range(8 * len(part)):
            damaged = bytearray(part)
            damaged[bit // 8] ^= 1 << bit % 8
            changed = [*parts[:number], bytes(damaged), *parts[number + 1 :]]
            try:
                assert decode(*changed)[3] == expected
            except appendix.FormatError:
                continue


def test_the_worked_example_is_a_golden_file() -> None:
    names = ("flag.codebook.npy", "marked-flag.labels.png", "flag.png", "flag.npz", "flag.kmc")
    files = [(VECTORS / name).read_bytes() for name in names]
    example = SPECIFICATION.split("## 14 Worked example")[1].split("## 15")[0]
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

    assert [len(data) for data in files] == [177, 85, 146, 576, 24]
    assert checked > 840


def test_the_worked_decisions_are_those_of_the_reference_decoder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decide, found = Decoder.decide, []

    def note(decoder: Decoder, odds: int, bit: int) -> int:
        found.append((odds, decide(decoder, odds, bit)))
        return found[-1][1]

    monkeypatch.setattr(Decoder, "decide", note)
    reference.decode((VECTORS / "flag.kmc").read_bytes())
    table = SPECIFICATION.split("Its thirteen decisions")[1].split("```")[1]
    stated = re.findall(r"(\d \d)   (?:flat|flag \d \(\d\)|node \d) +(\d+)  (\d)", table)
    stated.sort(key=lambda decision: decision[0])  # it has three columns

    assert [(int(odds), int(bit)) for _, odds, bit in stated] == found
    assert len(found) == 13


def test_every_reason_of_the_readers_is_in_the_specification() -> None:
    raised = set()
    for path in sources_of_readers():
        text = path.read_text(encoding="utf-8")
        raised |= set(re.findall(r'"([a-z]+(?:-[a-z]+)+|truncated)",?\s*\)', text))
    listed = set(
        re.findall(r"`([a-z]+(?:-[a-z]+)*)`", SPECIFICATION.split("## 11")[1].split("## 12")[0])
    )

    of_writers = {"output-name", "bad-type", "profile-too-large", "not-compiled"}
    of_writers |= {"not-installed", "not-regular", "is-directory"}
    of_sources = {"input-changed", "part-limit"}
    assert raised - of_writers - of_sources <= listed
    assert {"truncated", "digest-mismatch", "pixel-limit", "bad-crc"} <= raised


def test_the_reference_decoder_reads_the_golden_files(
    appendix: SimpleNamespace,
) -> None:
    read = 0
    for row in CONFORMING:
        if row["format"] == "kmc":
            continue  # its reference is a package of its own: test_reference.py
        found = getattr(appendix, f"decode_{row['format']}")(*parts_of(VECTORS, row))
        assert hashlib.sha256(found[3]).hexdigest() == row["sha256"], row["name"]
        read += 1

    assert read >= 30


def test_the_specification_lists_these_reasons_and_no_others() -> None:
    table = SPECIFICATION.split("\n## 11 Reasons")[1].split("\n## 12")[0]
    listed = {
        reason
        for line in table.splitlines()
        if line.startswith("| `")
        for reason in re.findall(r"`([a-z0-9-]+)`", line.split("|")[1])
    }
    assert listed - {"file-too-large", "empty"} == {row["reason"] for row in REFUSED}


def test_the_hexadecimal_dumps_of_the_specification_are_the_vectors() -> None:
    dumps = re.findall(
        r"^`((?:marked-)?flag[a-z.]+)`, (\d+) bytes[^\n]*:\n\n```text\n(.*?)```",
        SPECIFICATION,
        re.M | re.S,
    )
    assert [name for name, _, _ in dumps] == [
        "flag.codebook.npy", "marked-flag.labels.png", "flag.png", "flag.npz", "flag.kmc",
    ]  # fmt: skip
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
        assert compared >= min(len(data), 71)


def test_the_decoder_of_the_specification_refuses_the_same_files(
    appendix: SimpleNamespace,
) -> None:
    for row in REFUSED:
        if row["format"] not in ("any", "kmc"):  # that of dense files is in test_reference.py
            with pytest.raises(appendix.FormatError):
                getattr(appendix, f"decode_{row['format']}")(*parts_of(INVALID, row))
