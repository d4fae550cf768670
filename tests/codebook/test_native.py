"""The engine of compiled kernels: as good as scikit-learn, whatever is asked of it."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from cli_tools import sample
from hypothesis import given, settings
from hypothesis import strategies as st
from marks import needs_kernels, slowly
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

import codec
from codec import threads
from codec.codebook.greys import optimal_codebook
from codec.codebook.training import train_codebook
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram, count_colors
from codec.colors.nearest import NearestSearch
from codec.colors.opacity import PartedMetric, has_classes
from codec.indexed import IndexedImage
from codec.limits import MAX_SEED
from codec.options import COLOR_SPACES, EFFORTS, TUNES

Pixels = npt.NDArray[np.uint8]

pytestmark = needs_kernels


def _sorted(indexed: IndexedImage) -> tuple[Pixels, Pixels]:
    """Codebook in lexicographic order, and labels into it."""
    codebook, places = np.unique(indexed.codebook, axis=0, return_inverse=True)
    return codebook, places.reshape(-1).astype(np.uint8)[indexed.labels]


def _compressed(pixels: Pixels, n_colors: int, **options: Any) -> list[list[int]]:
    """What compressing gives, whatever the order of code-words."""
    options = {"tune": "psnr", **options}
    codebook, labels = _sorted(codec.compress(pixels, n_colors, engine="native", **options))
    return [codebook.tolist(), labels.tolist()]


def _error(
    histogram: ColorHistogram, codebook: Pixels, metric: ColorMetric | None = None
) -> float:
    """Squared error where every color has the nearest code-word."""
    metric = metric or ColorMetric()
    points, codewords = metric.coordinates(histogram.colors), metric.coordinates(codebook)
    return _objective(points, histogram.counts, codewords)


def _objective(
    points: npt.NDArray[np.number], weights: npt.NDArray[np.int64], codewords: npt.ArrayLike
) -> float:
    places, targets = points.astype(np.float64), np.asarray(codewords, dtype=np.float64)
    differences = places - targets[NearestSearch(places)(targets)]
    return float(((differences**2).sum(axis=1) * weights).sum())


def _random_colors(seed: int, size: int, channels: int) -> Pixels:
    """So many distinct colors in lexicographic order."""
    state = np.random.RandomState(seed)
    colors = np.unique(state.randint(0, 256, (2 * size + 9, channels)), axis=0).astype(np.uint8)
    return colors[np.sort(state.permutation(len(colors))[:size])]


def _with_alpha(pixels: Pixels) -> Pixels:
    """Every opacity, some of it none."""
    rows, columns = np.indices(pixels.shape[:2])
    alpha = np.clip(rows + columns - 20, 0, 255).astype(np.uint8)
    return np.dstack([pixels, alpha])


# The same everywhere


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "n_colors", "options"),
    [
        ("red_eyed_tree_frog.png", 64, {}),  # so many colors that they are merged
        ("map.png", 256, {"effort": "fast"}),
        ("astronaut.png", 24, {"color_space": "oklab"}),
        ("sprites.png", 16, {}),
        ("scan.png", 16, {}),
        ("red_eyed_tree_frog.png", 64, {"tune": "visual"}),
        ("sprites.png", 16, {"tune": "visual"}),
    ],
)
def test_the_number_of_threads_does_not_matter(
    name: str, n_colors: int, options: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels, found = sample(name), []
    for count in ("1", "2", "4"):
        monkeypatch.setenv("KMCODEC_THREADS", count)
        found.append(_compressed(pixels, n_colors, **options))

    assert found[1] == found[0]
    assert found[2] == found[0]


@pytest.mark.slow
def test_the_number_of_threads_does_not_matter_with_best_effort(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On fewer pixels, for each thread to have the share that it has of a whole map."""
    monkeypatch.setattr(threads, "THREAD_PIXELS", threads.THREAD_PIXELS // 4)
    pixels, found = sample("map.png", 2), []
    for count in ("1", "2", "4"):
        monkeypatch.setenv("KMCODEC_THREADS", count)
        found.append(_compressed(pixels, 7, effort="best"))

    assert found[1] == found[0]
    assert found[2] == found[0]


@pytest.mark.parametrize("tune", TUNES)
def test_the_seed_decides(tune: str) -> None:
    pixels = sample("astronaut.png", 4)
    seeds = (0, 1, 2, 1 << 31, MAX_SEED)

    found = [_compressed(pixels, 64, seed=seed, tune=tune) for seed in seeds]

    for first, second in itertools.combinations(found, 2):
        assert first != second
    for seed, one in zip(seeds, found, strict=True):
        assert _compressed(pixels, 64, seed=seed, tune=tune) == one


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_layout_and_place_of_pixels_do_not_matter(channels: int) -> None:
    pixels = _with_alpha(sample("astronaut.png", 6))[..., -channels:]
    codebook, labels = _compressed(np.ascontiguousarray(pixels), 20)

    frozen = np.asfortranarray(pixels)
    frozen.setflags(write=False)
    wide = np.pad(pixels, [(1, 2), (3, 1), (0, 0)])
    for same in (pixels, frozen, wide[1:-2, 3:-1], np.ascontiguousarray(pixels[::-1])[::-1]):
        assert _compressed(same, 20) == [codebook, labels]
    turned = _compressed(pixels[::-1].transpose(1, 0, 2), 20)
    assert turned == [codebook, np.array(labels)[::-1].T.tolist()]


# As good as scikit-learn


def _noise() -> Pixels:
    return np.random.RandomState(1).randint(0, 256, (50, 50, 4)).astype(np.uint8)


PICTURES: dict[str, Callable[[], Pixels]] = {
    "portrait": lambda: sample("astronaut.png", 5),
    "frog": lambda: sample("red_eyed_tree_frog.png", 6),
    "map": lambda: sample("map.png", 6),
    "page": lambda: sample("page.png", 4),
    "chart": lambda: sample("chart.png", 4),
    "gradient": lambda: sample("gradient.png", 2),
    "fading portrait": lambda: _with_alpha(sample("astronaut.png", 5)),
    "sprites": lambda: sample("sprites.png"),
    "noise with alpha": _noise,
    "two grey channels": lambda: _with_alpha(sample("astronaut.png", 5)[..., :1]),
}


@pytest.fixture(scope="module")
def pictures() -> dict[str, ColorHistogram]:
    return {name: count_colors(make()) for name, make in PICTURES.items()}


QUICK = ("gradient", "sprites", "two grey channels")
every_picture = pytest.mark.parametrize(
    "name", [name if name in QUICK else slowly(name) for name in PICTURES]
)


@pytest.mark.parametrize("metric", [ColorMetric(), ColorMetric("oklab"), ColorMetric(exact=True)])
@pytest.mark.parametrize("size", [8, slowly(32), slowly(128)])
def test_scikit_learn_gets_as_far_from_the_same_start(
    size: int, metric: ColorMetric, pictures: dict[str, ColorHistogram]
) -> None:
    """Both run Lloyd's iteration on all colors until nothing moves."""
    from codec.kernels.cells import CellTree
    from codec.kernels.lloyd import lloyd_steps

    from codec.codebook.native import _search, refine

    patient = EFFORTS["fast"]._replace(steps=10_000, tolerance=0.0)
    ratios, gains = [], []
    for histogram in pictures.values():
        if size >= len(histogram):
            continue
        weights, points = histogram.counts, metric.coordinates(histogram.colors)
        points = (points - points.min(axis=0)) * (8 if metric.is_plain(points.shape[1]) else 1)
        tree = CellTree(points.astype(np.int32), weights)
        start, *_ = _search(tree, size, 0, EFFORTS["fast"])

        refined = refine(tree, start, patient)

        assert refined.tolist() == lloyd_steps(tree, start, 10_000)[0].tolist()
        error = _objective(points, weights, refined[:, : tree.axes])
        ratios.append(error / _objective(points, weights, _converged(points, weights, start)))
        gains.append(error / _objective(points, weights, _converged(points, weights, refined)))

    assert np.mean(ratios) == pytest.approx(1, abs=1e-3)
    assert np.mean(gains) == pytest.approx(1, abs=1e-3)
    # On a long way, rounding to eighths can turn either to another local optimum.
    assert max(ratios) < 1.005
    assert max(gains) < 1.005


def _converged(
    points: npt.NDArray[np.float64], weights: npt.NDArray[np.int64], start: npt.NDArray[np.int32]
) -> npt.NDArray[np.float64]:
    """Where scikit-learn gets from these code-words."""
    places = start[:, : points.shape[1]].astype(np.float64)
    model = KMeans(len(places), init=places, n_init=1, max_iter=5000, tol=1e-12)
    with threadpool_limits(limits=1):
        model.fit(points, sample_weight=weights)
    return np.asarray(model.cluster_centers_)


@every_picture
@pytest.mark.parametrize("size", [slowly(2), slowly(4), 16, slowly(64), slowly(256)])
def test_more_effort_is_not_worse(
    name: str, size: int, pictures: dict[str, ColorHistogram]
) -> None:
    histogram, metric = pictures[name], ColorMetric()
    codebooks = [
        train_codebook(histogram, size, engine="native", effort=effort).codebook
        for effort in ("fast", "default", "best")
    ]
    if has_classes(metric, histogram.colors.shape[1]):
        metric = PartedMetric()  # what training minimizes there
    fast, default, best = [_error(histogram, codebook, metric) for codebook in codebooks]

    assert default <= 1.01 * fast
    assert best <= 1.01 * default
    assert best <= 1.01 * fast


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("space", COLOR_SPACES)
@pytest.mark.parametrize(
    "name", [slowly("portrait"), slowly("fading portrait"), "sprites", slowly("two grey channels")]
)
def test_it_is_as_good_as_the_other_engine_in_every_metric(
    name: str, space: str, exact: bool, pictures: dict[str, ColorHistogram]
) -> None:
    histogram, metric = pictures[name], ColorMetric(space, exact)
    for size in (5, 40):
        native, reference = [
            train_codebook(histogram, size, metric=metric, engine=engine).codebook
            for engine in ("native", "sklearn")
        ]

        _check_codebook(native, size, histogram)
        assert _error(histogram, native, metric) <= 1.02 * _error(histogram, reference, metric)
        if native.shape[1] in (2, 4) and not exact:
            assert not native[native[:, -1] == 0].any()


# What a codebook always is


def _check_codebook(codebook: Pixels, size: int, histogram: ColorHistogram) -> None:
    assert codebook.dtype == np.uint8
    assert codebook.shape[1] == histogram.colors.shape[1]
    assert 1 <= len(codebook) <= size
    assert codebook.tolist() == np.unique(codebook, axis=0).tolist()  # distinct and sorted


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    channels=st.integers(2, 4),
    spread=st.sampled_from([2, 5, 40, 256]),
    count=st.integers(2, 300),
    heaviest=st.sampled_from([1, 9, 10**8]),
    data=st.data(),
)
def test_any_codebook(
    seed: int, channels: int, spread: int, count: int, heaviest: int, data: st.DataObject
) -> None:
    state = np.random.RandomState(seed)
    values = state.randint(0, 256) - state.randint(0, spread, (count, channels))
    colors = np.unique(np.clip(values, 0, 255).astype(np.uint8), axis=0)
    counts = state.randint(1, heaviest + 1, len(colors)).astype(np.int64)
    histogram = ColorHistogram(colors, counts)
    size = data.draw(st.integers(1, 256), "size")
    metric = ColorMetric(
        data.draw(st.sampled_from(["rgb", "oklab"]), "space"), data.draw(st.booleans(), "exact")
    )
    effort = data.draw(st.sampled_from(["fast", "default"]), "effort")

    trained = train_codebook(histogram, size, metric=metric, engine="native", effort=effort)
    codebook = trained.codebook

    _check_codebook(codebook, size, histogram)
    if metric.is_plain(channels):
        assert len(codebook) == min(size, len(colors))
        if len(colors) > size:
            mean = (colors * counts[:, None]).sum(axis=0) / counts.sum()
            middle = np.floor(mean + 0.5)[None].astype(np.uint8)
            assert _error(histogram, codebook) <= _error(histogram, middle)


# Extremes

every_effort = pytest.mark.parametrize("effort", ["fast", "default", slowly("best")])


@every_effort
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_one_codeword_is_the_rounded_mean(channels: int, effort: str) -> None:
    metric = ColorMetric(exact=True)
    for size, heaviest in ((2, 1), (2, 9), (3, 2), (40, 1), (500, 10**6)):
        colors = _random_colors(size, size, channels)
        counts = np.random.RandomState(size).randint(1, heaviest + 1, size).astype(np.int64)
        totals, weight = (colors * counts[:, None]).sum(axis=0), counts.sum()

        found = train_codebook(
            ColorHistogram(colors, counts), 1, metric=metric, engine="native", effort=effort
        )

        assert found.codebook.tolist() == [((2 * totals + weight) // (2 * weight)).tolist()]


@every_effort
@pytest.mark.parametrize("size", [1, 2, 3, 7, 30, 255, 256])
@pytest.mark.parametrize("channels", [3, 4])
def test_a_color_too_many_costs_what_the_best_pair_costs(
    size: int, channels: int, effort: str
) -> None:
    colors = _random_colors(size, size + 1, channels)
    state = np.random.RandomState(size)
    histogram = ColorHistogram(colors, state.randint(1, 9, size + 1).astype(np.int64))
    metric = ColorMetric(exact=True)
    first, second = np.triu_indices(size + 1, 1)
    weights = histogram.counts[[first, second]][:, :, None]
    pairs = np.stack([colors[first], colors[second]]).astype(np.int64)
    means = (2 * (pairs * weights).sum(axis=0) + weights.sum(axis=0)) // (2 * weights.sum(axis=0))
    least = int(((pairs - means) ** 2 * weights).sum(axis=(0, 2)).min())

    trained = train_codebook(histogram, size, metric=metric, engine="native", effort=effort)
    found = trained.codebook

    _check_codebook(found, size, histogram)
    assert len(found) == size
    assert least <= _error(histogram, found, metric) <= 1.01 * least


@pytest.mark.slow
@pytest.mark.parametrize("space", ["rgb", "oklab"])
def test_a_color_with_nearly_all_pixels_is_kept(space: str) -> None:
    colors = _random_colors(5, 300, 3)
    counts = np.ones(300, dtype=np.int64)
    counts[123] = 80_000_000
    histogram, metric = ColorHistogram(colors, counts), ColorMetric(space)
    for size in (2, 16, 256):
        reference = train_codebook(histogram, size, metric=metric, engine="sklearn").codebook
        for effort in EFFORTS:
            trained = train_codebook(
                histogram, size, metric=metric, engine="native", effort=effort
            )
            found = trained.codebook

            _check_codebook(found, size, histogram)
            assert colors[123].tolist() in found.tolist()
            assert _error(histogram, found, metric) <= 1.1 * _error(histogram, reference, metric)


@every_effort
def test_a_flat_picture_keeps_its_rare_colors(effort: Any) -> None:
    flat = np.full((65_537, 3), 250, np.uint8)
    rare = _random_colors(6, 300, 3)
    pixels = np.vstack([rare[:150], flat, rare[150:]])[None]
    histogram = count_colors(pixels)

    indexed = codec.compress(pixels, 256, engine="native", effort=effort, tune="psnr")

    assert len(indexed.codebook) == 256
    assert (codec.decompress(indexed)[0, 150:-150] == 250).all()
    reference = train_codebook(histogram, 256, engine="sklearn").codebook
    assert _error(histogram, indexed.codebook) <= 1.01 * _error(histogram, reference)


@every_effort
@pytest.mark.parametrize("channel", [0, 1, 2])
def test_colors_on_a_line_have_nearly_the_optimal_codebook(channel: int, effort: str) -> None:
    state = np.random.RandomState(channel)
    colors = np.full((256, 3), 77, np.uint8)
    colors[:, channel] = np.arange(256)
    histogram = ColorHistogram(colors, state.randint(1, 1000, 256).astype(np.int64))
    for size, excess in ((1, 0), (2, 0), (5, 0.001), (16, 0.03), (100, 0.1), (255, 0)):
        greys = optimal_codebook(colors[:, [channel]], histogram.counts, size)
        best = np.full((size, 3), 77, np.uint8)
        best[:, channel] = greys[:, 0]

        found = train_codebook(histogram, size, engine="native", effort=effort).codebook

        _check_codebook(found, size, histogram)
        assert len(found) == size
        assert (np.delete(found, channel, axis=1) == 77).all()
        least = _error(histogram, best)
        assert least <= _error(histogram, found) <= (1 + excess) * least


@pytest.mark.parametrize("space", ["rgb", "oklab"])
def test_the_largest_picture_that_is_read_overflows_nothing(space: str) -> None:
    """Only the ratios of counts matter, up to more pixels than any file may have."""
    colors = _random_colors(7, 300, 3)
    counts = np.random.RandomState(7).randint(1, 1000, 300).astype(np.int64)
    metric = ColorMetric(space)
    histogram = ColorHistogram(colors, counts)
    heavy = ColorHistogram(colors, counts * (2**46 // counts.sum()))
    for size in (1, 16, 256):
        light, found = [
            train_codebook(some, size, metric=metric, engine="native").codebook
            for some in (histogram, heavy)
        ]

        if size == 1:
            assert found.tolist() == light.tolist()
        assert _error(histogram, found, metric) <= 1.03 * _error(histogram, light, metric)
