"""Bytes in, bytes out: bounded reading and all-or-nothing writing of files.

With `temporaries` and `views` beside it, the only module that opens files. Reading never blocks,
never follows a URL and never reads more than it was allowed to. Writing puts the bytes into a
temporary file, syncs them, compares what the disk gives back, and only then gives them their name.
"""

import contextlib
import errno
import functools
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from io import FileIO
from pathlib import Path

from codec.errors import CodecError, FileError, LimitError
from codec.files.names import display_name as display_name
from codec.files.temporaries import (
    BINARY,
    LinksRefusedError,
    Temporary,
    sweep,
    sync_folders,
    temporary_file,
)
from codec.limits import MAX_FILE_BYTES

Part = Callable[[int, int], bytes]
# Told of a target and its content, or the file that has it, which is whole and has no name yet.
Claim = Callable[[Path, bytes | Path], None]

_REASONS = {
    errno.ENOENT: ("no such file or directory", "not-found"),
    errno.ENOTDIR: ("part of the path is not a directory", "not-found"),
    errno.EACCES: ("permission denied", "no-permission"),
    errno.EPERM: ("operation not permitted", "no-permission"),
    errno.EROFS: ("the file system is read-only", "no-permission"),
    errno.EISDIR: ("is a directory", "is-directory"),
    errno.ELOOP: ("too many levels of symbolic links", "symlink-loop"),
    errno.ENXIO: ("not a regular file", "not-regular"),
    errno.ENODEV: ("not a regular file", "not-regular"),
    errno.ENAMETOOLONG: ("the file name is too long", "name-too-long"),
    errno.ENOSPC: ("no space left on the device", "no-space"),
    errno.EDQUOT: ("the disk quota is used up", "no-space"),
    errno.EFBIG: ("the file would exceed the size the system allows", "no-space"),
    errno.EEXIST: ("already exists", "exists"),
}


def as_file_error(error: OSError | ValueError) -> FileError:
    """Translate what the operating system said into one line and a stable reason."""
    number = getattr(error, "errno", None)
    text, reason = _REASONS.get(number or 0, (getattr(error, "strerror", None), "input-output"))
    return FileError(text or str(error), reason)


def read_file(path: str | bytes | os.PathLike[str], max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Read one regular file whole.

    Parameters
    ----------
    path : path-like
        Always a path of the local file system, whatever it looks like.
    max_bytes : int
        Largest size that is read; a larger file is refused from its directory entry.

    Returns
    -------
    data : bytes
        Everything the file held.

    Raises
    ------
    FileError
        The file is missing, unreadable, empty, a directory or not a regular file.
    LimitError
        The file is larger than `max_bytes`.
    """
    with _open_regular(path) as (file, size):
        if size > max_bytes:
            raise LimitError(f"{size} bytes is over the limit of {max_bytes}", "file-too-large")
        data = file.read(size)
        # A file may be growing while it is read; what was promised is what is judged.
        while len(data) < size and (more := file.read(size - len(data))):
            data += more
    if not data:
        raise FileError("the file is empty", "empty")
    return data


def read_start(path: str | bytes | os.PathLike[str], count: int) -> tuple[bytes, int]:
    """Read the first bytes of one regular file.

    Parameters
    ----------
    path : path-like
        As for `read_file`.
    count : int
        How many bytes at most.

    Returns
    -------
    start : bytes
        They may be fewer.
    size_bytes : int
        Size of the file.

    Raises
    ------
    FileError
        The file is missing, unreadable, a directory or not a regular file.
    """
    with _open_regular(path) as (file, size):
        return file.read(count), size


@contextlib.contextmanager
def open_parts(path: str | bytes | os.PathLike[str]) -> Iterator[tuple[Part, int]]:
    """Open one regular file of which a few parts are wanted.

    Parameters
    ----------
    path : path-like
        As for `read_file`.

    Yields
    ------
    part : callable
        Takes a place and a number of bytes; gives the bytes, fewer at the end of the file.
    size_bytes : int
        Size of the file.

    Raises
    ------
    FileError
        The file is missing, unreadable, a directory or not a regular file.
    """
    with _open_regular(path) as (file, size):

        def part(start: int, count: int) -> bytes:
            if start >= size:
                return b""
            if hasattr(os, "pread"):  # forked processes share the place in a file
                return os.pread(file.fileno(), count, start)
            file.seek(start)
            return file.read(count)

        yield part, size


@contextlib.contextmanager
def _open_regular(path: str | bytes | os.PathLike[str]) -> Iterator[tuple[FileIO, int]]:
    """Open a regular file; tell its size."""
    try:
        # O_NONBLOCK: opening a FIFO that nobody writes to must not wait for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | BINARY)
        with open(descriptor, "rb", buffering=0) as file:
            status = os.fstat(descriptor)
            _require_regular(status)
            yield file, status.st_size
    except (OSError, ValueError) as error:
        if isinstance(error, CodecError):
            raise
        raise as_file_error(error) from error


def _require_regular(status: os.stat_result, cure: str = "") -> None:
    if stat.S_ISDIR(status.st_mode):
        raise FileError(f"is a directory{cure and f' ({cure})'}", "is-directory")
    if not stat.S_ISREG(status.st_mode):
        raise FileError("not a regular file", "not-regular")


def check_source(path: str | os.PathLike[str], cure: str = "") -> None:
    """Refuse an input that cannot be read from what its directory entry says.

    Parameters
    ----------
    path : path-like
        The file about to be read.
    cure : str
        What to do if it is a directory.

    Raises
    ------
    FileError
        It is missing, a directory or not a regular file.
    """
    try:
        _require_regular(os.stat(path), cure)
    except (OSError, ValueError) as error:
        if isinstance(error, FileError):
            raise
        raise as_file_error(error) from error


def is_same_file(first: str | os.PathLike[str], second: str | os.PathLike[str]) -> bool:
    """Tell whether two paths lead to one file, through links of either kind too."""
    try:
        return os.path.samefile(first, second)
    except (OSError, ValueError):
        return False


def check_targets(paths: Sequence[str | os.PathLike[str]], *, force: bool) -> None:
    """Refuse targets that could not be written, before any work is done for them.

    Parameters
    ----------
    paths : sequence of path-like
        The files about to be written.
    force : bool
        Whether existing regular files may be replaced.

    Raises
    ------
    FileError
        A target's directory is missing or not writable, its name is too long, or something
        that may not be replaced is in the way; reason ``exists`` if `force` would help.
    """
    for path in paths:
        target = Path(os.fsdecode(path))
        try:
            _check_target(target, force=force)
        except (OSError, ValueError) as error:
            failure = error if isinstance(error, FileError) else as_file_error(error)
            raise FileError(
                f"cannot write {display_name(target)}: {failure}", failure.reason
            ) from None


def _check_target(target: Path, *, force: bool) -> None:
    folder = target.parent
    if "\0" in str(target):  # which pathlib takes for the name of nothing
        raise FileError("a file name holds no null character", "input-output")
    if not folder.is_dir():
        raise FileError("its directory does not exist", "no-directory")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FileError("its directory is not writable", "no-permission")
    if len(os.fsencode(target.name)) > _longest_name(folder):
        raise FileError("the file name is too long", "name-too-long")
    if target.is_symlink() and not force:
        raise FileError("it is a symbolic link", "symlink")
    if not os.path.lexists(target):
        return
    if target.is_dir():
        raise FileError("it is a directory", "is-directory")
    if target.exists() and not target.is_file():
        raise FileError("it is not a regular file", "not-regular")
    if not force:
        raise FileError("it already exists", "exists")


@functools.lru_cache(maxsize=16)
def _longest_name(folder: Path) -> int:
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (AttributeError, OSError, ValueError):
        return 255


def write_files(
    outputs: Sequence[tuple[str | os.PathLike[str], bytes]],
    *,
    force: bool = False,
    claim: Claim | None = None,
) -> None:
    """Write files whole or not at all.

    Each is synced and read back, and must be what was meant, before any gets its name.

    Parameters
    ----------
    outputs : sequence of (path-like, bytes)
        Targets with their content. Targets get their names in this order.
    force : bool
        Replace existing regular files, keeping their owners and permissions as far as allowed;
        a symbolic link is followed once and the file it points to is replaced.
    claim : callable, optional
        Told of each target when all are written and none has its name; what it raises ends it.

    Raises
    ------
    FileError
        Anything the operating system refuses. Existing files are then as they were, and nothing is
        left; only if replacing a later file of a group fails do earlier ones stay replaced.
    """
    check_targets([path for path, _ in outputs], force=force)
    targets = [Path(os.fsdecode(path)) for path, _ in outputs]
    if force:
        targets = [Path(os.path.realpath(target)) for target in targets]
    contents = [data for _, data in outputs]
    for folder in {target.parent for target in targets}:
        sweep(folder)
    ready = functools.partial(_tell, claim, outputs)
    try:
        try:
            _write(targets, contents, ready, force=force)
        except LinksRefusedError:
            _write(targets, contents, ready, force=force, is_named=True)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise as_file_error(error) from error


def _write(
    targets: Sequence[Path],
    contents: Sequence[bytes],
    ready: Callable[[], None],
    *,
    force: bool,
    is_named: bool = False,
) -> None:
    with contextlib.ExitStack() as cleanup:
        temporaries = [
            cleanup.enter_context(temporary_file(target, data, is_named=is_named))
            for target, data in zip(targets, contents, strict=True)
        ]
        for temporary, data in zip(temporaries, contents, strict=True):
            if temporary.path.read_bytes() != data:
                raise FileError("the disk gives back something else", "verify")
        ready()
        _give_names(temporaries, targets, force=force, is_named=is_named)


def _tell(
    claim: Claim | None, outputs: Iterable[tuple[str | os.PathLike[str], bytes | Path]]
) -> None:
    if claim:
        for path, content in outputs:
            claim(Path(os.fsdecode(path)), content)


def name_files(
    files: Sequence[Temporary],
    paths: Sequence[str | os.PathLike[str]],
    *,
    force: bool,
    claim: Claim | None = None,
) -> list[Path]:
    """Give files that are whole and synced their names, all or none; see `write_files`.

    Raises
    ------
    OSError
        FileError if a name is taken, else as the system says.
    """
    check_targets(paths, force=force)
    targets = [Path(os.path.realpath(path) if force else os.fsdecode(path)) for path in paths]
    _tell(claim, zip(paths, (file.path for file in files), strict=True))
    _give_names(files, targets, force=force, is_named=any(file.is_named for file in files))
    return targets


def _give_names(
    temporaries: Sequence[Temporary], targets: Sequence[Path], *, force: bool, is_named: bool
) -> None:
    """Give files their names: of new ones all or, whatever happens, none."""
    reserved: list[Path] = []
    old = {target for target in targets if force and os.path.lexists(target)}
    try:
        for temporary, target in zip(temporaries, targets, strict=True):
            if target in old:
                temporary.replace(target)
            else:
                _name_new(temporary, target, reserved, force=force, is_named=is_named)
        sync_folders(targets)
    except BaseException:
        for temporary, target in zip(temporaries, targets, strict=True):
            # A signal may come when a link is made but not yet noted: ours is what is our file.
            if target in reserved or (target not in old and is_same_file(temporary.path, target)):
                with contextlib.suppress(OSError):
                    os.unlink(target)
        raise


def _name_new(
    temporary: Temporary, target: Path, reserved: list[Path], *, force: bool, is_named: bool
) -> None:
    """Give a file its name unless that name is taken, without a race."""
    try:
        try:
            temporary.link(target)
        except LinksRefusedError:
            if not is_named:
                raise
            # A file system without hard links: reserve the name, then put the file over it.
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
            reserved.append(target)
            temporary.replace(target)
    except FileExistsError as error:
        if force:
            temporary.replace(target)
            return
        said = f"cannot write {display_name(target)}: it already exists"
        raise FileError(said, "exists") from error
