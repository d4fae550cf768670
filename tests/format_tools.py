"""What the tests of file formats share: a flag, random pictures, and what a reader says."""

from collections.abc import Callable
from dataclasses import replace

import container_tools as ct
import numpy as np
import pytest

from codec import kernels
from codec.errors import CodecError, FormatError, LimitError
from codec.formats.contents import Contents
from codec.indexed import IndexedImage
from codec.limits import MAX_PIXELS
from codec.metadata import Metadata

FLAG = np.array([[0, 0, 255], [255, 255, 255], [255, 0, 0]], dtype=np.uint8)
LABELS = np.array([[0, 1, 2], [0, 1, 2]], dtype=np.uint8)
PICTURE = IndexedImage(LABELS, FLAG)
compiled_only = pytest.mark.skipif(not kernels.COMPILED, reason="no compiled kernels")


def with_profile(indexed: IndexedImage, profile: bytes) -> IndexedImage:
    """The same labels and code-words, which are colors of a profile."""
    return replace(indexed, metadata=Metadata(profile=profile))


def picture(shape: tuple[int, int], size: int, channels: int, seed: int = 0) -> IndexedImage:
    """Random labels, and a random codebook of `size` code-words."""
    state = np.random.RandomState(seed)
    labels = state.randint(0, size, shape).astype(np.uint8)
    return IndexedImage(labels, state.randint(0, 256, (size, channels)).astype(np.uint8))


def patches(seed: int, height: int, width: int, size: int, channels: int) -> IndexedImage:
    """Patches, stripes and noise, so that flat, predictable and random pixels occur."""
    state = np.random.default_rng(seed)
    labels = np.zeros((height, width), dtype=np.uint8)
    for _ in range(8):
        top, left = state.integers(0, height), state.integers(0, width)
        patch = labels[top : top + height // 2 + 1, left : left + width // 2 + 1]
        kind = state.integers(0, 3)
        if kind == 0:
            patch[:] = state.integers(0, size)
        elif kind == 1:
            patch[:] = np.arange(patch.shape[1]) // 2 % size
        else:
            patch[:] = state.integers(0, size, patch.shape)
    codebook = state.integers(0, 256, (size, channels)).astype(np.uint8)
    return IndexedImage(labels, codebook)


def flag_members(*, sealed: bool = True) -> list[ct.Member]:
    """The members of the flag's npz."""
    return ct.members_of(LABELS, FLAG, sealed=sealed)


def flag_with(index: int, **changes: object) -> bytes:
    """The flag's npz in which attributes of one member are changed."""
    return ct.altered_npz(LABELS, FLAG, index, **changes)


class Reader:
    """A format's `decode`, given the content of its files one by one."""

    def __init__(self, decode: Callable[..., Contents]) -> None:
        self._decode = decode

    def read(self, *files: bytes, max_pixels: int = MAX_PIXELS) -> Contents:
        """What the files mean."""
        return self._decode(*files, max_pixels=max_pixels)

    def reason_of(self, *files: bytes, max_pixels: int = MAX_PIXELS) -> str:
        """Why the files are refused, which they must be."""
        with pytest.raises(CodecError) as caught:
            self.read(*files, max_pixels=max_pixels)
        assert isinstance(caught.value, (FormatError, LimitError))
        assert "pickle" not in str(caught.value)
        return caught.value.reason


def assert_same(found: IndexedImage, expected: IndexedImage) -> None:
    """Labels and codebook are these, whatever their strides."""
    assert found.labels.tolist() == expected.labels.tolist()
    assert found.codebook.tolist() == expected.codebook.tolist()


def assert_is(contents: Contents, expected: IndexedImage, *, verified: bool) -> None:
    """A reader found this picture, with or without a seal."""
    assert contents.verified is verified
    assert_same(contents.indexed, expected)
