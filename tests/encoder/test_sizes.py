"""A picture at several sizes, from Python."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import PICTURES, Pixels, Sandbox, few_colors, many_colors
from report_tools import read_json

import codec
from codec.options import FormatChoice

FORMATS: tuple[FormatChoice, ...] = ("pair", "png")


@pytest.mark.parametrize("format", ["pair", "npz", "png"])
def test_a_sweep_is_that_of_the_command(sandbox: Sandbox, format: FormatChoice) -> None:
    sandbox.picture("photo.png", many_colors())
    run = sandbox.run("sweep", "photo.png", "-k", "4", "20", "--format", format, "--json", check=0)
    told = read_json(run.out)["results"]
    found = codec.sweep(many_colors(), [4, 20], formats=[format], measure=True)
    assert len(found) == 2
    for result, swept in zip(told, found, strict=True):
        assert swept.size_bytes == result["output_bytes"]
        assert swept.ssim == pytest.approx(result["ssim"])
        for name in ("format", "n_colors", "n_colors_asked", "knee", "bits_per_pixel"):
            assert getattr(swept, name) == result[name], name
        for name in ("mse", "psnr_db"):
            assert getattr(swept, name) == pytest.approx(result[name], rel=1e-12), name


def test_the_largest_size_is_what_compress_makes(tmp_path: Path) -> None:
    # Which trains for this size alone.
    (swept,) = codec.sweep(many_colors(), [30], formats=["npz"])
    (path,) = codec.save(codec.compress(many_colors(), 30), tmp_path / "x.npz")
    assert swept.size_bytes == path.stat().st_size
    assert swept.ssim is None


@pytest.mark.parametrize("pixels", PICTURES.values(), ids=PICTURES)
def test_formats_stand_side_by_side_for_each_size(pixels: Pixels) -> None:
    found = codec.sweep(pixels, (2, 256), formats=("png", "pair"), measure=True)
    assert [(each.n_colors_asked, each.format) for each in found] == [
        (2, "png"), (2, "pair"), (256, "png"), (256, "pair"),
    ]  # fmt: skip
    assert [each.mse == 0 for each in found] == [False, False, True, True]
    assert found[-1].psnr_db == float("inf")
    assert found[-1].ssim == pytest.approx(1)


def test_pictures_are_taken_as_by_compress(tmp_path: Path) -> None:
    codec.save(codec.compress(few_colors()), tmp_path / "x.png")
    source = codec.read_image(tmp_path / "x.png")
    for format in FORMATS:
        (swept,) = codec.sweep(source, [256], formats=[format], measure=True)
        assert (swept.n_colors, swept.mse) == (27, 0)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"n_colors": []}, "n_colors"),
        ({"n_colors": [4, 257]}, "n_colors"),
        ({"n_colors": [0, 4]}, "n_colors"),
        ({"n_colors": [4.5]}, "n_colors"),
        ({"formats": ["gif"]}, "format"),
        ({"formats": []}, "n_colors"),
        ({"tune": "none"}, "tune"),
    ],
)
def test_what_cannot_be_swept_is_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(codec.ParameterError) as caught:
        codec.sweep(few_colors(), **options)
    assert caught.value.reason == reason


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(codec.ImageError, match="uint8"):
        codec.sweep(np.zeros((4, 4)))  # type: ignore[arg-type]
