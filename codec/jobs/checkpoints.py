"""How far a run is that counts the colors of many pictures, as a file."""

import hashlib
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_SEAL_BYTES = 32
Marks = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Checkpoint:
    """How far counting is.

    Parameters
    ----------
    inputs : ndarray of shape (N,), dtype uint64
        Marks of the pictures that were counted; see `codec.jobs.journal.input_mark`.
    counted : dict of str to ndarray
        Their colors; see `codec.encoder.training.Pool.state`.
    codebook : ndarray of shape (K, C), dtype uint8, or None
        What was trained with them.
    """

    inputs: Marks
    counted: dict[str, npt.NDArray[Any]]
    codebook: npt.NDArray[np.uint8] | None = None


def encode_checkpoint(checkpoint: Checkpoint, command: bytes) -> bytes:
    """Write how far counting is, sealed together with the digest of the command."""
    data, members = io.BytesIO(), {"inputs": checkpoint.inputs, **checkpoint.counted}
    if checkpoint.codebook is not None:
        members["codebook"] = checkpoint.codebook
    np.savez(data, allow_pickle=False, **members)
    sealed = hashlib.blake2b(command, digest_size=_SEAL_BYTES)
    sealed.update(data.getbuffer())
    return b"".join([sealed.digest(), data.getbuffer()])


def decode_checkpoint(data: bytes, command: bytes) -> Checkpoint | None:
    """Read a checkpoint; what is damaged, or of another command, is none."""
    sealed = hashlib.blake2b(command, digest_size=_SEAL_BYTES)
    sealed.update(memoryview(data)[_SEAL_BYTES:])
    if sealed.digest() != data[:_SEAL_BYTES]:
        return None
    with np.load(io.BytesIO(memoryview(data)[_SEAL_BYTES:]), allow_pickle=False) as members:
        counted = dict(members)
    return Checkpoint(counted.pop("inputs"), counted, counted.pop("codebook", None))
