"""Tasks of Dask: on a cluster, whose workers come and go, or by `dask.compute`."""

import itertools
import math
import queue
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from codec.errors import ClusterError, ParameterError, not_imported

PATIENCE = 60.0  # seconds without any worker
_POLL = 1.0
_AT_ONCE = 16  # tasks where there is no cluster: what they return waits in memory
_AHEAD = 8  # times as many tasks as are under way may be done before an older one is
_KILLED = "worker-killed"
_SETTLE = 60.0  # seconds that tasks get to end when nobody waits for them any more

Progress = Callable[[int, int], None]
# What is under way: numbers of tasks, and futures, by key.
_Pending = dict[str, tuple[int, Any]]


def load_dask() -> Any:
    """Import Dask, which is an extra; not its arrays, which take most of a second.

    Raises
    ------
    ImportError
        It is not installed, or cannot be imported.
    """
    try:
        import dask
    except ImportError as error:
        cure = 'codec.dask needs Dask: pip install "kmcodec[dask]"'
        raise ImportError(not_imported(error, "dask", cure)) from error
    return dask


class Result(NamedTuple):
    """What a task returned.

    Parameters
    ----------
    number : int
        Which of the tasks.
    value : object
        What it returned.
    """

    number: int
    value: Any


class Workers:
    """Whoever does tasks.

    Parameters
    ----------
    client : distributed.Client or None
        Of a cluster; by default the present one, or none where there is none or where the
        scheduler of `dask.compute` is configured.
    patience : float
        Seconds without any worker after which that is an error.
    progress : callable, optional
        ``progress(done, total)`` is called after each task. The total grows where a picture turns
        out to need another pass.
    """

    def __init__(
        self, client: Any = None, patience: float = PATIENCE, progress: Progress | None = None
    ) -> None:
        self._dask = load_dask()
        self._client = client if client is not None else _present_client(self._dask)
        if not patience > 0:
            raise ParameterError(
                f"patience must be more than 0 seconds, not {patience}", "patience"
            )
        self._patience, self._progress = patience, progress
        self._done = self._total = 0
        self._names: dict[str, str] = {}

    @property
    def are_far(self) -> bool:
        """Whether they are a cluster, other processes that is."""
        return self._client is not None

    def count(self) -> int:
        """Tell how many tasks can be done at once; at least 1."""
        return max(1, sum(self._threads().values())) if self.are_far else 1

    def task(self, function: Callable[..., Any], verb: str, name: str, *arguments: Any) -> Any:
        """Make a task.

        Parameters
        ----------
        function : callable
            What is to be done.
        verb, name : str
            For dashboards, and for people: what is done with which part of a picture.
        *arguments : object
            Other tasks among them.
        """
        key = f"kmcodec-{verb}-{uuid.uuid4().hex}"
        self._names[key] = name
        return self._dask.delayed(function, pure=False)(*arguments, dask_key_name=key)

    def once(self, value: Any) -> Any:
        """Wrap what many tasks need, so that it reaches each worker once, and again if lost."""
        key = f"kmcodec-given-{uuid.uuid4().hex}"
        return self._dask.delayed(value, name=key, traverse=False)

    def run(self, tasks: Sequence[Any], before: Sequence[Any] = ()) -> Iterator[Result]:
        """Have tasks done.

        Parameters
        ----------
        tasks : sequence
            From `task`.
        before : sequence
            Tasks that these depend on; they count for progress, and their results stay away.

        Yields
        ------
        result : Result
            As they come.

        Raises
        ------
        ClusterError
            There are no workers, or they die of a task.
        """
        self._total += len(tasks) + len(before)
        if self.are_far:
            yield from self._run_far([*tasks, *before], len(tasks))
            return
        for first in range(0, len(tasks), _AT_ONCE):
            some = tasks[first : first + _AT_ONCE]
            for number, value in enumerate(self._dask.compute(*some), first):
                self._step(1 + len(before) // len(tasks))
                yield Result(number, value)

    def _step(self, size: int = 1) -> None:
        self._done += size
        if self._progress is not None:
            self._progress(min(self._done, self._total), self._total)

    def feed(
        self, function: Callable[..., Any], verb: str, given: Any, batches: Iterable[Any]
    ) -> Iterator[Result]:
        """Have any number of tasks done on a cluster, of which few are under way at a time.

        Parameters
        ----------
        function : callable
            ``function(given, batch)`` is what is to be done.
        verb : str
            For dashboards.
        given : object
            What all tasks need. It goes with each: a task of its own would be lost, and blamed,
            with the workers that had it.
        batches : iterable of (str, object)
            What each task gets, after its name for people. They are taken when there is room,
            and none is that is far ahead of one that is not done.

        Yields
        ------
        result : Result
            As they come. The value is a `ClusterError` where workers died of a task.

        Raises
        ------
        ClusterError
            There are no workers.
        """
        waiting, sent, room, looked = iter(batches), 0, 0, -math.inf

        def send(pending: _Pending) -> list[Any]:
            nonlocal sent, room, looked
            if time.monotonic() - looked >= _POLL:  # workers come and go
                room, looked = 2 * self.count() + 2, time.monotonic()
            first = min((number for number, _ in pending.values()), default=sent)
            free = min(room - len(pending), _AHEAD * room - (sent - first))
            futures = []
            for name, batch in itertools.islice(waiting, max(free, 0)):
                key = f"kmcodec-{verb}-{uuid.uuid4().hex}"
                self._names[key] = name
                future = self._client.submit(
                    function, given, batch, key=key, pure=False,
                    fifo_timeout=0,  # those that were sent first are done first
                )  # fmt: skip
                futures.append(future)
            sent += len(futures)
            return futures

        yield from self._gather(send, forgiving=True)

    def _run_far(self, tasks: list[Any], wanted: int) -> Iterator[Result]:
        with warnings.catch_warnings():  # what `once` has is large, and there once
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            sending = iter([self._client.compute(tasks)])
        del tasks  # what is done, and asked for no more, need not stay on workers
        for result in self._gather(lambda pending: next(sending, []), wanted):
            self._step()
            if result.number < wanted:
                yield result
            del result

    def _gather(
        self,
        send: Callable[["_Pending"], list[Any]],
        wanted: float = math.inf,
        *,
        forgiving: bool = False,
    ) -> Iterator[Result]:
        """Wait for tasks that are sent as others end."""
        pending: _Pending = {}
        ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        sent, seen = 0, time.monotonic()
        try:
            while True:
                sent = _await(send(pending), sent, pending, ended)
                if not pending:
                    return
                try:
                    key = ended.get(timeout=min(_POLL, self._patience / 4)).key
                except queue.Empty:
                    seen = self._look_for_workers(seen)
                    continue
                seen = time.monotonic()
                if key not in pending:
                    continue
                number, future = pending[key]
                try:
                    value = self._value(key, future, number < wanted)
                except ClusterError as error:
                    if not forgiving or error.reason != _KILLED:
                        raise
                    value = error
                del pending[key], future
                yield Result(number, value)
                del value
        finally:
            if pending:
                self._stop([future for _, future in pending.values()])

    def _value(self, key: str, future: Any, wanted: bool) -> Any:
        """Get what a task returned, which may have got lost since."""
        from asyncio import CancelledError
        from concurrent.futures import CancelledError as GivenUp

        from distributed import KilledWorker

        # What has another status was lost with its worker, and is done again.
        if future.status == "finished" and not wanted:
            return None
        wait, seen = self._patience, time.monotonic()
        while True:
            try:
                return future.result(timeout=wait)
            except KilledWorker as error:
                name = self._names.get(str(error.task), str(error.task))
                raise ClusterError(
                    f"workers died of {name}, one after the other: they may have too little "
                    "memory, or the picture is damaged there",
                    _KILLED,
                ) from error
            except (CancelledError, GivenUp) as error:
                raise ClusterError(
                    "the scheduler gave the job up, or is gone", "no-scheduler"
                ) from error
            except TimeoutError:
                if future.status != "finished":  # it was lost, and is being done again
                    seen = self._look_for_workers(seen)
                wait *= 2

    def _threads(self) -> dict[str, int]:
        try:
            return dict(self._client.nthreads())
        except (OSError, RuntimeError, ValueError) as error:
            raise ClusterError(f"the scheduler is gone: {error}", "no-scheduler") from error

    def _look_for_workers(self, seen: float) -> float:
        """Tell when there were workers last; an error if that is too long ago."""
        if self._threads():
            return time.monotonic()
        if time.monotonic() - seen >= self._patience:
            raise ClusterError(
                f"the cluster has had no worker for {self._patience:g} s: dask worker "
                f"{self._client.scheduler.address} starts one",
                "no-workers",
            )
        return seen

    def _stop(self, futures: list[Any]) -> None:
        """Give tasks up, and wait for those that are being done: they may write."""
        keys = {future.key for future in futures}
        try:
            self._client.cancel(futures)
            until = time.monotonic() + _SETTLE
            while time.monotonic() < until and any(
                self._client.run(_is_active, keys, on_error="ignore").values()
            ):
                time.sleep(0.05)
        except (OSError, RuntimeError, ValueError):  # the scheduler is gone
            return


def _await(
    futures: list[Any], first: int, pending: _Pending, ended: "queue.SimpleQueue[Any]"
) -> int:
    """Note what was sent, numbered from `first` on; tell the next number."""
    for number, future in enumerate(futures, first):
        pending[future.key] = number, future
    for future in futures:
        future.add_done_callback(ended.put)
    return first + len(futures)


def _is_active(keys: set[str], dask_worker: Any) -> bool:
    """Tell whether a worker does one of some tasks."""
    return not keys.isdisjoint(dask_worker.active_threads.values())


def _present_client(dask: Any) -> Any:
    """Find the client that `dask.compute` would use."""
    import sys

    if "distributed" not in sys.modules or dask.config.get("scheduler", None) is not None:
        return None
    from distributed import default_client

    try:
        return default_client()
    except ValueError:
        return None
