"""Code-words that are added by parts."""

import numpy as np
import pytest
from alpha_tools import WITH_ALPHA
from cli_tools import many_colors

from codec.colors.opacity import are_clear, are_solid
from codec.encoder.growing import PARTS, Growing, last_step
from codec.encoder.picture import count_picture
from codec.encoder.steps import Chosen, choose_codebook, errors_of
from codec.settings import CompressSettings, Given


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [1, 5, 20])
def test_each_step_has_less_error(channels: int, size: int) -> None:
    settings = CompressSettings(size, tune="psnr")
    picture = count_picture(many_colors()[:, :, :channels], settings)
    growing = Growing(picture, choose_codebook(picture, settings), 256, Given())
    errors = []
    for step in range(0, 5 * PARTS, 4):
        labeled = growing.labeled(step)
        assert len(labeled.codebook) <= size + -(-step // PARTS)
        assert np.unique(labeled.labels).tolist() == list(range(len(labeled.codebook)))
        errors.append(errors_of(picture, labeled, exact=False)[0])
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.95 * errors[0]


def test_the_first_step_changes_nothing() -> None:
    settings = CompressSettings(7)
    picture = count_picture(many_colors(), settings)
    chosen = choose_codebook(picture, settings)
    labeled = Growing(picture, chosen, 256, Given()).labeled(0)
    assert labeled.codebook.tolist() == chosen.codebook.tolist()


def test_classes_of_alpha_are_kept() -> None:
    settings = CompressSettings(6)
    picture = count_picture(WITH_ALPHA["badges"](), settings)
    growing = Growing(picture, choose_codebook(picture, settings), 256, Given())
    codebook, _, labels = growing.labeled(8 * PARTS)
    assert labels is not None
    colors = picture.histogram.colors
    assert (are_solid(colors) <= are_solid(codebook)[labels]).all()
    assert (are_clear(colors) <= are_clear(codebook)[labels]).all()
    assert len(codebook) > 6


def test_where_nothing_is_left_to_gain_nothing_changes() -> None:
    settings = CompressSettings(256)
    picture = count_picture(np.array([[[0], [9], [9], [60]]], dtype=np.uint8), settings)
    chosen = Chosen(picture.visible.colors[:1], np.zeros(3, np.uint8), "none", False)
    growing = Growing(picture, chosen, 256, Given())
    assert growing.labeled(growing.steps).codebook[:, 0].tolist() == [0, 9, 60]


@pytest.mark.parametrize("last", range(0, 100, 7))
def test_the_last_step_is_found(last: int) -> None:
    assert last_step(lambda step: step <= last, 0, 90) == min(last, 90)
