"""Codebooks of all sizes from one training: a large one, merged.

Ward's method [1]_ merges, again and again, the two clusters whose union adds least to the squared
error. From a trained codebook down it knows the error of every smaller one, and where Lloyd's
iteration has to begin to reach it in a few steps; a little breathing [2]_ makes up for what was
merged too early. Of few code-words, which cost little, some other starts are tried.

Where alpha has classes (`codec.codebook.opacity`), the clear code-word stays, and whatever merges
with a solid one is solid. Grey pictures need no merging: every size has its optimum.

References
----------
.. [1] J. H. Ward, "Hierarchical grouping to optimize an objective function", Journal of the
   American Statistical Association 58, 1963, doi:10.1080/01621459.1963.10500845.
.. [2] B. Fritzke, "Breathing k-means", 2020, arXiv:2006.15666.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.codebook.greys import optimal_codebook
from codec.codebook.merging import heirs_of
from codec.codebook.native import Attempt, begin, breathe, refine, settle, sum_clusters
from codec.codebook.opacity import Classes, begin_parted, complete
from codec.codebook.placement import AXES, Codebook, Placement, Whole, pad
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram
from codec.colors.opacity import PartedMetric, are_solid, has_classes, has_ends
from codec.options import EFFORTS, Effort

_ROUNDS = 2  # of breathing
_PARTED_ROUNDS = 4
_STARTS = 24  # others than the merged one, times K
_FEW = 16  # code-words that classes share, which merge badly: another start is tried
_TOLERANCE = 1e-3  # as `Effort.tolerance`
_STEPS = 3  # of Lloyd's iteration, on few points and on all

Sums = npt.NDArray[np.int64]
Pairs = npt.NDArray[np.int32]
Costs = npt.NDArray[np.float64]
Groups = npt.NDArray[np.intp]


class Merges:
    """What becomes of clusters when the two that cost least are merged, again and again.

    Parameters
    ----------
    sums : ndarray of shape (K, AXES + 2), dtype int64
        Weight, sums and sum of squares of each cluster, as `kernels.lloyd.cluster_sums` gives
        them.
    classes : ndarray of shape (K,), dtype intp, optional
        Clusters of different classes merge when nothing else is left.
    """

    def __init__(self, sums: Sums, classes: Groups | None = None) -> None:
        self._sums = sums
        if classes is None:
            classes = np.zeros(len(sums), dtype=np.intp)
        self._pairs, self._costs = _merge(sums, classes)

    def __len__(self) -> int:
        return len(self._sums)

    def groups(self, size: int) -> Groups:
        """Tell the group of each cluster when so many are left, by their first clusters.

        Parameters
        ----------
        size : int
            1 to K.

        Returns
        -------
        groups : ndarray of shape (K,), dtype intp
            The group of each cluster, less than `size`.
        """
        heirs = self.heirs(len(self) - size)
        stay = heirs == np.arange(len(self))
        return np.asarray(np.cumsum(stay)[heirs] - 1)

    def heirs(self, count: int) -> Groups:
        """Tell which cluster each one has become a part of after so many merges."""
        return heirs_of(self._pairs[:count], len(self))

    def pair(self, number: int) -> tuple[int, int]:
        """Tell which clusters a merge, counted from 0, makes one: the kept one, and the other."""
        kept, gone = self._pairs[number]
        return int(kept), int(gone)

    def means(self, size: int) -> Whole:
        """Round the means of groups; ndarray of shape (size, AXES), dtype int32."""
        totals = np.zeros((size, 1 + AXES), dtype=np.int64)
        np.add.at(totals, self.groups(size), self._sums[:, : 1 + AXES])
        weights = np.maximum(totals[:, :1], 1)
        return np.asarray((2 * totals[:, 1:] + weights) // (2 * weights), dtype=np.int32)

    def errors(self) -> Costs:
        """Tell the squared error of K clusters, and of as many as are left after merges.

        Returns
        -------
        errors : ndarray of shape (K,), dtype float64
            By size, from 1 on.
        """
        weights = np.maximum(self._sums[:, 0], 1).astype(np.float64)
        own = self._sums[:, -1].astype(np.float64)
        for column in self._sums[:, 1 : 1 + AXES].T:
            own -= column / weights * column
        return np.cumsum(np.append(np.maximum(own, 0).sum(), self._costs))[::-1]


def _merge(sums: Sums, classes: Groups) -> tuple[Pairs, Costs]:
    """Merge down to one: which clusters, the kept one first, and what each merge costs."""
    weights = np.maximum(sums[:, 0], 1).astype(np.float64)
    means = sums[:, 1 : 1 + AXES] / weights[:, None]
    within = kernels.merging.merge_clusters(weights, means, classes.astype(np.int32))
    rest = kernels.merging.merge_clusters(weights, means, np.zeros(len(sums), dtype=np.int32))
    pairs, costs = map(np.concatenate, zip(within, rest, strict=True))
    return pairs, costs


class Nest:
    """A picture's colors and a codebook for them, from which smaller ones are made.

    Parameters
    ----------
    histogram : ColorHistogram
        What the codebook was trained with, or the same colors with other weights.
    codebook : ndarray of shape (K, C), dtype uint8
        Distinct code-words in lexicographic order, or all colors.
    metric : ColorMetric
        How different two colors are.
    effort : {'fast', 'default', 'best'}
        How much is tried.
    """

    def __init__(
        self,
        histogram: ColorHistogram,
        codebook: Codebook,
        metric: ColorMetric,
        effort: str = "default",
    ) -> None:
        self._histogram, self._codebook, self._metric = histogram, codebook, metric
        maker: Any
        if histogram.colors.shape[1] == 1:
            maker = _Greys(histogram)
        elif has_classes(metric, histogram.colors.shape[1]) and has_ends(histogram.colors):
            maker = _Parted(histogram, codebook, metric, EFFORTS[effort])
        else:
            maker = _Plain(histogram, codebook, metric, EFFORTS[effort])
        self._maker = maker
        self.merges: Merges = maker.merge(codebook)

    def codebook(self, n_colors: int) -> Codebook:
        """Make a codebook of a size.

        Parameters
        ----------
        n_colors : int
            1 to K.

        Returns
        -------
        codebook : ndarray of shape (K', C), dtype uint8
            Distinct code-words in lexicographic order, 1 <= K' <= `n_colors`.
        """
        if n_colors >= len(self._codebook):
            return self._codebook
        made: Codebook = self._maker.make(self.merges, n_colors)
        return made


class _Greys:
    """Grey levels."""

    def __init__(self, histogram: ColorHistogram) -> None:
        self._histogram = histogram

    def merge(self, codebook: Codebook) -> Merges:
        levels = self._histogram.colors[:, 0].astype(np.int64)
        words = codebook[:, 0].astype(np.int64)
        labels = np.abs(levels[:, None] - words).argmin(axis=1)
        counts = self._histogram.counts
        sums = np.zeros((len(codebook), AXES + 2), dtype=np.int64)
        np.add.at(sums[:, 0], labels, counts)
        np.add.at(sums[:, 1], labels, counts * levels)
        np.add.at(sums[:, -1], labels, counts * levels**2)
        return Merges(sums)

    def make(self, merges: Merges, n_colors: int) -> Codebook:
        return optimal_codebook(self._histogram.colors, self._histogram.counts, n_colors)


class _Plain:
    """Colors that are all of one class."""

    def __init__(
        self, histogram: ColorHistogram, codebook: Codebook, metric: ColorMetric, effort: Effort
    ) -> None:
        colors, counts = histogram.colors, histogram.counts
        self._effort = effort
        self._placement = Placement(metric, colors.shape[1], int(counts.sum()))
        self._tree = self._placement.tree(colors, counts, effort.points)
        self._points, self._weights = kernels.summary.summarize(self._tree, effort.summary)
        self._summary = kernels.cells.CellTree(self._points, self._weights)

    def merge(self, codebook: Codebook) -> Merges:
        return Merges(sum_clusters(self._tree, self._placement.place(codebook)))

    def make(self, merges: Merges, n_colors: int) -> Codebook:
        starts = [merges.means(n_colors)]
        for number in range(_STARTS // n_colors):
            rows = kernels.breathing.seed_codewords(self._points, self._weights, n_colors, number)
            starts.append(pad(self._points[rows]))
        found = min((self._begin(start) for start in starts), key=lambda attempt: attempt.error)
        few = self._effort._replace(steps=_STEPS, tolerance=_TOLERANCE)
        codewords = refine(self._tree, found.codewords, few)
        return settle(self._tree, codewords, n_colors, self._placement, few)

    def _begin(self, codewords: Whole) -> Attempt:
        codewords, _, errors = kernels.lloyd.lloyd_steps(self._summary, codewords, _STEPS)
        return breathe(self._summary, Attempt(codewords, errors), len(codewords), _ROUNDS)


class _Parted:
    """Colors of several classes: clear, solid and between."""

    def __init__(
        self, histogram: ColorHistogram, codebook: Codebook, metric: ColorMetric, effort: Effort
    ) -> None:
        colors, counts = histogram.colors, histogram.counts
        self._colors, self._counts, self._metric, self._effort = colors, counts, metric, effort
        self._placement = Placement(PartedMetric(metric.space), colors.shape[1], int(counts.sum()))
        self._classes = Classes.of(colors, counts, self._placement, effort.points)
        self._summary = self._classes.summary(effort.summary)

    def merge(self, codebook: Codebook) -> Merges:
        self._solid = are_solid(codebook)
        _, sums = self._classes.measure(codebook)
        return Merges(sums, self._solid + 2 * self._classes.stay(codebook))

    def make(self, merges: Merges, n_colors: int) -> Codebook:
        solid = np.zeros(n_colors, dtype=bool)
        solid[merges.groups(n_colors)[self._solid]] = True
        codebook = self._classes.colors(merges.means(n_colors), solid)
        if n_colors == 1:  # which cannot be of two classes
            return codebook
        colors, counts, metric = self._colors, self._counts, self._metric
        starts = [complete(codebook, colors, counts, n_colors, metric)]
        if n_colors <= _FEW:
            starts.append(
                begin_parted(begin, colors, counts, n_colors, metric=metric, effort="fast")
            )
        best = min(
            (self._summary.settle(start, n_colors, _STEPS) for start in starts),
            key=lambda attempt: attempt.error,
        )
        best = self._summary.breathe(best, n_colors, _PARTED_ROUNDS)
        steps, tolerance = self._effort.steps, self._effort.tolerance
        return self._classes.settle(best.codebook, n_colors, steps, tolerance).codebook
