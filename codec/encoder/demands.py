"""What a result must be like: the targets that are no bytes, as errors that may be so large."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from codec.colors.lookup import look_up
from codec.colors.metrics import check_ssimulacra2, mean_ssim, psnr_db, ssimulacra2
from codec.colors.pixels import to_channels
from codec.encoder.candidates import Candidate
from codec.encoder.picture import Bytes, Picture
from codec.limits import MAX_CODEBOOK_SIZE
from codec.settings import CompressSettings


@dataclass(frozen=True)
class _Demand:
    """A measure that must have some value at least."""

    least: float
    measure: Callable[[Candidate], float]
    error: Callable[[float], float]  # of a value: falls to 0 where nothing is left to wish for
    text: str

    def met(self, candidate: Candidate) -> bool:
        return self.measure(candidate) >= self.least

    def excess(self, candidate: Candidate) -> float:
        """Tell the error in parts of what it may be."""
        error, most = self.error(self.measure(candidate)), self.error(self.least)
        return error / most if most > 0 else float("inf") if error > 0 else 0.0


class Demands:
    """All that is asked for.

    Parameters
    ----------
    picture : Picture
        The picture.
    settings : CompressSettings
        Its targets.
    """

    def __init__(self, picture: Picture, settings: CompressSettings) -> None:
        self._picture, self._settings = picture, settings
        targets = settings.targets
        if targets.min_ssimulacra2 is not None:
            check_ssimulacra2()
        self._slow = targets.min_ssimulacra2 is not None or targets.min_ssim is not None
        self._all = [
            _Demand(least, self._known(measure), error, text)
            for least, measure, error, text in (
                (targets.min_psnr, self._psnr, _squared, "{:.4g} dB"),
                (targets.min_ssim, self._ssim, _from_one, "SSIM {:.4g}"),
                (targets.min_ssimulacra2, self._ssimulacra2, _from_hundred, "SSIMULACRA2 {:.4g}"),
            )
            if least is not None
        ]

    def __bool__(self) -> bool:
        return bool(self._all)

    def __str__(self) -> str:
        return " and ".join(demand.text.format(demand.least) for demand in self._all)

    @property
    def are_slow(self) -> bool:
        """Whether measuring takes longer than choosing labels."""
        return self._slow

    def met(self, candidate: Candidate) -> bool:
        """Tell whether all are met."""
        return all(demand.met(candidate) for demand in self._all)

    def excess(self, candidate: Candidate) -> float:
        """Tell the greatest error in parts of what it may be."""
        return max(demand.excess(candidate) for demand in self._all)

    def best(self, candidate: Candidate) -> str:
        """Say what a candidate has instead of what is asked for."""
        return ", ".join(
            f"{demand.text.format(demand.least)} cannot be reached, "
            f"{demand.text.format(_rounded_down(demand.measure(candidate)))} can"
            for demand in self._all
            if not demand.met(candidate)
        )

    def nearer(self, candidate: Candidate) -> str:
        """Say what other training gets nearer, in brackets; empty if nothing is known to."""
        settings = self._settings
        ways = []
        if settings.n_colors < MAX_CODEBOOK_SIZE:
            ways.append(f"n_colors over {settings.n_colors}")
        least = settings.targets.min_psnr
        if settings.tune == "visual" and least is not None and self._psnr(candidate) < least:
            ways.append("tune='psnr'")
        if not ways:
            return ""
        return f" ({' and '.join(ways)} get{'s' if len(ways) == 1 else ''} nearer)"

    @staticmethod
    def _known(measure: Callable[[Candidate], float]) -> Callable[[Candidate], float]:
        """Measure a candidate once."""
        known: WeakKeyDictionary[Candidate, float] = WeakKeyDictionary()

        def look(candidate: Candidate) -> float:
            if candidate not in known:
                known[candidate] = measure(candidate)
            return known[candidate]

        return look

    def _psnr(self, candidate: Candidate) -> float:
        return psnr_db(candidate.mse)

    def _ssim(self, candidate: Candidate) -> float:
        found = mean_ssim(self._picture.pixels, self._decoded(candidate))
        return 1.0 if found is None and candidate.mse == 0 else found or 0.0

    def _ssimulacra2(self, candidate: Candidate) -> float:
        return float(ssimulacra2(self._picture.pixels, self._decoded(candidate)))

    def _decoded(self, candidate: Candidate) -> Bytes:
        codebook, labels, _ = candidate.labeled
        return look_up(to_channels(codebook, self._picture.pixels.shape[2]), labels)


def _squared(decibel: float) -> float:
    return 65025.0 / float(10.0 ** (decibel / 10.0))


def _from_one(value: float) -> float:
    return 1.0 - value


def _from_hundred(value: float) -> float:
    return 100.0 - value


def _rounded_down(value: float) -> float:
    """Leave four digits, so that what is named can be asked for."""
    digits = 3 - math.floor(math.log10(abs(value))) if value else 0
    return math.floor(value * 10.0**digits) / 10.0**digits
