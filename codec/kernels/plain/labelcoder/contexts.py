"""Contexts of a decision: format-spec section 16.6."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from codec.kernels.plain.labelcoder.coder import MASK, clip
from codec.kernels.plain.labelcoder.model import Decision
from codec.kernels.plain.labelcoder.tree import Around, Node

STEPS = (1, 6, 12, 20, 32, 52, 90)
SIDES = (1, 3, 6, 11, 19, 32, 56)


def combine(h: int, *words: int) -> int:
    for w in words:
        g = (h ^ w) * 0x9E3779B1 & MASK
        h = g ^ g >> 15
    return h


def step(d: int) -> int:
    return bisect_right(STEPS, d)


def side(d: int) -> int:
    return (bisect_right(SIDES, d) if d >= 0 else -bisect_right(SIDES, -d)) % 16


def dist(a: Sequence[int], b: Sequence[int]) -> int:
    return sum(abs(a_c - b_c) for a_c, b_c in zip(a, b, strict=True))


def bits(*conditions: bool) -> int:
    """The conditions as bits, from bit 0 on."""
    return sum(condition << i for i, condition in enumerate(conditions))


def square_contexts(a: Around) -> list[int]:
    """The hashes of contexts 4 to 11."""
    square = a.W | a.N << 8 | a.NW << 16 | a.NE << 24
    ring = a.WW | a.NN << 8 | a.NNE << 16 | a.NEE << 24
    far = a.WWW | a.NNW << 8 | a.NWW << 16 | a.NNN << 24
    wider = bits(
        a.NN == a.NNE, a.NN == a.NNW, a.NW == a.NWW, a.WW == a.NWW,
        a.NE == a.NNE, a.W == a.WWW, a.N == a.NNN, a.NW == a.NNW,
    )  # fmt: skip
    return [
        combine(5, square, ring, far),
        combine(6, pattern(a) | wider << 8),
        combine(7, a.W),
        combine(8, a.N),
        combine(9, a.W | a.N << 8 | a.NW << 16),
        combine(10, square, a.WW | a.NN << 8),
        combine(11, a.NE | a.N << 8 | a.NEE << 16),
        combine(12, a.NW | a.NE << 8),
    ]


def pattern(a: Around) -> int:
    return bits(
        a.W == a.N, a.W == a.NW, a.N == a.NE, a.N == a.NW,
        a.W == a.NE, a.W == a.WW, a.N == a.NN, a.NE == a.NEE,
    )  # fmt: skip


class Pixel:
    """What is looked up for a pixel of a fast file."""

    def __init__(self, a: Around, hashes: list[int]) -> None:
        self.a = a
        self.hashes = hashes
        self.pattern: int = pattern(a)

    def flag(self, i: int, candidate: int) -> Decision:
        return Decision(5, self.hashes, 0, i, (i << 8 | self.pattern,), ())

    def node(self, node: Node) -> Decision:
        return Decision(5, self.hashes, node.group, node.place, (1024 + node.number,), ())


class ColorPixel(Pixel):
    """What is looked up for a pixel of any other file."""

    def __init__(
        self,
        a: Around,
        hashes: list[int],
        colors: list[list[int]],
        near: list[list[int]],
        energy: int,
    ) -> None:
        super().__init__(a, hashes)
        self.colors = colors
        self.near = near
        self.energy = energy
        self.around: tuple[int, ...] = a[:12]
        w, n, nw, ne, ww, nn, nne, nee, _, _, nww, _ = (colors[label] for label in self.around)
        channels = range(len(w))
        self.p0: list[int] = [clip(w[c] + n[c] - nw[c]) for c in channels]
        self.p1: list[int] = [clip(w[c] + ((ne[c] - nw[c]) >> 1)) for c in channels]
        self.p2: list[int] = [clip(n[c] + ne[c] - nne[c]) for c in channels]
        self.p3: list[int] = [(3 * (w[c] + n[c]) + ne[c] + nw[c] + 4) >> 3 for c in channels]
        self.p4: list[int] = [
            (4 * (w[c] + n[c]) + 2 * (ne[c] + nw[c]) + ww[c] + nn[c] + nee[c] + nww[c] + 8) >> 4
            for c in channels
        ]

    def flag(self, i: int, candidate: int) -> Decision:
        a, near, count = self.a, self.near, self.around.count
        A, O = candidate, a.W if i else a.N
        color, other = self.colors[A], self.colors[O]
        f0, f1, f2, f3 = (step(dist(color, p)) for p in (self.p0, self.p1, self.p2, self.p3))
        nears = near[a.N][a.NE] << 14 | near[a.N][a.NW] << 18 | near[a.W][a.WW] << 22
        along = sum((o - s) * (p - s) for s, o, p in zip(color, other, self.p4, strict=True))
        length = sum((o - s) ** 2 for s, o in zip(color, other, strict=True))
        total = 8 * along + length // 2 + 4 * length
        part = min(15, total // length) if length and total > 0 else 0
        hashes = [
            combine(13, i | A << 2 | near[a.W][a.N] << 10 | nears),
            combine(14, i | f0 << 2 | f1 << 5 | f2 << 8 | f3 << 11),
            combine(15, i | part << 2 | count(A) << 6 | count(O) << 10),
            combine(
                16, i | count(A) << 2 | count(O) << 6 | count(a.NE) << 10 | self.pattern << 14
            ),
        ]
        row = i << 8 | self.pattern
        mixer1 = i << 6 | f3 << 3 | near[a.W][a.N]
        sets = (row, mixer1, i << 3 | f0, i << 4 | self.energy)
        return Decision(0, self.hashes + hashes, 0, i, sets, (row, i << 8 | A))

    def node(self, node: Node) -> Decision:
        a, c, d, t = self.a, node.axis, node.depth, node.threshold
        s0, s2, s3 = (side(p[c] - t) for p in (self.p0, self.p2, self.p3))
        sw, sn, se, sv = (side(self.colors[A][c] - t) for A in (a.W, a.N, a.NE, a.NW))
        fine = max(-16, min(15, self.p4[c] - t)) % 32
        hashes = [
            combine(13, 4 | d << 3 | sw << 8 | sn << 12 | se << 16 | sv << 20),
            combine(14, 4 | d << 3 | s0 << 8 | s2 << 12 | s3 << 16),
            combine(15, 4 | node.number << 3 | fine << 11),
            combine(16, 4 | d << 3 | fine << 8 | s0 << 13 | self.around.count(a.W) << 17),
        ]
        row, sides = 1024 + node.number, 16 * s3 + s0
        mixer1 = 256 + 8 * d + self.near[a.W][a.N]
        sets = (row, mixer1, 32 + sides, 64 + node.number)
        return Decision(0, self.hashes + hashes, node.group, node.place, sets, (row, 1024 + sides))
