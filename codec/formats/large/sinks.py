"""What labels are written to, piece by piece."""

import contextlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from codec.errors import CodecError, FileError, ParameterError
from codec.files import as_file_error, display_name
from codec.formats.large.layout import Layout, Place, check_labels
from codec.threads import run_parallel

Bytes = npt.NDArray[np.uint8]


@contextlib.contextmanager
def told(path: str | os.PathLike[str], doing: str = "write") -> Iterator[None]:
    """Make one line of what the system says of a file, with its name."""
    try:
        yield
    except CodecError:
        raise
    except OSError as error:
        found = as_file_error(error)
        raise FileError(f"cannot {doing} {display_name(path)}: {found}", found.reason) from error


class Sink(ABC):
    """A compressed file that is written piece by piece, whole or not at all.

    As a context it is aborted if something is raised.
    """

    #: Rows and columns that writes are multiples of but at the border; None for whole rows from
    #: the first to the last, any number at a time.
    block: tuple[int, int] | None = None
    #: Whether what a run left that was killed is continued by another.
    resumes = False

    def __init__(self) -> None:
        #: First row and column of every block that need not be written again.
        self.done: set[tuple[int, int]] = set()

    @abstractmethod
    def check(self, height: int, width: int, channels: int) -> None:
        """Refuse what `begin` would refuse, as far as it is known before the codebook is.

        Parameters
        ----------
        height, width, channels : int
            Of the picture.

        Raises
        ------
        ParameterError, LimitError, FileError
            As `begin`.
        """

    @abstractmethod
    def begin(self, height: int, width: int, codebook: Bytes, facts: Mapping[str, Any]) -> None:
        """Take what is known before the first label.

        Parameters
        ----------
        height, width : int
            Of the picture.
        codebook : ndarray of shape (K, C), dtype uint8
            The code-words.
        facts : mapping
            Settings to be stored where the format has room for them: names and values of JSON.

        Raises
        ------
        ParameterError, ImageError
            The format does not take such a picture; the message names those that do.
        FileError
            Nothing can be written there.
        """

    @abstractmethod
    def write(self, y: int, x: int, labels: Bytes) -> None:
        """Write a block.

        Parameters
        ----------
        y, x : int
            Its first row and column.
        labels : ndarray of shape (h, w), dtype uint8
            Each less than K.

        Raises
        ------
        ImageError
            They are no labels of the codebook.
        ParameterError
            They are not what `block` asks for.
        LimitError
            The file becomes larger than readers accept.
        FileError
            It cannot be written; the message names it.
        """

    @abstractmethod
    def finish(self) -> list[Path]:
        """Read all back, seal it and give it its name.

        Returns
        -------
        paths : list of Path
            The files written.

        Raises
        ------
        ParameterError
            Some labels were not written.
        FileError
            It cannot be written, or the disk gives back something else.
        """

    @abstractmethod
    def abort(self) -> None:
        """Leave nothing behind; but a `.zarr` stays, to be continued."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.abort()


class TiledSink(Sink):
    """A sink that takes tiles in any order, from several threads.

    Parameters
    ----------
    path : Path
        The file.
    tile : tuple of int
        Rows and columns.
    """

    def __init__(self, path: Path, tile: tuple[int, int]) -> None:
        super().__init__()
        self.path = path
        self.block: tuple[int, int] = tile
        self._layout: Layout | None = None

    @property
    def layout(self) -> Layout:
        """What it was begun with."""
        if self._layout is None:
            raise ParameterError("begin() comes first", "sink")
        return self._layout

    def write(self, y: int, x: int, labels: Bytes) -> None:
        """Write whole tiles; see `Sink.write`."""
        layout = self.layout
        labels = check_labels(labels, len(layout.codebook))
        parts = list(layout.cut(y, x, labels))
        with told(self.path):
            done = run_parallel([partial(self._put_part, *part) for part in parts])
            for (place, _), found in zip(parts, done, strict=True):
                self._keep(place, found)

    def _put_part(self, place: Place, part: Bytes) -> Any:
        return self._put(place, np.ascontiguousarray(part))

    @abstractmethod
    def _put(self, place: Place, labels: Bytes) -> Any:
        """Pack one tile, an array in C order, beside others, and write it if it has its place."""

    def _keep(self, place: Place, found: Any) -> None:
        """Take what was packed, tile after tile."""

    def _refuse_missing(self, count: int) -> None:
        """Refuse to finish a picture that lacks tiles."""
        if count:
            raise ParameterError(
                f"{count} tiles of {display_name(self.path)} were not written", "sink"
            )
