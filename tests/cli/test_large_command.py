"""The verbs, of files that are read and written block by block."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from cli_tools import (
    Sandbox,
    few_colors,
    many_colors,
    read_picture,
    refused,
    usage_error,
    with_alpha,
)  # fmt: skip
from large_tools import flip, make_sink, write
from terminal_tools import on_terminal

import codec
from codec.jobs import large, opened

Pixels = npt.NDArray[np.uint8]

STORES = ["a.zarr", "a.tif"]
SMALL = ("--max-pixels", "100")


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, sandbox: Sandbox) -> str:
    """A picture of few colors, compressed to tiles of 32 x 48, a.png beside it."""
    name: str = request.param
    if name.endswith(".zarr"):
        pytest.importorskip("zarr")
    pixels = few_colors(height=70, width=101)
    sandbox.picture("a.png", pixels)
    indexed = codec.compress(pixels)
    write(Path(name), indexed.labels, indexed.codebook)
    return name


def facts_of(text: str) -> dict[str, object]:
    """The facts of a single file."""
    (result,) = json.loads(text)["results"]
    assert isinstance(result, dict)
    return result


# decompress


@pytest.mark.parametrize("name", ["back.png", "back.tif", "back.bmp"])
def test_a_picture_that_fits_is_written_as_any_other(
    sandbox: Sandbox, store: str, name: str
) -> None:
    run = sandbox.run("decompress", store, "-o", name, "--require-seal", "--json", check=0)
    np.testing.assert_array_equal(read_picture(Path(name)), few_colors(height=70, width=101))
    facts = facts_of(run.out)
    assert facts["output_bytes"] == Path(name).stat().st_size
    assert facts["input_bytes"] == large.size_of(Path(store))
    assert (facts["width"], facts["height"], facts["verified"]) == (101, 70, True)


def test_the_output_is_named_by_the_input(sandbox: Sandbox, store: str) -> None:
    assert sandbox.run("decompress", store, check=0).wrote("a.decoded.png")


@pytest.mark.parametrize("name", ["back.tif", "back.TIFF"])
def test_a_larger_picture_becomes_a_tiled_tiff(sandbox: Sandbox, store: str, name: str) -> None:
    run = sandbox.run("decompress", store, "-o", name, *SMALL, check=0)

    assert run.wrote(name)
    pixels = few_colors(height=70, width=101)
    with tifffile.TiffFile(name) as file:
        assert file.pages[0].tile == (512, 512)
        np.testing.assert_array_equal(file.asarray(), pixels)
    np.testing.assert_array_equal(read_picture(Path(name)), pixels)
    np.testing.assert_array_equal(codec.read_image(name).pixels, pixels)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_tiled_tiff_has_grey_and_alpha(sandbox: Sandbox, channels: int) -> None:
    pytest.importorskip("zarr")
    state = np.random.RandomState(channels)
    labels = state.randint(0, 9, (600, 1100)).astype(np.uint8)
    codebook = state.randint(0, 256, (9, channels)).astype(np.uint8)
    write(Path("a.zarr"), labels, codebook)

    sandbox.run("decompress", "a.zarr", "-o", "back.tif", *SMALL, check=0)

    expected = codebook[labels] if channels > 1 else codebook[labels][..., 0]
    np.testing.assert_array_equal(tifffile.imread("back.tif"), expected)
    image = codec.read_image("back.tif")
    np.testing.assert_array_equal(image.pixels, expected)
    assert image.conversions == ()


def test_a_larger_picture_is_nothing_but_a_tiff(sandbox: Sandbox, store: str) -> None:
    run = sandbox.run("decompress", store, "-o", "back.png", *SMALL)
    assert refused(run, store, "pixel-limit")
    assert "-o back.tif" in run.err


@pytest.mark.parametrize("limit", [(), SMALL], ids=["in memory", "in blocks"])
def test_an_existing_picture_stays_unless_it_is_forced(
    sandbox: Sandbox, store: str, limit: tuple[str, ...]
) -> None:
    Path("back.tif").write_bytes(b"mine")
    run = sandbox.run("decompress", store, "-o", "back.tif", *limit, check=3)
    assert run.left_all_as_it_was
    run = sandbox.run("decompress", store, "-o", "back.tif", "--force", *limit, check=0)
    assert run.changed == {"back.tif"}
    np.testing.assert_array_equal(
        codec.read_image("back.tif").pixels, few_colors(height=70, width=101)
    )


@pytest.mark.parametrize("limit", [(), SMALL], ids=["in memory", "in blocks"])
def test_a_damaged_tile_is_named_and_nothing_is_written(
    sandbox: Sandbox, store: str, limit: tuple[str, ...]
) -> None:
    path = Path(store)
    if path.is_dir():
        (path / "labels" / "c" / "1" / "2").unlink()  # which reads as zeros
    else:
        with tifffile.TiffFile(path) as file:
            place = file.pages[0].dataoffsets[5] + 20
        flip(path, place)
    run = sandbox.run("decompress", store, "-o", "back.tif", *limit)
    assert run.code == 1
    assert run.left_all_as_it_was
    (line,) = run.lines
    assert line.startswith(f"kmcodec: error: {store}: ")
    assert "tile 1, 2" in line

    (line,) = sandbox.run("info", store, check=1).lines
    assert "tile 1, 2" in line


def test_what_is_not_complete_is_refused(sandbox: Sandbox) -> None:
    pytest.importorskip("zarr")
    sandbox.picture("a.png")
    with make_sink(Path("a.zarr")) as sink:
        sink.begin(64, 96, np.zeros((1, 3), dtype=np.uint8), {})
        sink.write(0, 0, np.zeros((32, 48), dtype=np.uint8))
    for arguments in (("info", "a.zarr"), ("decompress", "a.zarr")):
        run = sandbox.run(*arguments)
        assert refused(run, "a.zarr", "truncated")
        assert "continues" in run.err
    run = sandbox.run("report", "a.png", "a.zarr", check=1)
    assert "a.zarr: it is not complete" in run.err


def test_folders_are_walked_for_what_kmcodec_made(sandbox: Sandbox) -> None:
    pytest.importorskip("zarr")
    Path("in").mkdir()
    sandbox.picture("in/a.png")
    sandbox.picture("in/b.png", few_colors(7))
    sandbox.run("compress", "-r", "in", "-d", "out", "--format", "zarr", check=0)
    sandbox.run("compress", "-r", "in", "-d", "out", "--format", "tiff", check=0)
    assert sorted(os.listdir("out")) == ["a.indexed.tif", "a.zarr", "b.indexed.tif", "b.zarr"]

    again = sandbox.run("compress", "-r", "out", "-d", "more", check=0)
    assert again.left_all_as_it_was
    assert "0 of 0 files (4 left out)" in again.err
    sandbox.run("decompress", "-r", "out", "-d", "back", check=0)

    assert sorted(os.listdir("back")) == [
        f"{name}{whole}.decoded.png" for name in "ab" for whole in (".indexed.tif", ".zarr")
    ]
    np.testing.assert_array_equal(
        codec.read_image("back/b.zarr.decoded.png").pixels, few_colors(7)
    )
    assert "skipped: it is a compressed file" in sandbox.run("compress", "out/a.zarr").err


# info


def test_a_store_tells_what_is_in_it(sandbox: Sandbox, store: str) -> None:
    facts = facts_of(sandbox.run("info", store, "--json", check=0).out)
    assert facts["format"] == {".zarr": "zarr", ".tif": "tiff"}[Path(store).suffix]
    assert (facts["width"], facts["height"], facts["channels"]) == (101, 70, 3)
    assert facts["n_colors"] == facts["unique_colors"] == len(np.unique(
        few_colors(height=70, width=101).reshape(-1, 3), axis=0))  # fmt: skip
    assert facts["tile"] == [32, 48]
    assert facts["made_with"] == {"effort": "default"}
    assert facts["verified"] is True
    assert facts["part_bytes"] == {"file": large.size_of(Path(store))}

    text = sandbox.run("info", store, check=0).out
    assert "32 rows × 48 columns" in text
    assert "effort default" in text


def test_a_store_names_its_dithering_as_people_choose_it(sandbox: Sandbox) -> None:
    rows, columns = np.mgrid[:300, :300] // 2
    sandbox.picture(
        "a.png", np.dstack([rows, columns, 99 + (rows + columns) // 3]).astype(np.uint8)
    )
    sandbox.run("compress", "a.png", "-o", "a.tif", check=0)
    (facts,) = json.loads(sandbox.run("info", "a.tif", "--json", check=0).out)["results"]
    assert facts["made_with"]["dither"] == "selective"


def test_tiles_of_a_very_large_store_are_not_read(
    sandbox: Sandbox, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "MOST_READ", 100)
    run = sandbox.run("info", store, "--json", check=0)
    assert facts_of(run.out)["unique_colors"] is None
    assert facts_of(run.out)["notices"] == [opened.NOT_READ]
    assert opened.NOT_READ in sandbox.run("info", store, check=0).err


def test_a_large_picture_tells_what_its_header_does(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from codec.jobs import info

    sandbox.picture("a.png", with_alpha())
    assert refused(sandbox.run("info", "a.png", *SMALL), "a.png", "pixel-limit")
    monkeypatch.setattr(large, "MAX_PIXELS", 100)
    monkeypatch.setattr(info, "MAX_PIXELS", 100)
    run = sandbox.run("info", "a.png", *SMALL, "--json", check=0)
    facts = facts_of(run.out)
    assert (facts["kind"], facts["mode"], facts["bits"]) == ("PNG", "RGBA", 8)
    assert (facts["width"], facts["height"], facts["channels"]) == (14, 10, 4)
    assert facts["unique_colors"] is None
    assert facts["notices"] == [opened.NOT_COUNTED]


def test_what_is_too_large_and_no_picture_is_too_large(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "MAX_PIXELS", 100)
    for name in ("a.npz", "a.labels.png"):
        codec.save(codec.compress(few_colors()), name)
        assert refused(sandbox.run("info", name, *SMALL), name, "pixel-limit")
        assert refused(sandbox.run("decompress", name, *SMALL), name, "pixel-limit")


def test_a_folder_of_zarr_is_a_picture(sandbox: Sandbox) -> None:
    zarr = pytest.importorskip("zarr")
    pixels = many_colors(height=60, width=70)
    array = zarr.create_array("in.zarr", shape=pixels.shape, chunks=(32, 32, 3), dtype="uint8")
    array[:] = pixels
    facts = facts_of(sandbox.run("info", "in.zarr", "--json", check=0).out)
    assert (facts["kind"], facts["width"], facts["height"]) == ("Zarr", 70, 60)
    assert facts["unique_colors"] == len(np.unique(pixels.reshape(-1, 3), axis=0))

    for output in ("out.zarr", "out.png", "out.tif"):
        sandbox.run("compress", "in.zarr", "-o", output, "-k", "20", check=0)
        expected = codec.compress(pixels, 20, format="png" if output.endswith("png") else "npz")
        np.testing.assert_array_equal(codec.open(output)[:], codec.decompress(expected))
    assert usage_error(sandbox.run("compress", "in.zarr", "-o", "in.zarr"))
    assert sandbox.run("compress", "-r", "in.zarr", "-d", "new").wrote(
        "new", "new/in.codebook.npy", "new/in.labels.png"
    )


def test_input_and_output_are_apart(sandbox: Sandbox) -> None:
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group("in.zarr", mode="w")
    group.create_array("a", shape=(9, 9), chunks=(9, 9), dtype="uint8")[:] = 7
    for source, target in (("in.zarr/a", "in.zarr"), ("in.zarr/a", "in.zarr/a/x.png")):
        run = sandbox.run("compress", source, "-o", target, "--force")
        assert refused(run, source, "collision")


def test_an_order_is_kept_and_a_codebook_taken(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = few_colors()
    sandbox.picture("a.png", pixels)
    indexed = codec.compress(pixels)
    order = np.random.RandomState(0).permutation(indexed.n_colors)
    shuffled = codec.IndexedImage(
        np.argsort(order).astype(np.uint8)[indexed.labels], indexed.codebook[order]
    )
    codec.save(shuffled, "b.png")  # as any picture with a palette
    np.save("c.npy", indexed.codebook[::-1])
    monkeypatch.setattr(large, "MAX_PIXELS", 100)

    for output, options, said in (
        ("x.npz", (), False), ("x.tif", (), False), ("x.png", ("--keep-order",), False),
        ("y.png", (), True),
    ):  # fmt: skip
        run = sandbox.run("compress", "b.png", "-o", output, *options, *SMALL, check=0)
        found = codec.open(output)
        assert np.array_equal(found.labels[:], shuffled.labels) != said
        assert np.array_equal(found.codebook, shuffled.codebook) != said
        assert ("renumbered (--keep-order keeps them)" in run.err) == said
        np.testing.assert_array_equal(found[:], pixels)

    sandbox.run("compress", "a.png", "-o", "z.npz", "--codebook", "c.npy", *SMALL, check=0)
    np.testing.assert_array_equal(codec.load("z.npz").codebook, indexed.codebook[::-1])


@pytest.mark.parametrize("name", ["x.zarr", "x.tif"])
def test_an_output_that_is_there_is_skipped(sandbox: Sandbox, name: str) -> None:
    if name.endswith("zarr"):
        pytest.importorskip("zarr")
    sandbox.picture("a.png")
    sandbox.run("compress", "a.png", "-o", name, check=0)
    assert sandbox.run("compress", "a.png", "-o", name, check=3).left_all_as_it_was
    sandbox.picture("b.png", few_colors(5))
    sandbox.run("compress", "b.png", "-o", name, "--force", check=0)
    np.testing.assert_array_equal(codec.open(name)[:], few_colors(5))


def test_a_folder_that_is_no_store_stays(sandbox: Sandbox) -> None:
    pytest.importorskip("zarr")
    sandbox.picture("a.png")
    Path("x.zarr").mkdir()
    Path("x.zarr/mine").touch()
    for force in ((), ("--force",)):
        run = sandbox.run("compress", "a.png", "-o", "x.zarr", *force)
        assert refused(run, "a.png", "is-directory")
    Path("y.zarr").touch()
    assert refused(sandbox.run("compress", "a.png", "-o", "y.zarr", "--force"), "a.png",
                   "not-regular")  # fmt: skip
    run = sandbox.run("compress", "a.png", "-o", "missing/x.zarr")
    assert refused(run, "a.png", "no-directory")


def test_a_store_of_another_picture_is_not_continued(sandbox: Sandbox) -> None:
    pytest.importorskip("zarr")
    sandbox.picture("a.png", np.repeat(few_colors(), 100, axis=0))
    sandbox.run("compress", "a.png", "-o", "a.zarr", check=0)
    with codec.open("a.zarr") as stored:
        facts, codebook, labels = stored.facts, stored.codebook, stored.labels[:]
    shutil.rmtree("a.zarr")
    for token, code in ((facts["source"], 0), ([1, 2], 3)):
        with make_sink(Path("a.zarr"), tile=(1024, 1024)) as sink:
            sink.begin(labels.shape[0], labels.shape[1], codebook, {**facts, "source": token})
            sink.write(0, 0, labels[:1024])
        run = sandbox.run("compress", "a.png", "-o", "a.zarr", check=code)
        if code:
            assert "begun for another picture" in run.err
        else:
            np.testing.assert_array_equal(codec.open("a.zarr").labels[:], labels)
            shutil.rmtree("a.zarr")


# report


@pytest.mark.parametrize(
    "pixels",
    [many_colors(height=90, width=130), many_colors(height=90, width=130)[..., 0], with_alpha()],
    ids=["RGB", "grey", "RGBA"],
)
def test_a_comparison_in_blocks_measures_what_one_in_memory_does(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, pixels: Pixels
) -> None:
    pytest.importorskip("zarr")
    sandbox.picture("a.png", pixels)
    indexed = codec.compress(pixels, 5)
    write(Path("a.zarr"), indexed.labels, indexed.codebook)
    sandbox.picture("a.bmp", codec.decompress(indexed)[..., :3])
    codec.save(indexed, "a.npz")
    whole = sandbox.run("report", "a.png", "a.npz", "--json", check=0)
    same = sandbox.run("report", "a.png", "a.zarr", "--json", check=0)
    monkeypatch.setattr(large, "MAX_PIXELS", 100)
    blocks = sandbox.run("report", "a.png", "a.zarr", *SMALL, "--json", check=0)

    expected, found, in_memory = (facts_of(each.out) for each in (whole, blocks, same))
    for name in ("mse", "ssim", "delta_e_mean", "worst_error", "worst_at", "lossless"):
        assert in_memory[name] == expected[name], name
    assert found["mse"] == pytest.approx(expected["mse"], rel=1e-12)
    for name in ("worst_error", "worst_at", "lossless", "input_bytes", "raw_bytes", "n_colors"):
        assert found[name] == expected[name], name
    assert found["ssim"] is None
    assert found["notices"] == [large.NOT_MEASURED]
    assert found["output_bytes"] == large.size_of(Path("a.zarr"))


def test_pictures_of_others_are_compared_in_blocks_too(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = few_colors()
    sandbox.picture("a.png", pixels)
    sandbox.picture("b.png", pixels)
    changed = pixels.copy()
    changed[3, 5, 1] += 7
    changed[9, 2, 0] += 7
    sandbox.picture("c.tif", changed)
    monkeypatch.setattr(large, "MAX_PIXELS", 100)

    run = sandbox.run("report", "a.png", "b.png", "c.tif", *SMALL, "--json", check=0)

    same, other = json.loads(run.out)["results"]
    assert (same["lossless"], same["worst_error"], same["worst_at"]) == (True, 0, None)
    assert (other["lossless"], other["worst_error"], other["worst_at"]) == (False, 7, [5, 3])
    assert other["mse"] == pytest.approx(98 / pixels.size)


def test_a_page_of_what_is_too_large_is_refused(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.picture("a.png")
    codec.save(codec.compress(few_colors()), "b.png")
    monkeypatch.setattr(large, "MAX_PIXELS", 100)
    run = sandbox.run("report", "a.png", "b.png", "--html", "x.html", *SMALL)
    assert refused(run, "a.png", "chunked")


def test_pictures_of_other_sizes_are_not_compared(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.picture("a.png")
    sandbox.picture("b.png", few_colors(height=13))
    monkeypatch.setattr(large, "MAX_PIXELS", 100)
    run = sandbox.run("report", "a.png", "b.png", *SMALL)
    assert refused(run, "a.png", "bad-shape")


# What is shown


@pytest.mark.slow
@pytest.mark.parametrize("quiet", [(), ("-q",)])
def test_a_terminal_sees_how_far_the_blocks_are(sandbox: Sandbox, quiet: tuple[str, ...]) -> None:
    sandbox.picture("a.png", np.zeros((6000, 4000, 3), dtype=np.uint8))
    code, shown = on_terminal(sandbox.root, "compress", "a.png", "-o", "a.tif", *quiet)
    assert code == 0
    assert ("/6 [" in shown) == (not quiet)
    assert Path("a.tif").is_file()

    code, shown = on_terminal(sandbox.root, "decompress", "a.tif", "-o", "b.tif", *SMALL, *quiet)
    assert code == 0
    assert ("%|" in shown) == (not quiet)


def test_all_is_told_of_what_is_compressed_in_blocks(sandbox: Sandbox) -> None:
    sandbox.picture("a.png", many_colors(height=80, width=90))
    run = sandbox.run("compress", "a.png", "-o", "a.tif", "-v", check=0)
    for said in ("format           tiff", "codebook size K  256", "MSE", "PSNR", "largest error",
                 "unique colors", "verified         yes", "dithering"):  # fmt: skip
        assert said in run.err
    run = sandbox.run("compress", "a.png", "-o", "a.tif", "--force", check=0)
    (line, *_) = run.lines
    assert line.startswith("a.png  ")
    assert " dB  " in line
    assert not sandbox.run("compress", "a.png", "-o", "a.tif", "-q", "-f", check=0).err


@pytest.mark.parametrize("name", ["a.tif", "a.zarr"])
def test_wrong_usage_is_told_before_anything_is_read(sandbox: Sandbox, name: str) -> None:
    run = sandbox.run("compress", "missing.png", "-o", name, "--format", "png")
    assert usage_error(run)
    assert "contradicts" in run.err
    for option in (("--weights", "w.png"), ("--min-ssim", "0.9"), ("--shared-codebook",)):
        run = sandbox.run("compress", "missing.png", "-o", name, *option)
        assert usage_error(run)
        assert "takes the picture in memory" in run.err
    assert usage_error(sandbox.run("decompress", "missing.npz", "-o", "a.zarr"))
    assert usage_error(sandbox.run("compress", "missing.png", "-o", name[1:]))
    assert refused(sandbox.run("compress", "missing.png", "-o", name), "missing.png", "not-found")
