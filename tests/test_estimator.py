"""ColorQuantizer among other estimators."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from cli_tools import child_environment, sample
from marks import needs_kernels
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

import codec
from codec import ColorQuantizer, ParameterError

Rows = npt.NDArray[np.float64]


def _clustered(seed: int, channels: int, size: int = 4000) -> npt.NDArray[np.uint8]:
    """Colors that lie together, as those of pictures do."""
    random = np.random.RandomState(seed)
    centers = random.randint(30, 226, (40, channels))
    spread = random.normal(0, 9, (size, channels))
    return np.clip(centers[random.randint(0, 40, size)] + spread, 0, 255).astype(np.uint8)


def _same(one: ColorQuantizer, other: ColorQuantizer) -> bool:
    """Whether two have come to the same, to the bit."""
    return (
        one.codebook_.tobytes() == other.codebook_.tobytes()
        and one.inertia_ == other.inertia_
        and one.engine_ == other.engine_
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [ColorQuantizer(n_colors=8), ColorQuantizer(n_colors=8, engine="sklearn", effort="fast")]
)
def test_it_behaves_as_estimators_do(
    estimator: ColorQuantizer, check: Callable[[ColorQuantizer], None]
) -> None:
    check(estimator)


def test_labels_and_codebook_represent_the_rows() -> None:
    rows = np.random.RandomState(0).randint(0, 256, (3000, 3))

    quantizer = ColorQuantizer(n_colors=32).fit(rows)

    distances = ((rows[:, None] - quantizer.codebook_[None]) ** 2).sum(axis=2)
    assert quantizer.codebook_.shape == (32, 3)
    assert (quantizer.labels_ == distances.argmin(axis=1)).all()
    assert quantizer.inertia_ == pytest.approx(distances.min(axis=1).sum())
    assert (quantizer.predict(rows) == quantizer.labels_).all()


def test_it_turns_around_in_a_pipeline() -> None:
    rows = np.random.RandomState(1).randint(0, 256, (500, 3)).astype(float)
    halves = FunctionTransformer(lambda x: x / 2, inverse_func=lambda x: x * 2)
    pipeline = make_pipeline(halves, ColorQuantizer(n_colors=500))

    back = pipeline.inverse_transform(pipeline.fit(rows).transform(rows))

    assert np.allclose(back, rows)


def test_weights_count_as_repetitions() -> None:
    rows = np.array([[0.0], [10.0], [12.0]])

    weighted = ColorQuantizer(n_colors=2).fit(rows, sample_weight=[1.0, 3.0, 1.0])

    assert sorted(weighted.codebook_.ravel().tolist()) == [0.0, 10.5]


@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (1e-3, 0.0), (1e-3, 5.0), (1e4, -7.0)])
def test_any_unit_will_do(scale: float, offset: float) -> None:
    rows = np.random.RandomState(2).rand(1000, 3) * scale + offset
    model = KMeans(16, n_init=4, random_state=0).fit(rows)

    quantizer = ColorQuantizer(n_colors=16).fit(rows)

    assert quantizer.codebook_.shape == (16, 3)
    assert quantizer.inertia_ <= 1.02 * model.inertia_


def test_impossible_arguments_are_refused() -> None:
    with pytest.raises(ParameterError, match="n_colors"):
        ColorQuantizer(n_colors=0).fit(np.zeros((3, 3)))
    fitted = ColorQuantizer(n_colors=2).fit(np.array([[0.0], [9.0]]))
    with pytest.raises(ParameterError, match="beyond"):
        fitted.inverse_transform([[2]])
    for name, value in (("engine", "fast"), ("effort", "native")):
        with pytest.raises(ParameterError, match=f"{name} '{value}' is not one of"):
            ColorQuantizer(n_colors=2).set_params(**{name: value}).fit(np.zeros((3, 3)))
    for weights in ([1.0, -1.0], [0.0, 0.0]):
        with pytest.raises(ValueError, match=r"(?i)weights"):  # if all zero, scikit-learn's
            ColorQuantizer(n_colors=2).fit(np.array([[0.0], [9.0]]), sample_weight=weights)


# Engines


@needs_kernels
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("n_colors", [3, 40])
def test_the_native_engine_is_as_good_as_scikit_learn(channels: int, n_colors: int) -> None:
    colors = _clustered(channels, channels, 1500)
    halves = np.random.RandomState(3).randint(-900, 900, colors.shape) / 2 + 1e4
    for rows in (colors, colors.astype(np.float32) / 255, halves):
        reference = ColorQuantizer(n_colors, engine="sklearn").fit(rows)
        quantizer = ColorQuantizer(n_colors).fit(rows)

        assert (quantizer.engine_, reference.engine_) == ("native", "sklearn")
        assert quantizer.codebook_.shape == reference.codebook_.shape
        assert quantizer.inertia_ <= 1.02 * reference.inertia_


@needs_kernels
def test_more_effort_is_not_worse() -> None:
    rows = _clustered(5, 3)

    fast, best = (ColorQuantizer(32, effort=effort).fit(rows) for effort in ("fast", "best"))

    assert best.inertia_ <= fast.inertia_


@needs_kernels
@pytest.mark.parametrize("n_colors", [16, 300])
@pytest.mark.parametrize("scale", [1, 8, 255])
def test_codewords_are_means_of_their_clusters(n_colors: int, scale: float) -> None:
    rows = (_clustered(6, 3, 6000) * 0.5).round() / scale
    quantizer = ColorQuantizer(n_colors).fit(rows)

    distances = ((rows[:, None] - quantizer.codebook_[None]) ** 2).sum(axis=2)
    means = [rows[quantizer.labels_ == label].mean(axis=0) for label in range(n_colors)]

    assert quantizer.engine_ == "native"
    assert (quantizer.labels_ == distances.argmin(axis=1)).all()
    assert quantizer.inertia_ == pytest.approx(distances.min(axis=1).sum())
    # The last step of Lloyd's iteration has moved a few rows more to other clusters.
    moved = np.abs(np.array(means) - quantizer.codebook_).max(axis=1)
    assert np.median(moved) == pytest.approx(0, abs=1e-9)
    assert (np.diff(quantizer.codebook_[:, 0]) >= 0).all()


@needs_kernels
def test_how_bytes_are_stored_does_not_matter() -> None:
    rows = _clustered(7, 3, 5000)
    quantizer = ColorQuantizer(50).fit(rows)

    for same in (rows.astype(np.int64), rows.astype(np.float32), np.asfortranarray(rows)):
        other = clone(quantizer).fit(same)
        assert _same(quantizer, other)
        assert (other.labels_ == quantizer.labels_).all()
    in_parts = [quantizer.predict(part) for part in np.split(rows, 10)]
    assert (np.concatenate(in_parts) == quantizer.labels_).all()


@needs_kernels
@pytest.mark.parametrize(
    ("rows", "n_colors", "weights"),
    [
        (np.random.RandomState(0).rand(50, 3), 4, None),
        (np.arange(100).reshape(20, 5), 4, None),
        (np.arange(970)[:, None], 961, None),
        (np.array([[0], [1], [1 << 18], [1 << 19]]), 2, None),
        (np.arange(4)[:, None], 2, [1.0, 1e-3, 1e9, 1.0]),
        (np.arange(4)[:, None], 2, [1e12, 1.0, 1.0, 1.0]),
    ],
)
def test_what_does_not_fit_the_native_engine(
    rows: Rows, n_colors: int, weights: list[float] | None
) -> None:
    with pytest.raises(ParameterError, match="engine='auto' takes all"):
        ColorQuantizer(n_colors, engine="native").fit(rows, sample_weight=weights)
    if n_colors < 9:
        other = ColorQuantizer(n_colors, effort="fast").fit(rows, sample_weight=weights)
        assert other.engine_ == "sklearn"


def test_an_engine_that_is_not_needed_does_not_run() -> None:
    quantizer = ColorQuantizer(3).fit(np.array([[2.5, 0], [-1, 0], [2.5, 0]]))

    assert quantizer.engine_ == "none"
    assert quantizer.codebook_.tolist() == [[-1, 0], [2.5, 0]]
    assert quantizer.labels_.tolist() == [1, 0, 1]


@needs_kernels
@pytest.mark.parametrize("factor", [1.0, 0.375, 1 / 3])
def test_the_unit_of_weights_does_not_matter(factor: float) -> None:
    rows = _clustered(8, 3, 500)
    weights = np.random.RandomState(8).randint(0, 5, 500)

    weighted = ColorQuantizer(20).fit(rows, sample_weight=weights * factor)
    repeated = ColorQuantizer(20).fit(np.repeat(rows, weights, axis=0))

    assert weighted.engine_ == "native"
    assert weighted.inertia_ == pytest.approx(repeated.inertia_ * factor, rel=0.02)
    if factor == 1:
        assert _same(weighted, repeated)
        assert (weighted.labels_ == repeated.predict(rows)).all()


# Score, output and parts


@pytest.mark.parametrize("weights", [None, np.arange(300) % 7])
def test_score_is_the_opposite_of_the_objective(weights: Rows | None) -> None:
    rows = _clustered(9, 3, 300)
    quantizer = ColorQuantizer(8).fit(rows, sample_weight=weights)
    others = rows[:100] + 0.5

    errors = ((others - quantizer.codebook_[quantizer.predict(others)]) ** 2).sum(axis=1)

    assert quantizer.score(rows, sample_weight=weights) == -quantizer.inertia_
    assert quantizer.score(others) == pytest.approx(-errors.sum())
    assert quantizer.score(others, None, [3.0] * 100) == pytest.approx(-3 * errors.sum())


def test_output_is_a_column_with_a_name() -> None:
    rows = _clustered(10, 3, 300)
    quantizer = ColorQuantizer(8).set_output(transform="default").fit(rows)

    assert quantizer.get_feature_names_out().tolist() == ["label"]
    assert quantizer.transform(rows).tolist() == quantizer.labels_[:, None].tolist()
    pytest.importorskip("pandas")
    frame = quantizer.set_output(transform="pandas").transform(rows)
    assert list(frame.columns) == ["label"]
    assert frame["label"].tolist() == quantizer.labels_.tolist()


@pytest.mark.parametrize("scale", [1.0, 1 / 255, 0.01])
@pytest.mark.parametrize("weighted", [False, True])
def test_parts_give_the_same_as_the_whole(scale: float, weighted: bool) -> None:
    rows = _clustered(11, 3, 1500) * scale
    weights = np.random.RandomState(11).randint(0, 9, 1500) + 0.25 if weighted else None
    whole = ColorQuantizer(12, effort="fast").fit(rows, sample_weight=weights)
    random = np.random.RandomState(12)
    for cuts in ([1], [700], [3, 800, 1400]):
        parts = np.split(random.permutation(1500), cuts)
        quantizer = clone(whole)
        for part in parts:
            quantizer.partial_fit(rows[part], None, None if weights is None else weights[part])

        assert _same(quantizer, whole)
        assert (quantizer.predict(rows) == whole.labels_).all()
        assert not hasattr(quantizer, "labels_")


def test_parts_may_follow_a_whole() -> None:
    rows = _clustered(13, 3, 900)

    grown = ColorQuantizer(12).fit(rows[:400])
    first = grown.codebook_
    grown.partial_fit(rows[400:])

    assert _same(grown, ColorQuantizer(12).fit(rows))
    assert first.tobytes() != grown.codebook_.tobytes()
    assert _same(grown.fit(rows[:400]), ColorQuantizer(12).fit(rows[:400]))


@needs_kernels
@pytest.mark.parametrize("name", ["astronaut.png", "page.png", "sprites.png"])
def test_a_picture_errs_no_more_than_compressed(name: str) -> None:
    pixels = sample(name, 2)
    indexed = codec.compress(pixels, 64, tune="psnr", exact=True)
    difference = codec.decompress(indexed).astype(np.int64) - pixels

    quantizer = ColorQuantizer(64).fit(pixels.reshape(-1, pixels.shape[2]))

    assert quantizer.inertia_ <= 1.01 * (difference**2).sum()


def test_what_fails_leaves_nothing_half_done() -> None:
    rows = np.random.RandomState(0).rand(30, 3)
    quantizer = ColorQuantizer(4)

    with pytest.raises(ParameterError, match="weights"):
        quantizer.partial_fit(rows, None, -np.ones(30))
    with pytest.raises(NotFittedError):
        quantizer.predict(rows)
    quantizer.partial_fit(rows)
    with pytest.raises(ValueError, match="features"):
        quantizer.partial_fit(rows[:, :2])

    assert _same(quantizer, ColorQuantizer(4).fit(rows))


def test_without_scikit_learn_the_cure_is_told() -> None:
    script = (
        "import sys; sys.modules['sklearn'] = None\nimport codec, numpy as np\n"
        "pixels = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)\n"
        "try: codec.ColorQuantizer\nexcept ImportError as error: print(error)\n"
        "try: codec.compress(pixels, 4, engine='sklearn')\n"
        "except codec.ParameterError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], env=child_environment(), text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    first, second = done.stdout.splitlines()
    assert first == 'ColorQuantizer needs scikit-learn: pip install "kmcodec[sklearn]"'
    assert second.startswith("engine 'sklearn' needs scikit-learn: ")
    assert second.endswith('pip install "kmcodec[sklearn]"')
