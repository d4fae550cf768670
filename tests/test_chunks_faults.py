"""Pictures in blocks: what changes or does not fit ends with a line, and not with a result."""

import pickle
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from picture_tools import block_picture

import codec
from codec import chunks
from codec.errors import CodecError

Bytes = npt.NDArray[np.uint8]


class Changing:
    """Pixels that are others from some read on."""

    def __init__(self, first: Bytes, second: Bytes, reads: int) -> None:
        self.pixels, self.second, self.reads = first, second, reads
        self.shape, self.dtype = first.shape, first.dtype

    def __getitem__(self, key: Any) -> Bytes:
        self.reads -= 1
        return np.ascontiguousarray((self.pixels if self.reads >= 0 else self.second)[key])


def halves() -> Bytes:
    picture = np.zeros((20, 20, 3), np.uint8)
    picture[10:] = (0, 200, 0)
    return picture


def red_rows(picture: Bytes) -> Bytes:
    changed = picture.copy()
    changed[:2] = (200, 0, 0)  # black has label 0, as unknown colors would
    return changed


def coloured(picture: Bytes) -> Bytes:
    return np.stack([picture[..., 0], 255 - picture[..., 1], picture[..., 2]], axis=2)


@pytest.mark.parametrize("tune", ["visual", "psnr"])
@pytest.mark.parametrize(
    ("first", "change"),
    [
        (halves(), red_rows),
        (halves(), lambda picture: picture[::-1].copy()),
        (block_picture("grey", 20, 20, 3), coloured),
        (block_picture("noise", 20, 20, 3), lambda picture: np.roll(picture, 1, axis=1)),
    ],
    ids=["unknown color", "rows exchanged", "grey no longer", "pixels moved"],
)
def test_pixels_that_change_between_the_passes_are_told(
    first: Bytes, change: Callable[[Bytes], Bytes], tune: Any
) -> None:
    labels, source = np.empty((20, 20), np.uint8), Changing(first, first, 99)
    chunks.compress_chunked(source, labels, 4, tune=tune, dither="none")
    reads = 99 - source.reads - 1  # all but the last pass

    with pytest.raises(codec.ImageError, match="changed while it was read") as caught:
        chunks.compress_chunked(
            Changing(first, change(first), reads), labels, 4, tune=tune, dither="none"
        )

    assert caught.value.reason == "input-changed"


def test_channels_that_say_nothing_are_left_out_everywhere() -> None:
    grey = block_picture("noise", 12, 9, 2)
    grey[..., 1] |= 1
    codebook = chunks.train(chunks.count(grey), 6)
    expected = codebook.label(grey)
    whole = np.concatenate([np.repeat(grey[..., :1], 3, axis=2), grey[..., 1:]], axis=2)

    assert np.array_equal(codebook.label(whole), expected)
    opaque = np.dstack([grey[..., 0], np.full_like(grey[..., 0], 255)])
    assert np.array_equal(
        codebook.label(np.repeat(grey[..., :1], 3, axis=2)), codebook.label(opaque)
    )


class Dying:
    """A source whose reads fail after some."""

    tile = (8, 32)

    def __init__(self, pixels: Bytes, reads: int) -> None:
        self.pixels, self.reads, self.shape, self.dtype = pixels, reads, pixels.shape, pixels.dtype

    def __getitem__(self, key: Any) -> Bytes:
        self.reads -= 1
        if self.reads < 0:
            raise codec.FileError("the disk is gone", "input-output")
        return np.ascontiguousarray(self.pixels[key])


@pytest.mark.parametrize("other", ["upside down", "another strength"])
def test_a_store_is_continued_for_the_same_picture_alone(
    other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("zarr")
    from codec.formats.large.opening import open_sink

    monkeypatch.setattr("codec.encoder.cutting._BLOCK_PIXELS", 8 * 32)
    picture = block_picture("smooth", 32, 32, 3)
    codebook = np.array([[0, 0, 0], [90, 90, 90], [255, 255, 255]], np.uint8)

    def compress(pixels: Bytes, reads: int, strength: float) -> None:
        with open_sink(tmp_path / "a.zarr", tile=(8, 32)) as sink:
            chunks.compress_chunked(
                Dying(pixels, reads), sink, codebook=codebook, dither="ordered",
                dither_strength=strength,
            )  # fmt: skip

    probe = Dying(picture, 99)
    chunks.compress_chunked(
        probe, np.empty((32, 32), np.uint8), codebook=codebook, dither="ordered"
    )
    with pytest.raises(codec.FileError, match="the disk is gone"):
        compress(picture, 99 - probe.reads - 2, 1.0)

    again = (picture[::-1], 99, 1.0) if other == "upside down" else (picture, 99, 0.3)
    with pytest.raises(codec.FileError, match="begun for another picture"):
        compress(*again)


def test_a_histogram_of_something_else_is_refused() -> None:
    picture = block_picture("noise", 30, 30, 3)
    half = chunks.count(picture[:15])
    for source in (picture, picture[:15, :, :1], np.dstack([picture, picture[..., :1]])):
        with pytest.raises(codec.ImageError, match="histogram is of 450 pixels"):
            chunks.train(half, 8, source=source)


def test_an_order_that_cannot_be_kept_is_refused_in_blocks_too() -> None:
    from codec.encoder.given import check_given
    from codec.encoder.streaming import compress_blocks
    from codec.formats.registry import FORMATS
    from codec.settings import CompressSettings

    grey = block_picture("grey", 9, 9, 1) // 4
    settings = CompressSettings(keep_order=True, given=check_given(keep="#ff0000"))
    for name in ("png", "npz"):
        with pytest.raises(codec.ImageError, match="has not all colors to keep"):
            compress_blocks(grey, np.empty((9, 9), np.uint8), settings, FORMATS[name])


class Indexed(Changing):
    """A source with a palette that is too small for its indices."""

    def __init__(self) -> None:
        indices = np.full((5, 5), 9, np.uint8)
        super().__init__(np.zeros((5, 5, 3), np.uint8), np.zeros((5, 5, 3), np.uint8), 99)
        self.palette, self.indices = np.zeros((4, 3), np.uint8), indices


def test_an_index_beyond_the_palette_is_refused() -> None:
    with pytest.raises(codec.ImageError, match="beyond the palette"):
        chunks.compress_chunked(Indexed(), np.empty((5, 5), np.uint8), format="npz")


def backwards(function: Callable[..., Any], items: Iterable[Any]) -> list[Any]:
    return [function(item) for item in items][::-1]


def half_of(function: Callable[..., Any], items: Iterable[Any]) -> list[Any]:
    return [function(item) for item in items][1:]


@pytest.mark.parametrize("wrong", [backwards, half_of])
def test_a_map_that_loses_the_order_is_told(
    wrong: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codec.encoder.cutting._BLOCK_PIXELS", 100)
    picture = block_picture("noise", 40, 20, 3)

    with pytest.raises(codec.ParameterError, match="in its order"):
        chunks.compress_chunked(picture, np.empty((40, 20), np.uint8), dither="none", map=wrong)


class Odd:
    """No picture, in some way."""

    def __init__(self, shape: Any, **more: Any) -> None:
        self.shape = shape
        self.__dict__.update(more)

    def __getitem__(self, key: Any) -> Any:
        raise AssertionError(key)


@pytest.mark.parametrize(
    "source",
    [
        None,
        [[1, 2], [3, 4]],
        Odd((3, 3)),
        Odd((), dtype=np.uint8),
        Odd((3, float("nan")), dtype=np.dtype(np.uint8)),
        Odd((3, 3, 5), dtype=np.dtype(np.uint8)),
        Odd((0, 3), dtype=np.dtype(np.uint8)),
        Odd((3, 3), dtype="torch.uint8"),
        np.zeros((3, 3), np.uint16),
        np.ma.masked_array(np.zeros((3, 3), np.uint8), True),
    ],
    ids=[*"0123456789"],
)
def test_what_is_no_picture_is_refused(source: Any) -> None:
    with pytest.raises(CodecError, match=r"pixels|shape"):
        chunks.count(source)
    with pytest.raises(CodecError, match=r"pixels|shape"):
        chunks.compress_chunked(source, np.empty((3, 3), np.uint8))


@pytest.mark.parametrize(
    ("sink", "said"),
    [
        (np.empty((9, 9), np.uint16), "not uint16"),
        (np.empty((9, 8), np.uint8), r"\(9, 9\), not of \(9, 8\)"),
        ([[0] * 9] * 9, "not list"),
        (None, "not NoneType"),
    ],
    ids=["wide", "narrow", "list", "none"],
)
def test_what_cannot_hold_labels_is_refused_before_pixels_are_read(sink: Any, said: str) -> None:
    picture = block_picture("noise", 9, 9, 3)
    source = Changing(picture, picture, 0)
    with pytest.raises(codec.ImageError, match=said):
        chunks.compress_chunked(source, sink)
    assert source.reads == 0


@pytest.mark.parametrize("origin", [(0.5, 0), (None, 0), ("0", 0)])
def test_an_origin_is_of_whole_numbers(origin: Any) -> None:
    picture = block_picture("noise", 9, 9, 3)
    codebook = chunks.train(chunks.count(picture), 4, dither="ordered")
    with pytest.raises(TypeError):
        codebook.label(picture, origin)


@pytest.mark.parametrize(
    "wrong",
    [
        {"counts": np.array([1 << 62, 1 << 62, 1], np.uint64)},
        {"counts": np.array([0, 1, 1], np.uint32)},
        {"counts": np.array([1, 1], np.uint32)},
        {"counts": np.array([1, 1, 1], np.int64)},
        {"keys": np.array([3, 2, 1], np.uint32)},
        {"keys": np.array([1, 2, 1 << 24], np.uint32)},
        {"keys": np.array([[1, 2, 3]], np.uint32)},
        {"channels": np.uint8(5)},
        {"channels": np.array([3, 3], np.uint8)},
    ],
    ids=[*"012345678"],
)
def test_a_histogram_that_cannot_be_is_refused(wrong: dict[str, Any], tmp_path: Path) -> None:
    sound: dict[str, Any] = {
        "keys": np.array([1, 2, 3], np.uint32), "counts": np.array([4, 5, 6], np.uint32),
        "channels": np.uint8(3),
    }  # fmt: skip
    path = tmp_path / "h.npz"
    np.savez(path, **sound)
    assert chunks.load_histogram(path).n_pixels == 15
    np.savez(path, **{**sound, **wrong})
    with pytest.raises(codec.FormatError, match="no histogram"):
        chunks.load_histogram(path)


def pickled(travels: list[bytes]) -> Callable[..., Any]:
    """Make a map that does what executors of processes do, and keeps what travels."""

    def call(function: Callable[..., Any], items: Iterable[Any]) -> list[Any]:
        data = [pickle.dumps((function, item)) for item in items]
        travels.extend(data)
        pairs = [pickle.loads(each) for each in data]
        return [function(item) for function, item in pairs]

    return call


@pytest.mark.parametrize("dither", ["none", "ordered", "fs"])
def test_of_an_array_a_block_travels_and_not_the_whole(
    dither: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codec.encoder.cutting._BLOCK_PIXELS", 128 * 64)
    picture = block_picture("noise", 1024, 64, 3)
    labels, travels = np.empty((2, 1024, 64), np.uint8), list[bytes]()
    chunks.compress_chunked(picture, labels[0], 16, dither=dither, tune="psnr")
    how = pickled(travels)
    chunks.compress_chunked(picture, labels[1], 16, dither=dither, tune="psnr", map=how)
    assert np.array_equal(*labels)
    assert len(travels) >= 16
    first, last = picture[0].tobytes(), picture[-1].tobytes()
    assert any(first in data for data in travels)
    assert not any(first in data and last in data for data in travels)
