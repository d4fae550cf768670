"""What a run into a folder has done, so that the same command goes on after the run was killed.

A journal is a folder beside the outputs. Nothing depends on it: what is damaged is not believed,
and where none can be kept, files are done as without.
"""

import contextlib
import hashlib
import io
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from codec import __version__
from codec.errors import CodecError, FileError
from codec.files import as_file_error, display_name, read_file, write_files
from codec.files.records import RECORD_BYTES, RecordFile
from codec.files.temporaries import process_of, sweep_of
from codec.jobs.collisions import PlannedFile
from codec.jobs.ours import DONE_BEFORE, is_ours
from codec.limits import MAX_FILE_BYTES
from codec.reports.report import FileReport
from codec.settings import WriteOptions

FOLDER = ".kmcodec-run"
_FILES, _COUNTED = "files", "counted"
_PROCESS = b"process:"
# A checkpoint may cost this part of the work, and no less time than this lies between two.
_WORK_PER_SAVING, _LEAST_SECONDS = 20, 1.0
_SEAL_BYTES = 32
Marks = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Checkpoint:
    """How far counting is.

    Parameters
    ----------
    inputs : ndarray of shape (N,), dtype uint64
        Marks of the pictures that were counted; see `input_mark`.
    counted : dict of str to ndarray
        Their colors; see `codec.encoder.training.Pool.state`.
    codebook : ndarray of shape (K, C), dtype uint8, or None
        What was trained with them.
    """

    inputs: Marks
    counted: dict[str, npt.NDArray[Any]]
    codebook: npt.NDArray[np.uint8] | None = None


class Journal:
    """What was done of a run, in the folder of its outputs; one process at a time has it.

    Parameters
    ----------
    folder : Path or None
        That folder, which exists; without it nothing is noted.
    command : bytes
        Digest of what makes files what they are; see `digest_of`. What was noted of another
        command is forgotten.
    tell : callable
        Takes a line for people.
    counts : bool
        Whether colors are counted for all files, which take long to count again.

    Attributes
    ----------
    codebook : bytes
        Tells the codebook that files share, and with which they count as done.
    """

    def __init__(
        self,
        folder: Path | None,
        command: bytes,
        tell: Callable[[str], None],
        *,
        counts: bool = True,
    ) -> None:
        self.codebook, self._counts = b"", counts
        self.tell = tell
        self._command, self._is_empty = command, True
        self._records: RecordFile | None = None
        self._found: Marks = np.empty(0, np.uint64)
        self._is_wanted = self._is_broken = False
        self._cost = 0.0
        self._begun = self._saved = time.monotonic()
        if folder is None:
            return
        self._place = folder / FOLDER
        with self._or_go_on():
            self._open()

    def _open(self) -> None:
        with contextlib.suppress(FileExistsError):
            self._place.mkdir()
        if os.path.islink(self._place):
            raise FileError("it is a symbolic link", "symlink")
        try:
            self._records = records = RecordFile(self._place / _FILES, self._command)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._place.rmdir()  # which is refused if anything is in it
            if getattr(error, "reason", None) == "locked" and not self._counts:
                return  # it would have little to tell
            raise
        for path in self._place.iterdir():
            if process_of(path.name):
                path.unlink()
        found = np.frombuffer(records.found, "<u8")
        marks, numbers = _without_processes(found)
        sweep_of(numbers)
        self._found, self._is_empty = np.sort(marks), not len(marks)
        if records.was_other:
            self._forget_counted()
            self.tell(
                f"{display_name(self._place)}: notice: it is of a run with other options, "
                "which cannot go on any more"
            )
        self._is_empty &= not os.path.exists(self._place / _COUNTED)
        records.append(_PROCESS + os.getpid().to_bytes(RECORD_BYTES, "little"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Leave what another run can go on from, if there is anything."""
        self._close(remove=self._is_empty)

    def finish(self) -> None:
        """Remove it, since everything was done that can be."""
        if self._is_wanted and not self._is_empty:
            self.tell(
                f"{display_name(self._place)}: notice: the same command does what is missing"
            )
        self._close(remove=not self._is_wanted or self._is_empty)

    def _close(self, *, remove: bool) -> None:
        records, self._records = self._records, None
        if records is None:
            return
        if remove:
            self._forget_counted()
        records.close(remove=remove)
        with contextlib.suppress(OSError):
            if remove:
                self._place.rmdir()

    def _forget_counted(self) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self._place / _COUNTED)

    @contextlib.contextmanager
    def _or_go_on(self) -> Iterator[None]:
        """Note nothing more if that is impossible; what was noted stays true."""
        try:
            yield
        except (OSError, MemoryError) as error:
            if self._is_broken:
                return
            self._is_broken = True
            if isinstance(error, MemoryError):
                why = "not enough memory"
            else:
                why = str(error if isinstance(error, FileError) else as_file_error(error))
            self.tell(f"{display_name(self._place)}: notice: no journal is kept: {why}")

    # Files

    def once(
        self,
        planned: PlannedFile,
        files: Sequence[Path],
        writing: WriteOptions,
        do: Callable[[WriteOptions], FileReport],
    ) -> FileReport:
        """Do a file, unless a run that was ended has done it.

        Parameters
        ----------
        planned : PlannedFile
            The file.
        files : sequence of Path
            What will be there when it is done.
        writing : WriteOptions
            Whether outputs are replaced; those that a run has begun itself are in any case.
        do : callable
            Does it.

        Returns
        -------
        report : FileReport
            What `do` returns.

        Raises
        ------
        FileError
            It was done; reason `DONE_BEFORE`.
        CodecError
            As `do`.
        """
        if self._records is None or not (source := input_mark(planned.source)):
            return do(writing)
        there = [os.path.lexists(file) for file in files]

        def done() -> int:
            # What may be replaced must be as it was left; all else is left as it is anyway.
            left = map(input_mark, files) if writing.force else ()
            return _mark("done", planned.target, source, self.codebook.hex(), *left)

        mine = self._owns(planned.target)
        if mine and all(there) and self._has(done()):
            raise FileError("the run that was ended has done it", DONE_BEFORE)
        again = writing
        if not any(there):
            # What gets its name is whole: if it is there one day, it was done.
            self._note(_mark("ours", planned.target), done())
        elif mine and not writing.force:
            begun = not os.path.lexists(planned.target) or is_ours(planned.target)
            again = replace(writing, force=begun)
        try:
            report = do(again)
        except FileError as error:
            if error.reason == "exists":
                self._note(_mark("of others", planned.target))
            self._is_wanted |= error.reason == "no-space"
            raise
        if report.status == "ok" and (any(there) or writing.force):
            self._note(_mark("ours", planned.target), done())
        return report

    def claim(self, path: Path) -> bool:
        """Note that a file will be ours; tell whether it is there, and was ours before."""
        if not os.path.lexists(path):
            self._note(_mark("ours", path))
            return False
        return self._owns(path)

    def _owns(self, path: Path) -> bool:
        return self._has(_mark("ours", path)) and not self._has(_mark("of others", path))

    def _has(self, mark: int) -> bool:
        place = int(np.searchsorted(self._found, np.uint64(mark)))
        return place < len(self._found) and int(self._found[place]) == mark

    def _note(self, *marks: int) -> None:
        records = self._records
        new = [mark for mark in marks if not self._has(mark)]
        if records is None or self._is_broken or not new:
            return
        with self._or_go_on():
            records.append(b"".join(mark.to_bytes(RECORD_BYTES, "little") for mark in new))
            self._is_empty = False

    # Counting

    def load(self) -> Checkpoint | None:
        """Read how far counting was, if that is known."""
        if self._records is None:
            return None
        try:
            return _decoded(read_file(self._place / _COUNTED), self._command)
        except (CodecError, MemoryError):
            return None

    def save(self, checkpoint: Callable[[], Checkpoint], *, at_once: bool = False) -> None:
        """Save how far counting is, if saving it takes little of the time since the last time.

        Parameters
        ----------
        checkpoint : callable
            Makes what is saved.
        at_once : bool
            Save it in any case, unless all until now took no time that is worth it.
        """
        now = time.monotonic()
        least = max(_LEAST_SECONDS, 0 if at_once else _WORK_PER_SAVING * self._cost)
        spent = now - (self._begun if at_once else self._saved)
        if self._records is None or self._is_broken or spent < least:
            return
        with self._or_go_on():
            data = _encoded(checkpoint(), self._command)
            if len(data) <= MAX_FILE_BYTES:
                write_files([(self._place / _COUNTED, data)], force=True)
                self._is_empty = False
            self._saved = time.monotonic()
            self._cost = self._saved - now


def digest_of(*settings: Any) -> bytes:
    """Digest what makes the files of a run what they are, and this version of kmcodec.

    Parameters
    ----------
    *settings : dataclass, ndarray, str, number or None
        Or lists of them.
    """
    import json

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return [value.dtype.str, value.shape, hashlib.sha256(value.tobytes()).hexdigest()]
        return asdict(value)

    text = json.dumps([__version__, *settings], default=plain, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=_SEAL_BYTES).digest()


def input_mark(path: Path) -> int:
    """Tell a file from others, and from what it was before it was changed; 0 if none is there."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return 0
    if not stat.S_ISREG(status.st_mode):
        return 0
    return _mark("input", path, status.st_size, status.st_mtime_ns)


def _mark(kind: str, path: Path, *more: object) -> int:
    """Digest what is noted of a file; never 0."""
    text = "\0".join((kind, os.path.abspath(path), *map(str, more)))
    digest = hashlib.blake2b(os.fsencode(text), digest_size=RECORD_BYTES).digest()
    return int.from_bytes(digest, "little") or 1


def _without_processes(found: Marks) -> tuple[Marks, list[int]]:
    """Part marks from the numbers of the processes that noted them."""
    places = np.flatnonzero(found[:-1] == np.frombuffer(_PROCESS, "<u8")[0])
    return np.delete(found, [*places, *(places + 1)]), found[places + 1].tolist()


def _encoded(checkpoint: Checkpoint, command: bytes) -> bytes:
    data, members = io.BytesIO(), {"inputs": checkpoint.inputs, **checkpoint.counted}
    if checkpoint.codebook is not None:
        members["codebook"] = checkpoint.codebook
    np.savez(data, allow_pickle=False, **members)
    sealed = hashlib.blake2b(command, digest_size=_SEAL_BYTES)
    sealed.update(data.getbuffer())
    return b"".join([sealed.digest(), data.getbuffer()])


def _decoded(data: bytes, command: bytes) -> Checkpoint | None:
    """Read a checkpoint; what is damaged, or of another command, is none."""
    sealed = hashlib.blake2b(command, digest_size=_SEAL_BYTES)
    sealed.update(memoryview(data)[_SEAL_BYTES:])
    if sealed.digest() != data[:_SEAL_BYTES]:
        return None
    with np.load(io.BytesIO(memoryview(data)[_SEAL_BYTES:]), allow_pickle=False) as members:
        counted = dict(members)
    return Checkpoint(counted.pop("inputs"), counted, counted.pop("codebook", None))
