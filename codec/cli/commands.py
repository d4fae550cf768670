"""The command `kmcodec`: arguments in, exit codes out; no arithmetic.

Imports of what needs NumPy stand inside functions, so that help and wrong usage are instant.
"""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from codec.cli.arguments import make_parser
from codec.errors import CodecError, ParameterError
from codec.options import FORMAT_NAMES

if TYPE_CHECKING:
    from codec.jobs.compress import CompressOptions
    from codec.jobs.plan import Names
    from codec.reports.report import FileReport

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_SKIPPED = 0, 1, 2, 3
_NO_MEMORY = "not enough memory", "memory"


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
    _prepare_streams()
    _signals.clear()
    before = {
        number: signal.signal(number, _end)
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) not in (signal.SIG_IGN, None)
    }
    try:
        return _run(arguments)
    except ParameterError as error:
        _complain(str(error), error.reason)
        return EXIT_USAGE
    except CodecError as error:
        _complain(str(error), error.reason)
        return EXIT_FAILED
    except BrokenPipeError:
        # Whoever read our output has gone; nothing more can be said on it.
        _give_up_broken_streams()
        return EXIT_FAILED
    except OSError as error:
        from codec.files import as_file_error

        # A report could not be written, such as to a full disk.
        _give_up_broken_streams()
        failure = as_file_error(error)
        _complain(str(failure), failure.reason)
        return EXIT_FAILED
    except MemoryError:
        _complain(*_NO_MEMORY)
        return EXIT_FAILED
    except KeyboardInterrupt:
        _complain("interrupted", "interrupted")
        return 130
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = make_parser().parse_args(arguments)
        code = _COMMANDS[options.command](options)
        _obey()
        return code
    finally:
        sys.stdout.flush()


def _prepare_streams() -> None:
    """Make whatever we say printable, and give what we say a place if its stream is closed."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _give_up_broken_streams() -> None:
    """Let what is still to be written to a broken stream go nowhere."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


_signals: list[int] = []


def _end(number: int, frame: object = None) -> NoReturn:
    """End the run as SIGINT and SIGTERM ask."""
    _signals.append(number)
    # What libraries leave half made would complain of it.
    sys.unraisablehook = lambda unraisable: None
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


def _obey() -> None:
    """End the run if a signal came while an object was destroyed, where Python ignores errors."""
    if _signals:
        _end(_signals[0])


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _complain(message: str, reason: str | None, name: str | None = None) -> None:
    place = f"{name}: " if name else ""
    _say(f"kmcodec: error: {place}{message} ({reason})")


def _exit_code(reports: "Sequence[FileReport]") -> int:
    states = {report.status for report in reports}
    if "error" in states:
        return EXIT_FAILED
    return EXIT_SKIPPED if "skipped" in states else EXIT_OK


def _show(
    options: argparse.Namespace, line: "Callable[[FileReport], str]"
) -> "Callable[[FileReport], None]":
    """Make what prints a report as soon as its file is done."""
    from codec.reports.text import as_text

    def show(report: "FileReport") -> None:
        _obey()
        if report.status == "error":
            _complain(report.error or "", report.reason, report.input)
            return
        if options.quiet:
            return
        if report.status == "skipped":
            _say(f"{report.input}: skipped: {report.error}")
            return
        _say(as_text(report) if options.verbose else line(report))
        for notice in report.notices:
            _say(f"{report.input}: notice: {notice}")

    return show


def _finish(
    options: argparse.Namespace, reports: "Sequence[FileReport]", *, ratios: bool = True
) -> int:
    from codec.reports.text import as_json, totals_line

    if options.json:
        print(as_json(reports))
    if not reports and not options.quiet:
        _say("kmcodec: no files found")
    if len(reports) > 1 and not options.quiet:
        _say(totals_line(reports, ratios=ratios))
    return _exit_code(reports)


def _names(options: argparse.Namespace) -> "Names":
    from codec.jobs.plan import Names

    return Names(options.output, options.directory, options.recursive)


def _compress_options(options: argparse.Namespace) -> "CompressOptions":
    from codec.jobs.compress import CompressOptions

    given = {name: getattr(options, name) for name in CompressOptions.__dataclass_fields__
             if getattr(options, name, None) is not None}  # fmt: skip
    if "dither_strength" in given and options.dither == "none":
        raise ParameterError("--dither-strength needs --dither fs or ordered", "dither_strength")
    return CompressOptions(**given)


def _compress(options: argparse.Namespace) -> int:
    from codec.cli import runner
    from codec.formats.registry import format_of
    from codec.jobs import plan as batch
    from codec.jobs.compress import compress_file
    from codec.reports.text import compress_line
    from codec.settings import resolve_engine

    form = options.format or FORMAT_NAMES[0]
    if options.output:
        named = format_of(options.output).name
        if options.format not in (None, named):
            raise ParameterError(
                f"--format {options.format} contradicts the name of the output", "output-name"
            )
        form = named
    settings = replace(
        _compress_options(options),
        n_colors=options.colors,
        full_quality=options.verbose or options.json,
    )
    plan = batch.plan_compression([Path(name) for name in options.inputs], _names(options), form)
    reports = runner.run(
        plan,
        lambda job: compress_file(job.source, job.target, form, settings),
        folder=options.directory,
        show=_show(options, compress_line),
        progress=_wants_progress(options),
        # scikit-learn has threads of its own, and it cannot be told how to share them.
        parallel=resolve_engine(settings.engine) == "native",
    )
    return _finish(options, reports)


def _wants_progress(options: argparse.Namespace) -> bool:
    return sys.stderr.isatty() and not options.quiet


def _decompress(options: argparse.Namespace) -> int:
    from codec.cli import runner
    from codec.formats.registry import LABELS_SUFFIX
    from codec.images.writing import check_image_name
    from codec.jobs import plan as batch
    from codec.jobs.decompress import decompress_file
    from codec.reports.text import decompress_line

    if options.output:
        check_image_name(options.output)
        if options.output.name.lower().endswith(LABELS_SUFFIX):
            raise ParameterError(f"{LABELS_SUFFIX} names a compressed file", "output-name")
    if options.codebook and len(options.inputs) > 1:
        raise ParameterError("--codebook belongs to a single input", "codebook")
    plan = batch.plan_decompression(
        [Path(name) for name in options.inputs], _names(options), options.codebook
    )
    reports = runner.run(
        plan,
        lambda job: decompress_file(
            job.source,
            job.target,
            codebook=options.codebook,
            force=options.force,
            max_pixels=options.max_pixels,
        ),
        folder=options.directory,
        show=_show(options, decompress_line),
        progress=_wants_progress(options),
    )
    return _finish(options, reports, ratios=False)


def _info(options: argparse.Namespace) -> int:
    from codec.cli import runner
    from codec.jobs import plan as batch
    from codec.jobs.info import describe_file
    from codec.reports.text import as_json, as_text
    from codec.settings import resolve_engine

    if not options.inputs and not options.engine:
        raise ParameterError("name a file, or ask with --engine which engine runs", "usage")
    engine = resolve_engine("auto")
    if options.engine and not options.json:
        print(f"engine: {engine}")
    jobs_to_do = [batch.Job(Path(name), Path(name), ()) for name in options.inputs]

    def show(report: "FileReport") -> None:
        if report.status == "error":
            _complain(report.error or "", report.reason, report.input)
        elif not options.json:
            print(as_text(report))

    reports = runner.run(
        jobs_to_do,
        lambda job: describe_file(job.source, max_pixels=options.max_pixels),
        show=show,
    )
    if options.json:
        print(as_json(reports, engine=engine) if options.engine else as_json(reports))
    return _exit_code(reports)


def _report(options: argparse.Namespace) -> int:
    from codec.cli import runner
    from codec.jobs import plan as batch
    from codec.jobs.compare import compare_files
    from codec.reports.text import as_json, as_text

    settings = _compress_options(options)
    job = batch.Job(Path(options.original), Path(options.compressed), ())
    reports = runner.run([job], lambda job: compare_files(job.source, job.target, settings))
    for report in reports:
        if report.status != "ok":
            _complain(report.error or "", report.reason, report.input)
        elif not options.json:
            print(as_text(report))
        for notice in report.notices:
            _say(f"{report.input}: notice: {notice}")
    if options.json:
        print(as_json(reports))
    return _exit_code(reports)


def _sweep(options: argparse.Namespace) -> int:
    from codec.files import display_name
    from codec.jobs.sweep import sweep_file
    from codec.reports.report import FileReport
    from codec.reports.text import SWEEP_HEADER, as_json, sweep_line

    results = sweep_file(
        Path(options.input),
        options.colors,
        options.codebooks,
        options.format,
        _compress_options(options),
    )
    reports: list[FileReport] = []
    try:
        for report in results:
            _obey()
            if not options.json:
                if not reports:
                    for notice in report.notices:
                        _say(f"{report.input}: notice: {notice}")
                    print(SWEEP_HEADER)
                print(sweep_line(report), flush=True)
            reports.append(report)
    except (CodecError, MemoryError) as error:
        message, reason = (
            (str(error), error.reason) if isinstance(error, CodecError) else _NO_MEMORY
        )
        name = display_name(options.input)
        reports.append(FileReport(name, status="error", error=message, reason=reason))
        _complain(message, reason, name)
    if options.json:
        print(as_json(reports, with_totals=False))
    return _exit_code(reports)


_COMMANDS = {
    "compress": _compress,
    "decompress": _decompress,
    "info": _info,
    "report": _report,
    "sweep": _sweep,
}
