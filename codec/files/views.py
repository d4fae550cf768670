"""Files larger than memory: bytes that are read when they are sliced."""

import os
import stat
import threading
import zlib
from collections.abc import Iterator

from codec.errors import CodecError, FileError, ImageError
from codec.files import as_file_error
from codec.files.temporaries import BINARY
from codec.limits import check_part

# Bytes that are read at once where all of a part is looked at.
_AT_ONCE = 1 << 20


class FileView:
    """The bytes of one regular file, as many at a time as are asked for; threads may share it.

    Parameters
    ----------
    path : path-like
        As for `codec.files.read_file`.

    Raises
    ------
    FileError
        The file is missing, unreadable, empty, a directory or not a regular file.
    """

    def __init__(self, path: str | bytes | os.PathLike[str]) -> None:
        self.path: str = os.path.abspath(os.fsdecode(path))
        self._lock = threading.Lock()
        try:
            # O_NONBLOCK: opening a FIFO that nobody writes to must not wait for ever.
            flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | BINARY
            self._descriptor: int | None = os.open(path, flags)
            status = os.fstat(self._descriptor)
        except (OSError, ValueError) as error:
            raise as_file_error(error) from error
        self.size: int = status.st_size
        self.token: tuple[int, int] = _token(status)
        if not stat.S_ISREG(status.st_mode) or not self.size:
            self.close()
            if stat.S_ISDIR(status.st_mode):
                raise FileError("is a directory", "is-directory")
            if not stat.S_ISREG(status.st_mode):
                raise FileError("not a regular file", "not-regular")
            raise FileError("the file is empty", "empty")

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, part: slice) -> bytes:
        """Read a part: `MAX_PART_BYTES` at most, fewer bytes where the file ends.

        Raises
        ------
        LimitError
            The part is larger.
        ImageError
            The file became shorter; reason ``input-changed``.
        FileError
            It cannot be read, or was closed.
        """
        start, stop, _ = part.indices(self.size)
        check_part(stop - start)
        parts = []
        while start < stop:
            got = self._read(start, stop - start)
            if not got:
                raise changed()
            parts.append(got)
            start += len(got)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _read(self, start: int, count: int) -> bytes:
        descriptor = self._descriptor
        if descriptor is None:
            raise FileError("the file was closed", "input-output")
        try:
            if hasattr(os, "pread"):
                return os.pread(descriptor, count, start)
            with self._lock:
                os.lseek(descriptor, start, os.SEEK_SET)
                return os.read(descriptor, count)
        except OSError as error:
            raise as_file_error(error) from error

    def crc(self, start: int, stop: int) -> int:
        """CRC-32 of a part of any size."""
        found = 0
        for place in range(start, stop, _AT_ONCE):
            found = zlib.crc32(self[place : min(place + _AT_ONCE, stop)], found)
        return found

    def check_unchanged(self) -> None:
        """Refuse a file that was written to, or replaced, since it was opened.

        Raises
        ------
        ImageError
            Its size or its time is another, or it is gone; reason ``input-changed``.
        """
        check_token(self.path, self.token)

    @property
    def closed(self) -> bool:
        """Whether nothing can be read any more."""
        return self._descriptor is None

    def close(self) -> None:
        """Close the file; twice does no harm."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __del__(self) -> None:
        if getattr(self, "_descriptor", None) is not None:
            self.close()


class ViewPart:
    """A part of a file that is read when it is turned into bytes, or sliced."""

    def __init__(self, view: FileView, start: int, stop: int) -> None:
        self._view = view
        self.start = start
        self.stop = stop

    def __len__(self) -> int:
        return self.stop - self.start

    def __bytes__(self) -> bytes:
        return self._view[self.start : self.stop]

    def __getitem__(self, part: slice) -> bytes:
        first, last, _ = part.indices(len(self))
        return self._view[self.start + first : self.start + max(first, last)]

    def pieces(self, size: int) -> Iterator[bytes]:
        """Read it piece by piece."""
        for place in range(self.start, self.stop, size):
            yield self._view[place : min(place + size, self.stop)]


def check_token(path: str, token: tuple[int, int]) -> None:
    """Refuse a file that is not the one it was.

    Parameters
    ----------
    path : str
        The file, or a folder's file that stands for it.
    token : tuple of (int, int)
        From `token_of`.

    Raises
    ------
    ImageError
        Its size or its time is another, or it is gone; reason ``input-changed``.
    """
    try:
        found = token_of(path)
    except CodecError as error:
        raise changed() from error
    if found != token:
        raise changed()


def token_of(path: str) -> tuple[int, int]:
    """Tell size and time of a file, which change when it does."""
    try:
        return _token(os.stat(path))
    except (OSError, ValueError) as error:
        raise as_file_error(error) from error


def _token(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def changed() -> ImageError:
    """Make the error for a file that is not what it was when it was opened."""
    return ImageError(
        "the file was changed while it was read (begin again when nothing writes to it)",
        "input-changed",
    )
