"""One large picture that the workers of a cluster read and write."""

import contextlib
import functools
import logging
from collections.abc import Iterator
from typing import Any

from codec.dask.blocks import spread
from codec.dask.workers import PATIENCE, Progress, Workers, load_dask
from codec.encoder.streaming import Compressed, compress_blocks
from codec.errors import ClusterError, ParameterError
from codec.formats.registry import Format
from codec.settings import CompressSettings

_REACHED = 20.0  # seconds that a scheduler gets to answer


def compress_at(
    address: str,
    source: Any,
    sink: Any,
    settings: CompressSettings,
    format: Format,
    *,
    token: object = None,
    progress: Progress | None = None,
) -> Compressed:
    """Compress as `compress_far` does, on the cluster of a scheduler.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://10.0.0.1:8786``.
    source, sink, settings, format, token
        As for `codec.encoder.streaming.compress_blocks`.
    progress : callable, optional
        Told how many tasks are done, of how many.

    Raises
    ------
    ClusterError
        It cannot be reached (``no-scheduler``), or as `compress_files`.
    ImportError
        Dask is not installed.
    """
    with workers_at(address, progress) as workers:
        return compress_far(source, sink, settings, format, workers, token=token)


@contextlib.contextmanager
def workers_at(address: str, progress: Progress | None = None) -> Iterator[Workers]:
    """Reach the workers of a scheduler.

    Parameters
    ----------
    address, progress
        As for `compress_at`.

    Yields
    ------
    workers : Workers
        Those that there are, or will be.

    Raises
    ------
    ClusterError
        There is no scheduler (``no-scheduler``).
    ImportError
        Dask is not installed.
    """
    load_dask()
    from distributed import Client

    with _without_logs():
        try:
            client = Client(address, timeout=_REACHED, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError(
                f"there is no scheduler at {address}: dask scheduler starts one", "no-scheduler"
            ) from error
        with client:
            yield Workers(client, PATIENCE, progress)


@contextlib.contextmanager
def _without_logs() -> Iterator[None]:
    """Keep Dask from logging what becomes one line: that a scheduler is gone takes it forty."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def compress_far(
    source: Any,
    sink: Any,
    settings: CompressSettings,
    format: Format,
    workers: Workers,
    *,
    token: object = None,
) -> Compressed:
    """Compress as `compress_files` does, with settings that were checked."""
    if not hasattr(sink, "begin") or sink.block is None:
        raise ParameterError(
            "workers write blocks, each for itself, and this output is written from its "
            "beginning, or is an array in memory: Zarr is neither",
            "cluster",
        )
    return compress_blocks(
        source, sink, settings, format, token=token,
        spread=functools.partial(spread, workers=workers, writes=True),
    )  # fmt: skip
