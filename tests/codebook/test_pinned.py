"""Code-words that are pinned."""

import numpy as np
import pytest
from scene_tools import chart, page

from codec.codebook.pinned import Pinning, are_among
from codec.codebook.training import train_codebook
from codec.colors.colorspace import ColorMetric
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
