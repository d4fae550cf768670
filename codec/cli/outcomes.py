"""What is said of files, one after the other and in the end, and the exit code."""

import argparse
import sys
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from codec.cli.process import (
    EXIT_FAILED,
    EXIT_OK,
    EXIT_SKIPPED,
    complain,
    obey_signals,
    say,
)

if TYPE_CHECKING:
    from codec.cli.records import Records
    from codec.reports.report import FileReport
    from codec.reports.totals import NoticeSums, Totals


def exit_code(states: Collection[str]) -> int:
    """Tell the exit code of a run whose files have these states."""
    if "error" in states or "could-shrink" in states:
        return EXIT_FAILED
    return EXIT_SKIPPED if "skipped" in states else EXIT_OK


def make_show(
    options: argparse.Namespace,
    line: "Callable[[FileReport], str]",
    totals: "Totals | None" = None,
) -> "Callable[[FileReport], None]":
    """Make what prints a report, and adds it up, as soon as its file is done."""
    from codec.cli.swatches import with_swatches
    from codec.reports.text import as_text

    silent: tuple[str, ...] = ()
    if not options.verbose and totals is not None and totals.notices is not None:
        # Of which the sums tell how many there are.
        silent = ("up-to-date", "compressed-already")
    if not options.verbose and options.command == "check":
        silent = ("unchanged",)

    # Where nobody named an output, which of several files is to be looked for is news.
    names_itself = (
        options.command == "compress" and totals is not None and totals.notices is None
        and not (options.output or options.directory or options.in_place)
    )  # fmt: skip

    def show(report: "FileReport") -> None:
        obey_signals()
        if totals is not None:
            totals.add(report)
        if report.status == "error":
            complain(report.error or "", report.reason, report.input)
            return
        if options.quiet:
            return
        # Of what is behind a link nobody knows whether it was meant.
        words = {report.status, report.reason if report.status == "unchanged" else None}
        if not words.isdisjoint(silent) and report.reason != "symlink":
            return
        if report.status != "ok":
            say(f"{report.input}: {_in_plain_words(report)}")
            return
        if options.verbose:
            say(with_swatches(as_text(report), report.colors, sys.stderr))
        else:
            say(line(report))
            if names_itself:
                say(f"{report.input}: written to {' and '.join(reversed(report.outputs))}")
        say_notices(report, None if options.verbose or totals is None else totals.notices)

    return show


def _in_plain_words(report: "FileReport") -> str:
    """Say why a file was not compressed."""
    if report.reason == "exists":
        return f"kept: {(report.error or '').removeprefix('cannot write ')}"
    return f"{report.status.replace('-', ' ')}: {report.error}"


def is_done(report: "FileReport") -> bool:
    """Tell whether a file was done, and say if not."""
    if report.status == "skipped":
        say(f"{report.input}: skipped: {report.error}")
    elif report.status != "ok":
        complain(report.error or "", report.reason, report.input)
    return report.status == "ok"


def say_notices(
    report: "FileReport", sums: "NoticeSums | None" = None, said: Collection[str] = ()
) -> None:
    """Say what a user should know of a file, but for what was said; or sum it for the end."""
    for notice in report.notices:
        if notice not in said and not (sums and sums.add(report.input, notice)):
            say(f"{report.input}: notice: {notice}")


def say_sums(sums: "NoticeSums | None") -> None:
    """Say what was summed of several files."""
    for line in sums.lines() if sums else ():
        say(line)


def finish(
    options: argparse.Namespace,
    totals: "Records",
    *,
    ratios: bool = True,
    **more: Any,
) -> int:
    """Say the sums of a run, and tell programs what there is more; tell the exit code."""
    from codec.reports.text import totals_line

    totals.end(**more)
    if not len(totals) and not options.quiet:
        say("kmcodec: no files found")
    say_sums(totals.notices)
    if len(totals) > 1 and not options.quiet:
        say(totals_line(totals, ratios=ratios))
    return exit_code(totals.states)


def wants_progress(options: argparse.Namespace) -> bool:
    """Tell whether there is somebody to see a bar."""
    return sys.stderr.isatty() and not options.quiet
