"""Codebooks alone, and palettes in writing."""

from pathlib import Path

import numpy as np
import pytest
from picture_tools import noise

from codec.errors import FormatError, ParameterError
from codec.formats.codebooks import encode_codebook, parse_palette
from codec.formats.npy import decode_npy

GIMP = b"""GIMP Palette
Name: Panel
Columns: 3
# a comment
255 255 255\tWhite
  0   0   0 Black
255   0   0
  0   0   0\tBlack again
"""
PANEL = [[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("data", "colors"),
    [
        (GIMP, PANEL),
        (GIMP.replace(b"\n", b"\r\n"), PANEL),
        (GIMP.replace(b"Panel", b"T\xf6ne"), PANEL),
        (b"GIMP Palette\nChannels: RGBA\n1 2 3 4 x\n", [[1, 2, 3, 4]]),
        (b"JASC-PAL\r\n0100\r\n2\r\n1 2 3\r\n4 5 6\r\n", [[1, 2, 3], [4, 5, 6]]),
        (b"JASC-PAL\n0100\n2\n1 2 3 4\n4 5 6\n", [[1, 2, 3, 4], [4, 5, 6, 255]]),
        (b"ffffff\n000000\nFF0000\n000000", PANEL),
        (b"\xef\xbb\xbf; panel\n#fff, #000  #f00 # red\n#\n# black\n#000 ; again\n", PANEL),
        (b"#ff000080 #00ff00", [[255, 0, 0, 128], [0, 255, 0, 255]]),
    ],
)
def test_palettes_are_read_in_their_order(data: bytes, colors: list[list[int]]) -> None:
    assert parse_palette(data).tolist() == colors


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GIMP Palette\n", "no colors"),
        (b"GIMP Palette\nName: x\n#\n", "no colors"),
        (b"GIMP Palette\n1 2\n", "line 2: '1 2' is no color"),
        (b"GIMP Palette\n1 2 256\n", "line 2"),
        (b"GIMP Palette\n1 2 -3\n", "line 2"),
        (b"GIMP Palette\n1 2 0x3\n", "line 2"),
        (b"GIMP Palette\n" + b"1 2 3\n" * 257, "257 colors"),
        (b"GIMP Palette\n" + b"9" * 5000 + b"\n", "line 2: '9999"),
        (b"JASC-PAL\n0100\n2\n1 2 3\n", "says 2 colors and has 1"),
        (b"JASC-PAL\n0200\n1\n1 2 3\n", "version"),
        (b"JASC-PAL\n0100\n", "version"),
        (b"JASC-PAL\n0100\n1\n1 2 3 4 5\n", "line 4"),
        (b"#fff\n#ggg", "line 2: '#ggg'"),
        (b"#fff\nffff00ff", "line 2"),
        (b"; nothing\n\n", "no colors"),
        (b"#123456\n" * 257, "257 colors"),
        (b"hello, world", "neither"),
        (b"\x00\x01\x02", "neither"),
        (b"\xff\xfe#\x00f\x00", "neither"),
        (b"\x80abc", "neither"),
    ],
)
def test_what_is_no_palette_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words) as caught:
        parse_palette(data)
    assert caught.value.reason == "bad-codebook"
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("ending", [".npy", ".NPY", ".hex", ".gpl"])
def test_what_is_written_is_read_again(ending: str, channels: int) -> None:
    codebook = noise(3, 40, channels)
    path = Path("x" + ending)
    if ending == ".gpl" and channels in (2, 4):
        with pytest.raises(ParameterError, match=r"\.gpl has no alpha"):
            encode_codebook(codebook, path)
        codebook[:, -1] = 255
    data = encode_codebook(codebook, path)
    if ending.lower() == ".npy":
        array, rest = decode_npy(data)
        assert (array == codebook).all()
        assert not rest
        return
    colors = codebook[:, :-1] if channels in (2, 4) else codebook
    expected = np.repeat(colors, 3, axis=1) if channels < 3 else colors
    if ending == ".hex" and channels in (2, 4):
        expected = np.hstack([expected, codebook[:, -1:]])
    assert (parse_palette(data) == expected).all()


@pytest.mark.parametrize("name", ["x.png", "x", ".npy", "x.txt"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ParameterError, match="ends in one of"):
        encode_codebook(noise(3, 4, 3), Path(name))
