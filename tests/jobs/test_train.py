"""One codebook for many pictures, as the command makes it."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_tools import (
    Sandbox,
    few_colors,
    many_colors,
    read_picture,
    refused,
    usage_error,
    with_alpha,
)
from picture_tools import noise
from PIL import Image

import codec

PANEL = np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 0, 0]], np.uint8)


@pytest.fixture
def icons(sandbox: Sandbox) -> Sandbox:
    """Twenty icons of 200 colors, of which each has about 90, and a file that is none."""
    palette = noise(5, 200, 3)
    Path("icons").mkdir()
    for number in range(20):
        sandbox.picture(f"icons/{number:02}.png", palette[noise(number, 10, 12, high=200)])
    Path("icons/bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return sandbox


def names(folder: str = "icons") -> list[str]:
    return sorted(f"{folder}/{path.name}" for path in Path(folder).iterdir())


def test_train_writes_a_codebook_of_all_that_can_be_read(icons: Sandbox) -> None:
    for ending in (".npy", ".gpl", ".hex"):
        run = icons.run("train", *names(), "-k", "64", "-o", f"shared{ending}", check=1)
        assert run.wrote(f"shared{ending}")
        assert "icons/bad.png: the PNG" in run.err
        assert f"shared{ending}  " in run.err
        assert "64 colors of 20 pictures" in run.err
    pictures = [read_picture(Path(name)) for name in names() if "bad" not in name]
    expected = codec.train(pictures, 64)
    for ending in (".npy", ".gpl", ".hex"):
        assert np.array_equal(codec.load_codebook(f"shared{ending}"), expected)
    assert np.array_equal(np.load("shared.npy"), expected)


def test_train_takes_directories_and_says_json(icons: Sandbox) -> None:
    Path("icons/bad.png").unlink()
    run = icons.run("train", "-r", "icons", "-o", "x.npy", "--json", "-q", check=0)
    said = json.loads(run.out)
    size = Path("x.npy").stat().st_size
    assert said["codebook"] == {
        "output": "x.npy", "size_bytes": size, "n_colors": 200, "pictures": 20,
    }  # fmt: skip
    assert len(said["results"]) == 20
    assert run.err == ""


def test_train_refuses_what_it_cannot_do(icons: Sandbox) -> None:
    assert usage_error(icons.run("train", "icons/00.png", "-o", "x.png"))
    assert usage_error(icons.run("train", "icons/00.png", "-o", "x.npy", "--keep", "red"))
    assert usage_error(icons.run("train", "icons/00.png"))
    assert icons.run("train", "icons/bad.png", "-o", "x.npy", check=1).wrote()
    Path("x.npy").write_bytes(b"mine")
    run = icons.run("train", "icons/00.png", "-o", "x.npy", check=1)
    assert run.wrote()
    assert "already exists" in run.err
    icons.run("train", "icons/00.png", "-o", "x.npy", "-f", check=0)
    assert codec.load_codebook("x.npy").shape[1] == 3


def test_pictures_with_alpha_are_none_for_a_palette_without(icons: Sandbox) -> None:
    icons.picture("icons/clear.png", with_alpha())
    run = icons.run("train", "icons/clear.png", "icons/00.png", "-o", "x.gpl", check=1)
    assert run.wrote("x.gpl")
    assert run.lines[0] == (
        "kmcodec: error: icons/clear.png: it has alpha, and a .gpl has none: "
        ".npy and .hex have (alpha)"
    )
    run = icons.run("train", "icons/clear.png", "-o", "y.gpl", "--json", check=1)
    assert run.wrote()
    assert [result["reason"] for result in json.loads(run.out)["results"]] == ["alpha"]
    run = icons.run("train", "none.png", "-o", "y.gpl", "--keep", "#00ff0080")
    assert usage_error(run)
    assert "none.png" not in run.err
    icons.run("train", "icons/clear.png", "-o", "y.hex", check=0)
    icons.run("train", "icons/00.png", "-o", "y.gpl", "--keep", "#00ff00", check=0)


@pytest.mark.parametrize("kind", ["npy", "gpl", "hex", "png"])
def test_compress_takes_a_codebook_in_its_order(sandbox: Sandbox, kind: str) -> None:
    sandbox.picture("photo.png", many_colors())
    if kind == "npy":
        np.save("panel.npy", PANEL)
    elif kind == "png":
        picture = Image.frombytes("P", (2, 1), bytes([0, 3]))
        picture.putpalette(PANEL.tobytes())
        picture.save("panel.png")
    else:
        lines = {"gpl": "GIMP Palette\n255 255 255\n0 0 0\n255 0 0\n0 0 0\n"}
        Path(f"panel.{kind}").write_text(lines.get(kind, "#fff\n#000\n#f00\n#000\n"))
    for format in ("pair", "npz", "png"):
        run = sandbox.run(
            "compress", "photo.png", "--codebook", f"panel.{kind}", "--format", format, "--json"
        )
        assert run.code == 0
        (said,) = json.loads(run.out)["results"]
        assert (said["n_colors"], said["codebook_from"]) == (4, "given")
        assert said["unique_colors_after"] <= 3
        output = said["outputs"][-1]
        assert np.array_equal(codec.load(output).codebook[:4], PANEL)
        assert np.array_equal(codec.load_codebook(output)[:4], PANEL)


def test_compress_refuses_a_codebook_that_is_none(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    Path("empty.gpl").write_text("GIMP Palette\n")
    Path("many.hex").write_text("#123456\n" * 257)
    Path("text.txt").write_text("Dear Sir")
    for name, words in (
        ("empty.gpl", "no colors"), ("many.hex", "257 colors"), ("text.txt", "neither"),
        ("photo.png", "a codebook has 256 at most (kmcodec train chooses so many)"),
        ("none.npy", "no such file"),
    ):  # fmt: skip
        run = sandbox.run("compress", "photo.png", "--codebook", name, check=1)
        assert run.wrote()
        assert f"the codebook {name}: " in run.err
        assert words in run.err
        assert len(run.err.splitlines()) == 1
    np.save("panel.npy", PANEL)
    assert usage_error(sandbox.run("compress", "photo.png", "--codebook", "panel.npy", "-k", "3"))
    assert usage_error(
        sandbox.run("compress", "photo.png", "--codebook", "panel.npy", "--shared-codebook")
    )


def test_keep_and_palette_depth_reach_the_files(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    keep = ("--keep", "#ff00ff,#00ff00")
    sandbox.run("compress", "photo.png", "-k", "9", *keep, "-o", "x.npz", check=0)
    words = codec.load("x.npz").codebook.tolist()
    assert len(words) == 9
    assert [255, 0, 255] in words
    assert [0, 255, 0] in words
    sandbox.run("compress", "photo.png", "--palette-depth", "332", "-o", "y.npz", check=0)
    assert set(np.unique(codec.load("y.npz").codebook[:, 2]).tolist()) <= {0, 85, 170, 255}
    assert usage_error(sandbox.run("compress", "photo.png", "--palette-depth", "1"))
    run = sandbox.run("compress", "photo.png", "--palette-depth", "332", "--keep", "#010203")
    assert usage_error(run)


def test_weights_are_a_grey_picture_of_the_same_size(sandbox: Sandbox) -> None:
    pixels = many_colors(3, 40, 60)
    sandbox.picture("photo.png", pixels)
    mask = np.zeros((40, 60), np.uint8)
    mask[:20, :20] = 255
    sandbox.picture("mask.png", mask)
    common = ("compress", "photo.png", "-k", "8", "--dither", "none", "-o")
    sandbox.run(*common, "plain.npz", check=0)
    sandbox.run(*common, "x.npz", "--weights", "mask.png", check=0)

    def error(name: str) -> float:
        decoded = codec.decompress(codec.load(name)).astype(int)
        return float(((decoded - pixels)[:20, :20] ** 2).mean())

    assert error("x.npz") < 0.8 * error("plain.npz")
    sandbox.picture("small.png", mask[:9])
    run = sandbox.run(*common, "y.npz", "--weights", "small.png")
    assert refused(run, "photo.png", "bad-shape")
    sandbox.picture("black.png", np.zeros((40, 60), np.uint8))
    for name, words in (
        ("photo.png", "a grey picture"), ("black.png", "all weights are 0"),
        ("none.png", "no such file"),
    ):  # fmt: skip
        run = sandbox.run(*common, "y.npz", "--weights", name, check=1)
        assert run.wrote()
        assert f"the weights {name}: " in run.err
        assert words in run.err


# A shared codebook


def test_a_pair_stores_a_shared_codebook_once(icons: Sandbox) -> None:
    run = icons.run("compress", *names(), "--shared-codebook", "-d", "out", check=1)
    outputs = sorted(path.name for path in Path("out").iterdir())
    assert outputs == [*(f"{n:02}.labels.png" for n in range(20)), "shared.codebook.npy"]
    assert "out/shared.codebook.npy  728 B  200 colors of 20 pictures" in run.err
    assert "--codebook out/shared.codebook.npy" in run.err
    assert "icons/bad.png: the PNG" in run.err
    assert len(run.err.splitlines()) == 20 + 2 + 1 + 1
    # In place, and elsewhere.
    labels = [f"out/{n:02}.labels.png" for n in range(20)]
    icons.run("decompress", *labels, "-d", "decoded", "--require-seal", check=0)
    icons.run("decompress", "-r", "out", "-d", "tree", check=0)
    icons.run("decompress", "out/shared.codebook.npy", *labels, "-d", "all", check=0)
    assert len(list(Path("all").iterdir())) == 20
    # By itself it is no picture.
    assert icons.run("decompress", "out/shared.codebook.npy", "-d", "all").code == 1
    Path("out/shared.codebook.npy").rename("elsewhere.npy")
    assert icons.run("decompress", labels[0], "-d", "none").code == 1
    icons.run("decompress", *labels, "-d", "again", "--codebook", "elsewhere.npy", check=0)
    for number in range(20):
        original = Path(f"icons/{number:02}.png")
        for folder in ("decoded", "tree", "again"):
            decoded = read_picture(Path(f"{folder}/{number:02}.decoded.png"))
            assert np.array_equal(decoded, read_picture(original))


def test_a_shared_codebook_takes_less_than_separate_palettes(icons: Sandbox) -> None:
    """At most 0.6 of the bytes for the same pixels, where icons have the colors of one palette."""
    Path("icons/bad.png").unlink()
    icons.run("compress", *names(), "--shared-codebook", "-d", "out", check=0)
    icons.run("compress", *names(), "--format", "png", "-d", "single", check=0)
    sizes = [
        sum(path.stat().st_size for path in Path(name).iterdir()) for name in ("out", "single")
    ]
    assert sizes[0] <= 0.6 * sizes[1]


def test_other_formats_have_a_copy_each(icons: Sandbox) -> None:
    Path("icons/bad.png").unlink()
    for format, ending in (("npz", ".npz"), ("png", ".indexed.png")):
        run = icons.run(
            "compress", *names(), "--shared-codebook", "-k", "50", "--format", format,
            "-d", format, check=0,
        )  # fmt: skip
        assert "shared" not in run.err
        files = [f"{format}/{n:02}{ending}" for n in range(20)]
        first = codec.load(files[0]).codebook
        assert len(first) == 50
        for file in files:
            assert np.array_equal(codec.load(file).codebook, first)


def test_a_shared_codebook_is_told_in_json(sandbox: Sandbox) -> None:
    sandbox.picture("a.png", few_colors(1))
    run = sandbox.run("compress", "a.png", "--shared-codebook", "-d", ".", "--json", "-q", check=0)
    said = json.loads(run.out)
    assert said["shared_codebook"]["output"] == "shared.codebook.npy"
    (result,) = said["results"]
    assert result["outputs"] == ["a.labels.png"]
    size = Path("a.labels.png").stat().st_size
    assert sum(result["part_bytes"].values()) == size == result["output_bytes"]


def test_a_shared_codebook_needs_its_place(icons: Sandbox) -> None:
    assert usage_error(icons.run("compress", *names(), "--shared-codebook"))
    run = icons.run("compress", *names(), "--shared-codebook", "--keep-order", "-d", "out")
    assert usage_error(run)
    Path("out").mkdir()
    Path("out/shared.codebook.npy").write_bytes(b"mine")
    run = icons.run("compress", *names(), "--shared-codebook", "-d", "out", "--json", check=3)
    assert run.wrote()
    assert run.lines[0] == (
        "skipped: cannot write out/shared.codebook.npy: it already exists (--force replaces it)"
    )
    assert len(run.lines) == 2
    results = json.loads(run.out)["results"]
    assert [result["input"] for result in results] == names()
    assert {(result["status"], result["reason"]) for result in results} == {("skipped", "exists")}
    Path("out/shared.codebook.npy").unlink()
    for more in (("--max-bytes", "50k"), ("--auto",)):
        run = icons.run("compress", *names(), "--shared-codebook", *more, "-d", "out")
        assert usage_error(run)
    # Where nothing can be read there is nothing to share.
    run = icons.run("compress", "icons/bad.png", "--shared-codebook", "-d", "out", check=1)
    assert run.wrote()
    assert refused(run, "icons/bad.png", "truncated")


def test_nothing_is_shared_where_all_is_skipped(sandbox: Sandbox) -> None:
    sandbox.picture("a.png", many_colors())
    sandbox.run("compress", "a.png", "-d", "out", check=0)
    run = sandbox.run("compress", "a.png", "--shared-codebook", "-d", "out", "--json", check=3)
    assert run.wrote()
    assert "shared" not in run.err
    said = json.loads(run.out)
    assert "shared_codebook" not in said
    assert said["results"][0]["reason"] == "exists"


@pytest.fixture
def shared(sandbox: Sandbox) -> Sandbox:
    """Two pictures that share a codebook, one of them in a folder, and a third."""
    for seed, name in enumerate(("a.png", "tree/b.png", "c.png")):
        sandbox.picture(name, many_colors(seed))
    sandbox.run("compress", "-r", "a.png", "tree", *SHARED, check=0)
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "a.labels.png", "b.labels.png", "shared.codebook.npy",
    ]  # fmt: skip
    return sandbox


SHARED = ("--shared-codebook", "-k", "8", "-d", "out")


@pytest.mark.parametrize("inputs", [("c.png",), ("a.png", "c.png"), ("a.png", "tree/bad.png")])
def test_a_shared_codebook_stays_while_others_need_it(  # row 137
    shared: Sandbox, inputs: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where training takes long, what was counted is kept by then.
    monkeypatch.setattr("codec.jobs.journal._LEAST_SECONDS", 0.0)
    monkeypatch.setattr("codec.jobs.journal._WORK_PER_SAVING", 0)
    Path("tree/bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    run = shared.run("compress", *inputs, *SHARED, "-f", "--json", check=1)
    assert run.wrote()
    assert run.lines[0] == (
        "kmcodec: error: cannot write out/shared.codebook.npy: "
        f"out/{'b' if 'a.png' in inputs else 'a'}.labels.png, which is not written anew, "
        "needs the codebook that is there (take another -d, or remove it) (needed)"
    )
    results = json.loads(run.out)["results"]
    assert [result["input"] for result in results] == list(inputs)
    assert {(result["status"], result["reason"]) for result in results} == {("error", "needed")}
    # Below too, where it is named to decompress.
    Path("out/below").mkdir()
    for name in ("a", "b"):
        Path(f"out/{name}.labels.png").rename(f"out/below/{name}.labels.png")
    run = shared.run("compress", "c.png", *SHARED, "-f", check=1)
    assert "out/below/a.labels.png" in run.err


def test_a_shared_codebook_that_nobody_needs_is_replaced(shared: Sandbox) -> None:
    again = ("compress", "a.png", "tree/b.png", *SHARED)
    before = Path("out/shared.codebook.npy").read_bytes()
    # What may be left as it was needs it.
    run = shared.run(*again, "-f", "--tune", "psnr", "--skip-if-larger", check=1)
    assert run.wrote()
    # The same codebook again is no other.
    shared.run(*again, "-f", "--skip-if-larger", check=0)
    assert Path("out/shared.codebook.npy").read_bytes() == before
    # Labels that have one of their own do not need it.
    shared.run("compress", "c.png", "-k", "8", "-d", "out", check=0)
    shared.run(*again, "-f", "--tune", "psnr", check=0)
    assert Path("out/shared.codebook.npy").read_bytes() != before
    shared.run("decompress", "-r", "out", "-d", "decoded", "--require-seal", check=0)
    assert len(list(Path("decoded").iterdir())) == 3


def test_a_shared_codebook_stays_whoever_would_replace_it(shared: Sandbox) -> None:  # row 137
    shared.picture("shared.png", many_colors(7))
    run = shared.run("compress", "shared.png", "-k", "8", "-d", "out", "-f", check=1)
    assert refused(run, "shared.png", "needed")
    run = shared.run("train", "c.png", "-o", "out/shared.codebook.npy", "-f", check=1)
    assert run.wrote()
    assert run.lines[-1].endswith("(needed)")
    for name in ("a", "b"):
        Path(f"out/{name}.labels.png").unlink()
    shared.run("compress", "shared.png", "-k", "8", "-d", "out", "-f", check=0)
    shared.run("compress", "shared.png", "-k", "9", "-d", "out", "-f", check=0)
    shared.run("decompress", "out/shared.labels.png", "--require-seal", check=0)


def test_a_shared_codebook_that_cannot_be_written_fails_all(shared: Sandbox) -> None:
    Path("out/shared.codebook.npy").unlink()
    Path("out/shared.codebook.npy").mkdir()
    run = shared.run("compress", "a.png", "c.png", *SHARED, "--json", check=1)
    assert run.wrote()
    assert run.lines[0].endswith("shared.codebook.npy: it is a directory (is-directory)")
    assert [result["status"] for result in json.loads(run.out)["results"]] == ["error"] * 2
