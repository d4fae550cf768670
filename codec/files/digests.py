"""Digests that tell whether what is in a file is what was in it."""

import hashlib
from pathlib import Path

from codec.files import open_parts

_BYTES, _AT_ONCE = 16, 1 << 20


def content_digest(content: bytes | Path) -> str:
    """Digest bytes, or one regular file of any size, by BLAKE2b, in hexadecimal.

    Raises
    ------
    FileError
        The file is missing, unreadable, a directory or not a regular file.
    """
    if isinstance(content, bytes):
        return hashlib.blake2b(content, digest_size=_BYTES).hexdigest()
    digest = hashlib.blake2b(digest_size=_BYTES)
    with open_parts(content) as (part, size):
        for start in range(0, size, _AT_ONCE):
            digest.update(part(start, min(_AT_ONCE, size - start)))
    return digest.hexdigest()
