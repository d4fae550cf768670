"""What is given to be read or written: a path, the bytes themselves, or a file that is open."""

import io
import os
from typing import Protocol, TypeGuard

from codec.errors import FileError, LimitError, ParameterError
from codec.files import as_file_error
from codec.limits import MAX_FILE_BYTES

_AT_ONCE = 1 << 20


class BinaryReader(Protocol):
    """A file that is open for reading, or what reads like one."""

    def read(self, size: int, /) -> bytes:
        """Give so many bytes at most; none at the end."""


class BinaryWriter(Protocol):
    """A file that is open for writing, or what is written to like one."""

    def write(self, data: bytes, /) -> object:
        """Take bytes; tell how many if that may be fewer."""


Path = str | os.PathLike[str]
Readable = Path | bytes | bytearray | memoryview | BinaryReader


def is_path(given: object) -> TypeGuard[Path]:
    """Tell a path from what holds bytes itself."""
    return isinstance(given, str | os.PathLike)


# Not by `runtime_checkable`: Python 3.12 sees no methods that an object hands on, as a temporary
# file does, or what web frameworks make of an upload.
def is_reader(given: object) -> TypeGuard[BinaryReader]:
    """Tell a file that is open for reading, or what reads like one."""
    return callable(getattr(given, "read", None))


def is_writer(given: object) -> TypeGuard[BinaryWriter]:
    """Tell a file that is open for writing, or what is written to like one."""
    return callable(getattr(given, "write", None))


def content_of(given: Readable, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Take bytes that are no file of a path.

    Parameters
    ----------
    given : bytes-like, or file open for reading in binary
        A file is read from where it stands to its end, and stays open.
    max_bytes : int
        Most bytes that are read.

    Returns
    -------
    data : bytes
        At least one.

    Raises
    ------
    ParameterError
        It is neither, or a file open as text.
    FileError
        It is empty, or cannot be read.
    LimitError
        There is more than `max_bytes`.
    """
    if isinstance(given, bytes | bytearray | memoryview):
        try:
            if memoryview(given).nbytes > max_bytes:
                raise _too_large(max_bytes)
            data = bytes(given)
        except ValueError as error:  # of a view that was let go of
            raise as_file_error(error) from error
    elif is_reader(given):
        data = _read(given, max_bytes)
    else:
        raise ParameterError(
            f"expected a path, bytes or a file open for reading, not {type(given).__name__}",
            "bad-type",
        )
    if not data:
        raise FileError("the file is empty", "empty")
    return data


def _read(file: BinaryReader, max_bytes: int) -> bytes:
    found = bytearray()
    while len(found) <= max_bytes:
        try:
            part = file.read(min(_AT_ONCE, max_bytes + 1 - len(found)))
        except UnicodeDecodeError as error:
            raise _is_text() from error
        except (OSError, ValueError) as error:  # the latter where it is closed
            raise as_file_error(error) from error
        except Exception as error:  # whatever unpacks what it reads may say anything
            said = str(error) or type(error).__name__
            raise FileError(f"it cannot be read: {said}", "input-output") from error
        if isinstance(part, str):
            raise _is_text()
        if not part:
            return bytes(found)
        found += part
    raise _too_large(max_bytes)


def _is_text() -> ParameterError:
    return ParameterError("the file is open as text: mode 'rb' opens it as bytes", "bad-type")


def _too_large(max_bytes: int) -> LimitError:
    return LimitError(f"there are more bytes than the limit of {max_bytes}", "file-too-large")


def write_content(file: BinaryWriter, data: bytes) -> None:
    """Write all bytes to a file that is open; it stays open.

    Raises
    ------
    ParameterError
        It is open as text.
    FileError
        It cannot be written; what was written by then is in it.
    """
    rest = memoryview(data)
    while rest:
        try:
            count = file.write(bytes(rest[:_AT_ONCE]))
        except TypeError as error:
            raise ParameterError(
                "the file is open as text: mode 'wb' takes bytes", "bad-type"
            ) from error
        except (OSError, ValueError) as error:
            raise as_file_error(error) from error
        if count is None and isinstance(file, io.RawIOBase):
            count = 0  # it would block
        written = count if isinstance(count, int) else min(len(rest), _AT_ONCE)
        if not 0 < written <= len(rest):
            raise FileError("the file takes no more bytes", "input-output")
        rest = rest[written:]
