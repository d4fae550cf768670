"""Every format that is written piece by piece, by what holds for all of them."""

import os
from pathlib import Path

import numpy as np
import pytest
from large_tools import (
    NAMES,
    ROWS,
    SHAPES,
    TILED,
    begin,
    blocks,
    made,
    make_sink,
    pixels_of,
    write,
)

import codec
from codec.errors import CodecError, FileError, ImageError, LimitError, ParameterError
from codec.formats.large.opening import format_for, open_sink


def reason_of(error: pytest.ExceptionInfo[CodecError]) -> str:
    assert str(error.value).isprintable()
    return error.value.reason


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_labels_and_codebook_come_back(name: str, shape: tuple[int, int], tmp_path: Path) -> None:
    for size, channels in ((1, 3), (2, 1), (5, 3), (16, 3), (17, 1), (256, 3)):
        labels, codebook = made(*shape, size, channels)
        paths = write(tmp_path / name, labels, codebook, force=True)

        assert paths[-1] == tmp_path / name
        assert {path.name for path in tmp_path.iterdir()} == {path.name for path in paths}
        with codec.open(paths[-1], require_seal=True) as image:
            assert np.array_equal(image.labels[...], labels)
            assert np.array_equal(image.codebook, codebook)
            assert np.array_equal(image[...], pixels_of(labels, codebook))


@pytest.mark.parametrize("name", ["a.zarr", *ROWS])
@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_comes_back(name: str, channels: int, tmp_path: Path) -> None:
    labels, codebook = made(40, 50, 9, channels)
    write(tmp_path / name, labels, codebook)

    with codec.open(tmp_path / name) as image:
        assert np.array_equal(image[...], codebook[labels])
        assert np.array_equal(image.codebook, codebook)


@pytest.mark.parametrize("name", ROWS)
def test_rows_have_the_seal_of_the_whole(name: str, tmp_path: Path) -> None:
    labels, codebook = made(101, 147, 17, 3)
    write(tmp_path / name, labels, codebook)
    indexed = codec.IndexedImage(labels, codebook)
    (tmp_path / "whole").mkdir()
    codec.save(indexed, tmp_path / "whole" / name)

    found = codec.load(tmp_path / name, require_seal=True)
    assert found == codec.load(tmp_path / "whole" / name, require_seal=True) == indexed


@pytest.mark.parametrize("effort", ["fast", "default", "best"])
@pytest.mark.parametrize("name", NAMES)
def test_all_efforts_write_the_same_labels(name: str, effort: str, tmp_path: Path) -> None:
    labels, codebook = made(64, 100, 30, 3)
    write(tmp_path / name, labels, codebook, effort=effort)

    with codec.open(tmp_path / name) as image:
        assert np.array_equal(image.labels[...], labels)


@pytest.mark.parametrize("name", NAMES)
def test_aborting_leaves_nothing(name: str, tmp_path: Path) -> None:
    labels, codebook = made(40, 50, 9, 3)
    with pytest.raises(KeyboardInterrupt), make_sink(tmp_path / name) as sink:  # noqa: PT012
        begin(sink, labels, codebook, {})
        if name != "a.zarr":  # which would be continued
            sink.write(*next(blocks(sink, labels)))
        raise KeyboardInterrupt

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_has_its_name_before_it_is_finished(name: str, tmp_path: Path) -> None:
    labels, codebook = made(40, 50, 9, 3)
    with make_sink(tmp_path / name) as sink:
        begin(sink, labels, codebook, {})
        for y, x, block in blocks(sink, labels):
            with pytest.raises(CodecError):
                codec.open(tmp_path / name)
            sink.write(y, x, block)
        sink.finish()
    codec.open(tmp_path / name).close()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_there_stays_unless_forced(name: str, tmp_path: Path) -> None:
    labels, codebook = made(40, 50, 9, 3)
    write(tmp_path / name, labels, codebook)
    with pytest.raises(FileError) as error:
        write(tmp_path / name, labels[:20], codebook)
    assert reason_of(error) == "exists"
    assert codec.open(tmp_path / name).shape == (40, 50, 3)

    write(tmp_path / name, labels[:20], codebook, force=True)
    assert codec.open(tmp_path / name).shape == (20, 50, 3)


@pytest.mark.parametrize("name", ["a.tif", "a.npz", "a.png"])
def test_the_file_that_a_link_points_to_is_replaced(name: str, tmp_path: Path) -> None:
    labels, codebook = made(40, 50, 9, 3)
    (tmp_path / "there").mkdir()
    link = tmp_path / name
    write(tmp_path / "there" / name, labels[:20], codebook)
    link.symlink_to(tmp_path / "there" / name)
    with pytest.raises(FileError):
        write(link, labels, codebook)
    write(link, labels, codebook, force=True)

    assert link.is_symlink()
    assert codec.open(tmp_path / "there" / name).shape == (40, 50, 3)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_with_parts_missing_is_not_finished(name: str, tmp_path: Path) -> None:
    labels, codebook = made(70, 100, 9, 3)
    with make_sink(tmp_path / name) as sink:
        begin(sink, labels, codebook, {})
        for y, x, block in list(blocks(sink, labels))[:-1]:
            sink.write(y, x, block)
        with pytest.raises(ParameterError, match="not written") as error:
            sink.finish()
        sink.abort()
    assert reason_of(error) == "sink"
    with pytest.raises(CodecError):
        codec.open(tmp_path / name)


@pytest.mark.parametrize("name", NAMES)
def test_labels_beyond_the_codebook_are_refused(name: str, tmp_path: Path) -> None:
    labels, codebook = made(32, 48, 9, 3)
    labels[5, 5] = 9
    with pytest.raises(ImageError) as error:
        write(tmp_path / name, labels, codebook)
    assert reason_of(error) == "label-out-of-range"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_other_arrays_are_refused(name: str, tmp_path: Path) -> None:
    _, codebook = made(32, 48, 9, 3)
    with make_sink(tmp_path / name) as sink:
        sink.begin(32, 48, codebook, {})
        for wrong in (np.zeros((32, 48), np.int64), np.zeros((32, 48, 1), np.uint8)):
            with pytest.raises(ImageError):
                sink.write(0, 0, wrong)  # type: ignore[arg-type]
        sink.abort()


@pytest.mark.parametrize("name", TILED)
@pytest.mark.parametrize(
    "place", [(1, 0, 32, 48), (0, 1, 32, 48), (0, 0, 31, 48), (0, 0, 32, 47), (64, 0, 36, 48),
              (96, 96, 32, 48), (-32, 0, 32, 48)],
)  # fmt: skip
def test_parts_of_tiles_are_refused(
    name: str, place: tuple[int, int, int, int], tmp_path: Path
) -> None:
    y, x, height, width = place
    with make_sink(tmp_path / name) as sink:
        sink.begin(96, 96, made(1, 1, 9, 3)[1], {})
        with pytest.raises(ParameterError) as error:
            sink.write(y, x, np.zeros((height, width), np.uint8))
        assert reason_of(error) == "block"
        sink.abort()


@pytest.mark.parametrize("name", TILED)
def test_several_tiles_are_written_at_once(name: str, tmp_path: Path) -> None:
    labels, codebook = made(101, 147, 9, 3)
    with make_sink(tmp_path / name) as sink:
        sink.begin(101, 147, codebook, {})
        sink.write(64, 0, labels[64:])
        sink.write(0, 48, labels[:64, 48:])
        sink.write(0, 0, labels[:64, :48])
        sink.finish()
    with codec.open(tmp_path / name) as image:
        assert np.array_equal(image.labels[...], labels)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("place", [(1, 0, 5, 50), (0, 1, 5, 49), (0, 0, 5, 49), (0, 0, 41, 50)])
def test_other_rows_than_the_next_are_refused(
    name: str, place: tuple[int, int, int, int], tmp_path: Path
) -> None:
    y, x, height, width = place
    with make_sink(tmp_path / name) as sink:
        sink.begin(40, 50, made(1, 1, 9, 3)[1], {})
        with pytest.raises(ParameterError) as error:
            sink.write(y, x, np.zeros((height, width), np.uint8))
        assert reason_of(error) == "block"
        sink.abort()


@pytest.mark.parametrize("name", ROWS)
def test_sides_that_readers_refuse_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(LimitError, match=r"\.zarr and \.tif") as error:
        make_sink(tmp_path / name).begin(16, 65536, made(1, 1, 9, 3)[1], {})
    assert reason_of(error) == "side-limit"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_facts_and_codebooks_are_checked_before_anything_is_written(
    name: str, tmp_path: Path
) -> None:
    codebook = made(1, 1, 9, 3)[1]
    sink = make_sink(tmp_path / name)
    for facts in ({"a": float("nan")}, {"a": b""}):
        with pytest.raises(ParameterError):
            sink.begin(5, 5, codebook, facts)
    with pytest.raises(ImageError):
        sink.begin(5, 5, codebook.astype(np.int64), {})
    with pytest.raises(ParameterError):
        sink.begin(0, 5, codebook, {})
    assert os.listdir(tmp_path) == []


def test_names_choose_formats() -> None:
    names = ["x.zarr", "x.TIF", "x.tiff", "x.labels.png", "x.npz", "x.png", "x.kmc"]
    expected = ["zarr", "tiff", "tiff", "pair", "npz", "png", "kmc"]
    assert [format_for(name) for name in names] == expected
    for name in (".zarr", "x.jpg"):
        with pytest.raises(ParameterError):
            format_for(name)


def test_what_a_format_does_not_have_is_refused() -> None:
    for name, options in (
        ("x.npz", {"tile": (32, 32)}), ("x.tif", {"serializer": "kmc"}), ("x.kmc", {}),
        ("x.tif", {"tile": (30, 32)}), ("x.zarr", {"serializer": "zip"}),
        ("x.npz", {"effort": ""}),
    ):  # fmt: skip
        with pytest.raises(ParameterError):
            open_sink(name, **options)
