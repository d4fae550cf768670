"""Targets in place of K: the fewest bytes that satisfy all that was asked for.

Every size of codebook comes from one training.
"""

from dataclasses import replace

from codec.encoder.candidates import Candidate, Candidates, Encoded, encode
from codec.encoder.demands import Demands
from codec.encoder.filling import Filling
from codec.encoder.knee import find_knee
from codec.encoder.picture import Picture
from codec.encoder.sparing import Sparing
from codec.encoder.steps import Compression, judge
from codec.errors import TargetError
from codec.formats.registry import Format
from codec.settings import CompressSettings
from codec.stopwatch import Stopwatch


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
        self._note: str | None = None

    def run(self) -> Compression:
        error, alone = self._settings.targets.max_error, self._all.largest == 1
        if self._settings.targets.auto and not alone:
            size, self._note = find_knee(self._all)
            return self._result(self._all.at(size, self._settings.rate_distortion or 0.0))
        if self._limit is not None and error is None and not self._demands and not alone:
            return self._filled(self._limit)
        if alone and (error is None or self._all.at(1).worst_error <= error):
            found = self._fewest() if self._demands else self._all.at(1)
        else:
            found = self._fewest() if error is None else self._bounded(error)
        if self._limit is not None and (size := self._all.encode(found).size_bytes) > self._limit:
            others = " for the other targets" if self._demands or error is not None else ""
            raise TargetError(
                f"{self._limit} bytes are too few{others}: it takes {size}", "target-not-reachable"
            )
        return self._result(found)

    def _filled(self, limit: int) -> Compression:
        """Find the least error for so many bytes."""
        if self._given is not None and (kept := self._kept(self._given, limit)) is not None:
            return kept
        filling = Filling(self._all, limit)
        found = filling.run()
        if self._is_best and not (found and found.chosen.is_all):
            hasty = self._hasty()
            other = Filling(hasty, limit).run()
            if other is not None:
                found = filling.better(self._all.adopt(other, hasty.encode(other)))
        if found is None:
            size_bytes = self._all.encode(self._all.at(1)).size_bytes
            raise TargetError(
                f"{limit} bytes are too few: it takes {size_bytes}", "target-not-reachable"
            )
        return self._result(found)

    def _fewest(self) -> Candidate:
        """Find the fewest bytes of so small an error."""
        if not self._is_best:
            return Sparing(self._all, self._demands).run()
        found: list[Candidate] = []
        refusal: TargetError | None = None
        for candidates in (self._all, self._hasty()):
            try:
                other = Sparing(candidates, self._demands).run()
                found.append(self._all.adopt(other, candidates.encode(other)))
            except TargetError as error:
                refusal = refusal or error
        if refusal is not None and not found:
            raise refusal
        return min(found, key=lambda each: self._all.encode(each).size_bytes)

    @property
    def _is_best(self) -> bool:
        """Whether what effort default finds is tried, too: other training may lead further."""
        return self._settings.effort == "best"

    def _hasty(self) -> Candidates:
        """Prepare the candidates of effort default."""
        settings = replace(self._settings, effort="default")
        return Candidates(self._all.picture, settings, self._format, self._watch)

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
        if candidate.chosen.is_all and self._given is not None:
            kept = self._kept(self._given, self._limit)
            if kept is not None:
                return kept
        encoded = self._all.encode(candidate)
        compression = judge(
            self._all.picture, candidate.chosen, candidate.labeled, encoded.indexed,
            exact=self._settings.exact,
        )  # fmt: skip
        return self._finished(compression, encoded, self._all.encodings, candidate.rate)

    def _kept(self, given: Compression, limit: int | None) -> Compression | None:
        """Keep the labels that a picture came with, if they fit."""
        encoded = encode(given.indexed, self._settings, self._format, self._watch)
        if limit is not None and encoded.size_bytes > limit:
            return None
        return self._finished(given, encoded, self._all.encodings + 1)

    def _finished(
        self, compression: Compression, encoded: Encoded, encodings: int, rate: float = 0.0
    ) -> Compression:
        return replace(
            compression,
            rate_distortion=rate,
            encodings=encodings,
            files=encoded.files,
            choice=self._note,
        )
