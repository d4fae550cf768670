"""Histogram to codebook: who trains, and whether anybody has to."""

import numpy as np
import numpy.typing as npt

from codec.codebook.greys import optimal_codebook
from codec.codebook.sklearn_engine import _sample_histogram, _settle, _train_sklearn
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram
from codec.settings import resolve_engine


def start_engine(name: str) -> None:
    """Import what an engine needs, so that its start is not timed as training."""
    if resolve_engine(name) == "sklearn":
        import sklearn.cluster  # noqa: F401
    else:
        import codec.codebook.native  # noqa: F401


def train_codebook(
    histogram: ColorHistogram,
    n_colors: int,
    *,
    metric: ColorMetric | None = None,
    seed: int = 0,
    engine: str = "auto",
    effort: str = "default",
) -> npt.NDArray[np.uint8]:
    """Find the code-words that represent a histogram with the least squared error.

    Parameters
    ----------
    histogram : ColorHistogram
        Colors and counts; all of them are seen, above `MAX_TRAINING_POINTS` colors through the
        means of grid cells.
    n_colors : int
        Largest size of the codebook, K. With no more colors than that, they are the codebook,
        and nothing is trained.
    metric : ColorMetric, optional
        How different two colors are; by default squared distance in sRGB.
    seed : int
        Seed of the random starts.
    engine : {'auto', 'native', 'sklearn'}
        Which implementation of k-means runs. Grey pictures need none: their codebook is optimal.
    effort : {'fast', 'default', 'best'}
        How much is tried.

    Returns
    -------
    codebook : ndarray of shape (K', C), dtype uint8
        Distinct code-words in lexicographic order, 1 <= K' <= `n_colors`.

    Raises
    ------
    ParameterError
        There is no such engine.
    """
    engine = resolve_engine(engine)
    if len(histogram) <= n_colors:
        return histogram.colors
    metric = metric or ColorMetric()
    channels = histogram.colors.shape[1]
    if channels == 1:
        return optimal_codebook(histogram.colors, histogram.counts, n_colors)
    if engine == "native":
        from codec.codebook.native import train

        return train(
            histogram.colors, histogram.counts, n_colors, metric=metric, seed=seed, effort=effort
        )
    sample = _sample_histogram(histogram, metric)
    if len(sample) <= n_colors:
        codewords = sample.points
    else:
        codewords = _train_sklearn(sample, n_colors, seed, effort)
    return _settle(sample, codewords, n_colors, metric, channels)
