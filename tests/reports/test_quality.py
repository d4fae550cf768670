"""What reports say of a decoded picture beside its original."""

import numpy as np
import pytest
from cli_tools import Pixels, many_colors
from cli_tools import with_alpha as translucent

import codec
from codec import threads
from codec.colors.metrics import measure
from codec.compressor import compress_with_details
from codec.indexed import IndexedImage
from codec.reports.quality import comparison_facts, quality_facts, worst_facts
from codec.settings import CompressSettings

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


# The worst pixel


def worst_by_hand(original: Pixels, decoded: Pixels, exact: bool) -> tuple[int, object]:
    """The largest error of a channel, and its first place, pixel by pixel."""
    first = original.reshape(*original.shape[:2], -1).astype(int)
    second = decoded.reshape(first.shape).astype(int)
    worst, place = 0, None
    for y, x in np.ndindex(first.shape[:2]):
        errors = abs(first[y, x] - second[y, x])
        if first.shape[2] in (2, 4) and first[y, x, -1] == 0 and not exact:
            errors = errors[-1:]
        if errors.max() > worst:
            worst, place = int(errors.max()), (x, y)
    return worst, place


def shades(channels: int) -> Pixels:
    pixels = many_colors(height=30, width=40)
    if channels in (2, 4):
        opacity = translucent(1, 30, 40)[:, :, 3:] + (pixels[:, :, :1] // 2)
        opacity[::3, ::2] = 0
        pixels = np.concatenate([pixels, opacity], axis=2)
    return np.ascontiguousarray(pixels[:, :, -channels:])


@pytest.mark.parametrize("dither", ["none", "fs", "ordered"])
@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("strip", [1 << 20, 100])
def test_the_worst_pixel_is_that_of_all(
    strip: int, channels: int, exact: bool, dither: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "STRIP_PIXELS", strip)
    pixels = shades(channels)
    settings = CompressSettings(7, exact=exact, dither=dither, effort="fast")
    details = compress_with_details(pixels, settings)
    error, place = worst_by_hand(pixels, codec.decompress(details.indexed), exact)
    assert details.worst_error == error > 0
    for known in (255, error):
        facts = worst_facts(pixels, details.indexed, exact=exact, known=known)
        assert facts == {"worst_error": error, "worst_at": place}


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_what_is_lossless_has_no_worst_pixel(channels: int) -> None:
    pixels = shades(channels)[:4, :4]
    details = compress_with_details(pixels)
    assert details.worst_error == 0
    assert worst_facts(pixels, details.indexed) == {"worst_error": 0, "worst_at": None}


def test_hidden_colors_count_only_if_they_were_to_be_kept() -> None:
    pixels = np.array([[[200, 0], [9, 255]]], np.uint8)
    indexed = IndexedImage(np.array([[0, 1]], np.uint8), np.array([[0, 3], [9, 250]], np.uint8))
    assert worst_facts(pixels, indexed) == {"worst_error": 5, "worst_at": (1, 0)}
    assert worst_facts(pixels, indexed, exact=True) == {"worst_error": 200, "worst_at": (0, 0)}


def test_the_worst_pixel_is_found_in_other_channels_too() -> None:
    labels = np.zeros((2, 3), np.uint8)
    grey = np.full((2, 3), 50, np.uint8)
    indexed = IndexedImage(labels, np.array([[50, 50, 57]], np.uint8))
    assert worst_facts(grey, indexed) == {"worst_error": 7, "worst_at": (0, 0)}


def test_nothing_is_looked_at_below_what_was_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "STRIP_PIXELS", 10)
    labels = np.zeros((100, 10), np.uint8)
    pixels = np.full((100, 10, 3), 9, np.uint8)
    pixels[2, 4, 1] = 29
    looked = []

    def look_up(table: Pixels, found: Pixels) -> Pixels:
        looked.append(len(found))
        return np.asarray(table[found])

    monkeypatch.setattr("codec.reports.quality.look_up", look_up)
    indexed = IndexedImage(labels, np.array([[9, 9, 9]], np.uint8))
    facts = worst_facts(pixels, indexed, known=20)
    assert facts == {"worst_error": 20, "worst_at": (4, 2)}
    assert looked == [1, 1, 1]
