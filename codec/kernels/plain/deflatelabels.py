"""Labels chosen for their bytes under deflate: parsed as LZ77 does, with errors weighed."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Costs = npt.NDArray[np.uint16]
Places = npt.NDArray[np.int16]

_WINDOW = 32768
_SHORTEST, _LONGEST = 3, 258
_BLOCK, _LEAST_BLOCK = 256, 16
_TAIL = 4
_PEEK, _ADMITTED = 4, 1536
_ALIKE = 9
_KEY_BITS = 15
_SCALE = 24
_MOST = 1 << 16
_NEVER = 1 << 29
_WORD = 0xFFFFFFFF


class _Words:
    """The code-words, and in what order they are searched."""

    def __init__(self, words: Places, groups: Bytes, literals: Costs) -> None:
        whole = words.astype(np.int64)
        gaps = ((whole[:, None] - whole) ** 2).sum(axis=2)
        order = np.argsort(gaps, axis=1, kind="stable")
        roots = np.sqrt(np.take_along_axis(gaps, order, axis=1)).astype(np.int32)
        self.places: list[list[int]] = words.tolist()
        self.order: list[list[int]] = order.tolist()
        self.roots: list[list[int]] = roots.tolist()
        self.groups: list[int] = groups.tolist()
        self.literals: list[int] = literals.tolist()
        self.cheapest = min(self.literals[: len(words)])
        self._alike = [0] * len(words)
        for label, place in enumerate(self.places):
            for coordinate in place:
                self._alike[label] = self._alike[label] << 3 | coordinate >> _ALIKE

    def differ(self, place: list[int], label: int) -> int:
        """Tell the squared error of a label."""
        return sum(
            (one - other) ** 2 for one, other in zip(place, self.places[label], strict=True)
        )

    def key(self, labels: list[int]) -> int:
        """Mix three labels into what is the same for colors that are alike."""
        first, second, third = (self._alike[label] for label in labels)
        mixed = first * 0x9E3779B1 & _WORD
        mixed = (mixed ^ second) * 0x85EBCA77 & _WORD
        return ((mixed ^ third) * 0xC2B2AE3D & _WORD) >> (32 - _KEY_BITS)


class _Pixel:
    """A pixel, and the label it gets where nothing matches."""

    def __init__(
        self, words: _Words, place: list[int], nearest: int, lam: int, group: int
    ) -> None:
        self.words, self.place, self.nearest, self.group = words, place, nearest, group
        self.scale = (1 << (_SCALE + 12)) // lam if lam else 0
        self.most = min(_MOST * lam >> 12, _NEVER) if lam else -_NEVER
        self.least = words.differ(place, nearest)
        self.literal, self.cost = nearest, words.literals[nearest]
        if lam and group:
            self._find_literal(lam)

    def strain(self, label: int) -> int:
        """Tell what the error of a label costs, beside that of the nearest."""
        if label == self.nearest:
            return 0
        gap = max(self.words.differ(self.place, label) - self.least, -self.most)
        if gap > self.most or not self.words.groups[label] & self.group:
            return _NEVER
        return gap * self.scale >> _SCALE

    def _find_literal(self, lam: int) -> None:
        words = self.words
        root = math.isqrt(self.least) + 1
        for label, far in zip(words.order[self.nearest], words.roots[self.nearest], strict=True):
            reach = ((self.cost - words.cheapest) * lam >> 12) + self.least + 1
            if far > root and (far - root) ** 2 > reach:
                break
            cost = self.strain(label) + words.literals[label]
            ties = cost == self.cost and self.literal != self.nearest and label < self.literal
            if cost < self.cost or ties:
                self.literal, self.cost = label, cost


class _Node(NamedTuple):
    """The cheapest way to a symbol."""

    cost: int = 0
    length: int = 0  # of the match it ends with, 0 for a literal
    distance: int = 0
    tail: tuple[int, ...] = ()  # its last four symbols, the last one first


@dataclass
class _Run:
    """The cheapest way that ends with a match of some distance."""

    distance: int = 0
    opening: int = 0
    cost: int = _NEVER
    length: int = 0
    tail: tuple[int, ...] = ()


@dataclass
class _Parser:
    words: _Words
    lengths: list[int]
    distances: list[int]
    given: int
    chain: int
    runs: list[_Run]
    labels: list[int] = field(default_factory=list)  # what has been decided
    places: dict[int, list[int]] = field(default_factory=dict)  # where keys were, the last first

    def set_distance(self, run: _Run, distance: int) -> None:
        """Let a run be one of this distance."""
        run.distance = distance
        run.opening = self.distances[distance] + self.lengths[_SHORTEST]
        run.cost, run.length = _NEVER, 0

    def parse(self, pixels: list[_Pixel], last: _Node) -> _Node:
        """Decide a block; return the node it ends with."""
        tail = tuple((self.labels[: -_TAIL - 1 : -1] + [0] * _TAIL)[:_TAIL])
        nodes = [_Node(tail=tail)]
        for run in self.runs:
            goes_on = last.length > 0 and run.distance == last.distance
            run.cost, run.length = (0, last.length) if goes_on else (_NEVER, 0)
            run.tail = tail
        for i in range(len(pixels)):
            if self.chain and i + _PEEK <= len(pixels):
                self._search(pixels[i : i + _PEEK], i)
            nodes.append(self._step(pixels[i], nodes[i], i))
        self._write(pixels, nodes)
        return nodes[-1]

    def _search(self, pixels: list[_Pixel], ahead: int) -> None:
        """Put the best distance found for a pixel in place of the worst of those before."""
        best, found = _ADMITTED, 0
        key = self.words.key([pixel.nearest for pixel in pixels[:_SHORTEST]])
        first = len(self.labels)
        for place in self.places.get(key, [])[: self.chain]:
            if first + ahead - place > _WINDOW:
                break
            if place + _PEEK > first:
                continue
            source = self.labels[place : place + _PEEK]
            cost = 0
            for pixel, label in zip(pixels, source, strict=True):
                cost += pixel.strain(label)
                if cost >= best:
                    break
            else:
                best, found = cost, first + ahead - place
        if found and all(run.distance != found for run in self.runs):
            self.set_distance(max(self.runs[self.given :], key=lambda run: run.cost), found)

    def _step(self, pixel: _Pixel, node: _Node, i: int) -> _Node:
        """Find the cheapest way to a symbol, the i-th of the block."""
        first = len(self.labels)
        after = _Node(node.cost + pixel.cost, tail=(pixel.literal, *node.tail[:-1]))
        for run in self.runs:
            distance = run.distance
            if distance > first + i or _TAIL < distance <= i or distance == 0:
                run.cost = _NEVER
                continue
            cost, length, tail = run.cost + self._grow(run.length), run.length, run.tail
            if node.cost + run.opening < cost:
                cost, length, tail = node.cost + run.opening, 0, node.tail
            symbol = tail[distance - 1] if distance <= _TAIL else self.labels[i - distance]
            run.cost = min(cost + pixel.strain(symbol), _NEVER)
            run.length, run.tail = length + 1, (symbol, *tail[:-1])
            if run.length >= _SHORTEST and run.cost < after.cost:
                after = _Node(run.cost, run.length, distance, run.tail)
        return after

    def _grow(self, length: int) -> int:
        """Tell what a pixel more costs."""
        if length == _LONGEST:
            return _NEVER
        return self.lengths[max(length + 1, _SHORTEST)] - self.lengths[max(length, _SHORTEST)]

    def _write(self, pixels: list[_Pixel], nodes: list[_Node]) -> None:
        """Follow the cheapest way back, label what it passes, and make it known to searches."""
        first, i = len(self.labels), len(pixels)
        ends = []
        while i > 0:
            ends.append(i)
            i -= max(nodes[i].length, 1)
        for end in reversed(ends):
            node = nodes[end]
            for pixel in pixels[len(self.labels) - first : end]:
                self.labels.append(self.labels[-node.distance] if node.length else pixel.literal)
        for place in range(max(first - _SHORTEST + 1, 0), len(self.labels) - _SHORTEST + 1):
            key = self.words.key(self.labels[place : place + _SHORTEST])
            self.places[key] = [place, *self.places.get(key, [])[: self.chain]]


def choose_labels(
    places: Places,
    words: Places,
    nearest: Bytes,
    lams: npt.NDArray[np.uint32],
    word_groups: Bytes,
    pixel_groups: Bytes,
    literals: Costs,
    lengths: Costs,
    distances: Costs,
    tried: npt.NDArray[np.int32],
    searched: int,
    labels: Bytes,
) -> None:
    """Label pixels so that what deflate makes of the labels, and their errors, cost least."""
    named = _Words(words, word_groups, literals)
    runs = [_Run() for _ in range(len(tried) + searched)]
    chain = (searched + 1) // 2
    parser = _Parser(named, lengths.tolist(), distances.tolist(), len(tried), chain, runs)
    block = _BLOCK
    for run, distance in zip(runs, tried.tolist(), strict=False):
        parser.set_distance(run, distance)
        if distance > _TAIL:
            block = min(block, max(distance, _LEAST_BLOCK))
    last = _Node()
    for first in range(0, len(nearest), block):
        some = slice(first, first + block)
        pixels = [
            _Pixel(named, *values)
            for values in zip(
                places[some].tolist(), nearest[some].tolist(), lams[some].tolist(),
                pixel_groups[some].tolist(), strict=True,
            )
        ]  # fmt: skip
        last = parser.parse(pixels, last)
    labels[:] = parser.labels
