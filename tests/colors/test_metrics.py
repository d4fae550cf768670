"""Measures of quality."""

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity

from codec import threads
from codec.colors import metrics
from codec.colors.metrics import measure, squared_errors, visible_errors
from codec.errors import ImageError


def _two_pictures(channels: int, shape: tuple[int, int] = (40, 30)) -> tuple[np.ndarray, ...]:
    state = np.random.RandomState(channels)
    first = state.randint(0, 256, (*shape, channels)).astype(np.uint8)
    second = np.clip(first.astype(int) + state.randint(-9, 10, first.shape), 0, 255)
    return first, second.astype(np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_opaque_pictures_are_measured_as_scikit_image_does(channels: int) -> None:
    first, second = _two_pictures(channels)
    rgb = [np.broadcast_to(part, (*part.shape[:2], 3)) for part in (first, second)]
    differences = deltaE_ciede2000(*(rgb2lab(part) for part in rgb))

    found = measure(first, second)

    assert found.mse == pytest.approx(mean_squared_error(first, second), rel=1e-12)
    expected_psnr = peak_signal_noise_ratio(first, second)
    assert found.psnr_db == pytest.approx(expected_psnr, rel=1e-12)
    assert found.ssim == pytest.approx(structural_similarity(first, second, channel_axis=2))
    assert found.delta_e_mean == pytest.approx(differences.mean(), rel=1e-4)
    assert found.delta_e_p95 == pytest.approx(np.percentile(differences, 95), rel=1e-3)


def test_equal_pictures_have_infinite_psnr() -> None:
    first, _ = _two_pictures(3)

    found = measure(first, first.copy())

    assert (found.mse, found.psnr_db, found.ssim) == (0.0, float("inf"), 1.0)
    assert (found.delta_e_mean, found.delta_e_p95) == (0.0, 0.0)


@pytest.mark.parametrize("channels", [2, 4])
def test_hidden_colors_do_not_count(channels: int) -> None:
    first, _ = _two_pictures(channels)
    first[:20, :, -1] = 0
    second = first.copy()
    second[:20, :, :-1] = 77

    found = measure(first, second)

    assert (found.mse, found.ssim, found.delta_e_p95) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize("channels", [2, 4])
def test_translucent_error_is_that_on_a_random_grey_background(channels: int) -> None:
    first, second = (part.reshape(-1, channels) for part in _two_pictures(channels, (10, 10)))
    backgrounds = (np.arange(2000) + 0.5) * 255 / 2000
    shown = []
    for part in (first, second):
        opacity = part[:, -1:, None] / 255
        shown.append(opacity * part[:, :-1, None] + (1 - opacity) * backgrounds)
    expected = ((shown[0] - shown[1]) ** 2).mean(axis=2).sum(axis=1)

    assert np.allclose(squared_errors(first, second), expected, rtol=1e-4, atol=1e-3)


def test_small_pictures_have_no_ssim() -> None:
    first, second = _two_pictures(3, (6, 50))

    assert measure(first, second).ssim is None


def test_other_shapes_are_refused() -> None:
    first, second = _two_pictures(3)

    with pytest.raises(ImageError, match="different shapes"):
        measure(first, second[:-1])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", ["noise", "few", "one", "equal", "wide"])
def test_a_table_of_pairs_gives_the_color_difference_of_every_pixel(
    kind: str, channels: int
) -> None:
    state = np.random.RandomState(0)
    shape = (3, 9000) if kind == "wide" else (70, 90)
    most = {"few": 5, "one": 1}.get(kind, 256)
    original = state.randint(0, most, (*shape, channels)).astype(np.uint8)
    decoded = state.randint(0, most, (*shape, channels)).astype(np.uint8)
    if kind == "equal":
        decoded = original.copy()
    first, second = (
        rgb2lab(np.broadcast_to(pixels, (*shape, 3)) / np.float32(255))
        for pixels in (original, decoded)
    )
    expected = deltaE_ciede2000(first, second).astype(np.float32).reshape(-1)
    found, counts = metrics._delta_e(original, decoded)
    np.testing.assert_allclose(np.sort(np.repeat(found, counts)), np.sort(expected), atol=2e-4)
    mean, p95 = metrics._mean_and_p95(found, counts)
    assert mean == pytest.approx(expected.mean(dtype=np.float64), abs=2e-5)
    assert p95 == pytest.approx(np.percentile(expected.astype(np.float64), 95), abs=2e-4)


def test_a_percentile_of_counted_values_is_that_of_all_of_them() -> None:
    state = np.random.RandomState(3)
    for size in range(1, 60):
        values = np.unique(state.rand(size).astype(np.float32))
        counts = state.randint(1, 30, len(values))
        state.shuffle(values)
        every = np.repeat(values.astype(np.float64), counts)
        mean, p95 = metrics._mean_and_p95(values, counts)
        assert mean == pytest.approx(every.mean(), rel=1e-12)
        assert p95 == pytest.approx(np.percentile(every, 95), rel=1e-12)


def test_a_color_difference_is_computed_once_for_each_pair(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted = []

    def count(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        counted.append(len(first))
        return np.asarray(deltaE_ciede2000(first, second))

    monkeypatch.setattr(metrics, "ciede2000", count)
    monkeypatch.setattr(threads, "STRIP_PIXELS", 100)
    original = np.arange(3000, dtype=np.uint32).reshape(50, 60) % 7
    decoded = original // 2
    measure(original.astype(np.uint8), decoded.astype(np.uint8))
    assert counted == [7]


@pytest.mark.parametrize("channels", [3, 4])
def test_similarity_is_the_same_whatever_the_strips(
    channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = np.random.RandomState(5)
    first = state.randint(0, 256, (61, 40, channels)).astype(np.uint8)
    second = first ^ state.randint(0, 32, first.shape).astype(np.uint8)
    whole = metrics.mean_ssim(first, second)
    for pixels in (1, 90, 400, 1200):
        monkeypatch.setattr(threads, "STRIP_PIXELS", pixels)
        assert metrics.mean_ssim(first, second) == pytest.approx(whole, rel=1e-12)


# Errors as they are seen


def test_visible_errors_of_opaque_pictures_are_the_largest_of_a_channel() -> None:
    state = np.random.RandomState(6)
    first, second = state.randint(0, 256, (2, 9, 8, 4)).astype(np.uint8)
    expected = np.abs(first.astype(int) - second)
    opaque = [np.concatenate([each[..., :3], np.full((9, 8, 1), 255, np.uint8)], axis=2)
              for each in (first, second)]  # fmt: skip
    for pair in (opaque, (first[..., :3], second[..., :3])):
        assert (visible_errors(*pair) == expected[..., :3].max(axis=2)).all()
    assert (visible_errors(first, second, exact=True) == expected.max(axis=2)).all()


def test_visible_errors_of_translucent_pictures_are_those_on_black_or_white() -> None:
    state = np.random.RandomState(7)
    first, second = state.randint(0, 256, (2, 50, 40, 4)).astype(np.uint8)

    def on(pixels: np.ndarray, background: int) -> np.ndarray:
        opacity = pixels[..., 3:] / 255
        return np.asarray(opacity * pixels[..., :3] + (1 - opacity) * background)

    expected = np.max(
        [np.abs(on(first, each) - on(second, each)).max(axis=2) for each in (0, 255)], axis=0
    )
    assert np.abs(visible_errors(first, second) - expected).max() <= 1  # colors are rounded
    clear = first * np.array([1, 1, 1, 0], np.uint8)
    assert not visible_errors(clear, clear ^ np.array([77, 3, 9, 0], np.uint8)).any()
