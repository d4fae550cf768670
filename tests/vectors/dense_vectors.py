"""Dense files for what small ones do not reach: large tables, and weights at their limits."""

from collections.abc import Iterator

import container_tools as ct
import numpy as np

from codec.formats.kmc import file as kmc
from codec.indexed import IndexedImage

BLACK_AND_WHITE = np.array([[0], [255]], dtype=np.uint8)


def _noise(height: int, width: int, seed: int) -> ct.Bytes:
    return np.random.RandomState(seed).randint(0, 2, (height, width)).astype(np.uint8)


def _repeated_noise_in(side: int) -> ct.Bytes:
    """Noise three times three times in a flat square: where hashes collide depends on its size."""
    labels = np.zeros((side, side), dtype=np.uint8)
    labels[8:158, 8:158] = np.tile(_noise(50, 50, side), (3, 3))
    return labels


def _checkers(height: int, width: int) -> ct.Bytes:
    return (np.add.outer(np.arange(height), np.arange(width)) % 2).astype(np.uint8)


def _few_repetitions() -> ct.Bytes:
    """What has been seen once comes again: contexts say little and are right, weights grow."""
    once = _noise(80, 80, 5)
    return np.vstack([once, once, 1 - once, once])


def _checkers_with_faults() -> ct.Bytes:
    faults = np.random.RandomState(7).random_sample((512, 512)) < 0.003
    return _checkers(512, 512) ^ faults


def _checkers_and_noise() -> ct.Bytes:
    """The weights of a final mixer grow by 1 a pixel up to their limit, and are needed then."""
    return np.vstack([_checkers(498, 1100), _noise(2, 1100, 3)])


def _clipped_words() -> ct.Bytes:
    """Code-words whose second channel is what predictor 3 says, often a clipped value."""
    first = np.random.RandomState(1).randint(0, 256, 60)
    words = [(int(first[0]), 100)]
    for value in first[1:].tolist():
        before, second = words[-1]
        words.append((value, min(255, max(0, second + value - before))))
    return np.array(words, dtype=np.uint8)


def dense_vectors() -> Iterator[tuple[str, ct.Bytes, ct.Bytes]]:
    """Name, labels, codebook."""
    yield "dense-large-18", _repeated_noise_in(182), BLACK_AND_WHITE
    yield "dense-large-19", _repeated_noise_in(725), BLACK_AND_WHITE
    yield "dense-large-20", _repeated_noise_in(1025), BLACK_AND_WHITE
    yield "dense-weights", _few_repetitions(), BLACK_AND_WHITE
    yield "dense-negative-weights", _checkers_with_faults(), BLACK_AND_WHITE
    yield "dense-final-mixer", _checkers_and_noise(), BLACK_AND_WHITE
    labels = np.arange(60, dtype=np.uint8).reshape(6, 10)
    yield "dense-clipped-codebook", labels, _clipped_words()


def encode(labels: ct.Bytes, codebook: ct.Bytes) -> bytes:
    """The content of `X.kmc`."""
    (data,) = kmc.encode(IndexedImage(labels, codebook), "best")
    return data
