"""Indexed images to compressed files, and back."""

import os
from pathlib import Path

from codec.errors import CodecError, FileError, FormatError, ImageError, ParameterError
from codec.files import display_name, read_file, read_start, write_files
from codec.files.given import (
    BinaryWriter,
    Readable,
    content_of,
    is_path,
    is_writer,
    write_content,
)
from codec.formats.checking import encode_checked
from codec.formats.contents import Contents
from codec.formats.registry import (
    FORMATS,
    START_BYTES,
    Format,
    format_named,
    format_of,
    formats_beginning,
    main_path,
)
from codec.formats.seal import SEAL_CHUNK
from codec.indexed import IndexedImage
from codec.limits import MAX_PIXELS
from codec.options import EFFORTS, EffortChoice, FormatChoice
from codec.png.reading import SIGNATURE, read_png
from codec.settings import check_choice

_IN_ONE_FILE = "npz, png and kmc are in one"


def save(
    indexed: IndexedImage,
    path: str | os.PathLike[str] | BinaryWriter,
    *,
    exclusive: bool = False,
    effort: EffortChoice = "default",
    format: FormatChoice | None = None,
) -> list[Path]:
    """Store an indexed image, whole or not at all.

    Every file is read back from disk and compared before it gets its name.

    Parameters
    ----------
    indexed : IndexedImage
        What to store. In a kmc code-words stand in ascending order, unless it was compressed with
        `keep_order`; the others keep their order.
    path : str or path-like; or file open for writing in binary
        ``X.labels.png`` (with ``X.codebook.npy`` beside it), ``X.npz``, ``X.png`` or ``X.kmc``.
        Existing files are replaced. What is open stays open.
    exclusive : bool
        Refuse to replace files.
    effort : {'fast', 'default', 'best'}
        How hard deflate tries; for a .kmc, ``fast`` asks less of each pixel.
    format : {'pair', 'npz', 'png', 'kmc'}, optional
        By default what the name asks for. What is open needs one, and ``pair`` is two files.

    Returns
    -------
    paths : list of Path
        The files written; none if one was open.

    Raises
    ------
    ImageError
        It is no IndexedImage, or its arrays were changed and do not fit together; or its colors
        have a profile, which the format cannot hold.
    ParameterError
        The name has none of these endings, or that of another format; or there is no such effort
        or format, or none for a file that is open.
    FileError
        A file exists and `exclusive` was asked for, or it cannot be written.
    """
    if not is_path(path):
        if not is_writer(path):
            raise ParameterError(
                f"expected a path or a file open for writing, not {type(path).__name__}",
                "bad-type",
            )
        if format is None:
            raise ParameterError(f"an open file needs format=: {_IN_ONE_FILE}", "format")
        write_content(path, dumps(indexed, format, effort=effort))
        return []
    named = format_of(path)
    if format is not None and format_named(format) is not named:
        raise ParameterError(f"a .{format} has another ending than {named.ending}", "format")
    paths = named.files(path)
    files = _encode(indexed, named, effort)
    write_files(list(zip(paths, files, strict=True)), force=not exclusive)
    return paths


def dumps(
    indexed: IndexedImage, format: FormatChoice, *, effort: EffortChoice = "default"
) -> bytes:
    """Encode an indexed image as the content of one file.

    Parameters
    ----------
    indexed : IndexedImage
        As for `save`.
    format : {'npz', 'png', 'kmc'}
        Which file; ``png`` is what every viewer and browser shows.
    effort : {'fast', 'default', 'best'}
        As for `save`.

    Returns
    -------
    data : bytes
        What `save` would write; it was decoded again, and compared.

    Raises
    ------
    ImageError
        As `save`.
    ParameterError
        There is no such effort or format, or it takes two files.

    Examples
    --------
    >>> import numpy as np
    >>> import codec
    >>> indexed = codec.compress(np.zeros((2, 3, 3), dtype=np.uint8))
    >>> codec.loads(codec.dumps(indexed, "png")) == indexed
    True
    """
    found = format_named(format)
    if len(found.endings) > 1:
        raise ParameterError(f"a {format} is two files: {_IN_ONE_FILE}", "format")
    (data,) = _encode(indexed, found, effort)
    return data


def _encode(indexed: IndexedImage, format: Format, effort: EffortChoice) -> list[bytes]:
    if not isinstance(indexed, IndexedImage):
        raise ImageError(
            f"expected an IndexedImage, not {type(indexed).__name__}: codec.compress(pixels) "
            "makes one",
            "bad-type",
        )
    indexed.check()
    check_choice("effort", effort, EFFORTS)
    return encode_checked(format, format.arranged(indexed), effort)[0]


def load(
    path: Readable,
    *,
    max_pixels: int = MAX_PIXELS,
    require_seal: bool = False,
) -> IndexedImage:
    """Read a compressed file of any format.

    Parameters
    ----------
    path : str or path-like; bytes-like; or file open for reading in binary
        A label PNG (its codebook is found beside it, or one there that it shares with others), an
        npz, an indexed PNG or a kmc; or the content of one of the last three.
    max_pixels : int
        Largest picture that is accepted.
    require_seal : bool
        Refuse what has no seal.

    Returns
    -------
    indexed : IndexedImage
        Labels and codebook, whether a seal verified them, and the metadata that are kept there:
        with an ICC profile in ``metadata.profile``, code-words are colors of that.

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
    path: Readable,
    *,
    codebook_path: str | os.PathLike[str] | None = None,
    max_pixels: int = MAX_PIXELS,
    require_seal: bool = False,
) -> Contents:
    """Read a compressed file of any format, with what `kmcodec info` tells of it.

    Parameters
    ----------
    path : path, bytes or file
        As for `load`; the first bytes decide what it is, and for a PNG its name: one that ends in
        ``.labels.png`` is half of a pair.
    codebook_path : str or path-like, optional
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
    if not is_path(path):
        return _decode_content(content_of(path), max_pixels, require_seal=require_seal)
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
    return _sealed(contents) if require_seal else contents


def loads(
    data: bytes | bytearray | memoryview,
    *,
    max_pixels: int = MAX_PIXELS,
    require_seal: bool = False,
) -> IndexedImage:
    """Decode the content of a compressed file.

    Parameters
    ----------
    data : bytes-like
        An npz, an indexed PNG or a kmc, as from `dumps`.
    max_pixels, require_seal
        As for `load`.

    Returns
    -------
    indexed : IndexedImage
        As of `load`.

    Raises
    ------
    FormatError, LimitError, ParameterError
        As `load`.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ParameterError(
            f"expected bytes, not {type(data).__name__}: codec.load takes paths and open files",
            "bad-type",
        )
    return load(data, max_pixels=max_pixels, require_seal=require_seal)


def _decode_content(data: bytes, max_pixels: int, *, require_seal: bool) -> Contents:
    fitting = [each for each in formats_beginning(data[:START_BYTES]) if len(each.endings) == 1]
    if not fitting:
        raise _not_compressed()
    contents = fitting[0].decode(data, max_pixels=max_pixels)
    return _sealed(contents) if require_seal else contents


def _sealed(contents: Contents) -> Contents:
    if not contents.verified:
        raise FormatError("there is no seal, and one is required", "unsealed")
    return contents


def _not_compressed() -> FormatError:
    *titles, last = (format.title for format in FORMATS.values())
    return FormatError(f"not a {', '.join(titles)} or {last}", "not-compressed")


def is_marked(path: Readable, *, max_pixels: int = MAX_PIXELS, lenient: bool = False) -> bool:
    """Tell whether a file is a PNG with the chunk that only kmcodec writes.

    Parameters
    ----------
    path : path, bytes or file
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
    start = read_start(path, len(SIGNATURE))[0] if is_path(path) else content_of(path)
    if not start.startswith(SIGNATURE):
        return False
    data = read_file(path) if is_path(path) else start
    passed_over: list[str] | None = [] if lenient else None
    return SEAL_CHUNK in read_png(data, max_pixels, passed_over=passed_over).chunks


def _recognize(path: Path, start: bytes, has_codebook: bool) -> Format:
    """Tell a file's format from its first bytes, its name, and what was given with it."""
    fitting = formats_beginning(start)
    if not fitting:
        raise _not_compressed()
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
