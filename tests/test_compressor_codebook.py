"""Compression with code-words that are given: a codebook, colors to keep, a display, weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import many_colors
from marks import needs_kernels
from picture_tools import noise

import codec
from codec.colors.displays import as_shown
from codec.colors.pixels import to_channels
from codec.compressor import compress_with_details
from codec.encoder.given import check_given
from codec.errors import CodecError, ImageError, ParameterError
from codec.formats.registry import FORMATS
from codec.settings import CompressSettings

SHADES = many_colors(0, 40, 50)
GREY = np.ascontiguousarray(SHADES[..., 0])
ALPHA = np.full(GREY.shape, 255, np.uint8)
ALPHA[:12], ALPHA[12:18] = 0, 90
PICTURES = {
    "grey": GREY,
    "grey-alpha": np.dstack([GREY, ALPHA]),
    "rgb": SHADES,
    "grey-rgb": np.repeat(GREY[..., None], 3, axis=2),
    "rgba": np.dstack([SHADES, ALPHA]),
    "opaque-rgba": np.dstack([SHADES, np.full_like(ALPHA, 255)]),
}
CODEBOOKS = {
    1: np.array([[255], [0], [90], [0], [31]], np.uint8),
    2: np.array([[255, 255], [7, 0], [0, 255], [90, 99], [7, 0]], np.uint8),
    3: np.array([[255, 0, 255], [255, 255, 255], [0, 0, 0], [0, 0, 0], [1, 2, 3]], np.uint8),
    4: np.array([[9, 9, 9, 0], [255, 255, 255, 255], [0, 0, 0, 255], [9, 9, 9, 0]], np.uint8),
}
TUNES = ("visual", "psnr")


@needs_kernels
@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("channels", CODEBOOKS)
@pytest.mark.parametrize("name", PICTURES)
def test_a_codebook_is_stored_as_it_was_given(
    tmp_path: Path, name: str, channels: int, exact: bool
) -> None:
    codebook = CODEBOOKS[channels]
    if channels in (1, 3) and name in ("grey-alpha", "rgba") and not exact:
        with pytest.raises(ImageError, match="clear pixels and no code-word"):
            codec.compress(PICTURES[name], codebook=codebook)
        return
    for dither in ("auto", "none", "fs", "ordered"):
        indexed = codec.compress(PICTURES[name], codebook=codebook, dither=dither, exact=exact)
        assert np.array_equal(indexed.codebook, codebook)
        # Of equal code-words the first has all pixels.
        _, firsts = np.unique(codebook, axis=0, return_index=True)
        assert set(np.unique(indexed.labels).tolist()) <= set(firsts.tolist())
    for format in FORMATS.values():
        path = tmp_path / f"x{format.ending}"
        codec.save(indexed, path)
        loaded = codec.load(path)
        assert np.array_equal(loaded.codebook, codebook)
        assert np.array_equal(loaded.labels, indexed.labels)


@pytest.mark.parametrize("format", FORMATS)
def test_a_codebook_is_not_reordered_for_a_format(format: str) -> None:
    settings = CompressSettings(given=check_given(CODEBOOKS[3]))
    indexed = compress_with_details(SHADES, settings, format=FORMATS[format]).indexed
    assert np.array_equal(indexed.codebook, CODEBOOKS[3])


def test_labels_are_the_nearest_of_the_codebook() -> None:
    codebook = noise(5, 40, 3)
    labels = codec.compress(SHADES, codebook=codebook, tune="psnr").labels
    distances = ((SHADES[..., None, :].astype(int) - codebook) ** 2).sum(axis=-1)
    chosen = np.take_along_axis(distances, labels[..., None].astype(int), axis=-1)[..., 0]
    assert (chosen == distances.min(axis=-1)).all()


@pytest.mark.parametrize("tune", TUNES)
def test_a_codebook_of_all_colors_is_lossless(tune: str) -> None:
    colors = noise(7, 100, 3)
    pixels = colors[np.arange(600).reshape(20, 30) % 100]
    codebook = np.vstack([colors, noise(8, 20, 3)])
    settings = CompressSettings(tune=tune, given=check_given(codebook), dither="fs")
    details = compress_with_details(pixels, settings)
    assert (codec.decompress(details.indexed) == pixels).all()
    assert (details.lossless, details.dither, details.engine) == (True, "none", "none")
    assert details.unique_colors_after == 100


def test_palette_indices_give_way_to_a_codebook() -> None:
    from codec.images.records import SourceImage

    palette = noise(2, 3, 3)
    indices = np.zeros((4, 4), np.uint8)
    source = SourceImage(palette[indices], 0, indices=indices, palette=palette)
    codebook = np.vstack([noise(3, 2, 3), palette[:1]])
    assert (codec.compress(source, codebook=codebook).labels == 2).all()


@pytest.mark.parametrize("tune", TUNES)
@pytest.mark.parametrize("n_colors", [2, 9])
@pytest.mark.parametrize("name", PICTURES)
def test_colors_to_keep_are_there_used_or_not(name: str, n_colors: int, tune: Any) -> None:
    for keep in ("#123457", "#ff0001ff,#0000"):
        wanted = check_given(None, keep).keep
        assert wanted is not None
        try:
            indexed = codec.compress(PICTURES[name], n_colors, keep=keep, tune=tune)
        except ImageError:  # clear, solid, and what is to be kept
            assert n_colors == 2
            continue
        assert indexed.n_colors <= n_colors
        words = {tuple(word) for word in to_channels(indexed.codebook, 4).tolist()}
        assert {tuple(color) for color in wanted.tolist()} <= words
        if "alpha" in name or name == "rgba":
            alpha = to_channels(codec.decompress(indexed), 4)[..., 3]
            assert (alpha[ALPHA == 0] == 0).all()
            assert (alpha[ALPHA == 255] == 255).all()


@needs_kernels
@pytest.mark.parametrize("tune", TUNES)
def test_colors_to_keep_are_in_files_and_cost_little(tmp_path: Path, tune: Any) -> None:
    unused = np.array([[255, 0, 254], [1, 255, 3]], np.uint8)
    indexed = codec.compress(SHADES, 32, keep=unused, tune=tune, dither="none")
    for format in FORMATS.values():
        path = tmp_path / f"x{format.ending}"
        codec.save(indexed, path)
        loaded = codec.load(path)
        assert {(255, 0, 254), (1, 255, 3)} <= {tuple(word) for word in loaded.codebook.tolist()}
        assert (codec.decompress(loaded) == codec.decompress(indexed)).all()
    fewer = codec.compress(SHADES, 30, tune=tune, dither="none")
    assert _error(SHADES, indexed) < 1.1 * _error(SHADES, fewer)


@pytest.mark.parametrize("tune", ["psnr", "visual"])
@pytest.mark.parametrize(
    ("channels", "keep", "expected"),
    [(1, "#000,#fff", 1), (1, "#fff,#00000080", 2), (2, "#000,#fff", 2), (2, "#0000,#77777780", 2),
     (2, "#f00", 4), (3, "#00000080", 4)],
)  # fmt: skip
def test_grey_colors_to_keep_make_no_color_of_grey(
    channels: int, keep: str, expected: int, tune: Any
) -> None:
    pixels = noise(3, 30, 40, channels)
    wanted = {tuple(color) for color in check_given(None, keep).keep.tolist()}  # type: ignore[union-attr]
    for n_colors in (5, 32):
        codebook = codec.compress(pixels, n_colors, keep=keep, tune=tune).codebook
        assert codebook.shape == (n_colors, expected)
        assert wanted <= {tuple(color) for color in to_channels(codebook, 4).tolist()}
        assert codec.train([pixels], n_colors, keep=keep, tune=tune).shape[1] == expected


def test_a_picture_whose_colors_fit_beside_those_to_keep_is_lossless() -> None:
    pixels = noise(6, 4, 4, 3)
    indexed = codec.compress(pixels, 17, keep="#010203")
    assert indexed.n_colors == 17
    assert (codec.decompress(indexed) == pixels).all()
    assert codec.compress(pixels, 16, keep="#010203").n_colors <= 16


def test_a_palette_is_kept_where_it_has_the_colors_to_keep(tmp_path: Path) -> None:
    from codec.images.records import SourceImage

    palette = np.array([[9, 9, 9], [255, 0, 0], [9, 9, 9], [0, 0, 8]], np.uint8)
    indices = np.array([[0, 2], [2, 3]], np.uint8)
    source = SourceImage(palette[indices], 0, indices=indices, palette=palette)
    kept = codec.compress(source, keep="#f00")
    assert (kept.codebook == palette).all()
    codec.save(kept, tmp_path / "x.png")
    assert (codec.load(tmp_path / "x.png").codebook == palette).all()
    assert [0, 255, 0] in codec.compress(source, keep="#0f0").codebook.tolist()
    with pytest.raises(ImageError, match="without keep_order"):
        codec.compress(source, keep="#0f0", keep_order=True)


@pytest.mark.parametrize("tune", TUNES)
@pytest.mark.parametrize("depth", ["888", "565", "555", "444", "332"])
@pytest.mark.parametrize("name", ["grey", "rgb", "rgba"])
def test_a_display_shows_all_code_words(name: str, depth: Any, tune: Any) -> None:
    for n_colors in (5, 64):
        indexed = codec.compress(PICTURES[name], n_colors, palette_depth=depth, tune=tune)
        whole = to_channels(indexed.codebook, 4)
        assert (as_shown(whole, depth) == whole).all()
        assert len(np.unique(whole, axis=0)) == indexed.n_colors <= n_colors


@pytest.mark.parametrize("depth", ["565", "444", "332"])
def test_code_words_for_a_display_are_better_than_rounded_ones(depth: Any) -> None:
    trained = codec.compress(SHADES, 48, tune="psnr")
    rounded = codec.compress(
        SHADES, codebook=np.unique(as_shown(trained.codebook, depth), axis=0), tune="psnr"
    )
    found = codec.compress(SHADES, 48, tune="psnr", palette_depth=depth)
    assert _error(SHADES, found) <= _error(SHADES, rounded)


def test_few_colors_are_kept_only_if_the_display_shows_them() -> None:
    shown = np.array([[[0, 0, 0], [255, 255, 255], [8, 4, 8]]], np.uint8)
    assert (codec.decompress(codec.compress(shown, palette_depth="565")) == shown).all()
    other = np.array([[[0, 0, 0], [255, 255, 255], [9, 5, 9]]], np.uint8)
    for tune in TUNES:
        details = compress_with_details(
            other, CompressSettings(tune=tune, dither="none", given=check_given(None, (), "565"))
        )
        assert not details.lossless
        assert (codec.decompress(details.indexed) == shown).all()


@pytest.mark.parametrize("tune", TUNES)
def test_what_weighs_more_has_less_error(tune: Any) -> None:
    weights = np.zeros(GREY.shape)
    weights[:20, :20] = 1
    plain = codec.compress(SHADES, 12, tune=tune, dither="none")
    weighed = codec.compress(SHADES, 12, tune=tune, dither="none", weights=weights)
    part = np.s_[:20, :20]
    assert _error(SHADES, weighed, part) < 0.8 * _error(SHADES, plain, part)


def test_weights_are_relative() -> None:
    first, second = (
        codec.compress(SHADES, 12, weights=weights).labels
        for weights in (np.full(GREY.shape, 0.3), np.full(GREY.shape, 255, np.uint8))
    )
    assert np.array_equal(first, second)


def test_colors_that_rule_stay_exact_whatever_weighs_most() -> None:
    pixels = many_colors(2, 60, 80)
    pixels[30:] = 250, 251, 240
    for weights in (None, np.linspace(1, 2, 80)[None].repeat(60, axis=0)):
        codebook = codec.compress(pixels, 16, weights=weights).codebook
        assert [250, 251, 240] in codebook.tolist()


def test_weights_change_nothing_that_is_lossless() -> None:
    pixels = noise(1, 12, 12, 4)
    for exact in (False, True):
        plain = codec.compress(pixels, exact=exact)
        weighed = codec.compress(pixels, exact=exact, weights=noise(2, 12, 12))
        assert np.array_equal(plain.labels, weighed.labels)
        assert np.array_equal(plain.codebook, weighed.codebook)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"codebook": noise(1, 257, 3)}, "257 code-words"),
        ({"codebook": noise(1, 4, 5)}, r"\(4, 5\)"),
        ({"codebook": noise(1, 4)}, "shape"),
        ({"codebook": noise(1, 0, 3)}, r"\(0, 3\)"),
        ({"codebook": noise(1, 4, 3).astype(float)}, "uint8"),
        ({"codebook": "shared.npy"}, "load_codebook"),
        ({"codebook": noise(1, 4, 3), "n_colors": 5}, "4 code-words, and 5"),
        ({"codebook": noise(1, 4, 3), "keep_order": True}, "keep_order"),
        ({"codebook": noise(1, 4, 3), "codebook_from": "random"}, "codebook_from"),
        ({"codebook": noise(1, 4, 3), "keep": "#000"}, "has no #000000"),
        ({"codebook": noise(1, 4, 3), "palette_depth": "332"}, "display of 332"),
        ({"keep": [[i, 0, 0] for i in range(256)] + [[0, 1, 0]]}, "257 colors"),
        ({"keep": ["#f00", "#0f0", "#00f"], "n_colors": 2}, "3 colors"),
        ({"keep": "red"}, "'red' is no color"),
        ({"keep": "#f00,,"}, "'' is no color"),
        ({"keep": [(256, 0, 0)]}, "no color"),
        ({"keep": [(0.5, 0, 0)]}, "no color"),
        ({"keep": [()]}, "no color"),
        ({"keep": "#010203", "palette_depth": "565"}, "#010203.*: #000000 is"),
        ({"palette_depth": "777"}, "888, 565"),
        ({"weights": np.full(GREY.shape, np.nan)}, "finite"),
        ({"weights": np.full(GREY.shape, -1)}, "negative"),
        ({"weights": np.zeros(GREY.shape)}, "all weights are 0"),
        ({"weights": np.ones((3, 4))}, "4x3"),
        ({"weights": np.ones((*GREY.shape, 3))}, r"shape \(H, W\)"),
        ({"weights": [[1]]}, "array of numbers"),
        ({"weights": np.full(GREY.shape, "a")}, "array of numbers"),
        ({"weights": np.ma.ones(GREY.shape)}, "no mask"),
    ],
    ids=str,
)
def test_what_is_senseless_is_refused_in_a_line(options: dict[str, Any], words: str) -> None:
    with pytest.raises((ParameterError, ImageError), match=words) as caught:
        codec.compress(SHADES, **options)
    assert isinstance(caught.value, CodecError)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_a_color_to_keep_counts_once() -> None:
    assert codec.compress(SHADES, 2, keep=["#f00", (255, 0, 0), "#ff0000ff"]).n_colors == 2


def _error(pixels: np.ndarray, indexed: codec.IndexedImage, part: Any = ...) -> float:
    errors = codec.decompress(indexed).astype(int)[part] - pixels.astype(int)[part]
    return float((errors**2).mean())
