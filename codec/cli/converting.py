"""What the verb `convert` does."""

import argparse
from functools import partial
from pathlib import Path

from codec.cli.choices import naming_of
from codec.cli.outcomes import make_show
from codec.cli.records import Records
from codec.cli.runner import BlockBar, OutputFolders, Task, run, with_notices
from codec.errors import ImageError, ParameterError
from codec.formats.registry import Format, output_format_of
from codec.jobs.collisions import PlannedFile
from codec.jobs.convert import GIF, TARGETS, Conversion, convert_file
from codec.jobs.ours import LEFT_OUT
from codec.jobs.plan import plan_conversion
from codec.reports.report import FileReport
from codec.reports.text import compress_line
from codec.settings import ReadOptions


def convert(options: argparse.Namespace, *, progress: bool) -> Records:
    """Convert all inputs, and show a report of each.

    Returns
    -------
    totals : Records
        Of the inputs.

    Raises
    ------
    ParameterError
        The options contradict each other, or say of no format.
    """
    format = _format_for(options)
    format.check_writable()
    how = Conversion(format, options.effort, options.codebook, options.force)
    reading = ReadOptions(
        options.first_frame,
        options.max_pixels,
        keep_texts=options.keep_metadata,
        keep_profile=options.keep_metadata and format.holds_profile,
    )
    plan = plan_conversion(
        [Path(name) for name in options.inputs], naming_of(options), format, options.codebook
    )

    def work(planned: PlannedFile) -> FileReport:
        if planned.failure:
            raise planned.failure
        folders.make(planned.target.parent)
        try:
            report = convert_file(planned.source, planned.target, how, reading, progress=bar.show)
        except ImageError as error:
            if planned.is_found and error.reason == "no-palette":
                raise ImageError(str(error), LEFT_OUT) from error
            raise
        return with_notices(report, planned.notices)

    totals = Records(options, len(plan))
    show = make_show(options, compress_line, totals)
    bar = BlockBar(progress and len(plan) == 1)
    with OutputFolders(options.directory) as folders, bar:
        tasks = (Task(planned.source, partial(work, planned)) for planned in plan)
        run(tasks, total=len(plan), show=show, progress=progress, keep=False)
    return totals


def _format_for(options: argparse.Namespace) -> Format:
    """Choose the format by its name, or by that of the output."""
    asked = options.format
    if asked and asked not in TARGETS:
        raise ParameterError(f"format {asked!r} is not one of {', '.join(TARGETS)}", "format")
    if not options.output:
        if not asked:
            raise ParameterError("to which format? -o OUT or --format says it", "format")
        return TARGETS[asked]
    is_gif = options.output.name.lower().endswith(GIF.ending)
    named = GIF if is_gif else output_format_of(options.output)
    if asked and TARGETS[asked] is not named:
        raise ParameterError(f"--format {asked} contradicts the name of the output", "output-name")
    return named
