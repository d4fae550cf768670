"""What tells a file, a command, or both, from what they were: marks of 8 bytes, and digests."""

import hashlib
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from codec import __version__
from codec.errors import CodecError, FileError
from codec.files.digests import content_digest
from codec.files.records import RECORD_BYTES

_COARSE_NS, _FINE_NS = 2_100_000_000, 50_000_000


def digest_of(*settings: Any) -> bytes:
    """Digest what makes the files of a run what they are, and this version of kmcodec.

    Parameters
    ----------
    *settings : dataclass, ndarray, str, number or None
        Or lists of them.
    """
    import json

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return [value.dtype.str, value.shape, hashlib.sha256(value.tobytes()).hexdigest()]
        return asdict(value)

    text = json.dumps([__version__, *settings], default=plain, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=32).digest()


def input_mark(path: Path) -> int:
    """Tell a file from others, and from what it was before it was changed.

    Returns
    -------
    mark : int
        0 if none is there, or if it was changed so lately that another change would not show.
    """
    if not os.path.isfile(path) or not is_settled(path):
        return 0
    return mark_of("input", os.path.abspath(path), stamp_of(path, follow=True))


def check_unchanged(path: Path, digest: str) -> None:
    """Refuse to go on with a file that is not what it was."""
    if os.path.islink(path) or content_digest(path) != digest:
        raise FileError("it was changed while it was compressed", "input-changed")


def stamp_of(path: Path, *, follow: bool = False) -> tuple[int, ...]:
    """Tell a file that is there as it was left, without reading it.

    Parameters
    ----------
    path : Path
        The file.
    follow : bool
        Tell of a symbolic link what it points to, and not itself.
    """
    status = os.stat(path, follow_symlinks=follow)
    # Whoever sets the time of a change back cannot set that of the status back.
    return (
        status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino,
    )  # fmt: skip


def is_settled(path: Path) -> bool:
    """Tell whether a file has its times for so long that a change would give it others.

    File systems count in ticks: the finest in some milliseconds, those that show no fraction in
    seconds.
    """
    status = os.stat(path)
    latest = max(status.st_mtime_ns, status.st_ctime_ns)
    tick = _COARSE_NS if latest % 1_000_000 == 0 else _FINE_NS
    return time.time_ns() - latest > tick


def digest_unless_link(path: Path) -> str:
    """Digest a file; what cannot be read, or is behind a link, has none."""
    try:
        return "" if os.path.islink(path) else content_digest(path)
    except CodecError:
        return ""


def mark_of(kind: str, path: str, *more: object) -> int:
    """Digest what is noted of a file; never 0."""
    text = "\0".join((kind, path, *map(str, more)))
    digest = hashlib.blake2b(os.fsencode(text), digest_size=RECORD_BYTES).digest()
    return int.from_bytes(digest, "little") or 1
