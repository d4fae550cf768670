"""Targets at their edges: one code-word, alpha with few, paper, colors to keep."""

from typing import Any

import numpy as np
import pytest

import codec

NOISE = np.random.RandomState(1).randint(0, 256, (30, 30, 4)).astype(np.uint8)


def half_clear() -> np.ndarray:
    """Clear on the left, solid noise on the right."""
    pixels = np.zeros((60, 48, 4), dtype=np.uint8)
    pixels[:, 16:, :3] = np.random.RandomState(3).randint(0, 256, (60, 32, 3))
    pixels[:, 16:, 3] = 255
    return pixels


def paper() -> np.ndarray:
    """White paper with a ramp, lines and noise."""
    pixels = np.full((80, 100, 3), 255, dtype=np.uint8)
    pixels[10:30, 10:50] = np.arange(40)[None, :, None] * 5
    pixels[50:60, 5:95:7] = (200, 0, 0)
    pixels[40:45] = np.random.RandomState(7).randint(0, 256, (5, 100, 3))
    return pixels


@pytest.mark.parametrize(
    "targets", [{"auto": True}, {"max_bytes": 5000}, {"min_psnr": 5.0}, {"max_error": 255}]
)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_single_code_word_meets_what_it_can(targets: dict[str, float], channels: int) -> None:
    pixels = np.ascontiguousarray(NOISE[..., 4 - channels :])
    indexed = codec.compress(pixels, 1, **targets)  # type: ignore[arg-type]
    assert indexed.n_colors == 1
    plain = codec.compress(pixels, 1)
    assert (indexed.codebook == plain.codebook).all()


@pytest.mark.parametrize(
    ("targets", "best"),
    [
        ({"max_bytes": 20}, r"20 bytes are too few: it takes \d+"),
        ({"min_psnr": 50.0}, r"50 dB cannot be reached, [\d.]+ dB can"),
        ({"max_error": 10}, "a largest error of 10 cannot be reached"),
    ],
)
def test_a_single_code_word_tells_what_it_cannot(targets: dict[str, float], best: str) -> None:
    with pytest.raises(codec.TargetError, match=best):
        codec.compress(NOISE, 1, **targets)  # type: ignore[arg-type]


@pytest.mark.parametrize("targets", [{"max_bytes": 300}, {"min_psnr": 5.0}, {"min_ssim": 0.0}])
@pytest.mark.parametrize("format", ["png", "npz", "pair"])
def test_clear_stays_clear_and_solid_solid(targets: dict[str, float], format: str) -> None:
    pixels = half_clear()
    if format != "png" and "max_bytes" in targets:
        targets = {"max_bytes": 700}
    indexed = codec.compress(pixels, format=format, **targets)  # type: ignore[arg-type]
    assert (codec.decompress(indexed)[..., 3] == pixels[..., 3]).all()


@pytest.mark.parametrize("error", [20, 40, 60])
def test_paper_stays_white_whatever_the_largest_error(error: int) -> None:
    pixels = paper()
    decoded = codec.decompress(codec.compress(pixels, max_error=error))
    assert (decoded[(pixels == 255).all(axis=2)] == 255).all()
    assert np.abs(decoded.astype(int) - pixels).max() <= error


@pytest.mark.parametrize("effort", ["fast", "default", "best"])
def test_colors_to_keep_are_there_and_count(effort: Any) -> None:
    grey = np.ascontiguousarray(NOISE[..., 0])
    indexed = codec.compress(grey, 8, keep="#ff0000,#00ff00", effort=effort)
    assert {(255, 0, 0), (0, 255, 0)} <= {tuple(word) for word in indexed.codebook.tolist()}
    assert indexed.n_colors <= 8
    filled = codec.compress(grey, 4, keep="#ff0000,#00ff00", effort=effort, max_bytes=500)
    assert filled.n_colors <= 4


def test_what_is_named_as_the_best_can_be_asked_for() -> None:
    pixels = np.ascontiguousarray(NOISE[..., :3])
    with pytest.raises(codec.TargetError) as refusal:
        codec.compress(pixels, 64, min_psnr=100.0)
    best = float(str(refusal.value).split("reached, ")[1].split(" dB")[0])
    assert codec.compress(pixels, 64, min_psnr=best).n_colors <= 64
