"""WebP pictures, lossless ones exactly."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from picture_tools import noise, opened, read, riff, riff_chunks, saved
from PIL import Image

from codec.errors import CodecError


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_lossless_webp_is_read_exactly(mode: str, tmp_path: Path) -> None:
    samples = noise(0, 9, 14, len(mode))
    image = read(tmp_path, saved(Image.fromarray(samples), "WEBP", lossless=True, exact=True))
    np.testing.assert_array_equal(image.pixels, samples)
    assert image.notices == []


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_lossy_webp_is_read_as_its_decoder_reads_it(mode: str, tmp_path: Path) -> None:
    data = saved(Image.fromarray(noise(0, 9, 14, len(mode))), "WEBP")
    image = read(tmp_path, data)
    np.testing.assert_array_equal(image.pixels, np.asarray(opened(data)))
    assert image.pixels.shape == (9, 14, len(mode))


def test_a_webp_that_is_also_a_photo_cd_is_never_read_as_one(tmp_path: Path) -> None:  # row 33
    # Pillow asks its PhotoCD reader before its WebP reader; that one looks at byte 2048 alone.
    picture = Image.new("RGB", (768, 512), (200, 30, 60))
    ((kind, stream),) = riff_chunks(saved(picture, "WEBP", lossless=True))
    head = (b"VP8X", b"\0\0\0\0\xff\x02\0\xff\x01\0")
    junk = bytearray(786_432)
    start = 12 + 18 + 8 + len(stream) + len(stream) % 2 + 8
    junk[2048 - start : 2052 - start] = b"PCD_"
    data = riff(head, (kind, stream), (b"JUNK", bytes(junk)))
    assert opened(data).format in {"PCD", "WEBP"}
    with contextlib.suppress(CodecError):
        np.testing.assert_array_equal(read(tmp_path, data).pixels, np.asarray(picture))
