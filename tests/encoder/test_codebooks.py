"""Codebooks from files of every kind."""

from pathlib import Path

import numpy as np
import pytest
from container_tools import npy
from marks import needs_kernels
from picture_tools import noise
from PIL import Image

import codec
from codec.errors import CodecError, FormatError, ImageError, LimitError
from codec.formats.registry import FORMATS

CODEBOOK = noise(4, 9, 3)
CODEBOOK[5] = CODEBOOK[2]
LABELS = (np.arange(60, dtype=np.uint8) % 7).reshape(6, 10)
INDEXED = codec.IndexedImage(LABELS, CODEBOOK, keep_order=True)


@needs_kernels
@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
def test_compressed_files_give_theirs_as_it_is(tmp_path: Path, format: object) -> None:
    paths = codec.save(INDEXED, tmp_path / f"x{format.ending}")  # type: ignore[attr-defined]
    for path in paths:
        assert (codec.load_codebook(path) == CODEBOOK).all()


def test_an_array_is_a_codebook(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    np.save(tmp_path / "x.npy", CODEBOOK)
    (tmp_path / "x.npy").rename(path)
    assert (codec.load_codebook(str(path)) == CODEBOOK).all()


def test_a_palette_is_taken_with_entries_that_are_not_used(tmp_path: Path) -> None:
    picture = Image.frombytes("P", (10, 6), LABELS.tobytes())
    picture.putpalette(CODEBOOK.tobytes())
    picture.save(tmp_path / "x.png")
    assert (codec.load_codebook(tmp_path / "x.png")[:9] == CODEBOOK).all()


def test_colors_are_taken_in_the_order_of_their_appearance(tmp_path: Path) -> None:
    pixels = np.array([[[9, 9, 9], [200, 0, 0]], [[9, 9, 9], [0, 0, 7]]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    assert codec.load_codebook(tmp_path / "x.png").tolist() == [[9, 9, 9], [200, 0, 0], [0, 0, 7]]
    alpha = np.dstack([pixels, [[255, 0], [255, 9]]]).astype(np.uint8)
    Image.fromarray(alpha).save(tmp_path / "x.png")
    assert codec.load_codebook(tmp_path / "x.png").shape == (3, 4)


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (npy(noise(1, 257, 3)), FormatError, r"\(257, 3\)"),
        (npy(noise(1, 300, 4)), FormatError, r"\(300, 4\)"),
        (npy(noise(1, 4, 5)), FormatError, r"\(4, 5\)"),
        (npy(noise(1, 4, 3))[:-1], FormatError, "11 of 12"),
        (b"\x93NUMPY\x01\x00v\x00{'descr': '|O'", FormatError, "header"),
        (b"GIMP Palette\n", FormatError, "no colors"),
        (b"hello", FormatError, "neither a codebook"),
        (b"#" + bytes(1 << 17), LimitError, "limit"),
        (b"PK\x03\x04", FormatError, "archive"),
        (b"", CodecError, "empty|neither"),
    ],
)
def test_wrong_files_are_refused(
    tmp_path: Path, data: bytes, kind: type[CodecError], words: str
) -> None:
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(kind, match=words):
        codec.load_codebook(tmp_path / "x")


def test_a_picture_of_more_colors_is_refused_with_the_cure(tmp_path: Path) -> None:
    pixels = np.arange(257 * 3, dtype=np.uint16).reshape(1, 257, 3) % 251
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "x.png")
    colors = len(np.unique(pixels.reshape(-1, 3), axis=0))
    Image.fromarray(np.repeat(noise(2, 20, 20, 3), 1, axis=0)).save(tmp_path / "y.png")
    assert colors == 251
    assert len(codec.load_codebook(tmp_path / "x.png")) == colors
    with pytest.raises(ImageError, match=r"400 colors.*kmcodec train"):
        codec.load_codebook(tmp_path / "y.png")
