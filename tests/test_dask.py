"""Arrays of Dask are compressed as those of NumPy are, however they are chunked."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
import numpy.typing as npt
import pytest
from dask_tools import NpySink, NpySource, small_tasks
from hypothesis import given, settings
from hypothesis import strategies as st
from marks import needs_kernels
from picture_tools import block_picture

import codec
from codec.dask.blocks import source_of
from codec.errors import ClusterError, CodecError, ImageError, ParameterError

Bytes = npt.NDArray[np.uint8]

pytestmark = needs_kernels


@pytest.fixture(autouse=True, scope="module")
def _here() -> Iterator[None]:
    with dask.config.set(scheduler="synchronous"):
        yield


PICTURES = st.builds(
    block_picture,
    st.sampled_from(["noise", "smooth", "grey", "flat"]),
    st.integers(1, 90),
    st.integers(1, 70),
    st.integers(1, 4),
    st.integers(0, 9),
)


def chunked(draw: st.DrawFn, size: int) -> tuple[int, ...]:
    """Cut a side anywhere."""
    places = st.lists(st.integers(1, size), max_size=4, unique=True)
    ends = sorted({*draw(places), size})
    return tuple(np.diff([0, *ends]).tolist())


@st.composite
def arrays(draw: st.DrawFn) -> tuple[Bytes, Any]:
    """Make a picture, and an array of it in chunks of any shape."""
    pixels = draw(PICTURES)
    if pixels.shape[2] == 1 and draw(st.booleans()):
        pixels = pixels[..., 0]
    chunks = tuple(chunked(draw, side) for side in pixels.shape)
    return pixels, da.from_array(pixels, chunks=chunks)


@settings(max_examples=60, deadline=None)
@given(
    pair=arrays(),
    n_colors=st.sampled_from([1, 2, 5, 16, 40, 256]),
    tune=st.sampled_from(["visual", "psnr"]),
    dither=st.sampled_from(["none", "ordered"]),
    exact=st.booleans(),
    format=st.sampled_from(["pair", "png", "kmc"]),
    task=st.integers(40, 4000),
)
def test_an_array_in_chunks_is_compressed_as_the_whole(
    pair: tuple[Bytes, Any], n_colors: int, tune: str, dither: str, exact: bool,
    format: str, task: int,
) -> None:  # fmt: skip
    pixels, array = pair
    asked: dict[str, Any] = {"tune": tune, "dither": dither, "exact": exact, "format": format}
    whole = codec.compress(pixels, n_colors, **asked)

    with small_tasks(task):
        labels, codebook = codec.dask.compress(array, n_colors, **asked)

    assert np.array_equal(codebook.words, whole.codebook)
    assert labels.dtype == np.uint8
    assert labels.chunks == array.chunks[:2]
    assert np.array_equal(labels.compute(), whole.labels)
    shown = codec.dask.decompress(labels, codebook)
    assert shown.dtype == np.uint8
    assert np.array_equal(shown.compute(), codec.decompress(whole))
    assert shown.shape == codec.decompress(whole).shape


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
@pytest.mark.parametrize("tune", ["visual", "psnr"])
def test_arrays_that_show_an_object_slice_it(tmp_path: Path, scheduler: str, tune: Any) -> None:
    pixels = block_picture("flat", 120, 90, 3)
    np.save(tmp_path / "a.npy", pixels)
    array = da.from_array(NpySource(tmp_path / "a.npy"), chunks=(50, 50, 3))
    whole = codec.compress(pixels, 20, dither="none", tune=tune)

    with small_tasks(700), dask.config.set(scheduler=scheduler):
        labels, codebook = codec.dask.compress(array, 20, tune=tune)
        found = labels.compute()

    assert np.array_equal(codebook.words, whole.codebook)
    assert np.array_equal(found, whole.labels)


def test_only_what_is_shown_as_it_is_may_be_sliced(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((9, 8, 3), np.uint8))
    source = NpySource(tmp_path / "a.npy")
    array = da.from_array(source, chunks=4)
    assert source_of(array) is source
    assert source_of(da.from_array(source, chunks=4, lock=True)) is None
    assert source_of(array[1:]) is None
    assert source_of(array + 1) is None
    assert source_of(da.from_array(np.load(tmp_path / "a.npy", mmap_mode="r"), chunks=4)) is None


def test_chunks_of_a_pixel() -> None:
    pixels = block_picture("smooth", 7, 9, 3)
    labels, codebook = codec.dask.compress(da.from_array(pixels, chunks=(1, 1, 1)), 8)
    whole = codec.compress(pixels, 8, dither="none")
    assert np.array_equal(codebook.words, whole.codebook)
    assert np.array_equal(labels.compute(), whole.labels)


def test_the_labels_of_all_colors_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = block_picture("noise", 60, 50, 2)
    array = da.from_array(pixels, chunks=(7, 9, 2))
    codebook = codec.dask.fit(array, 30)
    plain = codec.dask.labels(array, codebook).compute()
    calls = []
    prepare = type(codebook).prepare

    def counted(self: Any) -> None:
        calls.append(1)
        prepare(self)

    monkeypatch.setattr(type(codebook), "prepare", counted)
    monkeypatch.setattr("codec.dask._TABLE_FROM", 60 * 50)

    labels = codec.dask.labels(array, codebook)

    assert not calls
    assert np.array_equal(labels.compute(), plain)
    assert calls == [1]


def test_progress_ends_with_all() -> None:
    pixels = block_picture("flat", 100, 80, 3)
    seen: list[tuple[int, int]] = []
    with small_tasks(600):
        codec.dask.fit(
            da.from_array(pixels, chunks=(20, 20, 3)), 8, dither="ordered",
            progress=lambda *step: seen.append(step),
        )  # fmt: skip
    assert len(seen) > 20
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1]


def zeros(*shape: int, dtype: str = "uint8") -> Any:
    return da.zeros(shape, dtype=dtype, chunks=4)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (zeros(9, 8, 3)[da.from_array(np.arange(9) % 2 == 0, chunks=4)], "bad-shape"),
        (zeros(9, 8, 5), "bad-shape"),
        (zeros(9, 8, 3, 3), "bad-shape"),
        (zeros(0, 8, 3), "bad-shape"),
        (zeros(9, 8, 3, dtype="uint16"), "bad-dtype"),
        (zeros(9, 8, 3, dtype="float32"), "bad-dtype"),
        (np.zeros((9, 8, 3), np.uint8), "bad-shape"),
    ],
)
def test_what_is_no_picture_is_refused_before_it_is_computed(array: Any, reason: str) -> None:
    codebook = codec.dask.fit(zeros(4, 4, 3))
    for refused in (
        lambda: codec.dask.fit(array),
        lambda: codec.dask.compress(array),
        lambda: codec.dask.labels(array, codebook),
    ):
        with pytest.raises(ImageError) as caught:
            refused()
        assert caught.value.reason == reason
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dither", ["fs", "selective", "auto"])
def test_errors_are_not_diffused_in_chunks(dither: Any) -> None:
    with pytest.raises(ParameterError, match="whole rows") as caught:
        codec.dask.fit(zeros(9, 8, 3), dither=dither)
    assert caught.value.reason == "dither"


def test_labels_and_codebook_must_belong_together() -> None:
    grey = codec.dask.fit(zeros(9, 8))
    colors = da.from_array(block_picture("noise", 9, 8, 3), chunks=4)
    with pytest.raises(ImageError, match="color"):
        codec.dask.labels(colors, grey).compute()
    with pytest.raises(ImageError, match="another codebook"):
        codec.dask.decompress(zeros(9, 8) + np.uint8(7), grey).compute()
    with pytest.raises(ImageError, match="labels must"):
        codec.dask.decompress(zeros(9, 8, 3), grey)
    with pytest.raises(ImageError, match="a codebook is"):
        codec.dask.decompress(zeros(9, 8), np.zeros((4, 3), np.float32))


def test_the_extra_is_named_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(ImportError, match=r'pip install "kmcodec\[dask\]"'):
        codec.dask.fit(None)


# Files


@pytest.fixture
def picture(tmp_path: Path) -> Bytes:
    pixels = block_picture("flat", 150, 110, 3)
    np.save(tmp_path / "a.npy", pixels)
    return pixels


@pytest.mark.parametrize("dither", ["none", "ordered", "fs", "selective"])
@pytest.mark.parametrize("tune", ["visual", "psnr"])
def test_a_file_is_compressed_as_in_memory(
    picture: Bytes, tmp_path: Path, dither: Any, tune: Any
) -> None:
    whole = codec.compress(picture, 20, dither=dither, tune=tune)
    with small_tasks(900):
        found = codec.dask.compress_files(
            NpySource(tmp_path / "a.npy"), NpySink(tmp_path / "labels.npy"), 20,
            dither=dither, tune=tune,
        )  # fmt: skip
    assert found.paths == (tmp_path / "labels.npy",)
    assert np.array_equal(found.codebook, whole.codebook)
    assert np.array_equal(np.load(tmp_path / "labels.npy"), whole.labels)


def refusal(source: Any, sink: Any, **options: Any) -> CodecError:
    """Compress what cannot be, and return the error."""
    with small_tasks(900), pytest.raises(CodecError) as caught:
        codec.dask.compress_files(source, sink, 20, **options)
    assert "\n" not in str(caught.value)
    return caught.value


def test_all_damaged_tiles_are_named_and_nothing_is_finished(
    picture: Bytes, tmp_path: Path
) -> None:
    source = NpySource(tmp_path / "a.npy", damaged=[(32, 64), (128, 0)])
    error = refusal(source, NpySink(tmp_path / "labels.npy"))
    assert error.reason == "damaged"
    assert "row 32, column 64 (16x16): this is no LZW" in str(error)
    assert "row 128, column 0 (16x16)" in str(error)
    assert str(error).count("tile") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]


def test_many_damaged_tiles_are_counted(picture: Bytes, tmp_path: Path) -> None:
    source = NpySource(tmp_path / "a.npy", damaged=[(y, 0) for y in range(0, 150, 16)])
    assert "and 5 more" in str(refusal(source, NpySink(tmp_path / "labels.npy")))


def test_tiles_damaged_after_counting_are_named(picture: Bytes, tmp_path: Path) -> None:
    source = NpySource(tmp_path / "a.npy")
    sink = NpySink(tmp_path / "labels.npy", lambda: setattr(source, "damaged", [(16, 16)]))
    error = refusal(source, sink, tune="psnr")
    assert error.reason == "damaged"
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]


@pytest.mark.parametrize("told", [True, False])
def test_a_picture_that_changes_is_noticed(picture: Bytes, tmp_path: Path, told: bool) -> None:
    source = NpySource(tmp_path / "a.npy")

    def change() -> None:
        np.save(tmp_path / "a.npy", picture[::-1] // 2)
        if not told:  # whoever wrote it kept its time
            source.token = source._token()

    error = refusal(source, NpySink(tmp_path / "labels.npy", change))
    assert error.reason == "input-changed"
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]


def test_what_goes_in_order_is_no_work_for_a_cluster(picture: Bytes, tmp_path: Path) -> None:
    source = NpySource(tmp_path / "a.npy")
    sink = NpySink(tmp_path / "labels.npy")
    sink.block = None  # type: ignore[assignment]
    assert refusal(source, sink).reason == "cluster"
    assert refusal(source, np.empty((150, 110), np.uint8)).reason == "cluster"
    source.in_order = True
    assert refusal(source, NpySink(tmp_path / "labels.npy")).reason == "cluster"


def test_a_file_that_is_gone_is_not_called_damaged(picture: Bytes, tmp_path: Path) -> None:
    source = NpySource(tmp_path / "a.npy")
    source.check_unchanged = lambda: None  # type: ignore[method-assign]
    (tmp_path / "a.npy").unlink()
    assert refusal(source, NpySink(tmp_path / "labels.npy")).reason == "unreadable"


def test_errors_of_clusters_travel() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(ClusterError("no", "no-workers")))
    assert (str(error), error.reason) == ("no", "no-workers")
    with pytest.raises(ParameterError, match="patience"):
        codec.dask.fit(zeros(4, 4), patience=0)
