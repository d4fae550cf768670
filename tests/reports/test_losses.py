"""What was lost and where, held against pictures in which that is known."""

import numpy as np
import pytest
from cli_tools import Pixels, many_colors

import codec
from codec import threads
from codec.colors.metrics import visible_errors
from codec.reports.losses import find_losses


def flat(height: int = 90, width: int = 120, color: tuple[int, ...] = (90, 90, 90)) -> Pixels:
    return np.full((height, width, len(color)), color, np.uint8)


def test_errors_are_counted_over_all_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = many_colors(height=40, width=50)
    indexed = codec.compress(pixels, 6)
    errors = visible_errors(pixels, codec.decompress(indexed))
    for strip in (1 << 18, 60):
        monkeypatch.setattr(threads, "STRIP_PIXELS", strip)
        losses = find_losses(pixels, indexed)
        assert losses.counts == tuple(np.bincount(errors.reshape(-1), minlength=256).tolist())
        assert losses.worst == errors.max()
        row, column = np.argwhere(errors == errors.max())[0]
        assert losses.worst_at == (column, row)
        assert losses.within(0.95) == np.sort(errors.reshape(-1))[int(0.95 * errors.size) - 1]
        assert losses.between(3, 9) == ((errors >= 3) & (errors <= 9)).mean()
    assert find_losses(pixels, codec.decompress(indexed)).counts == losses.counts


def test_without_error_there_is_nothing_to_find() -> None:
    losses = find_losses(flat(), flat())
    assert (losses.worst, losses.worst_at, losses.places) == (0, None, ())
    assert (losses.where, losses.changes) == ("", ())


@pytest.mark.parametrize(
    ("row", "column", "name"),
    [(5, 5, "top left"), (45, 60, "center"), (80, 60, "bottom center"), (45, 110, "middle right")],
)
def test_where_most_was_lost_is_named(row: int, column: int, name: str) -> None:
    after = flat()
    after[row, column] += 60
    losses = find_losses(flat(), after)
    assert (losses.where, losses.where_share) == (name, 1.0)
    (place,) = losses.places
    assert place.x <= column < place.x + place.width
    assert place.y <= row < place.y + place.height
    assert place.worst == 60


def test_a_loss_that_is_everywhere_is_in_no_part() -> None:
    assert find_losses(flat(), flat() + np.uint8(3)).where == ""


def test_no_ninth_has_most_of_two() -> None:
    after = flat()
    after[5, 5] += 60
    after[80, 110] += 61
    losses = find_losses(flat(), after)
    assert losses.where == "bottom right"
    assert 0.5 < losses.where_share < 0.51
    assert losses.where_pixels == pytest.approx(1 / 9)


def test_the_background_is_what_most_have_and_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = flat()
    pixels[:20] = 7
    after = pixels.copy()
    after[20:29] += np.uint8(1)
    for strip in (1 << 18, 60):
        monkeypatch.setattr(threads, "STRIP_PIXELS", strip)
        losses = find_losses(pixels, after)
        assert losses.background == (90, 90, 90)
        assert losses.background_share == pytest.approx(61 / 90)
    assert losses.clear == 0


def test_the_worst_places_do_not_touch_and_are_in_order() -> None:
    after = flat(200, 200)
    for row, column, error in ((20, 20, 40), (24, 40, 39), (150, 30, 60), (199, 199, 50)):
        after[row, column] += np.uint8(error)
    losses = find_losses(flat(200, 200), after)
    assert [place.worst for place in losses.places] == [60, 50, 40]
    assert all(0 <= place.x <= 200 - place.width for place in losses.places)
    for number, one in enumerate(losses.places):
        for other in losses.places[:number]:
            apart = abs(one.x - other.x) >= one.width or abs(one.y - other.y) >= one.height
            assert apart


def test_small_pictures_have_places_of_changes_only() -> None:
    after = flat(30, 300)
    after[::2] += np.uint8(4)
    after[1::2] -= np.uint8(4)
    assert find_losses(flat(30, 300), after).places == ()
    for height, width in ((30, 300), (1, 1), (3, 9)):
        after = flat(height, width) + np.uint8(60)
        (place,) = find_losses(flat(height, width), after).places
        assert 1 <= place.width == place.height <= height
        assert (place.x, place.y) == place.pixel == (0, 0)


def test_colors_that_changed_are_named_with_their_share() -> None:
    pixels, after = flat(), flat()
    pixels[:9] = (220, 30, 40)
    after[:9] = (150, 90, 90)
    pixels[80:] = (10, 10, 200)
    after[80:] = (12, 10, 199)  # nobody sees that
    (change,) = find_losses(pixels, after).changes
    assert (change.before, change.after) == ((220, 30, 40), (150, 90, 90))
    assert change.share == pytest.approx(0.1)


def test_colors_that_keep_their_mean_have_not_changed() -> None:
    after = flat()
    after[::2] += np.uint8(30)
    after[1::2] -= np.uint8(30)
    assert find_losses(flat(), after).changes == ()


def test_clear_pixels_have_no_colors() -> None:
    pixels = flat(color=(90, 90, 90, 255))
    pixels[:30] = (255, 0, 0, 0)
    after = pixels.copy()
    after[:30] = (0, 0, 255, 0)
    losses = find_losses(pixels, after)
    assert (losses.worst, losses.changes) == (0, ())
    assert losses.pixels == 60 * 120
    assert losses.clear == pytest.approx(1 / 3)
    assert losses.background_share == 1
    kept = find_losses(pixels, after, exact=True)
    assert (kept.worst, kept.clear, kept.pixels) == (255, 0, 90 * 120)


def test_a_picture_may_be_clear_altogether() -> None:
    losses = find_losses(flat(color=(9, 0)), flat(color=(7, 0)))
    assert (losses.pixels, losses.clear, losses.worst, losses.background) == (0, 1, 0, ())
    assert losses.between(0, 255) == 0
