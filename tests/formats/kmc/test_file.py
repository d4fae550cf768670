"""Dense files: what comes back, sizes, damage, bounds."""

import hashlib

import numpy as np
import numpy.typing as npt
import pytest
from cli_tools import REPOSITORY
from cost_tools import slow
from format_tools import compiled_only, patches, with_profile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from vector_tools import CONFORMING, VECTORS

import codec
from codec.errors import CodecError, FormatError, LimitError
from codec.formats.kmc import bands
from codec.formats.kmc import file as kmc
from codec.formats.registry import FORMATS
from codec.images.reading import read_image
from codec.indexed import IndexedImage
from codec.limits import MAX_PIXELS

SAMPLES = sorted(path.stem for path in (REPOSITORY / "samples").glob("*.png"))
DENSE = [row["name"] for row in CONFORMING if row["name"].startswith("dense-")]
Array = npt.NDArray[np.uint8]


@compiled_only
@pytest.mark.parametrize("name", DENSE)
def test_the_coder_still_writes_the_bytes_it_wrote(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = (VECTORS / name).read_bytes()
    contents = kmc.decode(data, max_pixels=MAX_PIXELS)
    header = kmc.read_header(data, MAX_PIXELS)
    monkeypatch.setattr(bands, "BAND_PIXELS", contents.indexed.labels.size // header.n_bands)
    monkeypatch.setattr(bands, "BAND_CHANGES", 1)
    effort = "fast" if header.fast else "best"
    again = kmc.encode(contents.indexed, effort)
    if contents.metadata.profile:  # its bytes are zlib's
        assert kmc.decode(*again, max_pixels=MAX_PIXELS).metadata == contents.metadata
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
    contents = kmc.decode(
        *kmc.encode(with_profile(indexed, profile), effort), max_pixels=labels.size
    )
    assert np.array_equal(contents.indexed.labels, indexed.labels)
    assert np.array_equal(contents.indexed.codebook, codebook)
    assert contents.metadata.profile == profile
    assert contents.verified


def test_a_small_file_does_not_pay_for_a_header() -> None:
    state = np.random.default_rng(2)
    labels = np.repeat(np.repeat(state.integers(0, 8, (8, 8)), 4, 0), 4, 1).astype(np.uint8)
    labels[0, :8] = range(8)
    contents = kmc.decode(
        *kmc.encode(IndexedImage(labels, state.integers(0, 256, (8, 3)).astype(np.uint8)), "best"),
        max_pixels=1024,
    )
    sizes = contents.part_bytes
    assert contents.size_bytes - sizes["labels"] - sizes["codebook"] == 18
    assert sizes["codebook"] <= 3 + 27


# By K: of the grey sample, coded with all contexts and with few.
SCAN_BYTES = {16: (105_163, 119_454), 256: (380_142, 417_494)}


@compiled_only
@pytest.mark.parametrize("name", slow(SAMPLES, "gradient".__ne__))
@pytest.mark.parametrize("n_colors", [16, 256])
def test_no_other_format_is_as_small(name: str, n_colors: int) -> None:
    pixels = read_image(REPOSITORY / "samples" / f"{name}.png").pixels
    indexed = codec.compress(pixels, n_colors, tune="psnr")
    arranged = FORMATS["kmc"].arranged(indexed)
    sizes = {
        effort: len(kmc.encode(arranged, effort)[0]) for effort in ("fast", "default", "best")
    }
    others = [
        sum(map(len, format.encode(indexed, "best")))
        for format in FORMATS.values()
        if format.name != "kmc"
    ]
    assert sizes["best"] == sizes["default"] < sizes["fast"] < min(others)
    assert sizes["fast"] <= 1.3 * sizes["best"]
    if name == "scan":
        # The filters of PNG were made for grey, so that bytes say more than ratios.
        best, fast = SCAN_BYTES[n_colors]
        assert sizes["best"] <= 1.002 * best
        assert sizes["fast"] <= 1.002 * fast
    else:
        assert sizes["best"] <= 0.82 * min(others)
        assert sizes["fast"] <= 0.9 * min(others)


def test_the_order_of_code_words_is_kept_unless_they_are_arranged() -> None:
    indexed = patches(4, 9, 9, 5, 3)
    contents = kmc.decode(*kmc.encode(indexed, "best"), max_pixels=81)
    assert np.array_equal(contents.indexed.codebook, indexed.codebook)
    arranged = FORMATS["kmc"].arranged(indexed)
    assert arranged.codebook.tolist() == sorted(indexed.codebook.tolist())
    assert np.array_equal(codec.decompress(arranged), codec.decompress(indexed))
    assert FORMATS["npz"].arranged(indexed) is indexed


@compiled_only
@pytest.mark.parametrize("name", slow(DENSE, "dense-bands-fast.kmc".__ne__))
def test_no_damage_gives_a_wrong_picture(name: str) -> None:
    data = (VECTORS / name).read_bytes()
    expected = kmc.decode(data, max_pixels=MAX_PIXELS).indexed
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
            found = kmc.decode(mutant, max_pixels=1 << 16).indexed
        except (FormatError, LimitError):
            refused += 1
        else:
            assert np.array_equal(codec.decompress(found), codec.decompress(expected))
    assert refused > 0.98 * len(mutants)


def test_what_is_refused_leaves_no_doubt() -> None:
    data = (VECTORS / "dense-sprites.kmc").read_bytes()
    with pytest.raises(LimitError) as over:
        kmc.decode(data, max_pixels=64 * 64 - 1)
    assert over.value.reason == "pixel-limit"
    for end in range(24):  # header, codebook and digest; the labels are in no_damage
        with pytest.raises(CodecError) as caught:
            kmc.decode(data[:end], max_pixels=MAX_PIXELS)
        assert caught.value.reason == ("truncated" if end > 3 else "not-compressed")


@compiled_only
@pytest.mark.parametrize("effort", slow(["fast", "best"], "best".__eq__))
@pytest.mark.parametrize("side", slow([2100, 4000], (4000).__eq__))
def test_vast_blank_pictures_are_stored(side: int, effort: str) -> None:
    labels = np.zeros((side, side), dtype=np.uint8)
    for bar in (False, True):
        labels[40:50, 30:200] = bar
        indexed = IndexedImage(labels, np.array([[255], [0]], dtype=np.uint8))
        data = kmc.encode(indexed, effort)
        assert np.array_equal(kmc.decode(*data, max_pixels=MAX_PIXELS).indexed.labels, labels)
        # At least 2**-19 bytes a pixel, and hardly more: 0.00003 bits a pixel and the bar.
        assert side**2 / 2**19 - 8 < len(data[0]) < side**2 / 2**18 + 90


@compiled_only
@pytest.mark.parametrize(
    ("effort", "digest"),
    [("fast", "bc0d9db43623288f"), ("best", "d8c8a13a043b1474")],
)
def test_a_larger_picture_has_pinned_bits(effort: str, digest: str) -> None:
    """Tables of 2**18 slots, counts at their limits: no vector is as large."""
    indexed = patches(21, 700, 600, 200, 3)
    (data,) = kmc.encode(indexed, effort)
    assert np.array_equal(kmc.decode(data, max_pixels=MAX_PIXELS).indexed.labels, indexed.labels)
    assert hashlib.sha256(data).hexdigest()[:16] == digest


def test_bands_are_limited() -> None:
    data = kmc.encode(patches(1, 300, 1, 3, 1), "best")[0]
    head = data[:6] + b"\x01\xac\x02\x02"
    assert data.startswith(head)
    for bands_less_one, reason in ((b"\xff\x01", "truncated"), (b"\x80\x02", "bad-header")):
        with pytest.raises(FormatError) as caught:
            kmc.decode(head + bands_less_one, max_pixels=MAX_PIXELS)
        assert caught.value.reason == reason
