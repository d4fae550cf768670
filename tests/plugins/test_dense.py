"""`codec.register()`: imageio and Pillow read dense files; and `kmcodec` in their place."""

import io
import json
import pickle
import subprocess
import sys
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from cli_tools import REPOSITORY, Sandbox, child_environment, few_colors, many_colors
from PIL import Image

import codec
from codec.errors import FormatError, ImageError, LimitError
from codec.formats import kmc
from codec.indexed import IndexedImage

VECTORS = REPOSITORY / "tests" / "vectors"


@pytest.fixture(autouse=True)
def registered() -> None:
    codec.register()
    codec.register()


def stored(path: Path, channels: int) -> np.ndarray:
    state = np.random.default_rng(channels)
    indexed = IndexedImage(
        state.integers(0, 9, (11, 14)).astype(np.uint8),
        state.integers(0, 256, (9, channels)).astype(np.uint8),
    )
    codec.save(indexed, path)
    return codec.decompress(indexed)


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
def test_both_give_the_pixels_of_decompress(tmp_path: Path, channels: int, mode: str) -> None:
    path = tmp_path / "x.kmc"
    pixels = stored(path, channels)
    assert np.array_equal(iio.imread(path), pixels)
    assert np.array_equal(iio.imread(path.read_bytes()), pixels)
    assert np.array_equal(iio.imread(path, index=...), pixels[np.newaxis])
    assert [frame.shape for frame in iio.imiter(path)] == [pixels.shape]
    properties = iio.improps(path)
    assert (properties.shape, properties.dtype) == (pixels.shape, np.dtype(np.uint8))
    assert iio.immeta(path)["n_colors"] == 9
    with Image.open(path) as image:
        assert (image.format, image.mode, image.size) == ("KMC", mode, (14, 11))
        assert np.array_equal(np.asarray(image), pixels)
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        assert np.array_equal(np.asarray(image.copy()), pixels)


def test_there_is_one_picture(tmp_path: Path) -> None:
    stored(tmp_path / "x.kmc", 3)
    with pytest.raises(IndexError, match="one picture"):
        iio.imread(tmp_path / "x.kmc", index=1)


def test_both_write_what_compress_makes(tmp_path: Path) -> None:
    pixels = many_colors()
    expected = codec.decompress(codec.compress(pixels, 20))
    iio.imwrite(tmp_path / "x.kmc", pixels, n_colors=20)
    Image.fromarray(pixels).save(tmp_path / "y.kmc", n_colors=20)
    assert np.array_equal(codec.decompress(codec.load(tmp_path / "x.kmc")), expected)
    data = iio.imwrite("<bytes>", pixels, extension=".kmc", n_colors=20)
    assert data == (tmp_path / "x.kmc").read_bytes() == (tmp_path / "y.kmc").read_bytes()
    Image.fromarray(few_colors()).quantize(8).save(tmp_path / "z.kmc")
    with Image.open(tmp_path / "z.kmc") as image:
        assert image.mode == "RGB"
    with pytest.raises(codec.CodecError):
        iio.imwrite(tmp_path / "y.kmc", pixels, n_colors=0)


def test_damage_is_told_by_both(tmp_path: Path) -> None:
    data = bytearray((VECTORS / "dense-sprites.kmc").read_bytes())
    data[-20] ^= 4
    path = tmp_path / "x.kmc"
    path.write_bytes(data)
    with pytest.raises(FormatError, match="damaged"):
        iio.imread(path)
    with pytest.raises(FormatError, match="damaged"), Image.open(path) as image:
        image.load()
    path.write_bytes((VECTORS / "invalid" / "pixel-limit-dense.kmc").read_bytes())
    with pytest.raises(LimitError):
        iio.imread(path)
    with pytest.raises(LimitError):
        Image.open(path)


def test_without_register_neither_knows_the_file(tmp_path: Path) -> None:
    stored(tmp_path / "x.kmc", 3)
    script = (
        "import imageio.v3 as iio, codec\nfrom PIL import Image\n"
        "for read in (iio.imread, Image.open):\n"
        "    try: read('x.kmc')\n    except OSError: print('unknown')\n"
        "codec.register()\nprint(iio.imread('x.kmc').shape, Image.open('x.kmc').size)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=child_environment(), text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["unknown", "unknown", "(11, 14, 3) (14, 11)"]


# The command


def test_info_tells_the_bytes_of_each_part(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    sandbox.run("compress", "photo.png", "-k", "40", "-o", "x.kmc", check=0)
    sandbox.run("compress", "photo.png", "-k", "40", "--format", "kmc", check=0)
    assert Path("photo.kmc").read_bytes() == Path("x.kmc").read_bytes()
    found = json.loads(sandbox.run("info", "x.kmc", "--json", check=0).out)["results"][0]
    assert found["form"] == "kmc"
    assert set(found["part_bytes"]) == {"labels", "codebook", "seal", "container"}
    assert sum(found["part_bytes"].values()) == Path("x.kmc").stat().st_size
    assert found["verified"] is True
    expected = codec.decompress(codec.compress(many_colors(), 40))
    assert np.array_equal(codec.decompress(codec.load("x.kmc")), expected)
    report = json.loads(sandbox.run("report", "photo.png", "x.kmc", "--json", check=0).out)
    assert report["results"][0]["output_bytes"] == Path("x.kmc").stat().st_size


def test_effort_chooses_the_level(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    for effort in ("fast", "default", "best"):
        sandbox.run("compress", "photo.png", "--effort", effort, "-o", f"{effort}.kmc", check=0)
    headers = [
        kmc.read_header(Path(f"{effort}.kmc").read_bytes(), 1 << 20).fast
        for effort in ("fast", "default", "best")
    ]
    assert headers == [True, False, False]


def test_a_codebook_beside_a_dense_file_is_wrong_usage(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    sandbox.run("compress", "photo.png", "-o", "x.kmc", check=0)
    sandbox.run("compress", "photo.png", check=0)
    run = sandbox.run("decompress", "x.kmc", "--codebook", "photo.codebook.npy", check=1)
    assert any("codebook of its own" in line for line in run.lines)
    assert run.left_all_as_it_was


def test_a_profile_goes_on_with_the_picture(sandbox: Sandbox) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    indexed = codec.load(VECTORS / "flag.kmc")
    Path("x.kmc").write_bytes(kmc.encode(indexed, "best", profile)[0])
    for name in ("x.png", "x.tif"):
        sandbox.run("decompress", "x.kmc", "-o", name, check=0)
        with Image.open(name) as image:
            assert image.info["icc_profile"] == profile
            assert np.array_equal(np.asarray(image), codec.decompress(indexed))
    assert iio.immeta("x.kmc")["icc_profile"] == profile
    with Image.open("x.kmc") as image:
        image.load()
        assert image.info["icc_profile"] == profile
    part_bytes = json.loads(sandbox.run("info", "x.kmc", "--json", check=0).out)["results"][0]
    assert part_bytes["part_bytes"]["profile"] > 0


def test_pillow_writes_the_modes_it_can_keep(tmp_path: Path) -> None:
    path = tmp_path / "x.kmc"
    bits = Image.fromarray(np.eye(9, dtype=bool))
    bits.save(path)
    with Image.open(path) as image:
        assert image.mode == "L"
        assert np.array_equal(np.asarray(image), np.eye(9, dtype=np.uint8) * 255)
    for mode in ("I", "F", "I;16", "CMYK", "LAB", "La"):
        with pytest.raises(ImageError, match="mode"):
            Image.new(mode, (3, 3)).save(tmp_path / "y.kmc")


def test_a_profile_is_stored_by_both(tmp_path: Path) -> None:
    pixels = few_colors()
    Image.fromarray(pixels).save(tmp_path / "x.kmc", icc_profile=b"profile")
    iio.imwrite(tmp_path / "y.kmc", pixels, icc_profile=b"profile")
    for name in ("x.kmc", "y.kmc"):
        with Image.open(tmp_path / name) as image:
            assert image.info["icc_profile"] == b"profile"
            image.copy().save(tmp_path / "z.kmc")
        assert iio.immeta(tmp_path / "z.kmc")["icc_profile"] == b"profile"
    with pytest.raises(ImageError, match="too large"):
        iio.imwrite(tmp_path / "w.kmc", pixels, icc_profile=bytes((1 << 20) + 1))


def test_an_opened_image_goes_to_other_processes(tmp_path: Path) -> None:
    pixels = stored(tmp_path / "x.kmc", 4)
    with Image.open(tmp_path / "x.kmc") as image:
        again = pickle.loads(pickle.dumps(image))
    assert np.array_equal(np.asarray(again), pixels)


def test_kinds_of_file_without_profiles_say_so(sandbox: Sandbox) -> None:
    Path("x.kmc").write_bytes(kmc.encode(codec.load(VECTORS / "flag.kmc"), "best", b"ICC")[0])
    run = sandbox.run("decompress", "x.kmc", "-o", "x.bmp", check=0)
    assert any("no ICC profile" in line for line in run.lines)


def test_sweep_and_skip_if_larger_know_dense_files(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    run = sandbox.run("sweep", "photo.png", "-k", "4", "9", "--format", "kmc", check=0)
    sandbox.run("compress", "photo.png", "-k", "9", "-o", "x.kmc", check=0)
    assert str(Path("x.kmc").stat().st_size) in run.out
    photograph = REPOSITORY / "samples" / "astronaut.png"
    with Image.open(photograph) as image:
        image.crop((0, 0, 200, 200)).save("photo.jpg", quality=30)
    run = sandbox.run("compress", "photo.jpg", "-o", "z.kmc", "--skip-if-larger", check=3)
    assert run.left_all_as_it_was


def test_a_truncated_file_is_told_and_the_others_are_done(sandbox: Sandbox) -> None:
    data = (VECTORS / "dense-sprites.kmc").read_bytes()
    for folder in ("in", "in/sub"):
        Path(folder).mkdir()
        Path(folder, "good.kmc").write_bytes(data)
    Path("in/bad.kmc").write_bytes(data[:15])
    run = sandbox.run("decompress", "-r", "in", "-d", "out", check=1)
    assert any("bad.kmc" in line and "cut short" in line for line in run.lines)
    assert run.wrote("out", "out/good.decoded.png", "out/sub", "out/sub/good.decoded.png")
    assert sandbox.run("info", "in/bad.kmc", check=1).left_all_as_it_was


def test_a_slow_coder_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "flag.kmc").write_bytes((VECTORS / "flag.kmc").read_bytes())
    script = (
        "import sys\nfrom codec import kernels\nkernels.compiled = lambda: False\n"
        "sys.argv = ['kmcodec', 'decompress', 'flag.kmc']\n"
        "from codec.__main__ import run\nrun()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=child_environment(), text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    first = done.stderr.splitlines()[0]
    assert first.startswith("kmcodec: warning: without compiled kernels")
    assert done.stderr.count("warning") == 1
    assert (tmp_path / "flag.decoded.png").exists()
