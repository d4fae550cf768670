"""Labels that are remembered are those that are found."""

import threading
import tracemalloc
from typing import Any

import numpy as np
import pytest

import codec
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import count_colors
from codec.labels import dithering, nearest, remembered
from codec.labels.nearest import label_colors
from codec.labels.remembered import RememberedLabels, label_again

TABLE_BYTES = 2 << 24


def picture(seed: int, channels: int = 3) -> np.ndarray:
    """Make the colors of a small picture, some of which others have too."""
    state = np.random.RandomState(seed)
    return count_colors(state.randint(0, 24, (40, 40, channels)).astype(np.uint8)).colors


def words(size: int, channels: int = 3) -> np.ndarray:
    return np.random.RandomState(size).randint(0, 26, (size, channels)).astype(np.uint8)


@pytest.mark.parametrize("space", ["rgb", "oklab"])
@pytest.mark.parametrize("size", [1, 16, 256])
def test_remembered_labels_are_those_found(space: str, size: int) -> None:
    codebook, metric = words(size), ColorMetric(space)
    remember = RememberedLabels(codebook, metric)
    for seed in (1, 2, 1, 3):
        colors = picture(seed)
        assert np.array_equal(remember(colors), label_colors(colors, codebook, metric))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_codebooks_metrics_and_channels_are_told_apart(channels: int) -> None:
    for size, space, exact in ((9, "rgb", False), (9, "oklab", False), (200, "oklab", True)):
        codebook, metric = words(size, channels), ColorMetric(space, exact)
        for seed in (1, 2):
            colors = picture(seed, channels)
            wanted = label_colors(colors, codebook, metric)
            assert np.array_equal(label_again(colors, codebook, metric), wanted)


def test_a_color_that_is_known_is_not_searched_for() -> None:
    remember = RememberedLabels(words(30), ColorMetric("oklab"))
    for seed in (1, 2, 1):
        remember(picture(seed))
    colors = {*map(tuple, np.vstack([picture(1), picture(2)]).tolist())}
    assert remember._labels is not None
    assert np.count_nonzero(remember._labels) == len(colors)


@pytest.mark.parametrize("space", ["rgb", "oklab"])
def test_a_codebook_that_is_used_once_takes_no_table(space: str) -> None:
    """Nor does a server that gets another one with each picture."""
    tracemalloc.start()
    try:
        for size in range(3, 9):
            label_again(picture(size), words(size), ColorMetric(space))
        _, once = tracemalloc.get_traced_memory()
        label_again(picture(1), words(8), ColorMetric(space))
        again, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert once < TABLE_BYTES < again


def test_of_many_codebooks_the_latest_is_remembered() -> None:
    """Memory does not grow with what is compressed."""
    for size in (3, 4, 5):
        label_again(picture(size), words(size), ColorMetric("rgb"))
    assert remembered._remembered.cache_info().currsize == 1


def test_threads_may_ask_at_a_time() -> None:
    codebook, metric = words(100), ColorMetric("oklab")
    remember, wrong = RememberedLabels(codebook, metric), []

    def ask(seed: int) -> None:
        colors = picture(seed)
        if not np.array_equal(remember(colors), label_colors(colors, codebook, metric)):
            wrong.append(seed)

    threads = [threading.Thread(target=ask, args=(seed % 4,)) for seed in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("tune", ["visual", "psnr"])
def test_pictures_are_what_they_are_alone(channels: int, tune: Any) -> None:
    """Nothing that is kept of one picture changes the next with the same codebook."""
    pictures = []
    for seed in range(4):
        state = np.random.RandomState(seed)
        shades = np.cumsum(state.randint(-2, 3, (48, 48, channels)), axis=1) + 90 + 20 * seed
        pictures.append(np.clip(shades, 0, 255).astype(np.uint8))
    codebook = codec.train(pictures, 256 if channels > 1 else 16, tune=tune)
    one_after_the_other = [codec.compress(each, codebook=codebook, tune=tune) for each in pictures]
    for pixels, found in zip(pictures, one_after_the_other, strict=True):
        remembered._remembered.cache_clear()
        nearest._ranked.cache_clear()
        dithering._known_diffusers.cache_clear()
        assert codec.compress(pixels, codebook=codebook, tune=tune) == found
    assert len({found.labels.tobytes() for found in one_after_the_other}) == 4
