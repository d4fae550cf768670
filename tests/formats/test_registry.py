"""The registry of formats: their names, and the names of their files."""

import os
from pathlib import Path

import pytest

from codec.errors import ParameterError
from codec.formats.registry import FORMATS, format_named, format_of, stem_of
from codec.options import DEFAULT_FORMAT


def test_a_format_is_found_by_its_own_name() -> None:
    assert list(FORMATS) == ["pair", "npz", "png", "kmc"]
    assert [format_named(name).name for name in FORMATS] == list(FORMATS)
    assert DEFAULT_FORMAT in FORMATS
    with pytest.raises(ParameterError, match="one of pair, npz, png, kmc"):
        format_named("gif")


# Names


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.labels.png", "pair"),
        ("A.LABELS.PNG", "pair"),
        ("a.b.labels.png", "pair"),
        ("a.npz", "npz"),
        ("a.NpZ", "npz"),
        ("a.labels.npz", "npz"),
        ("a.png", "png"),
        ("a.indexed.png", "png"),
        ("labels.png", "png"),
        ("a.labels.png.png", "png"),
        ("folder.npz/a.png", "png"),
        ("http://example.com/a.npz", "npz"),
        ("é\n.npz", "npz"),
    ],
)
def test_the_end_of_a_name_chooses_the_format(name: str, format: str) -> None:
    for path in (name, Path(name), os.fsencode(name)):
        assert format_of(path).name == format


@pytest.mark.parametrize(
    "name",
    [
        "a.jpg",
        "a",
        "",
        "npz",
        "a.png/",
        "a.npz.gz",
        "a.codebook.npy",
        "a.labels.npy",
    ],
)
def test_a_name_that_is_of_no_format_is_refused(name: str) -> None:
    with pytest.raises(ParameterError) as caught:
        format_of(name)
    assert caught.value.reason == "output-name"
    assert ".labels.png, .npz, .png" in str(caught.value)


@pytest.mark.parametrize("name", [".labels.png", ".npz", ".png", ".KMC", "x/.png"])
def test_a_name_that_is_nothing_but_an_ending_is_refused(name: str) -> None:
    # As an indexed PNG, half of a pair could be written but, being named so, never read.
    with pytest.raises(ParameterError) as caught:
        format_of(name)
    assert caught.value.reason == "output-name"
    ending = name.removeprefix("x/").lower()
    assert str(caught.value).endswith(f"has more than its ending, such as x{ending}")


# row 108: the codebook gets its name first, so that labels are never without it
def test_a_pair_is_the_codebook_then_the_labels() -> None:
    pair = FORMATS["pair"]
    assert pair.files("d/a.labels.png") == [Path("d/a.codebook.npy"), Path("d/a.labels.png")]
    assert pair.files("d/A.LABELS.PNG") == [Path("d/A.codebook.npy"), Path("d/A.LABELS.PNG")]
    assert FORMATS["npz"].files("d/a.npz") == [Path("d/a.npz")]
    assert FORMATS["png"].files("d/a.png") == [Path("d/a.png")]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a.labels.png", "a"),
        ("a.codebook.npy", "a"),
        ("a.indexed.png", "a"),
        ("a.npz", "a"),
        ("a.png", "a"),
        ("a.b.LABELS.PNG", "a.b"),
        (".labels.png", ".labels"),
        ("labels.png", "labels"),
    ],
)
def test_the_stem_of_a_compressed_file_is_what_was_compressed(name: str, stem: str) -> None:
    assert stem_of(Path("sub", name)) == stem
