"""Files that are whole before they have a name, so that whatever ends us leaves nothing behind.

On Linux they have none at all until they are linked to the wanted one (``O_TMPFILE``). To take
the place of another file, one is linked under a temporary name and at once renamed: no system
call replaces by linking. Where the system or the file system cannot do that, files are written
under temporary names; what a killed process left of those is removed by a later run.
"""

import contextlib
import errno
import mmap
import os
import re
import shutil
import stat
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

_UNNAMED = getattr(os, "O_TMPFILE", 0)
_NO_UNNAMED = (errno.EOPNOTSUPP, errno.ENOTSUP, errno.EISDIR, errno.EINVAL, errno.ENOSYS)
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS)
# Elsewhere than on Windows every file is.
BINARY = getattr(os, "O_BINARY", 0)
_NAME = re.compile(r"\.kmcodec-([0-9]{1,9})-[0-9a-f]{12}\.tmp")
_STALE_SECONDS = 3600
# Directories in which this process has looked for what others left, and who left something for
# certain.
_swept: set[str] = set()
_ended: set[int] = set()


class LinksRefusedError(Exception):
    """Here files get their names when they are made or renamed, and in no other way."""


class Temporary:
    """A file that is whole and synced, and waits for its name.

    Parameters
    ----------
    path : Path
        Where it can be read.
    is_named : bool
        Whether that is a name in its directory.
    """

    def __init__(self, path: Path, *, is_named: bool) -> None:
        self.path = path
        self.is_named = is_named

    def link(self, target: Path) -> None:
        """Give the file a name, unless that is taken.

        Raises
        ------
        LinksRefusedError
            It cannot be done so on this file system.
        OSError
            Such as `FileExistsError`.
        """
        try:
            if self.is_named:
                os.link(self.path, target)
            else:
                # With a descriptor, which an absolute path ignores, Python follows the link that
                # stands for the file in /proc.
                os.link(self.path, target, src_dir_fd=0)
        except OSError as error:
            if error.errno in _NO_LINKS:
                raise LinksRefusedError from error
            raise

    def replace(self, target: Path) -> None:
        """Give the file a name, whether or not that is taken."""
        if self.is_named:
            os.replace(self.path, target)
            return
        between = _temporary_name(target.parent)
        try:
            # Nothing is done between these two, since whatever ends us there leaves the name.
            self.link(between)
            os.replace(between, target)
        finally:
            _remove(between)


@contextlib.contextmanager
def temporary_file(target: Path, data: bytes, *, is_named: bool = False) -> Iterator[Temporary]:
    """Hold `data`, synced, in a file beside the target; if it got no name, it is gone afterwards.

    Parameters
    ----------
    target : Path
        What it is to become; owner and permissions of a file that is there are kept as far as
        they may be.
    data : bytes
        Its content.
    is_named : bool
        Do without unnamed files.
    """
    descriptor = None if is_named else _open_unnamed(target.parent)
    if descriptor is not None:
        try:
            path = Path(f"/proc/self/fd/{descriptor}")
            _fill(os.dup(descriptor), path, target, data)
            yield Temporary(path, is_named=False)
        finally:
            os.close(descriptor)
        return
    path = _temporary_name(target.parent)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | BINARY
    try:
        _fill(os.open(path, flags, 0o666), path, target, data)
        yield Temporary(path, is_named=True)
    finally:
        _remove(path)


class GrowingFile:
    """A file without its name yet, that is written piece by piece; threads may write at once.

    Whether it can be given a name later is tried at once, since what fails after hours is worse.

    Parameters
    ----------
    target : Path
        What it is to become.
    force : bool
        Whether it may take the place of a file; that is where a symbolic link points to.

    Raises
    ------
    OSError
        No file can be made in that folder.
    """

    def __init__(self, target: Path, *, force: bool = False) -> None:
        self._target = target = Path(os.path.realpath(target)) if force else target
        self._lock = threading.Lock()
        self._name: Path | None = None
        descriptor = _open_unnamed(target.parent, os.O_RDWR) if _links(target.parent) else None
        if descriptor is None:
            self._name = _temporary_name(target.parent)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | BINARY
            descriptor = os.open(self._name, flags, 0o666)
        self._file = open(descriptor, "r+b", buffering=0)  # noqa: SIM115
        self.size: int = 0

    def append(self, data: "bytes | memoryview") -> int:
        """Write at the end; tell where that was."""
        with self._lock:
            place = self.size
            self._write(place, data)
            self.size += len(data)
            return place

    def write_at(self, place: int, data: "bytes | memoryview") -> None:
        """Write over what is there already."""
        with self._lock:
            self._write(place, data)

    def read(self, place: int, count: int) -> bytes:
        """Read what was written; fewer bytes at the end of the file."""
        pieces = []
        with self._lock:
            self._file.seek(place)
            while count > 0 and (piece := self._file.read(count)):
                pieces.append(piece)
                count -= len(piece)
        return b"".join(pieces)

    def view(self) -> mmap.mmap:
        """Map all of it into memory, to be read."""
        return mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)

    def finish(self) -> Temporary:
        """Sync it; it then waits for its name, and must not be closed before it has it."""
        path = self._name or Path(f"/proc/self/fd/{self._file.fileno()}")
        with contextlib.suppress(FileNotFoundError):
            _resemble(path, os.stat(self._target))
        os.fsync(self._file.fileno())
        return Temporary(path, is_named=self._name is not None)

    def close(self) -> None:
        """Close it; if it got no name, it is gone."""
        self._file.close()
        if self._name is not None:
            _remove(self._name)

    def _write(self, place: int, data: "bytes | memoryview") -> None:
        self._file.seek(place)
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]


def _links(folder: Path) -> bool:
    """Tell whether files without names can be given some here, by doing it."""
    descriptor = _open_unnamed(folder)
    if descriptor is None:
        return False
    name = _temporary_name(folder)
    try:
        Temporary(Path(f"/proc/self/fd/{descriptor}"), is_named=False).link(name)
    except LinksRefusedError:
        return False
    finally:
        os.close(descriptor)
        _remove(name)
    return True


def _open_unnamed(folder: Path, mode: int = os.O_WRONLY) -> int | None:
    """Open a file without a name, if there is such a thing here."""
    if not _UNNAMED or not os.path.isdir("/proc/self/fd"):
        return None
    try:
        return os.open(folder, mode | _UNNAMED, 0o666)
    except OSError as error:
        if error.errno in _NO_UNNAMED:
            return None
        raise


def _temporary_name(folder: Path) -> Path:
    return folder / f".kmcodec-{os.getpid()}-{os.urandom(6).hex()}.tmp"


def _fill(descriptor: int, path: Path, target: Path, data: bytes) -> None:
    with open(descriptor, "wb", buffering=0) as file:
        with contextlib.suppress(FileNotFoundError):
            _resemble(path, os.stat(target))
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
        os.fsync(descriptor)


def _resemble(path: Path, old: os.stat_result) -> None:
    """Give a new file owner, group and permissions of another, as far as we may."""
    for owner in (old.st_uid, -1) if hasattr(os, "chown") else ():
        with contextlib.suppress(OSError):
            os.chown(path, owner, old.st_gid)
            break
    # Whoever may now run the file as its owner did not ask for that.
    os.chmod(path, stat.S_IMODE(old.st_mode) & 0o777)


def _remove(path: Path) -> None:
    """Remove a temporary file if it is there, even if a signal comes at that very moment."""
    try:
        os.unlink(path)
    except (OSError, MemoryError):
        return
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(path)
        raise


def remove_outputs(paths: Iterable[Path]) -> None:
    """Remove files, or folders with all that is in them, that were written and are not wanted."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            _remove(path)


def sync_tree(folder: Path, unfinished: str, *, deep: bool = True) -> None:
    """Make everything in a directory durable, and remove what a killed process left there.

    Parameters
    ----------
    folder : Path
        Of which all files are ours.
    unfinished : str
        What the names of files end in that were not yet renamed.
    deep : bool
        Whether directories in it are looked into.

    Raises
    ------
    OSError
        The system cannot.
    """
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if name.endswith(unfinished):
                os.unlink(path)
            else:
                _sync(path, os.O_RDWR | BINARY)
        if os.name == "posix":
            _sync(place, os.O_RDONLY)
        if not deep:
            return


def _sync(path: str, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(folder: Path) -> None:
    """Remove what processes that are gone left in a directory over an hour ago; look once.

    Parameters
    ----------
    folder : Path
        The directory that is about to be written to.
    """
    with contextlib.suppress(OSError):
        place = os.path.abspath(folder)
        if place in _swept:
            return
        _swept.add(place)
        with os.scandir(place) as entries:
            stale = [Path(entry.path) for entry in entries if _is_stale(entry)]
        for path in stale:
            _remove(path)


def sweep_of(processes: Iterable[int]) -> None:
    """From now on, let `sweep` remove at once what these processes of this machine left."""
    _ended.update(processes)


def process_of(name: str) -> int | None:
    """Tell which process made a temporary file, by its name; of others, None."""
    made_by = _NAME.fullmatch(name)
    return int(made_by[1]) if made_by else None


def _is_stale(entry: "os.DirEntry[str]") -> bool:
    process = process_of(entry.name)
    if process is None or not entry.is_file(follow_symlinks=False):
        return False
    age = time.time() - entry.stat(follow_symlinks=False).st_mtime
    return (age > _STALE_SECONDS or process in _ended) and not _is_running(process)


def _is_running(process: int) -> bool:
    if os.name != "posix":  # where asking would end it
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def sync_folders(targets: Iterable[Path]) -> None:
    """Make new names durable where the system lets a directory be synced."""
    for folder in {target.parent for target in targets}:
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
