"""Codebooks of all sizes from one training: a large one, merged.

Ward's method [1]_ merges, again and again, the two clusters whose union adds least to the squared
error. From a trained codebook down it knows the error of every smaller one, and where Lloyd's
iteration has to begin to reach it in a few steps; a little breathing [2]_ makes up for what was
merged too early. Where code-words are few, the trained clusters stand for the colors, so that some
other starts can be tried in next to no time; then a summary of the colors does, and at last come
few steps on all of them.

Where alpha has classes (`codec.codebook.opacity`), the clear code-word stays, and whatever merges
with a solid one is solid. Grey pictures need no merging: every size has its optimum.

References
----------
.. [1] J. H. Ward, "Hierarchical grouping to optimize an objective function", Journal of the
   American Statistical Association 58, 1963, doi:10.1080/01621459.1963.10500845.
.. [2] B. Fritzke, "Breathing k-means", 2020, arXiv:2006.15666.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.codebook.greys import optimal_codebook
from codec.codebook.merging import heirs_of
from codec.codebook.native import Attempt, begin, breathe, settle, sum_clusters
from codec.codebook.opacity import Classes, begin_parted, complete
from codec.codebook.placement import AXES, Codebook, Placement, Whole
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram
from codec.colors.opacity import PartedMetric, are_solid, has_classes, has_ends
from codec.colors.pixels import distinct
from codec.options import EFFORTS, Effort

if TYPE_CHECKING:
    from codec.kernels.plain.cells import CellTree

_CLUSTERS = 8  # for each code-word at least, where they stand for the colors
_STARTS = 48  # others than the merged one, times K
_MOST_STARTS = 4  # of them
_BEST = 2  # of all starts, which breathe
_FEW_ROUNDS, _ROUNDS, _PARTED_ROUNDS = 3, 1, 4  # of breathing, on clusters and on a summary
_STEPS, _SUMMARY_STEPS, _EXACT_STEPS = 6, 2, 3  # of Lloyd's iteration
_FEW = 16  # code-words that classes share, which merge badly: another start is tried
_TOLERANCE = 1e-3  # as `Effort.tolerance`

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
        groups = self.groups(size)
        order = np.argsort(groups, kind="stable")
        firsts = np.searchsorted(groups[order], np.arange(size))
        totals = np.add.reduceat(self._sums[order, : 1 + AXES], firsts)
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
        points, weights = kernels.summary.summarize(self._tree, effort.summary)
        self._summary = kernels.cells.CellTree(points, weights)

    def merge(self, codebook: Codebook) -> Merges:
        sums = sum_clusters(self._tree, self._placement.place(codebook))
        merges, used = Merges(sums), sums[:, 0] > 0
        # The clusters stand for the colors wherever code-words are few.
        self._points, self._weights = merges.means(len(merges))[used], sums[used, 0]
        self._clusters = kernels.cells.CellTree(self._points, self._weights)
        return merges

    def make(self, merges: Merges, n_colors: int) -> Codebook:
        start = merges.means(n_colors)
        if n_colors * _CLUSTERS <= self._clusters.size:
            start = self._search(start, n_colors)
        found = _begin(self._summary, start, _SUMMARY_STEPS)
        codewords = breathe(self._summary, found, n_colors, _ROUNDS).codewords
        error = math.inf
        for _ in range(_EXACT_STEPS):
            sums, before = sum_clusters(self._tree, codewords), error
            errors, _ = kernels.lloyd.move_codewords(codewords, sums)
            error = float(errors.sum())
            if before - error <= _TOLERANCE * error:
                break
        rounded = codewords[:, : self._tree.axes].astype(np.float64)
        codebook = distinct(self._placement.colors(rounded))
        if len(codebook) == n_colors and sums[:, 0].all():
            return codebook
        effort = self._effort._replace(tolerance=_TOLERANCE)
        return settle(self._tree, codewords, n_colors, self._placement, effort)

    def _search(self, start: Whole, n_colors: int) -> Whole:
        """Find good code-words for the clusters: the merged ones, or others that breathe."""
        starts = [start]
        for number in range(min(_STARTS // n_colors, _MOST_STARTS)):
            rows = kernels.breathing.seed_codewords(self._points, self._weights, n_colors, number)
            starts.append(self._points[rows])
        begun = [_begin(self._clusters, start, _STEPS) for start in starts]
        apart = {attempt.error: attempt for attempt in begun}
        best = [apart[error] for error in sorted(apart)[:_BEST]]
        found = [breathe(self._clusters, each, n_colors, _FEW_ROUNDS) for each in best]
        return min(found, key=lambda attempt: attempt.error).codewords


def _begin(tree: CellTree, codewords: Whole, steps: int) -> Attempt:
    """Run Lloyd's iteration."""
    codewords, _, errors = kernels.lloyd.lloyd_steps(tree, codewords, steps)
    return Attempt(codewords, errors)


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
