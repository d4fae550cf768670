"""The command's own process: its streams, its signals, its exit codes."""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from codec.cli.consoles import ERRORS
from codec.cli.words import in_words_of_the_command
from codec.errors import CodecError, ParameterError

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_SKIPPED = 0, 1, 2, 3

_STDERR = 2
_signals: list[int] = []


def guarded(work: Callable[[], int]) -> int:
    """Do the work of the process; whatever happens becomes a line and an exit code."""
    _prepare_streams()
    apart = _stderr_of_our_own()
    _signals.clear()
    before = {
        number: signal.signal(number, _end)
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) not in (signal.SIG_IGN, None)
    }
    try:
        try:
            code = work()
            obey_signals()
            return code
        finally:
            sys.stdout.flush()
    except ParameterError as error:
        complain(str(error), error.reason)
        return EXIT_USAGE
    except CodecError as error:
        complain(str(error), error.reason)
        return EXIT_FAILED
    except BrokenPipeError:
        # Whoever read our output has gone; nothing more can be said on it.
        _give_up_broken_streams()
        return EXIT_FAILED
    except OSError as error:
        from codec.files import as_file_error

        # A report could not be written, such as to a full disk.
        _give_up_broken_streams()
        failure = as_file_error(error)
        complain(str(failure), failure.reason)
        return EXIT_FAILED
    except MemoryError:
        complain("not enough memory", "memory")
        return EXIT_FAILED
    except KeyboardInterrupt:
        complain("interrupted", "interrupted")
        return 130
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        apart()


def say(text: str) -> None:
    """Write a line for people, who read stderr; stdout is for data."""
    print(text, file=sys.stderr)


def complain(message: str, reason: str | None, name: str | None = None) -> None:
    """Say in a line what went wrong, with the file's name if it is a file's fault."""
    place = f"{name}: " if name else ""
    say(f"kmcodec: error: {place}{in_words_of_the_command(message)} ({reason})")


def obey_signals() -> None:
    """End the run if a signal came while an object was destroyed, where Python ignores errors."""
    if _signals:
        _end(_signals[0])


def _end(number: int, frame: object = None) -> NoReturn:
    """End the run as SIGINT and SIGTERM ask."""
    _signals.append(number)
    # What libraries leave half made would complain of it.
    sys.unraisablehook = lambda unraisable: None
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


def _prepare_streams() -> None:
    """Make whatever we say printable, and give what we say a place if its stream is closed."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=ERRORS)


def _stderr_of_our_own() -> Callable[[], None]:
    """Keep stderr for what we say: libtiff, which nobody can ask not to, writes to it as well.

    Returns what undoes it.
    """
    stream = sys.stderr
    try:
        # Who gives Python itself an option, such as `-X importtime`, wants to read what it says.
        if stream.fileno() != _STDERR or sys._xoptions:
            return lambda: None
        stream.flush()
        kept = os.dup(_STDERR)
    except (OSError, ValueError, AttributeError):  # there is none, or a test reads it
        return lambda: None
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDERR)
    os.close(nowhere)
    sys.stderr = open(  # noqa: SIM115 - it stays for as long as the process
        kept, "w", encoding=stream.encoding, errors=ERRORS, buffering=1, closefd=False
    )

    def undo() -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        os.dup2(kept, _STDERR)
        os.close(kept)
        sys.stderr = stream

    return undo


def _give_up_broken_streams() -> None:
    """Let what is still to be written to a broken stream go nowhere."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
