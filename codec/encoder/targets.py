"""Targets in place of K: the fewest bytes that satisfy all that was asked for.

Every size of codebook comes from one training. Its error is known without encoding, its bytes are
predicted, so that few files are encoded. A codebook is never smaller than it has to be where
labels chosen for their bytes make up for its size: C, how much bytes count beside errors, is the
fine adjustment.
"""

from dataclasses import replace

import numpy as np

from codec.encoder.candidates import MOST_RATE, Candidate, Candidates, Encoded, encode, rate_times
from codec.encoder.demands import Demands
from codec.encoder.growing import MOST_ADDED, last_step
from codec.encoder.knee import find_knee
from codec.encoder.picture import Picture
from codec.encoder.prediction import count_neighbors, entropy_bytes, log2
from codec.encoder.steps import Compression, judge
from codec.errors import TargetError
from codec.formats.registry import Format
from codec.settings import CompressSettings
from codec.stopwatch import Stopwatch

_ENCODINGS = 4
_FULL, _WIDE = 0.95, 0.7  # of the bytes: enough, and far from it
_ENOUGH = 0.7  # if predicted bytes are so few, all will fit
_AIM = 0.985  # of what is allowed
_AIM_LATE = 0.9  # at the least, if nothing fits so far
_AIM_GROWN, _LITTLE_MORE = 0.975, 1.12
_GUESSES = 4  # of a size, before halves are taken
_NEAR = 0.977  # of the error: 0.1 dB
_USUAL_RATE = 1.0  # C
_RATE_SAVES, _RATE_SPENDS = 0.7, 1.3  # bytes are about (1 + C) ** -that; of a smaller C
_RATE_ERRS = 1.4  # times the error, of the usual C
_LEAST_SAVED, _RATINGS = 0.1, 4
_AIM_ERROR = 0.99


def meet_targets(
    picture: Picture,
    given: Compression | None,
    settings: CompressSettings,
    format: Format,
    watch: Stopwatch,
) -> Compression:
    """Find the fewest bytes that satisfy all targets; of bytes alone, the least error.

    Parameters
    ----------
    picture : Picture
        The picture.
    given : Compression or None
        The same with the labels that it came with, if they are to be kept where all fits.
    settings : CompressSettings
        The targets; the number of colors is the largest that is allowed.
    format : Format
        Whose bytes count.
    watch : Stopwatch
        Times the stages.

    Returns
    -------
    compression : Compression
        With its files.

    Raises
    ------
    TargetError
        They cannot be met; the message names the best that can be.
    """
    return _Search(picture, given, settings, format, watch).run()


class _Search:
    """A search among candidates."""

    def __init__(
        self,
        picture: Picture,
        given: Compression | None,
        settings: CompressSettings,
        format: Format,
        watch: Stopwatch,
    ) -> None:
        self._given, self._format, self._settings, self._watch = given, format, settings, watch
        self._all = Candidates(picture, settings, format, watch)
        self._demands = Demands(picture, settings)
        self._limit = settings.targets.max_bytes
        self._bytes = self._limit or 0  # where they are all that is asked for
        self._tried: dict[int, tuple[Candidate, Encoded]] = {}
        self._note: str | None = None

    def run(self) -> Compression:
        error, alone = self._settings.targets.max_error, self._all.largest == 1
        if self._settings.targets.auto and not alone:
            size, self._note = find_knee(self._all)
            return self._result(self._all.at(size, self._rate(0.0)))
        if error is None and not self._demands and not alone:
            return self._fill()
        if alone and (error is None or self._all.at(1).worst_error <= error):
            found = self._fewest() if self._demands else self._all.at(1)
        else:
            found = self._fewest() if error is None else self._bounded(error)
        if self._limit is not None and (size := self._encode(found).size_bytes) > self._limit:
            others = " for the other targets" if self._demands or error is not None else ""
            raise TargetError(
                f"{self._limit} bytes are too few{others}: it takes {size}", "target-not-reachable"
            )
        return self._result(found)

    def _rate(self, usual: float) -> float:
        """C that was asked for, or else the usual one."""
        asked = self._settings.rate_distortion
        return usual if asked is None else asked

    @property
    def _adjusts(self) -> bool:
        """Whether C may be chosen, as far as it is known."""
        return self._settings.rate_distortion is None and self._all.rates

    def _encode(self, candidate: Candidate) -> Encoded:
        if id(candidate) not in self._tried:
            self._tried[id(candidate)] = candidate, self._all.encode(candidate)
        return self._tried[id(candidate)][1]

    # Bytes alone

    def _fill(self) -> Compression:
        """Find the least error for so many bytes."""
        if self._given is not None:
            encoded = encode(self._given.indexed, self._settings, self._format, self._watch)
            self._all.encodings += 1
            if encoded.size_bytes <= self._bytes:
                return self._finished(self._given, encoded)
        largest = self._all.largest
        if self._rate(0.0) == 0 and self._all.usual_bytes(largest) <= _ENOUGH * self._bytes:
            whole = self._all.at(largest)
            if self._encode(whole).size_bytes <= self._bytes:
                return self._result(whole)
        best, over = self._fill_by_size()
        if not self._is_full(best) and self._adjusts and (near := self._nearest(best, over)).rate:
            best = self._better(self._fill_by_rate(near), best)
        if best is None:
            best = self._fill_at_all()
        if not best.rate and not self._is_full(best):
            best = self._fill_by_growing(best)
        return self._result(best)

    def _nearest(self, best: Candidate | None, over: Candidate | None) -> Candidate:
        """Choose what needs least change to be full."""
        if best is None or over is None:
            return best or over or self._all.at(1)
        above = self._encode(over).size_bytes / self._bytes
        return over if above * self._encode(best).size_bytes <= self._bytes else best

    def _better(self, first: Candidate | None, second: Candidate | None) -> Candidate | None:
        """Choose what has less error of two that fit."""
        both = [candidate for candidate in (first, second) if candidate is not None]
        return min(both, key=lambda candidate: candidate.mse, default=None)

    def _is_full(self, candidate: Candidate | None, part: float = _FULL) -> bool:
        """Tell whether it leaves few bytes unused."""
        if candidate is None:
            return False
        return self._encode(candidate).size_bytes >= part * self._bytes

    def _fill_by_size(self) -> tuple[Candidate | None, Candidate | None]:
        """Find the largest size that fits and the least that does not, of three tried."""
        best: Candidate | None = None
        over: Candidate | None = None
        low, high, aim = 0, self._all.largest + 1, float(self._bytes)
        # The last encoding is for a finer adjustment, if that may be enough.
        while high - low > 1 and self._all.encodings < _ENCODINGS - (
            self._adjusts or high - low <= MOST_ADDED
        ):
            if best is None and over is not None and self._all.encodings >= _ENCODINGS - 2:
                excess = self._encode(over).size_bytes / self._bytes - 1
                aim = max(_AIM - excess / 4, _AIM_LATE) * self._bytes
            size = self._all.prediction.largest(aim, high - 1)
            size = max(size, low + 1, min(2, high - 1))
            if best is not None and over is None and not self._is_full(best, _WIDE):
                size = max(size, min(3 * low, high - 1))  # predictions are too high for drawings
            candidate = self._all.at(size, self._rate(_USUAL_RATE if self._adjusts else 0.0))
            size_bytes = self._encode(candidate).size_bytes
            self._all.prediction.learn(size, size_bytes)
            if size_bytes <= self._bytes:
                low, best = size, candidate
            else:
                high, over = size, candidate
            if self._is_full(best):
                break
            little = _LITTLE_MORE * self._bytes
            if over is not None and over.rate and self._encode(over).size_bytes <= little:
                break
            aim = _AIM * self._bytes
        return best, over

    def _fill_by_growing(self, base: Candidate) -> Candidate:
        """Add code-words to a candidate, by and by, while it fits."""
        growing = self._all.growing(base)
        power, best = self._all.power(), base
        for candidate, encoded in self._tried.values():
            if candidate.size > 1 or len(self._tried) == 1:  # a single label is worth nothing
                entropy = entropy_bytes(count_neighbors(candidate.labeled.labels))
                power.learn(entropy, len(candidate.labeled.codebook), encoded.size_bytes)

        def fits(step: int) -> bool:
            return power.fits(growing.entropy(step), growing.size(step), _AIM_GROWN * self._bytes)

        low, high = 0, growing.steps  # steps that fit, and the most that may
        while low < high and self._all.encodings < _ENCODINGS and not self._is_full(best):
            step = last_step(fits, low, high)
            if step == low:
                break
            candidate = self._all.grown(base, growing, step)
            size_bytes = self._encode(candidate).size_bytes
            power.learn(growing.entropy(step), growing.size(step), size_bytes)
            if size_bytes <= self._bytes:
                best, low = candidate, step
            else:
                high = step - 1
        return best

    def _fill_by_rate(self, base: Candidate) -> Candidate | None:
        """Let bytes count more or less in a candidate of about the right size, until it fits."""
        best: Candidate | None = None
        rate, size_bytes = base.rate, self._encode(base).size_bytes
        saves = _RATE_SAVES if size_bytes > self._bytes else _RATE_SPENDS
        while self._adjusts and self._all.encodings < _ENCODINGS:
            late = best is None and self._all.encodings == _ENCODINGS - 1
            aim = (_AIM_LATE if late else _AIM) * self._bytes
            wanted = float(log2(size_bytes / aim))
            before, rate = rate, rate_times(rate, wanted / saves)
            candidate = self._all.at(base.size, rate)
            if rate == before or not candidate.rate:
                break
            saved = float(log2(size_bytes / (size_bytes := self._encode(candidate).size_bytes)))
            if saved / wanted > _LEAST_SAVED:
                saves = min(max(saves * saved / wanted, _LEAST_SAVED), 1.5)
            if size_bytes <= self._bytes:
                best = self._better(candidate, best)
                if self._is_full(candidate):
                    break
        return best

    def _fill_at_all(self) -> Candidate:
        """Find anything that fits."""
        size = self._all.prediction.largest(_AIM_LATE * self._bytes, self._all.largest)
        while True:
            candidate = self._all.at(size, self._rate(_USUAL_RATE if self._adjusts else 0.0))
            size_bytes = self._encode(candidate).size_bytes
            if size_bytes <= self._bytes:
                return candidate
            if size == 1:
                raise TargetError(
                    f"{self._bytes} bytes are too few: it takes {size_bytes}",
                    "target-not-reachable",
                )
            size = max(2 * size // 3, 1)

    # Error

    def _fewest(self) -> Candidate:
        """Find the fewest bytes of so small an error."""
        rate = self._rate(0.0)
        high = self._all.at(self._all.largest, rate)
        if not self._demands.met(high):
            raise TargetError(self._demands.best(high), "target-not-reachable")
        low, last = 0, high
        for guess in range(2 * _GUESSES):
            if high.size - low <= 1 or self._demands.excess(high) >= _NEAR:
                break
            middle = (low + high.size) // 2
            if guess < _GUESSES:
                middle = min(max(self._guess(last), low + 1), high.size - 1)
            last = self._all.at(middle, rate)
            if self._demands.met(last):
                high = last
            else:
                low = middle
        if high.rate or high.chosen.is_all or high.size == 1:
            return high
        plain = self._grown_to_demands(low, high)
        rated = self._rated_to_demands(high) if self._adjusts else None
        if rated is None:
            return plain
        return min(rated, plain, key=lambda candidate: self._encode(candidate).size_bytes)

    def _rated_to_demands(self, plain: Candidate) -> Candidate | None:
        """Take more code-words than it needs, and let bytes count as much as that leaves room."""
        room = self._demands.excess(plain) * _RATE_ERRS
        size = min(max(self._guess(plain, room), plain.size), self._all.largest)
        without = self._demands.excess(self._all.at(size))
        best: Candidate | None = None
        met, missed = (0.0, without), (MOST_RATE, 0.0)  # C and excess; of none, 0
        rate = _USUAL_RATE
        for _ in range(_RATINGS):
            candidate = self._all.at(size, rate)
            if not candidate.rate:
                break
            excess = self._demands.excess(candidate)
            if self._demands.met(candidate):
                best, met = candidate, (rate, excess)
                if excess >= _NEAR:
                    break
            else:
                missed = rate, excess
            before, (low, least), (high, most) = rate, met, missed
            # On the line through two of them, or through the last one and what none would have.
            if not most:
                low, least, high, most = 0.0, without, low, least
            growth = (most - least) / max(high - low, 1e-9)
            rate = low + (_AIM_ERROR - least) / max(growth, 1e-9)
            rate = min(max(rate, 1 / 16), missed[0])
            if rate == before:
                break
        return best

    def _guess(self, last: Candidate, excess: float | None = None) -> int:
        """Guess the size whose error is what it may be, from that of another."""
        errors = self._all.merged_errors()
        size = min(last.size, len(errors))
        excess = self._demands.excess(last) if excess is None else excess
        most = errors[size - 1] / max(excess, 1e-9) * _AIM
        return int(np.count_nonzero(errors > most)) + 1

    def _grown_to_demands(self, low: int, enough: Candidate) -> Candidate:
        """Add to a size whose error is too large as much as it takes, if that is less."""
        if low < 1 or self._demands.excess(enough) >= _NEAR:
            return enough
        base = self._all.at(low)
        growing = self._all.growing(base)

        def misses(step: int) -> bool:
            return not self._demands.met(self._all.grown(base, growing, step))

        step = last_step(misses, 0, growing.steps) + 1
        if step > growing.steps:
            return enough
        grown = self._all.grown(base, growing, step)
        return min(grown, enough, key=lambda candidate: self._encode(candidate).size_bytes)

    def _bounded(self, error: int) -> Candidate:
        """Find few code-words that keep to a largest error, and to the others."""
        if self._all.largest == len(self._all.picture.visible) and error == 0:
            return self._all.at(self._all.largest)
        found = self._all.covered(error)
        if found is None:
            least = self._all.least_error()
            raise TargetError(
                f"a largest error of {error} cannot be reached"
                + (f", {least} can" if least < 256 else ""),
                "target-not-reachable",
            )
        if self._demands.met(found):
            return found
        best, low, high = None, 0, self._all.largest + 1
        closest = found
        while high - low > 1:
            middle = (low + high) // 2
            found = self._all.covered(error, middle)
            if found is None:  # more code-words than there are
                high = middle
            elif self._demands.met(found):
                best, high = found, middle
            else:
                closest, low = found, middle
        if best is None:
            exact = self._all.at(self._all.largest)
            if exact.chosen.is_all:
                return exact
            raise TargetError(self._demands.best(closest), "target-not-reachable")
        return best

    # Results

    def _result(self, candidate: Candidate) -> Compression:
        encoded = self._encode(candidate)
        if candidate.chosen.is_all and self._given is not None:
            given = encode(self._given.indexed, self._settings, self._format, self._watch)
            if self._limit is None or given.size_bytes <= self._limit:
                return self._finished(self._given, given)
        compression = judge(
            self._all.picture, candidate.chosen, candidate.labeled, encoded.indexed,
            exact=self._settings.exact,
        )  # fmt: skip
        return self._finished(compression, encoded, candidate.rate)

    def _finished(
        self, compression: Compression, encoded: Encoded, rate: float = 0.0
    ) -> Compression:
        return replace(
            compression,
            rate_distortion=rate,
            encodings=self._all.encodings,
            files=encoded.files,
            choice=self._note,
        )
