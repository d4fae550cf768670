"""The ``native`` engine: k-means on every color with compiled kernels, the same on every machine.

From few points to all of them, each step starting where the one before ended:

1. a summary of the colors: the means of some thousand cells, chosen where they err least;
2. on it, starts by k-means++, Lloyd's iteration, and breathing [1]_: code-words are added where
   the error is greatest and taken away where they are missed least; at the highest effort then
   many rounds of the same where chance decides (the idea of random swaps [2]_);
3. Lloyd's iteration on all colors, until it hardly moves;
4. the end game on 8-bit code-words: rounding makes some of them equal and leaves others without
   a pixel; these move to the worst-served colors, and Lloyd goes on among rounded code-words;
5. where colors are few, every attempt of step 2 is rounded, and goes on among 8-bit code-words
   (`codec.codebook.lattice`).

Everything is whole numbers: colors on a grid of eighths, or
the steps of `codec.colors.colorspace`.

Breathing is split and merge. `_newcomers` splits clusters: their new code-words begin halfway to
the worst-served points. `least_missed` merges: those code-words go whose clusters cost least in
others by Ward's method [3]_, and the nearest other is the *heir* of a cluster. The same algorithm
stands, under the same names and in floating point, in `codec.codebook.sklearn_engine`, the
reference that this one is compared with.

References
----------
.. [1] B. Fritzke, "Breathing k-means", 2020, arXiv:2006.15666.
.. [2] P. Fränti, "Efficiency of random swap clustering", Journal of Big Data 5:13, 2018,
   doi:10.1186/s40537-018-0122-y.
.. [3] J. H. Ward, "Hierarchical grouping to optimize an objective function", Journal of the
   American Statistical Association 58, 1963, doi:10.1080/01621459.1963.10500845.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.codebook.lattice import search_lattice, starts_within
from codec.codebook.placement import AXES, Codebook, Placement, Whole, pad
from codec.colors.colorspace import ColorMetric
from codec.colors.pixels import distinct
from codec.options import EFFORTS, Effort
from codec.threads import run_parallel, thread_count

if TYPE_CHECKING:
    from codec.kernels.plain.cells import CellTree

_THREADED_POINTS = 1 << 14
_NEGLIGIBLE = 1e-5
MAX_CLUSTERS = 960  # breathing needs some more, and the kernels take 1024
_TRIALS = 2  # at the same time; not the number of threads, on which nothing may depend

Sums = npt.NDArray[np.int64]


def sum_clusters(tree: CellTree, codewords: Whole) -> Sums:
    """Sum up clusters on as many threads as are worth it."""
    parts = thread_count() if tree.size >= _THREADED_POINTS else 1
    sums = run_parallel(
        [
            partial(kernels.lloyd.cluster_sums, tree, codewords, part, parts)
            for part in range(parts)
        ]
    )
    return np.asarray(np.sum(sums, axis=0))


def squared_error(sums: Sums, codewords: Whole) -> int:
    """Weighted squared error of code-words from the sums of their clusters."""
    places = codewords.astype(np.int64)
    crossed = (places * (places * sums[:, :1] - 2 * sums[:, 1 : 1 + AXES])).sum(axis=1)
    return int((sums[:, -1] + crossed).sum())


def _newcomers(tree: CellTree, codewords: Whole, split: npt.NDArray[np.intp]) -> Whole:
    """Make new code-words halfway from some to the worst-served points of their clusters."""
    labels = np.empty(tree.size, dtype=np.int32)
    kernels.lloyd.cluster_sums(tree, codewords, labels=labels)
    points, errors = kernels.breathing.worst_points(tree, codewords, labels)
    split = split[errors[split] > 0]
    return np.asarray((codewords[split] + points[split] + 1) // 2)


def least_missed(
    codewords: Whole,
    weights: npt.NDArray[np.int64],
    count: int,
    kept: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.intp]:
    """Choose code-words to remove; of two that are each other's heirs only one, if possible.

    Those that are kept may be heirs, and stay.
    """
    costs, nearest = kernels.breathing.merging_costs(codewords, weights)
    removed: list[int] = []
    heirs: set[int] = set()
    order = np.argsort(costs, kind="stable")
    order = (order if kept is None else order[~kept[order]]).tolist()
    for codeword in order:
        if len(removed) < count and codeword not in heirs:
            removed.append(codeword)
            heirs.add(int(nearest[codeword]))
    rest = [codeword for codeword in order if codeword not in removed]
    return np.array(removed + rest[: count - len(removed)], dtype=np.intp)


class Attempt(NamedTuple):
    """Code-words, and the squared errors of their clusters."""

    codewords: Whole
    errors: npt.NDArray[np.int64]

    @property
    def error(self) -> int:
        """Squared error of all."""
        return int(self.errors.sum())


def _exchange(
    tree: CellTree,
    codewords: Whole,
    split: npt.NDArray[np.intp],
    n_colors: int,
    steps: tuple[int, int],
) -> Attempt:
    """Split some clusters, remove as many code-words elsewhere; some Lloyd steps after each."""
    codewords = np.vstack([codewords, _newcomers(tree, codewords, split)])
    codewords, weights, _ = kernels.lloyd.lloyd_steps(tree, codewords, steps[0])
    codewords, weights = codewords[weights > 0], weights[weights > 0]
    if len(codewords) > n_colors:
        gone = least_missed(codewords, weights, len(codewords) - n_colors)
        codewords = np.delete(codewords, gone, axis=0)
    codewords, _, errors = kernels.lloyd.lloyd_steps(tree, codewords, steps[1])
    return Attempt(codewords, errors)


def breathe(tree: CellTree, best: Attempt, n_colors: int, rounds: int) -> Attempt:
    """Split the clusters of greatest error, fewer and fewer at a time."""
    breath = max(1, min(n_colors // 8, 16))
    while breath > 0 and rounds > 0 and best.error > 0:
        rounds -= 1
        count = breath + n_colors - len(best.codewords)
        split = np.argsort(-best.errors, kind="stable")[:count]
        trial = _exchange(tree, best.codewords, split, n_colors, (2, 3))
        if trial.error < best.error * (1 - _NEGLIGIBLE):
            best = trial
        else:
            breath = breath * 2 // 3 if breath > 4 else breath - 1
    return best


def _swap(tree: CellTree, best: Attempt, n_colors: int, rounds: int, seed: int) -> Attempt:
    """Split clusters drawn at random, a few at a time."""
    random = np.random.RandomState(seed)
    most = max(1, n_colors // 32)
    for _ in range(rounds):
        draws = []
        for _ in range(_TRIALS):
            count = random.randint(1, most + 1) + n_colors - len(best.codewords)
            draws.append(random.permutation(len(best.codewords))[:count])
        trials = run_parallel(
            [partial(_exchange, tree, best.codewords, draw, n_colors, (3, 8)) for draw in draws]
        )
        best = min([best, *trials], key=lambda attempt: attempt.error)
    return best


def _search(tree: CellTree, n_colors: int, seed: int, effort: Effort) -> list[Whole]:
    """Find good code-words on a summary of the points, the best first."""
    # Few code-words need few points to be told apart, and their starts are many.
    points, weights = kernels.summary.summarize(tree, effort.summary * (n_colors + 256) // 512)
    summary = kernels.cells.CellTree(points, weights)
    if summary.size <= n_colors:
        return [pad(points)]

    def start(number: int) -> Attempt:
        rows = kernels.breathing.seed_codewords(points, weights, n_colors, (seed << 16) + number)
        codewords, _, errors = kernels.lloyd.lloyd_steps(summary, pad(points[rows]), 8, 1e-3)
        return breathe(summary, Attempt(codewords, errors), n_colors, effort.breaths)

    starts = max(1, effort.starts // n_colors)
    found = run_parallel([partial(start, number) for number in range(starts)])
    found.sort(key=lambda attempt: attempt.error)
    if effort.swaps:
        codewords, _, errors = kernels.lloyd.lloyd_steps(summary, found[0].codewords, effort.steps)
        best = _swap(summary, Attempt(codewords, errors), n_colors, effort.swaps, seed)
        found.insert(0, best)
    return [attempt.codewords for attempt in found]


def refine(tree: CellTree, codewords: Whole, effort: Effort) -> Whole:
    """Run Lloyd's iteration on all points."""
    codewords = codewords.copy()
    before = None
    for _ in range(effort.steps):
        errors, moved = kernels.lloyd.move_codewords(codewords, sum_clusters(tree, codewords))
        error = int(errors.sum())
        if not moved or (before is not None and before - error <= effort.tolerance * before):
            break
        before = error
    return codewords


def settle(
    tree: CellTree, codewords: Whole, n_colors: int, placement: Placement, effort: Effort
) -> Codebook:
    """Play the end game: turn code-words into the best 8-bit ones within reach."""
    axes = tree.axes
    codebook = placement.colors(codewords[:, :axes].astype(np.float64))
    best, best_codebook = None, codebook
    while True:
        codebook = distinct(codebook)
        placed = placement.place(codebook)
        sums = sum_clusters(tree, placed)
        used = sums[:, 0] > 0
        if used.sum() < n_colors:
            codebook = fill_free_places(tree, codebook[used], n_colors, placement)
            placed = placement.place(codebook)
            sums = sum_clusters(tree, placed)
        error = squared_error(sums, placed)
        if best is not None and error >= best * (1 - effort.tolerance):
            return best_codebook if error >= best else codebook
        best, best_codebook = error, codebook
        weights = np.maximum(sums[:, :1], 1)
        codebook = np.where(
            sums[:, :1] > 0, placement.colors(sums[:, 1 : 1 + axes] / weights), codebook
        )


def fill_free_places(
    tree: CellTree, codebook: Codebook, n_colors: int, placement: Placement
) -> Codebook:
    """Give unused places of the codebook to the colors that are served worst."""
    labels = np.empty(tree.size, dtype=np.int32)
    while (free := n_colors - len(codebook)) > 0:
        placed = placement.place(codebook)
        kernels.lloyd.cluster_sums(tree, placed, labels=labels)
        points, errors = kernels.breathing.worst_points(tree, placed, labels)
        # One of each cluster, and not all places at once: the next errors know of these.
        worst = np.argsort(-errors, kind="stable")[: max(1, free // 2)]
        added = placement.colors(points[worst[errors[worst] > 0], : tree.axes].astype(np.float64))
        grown = distinct(np.vstack([codebook, added]))
        if len(grown) == len(codebook):
            break
        codebook = grown
    return codebook


def train(
    colors: Codebook,
    counts: npt.NDArray[np.int64],
    n_colors: int,
    *,
    metric: ColorMetric,
    seed: int = 0,
    effort: str = "default",
) -> Codebook:
    """Find the code-words that represent colors with the least squared error.

    Parameters
    ----------
    colors : ndarray of shape (U, C), dtype uint8
        Distinct colors, more than `n_colors`.
    counts : ndarray of shape (U,), dtype int64
        How many pixels each has.
    n_colors : int
        Largest size of the codebook, K.
    metric : ColorMetric
        How different two colors are.
    seed : int
        Seed of the random starts.
    effort : {'fast', 'default', 'best'}
        How much is tried.

    Returns
    -------
    codebook : ndarray of shape (K', C), dtype uint8
        Distinct code-words in lexicographic order, 1 <= K' <= `n_colors`.
    """
    chosen = EFFORTS[effort]
    placement = Placement(metric, colors.shape[1], int(counts.sum()))
    tree = placement.tree(colors, counts, chosen.points)
    found = _search(tree, n_colors, seed, chosen)
    codebook = settle(tree, refine(tree, found[0], chosen), n_colors, placement, chosen)
    starts = starts_within(chosen.lattice, tree.size, n_colors)
    if not starts:
        return codebook
    rounded = (placement.colors(codewords[:, : tree.axes].astype(float)) for codewords in found)
    return search_lattice(
        tree, [codebook, *rounded], starts, n_colors, placement=placement, seed=seed
    )


def begin(
    colors: Codebook,
    counts: npt.NDArray[np.int64],
    n_colors: int,
    *,
    metric: ColorMetric,
    seed: int = 0,
    effort: str = "default",
) -> Codebook:
    """Find code-words as `train` begins, for others to go on: on a summary, in less breath.

    Parameters
    ----------
    colors, counts, n_colors, metric, seed, effort
        As for `train`.

    Returns
    -------
    codebook : ndarray of shape (K', C), dtype uint8
        1 <= K' <= `n_colors`, rounded; some may be equal.
    """
    chosen = EFFORTS[effort]
    chosen = chosen._replace(breaths=chosen.breaths // 2)
    placement = Placement(metric, colors.shape[1], int(counts.sum()))
    tree = placement.tree(colors, counts, chosen.points)
    codewords = _search(tree, n_colors, seed, chosen)[0]
    return placement.colors(codewords[:, : tree.axes].astype(np.float64))


def cluster(
    points: Whole,
    weights: npt.NDArray[np.int64],
    n_colors: int,
    *,
    seed: int = 0,
    effort: str = "default",
) -> npt.NDArray[np.int32]:
    """Divide points among code-words that need not be colors, as `train` does without its end.

    Parameters
    ----------
    points : ndarray of shape (U, D), dtype int32
        Distinct points, more than `n_colors`, within the bounds of `codec.kernels.cells`; best
        some steps apart, for code-words are whole numbers too.
    weights : ndarray of shape (U,), dtype int64
        How many pixels each stands for; positive.
    n_colors : int
        How many code-words, K, up to `MAX_CLUSTERS`.
    seed : int
        Seed of the random starts.
    effort : {'fast', 'default', 'best'}
        How much is tried.

    Returns
    -------
    clusters : ndarray of shape (U,), dtype int32
        The nearest code-word of each point; the code-words of all K clusters are, but for
        rounding, their means.
    """
    chosen = EFFORTS[effort]
    tree = kernels.cells.CellTree(points, weights, chosen.points)
    codewords = refine(tree, _search(tree, n_colors, seed, chosen)[0], chosen)
    if tree.merged:
        tree = kernels.cells.CellTree(points, weights)
    codewords = _use_all(tree, codewords, n_colors, chosen)
    labels = np.empty(tree.size, dtype=np.int32)
    kernels.lloyd.cluster_sums(tree, codewords, labels=labels)
    clusters = np.empty_like(labels)
    clusters[tree.input_order()] = labels
    return clusters


def _use_all(tree: CellTree, codewords: Whole, n_colors: int, effort: Effort) -> Whole:
    """Move code-words without a point to points that are served worst, until there are none."""
    while True:
        codewords = codewords[sum_clusters(tree, codewords)[:, 0] > 0]
        if (free := n_colors - len(codewords)) == 0:
            return codewords
        labels = np.empty(tree.size, dtype=np.int32)
        kernels.lloyd.cluster_sums(tree, codewords, labels=labels)
        points, errors = kernels.breathing.worst_points(tree, codewords, labels)
        worst = np.argsort(-errors, kind="stable")[:free]
        codewords = np.vstack([codewords, points[worst[errors[worst] > 0]]])
        codewords = refine(tree, codewords, effort)
