"""Pieces and whole agree, bit for bit."""

import itertools
import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from cli_tools import few_colors
from hypothesis import given, settings
from hypothesis import strategies as st
from marks import needs_kernels
from picture_tools import block_picture

import codec
from codec import chunks

Bytes = npt.NDArray[np.uint8]


class Slow:
    """A source that is an array no longer, and can be made to change between its passes."""

    def __init__(self, pixels: Bytes, tile: tuple[int, int] | None = None) -> None:
        self.pixels, self.shape, self.dtype, self.tile = pixels, pixels.shape, pixels.dtype, tile

    def __getitem__(self, key: Any) -> Bytes:
        return np.ascontiguousarray(self.pixels[key])


PICTURES = st.builds(
    block_picture,
    st.sampled_from(["noise", "smooth", "grey", "flat"]),
    st.integers(1, 150),
    st.integers(1, 120),
    st.integers(1, 4),
    st.integers(0, 9),
)


@needs_kernels
@settings(max_examples=120, deadline=None)
@given(
    pixels=PICTURES,
    n_colors=st.sampled_from([1, 2, 5, 16, 40, 256]),
    tune=st.sampled_from(["visual", "psnr"]),
    dither=st.sampled_from([None, "none", "ordered", "selective", "fs"]),
    effort=st.sampled_from(["fast", "default", "best"]),
    exact=st.booleans(),
    block=st.integers(60, 9000),
    tile=st.tuples(st.integers(1, 70), st.integers(1, 70)),
)
def test_a_picture_in_blocks_is_compressed_as_the_whole(
    pixels: Bytes, n_colors: int, tune: str, dither: str | None, effort: str, exact: bool,
    block: int, tile: tuple[int, int],
) -> None:  # fmt: skip
    asked = {"tune": tune, "dither": dither, "effort": effort, "exact": exact}
    whole = codec.compress(pixels, n_colors, **asked)  # type: ignore[arg-type]
    labels = np.full(pixels.shape[:2], 99, dtype=np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("codec.encoder.cutting._BLOCK_PIXELS", block)
        patch.setattr("codec.encoder.cutting._MOST_PIXELS", block)

        found = chunks.compress_chunked(
            Slow(pixels, tile),
            labels,
            n_colors,
            **asked,  # type: ignore[arg-type]
        )

    assert np.array_equal(found.codebook, whole.codebook)
    assert np.array_equal(labels, whole.labels)


@needs_kernels
@settings(max_examples=60, deadline=None)
@given(
    pixels=PICTURES,
    n_colors=st.sampled_from([1, 3, 16, 256]),
    tune=st.sampled_from(["visual", "psnr"]),
    dither=st.sampled_from(["none", "ordered"]),
    format=st.sampled_from(["pair", "png", "kmc"]),
    step=st.tuples(st.integers(9, 150), st.integers(9, 120)),
    seed=st.integers(0, 99),
)
def test_count_merge_train_label_is_compress(
    pixels: Bytes, n_colors: int, tune: Any, dither: Any, format: Any, step: tuple[int, int],
    seed: int,
) -> None:  # fmt: skip
    whole = codec.compress(pixels, n_colors, tune=tune, dither=dither, format=format)
    height, width = pixels.shape[:2]
    places = list(itertools.product(range(0, height, step[0]), range(0, width, step[1])))
    pieces = [pixels[y : y + step[0], x : x + step[1]] for y, x in places]
    counted = [pickle.loads(pickle.dumps(chunks.count(piece))) for piece in pieces]
    random.Random(seed).shuffle(counted)
    half = len(counted) // 2
    parts = [chunks.Histogram.merge(part) for part in (counted[:half], counted[half:]) if part]

    codebook = chunks.train(
        parts[0] + parts[-1] if len(parts) > 1 else parts[0],
        n_colors, tune=tune, dither=dither, source=pixels, format=format,
    )  # fmt: skip
    codebook = pickle.loads(pickle.dumps(codebook))

    labels = np.empty((height, width), dtype=np.uint8)
    for (y, x), piece in zip(places, pieces, strict=True):
        labels[y : y + step[0], x : x + step[1]] = codebook.label(piece, origin=(y, x))
    assert np.array_equal(codebook.words, whole.codebook)
    assert np.array_equal(labels, whole.labels)
    assert np.array_equal(codebook.decode(labels), codec.decompress(whole))


@pytest.mark.parametrize("name", ["a.tif", "a.npz", "a.png", "a.labels.png", "a.zarr"])
def test_a_path_is_a_sink(tmp_path: Path, name: str) -> None:
    if name.endswith("zarr"):
        pytest.importorskip("zarr")
    pixels = few_colors()
    done = chunks.compress_chunked(pixels, tmp_path / name)
    assert done.paths[-1] == tmp_path / name
    np.testing.assert_array_equal(codec.open(tmp_path / name)[:], pixels)
    with pytest.raises(codec.FileError, match="already exists"):
        chunks.compress_chunked(pixels, str(tmp_path / name))
    chunks.compress_chunked(pixels[::-1], str(tmp_path / name), force=True)
    np.testing.assert_array_equal(codec.open(tmp_path / name)[:], pixels[::-1])
