"""The seal: forty bytes that bind labels and codebook."""

import hashlib

import container_tools as ct
import numpy as np
import pytest
from format_tools import FLAG, LABELS, PICTURE

from codec.errors import FormatError
from codec.formats.seal import SEAL_SIZE, check_seal, make_seal
from codec.indexed import IndexedImage


def refusal(seal: bytes, picture: IndexedImage = PICTURE) -> FormatError:
    with pytest.raises(FormatError) as caught:
        check_seal(seal, picture)
    return caught.value


def test_the_seal_is_the_digest_of_these_bytes_in_this_order() -> None:
    content = (
        b"KMCODEC1"
        b"\x00\x00\x00\x02\x00\x00\x00\x03\x00\x03\x03"  # H, W, K, C
        b"\x00\x00\xff\xff\xff\xff\xff\x00\x00"
        b"\x00\x01\x02\x00\x01\x02"
    )
    assert make_seal(PICTURE) == b"KMCODEC1" + hashlib.sha256(content).digest()


def test_the_seal_of_the_flag_never_changes() -> None:
    assert make_seal(PICTURE).hex() == (
        "4b4d434f4445433189ac8f6ca776c469f9eafc52d2739e03eedf8de4ada8c318e4332c43617b131d"
    )


def test_a_seal_has_forty_bytes_whatever_the_picture() -> None:
    for shape, size, channels in (((1, 1), 1, 1), ((300, 2), 256, 4), ((1, 700), 7, 2)):
        labels = np.zeros(shape, dtype=np.uint8)
        picture = IndexedImage(labels, np.zeros((size, channels), dtype=np.uint8))
        assert len(make_seal(picture)) == SEAL_SIZE == 40


@pytest.mark.parametrize("height", [1, 255, 256, 257, 511, 512, 513, 1000])
def test_pictures_of_many_rows_are_sealed_as_if_at_once(height: int) -> None:
    labels = np.random.RandomState(height).randint(0, 3, (height, 5)).astype(np.uint8)
    assert make_seal(IndexedImage(labels, FLAG)) == ct.seal(labels, FLAG)


def test_the_seal_looks_at_values_and_not_at_strides() -> None:
    wide = np.random.RandomState(1).randint(0, 3, (600, 40)).astype(np.uint8)
    for view in (np.asfortranarray(wide), wide[::-1], wide[:, ::2], wide.T):
        contiguous = np.ascontiguousarray(view)
        assert make_seal(IndexedImage(view, FLAG)) == ct.seal(contiguous, FLAG)
    assert make_seal(IndexedImage(LABELS, np.asfortranarray(FLAG))) == make_seal(PICTURE)


def test_a_picture_passes_its_own_seal() -> None:
    check_seal(make_seal(PICTURE), PICTURE)
    check_seal(ct.seal(LABELS, FLAG), PICTURE)


@pytest.mark.parametrize(
    ("labels", "codebook"),
    [
        (LABELS[:, ::-1], FLAG),
        (LABELS.reshape(3, 2), FLAG),
        (LABELS.reshape(1, 6), FLAG),
        (LABELS[:1], FLAG),
        (LABELS, FLAG[::-1]),
        (LABELS, FLAG ^ np.uint8(1)),
        (LABELS, np.vstack([FLAG, FLAG[:1]])),
        (LABELS, np.hstack([FLAG, np.full((3, 1), 255, dtype=np.uint8)])),
        (LABELS, FLAG[:, :1]),
        (np.array([[0, 1, 2], [0, 1, 1]], dtype=np.uint8), FLAG),
    ],
    ids=[
        "mirrored", "other shape", "one row", "fewer rows", "colors reversed", "colors changed",
        "a color more", "a channel more", "channels less", "a label changed",
    ],
)  # fmt: skip
def test_the_seal_of_another_picture_is_refused(labels: ct.Bytes, codebook: ct.Bytes) -> None:
    error = refusal(make_seal(PICTURE), IndexedImage(labels, codebook))
    assert error.reason == "digest-mismatch"


def test_labels_and_codebook_cannot_trade_bytes() -> None:
    # Both are the same bytes in the same order; only the shape tells them apart.
    one = IndexedImage(np.zeros((1, 4), dtype=np.uint8), np.zeros((2, 1), dtype=np.uint8))
    other = IndexedImage(np.zeros((1, 2), dtype=np.uint8), np.zeros((4, 1), dtype=np.uint8))
    assert refusal(make_seal(one), other).reason == "digest-mismatch"


def test_every_flipped_bit_of_a_seal_is_refused() -> None:
    seal = make_seal(PICTURE)
    for position in range(SEAL_SIZE):
        for bit in range(8):
            damaged = bytearray(seal)
            damaged[position] ^= 1 << bit
            expected = (
                "bad-seal" if position < 7
                else "unsupported-version" if position == 7
                else "digest-mismatch"
            )  # fmt: skip
            assert refusal(bytes(damaged)).reason == expected


@pytest.mark.parametrize(
    "seal", [b"", b"KMCODEC1", make_seal(PICTURE)[:-1], make_seal(PICTURE) + b"0"]
)
def test_a_seal_of_another_length_is_no_seal(seal: bytes) -> None:
    assert refusal(seal).reason == "bad-seal"


# row 109
@pytest.mark.parametrize("version", [b"2", b"0", b"\x00", b"\xff"])
def test_a_seal_of_another_version_names_that_version(version: bytes) -> None:
    error = refusal(ct.seal(LABELS, FLAG, version))
    assert error.reason == "unsupported-version"
    assert f"written by version {version!r}" in str(error)
