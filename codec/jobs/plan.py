"""Many files: which inputs become which outputs."""

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from codec.errors import ImageError, ParameterError
from codec.files import as_file_error, is_same_file
from codec.formats.registry import (
    FORMATS,
    LARGE_FORMATS,
    Format,
    files_together,
    is_reserved,
    is_shared,
    main_path,
    stem_of,
)
from codec.images.kinds import READABLE_EXTENSIONS
from codec.jobs.collisions import Plan, PlannedFile, settle_collisions
from codec.jobs.ours import DECODED_ENDING, LEFT_OUT, is_ours, made_here
from codec.limits import MAX_PIXELS

# Why what is given by name is skipped.
COMPRESSED_ALREADY = "compressed-already"
STORE_ENDING = ".zarr"


@dataclass(frozen=True)
class Naming:
    """How inputs are found and outputs are named.

    Parameters
    ----------
    output : Path or None
        The output of a single input.
    folder : Path or None
        Where outputs go; beside their inputs if None.
    recursive : bool
        Take what is in directories; their trees are kept.
    suffix : str
        What stands between the stem of an input and the ending of its output, if anything.
    same_names : bool
        Outputs have the names of their inputs.
    in_place : bool
        Outputs are their inputs.
    """

    output: Path | None = None
    folder: Path | None = None
    recursive: bool = False
    suffix: str = ""
    same_names: bool = False
    in_place: bool = False


def plan_compression(
    inputs: Sequence[Path], naming: Naming, format: Format, max_pixels: int = MAX_PIXELS
) -> Plan:
    """Decide what is compressed to where.

    Parameters
    ----------
    inputs : sequence of Path
        Files and directories as given.
    naming : Naming
        How outputs are named.
    format : Format
        How they are stored.
    max_pixels : int
        Of larger pictures it is not asked who made them.

    Returns
    -------
    plan : Plan
        In the order of the inputs, directories sorted; see `settle_collisions`. Pictures in
        directories that kmcodec compressed have a failure of the reason ``left-out``.

    Raises
    ------
    ParameterError
        One output was named for several inputs, or it is the input.
    """
    # What is asked twice is asked at once.
    ours = functools.lru_cache(1)(
        functools.partial(is_ours, max_pixels=max_pixels, suffix=naming.suffix)
    )
    is_dropin = naming.same_names or naming.in_place
    ending = naming.suffix + format.ending if naming.suffix else format.default_ending

    def wanted(name: str) -> bool:
        return name.lower().endswith(READABLE_EXTENSIONS)

    def settled(path: Path) -> bool:
        return is_reserved(path) or bool(naming.suffix and path.stem.endswith(naming.suffix))

    def place(source: Path, folder: Path) -> PlannedFile:
        if is_dropin:
            target = source if naming.in_place else folder / source.name
            if not _is_store(source.name):
                # What is behind a link stays, in place, and may be another input.
                stays = naming.in_place and os.path.islink(source)
                return PlannedFile(source, target, () if stays else (target,))
            failure = ImageError("it is a folder of Zarr", LEFT_OUT)
            return PlannedFile(source, target, (), failure)
        target = naming.output or folder / (source.stem + ending)
        whole = folder / (source.name + ending)
        name = source.name.lower()
        may_be_picture = name.endswith((*READABLE_EXTENSIONS, STORE_ENDING))
        if settled(source) and (not may_be_picture or ours(source)):
            # `compress *` a second time meets what the first time wrote.
            failure = ImageError("it is a compressed file", COMPRESSED_ALREADY)
            return PlannedFile(source, target, (), failure)
        return _planned(source, target, whole, format.files, naming)

    # Whether a reserved name is a picture's, its file says: once, since it may be written over.
    unwanted = (lambda path: False) if is_dropin else ours
    return _plan(inputs, naming, wanted, place, settled=settled, unwanted=unwanted)


def plan_decompression(
    inputs: Sequence[Path], naming: Naming, codebook: Path | None = None
) -> Plan:
    """Decide what is decompressed to where.

    Parameters
    ----------
    inputs, naming
        As for `plan_compression`.
    codebook : Path, optional
        The codebook of a label PNG, if it is not beside it.

    Returns
    -------
    plan : Plan
        A codebook in a directory is taken together with its labels.

    Raises
    ------
    ParameterError
        As for `plan_compression`.
    """
    formats = (*FORMATS.values(), *LARGE_FORMATS.values())
    endings = tuple(format.default_ending for format in formats)

    def wanted(name: str) -> bool:
        return name.lower().endswith(endings)

    def place(source: Path, folder: Path) -> PlannedFile:
        target = naming.output or folder / (stem_of(source) + DECODED_ENDING)
        whole = folder / (source.name + DECODED_ENDING)
        others = [*([codebook] if codebook else []), *files_together(source)]
        return _planned(source, target, whole, lambda target: [target], naming, others)

    return _plan(_without_other_halves(inputs), naming, wanted, place)


def plan_conversion(
    inputs: Sequence[Path], naming: Naming, format: Format, codebook: Path | None = None
) -> Plan:
    """Decide what is converted to where.

    Parameters
    ----------
    inputs, naming, codebook
        As for `plan_decompression`.
    format : Format
        What is written.

    Returns
    -------
    plan : Plan
        Of what is found in directories, whatever may have a palette.

    Raises
    ------
    ParameterError
        As for `plan_compression`.
    """
    formats = (*FORMATS.values(), *LARGE_FORMATS.values())
    endings = (*(each.ending for each in formats), ".gif", ".tiff")
    ending = format.default_ending

    def wanted(name: str) -> bool:
        return name.lower().endswith(endings)

    def place(source: Path, folder: Path) -> PlannedFile:
        target = naming.output or folder / (stem_of(source) + ending)
        whole = folder / (source.name + ending)
        others = [*([codebook] if codebook else []), *files_together(source)]
        return _planned(source, target, whole, format.files, naming, others)

    return _plan(_without_other_halves(inputs), naming, wanted, place)


def _planned(
    source: Path,
    target: Path,
    whole: Path,
    files: Callable[[Path], list[Path]],
    naming: Naming,
    others: Sequence[Path] = (),
) -> PlannedFile:
    """Plan an input, with another name for its output unless that was chosen by hand."""
    planned = PlannedFile(source, target, tuple(files(target)), others=tuple(others))
    if naming.output:
        return planned
    return replace(planned, renamed=replace(planned, target=whole, files=tuple(files(whole))))


def _without_other_halves(inputs: Sequence[Path]) -> list[Path]:
    """Drop codebooks whose label PNGs are inputs too, as `kmcodec decompress *` gives them."""
    given = {os.path.normpath(path) for path in inputs}
    halves = {path for path in inputs if main_path(path) != path}
    sharing = {path.parent for path in inputs if path not in halves and files_together(path)}
    dropped = {
        path
        for path in halves
        if os.path.normpath(main_path(path)) in given
        or (is_shared(path) and path.parent in sharing)
    }
    return [path for path in inputs if path not in dropped]


def _plan(
    inputs: Sequence[Path],
    naming: Naming,
    wanted: Callable[[str], bool],
    place: Callable[[Path, Path], PlannedFile],
    *,
    settled: Callable[[Path], bool] = lambda path: False,
    unwanted: Callable[[Path], bool] = lambda path: False,
) -> Plan:
    """Plan inputs; `settled` tells of a name whether `place` looks at its file too."""
    plan = Plan()

    def wanted_here(name: str) -> bool:
        is_wanted = wanted(name)
        plan.passed_over += not is_wanted
        return is_wanted

    def place_given(name: bytes) -> PlannedFile:
        given = Path(os.fsdecode(name))
        return place(given, naming.folder or given.parent)

    def place_found(name: bytes, folder: Path, target: Path) -> PlannedFile:
        found = folder / os.fsdecode(name)
        if isinstance(name, _LeftOut):
            return PlannedFile(found, found, (), made_here())
        planned = place(found, target)
        renamed = planned.renamed and replace(planned.renamed, is_found=True)
        return replace(planned, is_found=True, renamed=renamed)

    for given in dict.fromkeys(inputs):
        if naming.recursive and os.path.isdir(given) and not _is_store(given.name):
            if naming.output:
                raise ParameterError("-o names one file and cannot take a directory", "output")
            for found in _walk(given, wanted_here, naming.folder, plan.not_entered):
                if isinstance(found, PlannedFile):
                    plan.extend(place_given, [found])
                    continue
                folder, names = found
                target = (naming.folder or given) / folder.relative_to(given)
                here = functools.partial(place_found, folder=folder, target=target)
                entries: list[bytes | PlannedFile] = []
                for name in names:
                    path = folder / os.fsdecode(name)
                    left_out = unwanted(path)
                    entry = _LeftOut(name) if left_out else name
                    entries.append(here(entry) if settled(path) and not left_out else entry)
                plan.extend(here, entries)
        else:
            name = os.fsencode(given)
            plan.extend(place_given, [place_given(name) if settled(given) else name])
    if naming.output and len(plan) > 1:
        raise ParameterError("-o names one file and there are several inputs", "output")
    settle_collisions(plan, in_place=naming.in_place)
    if naming.output and len(plan):
        failure = plan[0].failure
        if failure and failure.reason == "collision":
            raise ParameterError(str(failure), "collision")
    return plan


class _LeftOut(bytes):
    """The name of a file that is left out, since kmcodec made it."""

    __slots__ = ()


def _walk(
    top: Path, wanted: Callable[[str], bool], excluded: Path | None, not_entered: list[Path]
) -> Iterator[tuple[Path, list[bytes]] | PlannedFile]:
    """Find the wanted files of one directory after the other, without following links to some.

    Directories that are left out are added to `not_entered`.
    """
    waiting = [top]
    while waiting:  # a stack of our own, since trees may be deeper than Python's
        folder, names, below = waiting.pop(), [], []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    kind = _kind(entry)
                    if kind == _STORE or (kind == _FILE and wanted(entry.name)):
                        names.append(entry.name)
                    elif kind == _FOLDER:
                        below.append(entry.name)
                    elif kind == _LINK:
                        not_entered.append(folder / entry.name)
        except OSError as error:
            yield PlannedFile(folder, folder, (), as_file_error(error))
            continue
        yield folder, [os.fsencode(name) for name in sorted(names)]
        for path in (folder / name for name in sorted(below, reverse=True)):
            is_excluded = excluded and is_same_file(path, excluded)
            (not_entered if is_excluded else waiting).append(path)


_FILE, _FOLDER, _LINK, _STORE = range(4)


def _is_store(name: str) -> bool:
    """Tell by its name whether a folder is one of Zarr, which is as good as a file."""
    return name.lower().endswith(STORE_ENDING)


def _kind(entry: "os.DirEntry[str]") -> int:
    """Tell a file, or what looks like one, from a directory and a link to a directory."""
    try:
        if not entry.is_dir():
            return _FILE
        if entry.is_symlink():
            return _LINK
        return _STORE if _is_store(entry.name) else _FOLDER
    except OSError:
        return _FILE
