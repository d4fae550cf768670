"""A serializer of Zarr: each chunk of labels is a `.kmc`, which any reader of those reads.

zarr finds it by the entry point ``kmcodec.kmc`` of the group ``zarr.codecs``.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from zarr.abc.codec import ArrayBytesCodec
from zarr.registry import register_codec

from codec.errors import FormatError
from codec.formats.kmc.file import decode, encode
from codec.indexed import IndexedImage

NAME = "kmcodec.kmc"


@dataclass(frozen=True)
class KmcLabels(ArrayBytesCodec):  # type: ignore[misc]  # of a package without types here
    """Labels of shape (h, w), dtype uint8, as a `.kmc` with the codebook of the picture.

    Parameters
    ----------
    codebook : tuple of tuple of int
        The code-words.
    effort : {'fast', 'default', 'best'}
        As of a `.kmc`.
    """

    codebook: tuple[tuple[int, ...], ...]
    effort: str = "default"
    is_fixed_size = False

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it of what the metadata of an array say."""
        told = data["configuration"]
        return cls(tuple(map(tuple, told["codebook"])), told.get("effort", "default"))

    def to_dict(self) -> dict[str, Any]:
        """Say it for the metadata of an array."""
        codebook = [list(word) for word in self.codebook]
        return {"name": NAME, "configuration": {"codebook": codebook, "effort": self.effort}}

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: Any) -> int:
        """Nobody knows before it is encoded."""
        raise NotImplementedError

    def _words(self) -> npt.NDArray[np.uint8]:
        return np.array(self.codebook, dtype=np.uint8)

    def _encode(self, labels: npt.NDArray[np.uint8]) -> bytes:
        labels = np.ascontiguousarray(labels)
        return encode(IndexedImage(labels, self._words()), self.effort)[0]

    def _decode(self, data: bytes, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
        indexed = decode(data, max_pixels=int(np.prod(shape))).indexed
        if indexed.labels.shape != shape or not np.array_equal(indexed.codebook, self._words()):
            raise FormatError("a chunk is that of another picture", "digest-mismatch")
        return indexed.labels

    async def _encode_single(self, chunk_array: Any, chunk_spec: Any) -> Any:
        data = await asyncio.to_thread(self._encode, chunk_array.as_numpy_array())
        return chunk_spec.prototype.buffer.from_bytes(data)

    async def _decode_single(self, chunk_data: Any, chunk_spec: Any) -> Any:
        data, shape = chunk_data.to_bytes(), tuple(chunk_spec.shape)
        labels = await asyncio.to_thread(self._decode, data, shape)
        return chunk_spec.prototype.nd_buffer.from_numpy_array(labels)


register_codec(NAME, KmcLabels)
