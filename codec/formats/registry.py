"""The formats: a row for each. Whoever wants to know something of a format asks its row.

A further format is one module with `encode` and `decode`, and one row here.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from codec.colors.lookup import ascending, count_labels, look_up, renumber
from codec.colors.pixels import pack_colors
from codec.errors import ParameterError
from codec.formats import indexed_png, npz, pair
from codec.formats.contents import Contents
from codec.formats.kmc import file as kmc
from codec.indexed import IndexedImage
from codec.limits import MAX_CODEBOOK_SIZE, MAX_METADATA_BYTES
from codec.metadata import Metadata
from codec.png.reading import SIGNATURE

Bytes = npt.NDArray[np.uint8]

# So many bytes of a file tell its format and the size of its picture.
START_BYTES = 32


def _unknown_size(start: bytes) -> None:
    return None


def _always_writable() -> None:
    return None


@dataclass(frozen=True)
class Format:
    """One way to store an indexed image.

    Parameters
    ----------
    name : str
        As on the command line.
    title : str
        As in a sentence.
    magic : bytes
        First bytes of the file that stands for all of them.
    endings : tuple of str
        What the names of its files end in, in the order in which they are written. The last is
        that of the file that stands for all; `-o` chooses the format by it.
    default_ending : str
        What is appended to the stem of the input when no output is named.
    encode : callable
        ``encode(indexed, effort, **options)`` gives the content of the files, in the order of
        `endings`; what `options` there are is the format's matter.
    decode : callable
        ``decode(*files, max_pixels=n)`` gives `Contents`, or raises FormatError or LimitError.
    is_picture : bool
        Whether every viewer shows the file, so that names of its ending may be anybody's.
    ascending : bool
        Whether it is smallest with code-words in ascending order, and not in one that brings
        those together which meet in the picture.
    keeps_indices : bool
        Whether its labels are arrays that people use, so that palette indices and grey values
        are to stay what they are.
    packing : {'rows', 'plain', 'contexts'}
        How labels are packed: deflated as the rows of a PNG, deflated as they are, or by the
        contexts that they stand in.
    peek_size : callable
        Width and height from the first bytes of a file, None if they do not tell.
    check_writable : callable
        Raises `ParameterError` if it cannot be written here, with the cure; `encode` does too.
    shared_name : str
        The file that has the codebook of all pictures of a folder, where they share one; empty if
        each file has its own in any case. Then `encode` has an option `shared`.
    piecewise : bool
        Whether it is only written piece by piece, by `codec.formats.large.opening.open_sink`.
    holds_texts, holds_profile : bool
        Which metadata it can hold.
    """

    name: str
    title: str
    magic: bytes
    endings: tuple[str, ...]
    default_ending: str
    encode: Callable[..., list[bytes]]
    decode: Callable[..., Contents]
    is_picture: bool = False
    ascending: bool = False
    keeps_indices: bool = False
    packing: str = "rows"
    peek_size: Callable[[bytes], tuple[int, int] | None] = _unknown_size
    check_writable: Callable[[], None] = _always_writable
    shared_name: str = ""
    piecewise: bool = False
    holds_texts: bool = False
    holds_profile: bool = False

    @property
    def ending(self) -> str:
        """What the name of the file ends in that stands for all of them."""
        return self.endings[-1]

    def begins(self, start: bytes) -> bool:
        """Tell whether a file begins like such a file."""
        return start.startswith(self.magic)

    def names(self, path: str | bytes | os.PathLike[str]) -> bool:
        """Tell whether a file's name is that of such a file, upper or lower case."""
        return _lower_name(path).endswith(self.ending)

    def files(self, path: str | bytes | os.PathLike[str]) -> list[Path]:
        """Name all files from the one that stands for all, in the order of `endings`."""
        path = Path(os.fsdecode(path))
        stem = path.name[: -len(self.ending)]
        return [*(path.with_name(stem + ending) for ending in self.endings[:-1]), path]

    def held(self, metadata: Metadata) -> Metadata:
        """Leave out metadata that the format cannot hold."""
        texts = metadata.texts if self.holds_texts else ()
        return Metadata(texts, metadata.profile if self.holds(metadata.profile) else b"")

    def holds(self, profile: bytes) -> bool:
        """Tell whether it can hold a profile: what every viewer shows, one of RGB, up to 1 MiB."""
        is_usual = profile[16:20] == b"RGB " and len(profile) <= MAX_METADATA_BYTES
        return self.holds_profile and (is_usual or not self.is_picture)

    def carrying(self, metadata: Metadata) -> "Format":
        """Make the same format, whose every file has these metadata, as far as it can."""
        held = self.held(metadata)
        if not held:
            return self

        def encode(indexed: IndexedImage, effort: str, **options: Any) -> list[bytes]:
            return self.encode(replace(indexed, metadata=held), effort, **options)

        return replace(self, encode=encode)

    def arranged(self, indexed: IndexedImage) -> IndexedImage:
        """Put code-words into the order that is stored best; the picture stays the same.

        Nothing is changed if the order is to be kept. If it was given and may be changed, spare
        code-words are left out where labels are no arrays that people use.
        """
        if indexed.keep_order:
            return indexed
        if indexed.keep_order is False and not self.keeps_indices:
            indexed = _without_spare(indexed)
        if not self.ascending:
            return indexed
        order = ascending(indexed.codebook)
        if (order == np.arange(len(order))).all():
            return indexed
        return _relabeled(indexed, renumber(indexed.labels, order), indexed.codebook[order])


def _without_spare(indexed: IndexedImage) -> IndexedImage:
    """Leave out code-words that are not used, and of equal ones all but the first."""
    used = np.flatnonzero(count_labels(indexed.labels))
    keys = pack_colors(indexed.codebook[used])
    _, firsts, members = np.unique(keys, return_index=True, return_inverse=True)
    kept, places = np.unique(firsts, return_inverse=True)
    if len(kept) == indexed.n_colors:
        return indexed
    translation = np.zeros(MAX_CODEBOOK_SIZE, dtype=np.uint8)
    translation[used] = places[members]
    return _relabeled(indexed, look_up(translation, indexed.labels), indexed.codebook[used[kept]])


def _relabeled(indexed: IndexedImage, labels: Bytes, codebook: Bytes) -> IndexedImage:
    return IndexedImage(labels, codebook, metadata=indexed.metadata)


# Where the first bytes are the same, the name decides, and the last row has what is left.
FORMATS = {
    format.name: format
    for format in (
        Format(
            "pair", "label PNG", SIGNATURE, (".codebook.npy", ".labels.png"), ".labels.png",
            pair.encode, pair.decode, keeps_indices=True, peek_size=indexed_png.peek_size,
            shared_name="shared.codebook.npy", holds_texts=True,
        ),
        Format(
            "npz", "npz", npz.MAGIC, (".npz",), ".npz", npz.encode, npz.decode,
            keeps_indices=True, packing="plain",
        ),
        Format(
            "png", "indexed PNG", SIGNATURE, (".png",), ".indexed.png",
            indexed_png.encode, indexed_png.decode,
            is_picture=True, peek_size=indexed_png.peek_size,
            holds_texts=True, holds_profile=True,
        ),
        Format(
            "kmc", "kmc", kmc.MAGIC, (".kmc",), ".kmc",
            kmc.encode, kmc.decode,
            ascending=True, packing="contexts",
            peek_size=kmc.peek_size, check_writable=kmc.check_writable, holds_profile=True,
        ),
    )
}  # fmt: skip


def _piece_by_piece(*files: object, **options: object) -> NoReturn:
    raise ParameterError("open_sink writes it, and codec.open reads it", "format")


# Of pictures that may be larger than memory.
LARGE_FORMATS = {
    format.name: format
    for format in (
        Format(
            "zarr", "Zarr", b"", (".zarr",), ".zarr", _piece_by_piece, _piece_by_piece,
            keeps_indices=True, packing="plain", piecewise=True,
        ),
        Format(
            "tiff", "TIFF", b"II", (".tif",), ".indexed.tif", _piece_by_piece, _piece_by_piece,
            is_picture=True, keeps_indices=True, packing="plain", piecewise=True,
        ),
    )
}  # fmt: skip
# Other endings that choose one of these.
_OTHER_ENDINGS = {".tiff": "tiff"}


def format_named(name: str, *, or_large: bool = False) -> Format:
    """Find a format by its name, or raise `ParameterError`.

    Parameters
    ----------
    name : str
        One of `FORMATS`.
    or_large : bool
        Or of `LARGE_FORMATS`.
    """
    formats = {**FORMATS, **LARGE_FORMATS} if or_large else FORMATS
    if name not in formats:
        raise ParameterError(f"format {name!r} is not one of {', '.join(formats)}", "format")
    return formats[name]


def output_format_of(path: str | bytes | os.PathLike[str]) -> Format:
    """Choose the format that an output's name asks for, those of large pictures among them.

    Raises
    ------
    ParameterError
        As `format_of`.
    """
    name = _lower_name(path)
    endings = {format.ending: format.name for format in LARGE_FORMATS.values()} | _OTHER_ENDINGS
    large = next((endings[ending] for ending in endings if name.endswith(ending)), None)
    if large and name not in endings:
        return LARGE_FORMATS[large]
    if large:
        raise _has_ending_alone(name)
    if any(format.names(path) for format in FORMATS.values()):
        return format_of(path)
    known = ", ".join(format.ending for format in _all_formats())
    raise ParameterError(f"the name of a compressed file ends in one of {known}", "output-name")


def format_of(path: str | bytes | os.PathLike[str]) -> Format:
    """Choose the format that an output's name asks for, by its longest ending.

    Raises
    ------
    ParameterError
        The name has none of the known endings, or is nothing else.
    """
    name = _lower_name(path)
    fitting = [format for format in FORMATS.values() if format.names(path)]
    chosen = max(fitting, key=lambda format: len(format.ending), default=None)
    if chosen and name == chosen.ending:
        raise _has_ending_alone(name)
    if chosen is None:
        known = ", ".join(format.ending for format in FORMATS.values())
        raise ParameterError(
            f"the name of a compressed file ends in one of {known}", "output-name"
        )
    return chosen


def _has_ending_alone(name: str) -> ParameterError:
    return ParameterError(
        f"the name of a compressed file has more than its ending, such as x{name}", "output-name"
    )


def formats_beginning(start: bytes) -> list[Format]:
    """Find the formats whose files begin so; `START_BYTES` are enough."""
    return [format for format in FORMATS.values() if format.begins(start)]


def peek_size(start: bytes) -> tuple[int, int] | None:
    """Read width and height from the `START_BYTES` of a compressed file, or of any PNG.

    Raises
    ------
    FormatError
        The header is damaged.
    """
    for format in formats_beginning(start):
        return format.peek_size(start)
    return None


def own_endings() -> tuple[str, ...]:
    """List what the names of compressed files end in, if nobody chose another; longest first."""
    endings = {*reserved_endings(), *(format.default_ending for format in _all_formats())}
    return tuple(sorted(endings, key=lambda ending: (-len(ending), ending)))


def reserved_endings() -> tuple[str, ...]:
    """List what no picture's name ends in, but only a compressed file's."""
    return tuple(
        ending for format in _all_formats() if not format.is_picture for ending in format.endings
    )


def _all_formats() -> tuple[Format, ...]:
    return *FORMATS.values(), *LARGE_FORMATS.values()


def is_reserved(path: str | os.PathLike[str]) -> bool:
    """Tell whether a name is one that only a compressed file has."""
    return _lower_name(path).endswith(reserved_endings())


def is_shared(path: Path) -> bool:
    """Tell whether a name is that of a codebook that the files of a folder share."""
    return any(path.name == format.shared_name for format in FORMATS.values())


def main_path(path: Path) -> Path:
    """Find the file that stands for all, if a path is another of a format's files."""
    for format in FORMATS.values():
        for ending in format.endings[:-1]:
            if _lower_name(path).endswith(ending):
                return path.with_name(path.name[: -len(ending)] + format.ending)
    return path


def files_together(path: Path) -> list[Path]:
    """List the files that are read as one, if a path is among several; else none."""
    main = main_path(path)
    for format in FORMATS.values():
        if len(format.endings) > 1 and format.names(main):
            return format.files(main)
    return []


def stem_of(path: Path) -> str:
    """Strip what marks a compressed file from its name."""
    name = _lower_name(path)
    for ending in own_endings():
        if name.endswith(ending) and name != ending:
            return path.name[: -len(ending)]
    return path.stem


def _lower_name(path: str | bytes | os.PathLike[str]) -> str:
    return os.path.basename(os.fsdecode(path)).lower()
