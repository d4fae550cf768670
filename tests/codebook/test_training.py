"""Training of codebooks."""

import itertools

import numpy as np
import pytest
from marks import needs_kernels, slowly
from sklearn.cluster import KMeans

from codec.codebook.baselines import BASELINES
from codec.codebook.sklearn_engine import MAX_TRAINING_POINTS
from codec.codebook.training import train_codebook
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram, count_colors
from codec.errors import ParameterError
from codec.options import COLOR_SPACES
from codec.settings import resolve_engine

engines = pytest.mark.parametrize(
    "engine", [pytest.param("native", marks=needs_kernels), "sklearn"]
)


def _picture(seed: int, height: int = 60, width: int = 80, channels: int = 3) -> np.ndarray:
    """A picture with clusters of colors, gradients and noise."""
    state = np.random.RandomState(seed)
    rows, columns = np.mgrid[:height, :width]
    base = np.stack(
        [rows * state.rand() * 3 + columns * state.rand() * 3 for _ in range(channels)], axis=2
    )
    patches = state.randint(0, 200, (height // 20, width // 20, channels))
    base += np.kron(patches, np.ones((20, 20, 1)))
    base += state.randn(height, width, channels) * 4
    return np.asarray(np.clip(base, 0, 255).astype(np.uint8))


def _squared_error(histogram: ColorHistogram, codebook: np.ndarray) -> float:
    differences = histogram.colors[:, None].astype(float) - codebook[None].astype(float)
    return float(((differences**2).sum(axis=2).min(axis=1) * histogram.counts).sum())


@engines
@pytest.mark.parametrize("size", [2, 16, slowly(64), slowly(256)])
def test_error_is_at_most_that_of_scikit_learn_rounded(size: int, engine: str) -> None:
    for seed in range(3):
        histogram = count_colors(_picture(seed))
        model = KMeans(size, n_init=3, random_state=0)
        model.fit(histogram.colors.astype(float), sample_weight=histogram.counts)
        rounded = np.floor(model.cluster_centers_ + 0.5)

        found = train_codebook(histogram, size, engine=engine).codebook

        assert len(found) == size
        assert _squared_error(histogram, found) <= 1.001 * _squared_error(histogram, rounded)


@engines
def test_tiny_problems_are_solved_optimally(engine: str) -> None:
    state = np.random.RandomState(5)
    excess = []
    for _ in range(20):
        colors = np.unique(state.randint(0, 256, (7, 3)).astype(np.uint8), axis=0)
        histogram = ColorHistogram(colors, state.randint(1, 9, len(colors)).astype(np.int64))
        best = np.inf
        for labels in itertools.product(range(2), repeat=len(colors)):
            chosen = np.array(labels)
            if 0 < chosen.sum() < len(chosen):
                means = [
                    np.average(colors[chosen == k], axis=0, weights=histogram.counts[chosen == k])
                    for k in (0, 1)
                ]
                best = min(best, _squared_error(histogram, np.floor(np.array(means) + 0.5)))

        found = train_codebook(histogram, 2, engine=engine).codebook
        excess.append(_squared_error(histogram, found) / best - 1)

    # Random starts may miss an optimum now and then, but not by much.
    assert np.sum(np.array(excess) < 1e-9) >= 18
    assert max(excess) < 0.03


@engines
def test_no_more_colors_than_asked_for_are_the_codebook(engine: str) -> None:
    histogram = count_colors(_picture(1, 20, 20))

    codebook, trained_by, is_all = train_codebook(histogram, 256, engine=engine)
    assert codebook.tolist() != histogram.colors.tolist()
    assert (trained_by, is_all) == (engine, False)
    few = ColorHistogram(histogram.colors[:256], histogram.counts[:256])
    codebook, trained_by, is_all = train_codebook(few, 256, engine=engine)
    assert codebook.tolist() == few.colors.tolist()
    assert (trained_by, is_all) == ("none", True)


@engines
def test_rounding_loses_no_codeword_on_a_flat_picture(engine: str) -> None:
    """Nearly all pixels within a few steps: real centers round to the same code-words."""
    state = np.random.RandomState(6)
    flat = np.floor(200 + state.randn(200, 200, 3) * 1.2).astype(np.uint8)
    flat[:3] = state.randint(0, 256, (3, 200, 3))
    histogram = count_colors(flat)

    codebook = train_codebook(histogram, 256, engine=engine).codebook

    assert len(codebook) == 256
    assert len(np.unique(codebook, axis=0)) == 256


@engines
@pytest.mark.parametrize("effort", ["fast", slowly("default"), slowly("best")])
def test_more_colors_never_cost_more(engine: str, effort: str) -> None:
    histogram = count_colors(_picture(2))
    codebooks = [
        train_codebook(histogram, k, engine=engine, effort=effort).codebook
        for k in (4, 8, 16, 32, 64)
    ]
    errors = [_squared_error(histogram, codebook) for codebook in codebooks]

    assert errors == sorted(errors, reverse=True)


@engines
@pytest.mark.parametrize("space", COLOR_SPACES)
@pytest.mark.parametrize("channels", [slowly(1), slowly(2), 3, 4])
def test_every_space_beats_the_baselines_in_its_own_metric(
    space: str, channels: int, engine: str
) -> None:
    pixels = _picture(3, channels=channels)
    histogram, metric = count_colors(pixels), ColorMetric(space)
    placed = metric.coordinates(histogram.colors)

    def error(codebook: np.ndarray) -> float:
        words = metric.coordinates(codebook)
        distances = ((placed[:, None] - words[None]) ** 2).sum(axis=2).min(axis=1)
        return float((distances * histogram.counts).sum())

    trained = error(train_codebook(histogram, 12, metric=metric, engine=engine).codebook)

    for choose in BASELINES.values():
        baseline = choose(pixels, histogram, 12, 0)
        assert 1 <= len(baseline) <= 12
        assert trained < error(baseline)


@engines
def test_the_seed_decides_and_nothing_else(engine: str) -> None:
    histogram = count_colors(_picture(4))

    first, again, other = (
        train_codebook(histogram, 24, seed=seed, engine=engine).codebook.tolist()
        for seed in (7, 7, 8)
    )

    assert again == first
    assert other != first


@pytest.mark.slow
@engines
def test_millions_of_colors_are_all_seen(engine: str) -> None:
    """Above the limit cells are trained on; their means still cover every pixel."""
    state = np.random.RandomState(9)
    pixels = state.randint(0, 256, (800, 800, 3)).astype(np.uint8)
    histogram = count_colors(pixels)
    assert len(histogram) > MAX_TRAINING_POINTS

    codebook = train_codebook(histogram, 8, engine=engine).codebook

    # Uniform noise and eight code-words: about the centers of the eight octants, each with a
    # mean squared error of three times the variance of 128 equally likely steps.
    octants = np.array(list(itertools.product((64, 192), repeat=3)))
    assert np.abs(np.sort(codebook, axis=0) - np.sort(octants, axis=0)).max() <= 6
    error = _squared_error(
        ColorHistogram(histogram.colors[::50], histogram.counts[::50]), codebook
    )
    assert error / histogram.counts[::50].sum() < 1.02 * 3 * (128**2 - 1) / 12


def test_the_engine_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for built, found in ((True, "native"), (False, "sklearn")):
        monkeypatch.setattr("codec.kernels.COMPILED", built)
        assert resolve_engine("auto") == found
        assert resolve_engine("sklearn") == "sklearn"
    with pytest.raises(ParameterError, match="not compiled"):
        resolve_engine("native")
    with pytest.raises(ParameterError, match="cuda"):
        resolve_engine("cuda")
