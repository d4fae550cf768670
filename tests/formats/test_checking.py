"""What is written is decoded again, and compared, before anybody relies on it."""

import dataclasses

import numpy as np
import pytest
from format_tools import FLAG, LABELS, PICTURE

from codec.errors import FormatError
from codec.formats.checking import encode_checked
from codec.formats.npy import encode_npy
from codec.formats.registry import FORMATS
from codec.indexed import IndexedImage

OTHERS = {
    "a label": IndexedImage(np.where(LABELS == 2, np.uint8(1), LABELS), FLAG),
    "a code-word": IndexedImage(LABELS, FLAG ^ np.uint8(1)),
    "an unused code-word": IndexedImage(LABELS, np.vstack([FLAG, FLAG[:1]])),
    "the size": IndexedImage(LABELS[:1].copy(), FLAG),
}


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "kmc"])
def test_what_is_encoded_is_decoded_and_described(name: str) -> None:
    files, contents = encode_checked(FORMATS[name], PICTURE, "default")
    assert files == FORMATS[name].encode(PICTURE, "default")
    assert contents.verified
    assert contents.size_bytes == sum(map(len, files))
    assert contents.indexed.labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize("name", ["pair", "npz", "png"])
@pytest.mark.parametrize("other", OTHERS)
def test_an_encoder_that_stores_something_else_is_found_out(name: str, other: str) -> None:
    wrong = dataclasses.replace(
        FORMATS[name], encode=lambda indexed, effort: FORMATS[name].encode(OTHERS[other], effort)
    )
    with pytest.raises(FormatError) as caught:
        encode_checked(wrong, PICTURE, "default")
    assert caught.value.reason == "verify"


def test_an_encoder_whose_files_cannot_be_read_is_found_out() -> None:
    wrong = dataclasses.replace(FORMATS["npz"], encode=lambda *_: [encode_npy(LABELS)])
    with pytest.raises(FormatError) as caught:
        encode_checked(wrong, PICTURE, "default")
    assert caught.value.reason == "not-npz"
