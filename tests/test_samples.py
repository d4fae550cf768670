"""The samples: what they are, and how well they compress.

`expected/samples.csv` is a fence, of `--tune psnr`. The native engine has the same labels
everywhere: only another version of libdeflate may change its bytes, by 1 %; the sums of
scikit-learn's are floating point, and another machine may end in another local optimum: 8 % and
0.25 dB. A change that moves the figures on purpose runs `python tests/test_samples.py` and commits
the difference.
"""

import csv
import hashlib
import sys
from typing import Any

import numpy as np
import pytest
from cli_tools import REPOSITORY

import codec
from codec.colors.metrics import psnr_db
from codec.compressor import compress_with_details
from codec.formats.registry import FORMATS
from codec.kernels import COMPILED
from codec.settings import CompressSettings

SAMPLES = REPOSITORY / "samples"
EXPECTED = REPOSITORY / "tests" / "expected" / "samples.csv"
SIZES = (16, 256)
# By engine: part of the bytes, and dB.
MARGINS = {"native": (0.01, 0.001), "sklearn": (0.08, 0.25)}


def _manifest() -> list[dict[str, str]]:
    with (SAMPLES / "MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _measured(name: str, size: int, engine: str) -> dict[str, str]:
    pixels = codec.read_image(SAMPLES / name).pixels
    settings = CompressSettings(size, engine=engine, tune="psnr")
    details = compress_with_details(pixels, settings)
    row = {"file": name, "k": str(size), "engine": engine}
    for format in FORMATS.values():
        if format.name != "kmc" or COMPILED:
            indexed = format.arranged(details.indexed)
            row[format.name] = str(sum(map(len, format.encode(indexed, settings.effort))))
    row["psnr_db"] = "inf" if details.lossless else f"{psnr_db(details.mse):.3f}"
    return row


@pytest.mark.parametrize("row", _manifest(), ids=lambda row: row["file"])
def test_a_sample_is_what_the_manifest_says(row: dict[str, str]) -> None:
    path = SAMPLES / row["file"]
    pixels = codec.read_image(path).pixels
    shape = pixels.shape if pixels.ndim == 3 else (*pixels.shape, 1)
    keys = pixels.reshape(-1, shape[2]) @ (256 ** np.arange(shape[2], dtype=np.uint32))

    assert hashlib.sha256(path.read_bytes()).hexdigest() == row["sha256"]
    assert shape == (int(row["height"]), int(row["width"]), int(row["channels"]))
    assert len(np.unique(keys)) == int(row["unique_colors"])
    assert row["licence"] in ("CC0-1.0", "Public Domain")
    assert row["source"]
    assert row["why"]


def test_every_sample_is_in_the_manifest_and_they_are_small() -> None:
    pictures = {path.name for path in SAMPLES.iterdir() if path.suffix in (".png", ".jpg")}

    assert pictures == {row["file"] for row in _manifest()}
    assert sum(path.stat().st_size for path in SAMPLES.iterdir()) <= 4_000_000


def _expected() -> list[Any]:
    with EXPECTED.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        pytest.param(
            row,
            id=f"{row['file']}-{row['k']}-{row['engine']}",
            marks=[] if row["file"] == "sprites.png" else pytest.mark.slow,
        )
        for row in rows
    ]


@pytest.mark.parametrize("row", _expected())
def test_size_and_quality_stay_what_they_were(row: dict[str, str]) -> None:
    if row["engine"] == "native" and not COMPILED:
        pytest.skip("the kernels were not compiled")
    found = _measured(row["file"], int(row["k"]), row["engine"])
    part, decibels = MARGINS[row["engine"]]

    for format in found.keys() & FORMATS.keys():
        assert int(found[format]) == pytest.approx(int(row[format]), rel=part)
    assert float(found["psnr_db"]) == pytest.approx(float(row["psnr_db"]), abs=decibels)


def test_the_lossless_sample_has_pinned_bits() -> None:
    """Nothing is trained here, so every machine gives the same codebook and labels."""
    indexed = codec.compress(codec.read_image(SAMPLES / "sprites.png").pixels)

    digest = hashlib.sha256(indexed.codebook.tobytes() + indexed.labels.tobytes()).hexdigest()
    assert digest == "df522cc916827d2ceb4f5fa57f934b4902fe78b42a0846809bd77b892cca2aa8"


if __name__ == "__main__":
    rows = [
        _measured(row["file"], size, engine)
        for row in _manifest()
        for size in SIZES
        for engine in MARGINS
    ]
    EXPECTED.parent.mkdir(exist_ok=True)
    with EXPECTED.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    sys.exit(0)
