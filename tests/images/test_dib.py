"""DIBs, which are BMPs without the header of the file; and what headers of both say of colors."""

import struct
from pathlib import Path

import numpy as np
import png_tools
import pytest
from picture_tools import (
    bmp,
    bmp_palette,
    examine,
    far_apart,
    noise,
    opened,
    read,
    refusal,
    saved,
)
from PIL import Image
from profile_tools import from_profile, rgb_profile

from codec.images.kinds import recognize
from codec.limits import MAX_PIXELS

SAMPLES = noise(0, 5, 11, 4)
COLOR_ROWS = np.pad(SAMPLES[::-1, :, 2::-1].reshape(5, 33), ((0, 0), (0, 3))).tobytes()
MASKS = (0xFF0000, 0xFF00, 0xFF)


def with_header(data: bytes, size: int, **fields: bytes) -> bytes:
    """A BMP of a header of 40 bytes with a larger one."""
    added = bytearray(size - 40)
    for place, content in fields.items():
        at = int(place.removeprefix("at")) - 40
        added[at : at + len(content)] = content
    start = struct.unpack_from("<I", data, 10)[0] + len(added)
    return data[:10] + struct.pack("<II", start, size) + data[18:54] + bytes(added) + data[54:]


def core(width: int, height: int, bits: int, rows: bytes, colors: bytes = b"") -> bytes:
    """A BMP of the oldest header, of 12 bytes."""
    info = struct.pack("<IHHHH", 12, width, height, 1, bits) + colors
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + len(info)) + info + rows


def indexed(bits: int, *, old: bool = False) -> tuple[bytes, bytes]:
    """A BMP of a palette, and the pixels of it."""
    indices, colors = noise(bits, 5, 11, high=2**bits), noise(9, 2**bits, 3)
    rows = [png_tools.pack(row, bits) for row in indices[::-1].tolist()]
    body = b"".join(row.ljust(-(-len(row) // 4) * 4, b"\0") for row in rows)
    if old:
        return core(11, 5, bits, body, colors[:, ::-1].tobytes()), colors[indices].tobytes()
    return bmp(11, 5, bits, body, bmp_palette(colors)), colors[indices].tobytes()


PLAIN = bmp(11, 5, 24, COLOR_ROWS)
DEEP = SAMPLES[::-1][:, :, [2, 1, 0, 3]].tobytes()
WHOLE = {
    "24 bits": PLAIN,
    "32 bits": bmp(11, 5, 32, DEEP),
    "masks": bmp(11, 5, 32, DEEP, compression=3, masks=MASKS),
    "alpha masks": bmp(11, 5, 32, DEEP, compression=3, masks=(*MASKS, 0xFF000000)),
    "16 bits": bmp(4, 1, 16, np.array([0x7FFF, 0, 0x7C00, 0x3E0], "<u2").tobytes()),
    "565": bmp(2, 1, 16, b"\xff\xff\0\xf8", compression=3, masks=(0xF800, 0x7E0, 0x1F)),
    "top down": bmp(11, -5, 24, COLOR_ROWS),
    "core": core(11, 5, 24, COLOR_ROWS),
    "version 4": with_header(PLAIN, 108),
    "version 5": with_header(PLAIN, 124),
    "OS/2": with_header(PLAIN, 64),
    "run-lengths": bmp(4, 2, 8, bytes([3, 1, 1, 2, 0, 0, 0, 4, 0, 1, 2, 0, 0, 1]),
                       bmp_palette(noise(9, 4, 3)), compression=1),
    **{f"palette of {bits}": indexed(bits)[0] for bits in (1, 4, 8)},
    **{f"core palette of {bits}": indexed(bits, old=True)[0] for bits in (1, 4, 8)},
    "Pillow's": saved(Image.fromarray(noise(1, 9, 14, 3)), "BMP"),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_a_dib_is_read_as_the_bmp_it_is(name: str, tmp_path: Path) -> None:
    whole = WHOLE[name]
    expected = read(tmp_path, whole, "picture.bmp")
    np.testing.assert_array_equal(
        expected.pixels, np.asarray(opened(whole).convert(Image.fromarray(expected.pixels).mode))
    )
    for path in ("picture.dib", "picture"):
        image = read(tmp_path, whole[14:], path)
        np.testing.assert_array_equal(image.pixels, expected.pixels)
        assert image.notices == []
    assert read(tmp_path, whole[14:], "picture.bmp").notices == [
        "this is a DIB file in spite of its name"
    ]
    assert read(tmp_path, whole, "picture.dib").notices == []


@pytest.mark.parametrize("old", [False, True], ids=["info", "core"])
@pytest.mark.parametrize("bits", [1, 4, 8])
def test_the_palette_of_a_dib_is_read_exactly(bits: int, old: bool, tmp_path: Path) -> None:
    whole, pixels = indexed(bits, old=old)
    assert read(tmp_path, whole[14:]).pixels.tobytes() == pixels


@pytest.mark.parametrize("name", WHOLE)
def test_a_dib_cut_anywhere_is_refused(name: str, tmp_path: Path) -> None:
    data = WHOLE[name][14:]
    # Behind the last of run-lengths stand two bytes that say so, when all pixels are there.
    most = len(data) - (2 if name == "run-lengths" else 0)
    for size in range(16, most):
        error = refusal(tmp_path, data[:size])
        assert error.reason in {"truncated", "damaged"}, size
    if name != "run-lengths":
        assert str(refusal(tmp_path, data[:-1])) == "the DIB ends early"


def test_a_dib_is_measured_and_limited(tmp_path: Path) -> None:
    assert examine(PLAIN[14:], MAX_PIXELS).kind == "DIB"
    assert refusal(tmp_path, PLAIN[14:], max_pixels=54).reason == "pixel-limit"
    assert refusal(tmp_path, bmp(30_000, -30_000, 24, b"")[14:]).reason == "pixel-limit"
    assert refusal(tmp_path, bmp(0, 5, 24, bytes(40))[14:]).reason == "bad-dimensions"


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<IiiHH", 40, 9, 9, 2, 24) + bytes(400),  # planes
        struct.pack("<IiiHH", 40, 9, 9, 1, 7) + bytes(400),  # bits
        struct.pack("<IiiHH", 41, 9, 9, 1, 24) + bytes(400),  # header
        struct.pack(">IiiHH", 40, 9, 9, 1, 24) + bytes(400),  # order of bytes
        bytes(400),
        b"(\0\0\0",
        b"(\0\0\0d\0\0\0i\0\0\0b\0\0\0)\0\0\0",  # a text of 32 bits a letter
    ],
)
def test_what_only_begins_like_a_dib_is_no_picture(data: bytes, tmp_path: Path) -> None:
    for name in ("picture.dib", "picture"):
        assert refusal(tmp_path, data, name).reason == "unknown-format"


def test_a_bmp_is_no_dib() -> None:
    assert recognize(PLAIN) == "BMP"
    assert recognize(PLAIN[14:]) == "DIB"


# Colors


@pytest.mark.parametrize("start", [0, 14], ids=["BMP", "DIB"])
def test_an_embedded_profile_is_applied(start: int, tmp_path: Path) -> None:
    profile = rgb_profile()
    place = struct.pack("<II", 124 + len(COLOR_ROWS), len(profile))
    data = with_header(PLAIN, 124, at56=b"DEBM", at112=place) + profile
    image = read(tmp_path, data[start:])
    assert far_apart(image.pixels, from_profile(SAMPLES[:, :, :3])) <= 2
    assert image.notices == ["converted from the color profile 'Wide' to sRGB"]
    image = read(tmp_path, data[start:-1])
    np.testing.assert_array_equal(image.pixels, SAMPLES[:, :, :3])
    assert image.notices == ["its color profile is damaged and not applied"]


def calibration(*ends: float, gamma: float) -> dict[str, bytes]:
    return {
        "at60": struct.pack("<9I", *(round(end * 2**30) for end in ends)),
        "at96": struct.pack("<3I", *[round(gamma * 65536)] * 3),
    }


NOT_APPLIED = "the primaries and gammas in its header are not applied"
OF_SRGB = (0.64, 0.33, 0.03, 0.30, 0.60, 0.10, 0.15, 0.06, 0.79)
OF_P3 = (0.68, 0.32, 0.0, 0.265, 0.69, 0.045, 0.15, 0.06, 0.79)


@pytest.mark.parametrize("size", [108, 124])
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"at56": b"BGRs"}, []),
        ({"at56": b" niW"}, []),
        ({}, []),
        (calibration(*OF_SRGB, gamma=2.2), []),
        (calibration(*OF_SRGB, gamma=1 / 2.2), []),
        (calibration(*OF_SRGB, gamma=1.0), [NOT_APPLIED]),
        (calibration(*OF_P3, gamma=2.2), [NOT_APPLIED]),
        ({"at56": b"KNIL"}, ["its color profile is in another file and not applied"]),
    ],
)  # fmt: skip
def test_colors_that_a_header_states_are_told_unless_they_are_srgb(
    fields: dict[str, bytes], told: list[str], size: int, tmp_path: Path
) -> None:
    image = read(tmp_path, with_header(PLAIN, size, **fields))
    np.testing.assert_array_equal(image.pixels, SAMPLES[:, :, :3])
    assert image.notices == told
