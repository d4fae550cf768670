"""Reference decoder of dense files: format-spec sections 16.2, 16.3 and 16.8 in plain Python.

Labels are those of `codec.kernels.plain.labelcoder`. It is there to be read, and for the tests.
"""

import hashlib
import zlib

import numpy as np
from numpy.typing import NDArray

from codec.kernels.plain.labelcoder.band import Labels, decode_band
from codec.kernels.plain.labelcoder.coder import RefusedError, clip, need

__all__ = ["RefusedError", "decode"]

MAX_PROFILE = 1 << 20


class Reader:
    """Bytes, and how many of them have been read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at: int = 0

    def take(self, size: int) -> bytes:
        need(size <= len(self.data) - self.at, "truncated")
        self.at += size
        return self.data[self.at - size : self.at]

    def varint(self) -> int:
        value = 0
        for i in range(5):
            byte = self.take(1)[0]
            value |= (byte & 127) << 7 * i
            if byte < 128:
                need(byte > 0 or i == 0, "bad-header")
                return value
        raise RefusedError("bad-header")


def read_codebook(reader: Reader, size: int, channels: int) -> NDArray[np.uint8]:
    """The codebook (16.3)."""
    kinds = reader.take(channels)
    need(all(m >> 4 <= 3 and (m & 15 <= 8 or m & 15 == 15) for m in kinds), "bad-codebook")
    byte = left = 0

    def bit() -> int:
        nonlocal byte, left
        if left == 0:
            byte, left = reader.take(1)[0], 8
        left -= 1
        return byte >> left & 1

    v = np.zeros((size + 1, channels + 1), np.int64)  # row and column -1 are the last, all 0
    for c in range(channels):
        predictor, k = kinds[c] >> 4, kinds[c] & 15
        for i in range(size):
            u = 0
            if k < 15:
                while bit():
                    u += 1
                    need(u << k <= 255, "bad-codebook")
                for _ in range(k):
                    u = u << 1 | bit()
            s = -(u + 1) // 2 if u % 2 else u // 2
            up, left_of, corner = int(v[i - 1, c]), int(v[i, c - 1]), int(v[i - 1, c - 1])
            v[i, c] = (
                up + u,
                up + s,
                left_of + s,
                clip(up + left_of - corner) + s,
            )[predictor] % 256
    need(byte & ((1 << left) - 1) == 0, "bad-codebook")
    return v[:size, :channels].astype(np.uint8)


def read_profile(reader: Reader) -> bytes:
    """The unpacked ICC profile."""
    size = reader.varint()
    need(size > 0, "bad-header")
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(reader.take(size), MAX_PROFILE + 1)
    except zlib.error:
        raise RefusedError("bad-deflate") from None
    whole = inflater.eof and not inflater.unused_data
    need(whole and 1 <= len(profile) <= MAX_PROFILE, "bad-deflate")
    return profile


def decode(data: bytes, max_pixels: int = 89_478_485) -> tuple[Labels, NDArray[np.uint8], bytes]:
    """Labels, codebook and profile of a file."""
    need(data[:4] == b"\x89KMC", "not-compressed")
    reader = Reader(data[4:])
    need(reader.take(1) == b"1", "unsupported-version")
    flags = reader.take(1)[0]
    need(flags < 16, "bad-header")
    width, height = reader.varint(), reader.varint()
    size, bands = reader.take(1)[0] + 1, reader.varint() + 1
    need(width > 0 and height > 0, "bad-dimensions")
    need(width <= 65535 and height <= 65535, "side-limit")
    need(width * height <= max_pixels, "pixel-limit")
    need(bands <= min(height, 256), "bad-header")
    channels, fast = (flags & 3) + 1, bool(flags & 4)
    codebook = read_codebook(reader, size, channels)
    profile = read_profile(reader) if flags & 8 else b""
    digest = reader.take(8)
    sizes = [reader.varint() for _ in range(bands - 1)]
    streams = [reader.take(size) for size in sizes]
    streams.append(reader.data[reader.at :])
    total = sum(map(len, streams))
    if size == 1:
        need(total == 0, "excess-data")
    else:
        need(width * height <= (total + 8) << 19, "truncated")
    labels = np.zeros((height, width), np.uint8)
    for b, stream in enumerate(streams):
        top, end = b * height // bands, (b + 1) * height // bands
        labels[top:end], used = decode_band(stream, end - top, width, codebook, fast)
        need(len(stream) <= used - 3, "excess-data")
    shape = np.array([height, width], ">u4").tobytes() + bytes([size >> 8, size & 255, channels])
    sealed = b"KMCODEC1" + shape + codebook.tobytes() + labels.tobytes()
    seal = b"KMCODEC1" + hashlib.sha256(sealed).digest()
    need(hashlib.sha256(seal + profile).digest()[:8] == digest, "digest-mismatch")
    return labels, codebook, profile
