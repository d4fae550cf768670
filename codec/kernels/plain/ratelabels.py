"""Labels for their bytes: the least of squared error and bits, as the coder of labels counts them.

The walk is that of the coder in plain Python, and so is the model, which is asked for the bits of
every label that comes into question before it learns the one that is taken.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codec.kernels.plain.labelcoder.band import LEFT, Labels, Walk, flat_decision
from codec.kernels.plain.labelcoder.coder import Encoder
from codec.kernels.plain.labelcoder.contexts import Pixel
from codec.kernels.plain.labelcoder.model import Decision, Prediction
from codec.kernels.plain.labelcoder.tree import Around, Node

FLAT_GAIN = 1536  # bits in 1/256 that nothing later makes up for
SETTLING = 7  # log2 of how many pixels a mean of bits is formed over
AXES = 4
HIGHEST_PLACE, MOST_BITS, MOST_EXPECTED, MOST_RATE = 4095, 8191, 1 << 17, (1 << 40) - 1
NEVER = 1 << 62

Places = NDArray[np.int16]
Neighbors = tuple[int, int, int, int]  # W, N, NE, NW
HERE = -1  # a neighbor that is the pixel whose label is searched


class Band(NamedTuple):
    """What is known of pixels and code-words; see `choose`."""

    places: list[list[list[int]]]
    words: list[list[int]]
    weights: list[list[int]]
    groups: list[list[int]]
    word_groups: list[int]
    before: list[list[int]]
    near: list[list[int]]


class Later(NamedTuple):
    """A pixel that comes after the one that is searched."""

    x: int
    y: int
    around: Neighbors


def small_pattern(around: Neighbors) -> int:
    """Say which neighbors are equal."""
    w, n, ne, nw = around
    return (
        (w == n) | (w == nw) << 1 | (n == ne) << 2 | (n == nw) << 3 | (w == ne) << 4
        | (ne == nw) << 5
    )  # fmt: skip


def first_of(around: Neighbors, label: int) -> int:
    """Find the first neighbor that has a label; 4 if none has."""
    return around.index(label) if label in around else 4


class Search(Walk):
    """The walk of an encoder that is told nearest labels, and takes what costs least."""

    def __init__(
        self,
        band: Band,
        codebook: NDArray[np.uint8],
        rate: int,
        bits: list[int],
        expected: list[int],
        fast: bool,
    ) -> None:
        super().__init__(Encoder(), codebook, (len(band.before), len(band.before[0])), fast)
        self.band = band
        self.rate = rate
        self.bits = bits
        self.expected = expected
        self.y: int = -1
        self.total: int = 0
        self.later: list[Later] = []
        self.nodes: dict[int, Prediction] = {}  # of the pixel, by number

    def code_row(self, labels: list[int]) -> list[int]:
        """Choose the labels of the next row, and return them."""
        self.y += 1
        return super().code_row(labels)

    def code_pixel(self, x: int, label: int) -> int:
        """Choose a label for a pixel whose nearest one is told, and learn it."""
        a = self.look_around(x)
        flat, hashes = self.flatness(x, a)
        pixel = self.pixel(x, a, hashes)
        asked: dict[int, Decision] = {}
        if flat:
            asked[a.W] = flat_decision(hashes)
        else:
            for i, candidate in enumerate((a.W, a.N, a.NE, a.NW)):
                asked.setdefault(candidate, pixel.flag(i, candidate))
        self.later, self.nodes = self.look_ahead(x), {}
        label, bits, predictions = self.choose(x, label, flat, asked, pixel)
        self.learn(label, predictions)
        if not flat or label != a.W:
            self.learn_energy(x, pixel, label)
        self.expect(a, label, bits)
        self.total += bits
        return label

    def choose(
        self, x: int, nearest: int, flat: bool, asked: dict[int, Decision], pixel: Pixel
    ) -> tuple[int, int, dict[int, Prediction]]:
        """Find the label of least cost, its bits, and what was predicted of neighbors' labels."""
        least = self.error(x, self.y, nearest)
        best, best_bits, best_cost, passed = -1, 0, NEVER, 0
        predictions: dict[int, Prediction] = {}
        for label, decision in asked.items():
            prediction = predictions[label] = self.model.predict(decision)
            bits = passed + self.bits_of(prediction, True)
            passed += self.bits_of(prediction, False)
            if flat and label == nearest and passed - bits > FLAT_GAIN:
                return label, bits, predictions
            if self.may_be(x, label, nearest):
                cost = self.error(x, self.y, label) + self.rate * bits
                if cost < best_cost:
                    cost += self.future(label)
                if cost < best_cost:
                    best, best_bits, best_cost = label, bits, cost
            if least + self.rate * passed >= best_cost:
                return best, best_bits, predictions
        # Those that no neighbor has, from the nearest on.
        near = self.band.near[nearest]
        others = [k for k in near if k not in asked and self.may_be(x, k, nearest)]
        others.sort(key=lambda label: self.error(x, self.y, label))
        for label in others[: len(near) // 2]:
            cost = self.error(x, self.y, label) + self.rate * passed
            if cost >= best_cost:
                break
            cost += self.future(label)
            if cost >= best_cost:
                continue
            bits = self.bits_of_path(pixel, label, best_cost - cost)
            cost += self.rate * bits
            if cost < best_cost:
                best, best_bits, best_cost = label, passed + bits, cost
        return best, best_bits, predictions

    def bits_of(self, prediction: Prediction, bit: bool) -> int:
        """Bits, in 1/256, of an outcome."""
        return self.bits[prediction.odds if bit else 65536 - prediction.odds]

    def bits_of_path(self, pixel: Pixel, label: int, room: int) -> int:
        """Sum up the bits of a label's way through the tree, as long as they cost less."""
        total, node = 0, self.tree
        while isinstance(node, Node) and self.rate * total < room:
            if node.number not in self.nodes:
                self.nodes[node.number] = self.model.predict(pixel.node(node))
            bit = label in node.second
            total += self.bits_of(self.nodes[node.number], bit)
            node = node.children[bit]
        return total

    def learn(self, label: int, predictions: dict[int, Prediction]) -> None:
        """Learn what is taken, decision by decision."""
        for candidate, prediction in predictions.items():
            self.model.learn(prediction, int(label == candidate))
            if label == candidate:
                return
        node = self.tree
        while isinstance(node, Node):
            bit = label in node.second
            self.model.learn(self.nodes[node.number], int(bit))
            node = node.children[bit]

    def expect(self, a: Around, label: int, bits: int) -> None:
        """Let the mean of bits follow."""
        around = (a.W, a.N, a.NE, a.NW)
        slot = 5 * small_pattern(around) + first_of(around, label)
        self.expected[slot] += (bits - self.expected[slot]) >> SETTLING

    def may_be(self, x: int, label: int, nearest: int) -> bool:
        """Tell whether a pixel may have a label."""
        groups = self.band.groups[self.y][x] & self.band.word_groups[label]
        return label == nearest or groups > 0

    def error(self, x: int, y: int, label: int) -> int:
        """Weighed squared error of a pixel, in 1/16."""
        word = self.band.words[label]
        squares = ((p - w) ** 2 for p, w in zip(self.band.places[y][x], word, strict=False))
        return self.band.weights[y][x] * (sum(squares) << 4)

    def look_ahead(self, x: int) -> list[Later]:
        """Find the later pixels beside a pixel, and what lies around them."""
        y, width = self.y, self.width
        row, above = self.rows[0], self.rows[1]
        before = self.band.before
        at, left, right = LEFT + x, x > 0, x + 1 < width
        # Beyond its ends a row is as at its end, and as the first of the row above it.
        far = min(x + 2, width - 1)
        found = []
        if right:
            found.append(Later(x + 1, y, (HERE, above[at + 1], above[at + 2], above[at])))
        if y + 1 < len(before):
            w = before[y + 1][x - 1] if left else HERE
            ne = before[y][x + 1] if right else HERE
            found.append(Later(x, y + 1, (w, HERE, ne, row[at - 1])))
            if left:
                w = before[y + 1][x - 2] if x > 1 else row[at - 1]
                found.append(Later(x - 1, y + 1, (w, row[at - 1], HERE, row[at - 2])))
            if right:
                around = (before[y + 1][x], before[y][x + 1], before[y][far], HERE)
                found.append(Later(x + 1, y + 1, around))
        return found

    def future(self, label: int) -> int:
        """Sum up the least that later pixels may cost beside a label.

        They may keep their labels or take that of a neighbor.
        """
        total = 0
        for x, y, known in self.later:
            w, n, ne, nw = (label if each == HERE else each for each in known)
            around = (w, n, ne, nw)
            first = 5 * small_pattern(around)
            total += min(
                self.error(x, y, each) + self.rate * self.expected[first + first_of(around, each)]
                for each in (self.band.before[y][x], *around)
            )
        return total


def choose(
    places: Places,
    words: Places,
    codebook: NDArray[np.uint8],
    weights: NDArray[np.uint16],
    groups: Labels,
    word_groups: NDArray[np.uint8],
    before: Labels,
    nearest: Labels,
    near: NDArray[np.uint8],
    rate: int,
    bits: NDArray[np.int32],
    expected: NDArray[np.int32],
    slots: NDArray[np.uint32],
    fast: bool,
    labels: Labels,
) -> int:
    """Choose the labels of a band; return their bits, in 1/256."""
    height, width = labels.shape
    size, channels = codebook.shape
    axes = places.shape[1] // max(1, width)
    if (
        not (height and width and 2 <= size <= 256 and 1 <= channels <= AXES)
        or not 1 <= axes <= AXES
        or places.shape != (height, axes * width)
        or words.shape != (size, AXES)
        or any(each.shape != labels.shape for each in (weights, groups, before, nearest))
        or word_groups.shape != (size,)
        or (len(near), bits.shape, expected.shape) != (size, (65537,), (320,))
        or not 2 <= near.shape[1] <= 16
    ):
        raise ValueError("an argument has an impossible shape")
    if any((each >= size).any() for each in (before, nearest, near)):
        raise ValueError("a label has no code-word")
    if (near[:, 0] != np.arange(size)).any():
        raise ValueError("a code-word is not the first of those near it")
    for each, most in (
        (places, HIGHEST_PLACE), (words, HIGHEST_PLACE), (bits, MOST_BITS),
        (expected, MOST_EXPECTED), (np.array(rate, object), MOST_RATE),
    ):  # fmt: skip
        if (each < 0).any() or (each > most).any():
            raise ValueError("places, rate, bits or what is expected are out of range")
    band = Band(
        places.reshape(height, width, axes).tolist(),
        words.tolist(),
        weights.tolist(),
        groups.tolist(),
        word_groups.tolist(),
        before.tolist(),
        near.tolist(),
    )
    search = Search(band, codebook, rate, bits.tolist(), expected.tolist(), fast)
    for y in range(height):
        labels[y] = search.code_row(nearest[y].tolist())
    expected[:] = search.expected
    return search.total
