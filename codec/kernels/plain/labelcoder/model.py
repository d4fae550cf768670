"""From contexts to odds, and learning: format-spec section 16.7, and the slots of 16.6."""

from __future__ import annotations

from array import array
from operator import mul
from typing import NamedTuple

from codec.kernels.plain.labelcoder.coder import MASK, Decoder, Encoder, limit


def make_squash() -> list[int]:
    """squash(x) at index x + 3071."""
    squash = [0] * 6143
    e = 1 << 30
    for x in range(3072):
        squash[3071 + x] = min(65535, (1 << 46) // ((1 << 30) + e))
        squash[3071 - x] = 65536 - squash[3071 + x]
        e = (e * 1069555701) >> 30
    return squash


def make_stretch() -> list[int]:
    """stretch(i): the smallest x with squash(x) >= 16 * i + 8."""
    stretch, x = [], -2047
    for i in range(4096):
        while x < 2047 and SQUASH[3071 + x] < 16 * i + 8:
            x += 1
        stretch.append(x)
    return stretch


SQUASH = make_squash()
STRETCH = make_stretch()
RATE = [327680 // (10 * count + 16) for count in range(31)]
LEARNING = [3 + 960 // (count + 16) for count in range(256)]
FLAT_SET = 1280
FRESH = 32768 << 16  # a slot is one number: odds << 16 | count << 8 | check


class Decision(NamedTuple):
    """What a decision is looked up by; hashes are those of the contexts from j = first on."""

    first: int
    hashes: list[int]
    group: int
    place: int
    sets: tuple[int, ...]  # of the mixers and the final mixer; or of the only mixer
    rows: tuple[int, ...]  # of the refinements; or none


class Prediction(NamedTuple):
    """What is known of a decision before its bit is."""

    decision: Decision
    found: list[tuple[array[int], int, int]]  # see `Model.find`
    z: list[int]
    l_k: list[int]
    l: int  # of the final mixer
    odds: int


class Model:
    """What has been learned from the decisions so far."""

    def __init__(self, pixels: int, fast: bool) -> None:
        n = 12
        while n < 18 and 1 << (n - 2) < pixels:
            n += 1
        while n < 20 and 1 << (n + 1) < pixels:
            n += 1
        bits = [n] * 12 + [min(n, 16)] * 4
        self.shifts: list[int] = [36 - n for n in bits]
        self.slots: list[array[int]] = [array("I", [FRESH]) * (1 << n) for n in bits]
        weight = 4915 if fast else 2457
        self.mixers: list[list[list[int]]] = [
            [[weight] * 16 for _ in range(sets)] for sets in (1281, 320, 288)
        ]
        self.mixers[0][FLAT_SET] = [4915] * 16
        self.counts: list[list[int]] = [[0] * len(mixer) for mixer in self.mixers]
        self.final: list[list[int]] = [[21845] * 3 for _ in range(64 + 255)]
        steps = [SQUASH[3071 + limit(192 * i - 3072, 3071)] for i in range(33)]
        self.refinements: list[list[list[int]]] = [
            [steps.copy() for _ in range(1280)] for _ in range(2)
        ]

    def find(self, decision: Decision) -> list[tuple[array[int], int, int]]:
        """The slots of the contexts: for each its table, its place there and what it holds."""
        found = []
        for j, h in enumerate(decision.hashes, decision.first):
            q = 0
            if j < 12:
                h += decision.group * 0x2545F491
                q = decision.place
            m = h * 0x9E3779B1 & MASK
            at = 16 * (m >> self.shifts[j]) + ((m >> 8) + q & 15)
            slot = self.slots[j][at]
            check = m & 255
            found.append((self.slots[j], at, slot if slot & 255 == check else FRESH | check))
        return found

    def decide(self, coder: Decoder | Encoder, bit: int, decision: Decision) -> int:
        """One decision: find the odds, code the bit, learn from it."""
        prediction = self.predict(decision)
        bit = coder.decide(prediction.odds, bit)
        self.learn(prediction, bit)
        return bit

    def predict(self, decision: Decision) -> Prediction:
        """Find the odds, which changes nothing."""
        found = self.find(decision)
        z = [STRETCH[slot >> 20] for _, _, slot in found]
        own = slice(decision.first, decision.first + len(z))
        l_k = []
        for mixer, k in zip(self.mixers, decision.sets, strict=False):
            l_k.append(limit(sum(map(mul, mixer[k][own], z)) >> 14, 3071))
            if not decision.rows:
                return Prediction(decision, found, z, l_k, 0, SQUASH[3071 + l_k[0]])
        # Final mixer and refinement, for decisions with three mixers.
        v = self.final[decision.sets[3]]
        l = limit(sum(map(mul, v, l_k)) >> 16, 3071)
        odds = 2 * SQUASH[3071 + l]
        n, f = (l + 3072) // 192, (l + 3072) % 192 // 3
        for k, row in enumerate(decision.rows):
            step = self.refinements[k][row]
            odds += (step[n] * (64 - f) + step[n + 1] * f) >> 6
        return Prediction(decision, found, z, l_k, l, max(1, odds >> 2))

    def learn(self, prediction: Prediction, bit: int) -> None:
        """Learn the bit that came; slots as they were found, whatever was learned since."""
        decision, found, z, l_k, l, _ = prediction
        target = 65535 if bit else 0
        if decision.rows:
            n, f = (l + 3072) // 192, (l + 3072) % 192 // 3
            nearest = n if f < 32 else n + 1
            for k, row in enumerate(decision.rows):
                step = self.refinements[k][row]
                step[nearest] += (target - step[nearest]) >> 6
            v = self.final[decision.sets[3]]
            e = ((bit << 16) - SQUASH[3071 + l]) >> 2
            for k in range(3):
                v[k] = limit(v[k] + ((l_k[k] * e + 2048) >> 12), 524287)
        own = slice(decision.first, decision.first + len(z))
        for k, l in enumerate(l_k):
            self.learn_mixer(k, decision.sets[k], own, z, (bit << 16) - SQUASH[3071 + l])
        for table, at, slot in found:
            odds, count = slot >> 16, slot >> 8 & 255
            odds += (target - odds) * RATE[count] >> 15
            table[at] = odds << 16 | min(count + 1, 30) << 8 | slot & 255

    def learn_mixer(self, k: int, chosen: int, own: slice, z: list[int], error: int) -> None:
        """Move the weights of the chosen set of mixer k."""
        count = self.counts[k][chosen]
        e = error * LEARNING[count] >> 6
        weights = self.mixers[k][chosen]
        weights[own] = [
            limit(w + ((z_j * e + 8192) >> 14), 32767)
            for w, z_j in zip(weights[own], z, strict=True)
        ]
        self.counts[k][chosen] = min(count + 1, 255)
