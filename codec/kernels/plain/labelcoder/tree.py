"""What is asked of a pixel: format-spec section 16.5."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Around(NamedTuple):
    """The twelve labels around a pixel, and NNNN."""

    W: int
    N: int
    NW: int
    NE: int
    WW: int
    NN: int
    NNE: int
    NEE: int
    WWW: int
    NNW: int
    NWW: int
    NNN: int
    NNNN: int


class Node(NamedTuple):
    """A node of the tree; a leaf is just its label. Group and place are those of 16.6."""

    number: int
    depth: int
    axis: int
    threshold: int
    group: int
    place: int
    children: tuple[Node | int, Node | int]
    second: frozenset[int]  # the labels below the second child


def slot_group(number: int, depth: int, parent: tuple[int, int], side: int) -> tuple[int, int]:
    """Group and place of a node that is child `side` of a node with those of `parent`."""
    group, place = parent
    if depth == 0:
        return 0, 4
    if depth <= 2:
        return 0, 2 * place - 3 + side
    if depth in (3, 7):
        return number + 1, 1
    return group, 2 * place + side


def split(
    labels: list[int],
    codebook: list[list[int]],
    numbers: Iterator[int],
    depth: int = 0,
    parent: tuple[int, int] = (0, 0),
    side: int = 0,
) -> Node | int:
    """The tree of a list of labels; numbers gives the numbers of its nodes."""
    if len(labels) == 1:
        return labels[0]
    number = next(numbers)
    channels = len(codebook[0])
    weights = (3, 4, 2, 4)[:channels] if channels >= 3 else (4, 4)[:channels]
    spreads = []
    for c, weight in enumerate(weights):
        samples = [codebook[label][c] for label in labels]
        spreads.append(weight * (max(samples) - min(samples)))
    axis = spreads.index(max(spreads))
    labels = sorted(labels, key=lambda label: codebook[label][axis])
    h = len(labels) // 2
    threshold = (codebook[labels[h - 1]][axis] + codebook[labels[h]][axis] + 1) // 2
    group = slot_group(number, depth, parent, side)
    first = split(labels[:h], codebook, numbers, depth + 1, group, 0)
    second = split(labels[h:], codebook, numbers, depth + 1, group, 1)
    below = frozenset(labels[h:])
    return Node(number, depth, axis, threshold, *group, (first, second), below)
