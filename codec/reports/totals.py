"""What became of many files: sums that grow, and all reports where they are asked for."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Self

from codec.reports.report import FileReport

STATES = ("ok", "skipped", "error", "left-out", "up-to-date")
_SUMMED = ("input_bytes", "raw_bytes", "output_bytes")


class Totals:
    """The sums of a run, which take the same memory whatever the number of files.

    Parameters
    ----------
    keep : bool
        Keep every report too.

    Attributes
    ----------
    reports : list of FileReport
        Those that are kept.
    states : Counter of str
        Number of files by status.
    """

    def __init__(self, *, keep: bool = False) -> None:
        self._keep = keep
        self.reports: list[FileReport] = []
        self.states: Counter[str] = Counter()
        self._sums = dict.fromkeys((*_SUMMED, "compressed"), 0)
        self._have_originals, self._seconds = True, 0.0

    @classmethod
    def of(cls, reports: Iterable[FileReport]) -> Self:
        """Add up and keep reports."""
        sums = cls(keep=True)
        for report in reports:
            sums.add(report)
        return sums

    def add(self, report: FileReport) -> None:
        """Add what became of a file; of those that were not done, no bytes count."""
        if self._keep:
            self.reports.append(report)
        self.states[report.status] += 1
        self._seconds += report.seconds
        if report.status != "ok":
            return
        for name in _SUMMED:
            self._sums[name] += getattr(report, name) or 0
        self._sums["compressed"] += report.compressed_bytes or 0
        self._have_originals &= report.ratio_file is not None

    def __len__(self) -> int:
        """How many files there are, with those that were left out."""
        return self.states.total()

    def facts(self) -> dict[str, Any]:
        """Tell the sums.

        Returns
        -------
        facts : dict
            Number of files by status, where those that were left out are no files of the run,
            their bytes, ratios of the sums, and seconds.
        """
        sums = {name: self._sums[name] for name in _SUMMED}
        compressed = self._sums["compressed"]
        has_originals = compressed and self._have_originals
        return {
            "files": len(self) - self.states["left-out"],
            **{status.replace("-", "_"): self.states[status] for status in STATES},
            **sums,
            "ratio_raw": sums["raw_bytes"] / compressed if compressed else None,
            "ratio_file": sums["input_bytes"] / compressed if has_originals else None,
            "seconds": self._seconds,
        }
