"""What a run tells programs on stdout: a JSON document, or a line as soon as a file is done."""

import argparse
import json
import sys

from codec.reports.records import as_csv_header, as_csv_row, as_json, as_json_line
from codec.reports.report import FileReport
from codec.reports.totals import Totals


class Records(Totals):
    """The sums of a run, of which programs are told as they asked.

    Parameters
    ----------
    options : Namespace
        Those of the verb.
    files : int
        How many there are.
    with_colors : bool
        Tell the colors of each.
    keep : bool
        Keep every report even if programs do not ask for all in the end.
    """

    def __init__(
        self,
        options: argparse.Namespace,
        files: int,
        *,
        with_colors: bool = False,
        keep: bool = False,
    ) -> None:
        super().__init__(keep=keep or options.json == "--json", several=files > 1)
        self._asked, self._with_colors = options.json, with_colors
        self._is_begun = False

    def add(self, report: FileReport) -> None:
        """Add what became of a file, and print it if lines are asked for."""
        super().add(report)
        if self._asked == "--json-lines":
            print(as_json_line(report, with_colors=self._with_colors), flush=True)
        elif self._asked == "--csv":
            self._begin()
            _print_utf8(as_csv_row(report, with_colors=self._with_colors))

    def end(self, *, with_totals: bool = True, **more: object) -> None:
        """Print what is told in the end, with what there is more: all, or the sums alone.

        Lines of JSON end with one that alone has `totals`, None where sums make no sense.
        """
        if self._asked == "--json":
            print(as_json(
                self.reports, with_totals=with_totals, with_colors=self._with_colors, **more
            ))  # fmt: skip
        elif self._asked == "--json-lines":
            sums = self.facts() if with_totals else None
            print(json.dumps({"totals": sums, **more}), flush=True)
        elif self._asked == "--csv":
            self._begin()

    def _begin(self) -> None:
        if not self._is_begun:
            _print_utf8(as_csv_header(with_colors=self._with_colors))
        self._is_begun = True


def _print_utf8(line: str) -> None:
    """Print a line in UTF-8, whatever the console takes: this is for a file or a program."""
    stream = getattr(sys.stdout, "buffer", None)
    if stream is None:  # somebody put a stream of text in its place
        print(line, flush=True)
        return
    sys.stdout.flush()
    stream.write(f"{line}\n".encode(errors="backslashreplace"))
    stream.flush()
