"""Saving and loading: which files, which reader, and what is refused."""

import functools
import os
from pathlib import Path
from typing import Any, get_args

import container_tools as ct
import numpy as np
import png_tools as pt
import pytest
from cli_tools import Sandbox, many_colors
from format_tools import FLAG, LABELS, PICTURE, assert_same

import codec
from codec.errors import (
    CodecError,
    FileError,
    FormatError,
    ImageError,
    LimitError,
    ParameterError,
)
from codec.formats.files import load, load_contents, save
from codec.formats.registry import FORMATS, format_of
from codec.indexed import IndexedImage
from codec.options import EffortChoice

OTHER = IndexedImage(LABELS, FLAG[::-1].copy())
NAMES = ("flag.labels.png", "flag.npz", "flag.png")


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def failure(path: str | os.PathLike[str], **options: Any) -> CodecError:
    with pytest.raises(CodecError) as caught:
        load_contents(path, **options)
    return caught.value


# Saving and loading


@pytest.mark.parametrize("name", NAMES)
def test_what_is_saved_is_loaded_again_and_verified(name: str, tmp_path: Path) -> None:
    paths = save(PICTURE, tmp_path / name)
    assert paths == format_of(name).files(tmp_path / name)
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert_same(load(tmp_path / name), PICTURE)
    contents = load_contents(str(tmp_path / name))
    assert contents.verified
    assert contents.format == format_of(name).name
    assert contents.size_bytes == sum(path.stat().st_size for path in paths)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_loaded_tells_that_a_seal_verified_it(name: str, tmp_path: Path) -> None:
    assert PICTURE.verified is None
    save(PICTURE, tmp_path / name)
    for require_seal in (False, True):
        assert load(tmp_path / name, require_seal=require_seal).verified is True
    # What is made of it is not what was read.
    again = load(tmp_path / name)
    assert IndexedImage(again.labels, again.codebook).verified is None


@pytest.mark.parametrize("compress", [False, True])
def test_what_has_no_seal_is_loaded_unless_one_is_required(compress: bool, tmp_path: Path) -> None:
    np.save(tmp_path / "x.codebook.npy", FLAG)
    (tmp_path / "x.labels.png").write_bytes(pt.encode(LABELS.tolist()))
    (np.savez_compressed if compress else np.savez)(
        tmp_path / "x.npz", labels=LABELS, codebook=FLAG
    )
    plte = pt.chunk(b"PLTE", FLAG.tobytes())
    (tmp_path / "x.png").write_bytes(pt.encode(LABELS.tolist(), 8, pt.INDEXED, before=[plte]))
    for name in ("x.labels.png", "x.codebook.npy", "x.npz", "x.png"):
        found = load(tmp_path / name)
        assert_same(found, PICTURE)
        assert found.verified is False
        with pytest.raises(FormatError) as caught:
            load(tmp_path / name, require_seal=True)
        assert caught.value.reason == "unsealed"


@pytest.mark.parametrize("name", NAMES)
def test_files_hold_the_bytes_that_encode_gives(name: str, tmp_path: Path) -> None:
    paths = save(PICTURE, tmp_path / name)
    assert [path.read_bytes() for path in paths] == format_of(name).encode(PICTURE, "best")


def test_the_public_names_are_these_functions() -> None:
    assert codec.save is save
    assert codec.load is load


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("name", NAMES)
def test_pictures_of_every_number_of_channels_come_back(
    channels: int, name: str, tmp_path: Path
) -> None:
    state = np.random.RandomState(channels)
    expected = IndexedImage(
        state.randint(0, 40, (30, 20)).astype(np.uint8),
        state.randint(0, 256, (40, channels)).astype(np.uint8),
    )
    save(expected, tmp_path / name)
    assert_same(load(tmp_path / name), expected)


@pytest.mark.parametrize("name", NAMES)
def test_an_existing_file_is_replaced_or_kept(name: str, tmp_path: Path) -> None:
    save(PICTURE, tmp_path / name)
    before = content_of(tmp_path)
    with pytest.raises(FileError) as caught:
        save(OTHER, tmp_path / name, exclusive=True)
    assert caught.value.reason == "exists"
    assert content_of(tmp_path) == before
    save(OTHER, tmp_path / name)
    assert_same(load(tmp_path / name), OTHER)
    assert content_of(tmp_path).keys() == before.keys()


@pytest.mark.parametrize("half", ["flag.codebook.npy", "flag.labels.png"])
def test_a_pair_is_not_saved_where_either_half_is_in_the_way(half: str, tmp_path: Path) -> None:
    (tmp_path / half).write_bytes(b"mine")
    with pytest.raises(FileError) as caught:
        save(PICTURE, tmp_path / "flag.labels.png", exclusive=True)
    assert caught.value.reason == "exists"
    assert half in str(caught.value)
    assert content_of(tmp_path) == {half: b"mine"}


def test_nothing_is_written_under_a_name_of_no_format(tmp_path: Path) -> None:
    with pytest.raises(ParameterError):
        save(PICTURE, tmp_path / "flag.jpg")
    assert content_of(tmp_path) == {}


def test_nothing_is_written_into_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        save(PICTURE, tmp_path / "missing" / "flag.npz")
    assert caught.value.reason == "no-directory"
    assert content_of(tmp_path) == {}


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_that_no_reader_would_accept_is_not_written(name: str, tmp_path: Path) -> None:
    wide = IndexedImage(np.zeros((1, 65_536), dtype=np.uint8), FLAG)
    with pytest.raises(LimitError) as caught:
        save(wide, tmp_path / name)
    assert caught.value.reason == "side-limit"
    assert content_of(tmp_path) == {}


@pytest.mark.parametrize("value", [None, LABELS, (LABELS, FLAG)], ids=["None", "array", "tuple"])
def test_only_an_indexed_image_is_saved(value: Any, tmp_path: Path) -> None:
    with pytest.raises(ImageError) as caught:
        save(value, tmp_path / "flag.npz")
    assert caught.value.reason == "bad-type"
    assert content_of(tmp_path) == {}


@pytest.mark.parametrize("name", NAMES)
def test_the_longest_side_that_is_allowed_is_saved_and_loaded(name: str, tmp_path: Path) -> None:
    labels = np.zeros((1, 65_535), dtype=np.uint8)
    labels[0, -1] = 2
    for shape in ((1, 65_535), (65_535, 1)):
        expected = IndexedImage(labels.reshape(shape), FLAG)
        save(expected, tmp_path / name)
        assert_same(load(tmp_path / name), expected)


# Which reader


def test_the_first_bytes_decide_and_not_the_name(tmp_path: Path) -> None:
    (npz,) = FORMATS["npz"].encode(PICTURE, "best")
    (png,) = FORMATS["png"].encode(PICTURE, "best")
    for name in ("a.png", "a.labels.png", "a.jpg", "a"):
        (tmp_path / name).write_bytes(npz)
        assert load_contents(tmp_path / name).format == "npz"
    for name in ("a.npz", "a.jpg", "a", "labels.png"):
        (tmp_path / name).write_bytes(png)
        assert load_contents(tmp_path / name).format == "png"


def test_either_half_names_the_pair(tmp_path: Path) -> None:
    save(PICTURE, tmp_path / "flag.labels.png")
    for name in ("flag.labels.png", "flag.codebook.npy"):
        contents = load_contents(tmp_path / name)
        assert (contents.format, contents.verified) == ("pair", True)
        assert_same(contents.indexed, PICTURE)


def test_a_codebook_elsewhere_can_be_named(tmp_path: Path) -> None:
    save(PICTURE, tmp_path / "flag.labels.png")
    (tmp_path / "flag.codebook.npy").rename(tmp_path / "other.npy")
    (tmp_path / "flag.labels.png").rename(tmp_path / "plain.png")
    contents = load_contents(tmp_path / "plain.png", codebook_path=tmp_path / "other.npy")
    assert (contents.format, contents.verified) == ("pair", True)
    assert_same(contents.indexed, PICTURE)


@pytest.mark.parametrize(
    "data",
    [
        b"GIF89a",
        b"\xff\xd8\xff",
        b"text",
        b"\x93NUMPY\x01\x00",
        b"\x89PNG\r\n\x1a",
        b"P",
        b"\0" * 64,
    ],
)
def test_files_that_are_neither_png_nor_zip_are_not_compressed_ones(
    data: bytes, tmp_path: Path
) -> None:
    for name in ("a.labels.png", "a.png", "a.npz"):
        (tmp_path / name).write_bytes(data)
        error = failure(tmp_path / name)
        assert isinstance(error, FormatError)
        assert error.reason == "not-compressed"


def test_a_codebook_named_for_an_archive_is_refused(tmp_path: Path) -> None:
    save(PICTURE, tmp_path / "flag.npz")
    save(PICTURE, tmp_path / "flag.labels.png")
    error = failure(tmp_path / "flag.npz", codebook_path=tmp_path / "flag.codebook.npy")
    assert isinstance(error, ParameterError)
    assert error.reason == "codebook"


# row 105
def test_a_png_with_an_archive_behind_it_is_judged_as_a_png(tmp_path: Path) -> None:
    (npz,) = FORMATS["npz"].encode(PICTURE, "best")
    (png,) = FORMATS["png"].encode(OTHER, "best")
    (tmp_path / "a.npz").write_bytes(png + npz)
    assert failure(tmp_path / "a.npz").reason == "trailing-data"
    (tmp_path / "a.png").write_bytes(npz + png)
    assert failure(tmp_path / "a.png").reason == "truncated"


def test_an_ordinary_picture_is_not_a_compressed_file(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(pt.encode([[0, 0, 0]], 8, pt.RGB))
    assert failure(tmp_path / "photo.png").reason == "not-indexed"


def test_the_limit_on_pixels_reaches_every_reader(tmp_path: Path) -> None:
    for name in NAMES:
        save(PICTURE, tmp_path / name)
        assert_same(load(tmp_path / name, max_pixels=6), PICTURE)
        with pytest.raises(LimitError) as caught:
            load(tmp_path / name, max_pixels=5)
        assert caught.value.reason == "pixel-limit"


# Pairs that are not whole


# row 107
def test_a_missing_codebook_is_named(tmp_path: Path) -> None:
    save(PICTURE, tmp_path / "flag.labels.png")
    (tmp_path / "flag.codebook.npy").unlink()
    error = failure(tmp_path / "flag.labels.png")
    assert isinstance(error, FileError)
    assert error.reason == "not-found"
    assert "flag.codebook.npy" in str(error)


# row 107
def test_missing_labels_are_named_if_the_codebook_was_given(tmp_path: Path) -> None:
    save(PICTURE, tmp_path / "flag.labels.png")
    (tmp_path / "flag.labels.png").unlink()
    error = failure(tmp_path / "flag.codebook.npy")
    assert isinstance(error, FileError)
    assert error.reason == "not-found"
    assert "flag.labels.png" in str(error)


def test_a_codebook_that_cannot_be_read_is_named_with_what_is_wrong(tmp_path: Path) -> None:
    save(PICTURE, tmp_path / "flag.labels.png")
    codebook = tmp_path / "flag.codebook.npy"
    codebook.write_bytes(b"")
    error = failure(tmp_path / "flag.labels.png")
    assert (error.reason, str(error).endswith("flag.codebook.npy: the file is empty")) == (
        "empty", True,
    )  # fmt: skip
    codebook.unlink()
    codebook.mkdir()
    assert failure(tmp_path / "flag.labels.png").reason == "is-directory"


def test_the_name_of_a_codebook_cannot_break_the_line_of_its_error(tmp_path: Path) -> None:
    name = "a\n\x1b[31m.labels.png"
    (tmp_path / name).write_bytes(FORMATS["pair"].encode(PICTURE, "best")[1])
    message = str(failure(tmp_path / name))
    assert "\n" not in message
    assert "\x1b" not in message


# row 108
def test_a_new_codebook_beside_old_labels_is_refused_whichever_was_written_first(
    tmp_path: Path,
) -> None:
    # What a crash between the two names of a forced save would leave.
    old, new = FORMATS["pair"].encode(PICTURE, "best"), FORMATS["pair"].encode(OTHER, "best")
    renumbered = FORMATS["pair"].encode(IndexedImage(2 - LABELS, FLAG), "best")
    for codebook, labels in ((renumbered[0], old[1]), (old[0], renumbered[1])):
        (tmp_path / "flag.codebook.npy").write_bytes(codebook)
        (tmp_path / "flag.labels.png").write_bytes(labels)
        assert failure(tmp_path / "flag.labels.png").reason == "digest-mismatch"
    # Labels that are the same belong to either.
    assert old[1] == new[1]


# row 108
def test_a_failed_save_of_a_pair_leaves_the_old_pair(tmp_path: Path) -> None:
    save(PICTURE, tmp_path / "flag.labels.png")
    before = content_of(tmp_path)
    wide = IndexedImage(np.zeros((1, 65_536), dtype=np.uint8), FLAG)
    with pytest.raises(CodecError):
        save(wide, tmp_path / "flag.labels.png")
    assert content_of(tmp_path) == before


# row 109
def test_a_file_of_a_newer_version_says_which(tmp_path: Path) -> None:
    (tmp_path / "flag.codebook.npy").write_bytes(ct.npy(FLAG) + ct.seal(LABELS, FLAG, b"2"))
    (tmp_path / "flag.labels.png").write_bytes(pt.encode(LABELS.tolist()))
    error = failure(tmp_path / "flag.labels.png")
    assert error.reason == "unsupported-version"
    assert "written by version b'2'" in str(error)


# Paths


def test_a_missing_file_a_folder_and_an_empty_file_are_file_errors(tmp_path: Path) -> None:
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "empty.npz").touch()
    for path, reason in (
        (tmp_path / "missing.npz", "not-found"),
        (tmp_path / "folder.npz", "is-directory"),
        (tmp_path / "empty.npz", "empty"),
        (tmp_path / "empty.npz" / "a.npz", "not-found"),
        ("", "is-directory"),
        ("/", "is-directory"),
        ("http://127.0.0.1:1/a.npz", "not-found"),
        ("a\0.npz", "input-output"),
        ("a\0.codebook.npy", "input-output"),
    ):
        error = failure(path)
        assert isinstance(error, FileError)
        assert error.reason == reason, path


def test_loading_changes_nothing_on_disk(tmp_path: Path) -> None:
    for name in NAMES:
        save(PICTURE, tmp_path / name)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in tmp_path.iterdir()}
    for path in before:
        load(path)
    after = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in tmp_path.iterdir()}
    assert after == before


# Effort


def waves(height: int, width: int) -> IndexedImage:
    rows, columns = np.mgrid[:height, :width]
    noise = np.random.RandomState(0).randint(0, 3, (height, width))
    labels = (rows * columns // 90 + noise) % 64
    return IndexedImage(labels.astype(np.uint8), np.arange(192, dtype=np.uint8).reshape(64, 3))


@pytest.mark.parametrize("format", ["labels.png", "npz", "png"])
def test_more_effort_makes_smaller_files_with_the_same_content(
    tmp_path: Path, format: str
) -> None:
    indexed = waves(900, 700)
    sizes = []
    for effort in get_args(EffortChoice):
        paths = codec.save(indexed, tmp_path / f"{effort}.{format}", effort=effort)
        found = codec.load(tmp_path / f"{effort}.{format}")
        assert (found.labels == indexed.labels).all()
        assert (found.codebook == indexed.codebook).all()
        sizes.append(sum(path.stat().st_size for path in paths))

    assert sizes[0] > sizes[1] > sizes[2]


def test_an_unknown_effort_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="more"):
        codec.save(waves(5, 6), tmp_path / "a.npz", effort="more")  # type: ignore[arg-type]

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_takes_every_effort(format: str) -> None:
    indexed = waves(40, 50)
    for effort in get_args(EffortChoice):
        found = (
            FORMATS[format]
            .decode(*FORMATS[format].encode(indexed, effort), max_pixels=2000)
            .indexed
        )
        assert (found.labels == indexed.labels).all()


@pytest.mark.parametrize("name", ["a.labels.png", "a.npz", "a.png", "a.kmc"])
def test_what_is_compressed_and_saved_is_the_file_of_the_command(
    name: str, sandbox: Sandbox
) -> None:
    pixels = many_colors()
    sandbox.picture("a.png.png", pixels)
    sandbox.run("compress", "a.png.png", "-k", "20", "-o", f"command-{name}", check=0)
    for path in codec.save(codec.compress(pixels, 20), sandbox.path(f"library-{name}")):
        assert path.read_bytes() == sandbox.path(f"command{path.name[7:]}").read_bytes()


def test_a_dense_file_holds_code_words_in_ascending_order(tmp_path: Path) -> None:
    codec.save(PICTURE, tmp_path / "flag.kmc")
    found = load(tmp_path / "flag.kmc")
    assert found.codebook.tolist() == sorted(FLAG.tolist())
    assert (found.codebook[found.labels] == FLAG[LABELS]).all()


# Strays


def changed_picture(change: str) -> IndexedImage:
    """An indexed image whose arrays were changed since they were checked."""
    indexed = IndexedImage(LABELS.copy(), FLAG.copy())
    if change == "label":
        indexed.labels[0, 0] = 255
    elif change == "labels":
        indexed.labels[:] = len(FLAG)
    elif change == "codebook":
        object.__setattr__(indexed, "codebook", FLAG[:1])
    elif change == "dtype":
        object.__setattr__(indexed, "labels", LABELS.astype(np.int64))
    else:
        indexed.codebook.shape = (-1, 1, 1)
    return indexed


@pytest.mark.filterwarnings("ignore:Setting the shape:DeprecationWarning")
@pytest.mark.parametrize("change", ["label", "labels", "codebook", "dtype", "shape"])
@pytest.mark.parametrize("name", [*NAMES, "flag.kmc", None])
def test_arrays_changed_afterwards_are_refused(
    change: str, name: str | None, tmp_path: Path
) -> None:
    indexed = changed_picture(change)
    use = functools.partial(save, path=tmp_path / name) if name else codec.decompress
    with pytest.raises(ImageError) as caught:
        use(indexed)
    assert caught.value.reason in ("label-out-of-range", "bad-labels", "bad-codebook")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize(
    "name",
    ["a\0b.npz", "a\0b/c.npz", "\0.png", "a.labels.png\0.labels.png", "a\0b.kmc", "\ud800.npz"],
)
def test_a_name_that_cannot_be_is_a_file_error(
    name: str, exclusive: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileError):
        save(PICTURE, name, exclusive=exclusive)
    for read in (load, codec.read_image):
        with pytest.raises(FileError):
            read(name)
    assert not list(tmp_path.iterdir())
