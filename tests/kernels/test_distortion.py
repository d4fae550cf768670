"""Errors of colors, against plain Python."""

import numpy as np
import pytest
from marks import NO_KERNELS

color_errors = pytest.importorskip("codec.kernels.distortion", reason=NO_KERNELS).color_errors


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [1, 2, 500])
def test_errors_are_exact(channels: int, size: int) -> None:
    state = np.random.RandomState(size)
    colors = state.randint(0, 256, (size, channels)).astype(np.uint8)
    counts = state.randint(1, 1 << 35, size).astype(np.int64)
    codebook = state.randint(0, 256, (9, channels)).astype(np.uint8)
    labels = state.randint(0, 9, size).astype(np.uint8)

    total, largest = color_errors(colors, counts, codebook, labels)

    assert largest == np.abs(colors.astype(int) - codebook[labels]).max()
    assert total == sum(
        count * sum((a - b) ** 2 for a, b in zip(color, codebook[label].tolist(), strict=True))
        for color, count, label in zip(
            colors.tolist(), counts.tolist(), labels.tolist(), strict=True
        )
    )


def test_labels_beyond_the_codebook_are_refused() -> None:
    colors, counts = np.zeros((2, 3), np.uint8), np.ones(2, np.int64)
    for labels, codebook in (([0, 1], (1, 3)), ([0, 0], (0, 3)), ([0, 0], (1, 2)), ([0], (1, 3))):
        with pytest.raises(ValueError, match="codebook"):
            color_errors(colors, counts, np.zeros(codebook, np.uint8), np.array(labels, np.uint8))
