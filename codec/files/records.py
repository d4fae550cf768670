"""A file of records of 8 bytes that only grows, and is one process's at a time.

The system keeps the lock, and takes it back when the process ends, however it ends.
"""

import contextlib
import errno
import os
import sys
import threading
from pathlib import Path

from codec.errors import FileError
from codec.files.temporaries import BINARY
from codec.limits import MAX_FILE_BYTES

RECORD_BYTES = 8


class RecordFile:
    """Records behind a head; they are written at once, and each is there whole or not at all.

    Parameters
    ----------
    path : Path
        Made if there is none.
    head : bytes
        What such a file begins with.

    Attributes
    ----------
    found : bytes
        The records that were there.

    Raises
    ------
    FileError
        Another process has it, reason ``locked``; or it begins otherwise, or is too large for
        such a file, reason ``foreign``.
    OSError
        As the system says.
    """

    def __init__(self, path: Path, head: bytes) -> None:
        self._path, self._lock = path, threading.Lock()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | BINARY
        self._descriptor: int | None
        self._descriptor = descriptor = os.open(path, flags, 0o666)
        try:
            _take(descriptor)
            # Whoever had it may have removed it since.
            if not os.path.samestat(os.fstat(descriptor), os.stat(path)):
                raise _locked()
            self._head = head
            if os.fstat(descriptor).st_size > MAX_FILE_BYTES:
                raise _foreign()
            data = _read_all(descriptor)
            if head.startswith(data):  # of nothing more than a beginning nothing is lost
                self.clear()
                data = head
            elif not data.startswith(head):
                raise _foreign()
            whole = len(data) - (len(data) - len(head)) % RECORD_BYTES
            if whole < len(data):
                os.ftruncate(descriptor, whole)
            self.found: bytes = data[len(head) : whole]
        except BaseException:
            self.close()
            raise

    def append(self, data: bytes) -> None:
        """Write at the end; threads may do so at a time. What is left half written ends it."""
        with self._lock:
            if self._descriptor is None:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            if os.write(self._descriptor, data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def clear(self) -> None:
        """Forget all records."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
        try:
            self.append(self._head)
        except OSError:
            self.close(remove=True)
            raise

    def close(self, *, remove: bool = False) -> None:
        """Let others have it, or remove it; twice does no harm."""
        with self._lock:
            descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        with contextlib.suppress(OSError):
            if remove and os.name == "posix":  # before others may take it
                os.unlink(self._path)
        os.close(descriptor)
        with contextlib.suppress(OSError):
            if remove and os.name != "posix":
                os.unlink(self._path)


def _read_all(descriptor: int) -> bytes:
    parts = []
    os.lseek(descriptor, 0, os.SEEK_SET)
    while part := os.read(descriptor, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _locked() -> FileError:
    return FileError("another run is at work there", "locked")


def _foreign() -> FileError:
    return FileError("what is there is no journal of kmcodec", "foreign")


def _take(descriptor: int) -> None:
    """Lock an open file, or raise `FileError` if another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, 1 << 40, os.SEEK_SET)  # where nobody reads
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            raise _locked() from error
        raise
