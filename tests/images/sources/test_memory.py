"""Pictures of 100 million pixels take the memory of a few bands; processes are measured."""

import hashlib
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import png_tools as pt
import pytest
import tifffile
from cli_tools import child_environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux"),
]

WIDTH, HEIGHT = 10_000, 10_000
BANDS = """
import hashlib, sys
from codec.images.sources.opening import open_source
digest = hashlib.sha256()
with open_source(sys.argv[1]) as source:
    for top in range(0, source.shape[0], 400):
        digest.update(source[top : top + 400, :])
print(digest.hexdigest(), flush=True)
sys.stdin.read()
"""


def read_elsewhere(path: Path) -> tuple[str, int]:
    """Digest of a picture read in bands by another process, and its peak in mebibytes."""
    command = [sys.executable, "-c", BANDS, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=child_environment()
    ) as child:
        assert child.stdout is not None
        digest = child.stdout.readline().strip()
        status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
        child.communicate("")
    return digest, int(status.partition("VmHWM:")[2].split()[0]) // 1024


def band(top: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """80 rows of a picture that nobody holds."""
    row = np.random.RandomState(top).randint(0, 256, (1, 500, 3)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(np.tile(row, (1, 20, 1)), (80, WIDTH, 3)))


def test_a_png_of_100_megapixels_takes_little_memory(tmp_path: Path) -> None:
    path, digest, packer = tmp_path / "large.png", hashlib.sha256(), zlib.compressobj(1)
    with path.open("wb") as file:
        file.write(pt.SIGNATURE + pt.ihdr(WIDTH, HEIGHT, 8, pt.RGB))
        for top in range(0, HEIGHT, 80):
            rows = band(top)
            digest.update(rows.data)
            kinds = np.zeros((80, 1), dtype=np.uint8)
            filtered = np.hstack([kinds, rows.reshape(80, -1)])
            file.write(pt.chunk(b"IDAT", packer.compress(filtered.tobytes())))
        file.write(pt.chunk(b"IDAT", packer.flush()) + pt.IEND)
    found, peak = read_elsewhere(path)
    assert found == digest.hexdigest()
    assert peak < 100  # of which 45 are the interpreter and NumPy; pixels are 286


def test_a_tiff_of_100_megapixels_takes_little_memory(tmp_path: Path) -> None:
    path, digest = tmp_path / "large.tif", hashlib.sha256()
    for top in range(0, HEIGHT, 80):
        digest.update(band(top).data)
    tiles = (
        np.ascontiguousarray(band(top)[:, left : left + 2000])
        for top in range(0, HEIGHT, 80)
        for left in range(0, WIDTH, 2000)
    )
    tifffile.imwrite(
        path, tiles, shape=(HEIGHT, WIDTH, 3), dtype=np.uint8, tile=(80, 2000),
        photometric="rgb", compression="zlib", bigtiff=True,
    )  # fmt: skip
    found, peak = read_elsewhere(path)
    assert found == digest.hexdigest()
    assert peak < 100
