"""Which source reads a file."""

import os
from collections import OrderedDict
from typing import Any

from codec.errors import CodecError
from codec.files.views import FileView, changed
from codec.images.decoders import as_codec_error
from codec.images.kinds import START_BYTES, recognize
from codec.images.sources.arrays import NPY_MAGIC, NpySource, ZarrSource, is_zarr
from codec.images.sources.base import PixelSource, no_stream

# Files that copies from other processes hold open.
_MOST_OPEN = 4
_reopened: OrderedDict[tuple[Any, ...], PixelSource] = OrderedDict()


def open_source(
    path: str | bytes | os.PathLike[str],
    *,
    first_frame: bool = False,
    level: int = 0,
    threads: int | None = None,
) -> PixelSource:
    """Open a picture file whose pixels are read a part at a time.

    Parameters
    ----------
    path : str, bytes or path-like
        A local file; its content decides what it is, not its name. Or a folder of Zarr.
    first_frame : bool
        Take the first picture of an animation or a file of several pages, which are otherwise
        refused.
    level : int
        Of a pyramid: 0 is the picture itself, 1 the next smaller one.
    threads : int, optional
        How many parts of a file are decoded at once, where they do not depend on each other;
        by default as many as `codec.threads.thread_count` says.

    Returns
    -------
    source : PixelSource
        With the pixels of `codec.read_image`. It can be pickled: a copy opens the file anew, once
        in a process.

    Raises
    ------
    FileError
        The file is missing or cannot be read.
    ImageError, FormatError
        It is no picture, is damaged, or cannot be read a part at a time (``no-stream``).
    LimitError
        One of its parts takes too much memory.
    """
    path = os.path.abspath(os.fsdecode(path))
    options = (path, first_frame, level, threads)
    source = _open(*options, b"")
    source.recipe = _reopen, options
    return source


def _open(
    path: str, first_frame: bool, level: int, threads: int | None, seen: bytes
) -> PixelSource:
    if is_zarr(path):
        return ZarrSource(path, level=level)
    view = FileView(path)
    try:
        start = view[:START_BYTES]
        if start.startswith(NPY_MAGIC):
            return NpySource(view)
        kind = recognize(start)
        try:
            return _source_of(view, kind, first_frame, level, threads, seen)
        except CodecError:
            raise
        except Exception as error:  # whatever a decoder says of damaged data
            raise as_codec_error(error, kind) from error
    except BaseException:
        view.close()
        raise


def _source_of(
    view: FileView, kind: str, first_frame: bool, level: int, threads: int | None, seen: bytes
) -> PixelSource:
    if level and kind != "TIFF":
        raise no_stream(f"level {level} of a {kind}, which has one,")
    if kind == "PNG":
        from codec.images.sources.png import PngSource

        return PngSource(view, first_frame=first_frame, seen=seen)
    if kind == "TIFF":
        from codec.images.sources.tiff import TiffSource

        return TiffSource(view, first_frame=first_frame, level=level, threads=threads, seen=seen)
    if kind == "JPEG":
        from codec.images.sources.jpeg import JpegSource

        return JpegSource(view)
    raise no_stream(f"a {kind}")


def _reopen(
    path: str,
    first_frame: bool,
    level: int,
    threads: int | None,
    token: tuple[int, int],
    seen: bytes,
) -> PixelSource:
    """Open the file of a source that comes from another process, if it is the same still."""
    key = path, first_frame, level, threads, token
    source = _reopened.get(key)
    if source is None or source.closed:
        source = _open(path, first_frame, level, threads, seen)
        if source.token != token:
            source.close()
            raise changed()
        source.recipe = _reopen, key[:-1]
        _reopened[key] = source
        while len(_reopened) > _MOST_OPEN:  # whoever still has it goes on with it
            _reopened.popitem(last=False)
    _reopened.move_to_end(key)
    return source
