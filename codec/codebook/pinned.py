"""Code-words that are pinned: colors that a codebook must have exactly, whatever the mean says.

Whatever trained a codebook, pins that it lacks are added, as many code-words go that are missed
least by Ward's method, and Lloyd's iteration goes on among 8-bit code-words, around the pins.
"""

from __future__ import annotations

import functools
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.codebook.native import fill_free_places, least_missed, squared_error, sum_clusters
from codec.codebook.placement import Codebook, Placement, Whole
from codec.colors.colorspace import ColorMetric
from codec.colors.displays import as_shown
from codec.colors.histogram import ColorHistogram
from codec.colors.opacity import are_clear, are_solid, has_classes
from codec.colors.pixels import distinct, pack_colors

if TYPE_CHECKING:
    from codec.kernels.plain.cells import CellTree

_POINTS = 1 << 14  # that stand for all colors
_ROUNDS = 16
_NEGLIGIBLE = 2e-4
_HEAVIER = 20  # bits
_CLOSE = 2  # of any channel: a code-word that has to move no farther is the pin's already


def are_among(colors: Codebook, others: Codebook) -> npt.NDArray[np.bool_]:
    """Tell which colors are among others, which are in lexicographic order."""
    keys, wanted = pack_colors(others), pack_colors(colors)
    if not len(keys):
        return np.zeros(len(colors), dtype=bool)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.asarray(keys[places] == wanted)


class Pinning:
    """A picture's colors, with which codebooks are changed.

    Parameters
    ----------
    histogram : ColorHistogram
        What codebooks were trained with.
    n_colors : int
        Largest size of a codebook, K.
    metric : ColorMetric
        How different two colors are.
    depth : str, optional
        What the display can show of code-words, as `codec.colors.displays` has it.
    """

    def __init__(
        self,
        histogram: ColorHistogram,
        n_colors: int,
        metric: ColorMetric,
        depth: str | None = None,
    ) -> None:
        self.n_colors = n_colors
        self.metric = metric
        self.depth = depth
        self._histogram = histogram
        self._parted = has_classes(metric, histogram.colors.shape[1])
        self._placement = Placement(metric, histogram.colors.shape[1], int(histogram.counts.sum()))

    @cached_property
    def _tree(self) -> CellTree:
        # Most often there is nothing to do for it.
        return self._placement.tree(self._histogram.colors, self._histogram.counts, _POINTS)

    @cached_property
    def condensed(self) -> ColorHistogram:
        """The colors, or where they are very many the means of those that are near."""
        if len(self._histogram) <= _POINTS:
            return self._histogram
        points, weights = self._tree.contents()
        return ColorHistogram(self._placement.colors(points.astype(np.float64)), weights)

    def pin(self, codebook: Codebook, pins: Codebook) -> Codebook:
        """Give pins their code-words, in exchange for those that are missed least.

        Parameters
        ----------
        codebook : ndarray of shape (K', C), dtype uint8
            Distinct code-words in lexicographic order; there may be more than K.
        pins : ndarray of shape (P, C), dtype uint8
            Distinct colors in lexicographic order, P <= K, that the display can show.

        Returns
        -------
        codebook : ndarray of shape (K'', C), dtype uint8
            Distinct code-words in lexicographic order, the pins among them.
        """
        codebook = self._exchange(codebook, pins)
        if self.depth is None:
            return codebook
        shown = distinct(as_shown(codebook, self.depth))
        return shown if self._parted else self._settle(shown, pins, self.depth)

    def _exchange(self, codebook: Codebook, pins: Codebook) -> Codebook:
        """Do so as if the display showed all colors."""
        codebook = _snap(codebook, pins)
        if are_among(pins, codebook).all() and len(codebook) <= self.n_colors:
            return codebook
        codebook = distinct(np.vstack([codebook, pins]))
        if (excess := len(codebook) - self.n_colors) > 0:
            placed = self._placement.place(codebook)
            weights = sum_clusters(self._tree, placed)[:, 0]
            kept = are_among(codebook, pins)
            if (stay := kept | self._stay(codebook)).sum() <= self.n_colors:
                kept = stay
            # Who merges with a pin goes all the way, as if it were heavier than everything.
            weights = np.where(kept, weights.sum() << _HEAVIER, weights)
            gone = least_missed(placed, weights, excess, kept)
            codebook = np.delete(codebook, gone, axis=0)
        if self._parted:  # a mean of solid and translucent colors would be neither
            return codebook
        return self._settle(codebook, pins)

    def _stay(self, codebook: Codebook) -> npt.NDArray[np.bool_]:
        """Tell which code-words the classes of alpha need."""
        if not self._parted:
            return np.zeros(len(codebook), dtype=bool)
        solid = are_solid(codebook)
        return np.asarray(are_clear(codebook) | (solid & (solid.sum() == 1)))

    def _settle(self, codebook: Codebook, pins: Codebook, depth: str | None = None) -> Codebook:
        """Move all code-words but pins to the colors nearest to the means of clusters."""
        tree, placement, n_colors = self._tree, self._placement, self.n_colors
        best, best_codebook = None, codebook
        for _ in range(_ROUNDS):
            # A mean may be the color of a pin: its place is free.
            codebook = distinct(np.vstack([as_shown(codebook, depth), pins]))
            placed = placement.place(codebook)
            sums = sum_clusters(tree, placed)
            used = (sums[:, 0] > 0) | are_among(codebook, pins)
            if used.sum() < n_colors:
                fill = functools.partial(_fill_shown, depth) if depth else fill_free_places
                codebook = fill(tree, codebook[used], n_colors, placement)
                placed = placement.place(codebook)
                sums = sum_clusters(tree, placed)
            error = squared_error(sums, placed)
            if best is not None and error >= best * (1 - _NEGLIGIBLE):
                return best_codebook if error >= best else codebook
            best, best_codebook = error, codebook
            means = placement.colors(sums[:, 1 : 1 + tree.axes] / np.maximum(sums[:, :1], 1))
            moving = (sums[:, 0] > 0) & ~are_among(codebook, pins)
            codebook = np.where(moving[:, None], means, codebook)
        return best_codebook


def _fill_shown(
    depth: str, tree: CellTree, codebook: Codebook, n_colors: int, placement: Placement
) -> Codebook:
    """Give unused places to what the display can show and most errors ask for."""
    points, weights = tree.contents()
    shown = as_shown(placement.colors(points.astype(np.float64)), depth)
    candidates = distinct(shown)
    members = np.searchsorted(pack_colors(candidates), pack_colors(shown))
    own = _distances(points, placement.points(shown))
    labels = np.empty(tree.size, dtype=np.int32)
    while (free := n_colors - len(codebook)) > 0:
        placed = placement.place(codebook)
        kernels.lloyd.cluster_sums(tree, placed, labels=labels)
        nearest = _distances(points, placed[labels, : points.shape[1]])
        gains = np.zeros(len(candidates), dtype=np.int64)
        np.add.at(gains, members, weights * np.maximum(nearest - own, 0))
        # Not all places at once: the next errors know of these.
        best = np.argsort(-gains, kind="stable")[: max(1, free // 2)]
        grown = distinct(np.vstack([codebook, candidates[best[gains[best] > 0]]]))
        if len(grown) == len(codebook):
            break
        codebook = grown
    return codebook


def _distances(first: Whole, second: Whole) -> npt.NDArray[np.int64]:
    """Squared distances of points, row by row."""
    return np.asarray(np.square(first.astype(np.int64) - second).sum(axis=1))


def _snap(codebook: Codebook, pins: Codebook) -> Codebook:
    """Move code-words that are close to a pin onto it; what else they are for hardly changes."""
    codebook = codebook.copy()
    for color in pins[~are_among(pins, codebook)]:
        free = ~are_among(codebook, pins)
        distances = np.abs(codebook.astype(np.int16) - color).max(axis=1)
        distances[~free] = _CLOSE + 1
        if distances.min() <= _CLOSE:
            codebook[distances.argmin()] = color
    return distinct(codebook)
