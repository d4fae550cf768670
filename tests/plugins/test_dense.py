"""`codec.register_plugins()`: imageio and Pillow read and write dense files."""

import io
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import pytest
from cli_tools import VECTORS, child_environment, few_colors, many_colors, pixels_of, write_dense
from format_tools import with_profile
from PIL import Image, UnidentifiedImageError

import codec
from codec.errors import FormatError, ImageError, LimitError
from codec.formats.kmc import file as kmc


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_both_give_the_pixels_of_decompress(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "x.kmc"
    pixels = write_dense(path, channels)
    assert np.array_equal(iio.imread(path), pixels)
    assert np.array_equal(iio.imread(path.read_bytes()), pixels)
    pages = iio.imread(path, index=...)  # type: ignore[arg-type]  # which imageio documents
    assert np.array_equal(pages, pixels[np.newaxis])
    assert [frame.shape for frame in iio.imiter(path)] == [pixels.shape]
    properties = iio.improps(path)
    assert (properties.shape, properties.dtype) == (pixels.shape, np.dtype(np.uint8))
    assert iio.immeta(path)["n_colors"] == 9
    with Image.open(path) as image:
        assert (image.format, image.mode, image.size) == ("KMC", "P", (14, 11))
        assert image.has_transparency_data == (channels in (2, 4))
        assert image.get_format_mimetype() == "image/x-kmc"
        assert np.array_equal(np.asarray(image), codec.load(path).labels)
        assert np.array_equal(pixels_of(image), pixels)
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        assert np.array_equal(pixels_of(image.copy()), pixels)


@pytest.mark.parametrize("options", [{}, {"tune": "psnr"}, {"color_space": "lab"}], ids=str)
def test_both_write_what_compress_makes(options: dict[str, Any], tmp_path: Path) -> None:
    pixels, options = many_colors(), {"n_colors": 20, **options}
    expected = codec.decompress(codec.compress(pixels, **options))
    iio.imwrite(tmp_path / "x.kmc", pixels, **options)
    Image.fromarray(pixels).save(tmp_path / "y.kmc", **options)
    assert np.array_equal(codec.decompress(codec.load(tmp_path / "x.kmc")), expected)
    data = iio.imwrite("<bytes>", pixels, extension=".kmc", **options)
    assert data == (tmp_path / "x.kmc").read_bytes() == (tmp_path / "y.kmc").read_bytes()
    Image.fromarray(few_colors()).quantize(8).save(tmp_path / "z.kmc")
    with Image.open(tmp_path / "z.kmc") as image:
        assert len(np.unique(np.asarray(image))) == 8
    with pytest.raises(codec.CodecError):
        iio.imwrite(tmp_path / "y.kmc", pixels, n_colors=0)


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


def test_a_profile_is_read_by_both(tmp_path: Path) -> None:
    path = tmp_path / "x.kmc"
    path.write_bytes(
        kmc.encode(with_profile(codec.load(VECTORS / "flag.kmc"), b"profile"), "best")[0]
    )
    assert iio.immeta(path)["icc_profile"] == b"profile"
    with Image.open(path) as image:
        image.load()
        assert image.info["icc_profile"] == b"profile"


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


def damaged_files() -> list[bytes]:
    """Dense files cut short at every tenth byte and with flipped bits."""
    data = (VECTORS / "flag.kmc").read_bytes()
    cut = [data[:length] for length in range(len(kmc.MAGIC), len(data), max(1, len(data) // 40))]
    flipped = []
    for position in range(len(kmc.MAGIC), len(data), max(1, len(data) // 40)):
        flipped.append(bytearray(data))
        flipped[-1][position] ^= 1 << position % 8
    return [content for content in (*cut, *map(bytes, flipped)) if is_damaged(content)]


def is_damaged(content: bytes) -> bool:
    """Whether it is refused: some bits can be flipped without changing the picture."""
    try:
        kmc.decode(content, max_pixels=100)
    except codec.CodecError:
        return True
    return False


@pytest.mark.parametrize("content", damaged_files())
def test_damage_is_what_their_users_catch(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.kmc"
    path.write_bytes(content)
    with pytest.raises(OSError, match=r".") as of_imageio:
        iio.imread(path)
    assert isinstance(of_imageio.value, codec.CodecError)
    image = None
    try:
        image = Image.open(path)
    except UnidentifiedImageError as error:
        told: OSError = error
    else:
        with image, pytest.raises(OSError, match=r".") as of_pillow:
            image.load()
        told = of_pillow.value
    assert isinstance(told, codec.CodecError)
    assert str(told) == str(of_imageio.value)
    again = pickle.loads(pickle.dumps(told))
    assert (type(again), str(again), again.reason) == (type(told), str(told), told.reason)


def test_what_is_too_large_is_an_error_of_the_system_too(tmp_path: Path) -> None:
    path = VECTORS / "invalid" / "pixel-limit-dense.kmc"
    for read in (iio.imread, iio.improps, Image.open):
        with pytest.raises(OSError, match="limit") as caught:
            read(path)
        assert isinstance(caught.value, LimitError)


def test_without_register_neither_knows_the_file(tmp_path: Path) -> None:
    write_dense(tmp_path / "x.kmc", 3)
    script = (
        "import imageio.v3 as iio, codec\nfrom PIL import Image\n"
        "for read in (iio.imread, Image.open):\n"
        "    try: read('x.kmc')\n    except OSError: print('unknown')\n"
        "codec.register_plugins()\nprint(iio.imread('x.kmc').shape, Image.open('x.kmc').size)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=child_environment(), text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["unknown", "unknown", "(11, 14, 3) (14, 11)"]
