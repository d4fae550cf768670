"""Labels of dense files: the compiled coder gives the bits of the reference, band by band."""

import numpy as np
import pytest
from cost_tools import slow
from format_tools import compiled_only, patches

from codec.formats.kmc import bands
from codec.formats.kmc import file as kmc
from codec.kernels.plain.labelcoder import band
from codec.limits import MAX_PIXELS

SHAPES = [(1, 1), (1, 9), (9, 1), (2, 2), (5, 17), (24, 19)]


@compiled_only
@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", slow([2, 3, 16, 17, 100, 256], range(3, 101).__contains__))
def test_the_coder_gives_the_bits_of_the_reference(size: int, channels: int, fast: bool) -> None:
    for number, (height, width) in enumerate(SHAPES):
        indexed = patches(size * channels + number, height, width, size, channels)

        (stream,) = bands.encode_bands(indexed.labels, indexed.codebook, fast)
        assert stream == band.encode_band(indexed.labels, indexed.codebook, fast)

        found = bands.decode_bands([stream], height, width, indexed.codebook, fast)
        expected, _ = band.decode_band(stream, height, width, indexed.codebook, fast)
        assert np.array_equal(found, indexed.labels)
        assert np.array_equal(expected, indexed.labels)


@compiled_only
@pytest.mark.parametrize("fast", [False, True])
def test_any_bytes_decode_to_what_the_reference_makes_of_them(fast: bool) -> None:
    state = np.random.default_rng(3)
    for size in (2, 5, 256):
        codebook = state.integers(0, 256, (size, 3)).astype(np.uint8)
        stream = state.bytes(60)
        labels = np.empty((7, 11), dtype=np.uint8)
        used = bands._decode_band(stream, codebook, fast, labels)
        expected, expected_used = band.decode_band(stream, 7, 11, codebook, fast)
        assert np.array_equal(labels, expected)
        assert used == expected_used


@compiled_only
@pytest.mark.parametrize("effort", ["fast", "best"])
def test_bands_do_not_depend_on_threads(effort: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bands, "BAND_PIXELS", 500)
    monkeypatch.setattr(bands, "BAND_CHANGES", 20)
    indexed = patches(8, 50, 60, 30, 3)
    files = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("KMCODEC_THREADS", threads)
        files += kmc.encode(indexed, effort)
        found = kmc.decode(*files[-1:], max_pixels=MAX_PIXELS).indexed
        assert np.array_equal(found.labels, indexed.labels)
    assert files[0] == files[1] == files[2]
    assert kmc.read_header(files[0], MAX_PIXELS).n_bands == 6


def test_bands_are_rows_that_add_up() -> None:
    for height in (1, 2, 7, 100):
        for n_bands in {1, 2, height}:
            if n_bands <= height:
                rows = bands.band_rows(height, n_bands)
                assert [r.start for r in rows] == [0, *(r.stop for r in rows[:-1])]
                assert rows[-1].stop == height
                assert all(r.start < r.stop for r in rows)
