"""File forms of an indexed image: a registry by file name, and reading and writing by it.

Layer 3. A form is one module with `encode` and `decode`; this one knows names and files.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from codec.errors import CodecError, FileError, FormatError, ImageError, ParameterError
from codec.files import display_name, read_file, write_files
from codec.formats import indexed_png, kmc, npz, pair
from codec.formats.contents import Contents
from codec.formats.pngfile import SIGNATURE as _PNG_SIGNATURE
from codec.indexed import IndexedImage
from codec.options import EFFORTS, MAX_PIXELS
from codec.ordering import ascending, renumber

_STRIP_BYTES = 1 << 18
LABELS_SUFFIX, CODEBOOK_SUFFIX = ".labels.png", ".codebook.npy"


@dataclass(frozen=True)
class Form:
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
FORMS = {
    form.name: form
    for form in (
        Form("pair", LABELS_SUFFIX, LABELS_SUFFIX, pair.encode, pair.decode),
        Form("npz", ".npz", ".npz", npz.encode, npz.decode),
        Form("png", ".png", ".indexed.png", indexed_png.encode, indexed_png.decode),
        Form("kmc", ".kmc", ".kmc", kmc.encode, kmc.decode, ascending=True),
    )
}


def form_of(path: str | os.PathLike[str]) -> Form:
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
    for form in FORMS.values():
        if name.endswith(form.suffix) and name not in (form.suffix, LABELS_SUFFIX):
            return form
    known = ", ".join(form.suffix for form in FORMS.values())
    raise ParameterError(f"the name of a compressed file ends in one of {known}", "output-name")


def part_paths(form: Form, path: str | os.PathLike[str]) -> list[Path]:
    """Name the files of a form, in the order in which `Form.encode` gives their content.

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


def save(
    indexed: IndexedImage,
    path: str | os.PathLike[str],
    *,
    force: bool = False,
    effort: str = "default",
) -> list[Path]:
    """Store an indexed image, whole or not at all.

    Every file is read back from disk and compared before it gets its name.

    Parameters
    ----------
    indexed : IndexedImage
        What to store. Code-words keep their order, though a kmc is some hundred bytes smaller
        with an ascending codebook.
    path : path-like
        ``X.labels.png`` (with ``X.codebook.npy`` beside it), ``X.npz``, ``X.png`` or ``X.kmc``.
    force : bool
        Replace existing files.
    effort : {'fast', 'default', 'best'}
        How hard deflate tries; for a .kmc, ``fast`` asks less of each pixel.

    Returns
    -------
    paths : list of Path
        The files written.

    Raises
    ------
    ParameterError
        The name has none of these endings, or there is no such effort.
    FileError
        A file exists, or cannot be written.
    """
    if not isinstance(indexed, IndexedImage):
        raise ImageError(f"expected an IndexedImage, not {type(indexed).__name__}", "bad-type")
    if effort not in EFFORTS:
        raise ParameterError(f"effort {effort!r} is not one of {', '.join(EFFORTS)}", "effort")
    form = form_of(path)
    paths = part_paths(form, path)
    parts, _ = encode_checked(form, indexed, effort)
    write_files(list(zip(paths, parts, strict=True)), force=force)
    return paths


def arranged_for(form: Form, indexed: IndexedImage) -> IndexedImage:
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


def encode_checked(
    form: Form, indexed: IndexedImage, effort: str = "default"
) -> tuple[list[bytes], Contents]:
    """Encode an indexed image, and decode it again before anybody relies on it.

    Parameters
    ----------
    form : Form
        How it is stored.
    indexed : IndexedImage
        What to store.
    effort : {'fast', 'default', 'best'}
        How hard deflate tries; for a .kmc, ``fast`` asks less of each pixel.

    Returns
    -------
    parts : list of bytes
        The content of the files, as `part_paths` names them.
    contents : Contents
        What a reader finds in them.

    Raises
    ------
    FormatError
        They do not decode to the same labels and codebook; this is a bug.
    """
    parts = form.encode(indexed, effort)
    return parts, check_encoded(form, parts, indexed)


def check_encoded(form: Form, parts: list[bytes], indexed: IndexedImage) -> Contents:
    """Decode what was encoded, and compare.

    Parameters
    ----------
    form : Form
        How it is stored.
    parts : list of bytes
        From its `encode`.
    indexed : IndexedImage
        What was encoded.

    Returns
    -------
    contents : Contents
        What a reader finds in them.

    Raises
    ------
    FormatError
        They do not decode to the same labels and codebook; this is a bug.
    """
    contents = form.decode(parts, indexed.labels.size)
    if not (
        _equal(contents.indexed.labels, indexed.labels)
        and _equal(contents.indexed.codebook, indexed.codebook)
    ):
        raise FormatError("what was encoded decodes to another picture", "verify")
    return contents


def _equal(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> bool:
    """Compare strip by strip, which for large pictures is ten times faster than at once."""
    step = max(1, _STRIP_BYTES // first.shape[1])
    return first.shape == second.shape and all(
        np.array_equal(first[top : top + step], second[top : top + step])
        for top in range(0, len(first), step)
    )


def load(path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> IndexedImage:
    """Read a compressed file of any form.

    Parameters
    ----------
    path : path-like
        A label PNG (its codebook is found beside it), an npz, an indexed PNG or a kmc.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    indexed : IndexedImage
        Labels and codebook; not the ICC profile that a kmc of another program may have, which
        `load_contents` gives.

    Raises
    ------
    FormatError
        The file is not one of these, damaged, or its parts do not belong together.
    LimitError
        The picture is larger than allowed.
    FileError
        A file is missing or cannot be read.
    """
    return load_contents(path, max_pixels=max_pixels).indexed


def load_contents(
    path: str | os.PathLike[str],
    *,
    codebook_path: str | os.PathLike[str] | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Contents:
    """Read a compressed file of any form, with what `kmcodec info` tells of it.

    Parameters
    ----------
    path : path-like
        As for `load`; the first bytes decide what it is, and for a PNG its name: one that ends in
        ``.labels.png`` is half of a pair.
    codebook_path : path-like, optional
        The other half, if it is not beside the label PNG.
    max_pixels : int
        Largest picture that is accepted.

    Returns
    -------
    contents : Contents
        The picture, its form, sizes by part and whether a seal verified it.

    Raises
    ------
    FormatError, LimitError, FileError
        As `load`.
    """
    path = Path(path)
    if path.name.lower().endswith(CODEBOOK_SUFFIX):
        # Either half names the pair.
        codebook_path = codebook_path or path
        path = path.with_name(path.name[: -len(CODEBOOK_SUFFIX)] + LABELS_SUFFIX)
        data = _read_other_half("label PNG", path)
    else:
        data = read_file(path)
    for magic, decode in ((b"PK", npz.decode), (kmc.MAGIC, kmc.decode)):
        if data.startswith(magic):
            if codebook_path is not None:
                raise ParameterError("this file has a codebook of its own", "codebook")
            return decode([data], max_pixels)
    if not data.startswith(_PNG_SIGNATURE):
        raise FormatError(
            "neither a label PNG, an indexed PNG, an npz nor a kmc", "not-compressed"
        )
    if codebook_path is None and not path.name.lower().endswith(LABELS_SUFFIX):
        return indexed_png.decode([data], max_pixels)
    codebook_path = codebook_path or part_paths(FORMS["pair"], path)[0]
    codebook = _read_other_half("codebook", codebook_path)
    return pair.decode([codebook, data], max_pixels)


def _read_other_half(what: str, path: str | os.PathLike[str]) -> bytes:
    """Read a file that was not named by the user, and name it if it cannot be read."""
    try:
        return read_file(path)
    except CodecError as error:
        raise FileError(f"its {what} {display_name(path)}: {error}", error.reason) from error
