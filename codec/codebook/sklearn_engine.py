"""Histogram to codebook: k-means on every color, converged, and rounded with care.

The ``sklearn`` engine, which is the reference and serves where no compiler was present: split and
merge as in `codec.codebook.native`, which explains its words. Each step starts where the one
before ended:

1. several k-means++ starts on a coarse grid, where one costs milliseconds;
2. breathing on that grid: code-words are added where the error is greatest and taken away where
   they are missed least, which leaves the local minimum that Lloyd's iteration ends in [1]_;
3. Lloyd's iteration [2]_ on all colors, with scikit-learn, until it hardly moves;
4. the end game on 8-bit code-words: rounding makes some of them equal and leaves others without
   a pixel; these move to the worst-served colors, and Lloyd goes on among rounded code-words;
5. where colors are few, a search among 8-bit code-words, as in the other engine.

Only this module and `codec.estimator` import scikit-learn.

References
----------
.. [1] B. Fritzke, "Breathing k-means", 2020, arXiv:2006.15666.
.. [2] S. P. Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory
   28(2), 1982, doi:10.1109/TIT.1982.1056489.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from codec.codebook.lattice import search_lattice, starts_within
from codec.codebook.placement import Placement
from codec.colors.colorspace import ColorMetric, Points
from codec.colors.nearest import NearestSearch
from codec.options import EFFORTS, Effort
from codec.threads import row_strips

# Above this many colors k-means works on the means of grid cells, so that time and memory stay
# bounded for every picture while every color still counts.
MAX_TRAINING_POINTS = 1 << 18
_COARSE_POINTS = 1 << 14
_COLOR_PIXELS = 4  # that take as much memory as placing a color
_SETTLE_ROUNDS = 16
_NEGLIGIBLE = 1e-5

Weights = npt.NDArray[np.float64]
Labels = npt.NDArray[np.intp]
Codebook = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class WeightedPoints:
    """Weighted points in clustering coordinates: all that k-means sees of a picture.

    Parameters
    ----------
    points : ndarray of shape (U, D), dtype float64
        Where the colors are.
    weights : ndarray of shape (U,), dtype float64
        How many pixels each stands for; positive.
    """

    points: Points
    weights: Weights

    def __len__(self) -> int:
        return len(self.points)

    @cached_property
    def nearest(self) -> NearestSearch:
        """The search for the nearest of any code-words, prepared once."""
        return NearestSearch(self.points)

    def binned(self, max_points: int) -> "WeightedPoints":
        """Merge points into the cells of the finest grid with at most `max_points` of them.

        A merged point is the mean of its points and carries their whole weight, so nothing is
        left out. Coarser grids contain finer ones: merging in steps is merging at once.
        """
        binned, step = self, _finest_step(self.points)
        while len(binned) > max_points:
            binned = binned.merged(step)
            step *= 2.0
        return binned

    def merged(self, step: float) -> "WeightedPoints":
        """Merge the points of each cell of a grid."""
        members, size = np.zeros(len(self), dtype=np.intp), 1
        for column in np.floor(self.points / step).T:
            values, ranks = np.unique(column, return_inverse=True)
            # Ranks, not cells: their products stay below U squared, whatever the extent.
            keys, members = np.unique(members * len(values) + ranks, return_inverse=True)
            size = len(keys)
        if size == len(self):
            return self
        weights, means = self.clusters(members, size)
        return WeightedPoints(means, weights)

    def clusters(self, labels: Labels, size: int) -> tuple[Weights, Points]:
        """Weight and mean of each cluster; an empty one has weight and mean 0."""
        weights: Weights = np.bincount(labels, self.weights, size).astype(np.float64)
        sums = [np.bincount(labels, self.weights * column, size) for column in self.points.T]
        divisors = np.where(weights > 0, weights, 1.0)
        return weights, np.stack(sums, axis=1) / divisors[:, None]

    def errors(self, codewords: Points, labels: Labels) -> Weights:
        """Weighted squared distance of each point to its code-word."""
        difference = self.points - codewords[labels]
        return np.asarray(self.weights * np.einsum("ij,ij->i", difference, difference))

    def lloyd(self, codewords: Points, steps: int) -> tuple[Points, Labels]:
        """Move code-words to the means of their clusters a few times; then label the points."""
        for _ in range(steps):
            weights, means = self.clusters(self.nearest(codewords), len(codewords))
            codewords = np.where(weights[:, None] > 0, means, codewords)
        return codewords, self.nearest(codewords)


def _finest_step(points: Points) -> float:
    """Find the power of two that cuts the extent of points into 256 to 512 cells."""
    extent = float((points.max(axis=0) - points.min(axis=0)).max())
    return 2.0 ** math.floor(math.log2(extent / 256)) if extent > 0 else 1.0


def _search(sample: WeightedPoints, n_colors: int, seed: int, effort: Effort) -> Points:
    """Find code-words for weighted points with `sklearn.cluster.KMeans`."""

    def fit(part: WeightedPoints, **options: object) -> Points:
        # Fewer distinct clusters than asked for: the end game fills the free places.
        model = KMeans(n_colors, random_state=seed, **options)
        model.fit(part.points, sample_weight=part.weights)
        return np.asarray(model.cluster_centers_, dtype=np.float64)

    coarse = sample.binned(_COARSE_POINTS)
    if len(coarse) <= n_colors:
        return coarse.points
    # One start is a gamble where code-words are few, and cheap there.
    starts = min(max(effort.reference_starts // n_colors, 2), 32)
    # So short that threads wait for each other longer than they work.
    with threadpool_limits(limits=1):
        codewords = fit(coarse, n_init=starts, max_iter=100)
    if effort.reference_breathes:
        codewords = _breathe(coarse, codewords)
    return fit(sample, init=codewords, n_init=1, max_iter=effort.reference_steps, tol=1e-7)


def _breathe(sample: WeightedPoints, codewords: Points) -> Points:
    """Leave a local minimum by adding and removing a few code-words at a time [1]_."""
    size = len(codewords)
    codewords, labels = sample.lloyd(codewords, 0)
    errors = sample.errors(codewords, labels)
    best, step = errors.sum(), max(1, min(size // 8, 16))
    while step > 0 and best > 0:
        trial = np.vstack([codewords, _newcomers(sample, codewords, labels, errors, step)])
        trial, trial_labels = sample.lloyd(trial, 3)
        weights, _ = sample.clusters(trial_labels, len(trial))
        trial = np.delete(trial, _least_missed(trial, weights, len(trial) - size), axis=0)
        trial, trial_labels = sample.lloyd(trial, 5)
        trial_errors = sample.errors(trial, trial_labels)
        if (total := trial_errors.sum()) < best * (1 - _NEGLIGIBLE):
            codewords, labels, errors, best = trial, trial_labels, trial_errors, total
        else:
            step = step * 2 // 3 if step > 4 else step - 1
    return codewords


def _newcomers(
    sample: WeightedPoints, codewords: Points, labels: Labels, errors: Weights, count: int
) -> Points:
    """Split the clusters of greatest error: halfway from the mean to their worst-served point."""
    worst_clusters = np.argsort(-np.bincount(labels, weights=errors, minlength=len(codewords)))
    order = np.argsort(errors, kind="stable")
    worst_points = np.zeros(len(codewords), dtype=np.intp)
    worst_points[labels[order]] = order  # the last, greatest, of each cluster stays
    chosen = worst_clusters[:count]
    return (codewords[chosen] + sample.points[worst_points[chosen]]) / 2


def _least_missed(codewords: Points, weights: Weights, count: int) -> list[int]:
    """Choose code-words to remove by what merging each with its nearest would cost (Ward)."""
    difference = codewords[:, None, :] - codewords[None, :, :]
    distances = np.einsum("ijk,ijk->ij", difference, difference)
    sums = weights[:, None] + weights
    costs = weights[:, None] * weights / np.where(sums > 0, sums, 1.0) * distances
    # Only now: infinity times the weight of an empty cluster is not a number.
    np.fill_diagonal(costs, np.inf)
    np.fill_diagonal(distances, np.inf)
    cost = costs.min(axis=1)
    partner = distances.argmin(axis=1)
    removed: list[int] = []
    heirs: set[int] = set()
    order = np.argsort(cost, kind="stable").tolist()
    for codeword in order:
        if codeword not in heirs and len(removed) < count:
            removed.append(codeword)
            heirs.add(int(partner[codeword]))
    # Where nearly all are heirs, take the cheapest of them too.
    rest = [codeword for codeword in order if codeword not in removed]
    return removed + rest[: count - len(removed)]


def _settle(
    sample: WeightedPoints, codewords: Points, n_colors: int, metric: ColorMetric, channels: int
) -> npt.NDArray[np.uint8]:
    """Play the end game: turn real code-words into the best 8-bit ones within reach."""
    best, best_codebook = np.inf, metric.colors(codewords, channels)
    codebook = best_codebook
    for _ in range(_SETTLE_ROUNDS):
        codebook = np.unique(codebook, axis=0)
        labels = sample.nearest(metric.coordinates(codebook))
        codebook = codebook[np.bincount(labels, minlength=len(codebook)) > 0]
        codebook = _fill_free_places(sample, codebook, n_colors, metric)
        placed = metric.coordinates(codebook)
        labels = sample.nearest(placed)
        error = sample.errors(placed, labels).sum()
        if error >= best * (1 - _NEGLIGIBLE):
            break
        best, best_codebook = error, codebook
        weights, means = sample.clusters(labels, len(codebook))
        codebook = np.where(weights[:, None] > 0, metric.colors(means, channels), codebook)
    return best_codebook


def _fill_free_places(
    sample: WeightedPoints, codebook: npt.NDArray[np.uint8], n_colors: int, metric: ColorMetric
) -> npt.NDArray[np.uint8]:
    """Give unused places of the codebook to the colors that are served worst, one by one."""
    free = n_colors - len(codebook)
    if free == 0:
        return codebook
    placed = metric.coordinates(codebook)
    errors = sample.errors(placed, sample.nearest(placed))
    added = []
    for _ in range(free):
        worst = int(errors.argmax())
        if errors[worst] == 0:
            break
        color = metric.colors(sample.points[worst : worst + 1], codebook.shape[1])
        added.append(color)
        difference = sample.points - metric.coordinates(color)
        gain = sample.weights * np.einsum("ij,ij->i", difference, difference)
        gain[worst] = 0.0  # once is enough, even where rounding keeps a distance
        np.minimum(errors, gain, out=errors)
    return np.unique(np.vstack([codebook, *added]), axis=0)


def train_codewords(
    sample: WeightedPoints, n_colors: int, *, seed: int = 0, effort: str = "default"
) -> Points:
    """Find real-valued code-words for weighted points of any space, with scikit-learn.

    Parameters
    ----------
    sample : WeightedPoints
        Points with weights; all of them are seen.
    n_colors : int
        Largest number of code-words.
    seed : int
        Seed of the random starts.
    effort : {'fast', 'default', 'best'}
        How much is tried.

    Returns
    -------
    codewords : ndarray of shape (K', D), dtype float64
        1 <= K' <= `n_colors`; the points themselves if there are no more.
    """
    binned = sample.binned(MAX_TRAINING_POINTS)
    if len(binned) <= n_colors:
        return binned.points
    return _search(binned, n_colors, seed, EFFORTS[effort])


def _sample_colors(colors: Codebook, counts: Counts, metric: ColorMetric) -> WeightedPoints:
    """Place colors, and bin them as they come if they are too many."""
    points, weights = np.empty((0, 0)), np.empty(0)
    step = 1.0
    for part in row_strips(len(colors), _COLOR_PIXELS):
        placed = metric.coordinates(colors[part])
        points = np.vstack([points.reshape(-1, placed.shape[1]), placed])
        weights = np.concatenate([weights, counts[part]])
        sample = WeightedPoints(points, weights).merged(step)
        while len(sample) > MAX_TRAINING_POINTS:
            step = max(2.0 * step, _finest_step(points))
            sample = sample.merged(step)
        points, weights = sample.points, sample.weights
    return sample


def train(
    colors: Codebook,
    counts: Counts,
    n_colors: int,
    *,
    metric: ColorMetric,
    seed: int = 0,
    effort: str = "default",
) -> Codebook:
    """Find the code-words that represent colors with the least squared error.

    Parameters
    ----------
    colors, counts, n_colors, metric, seed, effort
        As for `codec.codebook.native.train`.

    Returns
    -------
    codebook : ndarray of shape (K', C), dtype uint8
        Distinct code-words in lexicographic order, 1 <= K' <= `n_colors`.
    """
    sample = _sample_colors(colors, counts, metric)
    if len(sample) <= n_colors:
        codewords = sample.points
    else:
        codewords = _search(sample, n_colors, seed, EFFORTS[effort])
    codebook = _settle(sample, codewords, n_colors, metric, colors.shape[1])
    starts = starts_within(EFFORTS[effort].lattice, len(colors), n_colors)
    if not starts:
        return codebook
    placement = Placement(metric, colors.shape[1], int(counts.sum()))
    tree = placement.tree(colors, counts, len(colors))
    return search_lattice(tree, [codebook], starts, n_colors, placement=placement, seed=seed)


def begin(
    colors: Codebook,
    counts: Counts,
    n_colors: int,
    *,
    metric: ColorMetric,
    seed: int = 0,
    effort: str = "default",
) -> Codebook:
    """Find code-words as `train` begins, for others to go on.

    Parameters
    ----------
    colors, counts, n_colors, metric, seed, effort
        As for `codec.codebook.native.train`.

    Returns
    -------
    codebook : ndarray of shape (K', C), dtype uint8
        1 <= K' <= `n_colors`, rounded; some may be equal.
    """
    sample = _sample_colors(colors, counts, metric)
    if len(sample) <= n_colors:
        return metric.colors(sample.points, colors.shape[1])
    return metric.colors(_search(sample, n_colors, seed, EFFORTS[effort]), colors.shape[1])
