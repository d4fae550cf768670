"""The option `--scheduler`: many files for the workers of a cluster, or one that is no `.zarr`."""

import argparse
import contextlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.cli.codebooks import refuse_all, say_shared, share
from codec.cli.process import complain
from codec.cli.runner import OutputFolders, _make_bar, failure_of, in_words, with_notices
from codec.encoder.blocks import Progress
from codec.errors import ClusterError, CodecError, ParameterError
from codec.files import display_name
from codec.formats.registry import Format
from codec.jobs.batches import Orders, Outcome
from codec.jobs.collisions import Plan, PlannedFile
from codec.jobs.folders import far_folder
from codec.reports.report import FileReport
from codec.reports.totals import Totals
from codec.settings import CompressSettings, ReadOptions, WriteOptions


def compress_far(
    options: argparse.Namespace,
    format: Format,
    settings: CompressSettings,
    reading: ReadOptions,
    writing: WriteOptions,
    weights: npt.NDArray[np.uint8] | None,
    plan: Plan,
    show: Callable[[FileReport], None],
    totals: Totals,
    *,
    progress: bool,
) -> dict[str, Any]:
    """Have workers compress many files.

    Parameters
    ----------
    options : Namespace
        Those of the verb.
    format, settings, reading, writing, weights
        As for `codec.jobs.compress.compress_file`.
    plan : Plan
        The files.
    show : callable
        Called with every report, in the order of the plan, as soon as there is one; adds it up.
    totals : Totals
        The sums. If the cluster fails, all that is left has the same error, said once.
    progress : bool
        Draw a bar on stderr.

    Returns
    -------
    more : dict
        What JSON says besides.

    Raises
    ------
    ParameterError
        Workers cannot do what is asked for.
    ClusterError
        There is no scheduler.
    """
    if options.html:
        raise ParameterError(
            "--html shows what this process compresses, and with --scheduler others do", "html"
        )
    with (
        OutputFolders(options.directory) as folders,
        _counting(wanted=progress) as counting,
        far_folder(options.scheduler, plan, counting) as far,
    ):
        shared = None
        if options.shared_codebook:
            try:
                settings, shared = share(
                    options, format, settings, reading, plan, folders, weights, far=far
                )
            except ParameterError:
                raise
            except CodecError as error:
                refuse_all(plan, error, totals, quiet=options.quiet)
                return {}
        orders = Orders(
            settings, reading, weights, writing, format.name,
            share=options.max_bytes if isinstance(options.max_bytes, float) else None,
            measure=options.measure,
            locate=bool(options.json or options.verbose),
            shared=shared,
            colors=options.verbose,
        )  # fmt: skip
        outcomes = far.compress(orders, format, folders.make)
        _report(outcomes, len(plan), show, totals, progress=progress)
    if not shared or not totals.states["ok"]:
        return {}
    if not options.quiet:
        say_shared(shared.report)
    return {"shared_codebook": asdict(shared.report)}


def _report(
    outcomes: Generator[tuple[PlannedFile, Outcome], None, None],
    count: int,
    show: Callable[[FileReport], None],
    totals: Totals,
    *,
    progress: bool,
) -> None:
    """Show what became of files, as soon as it is known."""
    is_failed = False
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.closing(outcomes))
        bar = _make_bar(count) if progress and count > 1 else None
        if bar:
            stack.enter_context(contextlib.closing(bar))
        for planned, outcome in outcomes:
            if bar:
                bar.set_description_str(display_name(planned.source)[:40], refresh=False)
                bar.clear()
            if isinstance(outcome, FileReport):
                show(in_words(with_notices(outcome, planned.notices)))
            else:
                report = failure_of(planned.source, outcome)
                if not isinstance(outcome, ClusterError) or outcome.reason == "worker-killed":
                    show(report)
                else:
                    totals.add(report)
                    if not is_failed:
                        is_failed = True
                        complain(str(outcome), outcome.reason)
            if bar:
                bar.update()


@contextlib.contextmanager
def _counting(*, wanted: bool) -> Iterator[Progress]:
    """Give a bar that is drawn while colors are counted."""
    bar: Any = None

    def show(done: int, total: int) -> None:
        nonlocal bar
        if not wanted or total < 2:
            return
        if bar is None:
            bar = _make_bar(total)
            bar.set_description_str("counting colors")
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    try:
        yield show
    finally:
        if bar is not None:
            bar.close()
