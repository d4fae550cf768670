"""Dense files: the compiled coder against the reference decoder, sizes, damage, bounds."""

import csv
import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from cli_tools import REPOSITORY
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import codec
from codec import kernels
from codec.errors import CodecError, FormatError, LimitError
from codec.formats import FORMS, arranged_for, bands, kmc, reference
from codec.formats.rice import decode_codebook, encode_codebook
from codec.images import read_image
from codec.indexed import IndexedImage
from codec.options import MAX_PIXELS

VECTORS = REPOSITORY / "tests" / "vectors"
SAMPLES = sorted((REPOSITORY / "samples").glob("*.png"))
compiled_only = pytest.mark.skipif(not kernels.compiled(), reason="no compiled kernels")

Array = npt.NDArray[np.uint8]


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "MANIFEST.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["form"] == "kmc"]


def picture(seed: int, height: int, width: int, size: int, channels: int) -> IndexedImage:
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


SHAPES = [(1, 1), (1, 9), (9, 1), (2, 2), (5, 17), (24, 19)]


@compiled_only
@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [2, 3, 16, 17, 100, 256])
def test_the_coder_gives_the_bits_of_the_reference(size: int, channels: int, fast: bool) -> None:
    for number, (height, width) in enumerate(SHAPES):
        indexed = picture(size * channels + number, height, width, size, channels)

        (stream,) = bands.encode_bands(indexed.labels, indexed.codebook, fast)
        assert stream == reference.encode_band(indexed.labels, indexed.codebook, fast)

        found = bands.decode_bands([stream], height, width, indexed.codebook, fast)
        expected, _ = reference.decode_band(stream, height, width, indexed.codebook, fast)
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
        expected, expected_used = reference.decode_band(stream, 7, 11, codebook, fast)
        assert np.array_equal(labels, expected)
        assert used == expected_used


@pytest.mark.parametrize("row", rows_of(VECTORS), ids=lambda row: row["name"])
def test_the_reference_decodes_every_vector(row: dict[str, str]) -> None:
    labels, codebook, _ = reference.decode((VECTORS / row["name"]).read_bytes())
    pixels = codec.decompress(IndexedImage(labels, codebook))
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == row["sha256"]


@pytest.mark.parametrize("row", rows_of(VECTORS / "invalid"), ids=lambda row: row["name"])
def test_the_reference_refuses_for_the_same_reason(row: dict[str, str]) -> None:
    with pytest.raises(reference.FormatError, match=f"^{row['reason']}$"):
        reference.decode((VECTORS / "invalid" / row["name"]).read_bytes())


@compiled_only
@pytest.mark.parametrize(
    "name", [row["name"] for row in rows_of(VECTORS) if row["name"].startswith("dense-")]
)
def test_the_coder_still_writes_the_bytes_it_wrote(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = (VECTORS / name).read_bytes()
    contents = kmc.decode([data], MAX_PIXELS)
    header = kmc.read_header(data, MAX_PIXELS)
    monkeypatch.setattr(bands, "BAND_PIXELS", contents.indexed.labels.size // header.n_bands)
    monkeypatch.setattr(bands, "BAND_CHANGES", 1)
    effort = "fast" if header.fast else "best"
    again = kmc.encode(contents.indexed, effort, contents.profile)
    if contents.profile:  # its bytes are zlib's
        assert kmc.decode(again, MAX_PIXELS).profile == contents.profile
    else:
        assert again == [data]


@compiled_only
@pytest.mark.parametrize("effort", ["fast", "best"])
@settings(max_examples=60, deadline=None)
@given(
    labels=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40)),
    size=st.integers(1, 256),
    channels=st.integers(1, 4),
    seed=st.integers(0, 9),
    profile=st.binary(max_size=40),
)
def test_a_file_gives_back_what_was_stored(
    effort: str, labels: Array, size: int, channels: int, seed: int, profile: bytes
) -> None:
    codebook = np.random.default_rng(seed).integers(0, 256, (size, channels)).astype(np.uint8)
    indexed = IndexedImage((labels.astype(int) % size).astype(np.uint8), codebook)
    contents = kmc.decode(kmc.encode(indexed, effort, profile), labels.size)
    assert np.array_equal(contents.indexed.labels, indexed.labels)
    assert np.array_equal(contents.indexed.codebook, codebook)
    assert contents.profile == profile
    assert contents.verified


@settings(max_examples=100, deadline=None)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 256), st.integers(1, 4))), st.binary(max_size=5)
)
def test_a_codebook_of_any_order_comes_back(codebook: Array, behind: bytes) -> None:
    coded = encode_codebook(codebook)
    found, used = decode_codebook(coded + behind, *codebook.shape)
    assert np.array_equal(found, codebook)
    assert used == len(coded)


def test_codebooks_take_what_their_order_allows() -> None:
    raw = 256 * 3
    codebook = np.random.default_rng(1).integers(0, 256, (256, 3)).astype(np.uint8)
    # Nine bits a sample at worst; in ascending order the first channel takes about two of eight.
    assert len(encode_codebook(codebook)) <= 3 + -(-raw * 9 // 8)
    assert len(encode_codebook(codebook[np.lexsort(codebook.T[::-1])])) < 0.87 * raw
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    # A zero of one bit and 255 ones of two; the other channels repeat it, and take no bits.
    assert len(encode_codebook(np.hstack([ramp, ramp, ramp]))) == 3 + 64


def test_a_small_file_does_not_pay_for_a_header() -> None:
    state = np.random.default_rng(2)
    labels = np.repeat(np.repeat(state.integers(0, 8, (8, 8)), 4, 0), 4, 1).astype(np.uint8)
    labels[0, :8] = range(8)
    contents = kmc.decode(
        kmc.encode(IndexedImage(labels, state.integers(0, 256, (8, 3)).astype(np.uint8))), 1024
    )
    sizes = contents.part_bytes
    assert contents.size_bytes - sizes["labels"] - sizes["codebook"] == 18
    assert sizes["codebook"] <= 3 + 27


@compiled_only
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("n_colors", [16, 256])
def test_no_other_form_is_as_small(path: Path, n_colors: int) -> None:
    indexed = codec.compress(read_image(path).pixels, n_colors)
    arranged = arranged_for(FORMS["kmc"], indexed)
    sizes = {
        effort: len(kmc.encode(arranged, effort)[0]) for effort in ("fast", "default", "best")
    }
    others = [
        sum(map(len, form.encode(indexed, "best")))
        for form in FORMS.values()
        if form.name != "kmc"
    ]
    assert sizes["best"] == sizes["default"] <= 0.82 * min(others)
    assert sizes["best"] <= sizes["fast"] <= 1.3 * sizes["best"]
    assert sizes["fast"] <= 0.9 * min(others)


def test_the_order_of_code_words_is_kept_unless_they_are_arranged() -> None:
    indexed = picture(4, 9, 9, 5, 3)
    contents = kmc.decode(kmc.encode(indexed), 81)
    assert np.array_equal(contents.indexed.codebook, indexed.codebook)
    arranged = arranged_for(FORMS["kmc"], indexed)
    assert arranged.codebook.tolist() == sorted(indexed.codebook.tolist())
    assert np.array_equal(codec.decompress(arranged), codec.decompress(indexed))
    assert arranged_for(FORMS["npz"], indexed) is indexed


@compiled_only
@pytest.mark.parametrize("effort", ["fast", "best"])
def test_bands_do_not_depend_on_threads(effort: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bands, "BAND_PIXELS", 500)
    monkeypatch.setattr(bands, "BAND_CHANGES", 20)
    indexed = picture(8, 50, 60, 30, 3)
    files = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("KMCODEC_THREADS", threads)
        files += kmc.encode(indexed, effort)
        found = kmc.decode(files[-1:], MAX_PIXELS).indexed
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


@compiled_only
@pytest.mark.parametrize(
    "name", [row["name"] for row in rows_of(VECTORS) if row["name"].startswith("dense-")]
)
def test_no_damage_gives_a_wrong_picture(name: str) -> None:
    data = (VECTORS / name).read_bytes()
    expected = kmc.decode([data], MAX_PIXELS).indexed
    step = 1 if expected.labels.size < 5000 and len(data) < 1000 else 13
    refused = 0
    mutants = [data[:end] for end in range(0, len(data), step)]
    for position in range(0, len(data), step):
        for bit in range(8) if step == 1 else (position % 8,):
            flipped = bytearray(data)
            flipped[position] ^= 1 << bit
            mutants.append(bytes(flipped))
    for mutant in mutants:
        try:
            found = kmc.decode([mutant], 1 << 16).indexed
        except (FormatError, LimitError):
            refused += 1
        else:
            assert np.array_equal(codec.decompress(found), codec.decompress(expected))
    assert refused > 0.98 * len(mutants)


def test_without_kernels_the_reference_does_it_with_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    indexed = picture(11, 12, 13, 6, 3)
    expected = kmc.encode(indexed) if kernels.compiled() else None
    monkeypatch.setattr(kernels, "compiled", lambda: False)
    bands._warn.cache_clear()
    with pytest.warns(RuntimeWarning, match="without compiled kernels"):
        data = kmc.encode(indexed)
    assert expected in (None, data)
    found = kmc.decode(data, MAX_PIXELS).indexed
    assert np.array_equal(found.labels, indexed.labels)


def test_what_is_refused_leaves_no_doubt() -> None:
    data = (VECTORS / "dense-sprites.kmc").read_bytes()
    with pytest.raises(LimitError) as over:
        kmc.decode([data], 64 * 64 - 1)
    assert over.value.reason == "pixel-limit"
    for end in range(24):  # header, codebook and digest; the labels are in no_damage
        with pytest.raises(CodecError) as caught:
            kmc.decode([data[:end]], MAX_PIXELS)
        assert caught.value.reason == ("truncated" if end > 3 else "not-compressed")


@compiled_only
@pytest.mark.parametrize("effort", ["fast", "best"])
@pytest.mark.parametrize("side", [2100, 4000])
def test_vast_blank_pictures_are_stored(side: int, effort: str) -> None:
    labels = np.zeros((side, side), dtype=np.uint8)
    for bar in (False, True):
        labels[40:50, 30:200] = bar
        indexed = IndexedImage(labels, np.array([[255], [0]], dtype=np.uint8))
        data = kmc.encode(indexed, effort)
        assert np.array_equal(kmc.decode(data, MAX_PIXELS).indexed.labels, labels)
        # At least 2**-19 bytes a pixel, and hardly more: 0.00003 bits a pixel and the bar.
        assert side**2 / 2**19 - 8 < len(data[0]) < side**2 / 2**18 + 90


@compiled_only
@pytest.mark.parametrize(
    ("effort", "digest"),
    [("fast", "bc0d9db43623288f"), ("best", "d8c8a13a043b1474")],
)
def test_a_larger_picture_has_pinned_bits(effort: str, digest: str) -> None:
    """Tables of 2**18 slots, counts at their limits: no vector is as large."""
    indexed = picture(21, 700, 600, 200, 3)
    (data,) = kmc.encode(indexed, effort)
    assert np.array_equal(kmc.decode([data], MAX_PIXELS).indexed.labels, indexed.labels)
    assert hashlib.sha256(data).hexdigest()[:16] == digest


def test_bands_are_limited() -> None:
    data = kmc.encode(picture(1, 300, 1, 3, 1))[0]
    head = data[:6] + b"\x01\xac\x02\x02"
    assert data.startswith(head)
    for bands_less_one, reason in ((b"\xff\x01", "truncated"), (b"\x80\x02", "bad-header")):
        with pytest.raises(FormatError) as caught:
            kmc.decode([head + bands_less_one], MAX_PIXELS)
        assert caught.value.reason == reason
