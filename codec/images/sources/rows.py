"""Sources whose rows are decoded one after the other."""

import threading
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from codec.images.records import Findings
from codec.images.sources.base import Identity, PixelSource

Pixels = npt.NDArray[np.uint8]

# Rows of those given last that may be asked for again.
_KEPT_ROWS = 16


class RowSource(PixelSource):
    """A picture that is decoded from its first row to its last, again for each pass."""

    in_order = True

    def __init__(
        self,
        file: Identity,
        findings: Findings,
        channels: int,
        tile: tuple[int, int] | None,
        seen: bytes = b"",
    ) -> None:
        self._lock = threading.RLock()
        self._begin()
        super().__init__(file, findings, channels, tile, seen)

    def _decode(self) -> Iterator[Pixels]:
        """Decode strip after strip; the last of them when all is known to be sound."""
        raise NotImplementedError

    def _begin(self) -> None:
        """Begin another pass."""
        self._strips = self._decode()
        # Rows that were given, and may be asked for again; and rows that are still to be given.
        self._kept: Pixels | None = None
        self._ahead: Pixels | None = None
        self._next = self._before = 0

    def _read(self, rows: slice, columns: slice) -> Pixels:
        with self._lock:
            try:
                return self._take(rows)[:, columns]
            except BaseException:
                self._begin()  # a decoder that stopped halfway goes on nowhere
                raise

    def _take(self, rows: slice) -> Pixels:
        """Take rows of those kept, and of the strips that come next."""
        kept = 0 if self._kept is None else len(self._kept)
        if rows.start < self._next - kept:
            self._begin()
            kept = 0
        found: Pixels | None = None
        filled, self._before = 0, self._next
        if self._kept is not None and rows.start < self._next:
            part = self._kept[kept - (self._next - rows.start) :][: rows.stop - rows.start]
            if rows.stop <= self._next:
                return part.copy()
            found = self._empty(rows, part)
            found[: len(part)] = part
            filled = len(part)
        while self._next < rows.stop:
            part = next(self._strips) if self._ahead is None else self._ahead
            skipped = max(0, min(rows.start - self._next, len(part)))
            taken = min(len(part), rows.stop - self._next)
            if found is None:
                found = self._empty(rows, part)
            found[filled : filled + taken - skipped] = part[skipped:taken]
            filled += taken - skipped
            self._next += taken
            self._ahead = part[taken:] if taken < len(part) else None
        assert found is not None  # noqa: S101 - no slice that comes here is empty
        self._keep(found, rows.start)
        return found

    def _keep(self, found: Pixels, top: int) -> None:
        """Keep the last of the rows that were given, of this slice or of those before it."""
        if len(found) >= _KEPT_ROWS:
            # Indices are asked for twice, as such and as colors; they are small.
            self._kept = found.copy() if self._is_indexed() else found[-_KEPT_ROWS:].copy()
            return
        before = found[:0] if self._kept is None else self._kept
        overlap = max(0, self._before - top)
        if top > self._before:  # rows between were given to nobody
            before = before[:0]
        rows = np.concatenate([before[: len(before) - overlap], found])
        self._kept = rows[-_KEPT_ROWS:]

    def _empty(self, rows: slice, part: Pixels) -> Pixels:
        return np.empty((rows.stop - rows.start, *part.shape[1:]), dtype=np.uint8)
