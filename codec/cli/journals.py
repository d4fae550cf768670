"""The journal of a run of many files into a folder; imported where there is one."""

import argparse

import numpy as np
import numpy.typing as npt

from codec.cli.process import say
from codec.cli.runner import OutputFolders
from codec.errors import CodecError
from codec.formats.registry import Format
from codec.jobs.collisions import Plan
from codec.jobs.journal import Journal
from codec.jobs.marks import digest_of
from codec.settings import CompressSettings, ReadOptions


def open_journal(
    options: argparse.Namespace,
    format: Format,
    settings: CompressSettings,
    reading: ReadOptions,
    weights: npt.NDArray[np.uint8] | None,
    plan: Plan,
    folders: OutputFolders,
) -> Journal:
    """Open the journal of a run of many files in the folder of `-d`.

    Returns
    -------
    journal : Journal
        With what was noted of the same command, if that was ended.
    """
    try:
        folders.make(options.directory)
    except CodecError:  # which is said of each output
        return Journal(None, b"", say)
    command = digest_of(
        format.name, settings, reading, weights,
        options.max_bytes, options.shared_codebook, options.skip_if_larger,
    )  # fmt: skip
    tell = (lambda line: None) if options.quiet else say
    return Journal(
        options.directory, command, tell,
        counts=options.shared_codebook, stays=options.same_names, force=options.force,
    )  # fmt: skip
