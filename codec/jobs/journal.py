"""What a run into a folder has done, so that the same command goes on after the run was killed.

A journal is a folder beside the outputs. Nothing depends on it: what is damaged is not believed,
and where none can be kept, files are done as without.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from codec.errors import CodecError, FileError
from codec.files import as_file_error, display_name, read_file, write_files
from codec.files.digests import content_digest
from codec.files.records import RECORD_BYTES, RecordFile
from codec.files.temporaries import process_of, sweep_of
from codec.jobs.checkpoints import Checkpoint, decode_checkpoint, encode_checkpoint
from codec.jobs.collisions import PlannedFile
from codec.jobs.marks import digest_unless_link, is_settled, mark_of, stamp_of
from codec.jobs.ours import UP_TO_DATE
from codec.limits import MAX_FILE_BYTES
from codec.reports.report import FileReport
from codec.settings import WriteOptions

FOLDER = ".kmcodec-run"
_FILES, _COUNTED = "files", "counted"
_MAGIC = b"kmcodec journal\n"
# What is followed by a number; all else are marks.
_PROCESS, _COMMAND, _STAYS = b"process:", b"command:", b"forever:"
# A checkpoint may cost this part of the work, and no less time than this lies between two.
_WORK_PER_SAVING, _LEAST_SECONDS = 20, 1.0
Marks = npt.NDArray[np.uint64]


class Journal:
    """What was done of a run, in the folder of its outputs; one process at a time has it.

    Before a file is written it is noted what will be in it, and of what that was made: a file
    with that in it is ours, whatever ends us, and one that anybody changed is not. When it is
    found so again, it is noted how it was left: from then on nothing is read to tell that it is up
    to date.

    Parameters
    ----------
    folder : Path or None
        That folder, which exists; without it nothing is noted.
    command : bytes
        Digest of what makes files what they are; see `digest_of`.
    tell : callable
        Takes a line for people.
    counts : bool
        Whether colors are counted for all files, which take long to count again.
    stays : bool
        Keep it for runs to come, and what files are ours whatever the command was; so does a run
        that finds one that stays. Otherwise what was noted of another command is forgotten, and
        all of it when everything was done.
    force : bool
        Whether files of others are replaced.

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
        stays: bool = False,
        force: bool = False,
    ) -> None:
        self.codebook: bytes = b""
        self._counts, self._stays, self._force = counts, stays, force
        self.tell = tell
        self._command, self._is_empty = command, True
        self._records: RecordFile | None = None
        self._found: Marks = np.empty(0, np.uint64)
        self._is_wanted = self._is_broken = False
        self._cost = 0.0
        self._begun = self._saved = time.monotonic()
        if folder is None:
            return
        self._place, self._top = folder / FOLDER, os.path.abspath(folder)
        with self._or_go_on():
            self._open()

    def _open(self) -> None:
        with contextlib.suppress(FileExistsError):
            self._place.mkdir()
        if os.path.islink(self._place):
            raise FileError("it is a symbolic link", "symlink")
        try:
            self._records = records = RecordFile(self._place / _FILES, _MAGIC)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._place.rmdir()  # which is refused if anything is in it
            if getattr(error, "reason", None) == "locked" and not (self._counts or self._stays):
                return  # it would have little to tell
            raise
        marks, numbers = _told(np.frombuffer(records.found, "<u8"))
        self._found, self._is_empty = np.sort(marks), False
        for path in self._place.iterdir():
            with contextlib.suppress(OSError):
                if process_of(path.name):
                    path.unlink()
        self._stays |= bool(numbers[_STAYS])
        sweep_of(numbers[_PROCESS])
        command = int.from_bytes(self._command[:RECORD_BYTES], "little")
        others = [other for other in numbers[_COMMAND][-1:] if other != command]
        if others:
            self._forget_counted()
        if others and not self._stays:
            records.clear()
            self._found = self._found[:0]
            self.tell(
                f"{display_name(self._place)}: notice: it is of a run with other options, "
                "which cannot go on any more"
            )
        self._is_empty = not len(self._found) and not os.path.exists(self._place / _COUNTED)
        numbered = [(_PROCESS, os.getpid()), (_COMMAND, command)]
        numbered += [(_STAYS, 1)] * (self._stays and not numbers[_STAYS])
        records.append(
            b"".join(kind + number.to_bytes(RECORD_BYTES, "little") for kind, number in numbered)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Leave what another run can go on from, if there is anything."""
        self._close(remove=self._is_empty)

    def finish(self) -> None:
        """Remove it, unless it stays: everything was done that can be."""
        if self._stays and (trained := self.load()) and trained.codebook is not None:
            self.save(lambda: replace(trained, counted={}), at_once=True)
        if self._is_wanted and not self._is_empty:
            self.tell(
                f"{display_name(self._place)}: notice: the same command does what is missing"
            )
        self._close(remove=not (self._is_wanted or self._stays) or self._is_empty)

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
        """Do a file, unless it is up to date.

        Parameters
        ----------
        planned : PlannedFile
            The file.
        files : sequence of Path
            What will be there when it is done.
        writing : WriteOptions
            Whether outputs are replaced; those that are ours are in any case.
        do : callable
            Does it.

        Returns
        -------
        report : FileReport
            What `do` returns.

        Raises
        ------
        FileError
            It is up to date; reason `UP_TO_DATE`.
        CodecError
            As `do`.
        """
        if self._records is None or not os.path.isfile(planned.source):
            return do(writing)
        command = self._command.hex(), self.codebook.hex()

        def done() -> int:
            left = stamp_of(planned.source, follow=True), *map(stamp_of, files)
            return self._mark("done", planned.target, *command, *left)

        def made(path: Path, digest: str) -> int:
            return self._mark("made", path, digest, source, *command)

        def claim(path: Path, content: bytes | Path) -> None:
            if path not in files:  # but beside them, for others too
                self.claim(path, content)
                return
            digest = content_digest(content)
            if not writing.force and os.path.lexists(path):
                _check_same(path, seen.get(path, ""))
            marks = [self._ours(path, digest, planned.source)]
            if content_digest(planned.source) == source:
                marks.append(made(path, digest))
            self._note(*marks)

        there = [file for file in files if os.path.lexists(file)]
        is_whole = bool(files) and len(there) == len(files)
        as_left = done() if is_whole else 0
        if as_left and self._has(as_left):
            raise _up_to_date()
        source = content_digest(planned.source)
        seen = {file: self._digest_there(file) for file in there}
        if is_whole and self._has(*(made(*each) for each in seen.items())):
            if as_left == done() and all(map(is_settled, (planned.source, *files))):
                self._note(as_left)  # which is quicker to look up
            raise _up_to_date()
        force = writing.force
        if there and not force:
            force = self._has(*(self._ours(*each, planned.source) for each in seen.items()))
        try:
            return do(replace(writing, force=force, claim=claim))
        except FileError as error:
            self._is_wanted |= error.reason == "no-space"
            raise

    def claim(self, path: Path, content: bytes | Path) -> None:
        """Note what is about to be in a file that is of no picture alone.

        Raises
        ------
        FileError
            Somebody else has put a file there meanwhile, which is not to be replaced.
        """
        if self._records and not self._force and os.path.lexists(path) and not self.owns(path):
            raise _changed(path)
        self._note(self._ours(path, content_digest(content)))

    def owns(self, path: Path, source: Path | None = None) -> bool:
        """Tell whether what is in a file was written there, of that picture, by a run before."""
        return self._has(self._ours(path, self._digest_there(path), source))

    def _ours(self, path: Path, digest: str, source: Path | None = None) -> int:
        """Mark what is in a file as ours: of another picture of that name, it is not.

        Folders of both may get other names above what they have in common.
        """
        of = ""
        if source:
            folder, name = os.path.split(source)
            place = os.path.join(os.path.realpath(folder), name)
            of = os.path.relpath(place, os.path.realpath(self._top))
        return self._mark("ours", path, digest, of)

    def _digest_there(self, path: Path) -> str:
        """Digest an output; what cannot be read, or is behind a link, is of others."""
        return digest_unless_link(path) if len(self._found) else ""

    def _mark(self, kind: str, path: Path, *more: object) -> int:
        """Digest what is noted of an output, whose folder may get another name; never 0."""
        return mark_of(kind, os.path.abspath(path).removeprefix(self._top), *more)

    def _has(self, *marks: int) -> bool:
        """Tell whether all of these were noted by runs before."""
        if not len(self._found):
            return False
        wanted = np.array(marks, np.uint64)
        places = np.searchsorted(self._found, wanted)
        return bool((self._found.take(places, mode="clip") == wanted).all())

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
            return decode_checkpoint(read_file(self._place / _COUNTED), self._command)
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
            data = encode_checkpoint(checkpoint(), self._command)
            if len(data) <= MAX_FILE_BYTES:
                write_files([(self._place / _COUNTED, data)], force=True)
                self._is_empty = False
            self._saved = time.monotonic()
            self._cost = self._saved - now


def _up_to_date() -> FileError:
    return FileError("it was made of this picture with these options", UP_TO_DATE)


def _check_same(path: Path, digest: str) -> None:
    if not digest or digest_unless_link(path) != digest:
        raise _changed(path)


def _changed(path: Path) -> FileError:
    return FileError(f"cannot write {display_name(path)}: it already exists", "exists")


def _told(found: Marks) -> tuple[Marks, dict[bytes, list[int]]]:
    """Part marks from numbers, of each kind in the order in which they were noted."""
    numbers, places = {}, []
    for kind in (_PROCESS, _COMMAND, _STAYS):
        here = np.flatnonzero(found[:-1] == np.frombuffer(kind, "<u8")[0])
        numbers[kind] = found[here + 1].tolist()
        places += [*here, *(here + 1)]
    return np.delete(found, places), numbers
