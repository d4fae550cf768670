"""Palette indices from file to file: kept where labels are arrays, else told with the cure."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import OUTPUTS, Sandbox, few_colors, many_colors, refused
from picture_tools import gif, gif_frame
from PIL import Image

import codec

CLASSES = np.zeros((60, 80), np.uint8)
CLASSES[10:30, 10:40] = 15
CLASSES[30:50, 30:70] = 7
CLASSES[5:9, 5:9] = 1
COLORS = np.array([[(i * 37 + c * 91) % 256 for c in range(3)] for i in range(256)], np.uint8)
TOLD = "palette indices are renumbered"


def write(name: str, entries: int = 256, indices: Any = CLASSES) -> None:
    if name.endswith("gif"):  # Pillow would renumber
        frame = gif_frame(
            indices.ravel().tolist(), (0, 0, 80, 60), bits=8, palette=COLORS.tobytes()
        )
        Path(name).write_bytes(gif(80, 60, bytes(12), frame))
        return
    image = Image.frombytes("P", indices.shape[::-1], indices.tobytes())
    image.putpalette(COLORS[:entries].tobytes())
    image.save(name)


def found(*names: str) -> Any:
    return codec.load(names[-1])


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("format", OUTPUTS)
@pytest.mark.parametrize("source", ["photo.png", "photo.gif", "photo.bmp", "photo.tif"])
def test_indices_are_kept_in_arrays_and_elsewhere_if_asked(
    sandbox: Sandbox, source: str, format: str, keep: bool
) -> None:
    write(source)
    more = ["--keep-order"] if keep else []
    run = sandbox.run("compress", source, "--format", format, *more, "--json", check=0)
    (result,) = json.loads(run.out)["results"]
    assert result["lossless"] is True
    assert result["unique_colors"] == result["unique_colors_after"] == 4
    indexed = found(*OUTPUTS[format])
    if keep or format in ("pair", "npz"):
        np.testing.assert_array_equal(indexed.labels, CLASSES)
        np.testing.assert_array_equal(indexed.codebook, COLORS)
        assert TOLD not in run.err
    else:
        assert indexed.n_colors == 4
        assert f"{TOLD} (--keep-order keeps them)" in result["notices"]
    np.testing.assert_array_equal(codec.decompress(indexed), COLORS[CLASSES])


def test_a_palette_of_few_entries_has_no_more(sandbox: Sandbox) -> None:
    write("photo.png", 20)
    sandbox.run("compress", "photo.png", "-k", "20", check=0)
    assert found("photo.labels.png").codebook.tolist() == COLORS[:20].tolist()
    sandbox.run("compress", "photo.png", "-k", "16", "-f", check=0)
    assert found("photo.labels.png").codebook.tolist() == COLORS[:16].tolist()


@pytest.mark.parametrize(("format", "cure"), [("npz", "-k 16"), ("png", "--keep-order -k 16")])
def test_too_few_colors_for_the_indices_are_told(sandbox: Sandbox, format: str, cure: str) -> None:
    write("photo.png")
    run = sandbox.run("compress", "photo.png", "-k", "15", "--format", format, check=0)
    assert f"photo.png: notice: {TOLD} ({cure} keeps them)" in run.lines
    assert "  lossless  " in run.lines[0]
    sandbox.run("compress", "photo.png", *cure.split(), "-f", "--format", format, check=0)
    np.testing.assert_array_equal(found(*OUTPUTS[format]).labels, CLASSES)


def test_indices_that_come_out_the_same_are_worth_no_word(sandbox: Sandbox) -> None:
    write("photo.png", 2, CLASSES % 2)
    run = sandbox.run("compress", "photo.png", "--format", "png", check=0)
    kept = np.array_equal(found("photo.indexed.png").labels, CLASSES % 2)
    assert kept is not any(TOLD in line for line in run.lines)
    assert kept


def test_what_has_no_indices_is_refused_if_they_are_to_be_kept(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", few_colors())
    assert refused(sandbox.run("compress", "photo.png", "--keep-order"), "photo.png", "no-indices")
    write("map.png")
    run = sandbox.run("compress", "map.png", "--keep-order", "-k", "15", "-o", "map.kmc")
    assert refused(run, "map.png", "too-many-indices")
    assert "(-k 16 keeps them)" in run.err


def test_only_pictures_without_indices_fail_among_many(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    sandbox.picture("grey.png", CLASSES)
    write("map.png")
    run = sandbox.run(
        "compress", "photo.png", "grey.png", "map.png", "--keep-order", "--format", "kmc", check=1
    )
    assert run.wrote("grey.kmc", "map.kmc")
    for name in ("grey.kmc", "map.kmc"):
        np.testing.assert_array_equal(found(name).labels, CLASSES)


def test_a_label_png_compressed_again_keeps_its_labels(sandbox: Sandbox) -> None:
    write("map.png")
    sandbox.run("compress", "map.png", check=0)
    Path("copy.png").write_bytes(Path("map.labels.png").read_bytes())
    sandbox.run("compress", "copy.png", "-o", "copy.npz", check=0)
    indexed = found("copy.npz")
    np.testing.assert_array_equal(indexed.labels, CLASSES)
    assert indexed.codebook.ravel().tolist() == list(range(16))


def test_spare_entries_are_shown_measured_and_decoded(sandbox: Sandbox) -> None:
    write("map.png")
    run = sandbox.run("compress", "map.png", "--measure", "--json", "-o", "map.kmc",
                      "--keep-order", check=0)  # fmt: skip
    assert json.loads(run.out)["results"][0]["ssim"] == 1
    assert "codebook size K  256" in sandbox.run("info", "map.kmc", check=0).out
    report = sandbox.run("report", "map.png", "map.kmc", "--json", check=0)
    (result,) = json.loads(report.out)["results"]
    assert (result["n_colors"], result["unique_colors_after"]) == (256, 4)
    sandbox.run("decompress", "map.kmc", "-o", "back.png", check=0)
    np.testing.assert_array_equal(codec.read_image("back.png").pixels, COLORS[CLASSES])


def test_greys_beside_unused_colors_are_kept_and_measured(sandbox: Sandbox) -> None:
    image = Image.frombytes("P", (80, 60), CLASSES.tobytes())
    colors = np.repeat(np.arange(16, dtype=np.uint8)[:, None] * 9, 3, axis=1)
    colors[2] = 255, 0, 0
    image.putpalette(colors.tobytes())
    image.save("map.png")
    run = sandbox.run("compress", "map.png", "--measure", "--json", check=0)
    (result,) = json.loads(run.out)["results"]
    assert (result["channels"], result["ssim"], result["mse"]) == (3, 1, 0)
    indexed = found("map.labels.png")
    np.testing.assert_array_equal(indexed.labels, CLASSES)
    np.testing.assert_array_equal(indexed.codebook, colors)
    assert codec.read_image("map.png").pixels.ndim == 2


def test_a_sweep_counts_what_compressing_gives(sandbox: Sandbox) -> None:
    write("map.png")
    for format in ("npz", "png"):
        run = sandbox.run("sweep", "map.png", "-k", "16", "--format", format, "--json", check=0)
        (result,) = json.loads(run.out)["results"]
        run = sandbox.run("compress", "map.png", "-k", "16", "--format", format, "-f", "--json")
        assert result["output_bytes"] == json.loads(run.out)["results"][0]["output_bytes"]
