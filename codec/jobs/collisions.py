"""Outputs that would overwrite each other or an input, found before any file is read.

Inputs whose outputs would have one name keep their own endings in it: `a.jpg` and `a.png` become
`a.jpg.npz` and `a.png.npz`. What collides even then fails, and the others are done.
"""

import os
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codec.errors import CodecError, FileError
from codec.files import display_name


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One input and where its result goes.

    Parameters
    ----------
    source : Path
        The input.
    target : Path
        The output; for a pair its label PNG.
    files : tuple of Path
        All files that would be written.
    failure : CodecError or None
        Why it cannot even be tried.
    others : tuple of Path
        Files that are read beside the input, such as the other half of a pair.
    renamed : PlannedFile or None
        The same with the input's whole name in that of the output, if nobody chose that.
    notices : tuple of str
        What is to be said of its name.
    is_found : bool
        Whether nobody named it, but the directory that it is in.
    """

    source: Path
    target: Path
    files: tuple[Path, ...]
    failure: CodecError | None = None
    others: tuple[Path, ...] = ()
    renamed: "PlannedFile | None" = None
    notices: tuple[str, ...] = ()
    is_found: bool = False


# Names are kept as bytes: paths would keep texts in Python's table of them.
Place = Callable[[bytes], PlannedFile]


class Plan(Collection[PlannedFile]):
    """Inputs in their order, of which most are kept as names: there may be a million.

    Where an output goes follows from the name of its input, and is told when it is asked for.

    Attributes
    ----------
    passed_over : int
        How many files of other kinds are in the directories.
    not_entered : list of Path
        Directories in them that are not looked into: links, and that of the outputs.
    """

    def __init__(self) -> None:
        self.passed_over = 0
        self.not_entered: list[Path] = []
        self._places: list[Place] = []
        self._entries: list[list[bytes | PlannedFile]] = []
        self._starts = [0]

    def extend(self, place: Place, entries: list[bytes | PlannedFile]) -> None:
        """Add the files of a folder: names, with what tells of one what is planned; or plans."""
        if entries:
            self._places.append(place)
            self._entries.append(entries)
            self._starts.append(len(self) + len(entries))

    def __len__(self) -> int:
        return self._starts[-1]

    def __iter__(self) -> Iterator[PlannedFile]:
        for place, entries in zip(self._places, self._entries, strict=True):
            for entry in entries:
                yield place(entry) if isinstance(entry, bytes) else entry

    def __contains__(self, planned: object) -> bool:
        return any(one == planned for one in self)

    def __getitem__(self, number: int) -> PlannedFile:
        part, number = self._find(number)
        entry = self._entries[part][number]
        return self._places[part](entry) if isinstance(entry, bytes) else entry

    def __setitem__(self, number: int, planned: PlannedFile) -> None:
        part, number = self._find(number)
        self._entries[part][number] = planned

    def _find(self, number: int) -> tuple[int, int]:
        if not 0 <= number < len(self):
            raise IndexError(number)
        part = bisect_right(self._starts, number) - 1
        return part, number - self._starts[part]


def settle_collisions(plan: Plan, *, in_place: bool = False) -> None:
    """Give every input outputs of its own, or let it fail, whatever `--force` says.

    Parameters
    ----------
    plan : Plan
        What was renamed says so in a notice from now on; what fails has the reason
        ``collision``.
    in_place : bool
        Whether outputs take the places of their own inputs.
    """
    places = _Places()
    # Names grow with every round, so there are few.
    while shared := _shared_outputs(places, plan):
        for number, said in shared.items():
            renamed = plan[number].renamed
            if renamed:
                plan[number] = replace(renamed, notices=(f"{said}: its whole name is kept",))
            else:
                failure = FileError(said, "collision")
                plan[number] = replace(plan[number], files=(), failure=failure)
    for number, said in _overwritten_inputs(places, plan, in_place=in_place).items():
        failure = FileError(said, "collision")
        plan[number] = replace(plan[number], files=(), failure=failure)


def _shared_outputs(places: "_Places", plan: Plan) -> dict[int, str]:
    """Find inputs that share an output and must yield, with what is to be said of each."""

    def named() -> Iterator[tuple[int, str]]:
        for number, planned in enumerate(plan):
            for file in planned.files:
                for place in places.all_of(file):
                    yield number, place

    often = _repeated(_hashes(place for _, place in named()))
    owners: defaultdict[str, list[int]] = defaultdict(list)
    for number, place in named() if often else ():
        if hash(place) in often:
            owners[place].append(number)
    said = {}
    for numbers in owners.values():
        if len(numbers) == 1:
            continue
        # Whoever can be renamed makes room for who cannot.
        for number in [one for one in numbers if plan[one].renamed] or numbers:
            other = next((one for one in numbers if one != number), number)
            said[number] = (
                f"{display_name(plan[other].source)} would be written to "
                f"{display_name(plan[number].target)} as well"
            )
    return said


def _overwritten_inputs(places: "_Places", plan: Plan, *, in_place: bool) -> dict[int, str]:
    """Find inputs with an output that is one of the inputs, with what is to be said of each."""

    def read() -> Iterator[tuple[Path, str | tuple[int, int] | None]]:
        for planned in plan:
            if planned.failure and planned.failure.reason != "collision":
                continue
            for path in (planned.source, *planned.others):
                if os.path.islink(path):
                    yield path, os.path.realpath(path)
                yield path, places.of(path)
                yield path, _identity(path)

    def written() -> Iterator[tuple[int, Path, str | tuple[int, int] | None]]:
        for number, planned in enumerate(plan):
            for file in planned.files if not in_place else ():
                for place in places.all_of(file):
                    yield number, file, place
                yield number, file, _identity(file)

    inputs = _hashes(mark for _, mark in read() if mark is not None)
    outputs = _hashes(mark for _, _, mark in written() if mark is not None)
    common = set(np.intersect1d(inputs, outputs).tolist())
    said: dict[int, str] = {}
    if not common:
        return said
    known = {mark: path for path, mark in read() if mark is not None and hash(mark) in common}
    for number, file, mark in written():
        if mark is not None and mark in known:
            message = f"the output {display_name(file)} is the input {display_name(known[mark])}"
            said.setdefault(number, message)
    return said


def _hashes(marks: Iterator[str | tuple[int, int]]) -> npt.NDArray[np.int64]:
    """Hash what tells files apart, of which all at once would take too much memory."""
    return np.frombuffer(array("q", map(hash, marks)), np.int64)


def _repeated(hashes: npt.NDArray[np.int64]) -> set[int]:
    ordered = np.sort(hashes)
    return set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())


class _Places:
    """Real paths of files whose folders, which are few, are looked at once."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def of(self, path: Path) -> str:
        """Name a file by its real folder; if it is a link, it is not followed."""
        folder, name = os.path.split(path)
        return os.path.join(self._real(folder), name)

    def all_of(self, path: Path) -> set[str]:
        """Name a file and, if it is a link, what `--force` would write to."""
        place = self.of(path)
        return {place, os.path.realpath(place)} if os.path.islink(place) else {place}

    def _real(self, folder: str) -> str:
        """Resolve a folder from the next one above it that is known; trees may be deep."""
        below = []
        while folder not in self._folders:
            above, name = os.path.split(folder)
            if not above or name in ("", os.curdir, os.pardir):
                self._folders[folder] = os.path.realpath(folder)
            else:
                below.append(folder)
                folder = above
        real = self._folders[folder]
        for folder in reversed(below):
            real = os.path.join(real, os.path.basename(folder))
            if os.path.islink(real):
                real = os.path.realpath(real)
            self._folders[folder] = real
        return real


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode, which hard links share."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
