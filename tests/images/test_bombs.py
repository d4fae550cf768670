"""Files that cost more than their pixels, measured from outside: time and all memory."""

from pathlib import Path

import pytest
from cost_tools import ONE_MEBIBYTE, cost_of_reading
from picture_tools import RGB, noise, png_of
from png_tools import chunk

pytestmark = pytest.mark.slow

SMALL_PNG = png_of(noise(0, 64, 64, 3), RGB, 8)
IDAT = SMALL_PNG.index(b"IDAT") - 4


@pytest.mark.parametrize("kind", [b"IDAT", b"tEXt", b"teXt"])
def test_millions_of_empty_chunks_are_refused(kind: bytes, tmp_path: Path) -> None:
    cost = cost_of_reading(tmp_path, SMALL_PNG[:IDAT] + chunk(kind) * 3_000_000 + SMALL_PNG[IDAT:])
    assert cost.found == "bad-chunk"
    assert cost.peak < 40 * ONE_MEBIBYTE + 36_000_000
    assert cost.seconds < 1


def test_chunks_that_nobody_asks_for_are_not_copied(tmp_path: Path) -> None:
    kinds = [b"t" + bytes([65 + n // 26, 65 + n % 26]) + b"t" for n in range(200)]
    chunks = b"".join(chunk(kind, bytes(ONE_MEBIBYTE)) for kind in kinds)
    cost = cost_of_reading(tmp_path, SMALL_PNG[:IDAT] + chunks + SMALL_PNG[IDAT:])
    assert cost.found == [64, 64, 3]
    assert cost.peak < len(chunks) + 40 * ONE_MEBIBYTE
