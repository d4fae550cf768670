"""Palette TIFFs as other programs read them, and damaged ones."""

import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tifffile
from large_tools import (
    SHAPES,
    Bytes,
    begin,
    blocks,
    flip,
    made,
    make_sink,
    needs_gdal,
    needs_vips,
    pixels_of,
    write,
)
from PIL import Image

import codec
from codec.errors import CodecError, FormatError, ParameterError
from codec.formats.large import tiff
from codec.formats.large.pixel_tiff import PixelTiff

KINDS = [(1, 3), (7, 1), (17, 3), (256, 1), (256, 3)]


def rgb_of(pixels: Bytes) -> Bytes:
    """Three channels of one, as palettes have them."""
    return pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("size", "channels"), KINDS)
def test_pillow_tifffile_and_read_image_read_it(
    shape: tuple[int, int], size: int, channels: int, tmp_path: Path
) -> None:
    labels, codebook = made(*shape, size, channels)
    path = tmp_path / "a.tif"
    write(path, labels, codebook)
    expected = rgb_of(pixels_of(labels, codebook))

    with Image.open(path) as image:
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image), labels)
        assert np.array_equal(np.asarray(image.convert("RGB")), expected)
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        assert np.array_equal(page.asarray(), labels)
        assert np.array_equal(
            page.colormap[:, :size].T // 257, np.broadcast_to(codebook, (size, 3))
        )
    assert np.array_equal(rgb_of(codec.read_image(path).pixels), expected)


@pytest.mark.slow
@needs_gdal
@pytest.mark.parametrize(("size", "channels"), KINDS)
def test_gdal_reads_it(size: int, channels: int, tmp_path: Path) -> None:
    labels, codebook = made(101, 147, size, channels)
    write(tmp_path / "a.tif", labels, codebook)
    command = ["gdal_translate", "-q", "-expand", "rgb", "-co", "INTERLEAVE=PIXEL"]
    done = subprocess.run(
        [*command, "a.tif", "b.tif"], cwd=tmp_path, capture_output=True, check=True
    )

    assert done.stderr == b""
    found = tifffile.imread(tmp_path / "b.tif")
    assert np.array_equal(found, rgb_of(pixels_of(labels, codebook)))
    with pytest.raises(FormatError, match="another program") as error:
        codec.open(tmp_path / "b.tif")
    assert error.value.reason == "not-compressed"


@pytest.mark.slow
@needs_vips
@pytest.mark.parametrize(("size", "channels"), KINDS)
def test_vips_reads_it(size: int, channels: int, tmp_path: Path) -> None:
    labels, codebook = made(101, 147, size, channels)
    write(tmp_path / "a.tif", labels, codebook)
    command = ["vips", "copy", "a.tif", "b.png"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)

    assert done.stderr == b""
    with Image.open(tmp_path / "b.png") as image:
        found = np.asarray(image.convert("RGB"))
    assert np.array_equal(found, rgb_of(pixels_of(labels, codebook)))


def test_big_tiff_is_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels, codebook = made(101, 147, 200, 3)
    write(tmp_path / "a.tif", labels, codebook)
    monkeypatch.setattr(tiff, "MOST_CLASSIC", 1000)
    write(tmp_path / "b.tif", labels, codebook)

    small, big = ((tmp_path / name).read_bytes() for name in ("a.tif", "b.tif"))
    assert (small[:4], big[:4]) == (b"II\x2a\0", b"II\x2b\0")
    with codec.open(tmp_path / "b.tif") as image, Image.open(tmp_path / "b.tif") as seen:
        assert np.array_equal(image.labels[...], labels)
        assert np.array_equal(np.asarray(seen), labels)
    assert np.array_equal(tifffile.imread(tmp_path / "b.tif"), labels)


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_refused_with_the_formats_that_have_it(channels: int, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"\.zarr, \.png and \.npz") as error:
        write(tmp_path / "a.tif", *made(5, 5, 3, channels))
    assert error.value.reason == "alpha"
    assert list(tmp_path.iterdir()) == []


def test_threads_write_at_once(tmp_path: Path) -> None:
    labels, codebook = made(500, 700, 256, 3)
    with make_sink(tmp_path / "a.tif") as sink, ThreadPoolExecutor(4) as pool:
        begin(sink, labels, codebook, {})
        for future in [pool.submit(sink.write, *block) for block in blocks(sink, labels)]:
            future.result()
        sink.finish()
    with codec.open(tmp_path / "a.tif") as image:
        assert np.array_equal(image.labels[...], labels)


def test_the_same_picture_is_the_same_file_with_any_number_of_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels, codebook = made(500, 700, 256, 3)
    found = set()
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("KMCODEC_THREADS", threads)
        with make_sink(tmp_path / f"{threads}.tif") as sink:
            begin(sink, labels, codebook, {})
            sink.write(0, 0, labels)
            sink.finish()
        with PixelTiff(tmp_path / f"{threads}-pixels.tif", 500, 700, 3) as file:
            file.write(0, 0, codebook[labels])
            file.finish()
        pair = (tmp_path / f"{threads}.tif", tmp_path / f"{threads}-pixels.tif")
        found.add(tuple(path.read_bytes() for path in pair))
    assert len(found) == 1


def test_damage_is_told_by_tile_and_elsewhere_nothing_is_lost(tmp_path: Path) -> None:
    labels, codebook = made(64, 96, 200, 3)
    path = tmp_path / "a.tif"
    write(path, labels, codebook)
    flip(path, 40)  # in what was written first, the last tile

    with codec.open(path) as image:
        assert np.array_equal(image.labels[:32, :96], labels[:32, :96])
        with pytest.raises(FormatError, match="tile 1, 1") as error:
            image[40:50, 50:60]
    assert error.value.reason in {"digest-mismatch", "bad-deflate"}


def test_every_flipped_bit_is_told_or_harmless(tmp_path: Path) -> None:
    labels, codebook = made(20, 60, 5, 3)
    path = tmp_path / "a.tif"
    write(path, labels, codebook)
    data, refused = path.read_bytes(), 0
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
        try:
            with codec.open(path) as image:
                assert np.array_equal(image.labels[...], labels)
                assert np.array_equal(image.codebook, codebook)
        except CodecError:
            refused += 1
    assert refused > len(data) // 2


@pytest.mark.slow
def test_every_cut_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write(path, *made(20, 60, 5, 3))
    data = path.read_bytes()
    for size in range(1, len(data) - 8):
        path.write_bytes(data[:size])
        with pytest.raises(FormatError):
            codec.open(path).labels[...]


def test_a_tiff_of_another_program_is_a_picture(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((5, 5), np.uint8), description="a map")
    with pytest.raises(FormatError) as error:
        codec.open(tmp_path / "a.tif")
    assert error.value.reason == "not-compressed"


def test_a_version_to_come_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write(path, *made(20, 60, 5, 3))
    path.write_bytes(path.read_bytes().replace(b'"version": 1', b'"version": 2'))
    with pytest.raises(FormatError) as error:
        codec.open(path)
    assert error.value.reason == "unsupported-version"


def test_a_directory_that_claims_much_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    entry = struct.pack("<HHII", 270, 2, 0xFFFFFFFF, 8)
    path.write_bytes(struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", 1) + entry)
    with pytest.raises(FormatError):
        codec.open(path)
