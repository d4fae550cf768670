"""Files that are compressed block by block give what compressing them from memory gives."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from cli_tools import (
    Sandbox,
    child_environment,
    few_colors,
    many_colors,
    refused,
    run_script,
    sample,
    with_alpha,
    write_picture,
)
from marks import needs_kernels
from png_tools import IEND, idat, ihdr, png

import codec
from codec.encoder import chunked, cutting
from codec.errors import FileError
from codec.files.digests import content_digest
from codec.formats.registry import LARGE_FORMATS, output_format_of
from codec.jobs import large
from codec.jobs.compress import compress_file
from codec.jobs.large import compress_large
from codec.limits import MAX_PIXELS
from codec.settings import CompressSettings, ReadOptions, WriteOptions

Pixels = npt.NDArray[np.uint8]

# Of the samples, every so many pixels.
PICTURES: dict[str, Callable[[], Pixels]] = {
    "photo": lambda: sample("astronaut.png", 2),
    "screen": lambda: sample("page.png", 3),
    "shades": lambda: many_colors(height=90, width=120),
    "grey": lambda: many_colors(height=40, width=50)[:, :, 1],
    "sprites": lambda: sample("sprites.png", 2),
    "few": few_colors,
}
NAMES = ["out.labels.png", "out.npz", "out.png"]
STORES = ["out.zarr", "out.tif"]


def limit_to(monkeypatch: pytest.MonkeyPatch, pixels: int) -> tuple[str, str]:
    """Let pictures of more pixels be larger than memory; the option that says so."""
    monkeypatch.setattr(large, "MAX_PIXELS", pixels)
    return "--max-pixels", str(pixels)


def equal(first: str, second: str) -> None:
    """Labels, codebook and the word of a seal are the same."""
    one, other = codec.open(first), codec.open(second)
    np.testing.assert_array_equal(one.codebook, other.codebook)
    np.testing.assert_array_equal(one.labels[:], other.labels[:])
    assert one.verified
    assert other.verified


@needs_kernels
@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_too_large_for_memory_becomes_what_it_would_in_memory(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, picture: str, name: str
) -> None:
    sandbox.picture("photo.png", PICTURES[picture]())
    whole = sandbox.run("compress", "photo.png", "-o", f"whole.{name}", "--json", check=0)
    limit = limit_to(monkeypatch, 100)

    run = sandbox.run("compress", "photo.png", "-o", name, *limit, "--json", check=0)

    equal(name, f"whole.{name}")
    (found,), (expected,) = (json.loads(each.out)["results"] for each in (run, whole))
    for fact in (
        "status", "input_bytes", "raw_bytes", "format", "width", "height", "channels", "n_colors",
        "n_colors_asked", "codebook_from", "unique_colors", "unique_colors_after", "lossless",
        "converted", "worst_error", "engine", "verified",
    ):  # fmt: skip
        assert found[fact] == expected[fact], fact
    assert found["mse"] == pytest.approx(expected["mse"], rel=1e-12)
    assert found["output_bytes"] == sum(Path(path).stat().st_size for path in found["outputs"])
    assert found["dither"] == expected["dither"]


@needs_kernels
@pytest.mark.parametrize("picture", ["photo", "screen", "few"])
@pytest.mark.parametrize("name", STORES)
def test_a_store_has_the_labels_of_a_pair(sandbox: Sandbox, picture: str, name: str) -> None:
    if name.endswith("zarr"):
        pytest.importorskip("zarr")
    pixels = PICTURES[picture]()
    sandbox.picture("photo.png", pixels)

    run = sandbox.run("compress", "photo.png", "-o", name, "--json", check=0)

    indexed = codec.compress(pixels, format="npz")
    with codec.open(name) as stored:
        np.testing.assert_array_equal(stored.codebook, indexed.codebook)
        np.testing.assert_array_equal(stored.labels[:], indexed.labels)
        np.testing.assert_array_equal(stored[:], codec.decompress(indexed))
        assert stored.facts["n_colors"] == 256
    (result,) = json.loads(run.out)["results"]
    assert result["outputs"] == [name]
    assert result["format"] == {".zarr": "zarr", ".tif": "tiff"}[Path(name).suffix]
    assert result["part_bytes"] == {"file": large.size_of(Path(name))}


@needs_kernels
def test_palette_indices_and_options_are_heeded(sandbox: Sandbox) -> None:
    pixels = many_colors(height=60, width=70)
    sandbox.picture("photo.png", pixels)
    options = ("-k", "9", "--tune", "psnr", "--seed", "3", "--dither", "fs")

    sandbox.run("compress", "photo.png", "-o", "out.tif", *options, check=0)

    expected = codec.compress(pixels, 9, tune="psnr", seed=3, dither="fs", format="npz")
    with codec.open("out.tif") as stored:
        np.testing.assert_array_equal(stored.labels[:], expected.labels)
        assert stored.facts["seed"] == 3
        assert stored.facts["dither"] == "fs"
        assert "source" not in stored.facts  # so that the same picture becomes the same bytes


def test_a_picture_that_is_read_whole_alone_is_compressed_to_tiles(sandbox: Sandbox) -> None:
    pixels = few_colors()
    sandbox.picture("photo.webp")  # lossy: what it has is what counts
    sandbox.picture("photo.bmp", pixels)

    sandbox.run("compress", "photo.bmp", "-o", "out.tif", check=0)
    run = sandbox.run("compress", "photo.bmp", "-o", "out.png", "--max-pixels", "100")

    np.testing.assert_array_equal(codec.open("out.tif")[:], pixels)
    assert refused(run, "photo.bmp", "pixel-limit")


def test_what_cannot_be_read_in_blocks_says_what_to_do(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.picture("photo.bmp")
    run = sandbox.run("compress", "photo.bmp", "-o", "out.png", *limit_to(monkeypatch, 100))
    assert refused(run, "photo.bmp", "no-stream")
    assert "tiled TIFF" in run.err


def test_a_dense_file_is_refused_with_the_formats_that_can(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.picture("photo.png")
    run = sandbox.run("compress", "photo.png", "--format", "kmc", *limit_to(monkeypatch, 100))
    assert refused(run, "photo.png", "pixel-limit")
    assert ".zarr, .tif" in run.err


@pytest.mark.parametrize(
    "options",
    [
        ("--max-bytes", "30%"), ("--min-psnr", "30"), ("--rate-distortion", "1"), ("--auto",),
        ("--html", "x.html"), ("--scale-range",),
    ],
    ids=lambda options: options[0],
)  # fmt: skip
def test_what_takes_the_picture_in_memory_is_refused(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    sandbox.picture("photo.png")
    limit = limit_to(monkeypatch, 100)
    run = sandbox.run("compress", "photo.png", "-o", "out.png", *options, *limit)
    assert refused(run, "photo.png", "chunked")

    run = sandbox.run("compress", "photo.png", "-o", "out.tif", *options)
    assert run.code == 2
    assert len(run.lines) == 1
    assert run.lines[0].endswith("(chunked)")
    assert run.left_all_as_it_was


def test_what_is_not_measured_is_said(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    run = sandbox.run("compress", "photo.png", "-o", "out.tif", "--measure", check=0)
    assert f"photo.png: notice: {large.NOT_MEASURED}" in run.lines


def test_a_picture_with_alpha_is_no_tiff(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", with_alpha())
    run = sandbox.run("compress", "photo.png", "-o", "out.tif")
    assert refused(run, "photo.png", "alpha")


def test_a_result_that_is_larger_is_said_or_removed(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    skipped = sandbox.run("compress", "photo.png", "-o", "out.tif", "--skip-if-larger", check=3)
    assert skipped.left_all_as_it_was
    done = sandbox.run("compress", "photo.png", "-o", "out.tif", check=0)
    assert "photo.png: notice: the result is larger than the file" in done.lines
    both = ("--force", "--skip-if-larger")
    assert refused(sandbox.run("compress", "photo.png", "-o", "out.tif", *both), "photo.png",
                   "chunked")  # fmt: skip


def test_a_zarr_that_is_larger_is_removed_whole(sandbox: Sandbox) -> None:
    pytest.importorskip("zarr")
    sandbox.picture("photo.png")
    run = sandbox.run("compress", "photo.png", "-o", "out.zarr", "--skip-if-larger", check=3)
    assert run.left_all_as_it_was


def test_progress_counts_the_blocks_of_both_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr(cutting, "_BLOCK_PIXELS", 1 << 14)
    source = write_picture(tmp_path / "a.png", np.zeros((1100, 40, 3), dtype=np.uint8))
    told: list[tuple[int, int]] = []

    compress_file(
        source, tmp_path / "a.tif", LARGE_FORMATS["tiff"], CompressSettings(), ReadOptions(),
        WriteOptions(), progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip

    assert told == [(done, 6) for done in range(1, 7)]


@pytest.mark.parametrize("name", ["a.png", "a.npz", "a.labels.png"])
def test_files_in_blocks_are_claimed_before_they_have_names(tmp_path: Path, name: str) -> None:
    source = write_picture(tmp_path / "in.png", np.zeros((40, 40, 3), dtype=np.uint8))
    claimed: dict[Path, str] = {}

    def claim(path: Path, content: bytes | Path) -> None:
        assert not path.exists()
        claimed[path] = content_digest(content)

    format = output_format_of(name)
    compress_large(
        source, tmp_path / name, format, CompressSettings(), ReadOptions(),
        WriteOptions(claim=claim),
    )  # fmt: skip
    assert claimed == {path: content_digest(path) for path in format.files(tmp_path / name)}
    before = {path: path.read_bytes() for path in claimed}

    def refuse(path: Path, content: bytes | Path) -> None:
        raise FileError("somebody else has put one there", "exists")

    with pytest.raises(FileError):
        compress_large(
            source, tmp_path / name, format, CompressSettings(), ReadOptions(),
            WriteOptions(force=True, claim=refuse),
        )  # fmt: skip
    assert {path: path.read_bytes() for path in claimed} == before


# What only a process of its own tells

BANDS = """
import struct, sys, zlib
side = int(sys.argv[2])
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
with open(sys.argv[1], "wb") as file:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    file.write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header))
    deflater = zlib.compressobj(1)
    for y in range(side):
        color = bytes((y // 64 * 37 % 256, y // 32 % 256, y // 90 * 11 % 256))
        if data := deflater.compress(b"\\0" + color * side):
            file.write(chunk(b"IDAT", data))
    file.write(chunk(b"IDAT", deflater.flush()) + chunk(b"IEND", b""))
"""
PEAK = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-m", "codec", *sys.argv[1:]])
_, status, usage = os.wait4(child.pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@needs_kernels
@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is told in other units")
@pytest.mark.parametrize("name", ["out.png", "out.zarr"])
def test_a_picture_of_100_megapixels_takes_a_part_of_its_memory(tmp_path: Path, name: str) -> None:
    if name.endswith("zarr"):
        pytest.importorskip("zarr")
    run_script(BANDS, "big.png", "10000", cwd=tmp_path)

    done = run_script(PEAK, "compress", "big.png", "-o", name, "--max-pixels",
                      str(MAX_PIXELS), cwd=tmp_path)  # fmt: skip

    assert int(done.stdout) < 350 << 10  # KiB; in memory it takes 800 MiB
    with codec.open(tmp_path / name, max_pixels=10**8) as found:
        assert found.shape == (10000, 10000, 3)
        for y in (0, 63, 64, 5000, 9999):
            color = [y // 64 * 37 % 256, y // 32 % 256, y // 90 * 11 % 256]
            expected = np.array(color, dtype=np.int16)
            assert np.abs(found[y : y + 1, 17:23] - expected).max() <= 40


@needs_kernels
@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="nothing kills so")
def test_a_store_is_continued_after_the_command_was_killed(tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    run_script(BANDS, "big.png", "6000", cwd=tmp_path)
    command = [sys.executable, "-m", "codec", "compress", "big.png", "-o"]
    options: dict[str, Any] = {"cwd": tmp_path, "env": child_environment()}
    subprocess.run([*command, "whole.zarr", "-q"], check=True, timeout=120, **options)
    child = subprocess.Popen([*command, "out.zarr", "-q"], **options)
    written = tmp_path / "out.zarr" / "labels" / "c"
    while child.poll() is None and len(list(written.glob("*/*"))) < 8:
        time.sleep(0.002)
    child.kill()
    assert child.wait() == -signal.SIGKILL
    kept = {path: path.stat().st_mtime_ns for path in written.glob("*/*") if path.is_file()}
    progress = len(list((tmp_path / "out.zarr" / "progress" / "c").glob("*/*/*")))
    assert 0 < progress < 36

    subprocess.run([*command, "out.zarr", "-q"], check=True, timeout=120, **options)

    with codec.open(tmp_path / "out.zarr") as out, codec.open(tmp_path / "whole.zarr") as whole:
        np.testing.assert_array_equal(out.labels[:], whole.labels[:])
        np.testing.assert_array_equal(out.codebook, whole.codebook)
    # The first blocks were not written again.
    same = [path for path, then in kept.items() if path.stat().st_mtime_ns == then]
    assert len(same) >= 6


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is one of Linux")
@pytest.mark.parametrize("name", ["out.tif", "out.zarr", "out.labels.png"])
def test_a_disk_that_is_full_is_told_in_a_line(tmp_path: Path, name: str) -> None:
    if name.endswith("zarr"):
        pytest.importorskip("zarr")
    pixels = np.random.RandomState(0).randint(0, 256, (900, 900, 3)).astype(np.uint8)
    write_picture(tmp_path / "a.png", pixels)
    limited = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY)); "
        "from codec.cli.process import guarded; from codec.cli.commands import main; "
        f"print(main(['compress', 'a.png', '-o', '{name}', '--max-pixels', '{MAX_PIXELS}']))"
    )
    done = run_script(limited, cwd=tmp_path)
    assert done.stdout == "1\n"
    (line,) = done.stderr.splitlines()
    assert line.startswith("kmcodec: error: a.png: ")
    assert line.endswith("(no-space)")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_picture_that_changes_between_the_passes_is_refused(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.picture("a.png")
    choose = chunked.fit

    def change(*arguments: Any, **options: Any) -> Any:
        sandbox.picture("a.png", few_colors(3, height=20))
        return choose(*arguments, **options)

    monkeypatch.setattr("codec.encoder.streaming.fit", change)
    run = sandbox.run("compress", "a.png", "-o", "out.tif")
    assert run.code == 1
    assert run.lines[0].endswith("(input-changed)")
    assert run.new == frozenset()


def test_a_missing_package_is_named(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zarr", None)
    sandbox.picture("a.png")
    run = sandbox.run("compress", "a.png", "-o", "out.zarr")
    assert refused(run, "a.png", "not-installed")
    assert 'pip install "kmcodec[large]"' in run.err


def test_a_picture_that_was_converted_is_not_lossless(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = b"".join(b"\0" + bytes([y, 7] * 20) for y in range(20))
    Path("deep.png").write_bytes(png(ihdr(20, 20, 16), idat(rows), IEND))
    whole = sandbox.run("compress", "deep.png", "-o", "whole.npz", "--json", check=0)
    limit = limit_to(monkeypatch, 100)

    run = sandbox.run("compress", "deep.png", "-o", "out.npz", *limit, "--json", check=0)

    (found,), (expected,) = (json.loads(each.out)["results"] for each in (run, whole))
    assert found["converted"]
    for fact in ("lossless", "converted", "mse"):
        assert found[fact] == expected[fact], fact
    assert found["lossless"] is False


def test_progress_counts_what_is_there_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("zarr")
    monkeypatch.setattr(cutting, "_BLOCK_PIXELS", 1 << 14)
    source = write_picture(tmp_path / "a.png", np.zeros((2100, 40, 3), dtype=np.uint8))
    told: list[tuple[int, int]] = []

    def compress(progress: Callable[[int, int], None]) -> None:
        compress_file(
            source, tmp_path / "a.zarr", LARGE_FORMATS["zarr"], CompressSettings(),
            ReadOptions(), WriteOptions(), progress=progress,
        )  # fmt: skip

    def stop(done: int, total: int) -> None:
        if done == total - 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compress(stop)
    compress(lambda done, total: told.append((done, total)))

    # Two of three bands were written before, and are passed over.
    assert told == [(1, 6), (2, 6), (3, 6), (6, 6)]
