"""One codebook for many pictures, as the verbs `train` and `compress` make it."""

import argparse
import itertools
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from codec.cli.outcomes import make_show, say_sums
from codec.cli.process import complain, say
from codec.cli.records import Records
from codec.cli.runner import OutputFolders, Task, failure_of, run
from codec.cli.words import in_words_of_the_command
from codec.encoder.training import Pool
from codec.errors import CodecError, ParameterError
from codec.files import check_targets
from codec.formats.codebooks import check_ending, holds_alpha
from codec.formats.registry import Format, format_named
from codec.jobs.collisions import Plan
from codec.jobs.plan import Naming, plan_compression
from codec.jobs.train import SharedCodebook, count_file, share_codebook, write_codebook
from codec.options import DEFAULT_FORMAT
from codec.reports.report import CodebookReport
from codec.reports.text import codebook_line
from codec.reports.totals import Totals
from codec.settings import CompressSettings, ReadOptions

if TYPE_CHECKING:
    from codec.jobs.folders import FarFolder
    from codec.jobs.journal import Journal


def share(
    options: argparse.Namespace,
    format: Format,
    settings: CompressSettings,
    reading: ReadOptions,
    plan: Plan,
    folders: OutputFolders,
    weights: npt.NDArray[np.uint8] | None,
    journal: "Journal | None" = None,
    far: "FarFolder | None" = None,
) -> tuple[CompressSettings, SharedCodebook | None]:
    """Train one codebook for all inputs, or go on from what a run that was ended did of it.

    Workers count their colors, if there are any.

    Returns
    -------
    settings : CompressSettings
        With that codebook; as before if no input can be read.
    shared : SharedCodebook or None
        Its file, not yet written, where files can share it; None if each output has a copy.

    Raises
    ------
    CodecError
        There is no place for the codebook; nothing was written.
    """
    for contradicts, says, name in (
        (settings.keep_order, "--keep-order keeps indices of", "keep_order"),
        (bool(settings.targets), "a target chooses code-words for", "targets"),
    ):
        if contradicts:
            raise ParameterError(
                f"{says} each picture, and --shared-codebook gives all the same", name
            )
    once = bool(format.shared_name)
    if once and not options.directory:
        raise ParameterError(
            f"--shared-codebook needs -d, where {format.shared_name} is written "
            "(files of other formats have a copy each)",
            "shared_codebook",
        )
    if not len(plan):
        return settings, None
    target = Path(options.directory or "") / format.shared_name
    if once:
        folders.make(target.parent)
        check_targets([target], force=options.force or _is_ours(target, journal))
    if far:
        settings, counted = far.share_codebook(plan, settings, reading, weights)
    else:
        settings, counted = share_codebook(plan, settings, reading, weights, journal)
    if settings.given.codebook is None or not once:
        return settings, None
    pictures = int(counted.sum())
    force = options.force or _is_ours(target, journal)
    shared = SharedCodebook(settings.given.codebook, pictures, target, force=force)
    # What may be skipped in the end may be as it was.
    anew = () if options.skip_if_larger else itertools.compress(plan, counted)
    outputs = (
        planned.target
        for planned in anew
        if options.force or _is_ours(planned.target, journal, planned.source)
    )
    shared.check_place(outputs, options.max_pixels)
    return settings, shared


def _is_ours(path: Path, journal: "Journal | None", source: Path | None = None) -> bool:
    """Tell whether a run that was ended has left a file as it is."""
    return journal is not None and journal.owns(path, source)


def say_shared(report: CodebookReport) -> None:
    """Say where the codebook of all is, and what for."""
    say(codebook_line(report))
    say(
        f"{report.output}: notice: the label PNGs beside it need it; those elsewhere are "
        f"decompressed with --codebook {report.output}"
    )


def refuse_all(plan: Plan, error: CodecError, totals: Totals, *, quiet: bool) -> None:
    """Say once why no input is compressed, and add it up for each that is not at fault itself."""
    for planned in plan:
        totals.add(failure_of(planned.source, planned.failure or error))
    if failure_of(plan[0].source, error).status == "error":
        complain(str(error), error.reason)
    elif not quiet:
        say(f"skipped: {in_words_of_the_command(str(error))}")


def train(
    options: argparse.Namespace,
    settings: CompressSettings,
    *,
    progress: bool,
) -> Totals:
    """Train a codebook with all inputs that can be read, and write it.

    Returns
    -------
    totals : Totals
        Of the inputs.

    Raises
    ------
    CodecError
        No input can be read, or the codebook not be written.
    """
    check_ending(options.output)
    opaque, keep = not holds_alpha(options.output), settings.given.keep
    if opaque and keep is not None and (keep[:, -1] != 255).any():
        raise ParameterError("a .gpl has no alpha, which a color of --keep has", "keep")
    check_targets([options.output], force=options.force)
    reading = ReadOptions(options.first_frame, options.max_pixels, options.scale_range)
    pool = Pool(settings, opaque=opaque)
    # Nothing is written for each picture: what it would be named does not matter.
    naming, format = Naming(recursive=options.recursive), format_named(DEFAULT_FORMAT)
    plan = plan_compression([Path(name) for name in options.inputs], naming, format)
    totals = Records(options, len(plan))
    show = make_show(
        options, lambda report: f"{report.input}  {report.unique_colors} colors", totals
    )
    run(
        (Task(one.source, partial(count_file, one, pool, reading)) for one in plan),
        total=len(plan), show=show, progress=progress, parallel=False, keep=False,
    )  # fmt: skip
    say_sums(totals.notices)
    try:
        codebook = pool.train()
    except CodecError:
        totals.end(with_totals=False)
        raise
    done = write_codebook(codebook, pool.pictures, options.output, force=options.force)
    totals.end(with_totals=False, codebook=asdict(done))
    if not options.quiet:
        say(codebook_line(done))
    return totals
