"""What reports say of a decoded picture beside its original."""

import numpy as np
import pytest

from codec.colors.metrics import measure
from codec.reports.quality import comparison_facts, quality_facts

RGB = np.random.RandomState(0).randint(0, 256, (9, 11, 3)).astype(np.uint8)
GREY = RGB[:, :, 0].copy()


def with_alpha(pixels: np.ndarray, alpha: int = 255) -> np.ndarray:
    layer = np.full((*pixels.shape[:2], 1), alpha, np.uint8)
    return np.concatenate([pixels.reshape(*pixels.shape[:2], -1), layer], axis=2)


def test_facts_are_the_measures_by_their_names_in_a_report() -> None:
    decoded = RGB ^ np.uint8(3)
    quality = measure(RGB, decoded)
    assert quality_facts(RGB, decoded) == {
        "mse": quality.mse,
        "ssim": quality.ssim,
        "delta_e_mean": quality.delta_e_mean,
        "delta_e_p95": quality.delta_e_p95,
    }


def test_pictures_of_equal_channels_are_compared_without_a_word() -> None:
    facts, notices = comparison_facts(RGB, RGB)
    assert notices == ()
    assert facts["lossless"] is True
    assert facts["unique_colors"] == len(np.unique(RGB.reshape(-1, 3), axis=0))
    facts, _ = comparison_facts(RGB, RGB // 64 * 64)
    assert facts["lossless"] is False
    assert facts["unique_colors_after"] <= 64


@pytest.mark.parametrize(
    ("original", "decoded", "notice"),
    [
        (GREY, np.dstack([GREY] * 3), "compared grey with RGB"),
        (with_alpha(RGB), RGB, "compared RGBA with RGB"),
        (GREY, with_alpha(GREY), "compared grey with grey+alpha"),
        (GREY, with_alpha(np.dstack([GREY] * 3)), "compared grey with RGBA"),
    ],
)
def test_pictures_that_look_alike_are_lossless_in_other_channels(
    original: np.ndarray, decoded: np.ndarray, notice: str
) -> None:
    for first, second in ((original, decoded), (decoded, original)):
        facts, notices = comparison_facts(first, second)
        assert facts["lossless"] is True
        assert facts["mse"] == 0
        assert len(notices) == 1
    assert comparison_facts(original, decoded)[1] == (notice,)


def test_opaque_and_half_transparent_differ() -> None:
    facts, _ = comparison_facts(RGB, with_alpha(RGB, 128))
    assert facts["lossless"] is False
    assert facts["mse"] > 0
