"""ColorQuantizer: k-means color quantization as a scikit-learn estimator."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import (
    _check_sample_weight,
    check_array,
    check_is_fitted,
    validate_data,
)

from codec.codebook.sklearn_engine import WeightedPoints, train_codewords
from codec.colors.nearest import NearestSearch
from codec.errors import ParameterError


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

    Attributes
    ----------
    codebook_ : ndarray of shape (K, C), dtype float64
        The code-words, not rounded.
    labels_ : ndarray of shape (n_samples,), dtype intp
        Label of each row seen by `fit`.
    inertia_ : float
        Weighted sum of squared distances of these rows to their code-words.
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

    def __init__(self, n_colors: int = 256, *, random_state: Any = 0) -> None:
        self.n_colors = n_colors
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Find code-words for colors.

        Parameters
        ----------
        X : array-like of shape (n_samples, C)
            Colors.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), optional
            How many pixels each row stands for; positive.

        Returns
        -------
        self : ColorQuantizer
            Fitted.

        Raises
        ------
        ParameterError
            `n_colors` is not a positive whole number.
        """
        if not isinstance(self.n_colors, int | np.integer) or self.n_colors < 1:
            raise ParameterError(f"n_colors must be positive, not {self.n_colors!r}", "n_colors")
        X = validate_data(self, X, dtype=np.float64)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
        rows, members = np.unique(X, axis=0, return_inverse=True)
        counts = np.bincount(members.reshape(-1), weights=weights, minlength=len(rows))
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        present = counts > 0
        sample = WeightedPoints(rows[present], counts[present].astype(np.float64))
        self.codebook_ = train_codewords(sample, int(self.n_colors), seed=seed)
        self.labels_ = self.predict(X)
        difference = X - self.codebook_[self.labels_]
        self.inertia_ = float((weights * np.einsum("ij,ij->i", difference, difference)).sum())
        return self

    def predict(self, X: Any) -> npt.NDArray[np.intp]:
        """Label each color with its nearest code-word.

        Parameters
        ----------
        X : array-like of shape (n_samples, C)
            Colors.

        Returns
        -------
        labels : ndarray of shape (n_samples,), dtype intp
            Rows of `codebook_`.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return NearestSearch(X)(self.codebook_)

    def transform(self, X: Any) -> npt.NDArray[np.intp]:
        """Label each color, as one column."""
        return self.predict(X)[:, None]

    def inverse_transform(self, X: Any) -> npt.NDArray[np.float64]:
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

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
