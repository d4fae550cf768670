"""File forms of an indexed image: a registry by file name, and reading and writing by it.

Layer 3. A form is one module with `encode` and `decode`; this one knows names and files.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from codec.colors.lookup import renumber
from codec.errors import ParameterError
from codec.formats import indexed_png, npz, pair
from codec.formats.contents import Contents
from codec.formats.kmc import file as kmc
from codec.indexed import IndexedImage
from codec.labels.ordering import ascending

LABELS_SUFFIX, CODEBOOK_SUFFIX = ".labels.png", ".codebook.npy"


@dataclass(frozen=True)
class Format:
    """One way to store an indexed image.

    Parameters
    ----------
    name : str
        As on the command line.
    suffix : str
        What a name of this form ends in; `-o` chooses the form by it.
    default_suffix : str
        What is appended to the stem of the input when no output is named.
    encode, decode : callable
        IndexedImage and effort to the content of the files, and back.
    ascending : bool
        Whether it is smallest with code-words in ascending order.
    """

    name: str
    suffix: str
    default_suffix: str
    encode: Callable[[IndexedImage, str], list[bytes]]
    decode: Callable[[list[bytes], int], Contents]
    ascending: bool = False


# The longest suffix first: `X.labels.png` also ends in `.png`.
FORMATS = {
    form.name: form
    for form in (
        Format("pair", LABELS_SUFFIX, LABELS_SUFFIX, pair.encode, pair.decode),
        Format("npz", ".npz", ".npz", npz.encode, npz.decode),
        Format("png", ".png", ".indexed.png", indexed_png.encode, indexed_png.decode),
        Format("kmc", ".kmc", ".kmc", kmc.encode, kmc.decode, ascending=True),
    )
}


def format_of(path: str | os.PathLike[str]) -> Format:
    """Choose the form that a file's name asks for.

    Parameters
    ----------
    path : path-like
        An output.

    Returns
    -------
    form : Form
        By the ending of the name, upper or lower case.

    Raises
    ------
    ParameterError
        The name has none of the known endings.
    """
    name = os.path.basename(os.fsdecode(path)).lower()
    for form in FORMATS.values():
        if name.endswith(form.suffix) and name not in (form.suffix, LABELS_SUFFIX):
            return form
    known = ", ".join(form.suffix for form in FORMATS.values())
    raise ParameterError(f"the name of a compressed file ends in one of {known}", "output-name")


def part_paths(form: Format, path: str | os.PathLike[str]) -> list[Path]:
    """Name the files of a form, in the order in which `Format.encode` gives their content.

    Parameters
    ----------
    form : Form
        How it is stored.
    path : path-like
        The file that stands for all of them.

    Returns
    -------
    paths : list of Path
        For a pair the codebook and the label PNG; else `path` alone.
    """
    path = Path(path)
    if form.name != "pair":
        return [path]
    stem = path.name[: -len(LABELS_SUFFIX)]
    return [path.with_name(stem + CODEBOOK_SUFFIX), path]


def arranged_for(form: Format, indexed: IndexedImage) -> IndexedImage:
    """Put code-words into the order that a form stores best; the picture stays the same.

    Parameters
    ----------
    form : Form
        How it will be stored.
    indexed : IndexedImage
        As `codec.compress` gives it, in an order that suits PNG and npz.

    Returns
    -------
    indexed : IndexedImage
        For a kmc, with ascending code-words, which saves a quarter of the codebook's bytes.
    """
    if not form.ascending:
        return indexed
    order = ascending(indexed.codebook)
    return IndexedImage(renumber(indexed.labels, order), indexed.codebook[order])
