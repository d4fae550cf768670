"""ColorQuantizer in pipelines that scikit-learn searches, on the pixels of pictures."""

from typing import Any

import joblib
import numpy as np
import numpy.typing as npt
import pytest
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

import codec
from codec import ColorQuantizer

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

STEP = "colorquantizer"
GRID = {f"{STEP}__n_colors": [2, 6, 24], f"{STEP}__effort": ["fast", "default"]}


def picture(seed: int, height: int = 24, width: int = 32) -> Bytes:
    """Shades of a few colors, others in each picture."""
    state = np.random.RandomState(seed)
    colors = state.randint(20, 236, (6, 3))
    rows, columns = np.mgrid[0:height, 0:width]
    areas = colors[(rows // 8 + columns // 12 + seed) % 6]
    pixels: Bytes = np.clip(areas + state.normal(0, 6, areas.shape), 0, 255).astype(np.uint8)
    return pixels


def as_light(rows: Any, gamma: float = 2.2) -> Floats:
    """Turn samples into amounts of light."""
    light: Floats = (np.asarray(rows) / 255.0) ** gamma
    return light


def pipeline() -> Pipeline:
    return make_pipeline(FunctionTransformer(as_light), ColorQuantizer(random_state=0))


def test_a_search_finds_what_represents_unseen_pixels_best() -> None:
    colors = picture(0).reshape(-1, 3)
    cv = KFold(3, shuffle=True, random_state=0)

    search = GridSearchCV(pipeline(), GRID, cv=cv).fit(colors)

    results = search.cv_results_
    scores: dict[tuple[int, str], float] = {}
    for params, score in zip(results["params"], results["mean_test_score"], strict=True):
        expected = []
        for train, test in cv.split(colors):
            words = pipeline().set_params(**params).fit(colors[train])[-1].codebook_
            distances = ((as_light(colors[test])[:, None] - words[None]) ** 2).sum(axis=2)
            expected.append(-distances.min(axis=1).sum())
        assert score == pytest.approx(np.mean(expected))
        scores[params[f"{STEP}__n_colors"], params[f"{STEP}__effort"]] = score
    assert len(scores) == 6
    # There are six colors, and noise, of which more code-words represent more.
    assert search.best_params_[f"{STEP}__n_colors"] == 24
    assert search.best_score_ == max(scores.values())
    assert scores[6, "default"] / scores[2, "default"] < 0.2
    assert scores[24, "default"] / scores[6, "default"] > 0.2


def test_what_did_best_is_fitted_on_all_pixels() -> None:
    colors = picture(1).reshape(-1, 3)
    search = GridSearchCV(pipeline(), GRID, cv=3).fit(colors)

    alone = pipeline().set_params(**search.best_params_).fit(colors)

    best = search.best_estimator_[-1]
    assert best.codebook_.tobytes() == alone[-1].codebook_.tobytes()
    assert (search.predict(colors) == alone.predict(colors)).all()
    words = np.rint(255 * best.codebook_ ** (1 / 2.2)).astype(np.uint8)
    indexed = codec.IndexedImage(search.predict(colors).reshape(24, 32).astype(np.uint8), words)
    assert np.abs(np.asarray(indexed).astype(int) - picture(1)).mean() < 4


def test_pictures_are_kept_together_by_groups() -> None:
    """Whether the codebook of some pictures serves another: for other colors it does not."""
    alike = [picture(2), picture(2), picture(2)[::-1]]
    others = [picture(2), picture(3), picture(4)]
    scores = []
    for pictures in (alike, others):
        rows = np.concatenate([pixels.reshape(-1, 3) for pixels in pictures])
        groups = np.repeat(range(3), len(rows) // 3)
        search = GridSearchCV(
            ColorQuantizer(), {"n_colors": [8, 64], "effort": ["fast"]}, cv=GroupKFold(3)
        ).fit(rows, groups=groups)
        assert search.best_params_["n_colors"] == 64
        scores.append(search.best_score_)
    assert scores[0] > 10 * scores[1]


def test_threads_find_the_same() -> None:
    colors = picture(5).reshape(-1, 3)
    alone = GridSearchCV(pipeline(), GRID, cv=3).fit(colors)
    with joblib.parallel_backend("threading"):
        together = GridSearchCV(pipeline(), GRID, cv=3, n_jobs=4).fit(colors)
    name = "mean_test_score"
    assert together.cv_results_[name].tobytes() == alone.cv_results_[name].tobytes()
