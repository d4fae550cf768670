"""The walk over the pixels of a band: format-spec sections 16.5 to 16.7."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from codec.kernels.plain.labelcoder.coder import MASK, Decoder, Encoder
from codec.kernels.plain.labelcoder.contexts import (
    STEPS,
    ColorPixel,
    Pixel,
    combine,
    dist,
    square_contexts,
)
from codec.kernels.plain.labelcoder.model import FLAT_SET, Decision, Model
from codec.kernels.plain.labelcoder.tree import Around, Node, split

Labels = NDArray[np.uint8]
LEFT, RIGHT = 4, 16  # how far beyond its ends a row is looked at


def flat_decision(hashes: list[int]) -> Decision:
    """Ask whether a label is that of all those around it."""
    return Decision(0, hashes, 0, 0, (FLAT_SET,), ())


class Walk:
    """The walk over the pixels of a band. Channels that a color lacks are left out: they are 0."""

    def __init__(
        self,
        coder: Decoder | Encoder,
        codebook: NDArray[np.uint8],
        shape: tuple[int, int],
        fast: bool,
    ) -> None:
        height = shape[0]
        self.width: int = shape[1]
        self.coder = coder
        self.fast = fast
        self.colors: list[list[int]] = codebook.tolist()
        apart = np.abs(codebook[:, None].astype(np.int64) - codebook[None]).sum(axis=2)
        self.near: list[list[int]] = np.searchsorted(STEPS, apart, side="right").tolist()
        self.tree: Node | int = split(list(range(len(codebook))), self.colors, itertools.count())
        self.model: Model = Model(height * self.width, fast)
        self.rows: list[list[int]] = [
            [0] * (LEFT + self.width + RIGHT) for _ in range(5)
        ]  # y, y-1, … y-4
        self.energies: list[list[int]] = [
            [0] * (2 + self.width + 1) for _ in range(2)
        ]  # E of y and y-1
        self.same_w: list[int] = [0] * self.width
        self.same_n: list[int] = [0] * self.width
        self.row_n: int = 0
        self.run: int = 0

    def code_row(self, labels: list[int]) -> list[int]:
        """Code the next row, and return its labels."""
        row = [self.rows[0][LEFT]] * LEFT + [0] * (self.width + RIGHT)
        self.rows = [row, *self.rows[:4]]
        self.energies = [[0] * (2 + self.width + 1), self.energies[0]]
        self.row_n = self.run = 0
        for x, label in enumerate(labels):
            W, N = row[LEFT + x - 1], self.rows[1][LEFT + x]
            label = row[LEFT + x] = self.code_pixel(x, label)
            self.same_w[x] = (self.same_w[x] << 1 | (label == W)) & 255
            self.same_n[x] = (self.same_n[x] << 1 | (label == N)) & 255
            self.row_n = (self.row_n << 1 | (label == N)) & 255
            self.run = min(self.run + 1, 15) if label == W else 0
        row[LEFT + self.width :] = [row[LEFT + self.width - 1]] * RIGHT
        return row[LEFT : LEFT + self.width]

    def code_pixel(self, x: int, label: int) -> int:
        """Code a pixel, and return its label."""
        a = self.look_around(x)
        flat, hashes = self.flatness(x, a)
        if flat and self.model.decide(self.coder, int(label == a.W), flat_decision(hashes)):
            return a.W
        pixel = self.pixel(x, a, hashes)
        label = self.code_label(pixel, flat, label)
        self.learn_energy(x, pixel, label)
        return label

    def flatness(self, x: int, a: Around) -> tuple[bool, list[int]]:
        """Whether all labels around are equal, and the hashes of contexts 0 to 3 if needed."""
        flat = a[:12].count(a.W) == 12
        return flat, self.row_contexts(x, a) if flat or not self.fast else []

    def pixel(self, x: int, a: Around, hashes: list[int]) -> Pixel:
        """What is looked up for flags and tree."""
        if self.fast:
            return Pixel(a, square_contexts(a)[1:6])
        energy = self.energy(x)
        return ColorPixel(a, hashes + square_contexts(a), self.colors, self.near, energy)

    def learn_energy(self, x: int, pixel: Pixel, label: int) -> None:
        if isinstance(pixel, ColorPixel):
            self.energies[0][2 + x] = min(255, dist(self.colors[label], pixel.p4))

    def code_label(self, pixel: Pixel, flat: bool, label: int) -> int:
        """Flags and tree."""
        a = pixel.a
        candidates = () if flat else (a.W, a.N, a.NE, a.NW)
        for i, candidate in enumerate(candidates):
            if candidate not in candidates[:i]:
                decision = pixel.flag(i, candidate)
                if self.model.decide(self.coder, int(label == candidate), decision):
                    return candidate
        node = self.tree
        while isinstance(node, Node):
            bit = self.model.decide(self.coder, int(label in node.second), pixel.node(node))
            node = node.children[bit]
        return node

    def look_around(self, x: int) -> Around:
        row, n, nn, nnn, nnnn = self.rows
        x += LEFT
        return Around(
            W=row[x - 1],
            N=n[x],
            NW=n[x - 1],
            NE=n[x + 1],
            WW=row[x - 2],
            NN=nn[x],
            NNE=nn[x + 1],
            NEE=n[x + 2],
            WWW=row[x - 3],
            NNW=nn[x - 1],
            NWW=n[x - 2],
            NNN=nnn[x],
            NNNN=nnnn[x],
        )

    def row_contexts(self, x: int, a: Around) -> list[int]:
        """The hashes of contexts 0 to 3."""
        row, n, nn, nnn, _ = self.rows
        at = LEFT + x
        ahead = 1
        while ahead < 16 and n[at + ahead] == a.N:
            ahead += 1
        window = 0
        for i in range(at - 4, at + 5):
            window = window * 0x2F0B4C47 + n[i] + nn[i] * 0x1003F + nnn[i] * 0x7A31B5 & MASK
        for i in range(1, 5):
            window = window * 0x2F0B4C47 + row[at - i] & MASK
        beyond = n[at + ahead]
        return [
            combine(1, self.same_w[x] | self.same_n[x] << 8 | self.row_n << 16),
            combine(2, a.W | a.N << 8 | a.NE << 16 | beyond << 24, ahead | self.run << 8),
            combine(3, a.N | a.NN << 8 | a.NNN << 16 | a.NNNN << 24, a.W),
            combine(4, window),
        ]

    def energy(self, x: int) -> int:
        row, n = self.energies
        x += 2
        t = 2 * row[x - 1] + 2 * n[x] + n[x + 1] + n[x - 1] + row[x - 2]
        if t < 8:
            return t // 2
        if t < 32:
            return 4 + (t - 8) // 6
        return 8 + (t - 32) // 16 if t < 96 else min(15, 12 + (t - 96) // 64)


def code_band(
    coder: Decoder | Encoder, labels: Labels, codebook: NDArray[np.uint8], fast: bool
) -> None:
    """Walk over a band: an Encoder is told its labels, a Decoder fills them in."""
    if len(codebook) == 1:
        return
    height, width = labels.shape
    walk = Walk(coder, codebook, (height, width), fast)
    for y in range(height):
        row = walk.code_row(labels[y].tolist())
        if isinstance(coder, Decoder):
            labels[y] = row


def decode_band(
    stream: bytes, height: int, width: int, codebook: NDArray[np.uint8], fast: bool
) -> tuple[Labels, int]:
    """The labels of a band, and how many bytes the decoder took."""
    labels = np.zeros((height, width), np.uint8)
    decoder = Decoder(stream)
    code_band(decoder, labels, codebook, fast)
    return labels, decoder.used


def encode_band(labels: Labels, codebook: NDArray[np.uint8], fast: bool) -> bytes:
    """The stream of a band."""
    encoder = Encoder()
    code_band(encoder, labels, codebook, fast)
    return encoder.finish()
