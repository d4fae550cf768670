"""Digests that tell whether what is in a file is what was in it."""

import hashlib
import os

from codec.files import open_parts

_BYTES, _AT_ONCE = 16, 1 << 20


def digest_of_bytes(data: bytes) -> str:
    """Digest bytes, by BLAKE2b, in hexadecimal."""
    return hashlib.blake2b(data, digest_size=_BYTES).hexdigest()


def digest_of_file(path: str | os.PathLike[str]) -> str:
    """Digest one regular file of any size, likewise.

    Raises
    ------
    FileError
        It is missing, unreadable, a directory or not a regular file.
    """
    digest = hashlib.blake2b(digest_size=_BYTES)
    with open_parts(path) as (part, size):
        for start in range(0, size, _AT_ONCE):
            digest.update(part(start, min(_AT_ONCE, size - start)))
    return digest.hexdigest()
