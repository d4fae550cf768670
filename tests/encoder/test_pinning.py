"""Ruling colors stay exact, and signals survive."""

import numpy as np
import pytest
from kernel_tools import hand_out_twins
from marks import needs_kernels, slowly
from scene_tools import SIGNALS, blue_map, chart, dotted_photo, flag, gradient, page

import codec
from codec.codebook.training import train_codebook
from codec.colors.colorspace import ColorMetric
from codec.colors.flats import ruling_colors
from codec.colors.histogram import count_colors
from codec.compressor import compress_with_details
from codec.encoder.pinning import pin_colors
from codec.encoder.scene import WholeScene
from codec.encoder.steps import Compression
from codec.labels.nearest import label_colors
from codec.settings import CompressSettings

engines = pytest.mark.parametrize(
    "engine", [pytest.param("native", marks=needs_kernels), slowly("sklearn")]
)
SCENES = {
    "page": page(),
    "dark-page": page(18, 230),
    "chart": chart(),
    "map": blue_map(),
    "flag": flag(),
    "gradient": gradient(50),
    "grey": np.ascontiguousarray(page(250, 30)[..., 0]),
    "translucent": np.dstack([chart(), np.full(chart().shape[:2], 200, np.uint8)]),
}


def _compress(picture: np.ndarray, n_colors: int, **options: object) -> Compression:
    settings = {"dither": "none", "effort": "fast", **options}
    return compress_with_details(picture, CompressSettings(n_colors, **settings))  # type: ignore[arg-type]


@engines
@pytest.mark.parametrize("n_colors", [2, 3, 4, 6, 8, 12, 16, 32])
@pytest.mark.parametrize("name", SCENES)
def test_ruling_colors_are_exact(name: str, n_colors: int, engine: str) -> None:
    picture = SCENES[name]
    planes = picture if picture.ndim == 3 else picture[..., None]
    ruling = ruling_colors(WholeScene(planes).count_flats, count_colors(planes), n_colors)

    found = codec.decompress(_compress(picture, n_colors, engine=engine).indexed)

    assert found.shape == picture.shape
    assert len(ruling) > 0 or name in ("gradient", "map")
    for color in ruling:
        where = (planes == color).all(axis=2)
        assert (found[where] == picture[where]).all()


@pytest.mark.parametrize("n_colors", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("paper", [255, 18])
def test_paper_is_paper(paper: int, n_colors: int) -> None:
    picture = page(paper, 255 - paper)
    assert (codec.decompress(_compress(picture, n_colors).indexed)[0, 0] == paper).all()


# From how many code-words on pngquant (dithered or not), libimagequant, or k-means in sRGB or
# OkLab gives the area a channel that is higher by 60 than both others.
KEPT_FROM = {"button": 4, "button-in-the-dark": 4, "dot": 6, "country": 4, "crown": 7}


@engines
@pytest.mark.parametrize(
    ("name", "n_colors"),
    [(name, n_colors) for name, first in KEPT_FROM.items() for n_colors in range(first, 13)],
)
def test_signals_survive_where_any_other_program_keeps_them(
    name: str, n_colors: int, engine: str
) -> None:
    picture, place, high, _ = SIGNALS[name]

    color = codec.decompress(_compress(picture, n_colors, engine=engine).indexed)[place]

    assert int(color[high]) >= 60 + int(np.delete(color, high).max())


@pytest.mark.parametrize("n_colors", [4, 5, 6, 8])
@pytest.mark.parametrize("name", ["button", "button-in-the-dark", "dot"])
def test_a_signal_stains_nothing_grey(name: str, n_colors: int) -> None:
    picture = SIGNALS[name][0].astype(int)
    found = codec.decompress(_compress(picture.astype(np.uint8), n_colors).indexed).astype(int)

    grey = np.ptp(picture, axis=2) == 0
    red = np.ptp(found, axis=2) > 60
    assert (grey & red).sum() < 100


@pytest.mark.parametrize("n_colors", [8, 32])
def test_a_photograph_without_either_is_as_it_was(n_colors: int) -> None:
    picture = dotted_photo()[200:] // 2
    picture += np.random.RandomState(0).randint(1, 9, picture.shape).astype(np.uint8)
    histogram, metric, scene = count_colors(picture), ColorMetric("oklab"), WholeScene(picture)
    codebook = train_codebook(histogram, n_colors, metric=metric, effort="fast").codebook

    found, labels = pin_colors(codebook, scene, histogram, histogram, n_colors, metric)

    assert np.array_equal(found, codebook)
    assert np.array_equal(labels, label_colors(histogram.colors, codebook, metric))


@pytest.mark.parametrize("threads", ["1", "2", "4"])
def test_threads_change_nothing(threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = _compress(SIGNALS["country"][0], 5).indexed
    monkeypatch.setenv("KMCODEC_THREADS", threads)
    monkeypatch.setattr("codec.threads.THREAD_PIXELS", 1000)
    found = _compress(SIGNALS["country"][0], 5).indexed
    assert np.array_equal(found.codebook, expected.codebook)
    assert np.array_equal(found.labels, expected.labels)


@needs_kernels
def test_twins_of_kernels_do_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    picture, *_ = SIGNALS["button"]
    expected = _compress(picture, 5, engine="sklearn").indexed
    hand_out_twins(monkeypatch)
    found = _compress(picture, 5, engine="sklearn").indexed
    assert np.array_equal(found.codebook, expected.codebook)
    assert np.array_equal(found.labels, expected.labels)


def test_other_codebooks_are_left_alone() -> None:
    visual, psnr = (
        _compress(page(), 3, codebook_from="median-cut", tune=tune, color_space="rgb").indexed
        for tune in ("visual", "psnr")
    )
    assert np.array_equal(visual.codebook, psnr.codebook)
