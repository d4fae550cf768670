"""What the verb `compress` does."""

import argparse
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path

from codec.cli.choices import format_for, is_dropin, naming_of, reading_of, settings_of, targets_of
from codec.cli.outcomes import finish, make_show, wants_progress
from codec.cli.pages import finish_page, make_page
from codec.cli.process import say
from codec.cli.records import Records
from codec.cli.runner import BlockBar, OutputFolders, Task, run, with_notices
from codec.errors import CodecError, ParameterError
from codec.files import display_name
from codec.jobs.collisions import Plan, PlannedFile
from codec.jobs.compress import compress_file
from codec.jobs.ours import UP_TO_DATE, check_not_decoded
from codec.jobs.plan import plan_compression
from codec.reports.report import FileReport
from codec.reports.text import compress_line
from codec.settings import Targets, WriteOptions


def compress(options: argparse.Namespace) -> int:
    """Compress all inputs, and tell the exit code.

    Raises
    ------
    ParameterError
        The options contradict each other, or the inputs.
    """
    format = format_for(options)
    settings = settings_of(options, options.colors)
    reading = reading_of(options, format)
    look = targets_of(options) if options.command == "check" else Targets()
    writing = WriteOptions(
        options.force, options.skip_if_larger,
        getattr(options, "shrink", 0.0), only_tell=not getattr(options, "mend", True), look=look,
    )  # fmt: skip
    if format.piecewise:
        from codec.jobs.large import check_options

        check_options(
            settings, weights=options.weights, html=options.html,
            shared_codebook=options.shared_codebook, scale_range=options.scale_range,
        )  # fmt: skip
    weights = None
    if options.weights:
        from codec.jobs.train import read_weights

        weights = read_weights(options.weights, reading)
    inputs = [Path(name) for name in options.inputs]
    plan = plan_compression(inputs, naming_of(options), format, options.max_pixels)
    totals = Records(options, len(plan), keep=bool(options.html))
    # All workers do a picture that becomes a .zarr, and each of them some of many files.
    if options.scheduler and plan and not (len(plan) == 1 and format.name == "zarr"):
        from codec.cli.clusters import compress_far

        more = compress_far(
            options, format, settings, reading, writing, weights, plan,
            make_show(options, compress_line, totals), totals, progress=wants_progress(options),
        )  # fmt: skip
        return finish(options, totals, **more)
    paths = [path for one in plan for path in (one.source, *one.files)] if options.html else []
    page = make_page(options, len(plan), paths)

    def work(planned: PlannedFile) -> FileReport:
        if planned.failure:
            raise planned.failure
        if planned.is_found and not stands_in:
            check_not_decoded(planned.source, options.max_pixels)
        folders.make(planned.target.parent)
        files = planned.files[-1:] if shared else planned.files
        do = partial(compress_dropin if stands_in else compress_one, planned)
        try:
            report = journal.once(planned, files, writing, do) if journal else do(writing)
        except CodecError as error:
            if error.reason == UP_TO_DATE and shared and journal:
                shared.write(journal.claim)  # which may be missing
            raise
        return with_notices(report, planned.notices)

    def compress_dropin(planned: PlannedFile, writing: WriteOptions) -> FileReport:
        from codec.jobs import dropins

        do = partial(compress_one, planned)
        return dropins.compress_dropin(
            planned, writing, do, options.max_pixels,
            must_shrink=settings.given.codebook is None,
        )  # fmt: skip

    def compress_one(planned: PlannedFile, writing: WriteOptions) -> FileReport:
        return compress_file(
            planned.source, planned.target, format, settings, reading, writing,
            share=options.max_bytes if isinstance(options.max_bytes, float) else None,
            measure=options.measure or bool(page),
            locate=bool(options.json or options.verbose or page),
            shared=shared, weights=weights, page=page, progress=bar.show,
            scheduler=options.scheduler, stands_in=stands_in,
        )  # fmt: skip

    shared = None
    more = {}
    stands_in = is_dropin(options)
    bar = BlockBar(wants_progress(options) and len(plan) == 1)
    with OutputFolders(options.directory) as folders, ExitStack() as opened:
        opened.enter_context(bar)
        journal = None
        # What is written in blocks has its name before it is whole, and is continued by itself.
        if options.same_names or (options.directory and len(plan) > 1 and not format.piecewise):
            from codec.cli.journals import open_journal

            journal = opened.enter_context(
                open_journal(options, format, settings, reading, weights, plan, folders)
            )
        if options.shared_codebook:
            from codec.cli.codebooks import refuse_all, say_shared, share

            try:
                settings, shared = share(
                    options, format, settings, reading, plan, folders, weights, journal
                )
            except ParameterError:
                raise
            except CodecError as error:
                if journal:
                    journal.finish()  # which was not killed, and leaves nothing
                refuse_all(plan, error, totals, quiet=options.quiet)
                return finish(options, totals)
        run(
            (Task(planned.source, partial(work, planned)) for planned in plan),
            total=len(plan),
            show=make_show(options, compress_line, totals),
            progress=wants_progress(options),
            # scikit-learn has threads of its own, and it cannot be told how to share them.
            parallel=settings.engine == "native",
            keep=False,
        )
        if journal:
            journal.finish()
    if not options.quiet:
        _say_left_out(options, plan)
    if shared and totals.states["ok"] + totals.states["up-to-date"]:
        more = {"shared_codebook": asdict(shared.report)}
        if not options.quiet:
            say_shared(shared.report)
    more |= finish_page(page, totals.reports, quiet=options.quiet)
    code = finish(options, totals, **more)
    if totals.states["could-shrink"] and not options.quiet:
        say("kmcodec check --mend makes them smaller")
    return code


def _say_left_out(options: argparse.Namespace, plan: Plan) -> None:
    """Say what of directories was not looked at."""
    if plan.not_entered:
        first, more = display_name(plan.not_entered[0]), len(plan.not_entered) - 1
        others = f" and {more} more" if more else ""
        say(f"notice: links to directories, and -d, are not looked into: {first}{others}")
    if options.same_names and plan.passed_over:
        say(f"notice: files that are no pictures are not copied: {plan.passed_over}")
