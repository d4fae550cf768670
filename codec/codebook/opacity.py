"""Training where alpha has classes: a code-word for clear, and solid ones for solid colors.

An engine begins, with a gap between solid colors and the others (`PartedMetric`), so that few
clusters are of both. What goes on from there obeys the classes of `codec.colors.opacity`, among
8-bit code-words:

1. Lloyd's iteration: solid colors go to the nearest solid code-word, translucent ones to the
   nearest of any. The mean of a solid code-word's colors, moved to alpha 255, errs least of all
   solid ones. Code-words of no use move to the worst-served colors;
2. breathing on a summary of each class, as in `codec.codebook.native`: the gap is a guess, and
   decides badly how many code-words each class gets where they are few.

Clear colors cost nothing: their code-word stays, and translucent colors may use it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.codebook.native import Sums, squared_error, sum_clusters
from codec.codebook.placement import AXES, Codebook, Placement, Whole
from codec.colors.colorspace import ColorMetric
from codec.colors.opacity import PartedMetric, are_clear, are_solid
from codec.colors.pixels import distinct, without_hidden
from codec.options import EFFORTS

if TYPE_CHECKING:
    from codec.kernels.plain.cells import CellTree

_GAP = 0.25  # from 1/8 to 1/2 it hardly matters
_NEGLIGIBLE = 1e-5
_SPLITS = 3  # of one cluster, after the other, until breathing ends

Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class _Attempt(NamedTuple):
    """A codebook and its squared error."""

    error: int
    codebook: Codebook


class Classes:
    """The solid colors and the translucent ones of a picture, and what code-words make of them.

    Parameters
    ----------
    solid, translucent : CellTree or None
        Placed colors of each class.
    has_clear : bool
        Whether there are clear colors too.
    placement : Placement
        Where they lie.
    """

    def __init__(
        self,
        solid: CellTree | None,
        translucent: CellTree | None,
        has_clear: bool,
        placement: Placement,
    ) -> None:
        self._solid, self._translucent = solid, translucent
        self._has_clear, self._placement = has_clear, placement
        white = placement.points(np.full((1, placement.channels), 255, dtype=np.uint8))
        self._axes, self._solid_place = white.shape[1], int(white[0, -1])

    @classmethod
    def of(
        cls, colors: Codebook, counts: Counts, placement: Placement, max_points: int
    ) -> Classes:
        """Part colors by their alpha; so many points at most stand for those of a class."""
        solid, clear = are_solid(colors), are_clear(colors)

        def tree(members: Mask) -> CellTree | None:
            if not members.any():
                return None
            return placement.tree(colors[members], counts[members], max_points)

        return cls(tree(solid), tree(~(solid | clear)), bool(clear.any()), placement)

    def summary(self, size: int) -> Classes:
        """Let the means of cells stand for the colors of each class, so many at most."""

        def summarize(tree: CellTree | None) -> CellTree | None:
            if tree is None or tree.size <= size:
                return tree
            points, weights = kernels.summary.summarize(tree, size)
            summary: CellTree = kernels.cells.CellTree(points, weights)
            return summary

        trees = summarize(self._solid), summarize(self._translucent)
        return Classes(*trees, self._has_clear, self._placement)

    def stay(self, codebook: Codebook) -> Mask:
        """Tell which code-words stay whatever they are nearest to."""
        return are_clear(codebook) & self._has_clear

    def measure(self, codebook: Codebook) -> tuple[int, Sums]:
        """Squared error, and the sums of clusters."""
        placed, solid = self._placement.place(codebook), are_solid(codebook)
        sums = np.zeros((len(codebook), AXES + 2), dtype=np.int64)
        if self._translucent is not None:
            sums += sum_clusters(self._translucent, placed)
        if self._solid is not None:
            sums[solid] += sum_clusters(self._solid, placed[solid])
        return squared_error(sums, placed), sums

    def worst(self, codebook: Codebook) -> Codebook:
        """Find the worst-served color of each cluster and class, the worst of all first."""
        placed, solid = self._placement.place(codebook), are_solid(codebook)
        found, errors = [], []
        for tree, words in (self._solid, placed[solid]), (self._translucent, placed):
            if tree is not None:
                labels = np.empty(tree.size, dtype=np.int32)
                kernels.lloyd.cluster_sums(tree, words, labels=labels)
                points, missed = kernels.breathing.worst_points(tree, words, labels)
                found.append(self.colors(points[:, : self._axes], tree is self._solid))
                errors.append(missed)
        missed = np.concatenate(errors)
        order = np.argsort(-missed, kind="stable")
        return np.vstack(found)[order[missed[order] > 0]]

    def settle(
        self, codebook: Codebook, n_colors: int, steps: int, tolerance: float = 0.0
    ) -> _Attempt:
        """Run Lloyd's iteration among 8-bit code-words, until it hardly gains."""
        best, sums = self._filled(codebook, n_colors)
        for _ in range(steps):
            moved, sums = self._filled(self._moved(best.codebook, sums), n_colors)
            if moved.error >= best.error * (1 - tolerance):
                return min(best, moved, key=lambda attempt: attempt.error)
            best = moved
        return best

    def _filled(self, codebook: Codebook, n_colors: int) -> tuple[_Attempt, Sums]:
        """Replace code-words of no use; measure."""
        codebook = distinct(codebook)
        error, sums = self.measure(codebook)
        used = (sums[:, 0] > 0) | self.stay(codebook)
        if used.sum() < n_colors:
            codebook = self._fill_free_places(codebook[used], n_colors)
            error, sums = self.measure(codebook)
        return _Attempt(error, codebook), sums

    def _moved(self, codebook: Codebook, sums: Sums) -> Codebook:
        """Move code-words to the means of their clusters."""
        means = sums[:, 1 : 1 + self._axes] / np.maximum(sums[:, :1], 1)
        moving = (sums[:, 0] > 0) & ~self.stay(codebook)
        colors = self.colors(means, are_solid(codebook))
        return np.where(moving[:, None], colors, codebook)

    def colors(self, means: npt.NDArray[np.number], solid: Mask | bool) -> Codebook:
        """Find the nearest 8-bit colors, solid ones for solid."""
        placed: npt.NDArray[np.float64] = means[:, : self._axes].astype(np.float64)
        placed[:, -1] = np.where(solid, self._solid_place, placed[:, -1])
        return self._placement.colors(placed)

    def _fill_free_places(self, codebook: Codebook, n_colors: int) -> Codebook:
        """Give unused places of the codebook to the colors that are served worst."""
        while (free := n_colors - len(codebook)) > 0:
            # Not all places at once: the next errors know of these.
            added = self.worst(codebook)[: max(1, free // 2)]
            grown = distinct(np.vstack([codebook, added]))
            if len(grown) == len(codebook):
                break
            codebook = grown
        return codebook

    def breathe(self, best: _Attempt, n_colors: int, rounds: int) -> _Attempt:
        """Split the worst clusters, merge others: fewer and fewer at a time."""
        breath, first = max(1, min(n_colors // 8, 16)), 0
        worst = self.worst(best.codebook)
        while rounds > 0 and first < _SPLITS and best.error > 0:
            rounds -= 1
            grown = np.vstack([best.codebook, worst[first : first + breath]])
            trial = self._exchange(distinct(grown), n_colors)
            if trial is not None and trial.error < best.error * (1 - _NEGLIGIBLE):
                best, first = trial, 0
                worst = self.worst(best.codebook)
            elif breath > 1:
                breath = breath * 2 // 3 if breath > 4 else breath - 1
            else:
                first += 1
        return best

    def _exchange(self, codebook: Codebook, n_colors: int) -> _Attempt | None:
        """Take away code-words that are too many, with some steps before and after."""
        codebook = self.settle(codebook, len(codebook), 2).codebook
        _, sums = self.measure(codebook)
        gone = self._least_missed(codebook, sums[:, 0], len(codebook) - n_colors)
        if len(codebook) - len(gone) > n_colors:
            return None
        return self.settle(np.delete(codebook, gone, axis=0), n_colors, 4)

    def _least_missed(self, codebook: Codebook, weights: Counts, count: int) -> list[int]:
        """Choose code-words to remove, no heirs of others; solid ones have solid heirs."""
        costs = _merging_costs(self._placement.place(codebook), weights, self.stay(codebook))
        solid = are_solid(codebook)
        costs[np.ix_(solid, ~solid)] = np.inf
        cost, heir = costs.min(axis=1), costs.argmin(axis=1)
        removed: list[int] = []
        heirs: set[int] = set()
        for codeword in np.argsort(cost, kind="stable").tolist():
            if len(removed) < count and codeword not in heirs and cost[codeword] < np.inf:
                removed.append(codeword)
                heirs.add(int(heir[codeword]))
        return removed


def _merging_costs(placed: Whole, weights: Counts, stay: Mask) -> npt.NDArray[np.float64]:
    """Tell what it costs to let each code-word's cluster, in rows, join each other one (Ward)."""
    places, shares = placed.astype(np.float64), weights.astype(np.float64)
    # Whole numbers below 2**53, exact in any order.
    lengths = (places**2).sum(axis=1)
    distances = lengths[:, None] + lengths - 2 * places @ places.T
    together = shares[:, None] + shares
    costs: npt.NDArray[np.float64] = (
        shares[:, None] * shares / np.where(together > 0, together, 1.0) * distances
    )
    costs[:, stay] = shares[:, None] * distances[:, stay]
    costs[stay] = np.inf
    np.fill_diagonal(costs, np.inf)
    return costs


def complete(
    codebook: Codebook, colors: Codebook, counts: Counts, n_colors: int, metric: ColorMetric
) -> Codebook:
    """Let code-words of the classes that are missing take the places of the nearest ones.

    Parameters
    ----------
    codebook : ndarray of shape (K', C), dtype uint8
        1 <= K' <= `n_colors` code-words.
    colors, counts : ndarray
        Of the picture, with alpha.
    n_colors : int
        Largest size of the codebook, K; at least 2.
    metric : ColorMetric
        How different two colors are.

    Returns
    -------
    codebook : ndarray of shape (K'', C), dtype uint8
        Distinct code-words in lexicographic order, one of them clear and one solid if colors are.
    """
    codebook = distinct(without_hidden(codebook))
    for are_such in (are_clear, are_solid):
        such = are_such(colors)
        if not such.any() or are_such(codebook).any():
            continue
        color = colors[such][[counts[such].argmax()]]
        if are_such is are_clear:
            color = np.zeros_like(color)
        if len(codebook) == n_colors:
            apart = metric.coordinates(codebook) - metric.coordinates(color)
            distances = (apart**2).sum(axis=1)
            if are_such is are_solid and are_clear(colors).any():
                distances[are_clear(codebook)] = np.inf
            codebook = np.delete(codebook, distances.argmin(), axis=0)
        codebook = distinct(np.vstack([codebook, color]))
    return codebook


def train_parted(
    begin: Callable[..., Codebook],
    colors: Codebook,
    counts: Counts,
    n_colors: int,
    *,
    metric: ColorMetric,
    seed: int = 0,
    effort: str = "default",
) -> Codebook:
    """Find the code-words that represent colors with the least squared error, class by class.

    Parameters
    ----------
    begin : callable
        The function of this name of an engine.
    colors, counts, metric, seed, effort
        As for `codec.codebook.native.train`; with alpha, and not exact.
    n_colors : int
        Largest size of the codebook, K; at least 2.

    Returns
    -------
    codebook : ndarray of shape (K', C), dtype uint8
        Distinct code-words in lexicographic order, 1 <= K' <= `n_colors`; one is all zero if a
        color is clear, and one is solid if one is.
    """
    chosen = EFFORTS[effort]
    clear = are_clear(colors)
    if clear.all():
        return np.zeros_like(colors[:1])
    placement = Placement(PartedMetric(metric.space), colors.shape[1], int(counts.sum()))

    classes = Classes.of(colors, counts, placement, chosen.points)
    summary = classes.summary(chosen.summary * max(n_colors, 128) // 256)
    # Of many code-words few are in the wrong class.
    rounds = max(2, 64 * chosen.breaths // max(n_colors, 32))

    codebook = begin_parted(
        begin, colors, counts, n_colors, metric=metric, seed=seed, effort=effort
    )
    breathed = summary.breathe(summary.settle(codebook, n_colors, 4), n_colors, rounds)
    return classes.settle(breathed.codebook, n_colors, chosen.steps, chosen.tolerance).codebook


def begin_parted(
    begin: Callable[..., Codebook],
    colors: Codebook,
    counts: Counts,
    n_colors: int,
    *,
    metric: ColorMetric,
    seed: int = 0,
    effort: str = "default",
) -> Codebook:
    """Find code-words as `train_parted` begins, with all its arguments."""
    apart = PartedMetric(metric.space, gap=_GAP)
    shares = _with_weight(counts, are_clear(colors))
    codebook = begin(colors, shares, n_colors, metric=apart, seed=seed, effort=effort)
    return complete(codebook, colors, counts, n_colors, metric)


def _with_weight(counts: Counts, clear: Mask) -> Counts:
    """Let clear colors weigh as much as all others, so that a code-word begins there."""
    others = int(counts[~clear].sum())
    return np.where(clear & (counts < others), others, counts) if clear.any() else counts
