"""One codebook for many pictures, as the verbs `train` and `compress` make it."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.cli.process import say
from codec.cli.runner import OutputFolders, Task, run
from codec.encoder.training import Pool
from codec.errors import ParameterError
from codec.files import check_targets
from codec.formats.codebooks import check_ending
from codec.formats.registry import Format, format_named
from codec.jobs.collisions import PlannedFile
from codec.jobs.plan import Naming, plan_compression
from codec.jobs.train import count_file, share_codebook, write_codebook
from codec.options import DEFAULT_FORMAT
from codec.reports.report import FileReport
from codec.reports.text import as_json, codebook_line
from codec.settings import CompressSettings, ReadOptions


def share(
    options: argparse.Namespace,
    format: Format,
    settings: CompressSettings,
    reading: ReadOptions,
    plan: Sequence[PlannedFile],
    folders: OutputFolders,
    weights: npt.NDArray[np.uint8] | None,
) -> tuple[CompressSettings, dict[str, Any]]:
    """Train one codebook for all inputs; where files can share it, write it and say where.

    Returns
    -------
    settings : CompressSettings
        With that codebook; as before if no input can be read.
    more : dict
        What JSON says of its file, ``shared_codebook``; empty if each output has a copy.

    Raises
    ------
    CodecError
        There is no place for the codebook; nothing was written.
    """
    if settings.keep_order:
        raise ParameterError(
            "--keep-order keeps indices of each picture, and --shared-codebook gives all the same",
            "keep_order",
        )
    once = bool(format.shared_name)
    if once and not options.directory:
        raise ParameterError(
            f"--shared-codebook needs -d, where {format.shared_name} is written "
            "(files of other formats have a copy each)",
            "shared_codebook",
        )
    target = Path(options.directory or "") / format.shared_name
    if once:
        folders.make(target.parent)
        check_targets([target], force=options.force)
    settings, pictures = share_codebook(plan, settings, reading, weights)
    if settings.given.codebook is None or not once:
        return settings, {}
    report = write_codebook(settings.given.codebook, pictures, target, force=options.force)
    if not options.quiet:
        say(codebook_line(report))
        say(
            f"{report.output}: notice: the label PNGs beside it need it; those elsewhere are "
            f"decompressed with --codebook {report.output}"
        )
    return settings, {"shared_codebook": asdict(report)}


def train(
    options: argparse.Namespace,
    settings: CompressSettings,
    show: Callable[[FileReport], None],
    *,
    progress: bool,
) -> list[FileReport]:
    """Train a codebook with all inputs that can be read, and write it.

    Returns
    -------
    reports : list of FileReport
        One an input.

    Raises
    ------
    CodecError
        No input can be read, or the codebook not be written.
    """
    check_ending(options.output)
    check_targets([options.output], force=options.force)
    reading = ReadOptions(options.first_frame, options.max_pixels, options.scale_range)
    pool = Pool(settings)
    # Nothing is written for each picture: what it would be named does not matter.
    naming, format = Naming(recursive=options.recursive), format_named(DEFAULT_FORMAT)
    plan = plan_compression([Path(name) for name in options.inputs], naming, format)
    tasks = [Task(planned.source, partial(count_file, planned, pool, reading)) for planned in plan]
    reports = run(tasks, show=show, progress=progress, parallel=False)
    codebook = pool.train()
    done = write_codebook(codebook, pool.pictures, options.output, force=options.force)
    if options.json:
        print(as_json(reports, with_totals=False, codebook=asdict(done)))
    if not options.quiet:
        say(codebook_line(done))
    return reports
