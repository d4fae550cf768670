"""Which colors became others: what counts together, and how much."""

import itertools

import numpy as np
import pytest
from cli_tools import Pixels, many_colors

from codec import threads
from codec.reports.changes import Change, ChangedColors
from codec.reports.losses import find_losses
from codec.reports.surfaces import solid_pixels


def changes(pixels: Pixels, after: Pixels) -> tuple[Change, ...]:
    return find_losses(pixels, after).changes


def test_areas_have_no_steps_and_lines_are_none() -> None:
    pixels = np.full((30, 40, 3), 200, np.uint8)
    pixels[10:20, 10:20] = 90  # a square of ten pixels
    pixels[:, 30] = 0
    pixels[25] = (200, 200, 230)
    solid = solid_pixels(pixels, slice(0, 30))
    assert solid[10:20, 10:20].all()
    assert not solid[:, 30].any()
    assert not solid[25].any()
    assert solid[:10, :29].all()
    # Soft shades are areas.
    ramp = np.repeat(np.arange(0, 240, 6, dtype=np.uint8)[None, :, None], 30, axis=0)
    assert solid_pixels(ramp, slice(0, 30)).all()


def test_parts_of_a_picture_are_the_same_as_all_of_it() -> None:
    pixels = many_colors(height=37, width=50)
    pixels[12:30, 8:33] = 128
    pixels[5], pixels[:, 40] = 255 - pixels[5], 255 - pixels[:, 40]
    whole = solid_pixels(pixels, slice(0, 37))
    assert 0 < whole.mean() < 1
    for step in 1, 2, 7, 36:
        parts = [solid_pixels(pixels, slice(at, at + step)) for at in range(0, 37, step)]
        assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (9, 2)])
def test_small_pictures_are_areas(size: tuple[int, int]) -> None:
    assert solid_pixels(np.zeros((*size, 4), np.uint8), slice(0, size[0])).all()


def test_strips_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = many_colors(height=60, width=80)
    found = []
    for strip in (1 << 18, 200):
        monkeypatch.setattr(threads, "STRIP_PIXELS", strip)
        found.append(changes(pixels, pixels // 64 * 64))
    assert found[0] == found[1] != ()


def test_an_area_that_changed_little_is_among_lines_that_changed_much() -> None:
    pixels = np.full((200, 200, 3), 255, np.uint8)
    after = pixels.copy()
    pixels[20:40, 20:40], after[20:40, 20:40] = (0, 152, 254), (79, 152, 221)
    for number, color in enumerate(itertools.product((0, 128), repeat=3)):
        pixels[60 + 15 * number] = color
        after[60 + 15 * number] = (255 - color[0], 255 - color[1], 128 - color[2])
    found = changes(pixels, after)
    assert found[0].before == (0, 152, 254)
    assert [change.thin for change in found] == [False, *[True] * 3]


def test_of_areas_those_count_less_that_are_partly_lines() -> None:
    colors = [((90, 90, 90), (120, 120, 120)), ((170, 170, 170), (200, 200, 200))]
    for (whole, whole_after), (partly, partly_after) in (colors, colors[::-1]):
        pixels = np.full((120, 120, 3), 255, np.uint8)
        after = pixels.copy()
        pixels[10:30, 10:40], after[10:30, 10:40] = whole, whole_after
        pixels[50:70, 10:30], after[50:70, 10:30] = partly, partly_after
        pixels[80:104:8], after[80:104:8] = partly, partly_after  # so many that there are more
        found = changes(pixels, after)
        assert [change.before for change in found] == [whole, partly]
        assert found[1].share > found[0].share


def test_shades_of_a_color_that_become_one_count_together() -> None:
    pixels = np.full((100, 100, 3), 255, np.uint8)
    after = pixels.copy()
    for number in range(5):
        pixels[10 * number : 10 * number + 10] = (200, 20 + 16 * number, 40)
    after[:50] = (120, 100, 100)
    (change,) = changes(pixels, after)
    assert change.share == 0.5
    assert change.after == (120, 100, 100)
    # But not what becomes something else.
    after[40:50] = (60, 90, 200)
    assert {change.after for change in changes(pixels, after)} == {(120, 100, 100), (60, 90, 200)}


def test_differences_near_black_count_as_little_as_they_look() -> None:
    pixels = np.full((100, 100, 3), 255, np.uint8)
    pixels[:80] = 1  # in OkLab as far from black as 128 from 148
    after = pixels.copy()
    after[:80] = 0
    assert changes(pixels, after) == ()


def test_greyish_hues_count_more_than_strong_ones() -> None:
    pixels = np.full((100, 100, 3), 255, np.uint8)
    after = pixels.copy()
    pixels[:40], after[:40] = (72, 86, 78), (84, 82, 70)
    pixels[60:], after[60:] = (230, 50, 40), (218, 54, 48)
    assert [change.before for change in changes(pixels, after)][:1] == [(72, 86, 78)]


def test_nothing_counted_is_no_change() -> None:
    assert ChangedColors(3).find(1e-4)[0] == ()
