"""The fewest bytes for an error that is small enough.

A codebook is as large as the error allows beside the usual C, how much bytes count, which is then
adjusted. Where C is of no use it is the least size, or a smaller one with a part of a code-word.
No file is encoded to find out.
"""

import numpy as np

from codec.encoder.candidates import Candidate, Candidates
from codec.encoder.demands import Demands
from codec.encoder.filling import MOST_RATE, USUAL_RATE, is_small, rated_tries, stepped
from codec.encoder.growing import last_step
from codec.errors import TargetError

_NEAR = 0.977  # of the error: 0.1 dB
_AIM, _AIM_SIZE = 0.99, 0.98
_ERRS = 0.9  # what C adds to the error, in parts of it, for each of C
_MORE = 4  # times C at once, at the most
_NEARLY = 0.9  # of the error, where single code-words make a difference that is worth the time
_LESSENED = 12  # code-words that are left out in small pictures
_GUESSES = 4  # of a size, before halves are taken


class Sparing:
    """A search for them.

    Parameters
    ----------
    candidates : Candidates
        What a picture may become.
    demands : Demands
        How small errors have to be.
    """

    def __init__(self, candidates: Candidates, demands: Demands) -> None:
        self._all, self._demands = candidates, demands
        self._asked = candidates.settings.rate_distortion or 0.0

    def run(self) -> Candidate:
        """Find a candidate that meets the demands.

        Raises
        ------
        TargetError
            There is none.
        """
        whole = self._all.at(self._all.largest, self._asked)
        if not self._demands.met(whole):
            said = self._demands.best(whole) + self._demands.nearer(whole)
            raise TargetError(said, "target-not-reachable")
        if whole.size == 1:
            return whole
        rated = self._by_rate(whole) if self._all.rates else None
        if self._demands.are_slow:  # to measure
            return rated or self._by_size(whole)[1]
        low, least = self._by_size(whole)
        if rated is not None and self._all.estimate(rated) < self._all.estimate(least):
            return rated
        found = [least, self._grown(low, least)]
        if self._all.rates and (adjusted := self._adjusted(least.size, MOST_RATE)) is not None:
            found.append(adjusted)
        return min(found, key=self._all.estimate)

    def _by_rate(self, whole: Candidate) -> Candidate | None:
        """Let bytes count, with as many code-words as the error then allows."""
        usual = USUAL_RATE[self._all.format.packing]
        room = self._demands.excess(whole) * (1 + _ERRS * usual)
        size, most = (whole.size, MOST_RATE) if room >= 1 else (self._guess(whole, room), usual)
        best = self._adjusted(size, most)
        return best if best is None else self._with_fewer(best)

    def _with_fewer(self, best: Candidate) -> Candidate:
        """Take code-words away where C is the most that is chosen, and errors are small yet."""
        found, missed = [best], 0
        for _ in range(2 * _GUESSES):
            excess = self._demands.excess(best) / _AIM
            if best.rate < MOST_RATE or excess >= _NEAR or best.size - missed <= 1:
                break
            size = round(best.size * excess * float(np.sqrt(excess)))
            if size <= missed:
                size = (missed + best.size) // 2
            size = min(max(size, 1), best.size - 1)
            fewer: Candidate | None = self._all.at(size, MOST_RATE)
            if fewer is not None and not self._demands.met(fewer):
                fewer = self._adjusted(size, USUAL_RATE[self._all.format.packing])
            if fewer is None:
                missed = size
            else:
                best = fewer
                found.append(best)
        return min(found, key=self._all.estimate)

    def _adjusted(self, size: int, most: float) -> Candidate | None:
        """Choose C, beginning with no more than `most`, so that the error is what it may be."""
        without = self._demands.excess(self._all.at(size))
        if without >= _NEAR or without == 0:
            return None
        rate = min((_AIM / without - 1) / _ERRS, most)
        best: Candidate | None = None
        met, missed = (0.0, without), (MOST_RATE, 0.0)  # C and excess; of none, 0
        for _ in range(rated_tries(self._all)):
            candidate = self._all.at(size, rate := stepped(rate))
            if not candidate.rate:
                break
            excess = self._demands.excess(candidate)
            if self._demands.met(candidate):
                best, met = candidate, (rate, excess)
                if excess >= _NEAR or rate == MOST_RATE:
                    break
            else:
                missed = rate, excess
            before, rate = rate, min(_between(met, missed, without), _MORE * rate + 1 / 4)
            if stepped(rate) == before:
                break
        return best and self._lessened(best)

    def _lessened(self, best: Candidate) -> Candidate:
        """Leave out a few code-words more, where C says nothing more finely."""
        few = _LESSENED if is_small(self._all) else 1
        if best.rate == MOST_RATE or self._demands.excess(best) < _NEARLY:
            return best
        for size in range(best.size - 1, max(best.size - 1 - few, 0), -1):
            if self._demands.excess(best) >= _NEAR:
                break
            fewer = self._all.at(size, best.rate)
            if self._demands.met(fewer) and self._demands.excess(fewer) > self._demands.excess(
                best
            ):
                best = fewer
        return best

    def _by_size(self, whole: Candidate) -> tuple[int, Candidate]:
        """Find the least size that is enough, and the largest found that is not, or 0."""
        low, high, last = 0, whole, whole
        for guess in range(2 * _GUESSES):
            if high.size - low <= 1 or self._demands.excess(high) >= _NEAR:
                break
            middle = (low + high.size) // 2
            if guess < _GUESSES:
                middle = min(max(self._guess(last), low + 1), high.size - 1)
            last = self._all.at(middle, self._asked)
            if self._demands.met(last):
                high = last
            else:
                low = middle
        return low, high

    def _guess(self, last: Candidate, excess: float | None = None) -> int:
        """Guess the size whose error is what it may be, from that of another."""
        errors = self._all.merged_errors()
        size = min(last.size, len(errors))
        excess = self._demands.excess(last) if excess is None else excess
        most = errors[size - 1] / max(excess, 1e-9) * _AIM_SIZE
        return min(int(np.count_nonzero(errors > most)) + 1, self._all.largest)

    def _grown(self, low: int, enough: Candidate) -> Candidate:
        """Add to a size whose error is too large as much as it takes, if that is less."""
        if low < 1 or self._asked or self._demands.excess(enough) >= _NEAR:
            return enough
        base = self._all.at(low)
        growing = self._all.growing(base)

        def misses(step: int) -> bool:
            return not self._demands.met(self._all.grown(base, growing, step))

        step = last_step(misses, 0, growing.steps) + 1
        if step > growing.steps:
            return enough
        return min(self._all.grown(base, growing, step), enough, key=self._all.estimate)


def _between(met: tuple[float, float], missed: tuple[float, float], without: float) -> float:
    """Return the C of about the right error, given those of less and of more.

    It is on the line through both, or through the first and what none would have.
    """
    (low, least), (high, most) = met, missed
    if not most:
        low, least, high, most = 0.0, without, low, least
    growth = (most - least) / max(high - low, 1e-9)
    return min(low + (_AIM - least) / max(growth, 1e-9), missed[0])
