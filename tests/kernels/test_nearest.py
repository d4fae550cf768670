"""The nearest code-word of 8-bit colors, against brute force."""

import numpy as np
import pytest
from kernel_tools import Bytes, brute_force
from marks import needs_kernels


@needs_kernels
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 64, 256])
def test_nearest_is_that_of_brute_force(size: int, channels: int) -> None:
    from codec.kernels.nearest import NearestGrid, label_rows

    state = np.random.RandomState(size * channels)
    for low, high in ((0, 256), (0, 2), (120, 136), (250, 256)):
        codebook = state.randint(low, high, (size, channels)).astype(np.uint8)
        colors = state.randint(0, 256, (3000, channels)).astype(np.uint8)
        colors[: min(size, 256)] = codebook
        grid, labels = NearestGrid(codebook), np.empty(len(colors), dtype=np.uint8)
        for _ in range(2):  # with an empty grid, and with a filled one
            label_rows(grid, colors, labels)
            assert labels.tolist() == brute_force(colors, codebook)


@needs_kernels
def test_nearest_stays_exact_where_lists_are_too_long_to_keep() -> None:
    from codec.kernels.nearest import NearestGrid, label_rows

    # Far from a tight cluster, all its code-words are candidates everywhere.
    codebook = np.stack(np.meshgrid(*[range(100, 104)] * 4), axis=-1).reshape(-1, 4)
    codebook = codebook.astype(np.uint8)
    steps = np.arange(0, 256, 16)
    colors = np.stack(np.meshgrid(*[steps] * 4), axis=-1).reshape(-1, 4).astype(np.uint8)
    labels = np.empty(len(colors), dtype=np.uint8)
    label_rows(NearestGrid(codebook), colors, labels)
    some = np.random.RandomState(0).randint(0, len(colors), 4000)
    assert labels[some].tolist() == brute_force(colors[some], codebook)


@needs_kernels
def test_what_does_not_fit_is_refused() -> None:
    from codec.kernels.nearest import NearestGrid, label_rows

    def bytes_of(*shape: int) -> Bytes:
        return np.zeros(shape, dtype=np.uint8)

    for shape in ((0, 3), (257, 3), (2, 0), (2, 5)):
        with pytest.raises(ValueError, match="codebook"):
            NearestGrid(bytes_of(*shape))
    with pytest.raises(ValueError, match="fit"):
        NearestGrid(bytes_of(2, 3), bytes_of(3))
    for colors, labels in ((bytes_of(5, 4), bytes_of(5)), (bytes_of(5, 3), bytes_of(4))):
        with pytest.raises(ValueError, match="fit"):
            label_rows(NearestGrid(bytes_of(2, 3)), colors, labels)
