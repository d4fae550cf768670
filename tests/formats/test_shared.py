"""Label PNGs that share a codebook: each has its seal itself."""

from collections.abc import Iterator
from pathlib import Path

import container_tools as ct
import numpy as np
import png_tools as pt
import pytest
from format_tools import FLAG, LABELS, PICTURE, Reader, assert_is

from codec.errors import CodecError, FileError, FormatError
from codec.formats.checking import encode_checked
from codec.formats.files import load, load_contents
from codec.formats.pair import decode, encode
from codec.formats.registry import FORMATS
from codec.indexed import IndexedImage

READER = Reader(decode)
CODEBOOK, LABEL_PNG = encode(PICTURE, "best", shared=True)
OTHER = IndexedImage(LABELS[:, ::-1].copy(), FLAG)
SHARED = FORMATS["pair"].shared_name


def test_the_codebook_is_an_array_alone_and_labels_have_the_seal() -> None:
    assert ct.npy(FLAG) == CODEBOOK
    chunks = dict(pt.chunks_of(LABEL_PNG))
    assert chunks[b"kmSL"] == ct.seal(LABELS, FLAG)
    files, contents = encode_checked(FORMATS["pair"], PICTURE, "best", shared=True)
    assert contents.size_bytes == sum(map(len, files))
    assert contents.part_bytes["seal"] == 40


def test_several_pictures_are_read_with_one_codebook() -> None:
    assert_is(READER.read(CODEBOOK, LABEL_PNG), PICTURE, verified=True)
    codebook, labels = encode(OTHER, "best", shared=True)
    assert codebook == CODEBOOK
    assert_is(READER.read(CODEBOOK, labels), OTHER, verified=True)


def test_another_codebook_is_refused() -> None:
    for changed in (FLAG[::-1], FLAG[:2], FLAG ^ np.uint8(1), np.vstack([FLAG, FLAG])):
        reason = READER.reason_of(ct.npy(np.ascontiguousarray(changed)), LABEL_PNG)
        assert reason in ("digest-mismatch", "label-out-of-range")
    sealed_for_another = ct.npy(FLAG) + ct.seal(OTHER.labels, FLAG)
    assert READER.reason_of(sealed_for_another, LABEL_PNG) == "digest-mismatch"


def test_no_bit_and_no_cut_of_either_file_unseals_it() -> None:
    changed = [(codebook, LABEL_PNG) for codebook in _changes(CODEBOOK)]
    changed += [(CODEBOOK, labels) for labels in _changes(LABEL_PNG)]
    for codebook, labels in changed:
        with pytest.raises(FormatError):
            decode(codebook, labels, max_pixels=1 << 20)


def _changes(data: bytes) -> Iterator[bytes]:
    """Every cut, and every flip of a bit."""
    yield from (data[:length] for length in range(len(data)))
    for place in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        yield bytes(flipped)


def test_a_shared_codebook_beside_labels_is_found(tmp_path: Path) -> None:
    (tmp_path / SHARED).write_bytes(CODEBOOK)
    (tmp_path / "x.labels.png").write_bytes(LABEL_PNG)
    assert_is(load_contents(tmp_path / "x.labels.png"), PICTURE, verified=True)
    assert load(tmp_path / "x.labels.png", require_seal=True).verified
    # One of its own comes first.
    own = encode(OTHER, "best")
    (tmp_path / "x.codebook.npy").write_bytes(own[0])
    (tmp_path / "x.labels.png").write_bytes(own[1])
    assert_is(load_contents(tmp_path / "x.labels.png"), OTHER, verified=True)


def test_a_shared_codebook_is_not_taken_for_that_of_other_labels(tmp_path: Path) -> None:
    (tmp_path / SHARED).write_bytes(CODEBOOK)
    path = tmp_path / "x.labels.png"
    for labels, kind in (
        (pt.grey_png(3, 2, b"\x00\x00\x01\x02\x00\x00\x01\x02"), FileError),  # whose, nobody knows
        (encode(PICTURE, "best")[1], FormatError),  # the one that has lost its seal is not there
        (encode(IndexedImage(LABELS, FLAG[::-1].copy()), "best", shared=True)[1], FormatError),
    ):
        path.write_bytes(labels)
        with pytest.raises(kind) as caught:
            load_contents(path)
        assert isinstance(caught.value, CodecError)
    (tmp_path / SHARED).unlink()
    path.write_bytes(LABEL_PNG)
    with pytest.raises(FileError, match=r"x\.codebook\.npy"):
        load_contents(path)
    (tmp_path / "elsewhere.npy").write_bytes(CODEBOOK)
    found = load_contents(path, codebook_path=tmp_path / "elsewhere.npy")
    assert_is(found, PICTURE, verified=True)
    (tmp_path / SHARED).write_bytes(CODEBOOK)
    with pytest.raises(FileError, match=r"none\.npy"):
        load_contents(path, codebook_path=tmp_path / "none.npy")


def test_a_codebook_from_before_does_not_hide_the_shared_one(tmp_path: Path) -> None:
    stale, _ = encode(OTHER, "best")
    for content in (stale, b"nothing of ours", ct.npy(FLAG[::-1].copy())):
        (tmp_path / "a.codebook.npy").write_bytes(content)
        (tmp_path / "a.labels.png").write_bytes(LABEL_PNG)
        (tmp_path / SHARED).write_bytes(CODEBOOK)
        assert_is(load_contents(tmp_path / "a.labels.png"), PICTURE, verified=True)
        (tmp_path / SHARED).write_bytes(ct.npy(FLAG ^ np.uint8(1)))
        with pytest.raises(FormatError):
            load(tmp_path / "a.labels.png")
