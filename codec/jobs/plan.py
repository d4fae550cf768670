"""Many files: which inputs become which outputs.

Everything that can be known to go wrong with names is found before any file is read: outputs that
collide, and outputs that are inputs.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from codec.errors import CodecError, ImageError, ParameterError
from codec.files import as_file_error, display_name, is_same_file
from codec.formats.registry import CODEBOOK_SUFFIX, FORMATS, LABELS_SUFFIX, part_paths
from codec.images.containers import READABLE_EXTENSIONS

_OWN_SUFFIXES = (LABELS_SUFFIX, ".indexed.png", ".decoded.png")
_COMPRESSED_SUFFIXES = (LABELS_SUFFIX, CODEBOOK_SUFFIX, ".npz", ".kmc")
_DECODED_SUFFIX = ".decoded.png"
COMPRESSED_ALREADY = "compressed-already"


@dataclass(frozen=True)
class Job:
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
    """

    source: Path
    target: Path
    files: tuple[Path, ...]
    failure: CodecError | None = None
    others: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Names:
    """How inputs are found and outputs are named.

    Parameters
    ----------
    output : Path or None
        The output of a single input.
    folder : Path or None
        Where outputs go; beside their inputs if None.
    recursive : bool
        Take what is in directories; their trees are kept.
    """

    output: Path | None = None
    folder: Path | None = None
    recursive: bool = False


def plan_compression(inputs: Sequence[Path], names: Names, form_name: str) -> list[Job]:
    """Decide what is compressed to where.

    Parameters
    ----------
    inputs : sequence of Path
        Files and directories as given.
    names : Names
        How outputs are named.
    form_name : str
        The form of the outputs.

    Returns
    -------
    jobs : list of Job
        In the order of the inputs, directories sorted.

    Raises
    ------
    ParameterError
        An output collides with another output or with an input, or one output was named for
        several inputs.
    """
    form = FORMATS[form_name]

    def wanted(name: str) -> bool:
        lower = name.lower()
        return lower.endswith(READABLE_EXTENSIONS) and not lower.endswith(_OWN_SUFFIXES)

    def job(source: Path, folder: Path) -> Job:
        target = names.output or folder / (source.stem + form.default_suffix)
        if source.name.lower().endswith(_COMPRESSED_SUFFIXES):
            # `compress *` a second time meets what the first time wrote.
            made_here = ImageError("its name is that of a compressed file", COMPRESSED_ALREADY)
            return Job(source, target, (), made_here)
        return Job(source, target, tuple(part_paths(form, target)))

    return _plan(inputs, names, wanted, job)


def plan_decompression(
    inputs: Sequence[Path], names: Names, codebook: Path | None = None
) -> list[Job]:
    """Decide what is decompressed to where.

    Parameters
    ----------
    inputs, names
        As for `plan_compression`.
    codebook : Path, optional
        The codebook of a label PNG, if it is not beside it.

    Returns
    -------
    jobs : list of Job
        A codebook in a directory is taken together with its labels.

    Raises
    ------
    ParameterError
        As for `plan_compression`.
    """
    endings = tuple(form.default_suffix for form in FORMATS.values())

    def wanted(name: str) -> bool:
        return name.lower().endswith(endings)

    def job(source: Path, folder: Path) -> Job:
        target = names.output or folder / (compressed_stem(source) + _DECODED_SUFFIX)
        others: tuple[Path, ...] = () if codebook is None else (codebook,)
        if source.name.lower().endswith((LABELS_SUFFIX, CODEBOOK_SUFFIX)):
            stem = compressed_stem(source)
            others += tuple(part_paths(FORMATS["pair"], source.with_name(stem + LABELS_SUFFIX)))
        return Job(source, target, (target,), others=others)

    return _plan(_without_other_halves(inputs), names, wanted, job)


def _without_other_halves(inputs: Sequence[Path]) -> list[Path]:
    """Drop codebooks whose label PNGs are inputs too, as `kmcodec decompress *` gives them."""
    given = {os.path.normpath(path) for path in inputs}

    def is_other_half(path: Path) -> bool:
        if not path.name.lower().endswith(CODEBOOK_SUFFIX):
            return False
        return os.path.normpath(path.with_name(compressed_stem(path) + LABELS_SUFFIX)) in given

    return [path for path in inputs if not is_other_half(path)]


def compressed_stem(path: Path) -> str:
    """Strip what marks a compressed file from its name."""
    lower = path.name.lower()
    for ending in (LABELS_SUFFIX, CODEBOOK_SUFFIX, ".indexed.png"):
        if lower.endswith(ending) and len(lower) > len(ending):
            return path.name[: -len(ending)]
    return path.stem


def _plan(
    inputs: Sequence[Path],
    names: Names,
    wanted: Callable[[str], bool],
    make_job: Callable[[Path, Path], Job],
) -> list[Job]:
    jobs: list[Job] = []
    for given in dict.fromkeys(inputs):
        if names.recursive and os.path.isdir(given):
            if names.output:
                raise ParameterError("-o names one file and cannot take a directory", "output")
            for found in _walk(given, wanted, names.folder):
                if isinstance(found, Job):
                    jobs.append(found)
                    continue
                inside = found.relative_to(given).parent
                jobs.append(make_job(found, (names.folder or given) / inside))
        else:
            jobs.append(make_job(given, names.folder or given.parent))
    if names.output and len(jobs) > 1:
        raise ParameterError("-o names one file and there are several inputs", "output")
    _find_collisions(jobs)
    return jobs


def _walk(top: Path, wanted: Callable[[str], bool], excluded: Path | None) -> Iterator[Path | Job]:
    """Find the wanted files below a directory, without following links to directories."""
    failures: list[OSError] = []
    for folder, subfolders, files in os.walk(top, onerror=failures.append):
        subfolders[:] = sorted(
            name
            for name in subfolders
            if excluded is None or not is_same_file(Path(folder, name), excluded)
        )
        for name in sorted(files):
            if wanted(name):
                yield Path(folder, name)
    for failure in failures:
        place = Path(str(failure.filename))
        yield Job(place, place, (), as_file_error(failure))


def _find_collisions(jobs: Sequence[Job]) -> None:
    """Refuse outputs that would overwrite each other or an input, whatever `--force` says."""
    owners: dict[str, Path] = {}
    read = [path for job in jobs if job.failure is None for path in (job.source, *job.others)]
    sources = {os.path.realpath(source): source for source in read}
    identities = {_identity(source): source for source in read}
    for job in jobs:
        for file in job.files:
            # Its name and, if that is a link, what `--force` would write to.
            places = {
                os.path.join(os.path.realpath(file.parent), file.name),
                os.path.realpath(file),
            }
            for place in places & owners.keys():
                raise ParameterError(
                    f"{display_name(owners[place])} and {display_name(job.source)} "
                    f"would both be written to {display_name(file)}",
                    "collision",
                )
            owners.update(dict.fromkeys(places, job.source))
            identity = _identity(file)
            clash = sources.get(os.path.realpath(file)) or (identity and identities.get(identity))
            if clash:
                raise ParameterError(
                    f"the output {display_name(file)} is the input {display_name(clash)}",
                    "collision",
                )


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode, which hard links share."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
