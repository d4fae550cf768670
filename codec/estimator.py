"""ColorQuantizer: k-means color quantization as a scikit-learn estimator."""

from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from codec.errors import ParameterError, not_imported

try:
    from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
    from sklearn.utils import Tags, check_random_state
    from sklearn.utils.validation import (
        _check_feature_names_in,
        _check_sample_weight,
        check_array,
        check_is_fitted,
        validate_data,
    )
except ImportError as problem:
    _cure = 'ColorQuantizer needs scikit-learn: pip install "kmcodec[sklearn]"'
    raise ImportError(not_imported(problem, "sklearn", _cure)) from problem

from codec.codebook import native
from codec.codebook.rows import AnyRows, RowHistogram, as_bytes, as_whole, count_rows
from codec.codebook.rowsearch import nearest_codewords
from codec.codebook.sklearn_engine import WeightedPoints, train_codewords
from codec.colors.histogram import count_colors
from codec.labels.nearest import Lookup
from codec.options import EFFORTS, EffortChoice, EngineChoice
from codec.settings import check_choice, resolve_engine

_MANY_ROWS = 1 << 12  # so many that it pays to look for equal ones
_INPUT_TYPES = [np.float64, np.uint8]  # others become the first

Rows = npt.NDArray[np.float64]
Labels = npt.NDArray[np.intp]


class _Training(NamedTuple):
    """What training gives: see the attributes of `ColorQuantizer`."""

    codebook: Rows
    engine: str
    inertia: float


class ColorQuantizer(TransformerMixin, ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Choose the code-words that represent colors with the least squared error.

    Rows are colors, not pictures: reshape a picture with ``pixels.reshape(-1, C)``. Any real
    coordinates will do, so it composes with conversions to other color spaces in a pipeline.

    Parameters
    ----------
    n_colors : int
        Largest number of code-words, K. With no more distinct rows than that, they are the
        code-words.
    random_state : int, RandomState or None
        Seed of the random starts.
    engine : {'auto', 'native', 'sklearn'}
        Which implementation of k-means runs. ``native``, the compiled one, is many times as fast,
        with the same result on every machine. It takes up to four columns that are whole on some
        grid: bytes, from 0 to 255 or divided by 255, in any dtype; 16 bits divided by 65535;
        multiples of a power of two, with at most 2**17 steps from the lowest to the highest value,
        and half as many for each factor of four by which the sum of weights times C exceeds
        2**20. K is at most 960, and the sum of weights 2**32. Weights that are not whole are
        rounded while it searches, to a part in 512 or less; they must not differ too much for
        that. ``auto`` is ``native`` for what it takes, where it was compiled, and ``sklearn``
        otherwise.
    effort : {'fast', 'default', 'best'}
        How much is tried.

    Attributes
    ----------
    codebook_ : ndarray of shape (K, C), dtype float64
        The code-words, not rounded: means of clusters; of the native engine in lexicographic
        order.
    labels_ : ndarray of shape (n_samples,), dtype intp
        Label of each row seen by `fit`. After `partial_fit`, which keeps no rows in their order,
        there is none: `predict` labels them.
    inertia_ : float
        Weighted sum of squared distances of all rows to their code-words.
    engine_ : {'native', 'sklearn', 'none'}
        What trained; ``none`` if nothing had to be trained.
    n_features_in_ : int
        C.

    Examples
    --------
    >>> import numpy as np
    >>> from codec import ColorQuantizer
    >>> colors = np.array([[0, 0, 0], [2, 0, 0], [200, 9, 9], [202, 9, 9]])
    >>> quantizer = ColorQuantizer(n_colors=2).fit(colors)
    >>> sorted(quantizer.codebook_[:, 0].tolist())
    [1.0, 201.0]
    """

    _training: _Training | None
    _labels: Labels | None

    def __init__(
        self,
        n_colors: int = 256,
        *,
        random_state: Any = 0,
        engine: EngineChoice = "auto",
        effort: EffortChoice = "default",
    ) -> None:
        self.n_colors = n_colors
        self.random_state = random_state
        self.engine = engine
        self.effort = effort

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Find code-words for colors.

        Parameters
        ----------
        X : array-like of shape (n_samples, C)
            Colors.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), optional
            How many pixels each row stands for; not negative.

        Returns
        -------
        self : ColorQuantizer
            Fitted.

        Raises
        ------
        ParameterError
            `n_colors` is not a positive whole number, there is no such engine or effort, or the
            native engine was asked for and does not take these rows; or a weight is negative, or
            all are zero.
        """
        self._check_parameters()
        X, self._histogram = self._count(X, sample_weight, reset=True)
        self._training = self._labels = None
        self._training, labels = self._train()
        # Rows of weight zero are not in the histogram.
        self._labels = self._label(X, labels if sample_weight is None else None)
        return self

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Add colors to those seen before, by `fit` too.

        Distinct rows are kept with their weights, all of them, and code-words are found when they
        are first asked for, with the parameters of then. So they are the same, bit for bit, as
        those of `fit` on all rows, however these are divided and ordered, where sums of weights
        are exact: without weights, with whole ones, or with multiples of a power of two.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.

        Returns
        -------
        self : ColorQuantizer
            Fitted.

        Raises
        ------
        ParameterError
            As for `fit`; that the native engine does not take the rows may show later.
        """
        self._check_parameters()
        seen = getattr(self, "_histogram", None)
        _, counted = self._count(X, sample_weight, reset=seen is None)
        self._histogram = counted if seen is None else seen + counted
        self._training = self._labels = None
        return self

    def predict(self, X: Any) -> Labels:
        """Label each color with its nearest code-word.

        Parameters
        ----------
        X : array-like of shape (n_samples, C)
            Colors.

        Returns
        -------
        labels : ndarray of shape (n_samples,), dtype intp
            Rows of `codebook_`; a tie goes to the lowest.
        """
        check_is_fitted(self)
        return self._label(validate_data(self, X, dtype=_INPUT_TYPES, reset=False))

    def transform(self, X: Any) -> Labels:
        """Label each color, as one column."""
        return self.predict(X)[:, None]

    def inverse_transform(self, X: Any) -> Rows:
        """Turn a column of labels back into colors.

        Parameters
        ----------
        X : array-like of shape (n_samples, 1)
            Labels.

        Returns
        -------
        colors : ndarray of shape (n_samples, C), dtype float64
            Their code-words.

        Raises
        ------
        ParameterError
            A label is beyond the codebook.
        """
        check_is_fitted(self)
        labels = check_array(X, dtype=np.intp).reshape(-1)
        if labels.min() < 0 or labels.max() >= len(self.codebook_):
            raise ParameterError("a label is beyond the codebook", "label-out-of-range")
        return np.asarray(self.codebook_[labels])

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Tell how well code-words represent colors: the opposite of the objective.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.

        Returns
        -------
        score : float
            Minus the weighted sum of squared distances to the nearest code-words.

        Raises
        ------
        ParameterError
            A weight is negative, or all are zero.
        """
        check_is_fitted(self)
        _, counted = self._count(X, sample_weight, reset=False)
        labels = nearest_codewords(counted.rows, self.codebook_)
        return -_inertia(counted, self.codebook_, labels)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Name the one column of `transform`, which `set_output` may make a data frame of.

        Parameters
        ----------
        input_features : array-like of str, optional
            Checked, and ignored.

        Returns
        -------
        names : ndarray of shape (1,), dtype object
            ``label``.
        """
        check_is_fitted(self)
        _check_feature_names_in(self, input_features, generate_names=False)
        return np.array(["label"], dtype=object)

    @property
    def codebook_(self) -> Rows:
        """The code-words, not rounded, in lexicographic order if they are of the native engine."""
        return self._trained().codebook

    @property
    def engine_(self) -> str:
        """What trained; ``none`` if nothing had to be trained."""
        return self._trained().engine

    @property
    def inertia_(self) -> float:
        """Weighted sum of squared distances of all rows to their code-words."""
        return self._trained().inertia

    @property
    def labels_(self) -> Labels:
        """Label of each row seen by `fit`; after `partial_fit` there is none."""
        check_is_fitted(self)
        if self._labels is None:
            raise AttributeError("partial_fit leaves no labels_: predict(X) labels rows")
        return self._labels

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_histogram")

    def _check_parameters(self) -> None:
        """Refuse impossible parameters."""
        if not isinstance(self.n_colors, int | np.integer) or self.n_colors < 1:
            raise ParameterError(f"n_colors must be positive, not {self.n_colors!r}", "n_colors")
        check_choice("effort", self.effort, EFFORTS)
        if self.engine != "auto":
            resolve_engine(self.engine)

    def _count(self, X: Any, sample_weight: Any, reset: bool) -> tuple[AnyRows, RowHistogram]:
        """Check rows and weights, and add up the weights of equal rows."""
        X = validate_data(self, X, dtype=_INPUT_TYPES, reset=reset)
        if sample_weight is None:
            return X, count_rows(X)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
        if weights.min() < 0 or not weights.any():
            raise ParameterError("weights must be 0 or more, and not all 0", "sample_weight")
        return X, count_rows(X, weights)

    def _trained(self) -> _Training:
        """Train, if that has not been done since rows were added."""
        check_is_fitted(self)
        if self._training is None:
            self._check_parameters()
            self._training, _ = self._train()
        return self._training

    def _train(self) -> tuple[_Training, Labels]:
        """Find the code-words of the histogram, and labels of its rows."""
        histogram, n_colors = self._histogram, int(self.n_colors)
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        if len(histogram) <= n_colors:
            return _Training(histogram.rows, "none", 0.0), np.arange(len(histogram))
        engine = resolve_engine(self.engine)
        whole = None
        if engine == "native" and n_colors <= native.MAX_CLUSTERS:
            whole = as_whole(histogram)
        guess = None
        if whole is not None:
            clusters = native.cluster(*whole, n_colors, seed=seed, effort=self.effort)
            codebook, guess = _means(histogram, clusters)
        elif self.engine == "native":
            raise ParameterError(
                f"the native engine takes up to {native.MAX_CLUSTERS} colors, whole weights, and "
                "4 columns that are whole on a grid: engine='auto' takes all",
                "engine",
            )
        else:
            engine = "sklearn"
            sample = WeightedPoints(histogram.rows, histogram.weights)
            codebook = train_codewords(sample, n_colors, seed=seed, effort=self.effort)
        labels = nearest_codewords(histogram.rows, codebook, guess)
        return _Training(codebook, engine, _inertia(histogram, codebook, labels)), labels

    def _label(self, rows: AnyRows, labels: Labels | None = None) -> Labels:
        """Label rows, equal ones together where they are quickly found.

        The labels of distinct rows, in lexicographic order, may be known.
        """
        found = as_bytes(rows) if len(rows) >= _MANY_ROWS else None
        if found is None:
            return nearest_codewords(rows.astype(np.float64, copy=False), self.codebook_)
        octets, levels = found
        counted = count_colors(octets[:, None])
        if labels is None:
            labels = nearest_codewords(levels[counted.colors], self.codebook_)
        # A label is looked up a byte at a time.
        columns = [
            (labels >> shift).astype(np.uint8)
            for shift in range(0, max(int(labels.max()).bit_length(), 1), 8)
        ]
        planes = Lookup(counted, columns)(octets[:, None])
        looked_up = np.zeros(len(rows), dtype=np.intp)
        for plane in reversed(planes):
            looked_up = looked_up << 8 | plane[:, 0]
        return looked_up

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


def _means(histogram: RowHistogram, clusters: npt.NDArray[np.int32]) -> tuple[Rows, Labels]:
    """Weighted means of clusters in lexicographic order, and the clusters in this order."""
    weights = np.bincount(clusters, weights=histogram.weights)
    sums = [np.bincount(clusters, weights=histogram.weights * x) for x in histogram.rows.T]
    means = np.stack(sums, axis=1) / weights[:, None]
    order = np.lexsort(means.T[::-1])
    return means[order], np.argsort(order)[clusters]


def _inertia(histogram: RowHistogram, codebook: Rows, labels: Labels) -> float:
    """Weighted sum of squared distances to code-words."""
    difference = histogram.rows - codebook[labels]
    return float((histogram.weights * np.einsum("ij,ij->i", difference, difference)).sum())
