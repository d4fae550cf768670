"""Which colors rule a picture."""

import functools

import numpy as np
import pytest
from scene_tools import BRANDS, chart, gradient, page

from codec.colors.flats import count_flats, ruling_colors
from codec.colors.histogram import count_colors

SIZES = [2, 3, 4, 5, 8, 12, 16, 20, 32, 64, 256]


def _ruling(picture: np.ndarray, n_colors: int) -> list[tuple[int, ...]]:
    found = ruling_colors(functools.partial(count_flats, picture), count_colors(picture), n_colors)
    return [tuple(color) for color in found.tolist()]


@pytest.mark.parametrize("threads", ["1", "2", "4"])
def test_flat_pixels_are_counted_on_every_thread(
    threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", threads)
    monkeypatch.setattr("codec.threads.THREAD_PIXELS", 1000)
    picture = chart()
    colors = count_colors(picture).colors
    padded = np.pad(picture, [(1, 1), (1, 1), (0, 0)], mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
    flat = (windows == picture[..., None, None]).all(axis=(2, 3, 4))

    counts = count_flats(picture, colors)

    assert counts.sum() == flat.sum()
    expected = [(picture[flat] == color).all(axis=1).sum() for color in colors[::50]]
    assert counts[::50].tolist() == expected


@pytest.mark.parametrize("n_colors", SIZES)
def test_paper_rules_with_any_number_of_code_words(n_colors: int) -> None:
    assert (255,) * 3 in _ruling(page(), n_colors)
    assert (18,) * 3 in _ruling(page(18, 230), n_colors)


def test_black_and_white_need_one_percent_of_any_pixels_and_four_code_words() -> None:
    picture = np.random.RandomState(0).randint(60, 200, (100, 100, 3)).astype(np.uint8)
    picture[::10, ::10], picture[5::10, 5::10] = 0, 255

    assert _ruling(picture, 3) == []
    assert _ruling(picture, 4) == [(0, 0, 0), (255, 255, 255)]
    picture[0, 0] = 9
    assert _ruling(picture, 4) == [(255, 255, 255)]


@pytest.mark.parametrize("n_colors", [16, 32, 256])
def test_one_percent_of_flat_pixels_is_enough_from_sixteen_code_words_on(n_colors: int) -> None:
    picture = np.random.RandomState(0).randint(60, 200, (100, 100, 3)).astype(np.uint8)
    picture[:12, :12] = BRANDS[0]  # 121 flat pixels in the corner
    picture[50:60, 50:60] = BRANDS[1]  # 64

    assert _ruling(picture, n_colors) == [BRANDS[0]]
    assert _ruling(picture, 8) == []


def test_brands_rule_beside_paper() -> None:
    assert _ruling(chart(), 16) == sorted([*BRANDS, (255, 255, 255)])
    assert _ruling(chart(), 2) == [(255, 255, 255)]
    assert len(_ruling(chart(), 8)) <= 4


def test_of_too_many_those_of_greatest_cover_are_taken() -> None:
    colors = [(number * 37 % 256, number * 91 % 256, number * 53 % 256) for number in range(1, 21)]
    rows = [np.full((4 + number, 60, 3), color) for number, color in enumerate(colors)]
    picture = np.vstack(rows).astype(np.uint8)

    assert _ruling(picture, 16) == sorted(colors[4:])
    assert _ruling(picture, 20) == sorted(colors)


@pytest.mark.parametrize("n_colors", [4, 8, 16, 24, 32])
def test_steps_of_a_ramp_are_no_flat_colors_where_they_are_too_many(n_colors: int) -> None:
    assert _ruling(gradient(50), n_colors) == []


def test_steps_of_a_ramp_that_fit_are_exact() -> None:
    assert len(_ruling(gradient(50), 64)) == 50


def test_grain_leaves_nothing_flat() -> None:
    picture = np.random.RandomState(0).randint(100, 110, (100, 100, 1)).astype(np.uint8)
    assert _ruling(picture, 256) == []


def test_alpha_is_part_of_a_color() -> None:
    picture = np.random.RandomState(0).randint(60, 200, (100, 100, 4)).astype(np.uint8)
    picture[:50] = (255, 255, 255, 128)
    picture[50:70] = (255, 255, 255, 255)
    assert _ruling(picture, 4) == [(255, 255, 255, 128), (255, 255, 255, 255)]


def test_one_code_word_is_nobodys() -> None:
    assert _ruling(page(), 1) == []
