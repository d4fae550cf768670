"""Histogram to codebook: whether anybody has to train, and who does."""

import functools
import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from codec.codebook.greys import optimal_codebook
from codec.codebook.opacity import complete, train_parted
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram
from codec.colors.opacity import has_classes, has_ends
from codec.errors import ParameterError, not_imported
from codec.settings import resolve_engine
from codec.stopwatch import Stopwatch

Codebook = npt.NDArray[np.uint8]
# Whatever is not asked for stays unimported; each has functions `train` and `begin`.
_ENGINES = {"native": "codec.codebook.native", "sklearn": "codec.codebook.sklearn_engine"}


class Training(NamedTuple):
    """A codebook, and where it comes from.

    Parameters
    ----------
    codebook : ndarray of shape (K', C), dtype uint8
        Distinct code-words, 1 <= K' <= K; in lexicographic order if k-means chose them.
    engine : {'native', 'sklearn', 'optimal', 'none'}
        What trained it: ``optimal`` for grey pictures, whose codebook has no better one, ``none``
        if nothing had to be trained.
    is_all : bool
        Whether it is all colors of the histogram.
    """

    codebook: Codebook
    engine: str
    is_all: bool = False


def start_engine(name: str) -> Any:
    """Import an engine, so that its start is not timed as training.

    Parameters
    ----------
    name : {'native', 'sklearn'}
        As `resolve_engine` gives it.

    Returns
    -------
    engine : module
        Its functions `train` and `begin` take colors, counts and `n_colors`, and as
        `train_codebook` metric, seed and effort.

    Raises
    ------
    ParameterError
        scikit-learn is not there, or cannot be imported.
    """
    try:
        return importlib.import_module(_ENGINES[name])
    except ImportError as error:
        cure = f'engine {name!r} needs scikit-learn: pip install "kmcodec[sklearn]"'
        raise ParameterError(not_imported(error, "sklearn", cure), "engine") from error


def train_codebook(
    histogram: ColorHistogram,
    n_colors: int,
    *,
    metric: ColorMetric | None = None,
    seed: int = 0,
    engine: str = "auto",
    effort: str = "default",
    instead: Callable[[ColorHistogram, int, int], Codebook] | None = None,
    watch: Stopwatch | None = None,
) -> Training:
    """Find the code-words that represent a histogram with the least squared error.

    Parameters
    ----------
    histogram : ColorHistogram
        Colors and counts; all of them are seen, very many through the means of grid cells.
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
    instead : callable, optional
        Chooses code-words of the histogram in place of k-means, from it, `n_colors` and the seed.
    watch : Stopwatch, optional
        Times the stages.

    Returns
    -------
    training : Training
        The codebook, and what trained it.

    Raises
    ------
    ParameterError
        There is no such engine, and one is needed.
    """
    watch = watch or Stopwatch()
    colors, counts = histogram.colors, histogram.counts
    metric = metric or ColorMetric()
    if len(histogram) <= n_colors:
        return Training(colors, "none", is_all=True)
    # One code-word cannot be clear and solid.
    parted = n_colors > 1 and has_classes(metric, colors.shape[1]) and has_ends(colors)
    if instead is not None:
        with watch.stage("training"):
            codebook = instead(histogram, n_colors, seed)
            if parted:
                codebook = complete(codebook, colors, counts, n_colors, metric)
            return Training(codebook, "none")
    if colors.shape[1] == 1:
        with watch.stage("training"):
            return Training(optimal_codebook(colors, counts, n_colors), "optimal")
    engine = resolve_engine(engine)
    with watch.stage("engine start"):
        module = start_engine(engine)
    train = functools.partial(train_parted, module.begin) if parted else module.train
    with watch.stage("training"):
        codebook = train(colors, counts, n_colors, metric=metric, seed=seed, effort=effort)
    return Training(codebook, engine)
