"""Outputs that would overwrite each other or an input, found before any file is read.

Inputs whose outputs would have one name keep their own endings in it: `a.jpg` and `a.png` become
`a.jpg.npz` and `a.png.npz`. What collides even then fails, and the others are done.
"""

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from codec.errors import CodecError, FileError
from codec.files import display_name


@dataclass(frozen=True)
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


def without_collisions(plan: Sequence[PlannedFile]) -> list[PlannedFile]:
    """Give every input outputs of its own, or let it fail, whatever `--force` says.

    Parameters
    ----------
    plan : sequence of PlannedFile
        In the order of the inputs.

    Returns
    -------
    plan : list of PlannedFile
        In the same order. What was renamed says so in a notice; what fails has the reason
        ``collision``.
    """
    places, plan = _Places(), list(plan)
    inputs = [path for one in plan if not one.failure for path in (one.source, *one.others)]
    real = {os.path.realpath(path): path for path in inputs if os.path.islink(path)}
    real.update({places.of(path): path for path in inputs})
    identities = {_identity(path): path for path in inputs}
    identities.pop(None, None)

    def overwritten(planned: PlannedFile) -> PlannedFile:
        for file in planned.files:
            known = [real.get(place) for place in places.all_of(file)]
            if clash := next(filter(None, [*known, identities.get(_identity(file))]), None):
                said = f"the output {display_name(file)} is the input {display_name(clash)}"
                return replace(planned, files=(), failure=FileError(said, "collision"))
        return planned

    # Names grow with every round, so there are few.
    while shared := _shared_outputs(places, plan):
        for number, said in shared.items():
            renamed = plan[number].renamed
            if renamed:
                plan[number] = replace(renamed, notices=(f"{said}: its whole name is kept",))
            else:
                failure = FileError(said, "collision")
                plan[number] = replace(plan[number], files=(), failure=failure)
    return [overwritten(planned) for planned in plan]


def _shared_outputs(places: "_Places", plan: Sequence[PlannedFile]) -> dict[int, str]:
    """Find inputs that share an output and must yield, with what is to be said of each."""
    owners: defaultdict[str, list[int]] = defaultdict(list)
    for number, planned in enumerate(plan):
        for file in planned.files:
            for place in places.all_of(file):
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
