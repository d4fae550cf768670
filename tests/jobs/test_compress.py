"""Compressing a file: what is written, and what is refused before the work.

Rows are those of the catalogue of bad inputs and faults.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import (
    OUTPUTS,
    PICTURES,
    SAMPLES,
    Pixels,
    Run,
    Sandbox,
    differences,
    few_colors,
    many_colors,
    read_picture,
    refused,
    run_script,
    snapshot,
)
from fault_tools import Faults, inject
from PIL import Image

import codec
from codec import files
from codec.colors.metrics import measure
from codec.compressor import compress_with_details
from codec.formats import files as format_files
from codec.formats.kmc import file as kmc
from codec.images import reading
from codec.jobs import compress
from codec.options import TUNES
from codec.settings import CompressSettings, resolve_engine


@pytest.mark.parametrize("format", OUTPUTS)
@pytest.mark.parametrize("channels", PICTURES)
def test_a_picture_of_few_colors_comes_back_as_it_was(
    sandbox: Sandbox, format: str, channels: str
) -> None:
    pixels = PICTURES[channels]
    sandbox.picture("photo.png", pixels)
    sandbox.run("compress", "photo.png", "--format", format, check=0)
    sandbox.run("decompress", OUTPUTS[format][-1], check=0)
    np.testing.assert_array_equal(read_picture(Path("photo.decoded.png")), pixels)


def test_the_same_command_writes_the_same_bytes(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    for name in ("a.npz", "b.npz"):
        sandbox.run("compress", "photo.png", "-k", "40", "--seed", "3", "-o", name, check=0)
    assert Path("a.npz").read_bytes() == Path("b.npz").read_bytes()
    sandbox.run("decompress", "a.npz", check=0)
    expected = codec.decompress(codec.compress(many_colors(), 40, seed=3))
    np.testing.assert_array_equal(read_picture(Path("a.decoded.png")), expected)


def test_what_is_written_can_be_read_without_this_package(pair: Sandbox) -> None:
    labels, codebook = read_picture(Path("photo.labels.png")), np.load("photo.codebook.npy")
    np.testing.assert_array_equal(codebook[labels], few_colors())
    pair.run("compress", "photo.png", "-o", "photo.npz", check=0)
    with np.load("photo.npz") as archive:
        np.testing.assert_array_equal(archive["codebook"][archive["labels"]], few_colors())
    pair.run("compress", "photo.png", "-o", "indexed.png", check=0)
    np.testing.assert_array_equal(read_picture(Path("indexed.png")), few_colors())


def test_the_codebook_is_written_before_the_labels(  # row 108
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = []

    class Watching(Faults):
        def link(self, source: object, target: Path, **options: Any) -> None:
            order.append(Path(target).name)
            os.link(str(source), target, **options)

    sandbox.picture("a.png")
    inject(monkeypatch, Watching())
    sandbox.run("compress", "a.png", check=0)
    assert order == ["a.codebook.npy", "a.labels.png"]


@pytest.mark.parametrize("kind", ["fs", "ordered"])
def test_command_dithers(sandbox: Sandbox, kind: Any) -> None:
    sandbox.picture("photo.png", many_colors())
    run = sandbox.run(
        "compress", "photo.png", "-k8", "--dither", kind, "--dither-strength", "0.5", "--json",
        "--effort", "fast", check=0,
    )  # fmt: skip
    result = json.loads(run.out)["results"][0]
    assert result["dither"] == kind
    sandbox.run("decompress", "photo.labels.png", check=0)
    expected = codec.compress(many_colors(), 8, effort="fast", dither=kind, dither_strength=0.5)
    decoded = read_picture(sandbox.path("photo.decoded.png"))
    assert np.array_equal(decoded, codec.decompress(expected))
    assert result["mse"] == pytest.approx(measure(many_colors(), decoded).mse)


@pytest.mark.parametrize("tune", [*TUNES, None])
def test_command_tunes(sandbox: Sandbox, tune: str | None) -> None:
    sandbox.picture("photo.png", many_colors())
    more = () if tune is None else ("--tune", tune)
    sandbox.run("compress", "photo.png", "-k", "12", "-o", "photo.npz", *more, check=0)
    found = codec.load("photo.npz")
    by_tune = {one: codec.compress(many_colors(), 12, tune=one) for one in TUNES}
    same = {
        one: np.array_equal(codec.decompress(found), codec.decompress(indexed))
        for one, indexed in by_tune.items()
    }
    assert same == {one: one == (tune or "visual") for one in TUNES}


def test_effort_chooses_the_level(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    for effort in ("fast", "default", "best"):
        sandbox.run("compress", "photo.png", "--effort", effort, "-o", f"{effort}.kmc", check=0)
    headers = [
        kmc.read_header(Path(f"{effort}.kmc").read_bytes(), 1 << 20).fast
        for effort in ("fast", "default", "best")
    ]
    assert headers == [True, False, False]


# As many colors as there are


@pytest.mark.parametrize("size", [26, 27, 28])
def test_a_picture_of_as_many_colors_as_are_allowed_is_lossless(
    sandbox: Sandbox, size: int
) -> None:
    lossless = size >= 27
    engine, dither = ("none", "none") if lossless else (resolve_engine("auto"), "fs")

    details = compress_with_details(few_colors(), CompressSettings(size, dither="fs"))

    assert details.unique_colors == 27
    assert (details.lossless, details.mse == 0) == (lossless, lossless)
    assert (details.engine, details.dither) == (engine, dither)
    assert (codec.decompress(details.indexed) == few_colors()).all() == lossless
    sandbox.picture("photo.png")
    run = sandbox.run("compress", "photo.png", "-k", str(size), "--dither", "fs", "--json")
    (result,) = json.loads(run.out)["results"]
    found = [result[name] for name in ("lossless", "engine", "dither")]
    assert found == [lossless, engine, dither]
    assert ("  lossless  " in run.lines[0]) == lossless


# Larger than the input


def test_a_result_larger_than_its_input_is_skipped_if_asked(sandbox: Sandbox) -> None:
    sandbox.picture("dot.png", few_colors(height=1, width=1))
    run = sandbox.run("compress", "dot.png", "--skip-if-larger", check=3)
    assert run.left_all_as_it_was
    assert run.lines == ["dot.png: skipped: the result would not be smaller than the file"]
    run = sandbox.run("compress", "dot.png", check=0)
    assert "dot.png: notice: the result is larger than the file" in run.lines


def test_a_result_smaller_than_its_input_is_written_all_the_same(sandbox: Sandbox) -> None:
    sandbox.picture("photo.bmp", few_colors(height=50, width=50))
    assert sandbox.run("compress", "photo.bmp", "--skip-if-larger", check=0).new


def test_a_result_exactly_as_large_as_its_input_is_not_larger_nor_smaller(
    sandbox: Sandbox,
) -> None:
    sandbox.picture("dot.png", few_colors(height=1, width=1))
    sandbox.run("compress", "dot.png", "-o", "x.npz", check=0)
    size = Path("x.npz").stat().st_size
    padding = bytes(size - Path("dot.png").stat().st_size)  # which readers of PNG leave alone
    content = Path("dot.png").read_bytes() + padding
    Path("dot.png").write_bytes(content)
    sandbox.run("compress", "dot.png", "-o", "y.npz", "--skip-if-larger", check=3)
    run = sandbox.run("compress", "dot.png", "-o", "y.npz", "--json", check=0)
    (result,) = json.loads(run.out)["results"]
    assert result["output_bytes"] == result["input_bytes"] == size
    assert not any("larger" in line for line in run.lines)
    Path("dot.png").write_bytes(content + b"\0")
    sandbox.run("compress", "dot.png", "-o", "z.npz", "--skip-if-larger", check=0)


def test_a_dense_result_larger_than_its_input_is_skipped_if_asked(sandbox: Sandbox) -> None:
    with Image.open(SAMPLES / "astronaut.png") as image:
        image.crop((0, 0, 200, 200)).save("photo.jpg", quality=30)
    run = sandbox.run("compress", "photo.jpg", "-o", "z.kmc", "--skip-if-larger", check=3)
    assert run.left_all_as_it_was


# Outputs that cannot be written


def test_a_missing_directory_of_the_output_is_refused(pair: Sandbox) -> None:  # row 9
    run = pair.run("compress", "photo.png", "-o", "missing/photo.npz")
    assert refused(run, "photo.png", "no-directory")
    run = pair.run("decompress", "photo.labels.png", "-o", "missing/photo.png")
    assert refused(run, "photo.labels.png", "no-directory")


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_an_output_that_is_a_directory_is_refused(  # row 10
    pair: Sandbox, force: tuple[str, ...]
) -> None:
    for name in ("folder.npz", "folder.png", "half.codebook.npy"):
        Path(name).mkdir()
    run = pair.run("compress", "photo.png", "-o", "folder.npz", *force)
    assert refused(run, "photo.png", "is-directory")
    run = pair.run("compress", "photo.png", "-o", "half.labels.png", *force)
    assert refused(run, "photo.png", "is-directory")
    run = pair.run("decompress", "photo.labels.png", "-o", "folder.png", *force)
    assert refused(run, "photo.labels.png", "is-directory")


@pytest.mark.parametrize("format", ["pair", "npz", "png", "kmc"])
def test_an_existing_output_is_skipped_unless_forced(sandbox: Sandbox, format: str) -> None:
    sandbox.picture("photo.png")  # row 11
    first = sandbox.run("compress", "photo.png", "--format", format, check=0)
    again = sandbox.run("compress", "photo.png", "--format", format, check=3)
    assert again.left_all_as_it_was
    assert again.lines[0].startswith("photo.png: kept: ")
    assert "already exists" in again.lines[0]
    forced = sandbox.run("compress", "photo.png", "--format", format, "--force", check=0)
    assert forced.changed == first.new
    assert not forced.new


@pytest.mark.parametrize("half", ["photo.labels.png", "photo.codebook.npy"])
def test_one_existing_half_of_a_pair_is_enough_to_skip(sandbox: Sandbox, half: str) -> None:
    sandbox.picture("photo.png")  # row 11
    Path(half).write_bytes(b"something else")
    assert sandbox.run("compress", "photo.png", check=3).left_all_as_it_was


def test_an_output_name_that_is_too_long_is_refused_before_the_work(  # row 27
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compress, "read_image", lambda *_, **__: pytest.fail("read for nothing"))
    for stem in ("x" * 251, "x" * 243):
        name = stem + ".png"
        sandbox.picture(name)
        assert refused(sandbox.run("compress", name), name, "name-too-long")


def test_the_longest_output_name_is_written(sandbox: Sandbox) -> None:  # row 27
    name = "x" * 242 + ".png"
    sandbox.picture(name)
    run = sandbox.run("compress", name, check=0)
    assert max(map(len, run.new)) == 255


@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_nothing_is_read_if_the_output_cannot_be_written(  # row 112
    pair: Sandbox, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    def read(*arguments: object, **options: object) -> bytes:
        raise AssertionError("this was read for nothing")

    for module in (files, reading, format_files):
        monkeypatch.setattr(module, "read_file", read)
    name = {"compress": "photo.png", "decompress": "photo.labels.png"}[command]
    output = {"compress": "missing/x.npz", "decompress": "missing/x.png"}[command]
    assert refused(pair.run(command, name, "-o", output), name, "no-directory")


# Permissions


UNPRIVILEGED = """
import os, sys, tempfile
import numpy as np
from codec.cli.commands import main
from codec.files import write_files
from codec.images.writing import encode_image
with tempfile.TemporaryDirectory() as folder:  # import all modules while they can be read
    write_files([(folder + "/x.png", encode_image(np.zeros((2, 2), np.uint8), ".png"))])
    for command, name in (("compress", "/x.png"), ("decompress", "/x.labels.png")):
        assert main([command, "-q", folder + name]) == 0
if os.getuid() == 0:  # whom permissions do not bind
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
print(main(sys.argv[1:]))
"""


def run_unprivileged(sandbox: Sandbox, *arguments: str) -> Run:
    """Run a command as a user whom permissions bind."""
    before = snapshot(sandbox.root)
    done = run_script(UNPRIVILEGED, *arguments, cwd=sandbox.root)
    code = int(done.stdout.splitlines()[-1])
    return Run(code, "", done.stderr, *differences(before, snapshot(sandbox.root)))


def test_a_file_without_permission_is_refused(sandbox: Sandbox) -> None:  # row 16
    sandbox.picture("photo.png")
    Path("photo.png").chmod(0)
    sandbox.root.chmod(0o777)
    run = run_unprivileged(sandbox, "compress", "photo.png")
    assert refused(run, "photo.png", "no-permission")


def test_a_directory_without_permission_is_refused_before_the_work(  # row 112
    sandbox: Sandbox,
) -> None:
    sandbox.picture("photo.png")
    sandbox.root.chmod(0o555)
    try:
        run = run_unprivileged(sandbox, "compress", "photo.png")
        assert refused(run, "photo.png", "no-permission")
        assert "not writable" in run.err
        run = run_unprivileged(sandbox, "compress", "photo.png", "-d", "out")
        assert refused(run, "photo.png", "no-permission")
    finally:
        sandbox.root.chmod(0o755)


# Measures

MEASURES = ("ssim", "delta_e_mean", "delta_e_p95")


@pytest.mark.parametrize("format", OUTPUTS)
@pytest.mark.parametrize("pixels", [many_colors(), few_colors(), many_colors()[:, :, 0]])
def test_only_measure_measures(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, format: str, pixels: Pixels
) -> None:
    sandbox.picture("photo.png", pixels)
    arguments = ("compress", "photo.png", "-k9", "--effort=fast", "--force", "--format", format)
    run = sandbox.run(*arguments, "--json", "--measure", check=0)
    measured = json.loads(run.out)["results"][0]
    verbose = sandbox.run(*arguments, "-v", "--measure", check=0).err
    assert None not in [measured[name] for name in MEASURES]
    assert "SSIM" in verbose

    def refuse(*given: object, **options: object) -> None:
        raise AssertionError("this was measured for nothing")

    monkeypatch.setattr(compress, "quality_facts", refuse)
    run = sandbox.run(*arguments, "--json", check=0)
    result = json.loads(run.out)["results"][0]
    assert {result[name] for name in MEASURES} == {None}
    assert "SSIM" not in sandbox.run(*arguments, "-v", check=0).err
    for name in ("psnr_db", "mse", "lossless", "unique_colors", "n_colors", "part_bytes"):
        expected = measured[name]
        assert result[name] == (
            pytest.approx(expected) if name in ("psnr_db", "mse") else expected
        )
    assert "measure" not in result["stage_seconds"]


def test_the_worst_pixel_is_looked_up_where_it_is_shown(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = many_colors()
    sandbox.picture("photo.png", pixels)
    arguments = ("compress", "photo.png", "-k4", "--effort=fast", "-o", "photo.npz", "--force")
    result = json.loads(sandbox.run(*arguments, "--json", check=0).out)["results"][0]
    errors = abs(pixels.astype(int) - codec.decompress(codec.load("photo.npz"))).max(axis=2)
    x, y = result["worst_at"]
    assert errors[y, x] == errors.max() == result["worst_error"]
    said = f"largest error    {errors.max()} of 255 at ({x}, {y})"
    assert said in sandbox.run(*arguments, "-v", check=0).err
    assert said in sandbox.run("report", "photo.png", "photo.npz", check=0).out
    for command in (("report", "photo.png", "photo.npz"), ("sweep", "photo.png", "-k", "4")):
        more = json.loads(sandbox.run(*command, "--json", check=0).out)["results"][0]
        assert more["worst_at"] is not None
    assert (
        result["worst_at"]
        == json.loads(sandbox.run("report", "photo.png", "photo.npz", "--json").out)["results"][0][
            "worst_at"
        ]
    )

    def refuse(*given: object, **options: object) -> None:
        raise AssertionError("nobody sees it")

    monkeypatch.setattr(compress, "worst_facts", refuse)
    (line,) = sandbox.run(*arguments, check=0).lines
    assert "of 255" not in line


# What reading converted


@pytest.mark.parametrize(
    ("values", "kept"),
    [([30000, 30010], "its color kept"), ([0, 30000], "all 2 colors kept"), ([257, 514], "")],
)
def test_lossless_is_said_where_the_samples_of_the_file_come_back(
    sandbox: Sandbox, values: list[int], kept: str
) -> None:
    Image.fromarray(np.array([values] * 40, np.uint16)).save("photo.png")
    run = sandbox.run("compress", "photo.png", "-o", "photo.npz", "--json", check=0)
    verbose = sandbox.run("compress", "photo.png", "-o", "photo.npz", "-fv", check=0)
    report = sandbox.run("report", "photo.png", "photo.npz", "--json", check=0)
    sweep = sandbox.run("sweep", "photo.png", "-k", "2", "--json", check=0)
    told = ["16-bit samples are rounded to 8 bits"] if kept else []
    for text in (run.out, report.out, sweep.out):
        (result,) = json.loads(text)["results"]
        assert result["lossless"] is not bool(kept)
        assert result["converted"] == told
        assert result["mse"] == 0
    spoken = run.lines[0] + verbose.err + sandbox.run("report", "photo.png", "photo.npz").out
    assert spoken.count("lossless") == (0 if kept else 3)
    if kept:
        assert spoken.count(kept) == 3
