"""Wall time by stage: the one clock of all reports."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Runs from when it is made.

    Attributes
    ----------
    stages : dict of str to float
        Seconds spent in each stage so far, in the order in which they began.
    """

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self.stages: dict[str, float] = {}

    @property
    def seconds(self) -> float:
        """Seconds since it was made."""
        return time.perf_counter() - self._start

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time that passes to a stage."""
        before = self.seconds
        try:
            yield
        finally:
            self.stages[name] = self.stages.get(name, 0.0) + self.seconds - before
