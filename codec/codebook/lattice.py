"""The best 8-bit code-words for few colors, searched among 8-bit colors themselves.

Where colors lie a few steps apart, as in paper and sky, rounding costs as much as clustering
gains: the best codebook is not the best of means, rounded. So every start is rounded first, and
then goes on over the lattice of 8-bit colors: code-words are swapped for means of clusters and
for neighbors of code-words as long as that lowers the error (`codec.kernels.medoids`). That ends
in a local minimum too, but many starts are cheap where colors are few.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from codec import kernels
from codec.codebook.placement import Codebook, Placement, pad
from codec.colors.pixels import distinct, pack_colors, unpack_colors
from codec.threads import run_parallel

if TYPE_CHECKING:
    from codec.kernels.plain.cells import CellTree

_LEAST_STARTS = 8  # with fewer the search would rather miss what it is for
_MOST_STARTS = 96


def starts_within(work: int, n_points: int, n_colors: int) -> int:
    """Tell how many starts are worth their time.

    Parameters
    ----------
    work : int
        Starts times points times code-words, at most.
    n_points, n_colors : int
        Numbers of points and of code-words.

    Returns
    -------
    starts : int
        0 where points or code-words are too many.
    """
    starts = work // (n_points * n_colors)
    return min(starts, _MOST_STARTS) if starts >= _LEAST_STARTS and n_colors > 1 else 0


def search_lattice(
    tree: CellTree,
    starts: Iterable[Codebook],
    n_starts: int,
    n_colors: int,
    *,
    placement: Placement,
    seed: int,
) -> Codebook:
    """Find the best 8-bit code-words that can be reached from many starts.

    Parameters
    ----------
    tree : CellTree
        All colors, placed.
    starts : iterable of ndarray of shape (K', C), dtype uint8
        Where to start, the best first; only distinct ones count.
    n_starts : int
        How many starts. If those are not enough, others are drawn by k-means++.
    n_colors : int
        Largest size of the codebook, K.
    placement : Placement
        Where colors lie.
    seed : int
        Seed of the starts that are drawn.

    Returns
    -------
    codebook : ndarray of shape (K', C), dtype uint8
        Distinct code-words in lexicographic order, not worse than any start.
    """
    points, weights = tree.contents()
    different: dict[bytes, Codebook] = {}
    for codebook in starts:
        different.setdefault(codebook.tobytes(), codebook)
    chosen = list(different.values())[:n_starts]
    for number in range(n_starts - len(chosen)):
        rows = kernels.breathing.seed_codewords(
            points, weights, n_colors, (seed << 16) + (1 << 15) + number
        )
        chosen.append(placement.colors(points[rows].astype(np.float64)))
    places = pad(points)

    seen: set[bytes] = set()

    def descend(codebook: Codebook) -> tuple[float, bytes]:
        # Code-words that are missing double others, and are the first to be swapped.
        codebook = np.resize(codebook, (n_colors, placement.channels))
        reached = np.inf
        # What another start has come by leads where that one went.
        while (key := np.sort(pack_colors(codebook)).tobytes()) not in seen:
            seen.add(key)
            codebook = unpack_colors(np.frombuffer(key, np.uint32), placement.channels)
            candidates = _within_reach(tree, codebook, placement)
            rows, reached = kernels.medoids.swap_medoids(
                places, weights, placement.place(candidates), n_colors
            )
            codebook = candidates[rows]
        return reached, key

    found = run_parallel([partial(descend, codebook) for codebook in chosen])
    _, key = min(found)
    return distinct(unpack_colors(np.frombuffer(key, np.uint32), placement.channels))


def _within_reach(tree: CellTree, codebook: Codebook, placement: Placement) -> Codebook:
    """Let code-words be followed by the means of their clusters, and by all their neighbors.

    Neighbors differ by 1 in one channel: alone they would be a long way where colors lie apart.
    """
    sums = kernels.lloyd.cluster_sums(tree, placement.place(codebook))
    means = placement.colors(sums[:, 1 : 1 + tree.axes] / np.maximum(sums[:, :1], 1))
    means = np.where(sums[:, :1] > 0, means, codebook)
    steps = np.eye(placement.channels, dtype=np.int16)
    steps = np.vstack([steps, -steps])
    neighbors = np.clip(steps[:, None] + codebook, 0, 255).astype(np.uint8)
    return placement.shown(np.vstack([codebook, means, *neighbors]))
