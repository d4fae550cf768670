"""The verbs of the command `kmcodec`: arguments in, exit codes out; no arithmetic.

Imports of what needs NumPy stand inside functions, so that help and wrong usage are instant.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codec.cli.arguments import make_parser
from codec.cli.choices import check_names, naming_of, settings_of
from codec.cli.consoles import exact_names
from codec.cli.globs import expand
from codec.cli.outcomes import (
    exit_code,
    finish,
    is_done,
    make_show,
    say_notices,
    say_sums,
    wants_progress,
)  # fmt: skip
from codec.cli.pipes import piped
from codec.cli.process import (
    complain,
    guarded,
    obey_signals,
)
from codec.cli.usage import with_verb
from codec.errors import ParameterError
from codec.options import CHECKED_PSNR
from codec.threads import using_threads

if TYPE_CHECKING:
    from codec.jobs.collisions import PlannedFile
    from codec.reports.report import FileReport


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; those of the process by default.

    Returns
    -------
    code : int
        The exit code, as `kmcodec --help` lists them.
    """

    def work() -> int:
        given = sys.argv[1:] if arguments is None else arguments
        options = make_parser().parse_args(with_verb(given, tuple(_COMMANDS)))
        expand(options)
        if options.command in ("compress", "check"):
            check_names(options)
        with (
            using_threads(getattr(options, "jobs", None)),
            # Programs are told names as they are.
            nullcontext() if options.json else exact_names(),
            piped(options),
        ):
            return _COMMANDS[options.command](options)

    return guarded(work)


def _compress(options: argparse.Namespace) -> int:
    from codec.cli.compressing import compress

    return compress(options)


def _check(options: argparse.Namespace) -> int:
    from codec.cli.compressing import compress
    from codec.settings import Targets

    if all(getattr(options, name) in (None, False) for name in vars(Targets())):
        options.min_psnr = CHECKED_PSNR
    return compress(options)


def _train(options: argparse.Namespace) -> int:
    from codec.cli.codebooks import train

    settings = settings_of(options, options.colors)
    return exit_code(train(options, settings, progress=wants_progress(options)).states)


def _decompress(options: argparse.Namespace) -> int:
    from codec.cli.records import Records
    from codec.cli.runner import BlockBar, OutputFolders, Task, run, with_notices
    from codec.formats.registry import is_reserved
    from codec.images.writing import check_image_name
    from codec.jobs.decompress import decompress_file
    from codec.jobs.plan import plan_decompression
    from codec.reports.text import decompress_line

    if options.output:
        check_image_name(options.output)
        if is_reserved(options.output):
            raise ParameterError(f"{options.output.name} names a compressed file", "output-name")
    plan = plan_decompression(
        [Path(name) for name in options.inputs], naming_of(options), options.codebook
    )
    totals = Records(options, len(plan))

    def work(planned: "PlannedFile") -> "FileReport":
        if planned.failure:
            raise planned.failure
        folders.make(planned.target.parent)
        report = decompress_file(
            planned.source,
            planned.target,
            codebook=options.codebook,
            force=options.force,
            max_pixels=options.max_pixels,
            require_seal=options.require_seal,
            progress=bar.show,
        )
        return with_notices(report, planned.notices)

    bar = BlockBar(wants_progress(options) and len(plan) == 1)
    with OutputFolders(options.directory) as folders, bar:
        run(
            (Task(planned.source, partial(work, planned)) for planned in plan),
            total=len(plan),
            show=make_show(options, decompress_line, totals),
            progress=wants_progress(options),
            keep=False,
        )
    return finish(options, totals, ratios=False)


def _convert(options: argparse.Namespace) -> int:
    from codec.cli.converting import convert

    return finish(options, convert(options, progress=wants_progress(options)))


def _info(options: argparse.Namespace) -> int:
    from importlib.util import find_spec

    from codec.cli.records import Records
    from codec.cli.runner import Task, run
    from codec.cli.swatches import with_swatches
    from codec.jobs.info import describe_file
    from codec.reports.text import as_text
    from codec.settings import resolve_engine

    if not options.inputs and not options.engine:
        raise ParameterError("name a file, or ask with --engine which engine runs", "usage")
    if options.engine and options.json == "--csv":
        raise ParameterError("--csv has rows of files alone, and none for --engine", "usage")
    engine = resolve_engine("auto")
    if options.engine and not options.json:
        needs = engine == "sklearn" and find_spec("sklearn") is None
        print(
            f"engine: {engine}"
            + (', which needs scikit-learn: pip install "kmcodec[sklearn]"' * needs)
        )

    def show(report: "FileReport") -> None:
        totals.add(report)
        if report.status == "error":
            complain(report.error or "", report.reason, report.input)
        elif not options.json:
            print(with_swatches(as_text(report), report.colors, sys.stdout))
            if not report.format or report.tile:
                say_notices(report, totals.notices)

    paths = [Path(name) for name in options.inputs]
    totals = Records(options, len(paths), with_colors=True)
    tasks = [
        Task(path, partial(describe_file, path, max_pixels=options.max_pixels)) for path in paths
    ]
    run(tasks, show=show, keep=False)
    say_sums(totals.notices)
    more: dict[str, Any] = {"engine": engine} if options.engine else {}
    totals.end(**more)
    return exit_code(totals.states)


def _report(options: argparse.Namespace) -> int:
    from codec.cli.pages import finish_page, make_page
    from codec.cli.records import Records
    from codec.cli.runner import Task, attempt
    from codec.jobs.compare import Comparison
    from codec.reports.text import as_text
    from codec.settings import ReadOptions

    original, compressed = Path(options.original), [Path(name) for name in options.compressed]
    reading = ReadOptions(options.first_frame, options.max_pixels, options.scale_range)
    page = make_page(options, 1, [original, *compressed])
    totals = Records(options, 1, keep=bool(page))
    said: set[str] = set()
    with Comparison(original, reading, page) as comparison:
        for path in compressed:
            report = attempt(Task(original, partial(comparison.measure, path)))
            obey_signals()
            totals.add(report)
            if is_done(report) and not options.json:
                print(as_text(report, with_outputs=len(compressed) > 1), flush=True)
            say_notices(report, said=said)
            said.update(report.notices)
            if not comparison.is_open:  # which others need as well
                break
    more = finish_page(page, totals.reports)
    totals.end(with_totals=len(compressed) == 1, **more)
    return exit_code(totals.states)


def _sweep(options: argparse.Namespace) -> int:
    from codec.cli.pages import finish_page, make_page
    from codec.cli.records import Records
    from codec.cli.runner import attempt_each
    from codec.formats.registry import format_named
    from codec.jobs.sweep import sweep_file
    from codec.reports.text import SWEEP_HEADER, knee_line, sweep_line
    from codec.settings import ReadOptions

    format = format_named(options.format)
    format.check_writable()
    reading = ReadOptions(options.first_frame, options.max_pixels, options.scale_range)
    settings = settings_of(options, max(options.colors))
    paths = [Path(name) for name in options.inputs]
    page = make_page(options, len(paths), paths)
    totals = Records(options, len(paths), keep=bool(page))
    for path in paths:
        results = sweep_file(
            path, options.colors, options.codebooks, format, settings, reading, page
        )
        swept: list[FileReport] = []
        for report in attempt_each(path, results):
            obey_signals()
            totals.add(report)
            if is_done(report) and not options.json:
                if not swept:
                    say_notices(report, totals.notices)
                    if len(options.inputs) > 1:
                        print(f"{report.input}:")
                    print(SWEEP_HEADER)
                print(sweep_line(report), flush=True)
            swept.append(report)
        if not options.json and (line := knee_line(swept)):
            print(line)
    say_sums(totals.notices)
    more = finish_page(page, totals.reports)
    totals.end(with_totals=False, **more)
    return exit_code(totals.states)


_COMMANDS = {
    "compress": _compress,
    "check": _check,
    "decompress": _decompress,
    "convert": _convert,
    "train": _train,
    "info": _info,
    "report": _report,
    "sweep": _sweep,
}
