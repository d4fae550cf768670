"""Indexed images to compressed files, and back."""

import os
from pathlib import Path

from codec.errors import CodecError, FileError, FormatError, ImageError, ParameterError
from codec.files import display_name, read_file, read_start, write_files
from codec.formats.checking import encode_checked
from codec.formats.contents import Contents
from codec.formats.registry import (
    FORMATS,
    START_BYTES,
    Format,
    format_of,
    formats_beginning,
    main_path,
)
from codec.formats.seal import SEAL_CHUNK
from codec.indexed import IndexedImage
from codec.limits import MAX_PIXELS
from codec.options import EFFORTS
from codec.png.reading import SIGNATURE, read_png
from codec.settings import check_choice


def save(
    indexed: IndexedImage,
    path: str | bytes | os.PathLike[str],
    *,
    force: bool = False,
    effort: str = "default",
) -> list[Path]:
    """Store an indexed image, whole or not at all.

    Every file is read back from disk and compared before it gets its name.

    Parameters
    ----------
    indexed : IndexedImage
        What to store. In a kmc code-words stand in ascending order, unless it was compressed with
        `keep_order`; the others keep their order.
    path : str, bytes or path-like
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
    ImageError
        It is no IndexedImage, or its arrays were changed and do not fit together.
    ParameterError
        The name has none of these endings, or there is no such effort.
    FileError
        A file exists, or cannot be written.
    """
    if not isinstance(indexed, IndexedImage):
        raise ImageError(f"expected an IndexedImage, not {type(indexed).__name__}", "bad-type")
    indexed.check()
    check_choice("effort", effort, EFFORTS)
    format = format_of(path)
    paths = format.files(path)
    files, _ = encode_checked(format, format.arranged(indexed), effort)
    write_files(list(zip(paths, files, strict=True)), force=force)
    return paths


def load(
    path: str | bytes | os.PathLike[str],
    *,
    max_pixels: int = MAX_PIXELS,
    require_seal: bool = False,
) -> IndexedImage:
    """Read a compressed file of any format.

    Parameters
    ----------
    path : str, bytes or path-like
        A label PNG (its codebook is found beside it, or one there that it shares with others), an
        npz, an indexed PNG or a kmc.
    max_pixels : int
        Largest picture that is accepted.
    require_seal : bool
        Refuse what has no seal.

    Returns
    -------
    indexed : IndexedImage
        Labels and codebook, and whether a seal verified them; not the ICC profile that a kmc of
        another program may have, which `load_contents` gives.

    Raises
    ------
    FormatError
        The file is not one of these, damaged, its files do not belong together, or it has no
        seal that was required.
    LimitError
        The picture is larger than allowed.
    FileError
        A file is missing or cannot be read.
    """
    return load_contents(path, max_pixels=max_pixels, require_seal=require_seal).indexed


def load_contents(
    path: str | bytes | os.PathLike[str],
    *,
    codebook_path: str | bytes | os.PathLike[str] | None = None,
    max_pixels: int = MAX_PIXELS,
    require_seal: bool = False,
) -> Contents:
    """Read a compressed file of any format, with what `kmcodec info` tells of it.

    Parameters
    ----------
    path : str, bytes or path-like
        As for `load`; the first bytes decide what it is, and for a PNG its name: one that ends in
        ``.labels.png`` is half of a pair.
    codebook_path : str, bytes or path-like, optional
        The other half, if it is not beside the label PNG.
    max_pixels : int
        Largest picture that is accepted.
    require_seal : bool
        Refuse what has no seal.

    Returns
    -------
    contents : Contents
        The picture, its format, sizes by part and whether a seal verified it.

    Raises
    ------
    FormatError, LimitError, FileError
        As `load`.
    """
    given = Path(os.fsdecode(path))
    path = main_path(given)
    if path != given:
        # Either half names the pair.
        codebook_path = codebook_path or given
        data = _read_other_half(format_of(path).title, path)
    else:
        data = read_file(path)
    format = _recognize(path, data[:START_BYTES], codebook_path is not None)
    others = format.files(path)[:-1]
    if codebook_path is not None:
        others = [Path(os.fsdecode(codebook_path))]
    shared = path.with_name(format.shared_name or path.name)
    is_shared = codebook_path is None and others != [] and not os.path.exists(others[0])
    is_shared = is_shared and os.path.exists(shared)
    files = [_read_other_half("codebook", shared if is_shared else other) for other in others]
    try:
        contents = format.decode(*files, data, max_pixels=max_pixels)
    except FormatError:
        # One that lies there from before may not be the one of a label PNG that shares another.
        if is_shared or codebook_path is not None or not others or not os.path.exists(shared):
            raise
        contents = format.decode(read_file(shared), data, max_pixels=max_pixels)
        if not contents.verified:
            raise
    if is_shared and not contents.verified:  # whose it is nobody knows
        _read_other_half("codebook", others[0])
    if require_seal and not contents.verified:
        raise FormatError("there is no seal, and one is required", "unsealed")
    return contents


def is_marked(
    path: str | bytes | os.PathLike[str], *, max_pixels: int = MAX_PIXELS, lenient: bool = False
) -> bool:
    """Tell whether a file is a PNG with the chunk that only kmcodec writes.

    Parameters
    ----------
    path : str, bytes or path-like
        Any file; no pixels are decoded.
    max_pixels : int
        Largest picture that is accepted.
    lenient : bool
        Pass over what readers of pictures do; every chunk is whole in any case.

    Raises
    ------
    FormatError, LimitError, FileError
        It is a damaged PNG, larger than allowed, or cannot be read.
    """
    start, _ = read_start(path, len(SIGNATURE))
    if start != SIGNATURE:
        return False
    passed_over: list[str] | None = [] if lenient else None
    return SEAL_CHUNK in read_png(read_file(path), max_pixels, passed_over=passed_over).chunks


def _recognize(path: Path, start: bytes, has_codebook: bool) -> Format:
    """Tell a file's format from its first bytes, its name, and what was given with it."""
    fitting = formats_beginning(start)
    if not fitting:
        *titles, last = (format.title for format in FORMATS.values())
        raise FormatError(f"not a {', '.join(titles)} or {last}", "not-compressed")
    if has_codebook:
        fitting = [format for format in fitting if len(format.endings) > 1]
        if not fitting:
            raise ParameterError("this file has a codebook of its own", "codebook")
    return next((format for format in fitting if format.names(path)), fitting[-1])


def _read_other_half(what: str, path: str | os.PathLike[str]) -> bytes:
    """Read a file that was not named by the user, and name it if it cannot be read."""
    try:
        return read_file(path)
    except CodecError as error:
        raise FileError(f"its {what} {display_name(path)}: {error}", error.reason) from error
