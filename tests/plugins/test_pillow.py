"""What only Pillow asks for."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from cli_tools import write_dense
from PIL import Image
from profile_tools import rgb_profile

import codec
from codec.errors import ImageError


def test_pillow_writes_the_modes_it_can_keep(tmp_path: Path) -> None:
    path = tmp_path / "x.kmc"
    bits = Image.fromarray(np.eye(9, dtype=bool))
    bits.save(path)
    with Image.open(path) as image:
        assert image.mode == "L"
        assert np.array_equal(np.asarray(image), np.eye(9, dtype=np.uint8) * 255)
    for mode in ("I", "F", "I;16", "CMYK", "LAB", "La"):
        with pytest.raises(ImageError, match="mode"):
            Image.new(mode, (3, 3)).save(tmp_path / "y.kmc")


def test_an_opened_image_goes_to_other_processes(tmp_path: Path) -> None:
    pixels = write_dense(tmp_path / "x.kmc", 4)
    with Image.open(tmp_path / "x.kmc") as image:
        again = pickle.loads(pickle.dumps(image))
    assert np.array_equal(np.asarray(again), pixels)


@pytest.mark.parametrize("profile", [None, rgb_profile()], ids=["sRGB", "a profile"])
def test_pillow_keeps_the_order_of_a_palette_if_asked(
    profile: bytes | None, tmp_path: Path
) -> None:
    indices = np.array([[3, 0, 5], [5, 5, 3]], np.uint8)
    image = Image.frombytes("P", (3, 2), indices.tobytes())
    colors = np.array([[9, 9, 9], [1, 2, 3], [7, 7, 7], [255, 0, 0], [1, 2, 3], [0, 0, 0]])
    image.putpalette(colors.astype(np.uint8).tobytes())
    if profile:
        image.info["icc_profile"] = profile
    image.save(tmp_path / "x.kmc", keep_order=True)
    assert image.info.get("icc_profile") == profile
    indexed = codec.load(tmp_path / "x.kmc")
    assert np.array_equal(indexed.labels, indices)
    assert np.array_equal(indexed.codebook, colors)
    with Image.open(tmp_path / "x.kmc") as found:
        assert found.info.get("icc_profile") == profile
    with pytest.raises(ImageError, match="no palette indices"):
        image.convert("RGB").save(tmp_path / "y.kmc", keep_order=True)
