"""Indexed images to files and back."""

import os
from pathlib import Path

from codec.errors import CodecError, FileError, FormatError, ImageError, ParameterError
from codec.files import display_name, read_file, write_files
from codec.formats import indexed_png, npz, pair
from codec.formats.checking import encode_checked
from codec.formats.contents import Contents
from codec.formats.kmc import file as kmc
from codec.formats.registry import CODEBOOK_SUFFIX, FORMATS, LABELS_SUFFIX, format_of, part_paths
from codec.indexed import IndexedImage
from codec.limits import MAX_PIXELS
from codec.options import EFFORTS
from codec.png.reading import SIGNATURE as _PNG_SIGNATURE


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
    form = format_of(path)
    paths = part_paths(form, path)
    parts, _ = encode_checked(form, indexed, effort)
    write_files(list(zip(paths, parts, strict=True)), force=force)
    return paths


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
    codebook_path = codebook_path or part_paths(FORMATS["pair"], path)[0]
    codebook = _read_other_half("codebook", codebook_path)
    return pair.decode([codebook, data], max_pixels)


def _read_other_half(what: str, path: str | os.PathLike[str]) -> bytes:
    """Read a file that was not named by the user, and name it if it cannot be read."""
    try:
        return read_file(path)
    except CodecError as error:
        raise FileError(f"its {what} {display_name(path)}: {error}", error.reason) from error
