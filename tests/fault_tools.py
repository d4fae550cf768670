"""What the tests of faults share: operations that fail, tasks to fail at, and scripts."""

import functools
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_tools import Sandbox, few_colors, run_script

from codec import files
from codec.files import temporaries


class Faults:
    """Stands in for `os` and `open` where files are written; makes the Nth operation fail.

    Parameters
    ----------
    fail_at : int
        Which operation fails, counted from 1; 0 for none.
    error : callable
        Makes what is raised.
    afterwards : bool
        Raise when the operation has been done, as a signal's handler does.
    operations : tuple of str
        What counts as an operation.
    """

    ALL = ("open", "write", "fsync", "close", "link", "replace", "unlink")

    def __init__(
        self,
        fail_at: int = 0,
        error: Callable[[], BaseException] = KeyboardInterrupt,
        *,
        afterwards: bool = False,
        operations: tuple[str, ...] = ALL,
    ) -> None:
        self.log: list[str] = []
        self._fail_at, self._error, self._afterwards = fail_at, error, afterwards
        self._operations = operations

    def __getattr__(self, name: str) -> Any:
        function = getattr(os, name)
        counted = name in self.ALL and name not in ("write", "close")
        return functools.partial(self.count, name, function) if counted else function

    def count(
        self, name: str, function: Callable[..., Any], *arguments: Any, **options: Any
    ) -> Any:
        """Do an operation, unless it is the one that fails."""
        if name not in self._operations:
            return function(*arguments, **options)
        self.log.append(name)
        failing = len(self.log) == self._fail_at
        if failing and not self._afterwards:
            raise self._error()
        try:
            return function(*arguments, **options)
        finally:
            if failing:
                raise self._error()

    @property
    def struck(self) -> bool:
        """Whether there was an Nth operation."""
        return 0 < self._fail_at <= len(self.log)

    @property
    def struck_at(self) -> str:
        """The operation that failed."""
        return self.log[self._fail_at - 1] if self.struck else ""

    def open_file(self, descriptor: int, mode: str, buffering: int = -1) -> "FaultyFile":
        """Stand in for `open`."""
        return FaultyFile(self, descriptor, mode)


class FaultyFile(io.FileIO):
    """A file whose writes are counted, and may fail; closing it may too, but it is closed."""

    def __init__(self, faults: Faults, descriptor: int, mode: str) -> None:
        super().__init__(descriptor, mode.replace("b", ""))
        self._faults, self._writing = faults, "w" in mode

    def write(self, data: Any, /) -> int:
        """Write some of the data."""
        return int(self._faults.count("write", super().write, data))

    def close(self) -> None:
        """Close the file, and tell of it once."""
        if not self.closed:
            super().close()
            if self._writing:
                self._faults.count("close", lambda: None)


def inject(monkeypatch: pytest.MonkeyPatch, faults: Faults) -> Faults:
    """Put faults between what reads and writes files and the operating system."""
    for module in (files, temporaries):
        monkeypatch.setattr(module, "os", faults)
        monkeypatch.setattr(module, "open", faults.open_file, raising=False)
    return faults


def every_fault(
    monkeypatch: pytest.MonkeyPatch, attempt: Callable[[Faults], None], **options: Any
) -> Iterator[Faults]:
    """Run `attempt` again and again, failing at the first operation, the second, and so on."""
    for number in range(1, 1000):
        with monkeypatch.context() as patch:
            faults = inject(patch, Faults(number, **options))
            attempt(faults)
        yield faults
        if not faults.struck:
            return
    raise AssertionError("there is no end to the operations")


# Tasks


TASKS = {
    "pair": (
        ("compress", "new.png", "-o", "out/x.labels.png"),
        ("x.codebook.npy", "x.labels.png"),
    ),
    "npz": (("compress", "new.png", "-o", "out/x.npz"), ("x.npz",)),
    "png": (("compress", "new.png", "-o", "out/x.png"), ("x.png",)),
    "decompress": (("decompress", "new.npz", "-o", "out/x.png"), ("x.png",)),
}


def prepare(sandbox: Sandbox, task: str, *, existing: bool) -> tuple[list[bytes], list[bytes]]:
    """Write the inputs and, if wanted, older outputs; return old and new content of outputs."""
    sandbox.picture("old.png", few_colors(1))
    sandbox.picture("new.png", few_colors(2))
    for name in ("old", "new"):
        sandbox.run("compress", f"{name}.png", "-o", f"{name}.npz", check=0)
    Path("out").mkdir()
    arguments, outputs = TASKS[task]
    contents = []
    for name in ("new", "old"):
        sandbox.run(arguments[0], arguments[1].replace("new", name), *arguments[2:], check=0)
        contents.append([Path("out", output).read_bytes() for output in outputs])
        for output in outputs:
            if not (existing and name == "old"):
                Path("out", output).unlink()
    return contents[1], contents[0]


def restore(outputs: tuple[str, ...], old: list[bytes], *, existing: bool) -> None:
    """Put the directory of outputs into the state in which a run finds it."""
    shutil.rmtree("out")
    Path("out").mkdir()
    if existing:
        for output, content in zip(outputs, old, strict=True):
            Path("out", output).write_bytes(content)


# Scripts


DRIVER = """
import contextlib, errno, io, json, os, random, re, resource, signal, sys, time
from pathlib import Path
import numpy as np
import codec
from codec.cli.commands import main

def picture(name):
    return codec.decompress(codec.load(name))

def run(*arguments):
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            code = main(arguments)
        except SystemExit as error:
            code = error.code
    return code, said.getvalue()

def warm_up():  # import everything, so that what is forked starts its work at once
    assert run("compress", "-q", "-f", "a.png", "-o", "a.npz")[0] == 0

def temporaries():
    return [name for _, _, files in os.walk(".") for name in files if name.endswith(".tmp")]
"""


def drive(script: str, root: Path, *arguments: str, **options: Any) -> Any:
    """Run a script with what it needs; return what it prints as JSON."""
    return json.loads(run_script(DRIVER + script, *arguments, cwd=root, **options).stdout)
