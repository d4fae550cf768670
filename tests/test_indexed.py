"""IndexedImage: what its arrays must not be."""

from typing import Any

import numpy as np
import pytest

import codec


@pytest.mark.parametrize("name", ["labels", "codebook"])
def test_masked_arrays_are_refused(name: str) -> None:
    arrays: dict[str, Any] = {
        "labels": np.zeros((3, 4), np.uint8),
        "codebook": np.zeros((1, 3), np.uint8),
    }
    codec.IndexedImage(**arrays)
    arrays[name] = np.ma.masked_array(arrays[name], arrays[name] == 0)
    with pytest.raises(codec.ImageError, match=rf"{name}\.filled\(0\)") as caught:
        codec.IndexedImage(**arrays)
    assert caught.value.reason == f"bad-{name}"
