"""Picture files with a few bytes changed: a picture, or an error of ours."""

import zlib
from pathlib import Path

import png_tools
import pytest
from cost_tools import slow
from hypothesis import example, given, settings
from hypothesis import strategies as st
from picture_tools import (
    animation,
    attempt,
    bmp,
    bmp_palette,
    exif,
    noise,
    palette_of,
    plte,
    png_of,
    read,
    saved,
    tiff,
    wide_noise,
    with_segment,
)
from PIL import Image
from png_tools import INDEXED, RGB, chunk
from profile_tools import rgb_profile

from codec.errors import CodecError


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM",
       b"GIF89a", b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b"RIFF\x40\0\0\0WEBPVP8 "]))  # fmt: skip
@settings(max_examples=150, derandomize=True, deadline=None)
@example(b"", b"BM")
def test_random_bytes_are_a_picture_or_an_error_of_ours(
    folder: Path, content: bytes, start: bytes
) -> None:
    read_or_refuse(folder, start + content)


def read_or_refuse(folder: Path, data: bytes) -> None:
    outcome = attempt(folder, data, max_pixels=10_000)
    if isinstance(outcome, CodecError):
        assert str(outcome).isprintable()
    else:
        assert 0 < outcome.size <= 40_000


def mutants() -> dict[str, bytes]:
    samples = noise(0, 9, 14, 3)
    picture = Image.fromarray(samples)
    indexed = picture.quantize(8)
    wide = wide_noise(0, 9, 14, 3)
    return {
        "PNG": png_of(samples, RGB, 8, before=[chunk(b"eXIf", exif(6)), chunk(b"tRNS", bytes(6))]),
        "palette PNG": png_of(noise(0, 9, 14, 1, high=4), INDEXED, 2,
                              before=[plte(palette_of(2)), chunk(b"tRNS", b"\1\2")]),
        "16-bit PNG": png_of(wide, RGB, 16, interlace=1),
        "PNG of stated colors": png_of(samples, RGB, 8, before=[
            chunk(b"gAMA", (99_999).to_bytes(4, "big")), chunk(b"cICP", bytes([12, 13, 0, 1])),
            chunk(b"cHRM", bytes(range(32)))]),
        "PNG turned by a text": png_of(samples, RGB, 8, before=[
            chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(
                b"\nexif\n 26\n" + exif(6).hex().encode()))]),
        "PNG with profile": saved(picture, "PNG", icc_profile=rgb_profile()),
        "JPEG": with_segment(saved(picture, "JPEG"), 0xE1, b"Exif\0\0" + exif(6)),
        "progressive JPEG": saved(picture, "JPEG", progressive=True, icc_profile=rgb_profile()),
        "CMYK JPEG": saved(picture.convert("CMYK"), "JPEG"),
        "WebP": saved(picture, "WEBP", exif=exif(6)),
        "lossless WebP": saved(picture, "WEBP", lossless=True, icc_profile=rgb_profile()),
        "GIF": saved(indexed, "GIF", transparency=2, comment=b"hi"),
        "animated GIF": animation("GIF")[0],
        "BMP": saved(picture, "BMP"),
        "DIB": saved(picture, "BMP")[14:],
        "palette DIB": saved(indexed, "BMP")[14:],
        "palette BMP": saved(indexed, "BMP"),
        "run-length BMP": bmp(4, 2, 8, bytes([3, 1, 1, 2, 0, 0, 0, 4, 0, 1, 2, 0, 0, 1]),
                              bmp_palette(noise(9, 4, 3)), compression=1),
        "TIFF": tiff(samples, "rgb", rowsperstrip=4, extratags=[(274, 3, 1, 6, True)]),
        "16-bit TIFF": tiff(wide, "rgb", rowsperstrip=4),
        "16-bit deflated TIFF": tiff(wide, "rgb", compression="zlib", predictor=True),
        "big-endian 16-bit grey TIFF": tiff(wide[:, :, 0], "minisblack", byteorder=">"),
        "LZW TIFF": saved(picture, "TIFF", compression="tiff_lzw"),
        "palette TIFF": saved(indexed, "TIFF", compression="packbits"),
        "JPEG in TIFF": saved(picture, "TIFF", compression="jpeg"),
        "CMYK TIFF": tiff(noise(0, 9, 14, 4), "separated"),
        "Lab TIFF": tiff(samples, "cielab"),
        "BigTIFF": tiff(samples, "rgb", bigtiff=True),
    }  # fmt: skip


MUTANTS = mutants()
QUICK = {"PNG", "JPEG", "WebP", "GIF", "BMP", "16-bit TIFF"}  # one of each kind of file


@st.composite
def mutant(draw: st.DrawFn, data: bytes) -> bytes:
    """A file with a few bytes changed, inserted or taken away."""
    mutated = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(mutated) - 1)))
        change = draw(st.sampled_from(["byte", "byte", "bit", "word", "cut", "insert", "end"]))
        if change == "byte":
            mutated[at : at + 1] = bytes([draw(st.sampled_from([0, 1, 2, 127, 128, 254, 255]))])
        elif change == "bit":
            mutated[at : at + 1] = bytes(
                [b ^ 1 << draw(st.integers(0, 7)) for b in mutated[at : at + 1]]
            )
        elif change == "word":
            mutated[at : at + 4] = draw(
                st.sampled_from([bytes(4), b"\xff" * 4, b"\0\0\0\x80", b"\2\0\0\0"])
            )
        elif change == "cut":
            del mutated[at : at + draw(st.integers(1, 9))]
        elif change == "insert":
            mutated[at:at] = draw(st.binary(min_size=1, max_size=9))
        else:
            del mutated[at:]
    return bytes(mutated)


@pytest.mark.parametrize("kind", slow(MUTANTS, lambda kind: kind not in QUICK))
def test_a_mutated_file_is_a_picture_or_an_error_of_ours(kind: str, folder: Path) -> None:
    @given(mutant(MUTANTS[kind]))
    @settings(max_examples=150, derandomize=True, deadline=None)
    def check(data: bytes) -> None:
        read_or_refuse(folder, data)
        if "PNG" in kind and data.startswith(png_tools.SIGNATURE):
            read_or_refuse(folder, png_tools.repair_crcs(data))

    read(folder, MUTANTS[kind], first_frame=True)
    check()
