"""How hard deflate tries, and which filter rows get."""

from pathlib import Path

import numpy as np
import pytest

import codec
from codec.errors import ParameterError
from codec.formats import FORMS
from codec.formats.packing import best_filter, deflate_level
from codec.indexed import IndexedImage
from codec.options import EFFORTS
from codec.rowfilters import NONE, SUB, UP


def _waves(height: int, width: int) -> IndexedImage:
    rows, columns = np.mgrid[:height, :width]
    noise = np.random.RandomState(0).randint(0, 3, (height, width))
    labels = (rows * columns // 90 + noise) % 64
    return IndexedImage(labels.astype(np.uint8), np.arange(192, dtype=np.uint8).reshape(64, 3))


def test_levels_fall_with_the_size_unless_told_otherwise() -> None:
    noise = np.random.RandomState(0).randint(0, 256, (2049, 1024)).astype(np.uint8)
    sizes = (1, 128, 129, 2048, 2049)

    assert [deflate_level(noise[:size], "default") for size in sizes] == [12, 12, 10, 10, 6]
    assert {deflate_level(noise[:size], "best") for size in sizes} == {12}
    assert {deflate_level(noise[:size], "fast") for size in sizes} == {6}


def test_what_is_flat_is_worth_more_time() -> None:
    flat = np.repeat(np.arange(64, dtype=np.uint8), 1024)[None].repeat(64, axis=0)

    assert flat.size > 1 << 21
    assert deflate_level(flat, "default") == 10
    assert deflate_level(flat, "fast") == 6


@pytest.mark.parametrize("form", ["labels.png", "npz", "png"])
def test_more_effort_makes_smaller_files_with_the_same_content(tmp_path: Path, form: str) -> None:
    indexed = _waves(500, 600)
    sizes = []
    for effort in EFFORTS:
        paths = codec.save(indexed, tmp_path / f"{effort}.{form}", effort=effort)
        found = codec.load(tmp_path / f"{effort}.{form}")
        assert (found.labels == indexed.labels).all()
        assert (found.codebook == indexed.codebook).all()
        sizes.append(sum(path.stat().st_size for path in paths))

    assert sizes[0] > sizes[1] > sizes[2]


def test_an_unknown_effort_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="more"):
        codec.save(_waves(5, 6), tmp_path / "a.npz", effort="more")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_every_form_takes_every_effort(form: str) -> None:
    indexed = _waves(40, 50)
    for effort in EFFORTS:
        found = FORMS[form].decode(FORMS[form].encode(indexed, effort), 2000).indexed
        assert (found.labels == indexed.labels).all()


@pytest.mark.parametrize("kind", [NONE, SUB, UP])
def test_the_filter_is_chosen_by_trial(kind: int) -> None:
    state = np.random.RandomState(1)
    labels = state.randint(0, 256, (300, 4000), dtype=np.uint8)
    labels = {
        NONE: labels % 3 * 80,
        SUB: np.cumsum(labels & 1, axis=1, dtype=np.uint8),
        UP: np.cumsum(labels & 1, axis=0, dtype=np.uint8),
    }[kind]

    filtered = best_filter(labels)

    assert set(filtered[:, 0].tolist()) == {kind}
    assert filtered.shape == (300, 4001)
