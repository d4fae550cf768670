"""Zarr: labels as an array that every reader of Zarr reads (format-spec section 17).

Chunks are written in any order, by threads and by other processes too, each followed by its digest
in an array `progress`, with a chunk a tile so that nobody writes where another does. A run that
was killed is continued from there. When all is written, the digests become one small array, the
seal stands in the attributes, and `progress` is gone. Digests are no attributes because these are
one file of JSON: those of a picture of 100 gigapixels, 6 MB of text, would be parsed by everybody
who opens it.
"""

import json
import os
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from codec.errors import CodecError, FileError, FormatError, ParameterError, not_imported
from codec.files import check_targets, display_name, read_file
from codec.files.temporaries import sync_tree
from codec.formats.kmc.file import check_writable
from codec.formats.large.chunk_files import UNFINISHED, ChunkFiles, write_whole
from codec.formats.large.layout import DIGEST_SIZE, Layout, Place, digest_of
from codec.formats.large.sinks import TiledSink, told
from codec.threads import run_parallel, thread_count

Bytes = npt.NDArray[np.uint8]

TILE = 1024
SERIALIZERS = ("zstd", "kmc")
ATTRIBUTE, LABELS, PROGRESS, DIGESTS = "kmcodec", "labels", "progress", "digests"
_NODE = "zarr.json"
# Of that: 256 code-words, and facts.
_MOST_NODE_BYTES = 1 << 20
# Of zstd: 1 takes half the time of 3, which is usual, for 8 % more bytes of noisy labels.
_LEVELS = {"fast": 1, "default": 1, "best": 9}


def import_zarr() -> Any:
    """Import zarr when it is needed, or say how to get it.

    Raises
    ------
    ParameterError
        It is not installed, cannot be imported, or is an old one that knows no Zarr 3.
    """
    try:
        import zarr
        import zarr.codecs
    except ImportError as error:
        cure = '.zarr needs a package: pip install "kmcodec[large]"'
        raise ParameterError(not_imported(error, "zarr", cure), "not-installed") from error
    if int(zarr.__version__.split(".")[0]) < 3:
        raise ParameterError(
            f'zarr {zarr.__version__} is too old: pip install "kmcodec[large]"', "not-installed"
        )
    return zarr


def stored_description(path: Path) -> dict[str, Any] | None:
    """Read what kmcodec says of a store in it, without zarr; None if it says nothing."""
    try:
        found = json.loads(read_file(path / _NODE, _MOST_NODE_BYTES))["attributes"][ATTRIBUTE]
    except (CodecError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


class ZarrSink(TiledSink):
    """Labels to a Zarr group; it may be pickled when it has begun, and written to elsewhere.

    Parameters
    ----------
    path : Path
        The directory.
    tile : tuple of int
        Rows and columns of a chunk.
    force : bool
        Start anew, whatever store is there.
    effort : {'fast', 'default', 'best'}
        Of the serializer ``kmc``.
    serializer : {'zstd', 'kmc'}
        ``zstd`` is what every reader of Zarr reads; of ``kmc`` each chunk is a `.kmc`, half the
        bytes at a hundred times the work, read where kmcodec is installed.
    """

    resumes = True

    def __init__(
        self,
        path: Path,
        tile: tuple[int, int],
        *,
        force: bool = False,
        effort: str = "default",
        serializer: str = "zstd",
    ) -> None:
        super().__init__(path, tile)
        if serializer not in SERIALIZERS:
            raise ParameterError(
                f"serializer {serializer!r} is not one of {', '.join(SERIALIZERS)}", "serializer"
            )
        self._force, self._effort, self._serializer = force, effort, serializer
        self._is_new = False
        self._arrays: tuple[Any, Any] | None = None
        self._files: ChunkFiles | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_arrays": None, "_files": None, "_is_new": False}

    def check(self, height: int, width: int, channels: int) -> None:
        """Refuse a place that is taken by anything but a store to be continued."""
        import_zarr()
        if self._serializer == "kmc":
            check_writable()
        name = display_name(self.path)
        if os.path.lexists(self.path) and (self.path.is_symlink() or not self.path.is_dir()):
            raise FileError(f"cannot write {name}: it is no directory of Zarr", "not-regular")
        try:
            check_targets([self.path], force=True)
        except FileError as error:
            if error.reason != "is-directory":
                raise
        else:
            return
        if not (self.path / _NODE).is_file():
            if any(self.path.iterdir()):
                raise FileError(f"cannot write {name}: it is a directory", "is-directory")
            return
        found = stored_description(self.path)
        if not self._force and (found is None or found.get("complete") is not False):
            raise FileError(f"cannot write {name}: it already exists", "exists")

    def begin(self, height: int, width: int, codebook: Bytes, facts: Mapping[str, Any]) -> None:
        """Take what is known before the first label; see `Sink.begin`.

        An incomplete store of the same shape, codebook, facts and tiles is continued, and `done`
        tells what it has; facts are to have whatever tells one picture, and its settings, from
        another.
        """
        zarr = import_zarr()
        if self._serializer == "kmc":
            check_writable()
        layout = Layout(height, width, codebook, self.block, facts)
        described = {**layout.described(), "serializer": self._serializer, "complete": False}
        with told(self.path):
            if self.path.is_symlink() or self.path.exists():
                self._continue(described)
            self._is_new = not self.path.exists()
            self._layout = layout
            group = zarr.open_group(str(self.path), mode="a", zarr_format=3)
            if ATTRIBUTE not in group.attrs:
                group.attrs[ATTRIBUTE] = described
            if LABELS not in group:
                group.create_array(
                    LABELS, shape=(height, width), chunks=self.block, dtype="uint8",
                    dimension_names=("y", "x"), **self._codecs(layout),
                )  # fmt: skip
            if PROGRESS not in group:
                group.create_array(
                    PROGRESS, shape=(*layout.grid, DIGEST_SIZE), chunks=(1, 1, DIGEST_SIZE),
                    dtype="uint8", compressors=None,
                )  # fmt: skip
            _, progress = self._opened()
            if not self._is_new:
                rows, columns = np.nonzero(np.asarray(progress[...]).any(axis=2))
                self.done: Any = {
                    (int(row) * self.block[0], int(column) * self.block[1])
                    for row, column in zip(rows, columns, strict=True)
                }

    def _continue(self, described: dict[str, Any]) -> None:
        """Make sure that what is there is to be continued, or make it go away."""
        name = display_name(self.path)
        if self.path.is_symlink() or not self.path.is_dir():
            raise FileError(f"cannot write {name}: it is no directory of Zarr", "not-regular")
        is_store = (self.path / _NODE).is_file()
        if not is_store and any(self.path.iterdir()):
            raise FileError(f"cannot write {name}: it is a directory", "is-directory")
        if self._force or not is_store:
            shutil.rmtree(self.path)
            return
        group = import_zarr().open_group(str(self.path), mode="r")
        found = group.attrs.get(ATTRIBUTE, {})
        if found == described:
            return
        if isinstance(found, Mapping) and found.get("complete") is False:
            raise FileError(
                f"cannot continue {name}: it was begun for another picture, or with other "
                "settings (force=True starts anew)", "exists",
            )  # fmt: skip
        raise FileError(f"cannot write {name}: it already exists", "exists")

    def _codecs(self, layout: Layout) -> dict[str, Any]:
        if self._serializer == "zstd":
            return {"compressors": import_zarr().codecs.ZstdCodec(level=_LEVELS[self._effort])}
        from codec.formats.large.serializer import KmcLabels

        codebook = tuple(map(tuple, layout.codebook.tolist()))
        return {"serializer": KmcLabels(codebook, self._effort), "compressors": None}

    def _opened(self) -> tuple[Any, Any]:
        """Open the arrays of labels and of progress, once in a process."""
        if self._arrays is None:
            group = import_zarr().open_group(str(self.path), mode="r+")
            self._arrays = group[LABELS], group[PROGRESS]
        return self._arrays

    def _put(self, place: Place, labels: Bytes) -> None:
        if self._serializer == "zstd":
            self._chunks().write(place, labels)
        else:
            self._opened()[0][self.layout.place(*place)] = labels
        path = os.path.join(self.path, PROGRESS, "c", *map(str, place), "0")
        write_whole(path, digest_of(labels))

    def _chunks(self) -> ChunkFiles:
        """Find the files of labels that are packed by zstd."""
        if self._files is None:
            level = _LEVELS[self._effort]
            self._files = ChunkFiles(self.path / LABELS, self.block, level)
        return self._files

    def _read_back(self, place: Place) -> Bytes:
        rows, columns = self.layout.place(*place)
        if self._serializer == "zstd":
            shape = rows.stop - rows.start, columns.stop - columns.start
            return self._chunks().read(place, shape)
        return np.asarray(self._opened()[0][rows, columns])

    def finish(self) -> list[Path]:
        """Read all back, seal it and mark it complete; see `Sink.finish`."""
        layout = self.layout
        with told(self.path):
            _, progress = self._opened()
            digests = np.asarray(progress[...])
            self._refuse_missing(int((~digests.any(axis=2)).sum()))
            places, step = list(layout.tiles()), 8 * thread_count()
            for first in range(0, len(places), step):
                run_parallel(
                    [
                        partial(self._compare, place, digests[place].tobytes())
                        for place in places[first : first + step]
                    ]
                )
            group = import_zarr().open_group(str(self.path), mode="r+")
            array = group.create_array(
                DIGESTS, shape=digests.shape, chunks=digests.shape, dtype="uint8",
                compressors=None, overwrite=True,
            )  # fmt: skip
            array[...] = digests
            for name in (LABELS, DIGESTS):
                sync_tree(self.path / name, UNFINISHED)
            described = dict(group.attrs[ATTRIBUTE])
            described |= {"complete": True, "seal": layout.seal(digests)}
            group.attrs[ATTRIBUTE] = described
            self._arrays = None
            del group[PROGRESS]
            sync_tree(self.path, UNFINISHED, deep=False)
        return [self.path]

    def abort(self) -> None:
        """Leave nothing behind that nobody can use: a store without a tile."""
        if self._layout is None or not self._is_new:
            return
        with told(self.path):
            group = import_zarr().open_group(str(self.path), mode="a")
            if PROGRESS not in group or not np.asarray(group[PROGRESS][...]).any():
                shutil.rmtree(self.path, ignore_errors=True)

    def _compare(self, place: Place, digest: bytes) -> None:
        """Hold a tile on the disk against what was meant."""
        try:
            same = digest_of(self._read_back(place)) == digest
        except (RuntimeError, ValueError, FormatError):  # what decoders say of damaged chunks
            same = False
        if not same:
            self._opened()[1][place] = 0  # to be written again by whoever continues
            raise FileError(
                f"cannot write {display_name(self.path)}: the disk gives back something else "
                f"for tile {place[0]}, {place[1]}", "verify",
            )  # fmt: skip
