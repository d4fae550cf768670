"""Code-words that are pinned."""

import numpy as np
import pytest
from cli_tools import many_colors
from scene_tools import chart, page

from codec.codebook.pinned import Pinning, are_among
from codec.codebook.training import train_codebook
from codec.colors.colorspace import ColorMetric
from codec.colors.displays import as_shown
from codec.colors.histogram import ColorHistogram, count_colors
from codec.colors.pixels import distinct

Case = tuple[ColorHistogram, ColorMetric]
CASES = {
    "grey": (page()[..., :1], "rgb"),
    "grey-alpha": (np.dstack([page()[..., :1], chart()[:, :320, :1].repeat(2, 0)[:240]]), "rgb"),
    "rgb": (chart(), "rgb"),
    "oklab": (chart(), "oklab"),
    "rgba": (np.dstack([chart(), chart()[..., 1]]), "oklab"),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    """Colors, and where they are measured."""
    picture, space = CASES[request.param]
    return count_colors(np.ascontiguousarray(picture)), ColorMetric(space)


def _error(histogram: ColorHistogram, codebook: np.ndarray, metric: ColorMetric) -> float:
    points, words = metric.coordinates(histogram.colors), metric.coordinates(codebook)
    distances = ((points[:, None] - words) ** 2).sum(axis=2).min(axis=1)
    return float((distances * histogram.counts).sum())


@pytest.mark.parametrize("n_colors", [2, 5, 16])
def test_pins_are_in_a_codebook_that_is_no_larger(case: Case, n_colors: int) -> None:
    histogram, metric = case
    channels = histogram.colors.shape[1]
    codebook = train_codebook(histogram, n_colors, metric=metric, engine="auto").codebook
    far = np.array([[9, 200, 77, 128], [250, 3, 120, 255]], np.uint8)[:, :channels]
    for count in (1, 2):
        pins = distinct(far[:count])

        found = Pinning(histogram, n_colors, metric).pin(codebook, pins)

        assert are_among(pins, found).all()
        assert len(found) <= n_colors
        assert np.array_equal(found, distinct(found))
        assert np.array_equal(found, Pinning(histogram, n_colors, metric).pin(codebook, pins))


def test_nothing_changes_where_pins_are_there(case: Case) -> None:
    histogram, metric = case
    codebook = train_codebook(histogram, 8, metric=metric).codebook
    assert np.array_equal(Pinning(histogram, 8, metric).pin(codebook, codebook[2:4]), codebook)


def test_what_is_close_to_a_pin_moves_onto_it_and_the_others_stay() -> None:
    histogram = count_colors(page())
    codebook = np.array([[1, 0, 2], [90, 90, 90], [250, 250, 250]], np.uint8)

    found = Pinning(histogram, 3, ColorMetric()).pin(codebook, np.zeros((1, 3), np.uint8))

    assert found.tolist() == [[0, 0, 0], [90, 90, 90], [250, 250, 250]]


def test_those_that_are_missed_least_make_room() -> None:
    colors = np.array([[0, 0, 0], [4, 0, 0], [100, 100, 100], [200, 0, 0], [255, 255, 255]])
    histogram = ColorHistogram(colors.astype(np.uint8), np.array([1, 50, 900, 900, 900]))
    codebook = histogram.colors[[0, 2, 3, 4]]

    found = Pinning(histogram, 4, ColorMetric()).pin(codebook, np.array([[4, 0, 0]], np.uint8))

    assert found.tolist() == [[4, 0, 0], [100, 100, 100], [200, 0, 0], [255, 255, 255]]


@pytest.mark.parametrize("n_colors", [4, 8, 16])
def test_a_color_of_the_picture_costs_less_than_a_code_word(n_colors: int) -> None:
    histogram, metric = count_colors(chart()), ColorMetric("oklab")
    most = histogram.colors[histogram.counts.argmax()][None]
    less, codebook = (train_codebook(histogram, n_colors - fewer, metric=metric).codebook
                      for fewer in (1, 0))  # fmt: skip

    found = Pinning(histogram, n_colors, metric).pin(codebook, most)

    assert _error(histogram, found, metric) <= 1.1 * _error(histogram, less, metric)


@pytest.mark.parametrize(("depth", "most"), [("565", 1.01), ("332", 0.95)])
def test_for_a_display_code_words_are_moved_among_what_it_shows(depth: str, most: float) -> None:
    histogram, metric = count_colors(many_colors(0, 60, 80)), ColorMetric()
    codebook = train_codebook(histogram, 40, metric=metric).codebook
    pins = np.array([[255, 0, 255]], np.uint8)

    found = Pinning(histogram, 40, metric, depth).pin(codebook, pins)

    assert (as_shown(found, depth) == found).all()
    assert are_among(pins, found).all()
    assert np.array_equal(found, distinct(found))
    assert len(found) == 40
    fewer = train_codebook(histogram, 39, metric=metric).codebook
    rounded = distinct(np.vstack([as_shown(fewer, depth), pins]))
    # What a pin costs, less what the places are worth that rounding frees.
    assert _error(histogram, found, metric) <= most * _error(histogram, rounded, metric)


def test_where_a_display_shows_fewer_colors_all_of_them_are_taken() -> None:
    pixels = many_colors(0, 60, 80)
    histogram, metric = count_colors(pixels), ColorMetric()
    codebook = train_codebook(histogram, 250, metric=metric).codebook

    found = Pinning(histogram, 250, metric, "332").pin(codebook, codebook[:0])

    nearest = distinct(as_shown(histogram.colors, "332"))
    assert len(nearest) < 250
    assert _error(histogram, found, metric) == _error(histogram, nearest, metric)
