"""The reference decoder of dense files, which follows the specification's section 16."""

import hashlib
import math

import pytest
from cost_tools import slow
from vector_tools import CONFORMING, INVALID, REFUSED, VECTORS, Row, name_of

import codec
from codec.formats.kmc import reference
from codec.indexed import IndexedImage

# Half a million pixels take minutes: `test_changes.py` reads those as well, if asked to.
DENSE = [
    row
    for row in CONFORMING
    if row["format"] == "kmc" and math.prod(map(int, row["shape"].split("x")[:2])) < 100_000
]
DENSE_REFUSED = [row for row in REFUSED if row["format"] == "kmc"]


def is_large(row: Row) -> bool:
    """Whether it has thousands of labels, of which each takes a millisecond."""
    return row["name"].startswith("dense-") and row["name"] != "dense-sprites.kmc"


@pytest.mark.parametrize("row", slow(DENSE, is_large), ids=name_of)
def test_the_reference_decodes_every_vector(row: Row) -> None:
    labels, codebook, _ = reference.decode((VECTORS / row["name"]).read_bytes())
    pixels = codec.decompress(IndexedImage(labels, codebook))
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == row["sha256"]


@pytest.mark.parametrize("row", DENSE_REFUSED, ids=name_of)
def test_the_reference_refuses_for_the_same_reason(row: Row) -> None:
    with pytest.raises(reference.RefusedError, match=f"^{row['reason']}$"):
        reference.decode((INVALID / row["name"]).read_bytes())
