"""Figures against their targets: statistics, verdicts, one line of text each."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean, median
from typing import Any, TypeVar

SETTLE = 0.05  # seconds before a run: threads of the peer before it stop waiting in a busy loop

T = TypeVar("T")
Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True)
class Figure:
    """One figure, and what it should be.

    Attributes
    ----------
    section : str
        What printed it.
    name : str
        What it is.
    value : float or None
        None when it could not be measured; `detail` says why.
    target : float or None
        None for a figure that is information only.
    unit : str
        ``x`` for a ratio, ``%`` for a share (1.0 is 100 %), or anything to print after it.
    at_least : bool
        The target is the least value, not the largest.
    detail : str
        How it came about: the worst picture, seconds, errors.
    broken : bool
        Our own run failed, which is a verdict of its own.
    """

    section: str
    name: str
    value: float | None
    target: float | None = None
    unit: str = "x"
    at_least: bool = False
    detail: str = ""
    broken: bool = False

    @property
    def passed(self) -> bool | None:
        """Whether the target is met; None where there is none, or nothing was measured."""
        if self.broken:
            return False
        if self.value is None or self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target

    @property
    def verdict(self) -> str:
        """One word: PASS, FAIL, info, or ---- for what was not measured."""
        if self.passed is not None:
            return "PASS" if self.passed else "FAIL"
        return "----" if self.value is None else "info"

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, with the verdict."""
        return {**asdict(self), "passed": self.passed}

    def render(self, width: int) -> str:
        """Render as one line, the name padded to `width`."""
        value = "-" if self.value is None else show(self.value, self.unit)
        sign = ">=" if self.at_least else "<="
        target = "" if self.target is None else f"{sign} {show(self.target, self.unit)}"
        return f"{self.verdict}  {self.name:<{width}} {value:>12} {target:>15}  {self.detail}"


@dataclass
class Result:
    """What a section found: figures, and the measurements behind them as plain data."""

    figures: list[Figure] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    text: str = ""


def show(value: float, unit: str) -> str:
    """Render a value with its unit."""
    if unit == "%":
        return f"{100 * value:.4g} %"
    digits = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{digits} {unit}".rstrip()


def table(figures: Sequence[Figure]) -> str:
    """Render figures below each other under one header."""
    width = max((len(figure.name) for figure in figures), default=0)
    header = f"{'':<4}  {'figure':<{width}} {'value':>12} {'target':>15}  detail"
    return "\n".join([header, *(figure.render(width) for figure in figures)])


def geometric_mean(values: Sequence[float]) -> float | None:
    """Return the geometric mean of positive values; None without any."""
    logs = [math.log(value) for value in values if 0 < value < math.inf]
    return math.exp(fmean(logs)) if logs else None


def worst(ratios: Mapping[str, float]) -> str:
    """Name the largest ratio, for the detail of a line."""
    if not ratios:
        return ""
    name = max(ratios, key=lambda key: ratios[key])
    return f"worst {ratios[name]:.3g} ({name})"


def interleave(
    tasks: Mapping[Name, Callable[[], T]],
    repeats: int,
    failed: Callable[[Name, Exception], None],
) -> dict[Name, list[T]]:
    """Run tasks in turns: what disturbs the machine for a while disturbs all of them.

    The order is reversed in every second round. A task that raises is left out from then on.

    Parameters
    ----------
    tasks : mapping of name to callable
        By name; what they return is collected.
    repeats : int
        Number of rounds.
    failed : callable
        Told the name and the exception of a task that raised.

    Returns
    -------
    outcomes : dict of name to list
        By name, one for each round; without the tasks that failed.
    """
    outcomes: dict[Name, list[T]] = {name: [] for name in tasks}
    for number in range(repeats):
        names = list(outcomes)
        for name in names if number % 2 == 0 else names[::-1]:
            gc.collect()
            time.sleep(SETTLE)
            try:
                outcomes[name].append(tasks[name]())
            except Exception as problem:
                del outcomes[name]
                failed(name, problem)
    return outcomes


def reraise(name: Hashable, problem: Exception) -> None:
    """Let a task that failed end the section: for `interleave`."""
    raise problem


def timed(function: Callable[[], object]) -> float:
    """Return the wall seconds of a call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def medians(seconds: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the median by name."""
    return {name: median(values) for name, values in seconds.items() if values}
