"""ColorQuantizer among other estimators."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from codec import ColorQuantizer, ParameterError


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks([ColorQuantizer(n_colors=8)])  # type: ignore[untyped-decorator]
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
