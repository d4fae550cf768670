"""Targets in place of K: met, used, or the best that can be."""

import functools
import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from alpha_tools import WITH_ALPHA
from cli_tools import few_colors, many_colors, sample, soft_shades
from marks import needs_kernels
from scene_tools import flag

import codec
from codec.colors.metrics import channel_errors, mean_ssim, measure
from codec.colors.pixels import as_channels
from codec.compressor import compress_with_details
from codec.encoder.steps import Compression
from codec.errors import ParameterError, TargetError
from codec.formats.registry import FORMATS
from codec.options import EffortChoice
from codec.settings import CompressSettings, Targets

Pixels = npt.NDArray[np.uint8]
PHOTO = many_colors(height=48, width=64)
PICTURES = {
    1: PHOTO[:, :, :1],
    2: WITH_ALPHA["glow"]()[:, :, 2:],
    3: PHOTO,
    4: WITH_ALPHA["glow"](),
}
formats = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs_kernels if name == "kmc" else ()) for name in FORMATS]
)
cases = pytest.mark.parametrize(
    ("channels", "tune"), [(1, "visual"), (2, "psnr"), (3, "psnr"), (4, "visual")]
)


@functools.cache
def found(
    channels: int,
    name: str = "png",
    tune: str = "visual",
    effort: EffortChoice = "default",
    **targets: Any,
) -> Compression:
    """What targets give."""
    settings = CompressSettings(tune=tune, effort=effort, targets=Targets(**targets))
    return compress_with_details(PICTURES[channels], settings, format=FORMATS[name])


@functools.cache
def plain_bytes(channels: int, name: str, tune: str, size: int = 256) -> int:
    """Bytes of so many code-words, without targets."""
    settings = CompressSettings(size, tune=tune, dither="none")
    details = compress_with_details(PICTURES[channels], settings, format=FORMATS[name])
    return sum(map(len, FORMATS[name].encode(details.indexed, "default")))


def decoded(compression: Compression, name: str) -> Pixels:
    """The picture in the files."""
    assert compression.files is not None
    contents = FORMATS[name].decode(*compression.files, max_pixels=1 << 20)
    return as_channels(codec.decompress(contents.indexed))


@formats
@cases
def test_bytes_are_kept_to_and_used(channels: int, name: str, tune: str) -> None:
    low, high = plain_bytes(channels, name, tune, 8), plain_bytes(channels, name, tune)
    shares = []
    for limit in (low, (low + high) // 2):
        compression = found(channels, name, tune, max_bytes=limit)
        assert compression.files is not None
        size = sum(map(len, compression.files))
        assert size <= limit
        assert compression.encodings <= 4
        # The files are those of the indexed image that is told.
        assert list(compression.files) == FORMATS[name].encode(compression.indexed, "default")
        assert decoded(compression, name).shape == PICTURES[channels].shape
        shares.append(size / limit)
    assert max(shares) >= 0.9, shares
    assert min(shares) >= 0.75, shares


def test_more_bytes_have_less_error() -> None:
    errors = [found(3, max_bytes=limit).mse for limit in (1200, 2000, 3500, 6000)]
    assert errors == sorted(errors, reverse=True)
    assert len({*errors}) >= 3  # 3,500 bytes may be enough for all code-words


@needs_kernels
@pytest.mark.parametrize("effort", ["fast", "default"])
@pytest.mark.parametrize("name", ["png", "kmc"])
@pytest.mark.parametrize("kind", ["shades", "map"])
def test_more_bytes_serve_no_worse_however_few(name: str, kind: str, effort: EffortChoice) -> None:
    picture = soft_shades() if kind == "shades" else sample("map.png")[60:220, 60:260]
    settings = CompressSettings(effort="fast", dither="none")
    plain = compress_with_details(picture, settings, format=FORMATS[name]).indexed
    size, errors = sum(map(len, FORMATS[name].encode(plain, "fast"))), []
    for part in (0.06, 0.12, 0.2, 0.3, 0.45):
        settings = CompressSettings(effort=effort, targets=Targets(max_bytes=int(part * size)))
        errors.append(compress_with_details(picture, settings, format=FORMATS[name]).mse)
    assert errors == sorted(errors, reverse=True)


@needs_kernels
def test_bytes_are_used_where_labels_for_their_bytes_save_none() -> None:
    settings = CompressSettings(effort="fast", dither="none")
    plain = compress_with_details(flag(), settings, format=FORMATS["png"]).indexed
    limit = sum(map(len, FORMATS["png"].encode(plain, "fast"))) * 7 // 10
    settings = CompressSettings(targets=Targets(max_bytes=limit))
    compression = compress_with_details(flag(), settings, format=FORMATS["png"])
    assert compression.rate_distortion == 0
    assert 0.95 * limit <= sum(map(len, compression.files or ())) <= limit


@formats
@pytest.mark.parametrize(("channels", "tune"), [(1, "visual"), (3, "psnr"), (3, "visual")])
def test_a_number_of_colors_serves_no_better(channels: int, name: str, tune: str) -> None:
    settings = CompressSettings(40, tune=tune, dither="none")
    plain = compress_with_details(PICTURES[channels], settings, format=FORMATS[name])
    size = sum(map(len, FORMATS[name].encode(plain.indexed, "default")))
    # Up to a twentieth may stay unused.
    compression = found(channels, name, tune, max_bytes=size * 21 // 20)
    assert compression.mse <= 1.05 * plain.mse
    quality = measure(PICTURES[channels], decoded(compression, name)).psnr_db
    again = found(channels, name, tune, min_psnr=quality)
    assert sum(map(len, again.files or ())) <= size * 11 // 10


@needs_kernels
@pytest.mark.parametrize("name", FORMATS)
def test_labels_for_their_bytes_make_up_for_more_colors(name: str) -> None:
    settings = CompressSettings(40, tune="psnr", dither="none")
    plain = compress_with_details(PHOTO, settings, format=FORMATS[name])
    size = sum(map(len, FORMATS[name].encode(plain.indexed, "default")))
    compression = found(3, name, "psnr", max_bytes=size)
    assert compression.rate_distortion > 0
    assert compression.mse <= 0.75 * plain.mse


@needs_kernels
def test_colors_are_fewer_where_labels_for_their_bytes_are_not_enough() -> None:
    compression = found(3, "png", "psnr", min_psnr=20.0)
    assert 20.0 <= measure(PHOTO, decoded(compression, "png")).psnr_db <= 20.1


def test_bytes_enough_for_everything_take_all_code_words() -> None:
    compression = found(3, max_bytes=10**6)
    assert compression.encodings == 1
    assert compression.indexed.n_colors > 250


@formats
@cases
def test_psnr_is_met_and_hardly_exceeded(channels: int, name: str, tune: str) -> None:
    compression = found(channels, name, tune, min_psnr=31.0)
    quality = measure(PICTURES[channels], decoded(compression, name))
    assert quality.psnr_db >= 31.0
    if channels == 3:
        assert quality.psnr_db <= 31.1
    smaller = found(channels, name, tune, min_psnr=26.0)
    assert sum(map(len, smaller.files or ())) < sum(map(len, compression.files or ()))


def test_ssim_is_met_by_fewer_bytes_than_all() -> None:
    for least in (0.5, 0.75):
        compression = found(3, min_ssim=least)
        similarity = mean_ssim(PHOTO, decoded(compression, "png"))
        assert similarity is not None
        assert least <= similarity <= least + 0.05
    assert compression.indexed.n_colors < 200


def test_ssimulacra2_is_met_or_its_package_named() -> None:
    try:
        import ssimulacra2  # noqa: F401
    except ImportError:
        with pytest.raises(ParameterError, match="pip install"):
            found(3, min_ssimulacra2=5.0)
        return
    assert found(3, min_ssimulacra2=-20.0).mse > found(3, min_ssimulacra2=5.0).mse


@pytest.mark.parametrize("channels", PICTURES)
@pytest.mark.parametrize("error", [12, 30])
def test_the_largest_error_is_kept_to(channels: int, error: int) -> None:
    compression = found(channels, max_error=error)
    worst = channel_errors(PICTURES[channels], decoded(compression, "png")).max()
    assert worst == compression.worst_error <= error


def test_hidden_colors_count_if_they_are_to_be_exact() -> None:
    pixels = WITH_ALPHA["glow"]()
    pixels[..., :3][pixels[..., 3] == 0] = (9, 90, 190)
    for exact in (False, True):
        indexed = codec.compress(pixels, max_error=25, exact=exact)
        difference = np.abs(pixels.astype(int) - codec.decompress(indexed)).max(axis=2)
        assert difference[pixels[..., 3] > 0].max() <= 25
        assert (difference.max() <= 25) == exact


def test_targets_together_are_all_met() -> None:
    compression = found(3, max_error=24, min_psnr=32.0, max_bytes=9000)
    quality = measure(PHOTO, decoded(compression, "png"))
    assert quality.psnr_db >= 32
    assert compression.worst_error <= 24
    assert sum(map(len, compression.files or ())) <= 9000
    alone = found(3, max_error=24)
    assert sum(map(len, alone.files or ())) <= sum(map(len, compression.files or ()))


@pytest.mark.parametrize(
    ("targets", "best"),
    [
        ({"min_psnr": 90}, r"90 dB cannot be reached, \d\d\.\d+ dB can"),
        ({"min_ssim": 0.9999}, r"SSIM 0\.9999 cannot be reached, SSIM 0\.\d+ can"),
        ({"max_error": 1}, r"a largest error of 1 cannot be reached, \d+ can"),
        ({"max_bytes": 20}, r"20 bytes are too few: it takes \d+"),
        ({"min_psnr": 30, "max_bytes": 300}, r"300 bytes are too few .* it takes \d+"),
        ({"min_psnr": 60, "max_error": 60}, r"60 dB cannot be reached"),
    ],
    ids=str,
)
def test_the_best_that_can_be_is_named(targets: dict[str, Any], best: str) -> None:
    with pytest.raises(TargetError, match=best) as caught:
        codec.compress(PHOTO, format="png", **targets)
    assert caught.value.reason == "target-not-reachable"


@pytest.mark.parametrize(
    ("options", "nearer"),
    [
        ({"min_psnr": 90}, "tune='psnr' gets nearer"),
        ({"min_psnr": 90, "n_colors": 64}, "n_colors over 64 and tune='psnr' get nearer"),
        ({"min_psnr": 90, "n_colors": 64, "tune": "psnr"}, "n_colors over 64 gets nearer"),
        ({"min_psnr": 90, "tune": "psnr"}, None),
        ({"min_ssim": 0.9999}, None),
        ({"min_ssim": 0.9999, "n_colors": 9}, "n_colors over 9 gets nearer"),
    ],
    ids=str,
)
def test_what_gets_nearer_is_named_if_it_is_known(
    options: dict[str, Any], nearer: str | None
) -> None:
    with pytest.raises(TargetError) as caught:
        codec.compress(PHOTO, format="png", **options)
    said = str(caught.value)
    assert said.endswith(f" ({nearer})" if nearer else " can")


def test_what_is_said_to_get_nearer_does() -> None:
    def best(**options: Any) -> float:
        with pytest.raises(TargetError) as caught:
            codec.compress(PHOTO, format="png", min_psnr=90, **options)
        return float(str(caught.value).split("reached, ")[1].split(" dB")[0])

    assert best(n_colors=64) < best(n_colors=64, tune="psnr") < best(tune="psnr")
    assert best() < best(tune="psnr")


def test_the_best_that_is_named_can_be_had() -> None:
    for name, wrong in (("min_psnr", 90), ("max_error", 1), ("max_bytes", 20)):
        with pytest.raises(TargetError) as caught:
            codec.compress(PHOTO, format="png", **{name: wrong})  # type: ignore[arg-type]
        best = float(re.findall(r"[0-9.]+", str(caught.value))[-1])
        least = best - 0.01 if name == "min_psnr" else int(best)
        codec.compress(PHOTO, format="png", **{name: least})  # type: ignore[arg-type]


def test_k_is_the_most_that_is_allowed() -> None:
    assert codec.compress(PHOTO, 9, max_bytes=10**6).n_colors <= 9
    with pytest.raises(TargetError):
        codec.compress(PHOTO, 9, min_psnr=33)


def test_what_fits_is_lossless() -> None:
    pixels = few_colors()
    for targets in ({"max_bytes": 5000}, {"min_psnr": 100}, {"max_error": 0}, {"min_ssim": 1}):
        indexed = codec.compress(pixels, **targets)  # type: ignore[arg-type]
        assert (codec.decompress(indexed) == pixels).all(), targets
    assert len(np.unique(codec.compress(pixels, max_bytes=330).codebook)) < 27


def test_labels_that_are_given_are_kept_where_they_fit() -> None:
    levels = (np.arange(48, dtype=np.uint8).reshape(6, 8) // 7) * 3
    assert (codec.compress(levels, max_bytes=4000).labels == levels).all()
    # Not where fewer bytes do.
    assert codec.compress(levels, min_psnr=20).n_colors < 7


def test_auto_takes_the_knee_and_says_why() -> None:
    compression = found(3, auto=True)
    assert 4 <= compression.indexed.n_colors <= 64
    assert "knee" in (compression.choice or "")
    assert codec.compress(few_colors()[:1, :1], auto=True).n_colors == 1


def test_results_do_not_change_from_run_to_run() -> None:
    first, second = (codec.compress(PHOTO, max_bytes=3000, format="png", seed=3) for _ in range(2))
    assert (first.labels == second.labels).all()
    assert (first.codebook == second.codebook).all()


@pytest.mark.parametrize("part", [0.5, 0.3, 0.15])
@pytest.mark.parametrize("name", ["png", "pair", pytest.param("kmc", marks=needs_kernels)])
def test_more_effort_errs_no_more(name: str, part: float) -> None:
    limit = int(part * plain_bytes(3, name, "visual"))
    best = found(3, name, max_bytes=limit, effort="best")
    assert sum(map(len, best.files or ())) <= limit
    assert best.mse <= found(3, name, max_bytes=limit).mse


@pytest.mark.parametrize("least", [25.0, 30.0])
@pytest.mark.parametrize("name", ["png", pytest.param("kmc", marks=needs_kernels)])
def test_more_effort_takes_no_more_bytes(name: str, least: float) -> None:
    best = found(3, name, min_psnr=least, effort="best")
    assert measure(PICTURES[3], decoded(best, name)).psnr_db >= least
    size = sum(map(len, found(3, name, min_psnr=least).files or ()))
    assert sum(map(len, best.files or ())) <= size
