"""What only Pillow asks for."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from cli_tools import write_dense
from PIL import Image

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
