"""What became of many files: sums that grow, and all reports where they are asked for."""

import re
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from codec.reports.report import FileReport

STATES = (
    "ok", "could-shrink", "copied", "unchanged", "up-to-date", "skipped", "error", "left-out",
)  # fmt: skip
_SUMMED = ("input_bytes", "raw_bytes", "output_bytes")
# What notices of one kind may differ in: names of files, and numbers.
_OWN = re.compile(r"\S*[./\\]\w\S*|\d+")
_MOST_KINDS = 100


@dataclass
class _Kind:
    """Notices that say the same of several files."""

    notice: str
    name: str
    more: int = 0
    differ: bool = False


class NoticeSums:
    """Notices of many files by kind, which take the same memory whatever the number of files.

    Notices are of one kind if they differ in numbers and names alone.
    """

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def add(self, name: str, notice: str) -> bool:
        """Add what is to be known of a file; tell whether there was room for its kind."""
        key = _OWN.sub("", notice)
        kind = self._kinds.get(key)
        if kind is None and len(self._kinds) == _MOST_KINDS:
            return False
        if kind is None:
            self._kinds[key] = _Kind(notice, name)
        else:
            kind.more += 1
            kind.differ |= notice != kind.notice
        return True

    def lines(self) -> list[str]:
        """Tell each kind in a line: the notice of its first file, and how many more there are."""
        return [
            f"notice: {kind.notice}: {kind.name}{_more_files(kind)}"
            for kind in self._kinds.values()
        ]


def _more_files(kind: _Kind) -> str:
    if not kind.more:
        return ""
    own = " (with numbers or names of their own)" if kind.differ else ""
    return f" and {kind.more} more file{'s' if kind.more > 1 else ''}{own}"


class Totals:
    """The sums of a run, which take the same memory whatever the number of files.

    Parameters
    ----------
    keep : bool
        Keep every report too.
    several : bool
        Whether there is more than one file, so that notices are summed.

    Attributes
    ----------
    reports : list of FileReport
        Those that are kept.
    states : Counter of str
        Number of files by status.
    notices : NoticeSums or None
        What is to be said of several files in the end.
    """

    def __init__(self, *, keep: bool = False, several: bool = False) -> None:
        self._keep = keep
        self.notices = NoticeSums() if several else None
        self.reports: list[FileReport] = []
        self.states: Counter[str] = Counter()
        self._sums = dict.fromkeys((*_SUMMED, "compressed", "stayed"), 0)
        self._have_originals, self._seconds = True, 0.0
        self._begun = time.monotonic()

    @classmethod
    def of(cls, reports: Iterable[FileReport]) -> Self:
        """Add up and keep reports."""
        sums = cls(keep=True)
        for report in reports:
            sums.add(report)
        return sums

    def add(self, report: FileReport) -> None:
        """Add what became of a file; of those that are not there, no bytes count."""
        if self._keep:
            self.reports.append(report)
        self.states[report.status] += 1
        self._seconds += report.seconds
        if report.status in ("copied", "unchanged"):
            for name in ("input_bytes", "output_bytes"):
                self._sums[name] += getattr(report, name) or 0
            self._sums["stayed"] += report.output_bytes or 0
        if report.status not in ("ok", "could-shrink"):
            return
        for name in _SUMMED:
            self._sums[name] += getattr(report, name) or 0
        self._sums["compressed"] += report.compressed_bytes or 0
        self._have_originals &= report.ratio_file is not None

    def __len__(self) -> int:
        """How many files there are, with those that were left out."""
        return self.states.total()

    @property
    def elapsed(self) -> float:
        """Seconds since there was anything to sum."""
        return time.monotonic() - self._begun

    def facts(self) -> dict[str, Any]:
        """Tell the sums.

        Returns
        -------
        facts : dict
            Number of files by status, where those that were left out are no files of the run,
            their bytes, ratios of the sums, and their seconds, of which several pass at a time.
        """
        sums = {name: self._sums[name] for name in _SUMMED}
        compressed = self._sums["compressed"]
        written = compressed + self._sums["stayed"]
        has_originals = written and self._have_originals
        return {
            "files": len(self) - self.states["left-out"],
            **{status.replace("-", "_"): self.states[status] for status in STATES},
            **sums,
            "ratio_raw": sums["raw_bytes"] / compressed if compressed else None,
            "ratio_file": sums["input_bytes"] / written if has_originals else None,
            "seconds": self._seconds,
        }
