"""The least error for so many bytes.

A codebook is as large as it may be, and C, how much bytes count beside errors, makes up for its
size; only where C would have to be large, code-words are fewer. Where C is of no use, sizes are
tried, and then steps smaller than a code-word. At effort best other sizes are tried beside that.
Candidates are encoded fast to tell their bytes, and in earnest if these are about right.
"""

import bisect
import itertools
import math
from collections.abc import Callable

from codec.encoder.candidates import Candidate, Candidates
from codec.encoder.growing import last_step
from codec.encoder.prediction import log2

ENCODINGS = 4
USUAL_RATE = {"contexts": 1.5, "rows": 2.0, "plain": 2.0}  # C where sizes begin to count
MOST_RATE = 4.0  # C that is chosen unasked
_FULL = 0.95  # of the bytes
_ENOUGH = 0.9  # where C is of use, and sizes are not
_AIM = 0.98
_UNSURE = 0.04  # how far from that estimates may be before the first encoding
_FILLED, _FILLS = 0.985, 5  # where no other C of a size is tried, and how many are
_BESIDE = 2.0, 0.5, 1.25, 0.8  # times the best size, at effort best
_AIM_BESIDE, _ENCODINGS_BESIDE = 0.99, 8
_LATE = 0.96  # where it is aimed with the last encoding, if nothing fits so far
_SIZES, _GROWN = 8, 7  # candidates that are tried
_RATED, _RATED_SMALL, _SMALL = 7, 20, 1 << 16  # of C; pixels
_FAR, _NEAR = 0.55, 0.02  # octaves of bytes for which sizes are changed rather than C
_AFAR = 2  # times the bytes, where C is not yet judged
_RESIZED, _KNOWN = 3, 5  # sizes that are tried at a time; known ones, before none is made larger
_STEP = 1.5  # the most that log2(1 + 4 C) is changed by at once
_UNEVEN = 4  # C that are known of a size before halves are taken
_SLOPE, _STEEPNESS = -0.5, 4.0  # bytes are about (1 + 4 C) ** -0.5
_RATE_STEP = 512
_WORTH = 0.9  # of the error of fewer code-words, where C is of use
_WHOLE = 1.6  # if predicted bytes of all code-words are no more, they are tried


class Filling:
    """A search for it.

    Parameters
    ----------
    candidates : Candidates
        What a picture may become.
    limit : int
        Bytes that there may be.
    """

    def __init__(self, candidates: Candidates, limit: int) -> None:
        self._all, self._limit = candidates, limit
        self._best: Candidate | None = None
        self._most, self._aim = ENCODINGS, _AIM
        self._asked = candidates.settings.rate_distortion or 0.0
        self._known: dict[int, dict[float, Candidate]] = {}  # by size, by C

    def run(self) -> Candidate | None:
        """Find a candidate that fits, if there is one."""
        if not self._asked and self._fits_whole():
            return self._best
        if self._all.rates:
            self._by_rate()
        if not self._is_full(_ENOUGH if self._is_served else _FULL):
            self._by_size()
            best = self._best
            if self._all.rates and best is not None and not self._is_full(_ENOUGH):
                self._fill(best.size if best.rate else min(best.size + 1, self._all.largest))
            if not (self._is_full() or self._asked):
                self._by_growing()
        return self._best or self._anything()

    def better(self, other: Candidate) -> Candidate:
        """Begin anew from the better of what was found here and otherwise, which fits, too."""
        best = self._best
        self._best = best = other if best is None or other.mse < best.mse else best
        if not self._all.rates or best.chosen.is_all:
            return best
        self._most, self._aim = self._all.encodings + _ENCODINGS_BESIDE, _AIM_BESIDE
        for size in dict.fromkeys((best.size, other.size)):
            self._fill(size)
        for part in _BESIDE:
            before = None
            while before is not self._best:
                before = self._best
                size = round(part * before.size)
                if 2 < size <= self._all.largest:
                    self._fill(size)
        if not self._is_full():
            self._by_growing(sure=True)
        return self._best

    def _fill(self, size: int) -> None:
        """Choose C of a size anew, and keep what is better."""
        known, rate = self._known.setdefault(size, {}), self._best.rate if self._best else 0.0
        rate = self._next_rate(size) if known else rate or self._usual
        last: Candidate | None = None
        for _ in range(_FILLS):
            candidate = known[rate] = self._all.at(size, rate)
            size_bytes = self._all.estimate(candidate)
            if size_bytes <= self._limit:
                last = candidate if last is None or candidate.mse < last.mse else last
                if size_bytes >= _FULL * self._limit and self._is_better(last) and self._left:
                    self._encode(last)
                if _FILLED * self._limit <= self._all.estimate(candidate) <= self._limit:
                    break
            elif not self._is_better(candidate):  # with fewer bytes it would be more so
                break
            if (rate := self._next_rate(size)) in known:
                break
        if last is not None and self._is_better(last) and self._left:
            self._encode(last)

    def _is_better(self, candidate: Candidate) -> bool:
        return self._best is None or candidate.mse < self._best.mse

    # What fits

    @property
    def _is_served(self) -> bool:
        """Whether the best fits thanks to C that was chosen."""
        if self._best is None or self._asked:
            return False
        return self._all.estimate(self._all.at(self._best.size)) > self._limit

    @property
    def _left(self) -> int:
        """How many encodings are left."""
        return self._most - self._all.encodings

    def _is_full(self, part: float = _FULL) -> bool:
        """Tell whether few bytes are unused."""
        best = self._best
        return best is not None and self._all.estimate(best) >= part * self._limit

    @property
    def _goal(self) -> float:
        """Bytes to aim at."""
        late = self._best is None and self._left == 1
        return (_LATE if late else self._aim) * self._limit

    def _may_fill(self, candidate: Candidate) -> bool:
        """Tell whether it is about full, and will probably fit."""
        part = self._all.estimate(candidate) / self._limit
        if not self._all.encodings:
            return abs(part - _AIM) <= _UNSURE
        most = _LATE if self._best is None and self._left == 1 else 1.0
        return _FULL <= part <= most

    def _encode(self, candidate: Candidate) -> bool:
        """Encode a candidate; tell whether it fits, and keep the best that does."""
        if self._all.encode(candidate).size_bytes > self._limit:
            return False
        if self._is_better(candidate):
            self._best = candidate
        return True

    def _fits_whole(self) -> bool:
        """Try all code-words, if they may fit."""
        largest = self._all.largest
        if self._all.usual_bytes(largest) > _WHOLE * self._limit:
            return False
        whole = self._all.at(largest)
        return self._all.estimate(whole) <= (1 + _UNSURE) * self._limit and self._encode(whole)

    # C

    def _by_rate(self) -> None:
        """Choose C, and fewer code-words only where that is not enough."""
        tried: list[Candidate] = []
        unsure = True
        size, rate = self._all.largest, 0.0
        for _ in range(1 + rated_tries(self._all)):
            candidate = self._all.at(size, rate)
            size_bytes = self._all.estimate(candidate)
            if rate and unsure and (len(tried) > 1 or size_bytes < _AFAR * self._limit):
                if self._is_idle(candidate, late=len(tried) > 1):
                    return
                unsure = rate < 1
            tried.append(candidate)
            if rate and self._may_fill(candidate):
                self._encode(candidate)
                if self._is_full():
                    return
            self._known.setdefault(size, {})[rate] = candidate
            before = size, rate
            size, rate = self._next(size, rate)
            if (size, rate) == before or not self._left:
                break
        fitting = [each for each in tried if self._all.estimate(each) <= self._limit]
        if fitting and self._left:
            self._encode(min(fitting, key=lambda each: each.mse))

    def _is_idle(self, candidate: Candidate, *, late: bool) -> bool:
        """Tell whether C saves little, or fewer code-words would do about as well."""
        plain = self._all.at(candidate.size)
        saved = self._all.estimate(plain) / self._all.estimate(candidate)
        if candidate.rate >= 1 or late:
            little = -_SLOPE * _steep(candidate.rate) / 4
            if float(log2(saved)) < little:
                return True
        return candidate.rate >= 1 and self._spoils(candidate, plain, saved)

    def _spoils(self, candidate: Candidate, plain: Candidate, saved: float) -> bool:
        """Tell whether fewer code-words, of as many bytes, would probably err less."""
        bytes_of, errors = self._all.usual_bytes, self._all.merged_errors()
        wanted, sizes = bytes_of(candidate.size) / saved, range(1, candidate.size)
        fewer = max(bisect.bisect_right(sizes, wanted, key=bytes_of), 1)
        most = len(errors)
        here, there = (errors[min(size, most) - 1] for size in (candidate.size, fewer))
        return bool(candidate.mse * max(here, 1e-9) > _WORTH * plain.mse * there)

    @property
    def _usual(self) -> float:
        return USUAL_RATE[self._all.format.packing]

    def _size(self, most: int) -> int:
        """Guess the size of the right bytes."""
        size = self._all.prediction.largest(self._goal, most)
        return max(size, min(self._all.least, most), min(2, most))

    def _next(self, size: int, rate: float) -> tuple[int, float]:
        """Say what to try after a candidate: another C, or from afar another size."""
        usual, known = self._usual, self._known[size]
        goal, here = float(log2(self._goal)), self._octaves(known[rate])
        further = usual if rate < usual else MOST_RATE
        saved = _SLOPE * (_steep(rate) - _steep(further))  # octaves that C may save
        smaller = here - goal > saved + (_FAR if rate < usual else _NEAR) and size > 2
        smaller |= self._all.at(size).chosen.is_all  # whose errors are none
        wider = _FAR / 2 if rate >= usual else _NEAR if rate < usual / 4 else math.inf
        larger = goal - here > wider and size < self._all.largest and len(self._known) < _KNOWN
        larger &= max(map(self._octaves, known.values())) <= goal
        if smaller or larger:
            plain = self._octaves(self._all.at(size))
            falls = (here - plain) / _steep(rate) if rate else _SLOPE
            least, most = (size + 1, self._all.largest) if larger else (1, size - 1)
            found = self._resized(least, most, _exp2(falls * _steep(usual)))
            if smaller or self._all.at(found).mse < self._all.at(size).mse:
                return found, usual
        return size, self._next_rate(size)

    def _next_rate(self, size: int) -> float:
        """Say what C to try next with a size."""
        goal = float(log2(self._goal))
        slope = _SLOPE
        # Estimates anew, as each encoding changes those of before.
        known = self._known[size].items()
        points = sorted((_steep(rate), self._octaves(each)) for rate, each in known)
        above = sum(octaves > goal for _, octaves in points)  # with less C, too many bytes
        bracketed = 0 < above < len(points)
        place, octaves = points[max(above - 1, 0)]
        if len(points) > 1:
            first = min(max(above - 1, 0), len(points) - 2)
            (low, more), (high, fewer) = points[first : first + 2]
            if bracketed and len(points) > _UNEVEN:
                return _rate_of((low + high) / 2)
            slope = (fewer - more) / (high - low)
            if not bracketed:
                slope = min(slope, _SLOPE / 4)
        step = (goal - octaves) / slope
        return _rate_of(place + min(max(step, -_STEP), _STEP))

    def _octaves(self, candidate: Candidate) -> float:
        return float(log2(self._all.estimate(candidate)))

    def _learn_anew(self, rate: float, part: float) -> None:
        """Predict by sizes of this C; of others C leaves a part."""
        self._all.prediction.forget()
        for size, known in self._known.items():
            found = known.get(rate)
            bytes_there = self._all.estimate(found or self._all.at(size))
            self._all.prediction.learn(size, round(bytes_there if found else part * bytes_there))

    def _resized(self, low: int, high: int, part: float) -> int:
        """Find the size whose bytes, of which C leaves a part, are about right."""
        self._learn_anew(self._usual, part)
        for _ in range(_RESIZED):
            size = max(self._size(high), low)
            size_bytes = part * self._all.estimate(self._all.at(size))
            self._all.prediction.learn(size, round(size_bytes))
            if abs(float(log2(size_bytes / self._goal))) < _FAR / 2:
                break
        return size

    # Sizes

    def _by_size(self) -> None:
        """Find the largest size that fits."""
        if (
            not self._all.encodings and self._all.format.packing == "contexts"
        ):  # fast encoding may say little
            self._encode(self._all.at(self._all.largest, self._asked))
        self._learn_anew(self._asked, 1.0)
        low, high = 0, self._all.largest + 1
        while self._left and (size := self._largest_size(low, high)) > low:
            if self._encode(self._all.at(size, self._asked)):
                low = size
            else:
                high = size
            if self._is_full():
                return

    def _largest_size(self, low: int, high: int) -> int:
        """Find the largest size between others that is estimated to fit, or the lower one."""
        for number in range(_SIZES):
            if high - low <= 1:
                break
            size = self._size(high - 1) if number % 3 < 2 else (low + high) // 2
            size = min(max(size, low + 1), high - 1)
            size_bytes = self._all.estimate(self._all.at(size, self._asked))
            self._all.prediction.learn(size, round(size_bytes))
            if size_bytes > self._goal:
                high = size
            else:
                low = size
                if size_bytes >= _FULL * self._limit:
                    break
        return low

    def _by_growing(self, *, sure: bool = False) -> None:
        """Add code-words by and by, while they fit, by estimates or surely."""
        base = self._best
        if base is None or base.rate:
            return
        growing = self._all.growing(base)

        def grown(step: int) -> Candidate:
            return self._all.grown(base, growing, step)

        if sure:
            last_step(lambda step: self._left > 0 and self._encode(grown(step)), 0, growing.steps)
            return
        low, high = 0, growing.steps
        while low < high and self._left and not self._is_full():
            step = self._last_filled(grown, low, high)
            if step == low:
                return
            low, high = (step, high) if self._encode(grown(step)) else (low, step - 1)

    def _last_filled(self, grown: Callable[[int], Candidate], low: int, high: int) -> int:
        """Find a step that about fills the bytes, or the last that is estimated to fit."""
        tries = itertools.count()

        def fits(step: int) -> bool:
            return next(tries) < _GROWN and self._all.estimate(grown(step)) <= self._goal

        return last_step(fits, low, high)

    def _anything(self) -> Candidate | None:
        """Find anything that fits."""
        size = self._size(self._all.largest)
        while size:
            candidate = self._all.at(size, self._asked)
            if self._encode(candidate):
                return candidate
            size = size // 2
        return None


def is_small(candidates: Candidates) -> bool:
    """Tell whether a picture has few pixels: all is uneven, and takes no time."""
    return candidates.picture.pixels[..., 0].size <= _SMALL


def rated_tries(candidates: Candidates) -> int:
    """Tell how many C may be tried."""
    return _RATED_SMALL if is_small(candidates) else _RATED


def _steep(rate: float) -> float:
    """Return what octaves of bytes fall with, about evenly."""
    return float(log2(1.0 + _STEEPNESS * rate))


def _rate_of(steep: float) -> float:
    """Return the C of that."""
    return stepped((_exp2(max(steep, 0.0)) - 1.0) / _STEEPNESS)


def stepped(rate: float) -> float:
    """Round C to a step, 0 to the most."""
    return min(max(round(_RATE_STEP * rate), 0) / _RATE_STEP, MOST_RATE)


def _exp2(octaves: float) -> float:
    """Raise two to that power, to some thousandths, in the same way on every machine."""
    whole = math.floor(octaves)
    part = octaves - whole
    return math.ldexp(1.0 + part * (0.6565 + 0.3435 * part), whole)
