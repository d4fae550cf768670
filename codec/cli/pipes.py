"""Standard input and output in place of files, `-`, and pipes that have a name.

What can be read once is received into a temporary file, and what goes to standard output is
written to one before: so all that holds for files holds for pipes, and nobody gets half a picture.
"""

import argparse
import io
import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from codec.errors import FileError, LimitError, ParameterError

if TYPE_CHECKING:
    from codec.files.given import BinaryReader

_NAME = "-"
_AT_ONCE = 1 << 20
_PATIENCE = 2.0  # seconds for somebody to begin to write to a pipe with a name
# What a verb makes of a single input, by the format that is asked for, or else.
_ENDINGS = {"npz": ".npz", "png": ".png", "kmc": ".kmc", "gif": ".gif", "tiff": ".tif"}
_WRITERS = {"compress": "", "convert": "", "decompress": ".png"}


@contextmanager
def piped(options: argparse.Namespace) -> Iterator[None]:
    """Let pipes stand where the options name files; what was written is sent on in the end.

    Raises
    ------
    ParameterError
        Pipes are named where there is no place for them.
    FileError, LimitError
        Standard input cannot be read, is closed, or holds more than a file may.
    """
    inputs = [name for name in ("inputs", "original", "compressed") if hasattr(options, name)]
    wanted = [
        each
        for name in inputs
        for each in _listed(getattr(options, name))
        if _is_pipe(each, options)
    ]
    sends = getattr(options, "output", None) == Path(_NAME)
    if not wanted and not sends:
        yield
        return
    import tempfile

    from codec.files.names import shown_with

    _check(options, wanted, sends=sends)
    places: dict[str, str] = {}
    names: dict[str, str] = {}
    with (
        tempfile.TemporaryDirectory(prefix="kmcodec-") as folder,
        shown_with(lambda path: names.get(path, path)),
    ):
        for number, name in enumerate(wanted):
            # Pages and reports call files by the last part of their names.
            place = Path(folder, str(number), os.path.basename(name))
            place.parent.mkdir()
            _receive(name, place)
            places[name], names[str(place)] = str(place), name
        for option in inputs:
            value = getattr(options, option)
            if isinstance(value, str):
                setattr(options, option, places.get(value, value))
            else:
                setattr(options, option, [places.get(each, each) for each in value])
        if sends:
            ending = _WRITERS[options.command] or _ENDINGS[options.format]
            options.output = Path(folder, f"output{ending}")
            names[str(options.output)] = _NAME
        yield
        if sends and options.output.exists():
            _send(options.output)


def _listed(value: "str | list[str]") -> list[str]:
    return [value] if isinstance(value, str) else value


def _is_pipe(name: str, options: argparse.Namespace) -> bool:
    """Tell whether an input is one that can be read once, of those that have a place to go."""
    if name == _NAME:
        return True
    if options.command in _WRITERS and not options.output:
        return False
    try:
        return stat.S_ISFIFO(os.stat(name).st_mode)
    except (OSError, ValueError):
        return False


def _check(options: argparse.Namespace, wanted: list[str], *, sends: bool) -> None:
    if wanted.count(_NAME) > 1:
        raise ParameterError("standard input can be read once", "usage")
    if wanted and options.command in _WRITERS and not options.output:
        raise ParameterError(
            "standard input has no name: -o FILE says what to write, -o - to standard output",
            "output",
        )
    if not sends:
        return
    if options.command not in _WRITERS:
        raise ParameterError(f"{options.command} writes no picture to standard output", "output")
    if options.json:
        raise ParameterError(f"{options.json} and -o - both want standard output", "output")
    formats = [each for each in _ENDINGS if each != "gif" or options.command == "convert"]
    if not _WRITERS[options.command] and options.format not in formats:
        raise ParameterError(
            "standard output takes one file: --format says which, "
            f"{', '.join(formats[:-1])} or {formats[-1]}", "format",
        )  # fmt: skip
    if sys.__stdout__ is None:
        raise FileError("-: standard output is closed", "input-output")
    if sys.stdout.isatty():
        raise ParameterError("standard output is a terminal: > FILE or | sends it on", "output")


def _receive(name: str, place: Path) -> None:
    """Copy what comes out of a pipe, nothing if nobody writes to it."""
    from codec.files import as_file_error
    from codec.limits import MAX_FILE_BYTES

    rest = MAX_FILE_BYTES
    try:
        with _opened(name) as stream, place.open("wb") as file:
            while stream and (part := stream.read(min(_AT_ONCE, rest + 1))):
                rest -= len(part)
                if rest < 0:
                    raise LimitError(
                        f"{name}: there are more bytes than the limit of {MAX_FILE_BYTES}",
                        "file-too-large",
                    )
                file.write(part)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        failure = as_file_error(error)
        raise FileError(f"{name}: {failure}", failure.reason) from error


@contextmanager
def _opened(name: str) -> "Iterator[BinaryReader | None]":
    if name == _NAME:
        if sys.stdin is None or sys.stdin.closed:
            raise FileError("-: standard input is closed", "input-output")
        if sys.stdin.isatty():
            raise ParameterError("standard input is a terminal, and no picture", "usage")
        yield sys.stdin.buffer
        return
    descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    with open(descriptor, "rb", buffering=0) as stream:
        until = time.monotonic() + _PATIENCE
        while (first := stream.read(1)) == b"" and time.monotonic() < until:
            time.sleep(0.01)  # nobody writes yet
        if first == b"":
            yield None
            return
        os.set_blocking(descriptor, True)  # somebody does, however long that takes
        yield _Rest(first or b"", stream)


class _Rest(io.RawIOBase):
    """A stream of which the first bytes were read."""

    def __init__(self, first: bytes, stream: IO[bytes]) -> None:
        self._first, self._stream = first, stream

    def read(self, size: int = -1, /) -> bytes:
        first, self._first = self._first, b""
        return first or self._stream.read(size)


def _send(path: Path) -> None:
    with path.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer, _AT_ONCE)
    sys.stdout.buffer.flush()
