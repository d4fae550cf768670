"""Which labels stand beside which, and a line on which those that meet often are near."""

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]
Line = npt.NDArray[np.intp]

_LABELS = 256


def count_labels(labels: Labels, counts: Counts) -> None:
    """Count how often each label occurs."""
    for row in labels:
        counts += np.bincount(row, minlength=_LABELS)


def count_pairs(labels: Labels, counts: Counts) -> None:
    """Count how often different labels stand side by side or one above the other."""
    wide = labels.astype(np.uint16)
    for first, second in ((wide[:, :-1], wide[:, 1:]), (wide[:-1], wide[1:])):
        pairs = (first << 8 | second).reshape(-1)
        counts += np.bincount(pairs, minlength=_LABELS**2).reshape(_LABELS, _LABELS)
    np.fill_diagonal(counts, 0)


def arrange(touching: Counts, most_swaps: int) -> list[int]:
    """Arrange labels on a line so that those that touch often are near."""
    size = len(touching)
    first, second = divmod(int(touching.argmax()), size)
    if first == second:  # nothing touches anything
        return list(range(size))
    line = np.array([first, second])
    attraction = touching[first] + touching[second]
    attraction[line] = -1
    while len(line) < size:
        newcomer = int(attraction.argmax())
        line = np.insert(line, _cheapest_place(touching, line, newcomer), newcomer)
        attraction += touching[newcomer]
        attraction[line] = -1
    return [int(label) for label in _swap_pairs(touching, line, most_swaps)]


def _cheapest_place(touching: Counts, line: Line, newcomer: int) -> int:
    """Find where a label adds least to the sum of distances weighted by touching."""
    places = np.arange(len(line) + 1)
    weights = touching[newcomer, line]
    before = np.concatenate([[0], np.cumsum(weights)])
    moments = np.concatenate([[0], np.cumsum(weights * np.arange(len(line)))])
    own = places * before - moments
    own += (moments[-1] - moments) - (places - 1) * (before[-1] - before)
    # Whoever stands on both sides of the place moves one step apart.
    pairs = np.triu(touching[np.ix_(line, line)], 1)
    stretched = np.concatenate([[0], np.cumsum(pairs.sum(axis=1) - pairs.sum(axis=0))])
    return int((own + stretched).argmin())


def _swap_pairs(touching: Counts, line: Line, most_swaps: int) -> Line:
    """Swap each label with the partner that gains most, until none gains."""
    size = len(line)
    labels = np.arange(size)
    places = np.argsort(line)
    # Of a label at each place, all others staying where they are.
    costs = touching @ np.abs(places[:, None] - labels)
    swaps = 0
    helped = True
    while helped:
        helped = False
        for label in range(size):
            own = costs[labels, places]
            gains = own[label] + own - costs[label, places] - costs[:, places[label]]
            gains -= 2 * touching[label] * np.abs(places[label] - places)
            partner = int(gains.argmax())
            if gains[partner] <= 0:
                continue
            if swaps == most_swaps:
                return np.argsort(places)
            swaps += 1
            helped = True
            here, there = places[label], places[partner]
            nearer = np.abs(there - labels) - np.abs(here - labels)
            costs += (touching[label] - touching[partner])[:, None] * nearer
            places[[label, partner]] = there, here
    return np.argsort(places)
