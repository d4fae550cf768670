"""Plots: what is drawn is what the arrays say, and nothing else changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from cli_tools import PICTURES, Pixels, few_colors, many_colors, run_script, with_alpha
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex, to_rgba_array

import codec
from codec import plots
from codec.colors.metrics import psnr_db


@pytest.fixture(autouse=True)
def agg() -> Iterator[None]:
    """Draw without a screen, and leave no figure behind."""
    with mpl.rc_context():
        plt.switch_backend("Agg")
        yield
    plt.close("all")


def as_shown(pixels: Pixels) -> Pixels:
    """What matplotlib is to show of a picture."""
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.shape[2] in (1, 3):
        return np.broadcast_to(pixels, (*pixels.shape[:2], 3))
    grey = np.broadcast_to(pixels[:, :, :-1], (*pixels.shape[:2], 3))
    return np.dstack([grey, pixels[:, :, -1]])


def swept(
    n_colors: int, bits: float, mse: float, knee: int = 8, format: str = "kmc", **more: Any
) -> codec.Swept:
    facts: dict[str, Any] = {
        "n_colors_asked": n_colors, "n_colors": n_colors, "format": format,
        "size_bytes": round(1000 * bits), "bits_per_pixel": bits, "mse": mse, "ssim": None,
        "knee": knee,
    }  # fmt: skip
    facts |= more
    return codec.Swept(**facts, psnr_db=psnr_db(facts["mse"]))


CURVE = [swept(4, 1.0, 100.0), swept(16, 2.0, 10.0), swept(64, 4.0, 1.0)]


# Pictures side by side


@pytest.mark.parametrize("pixels", PICTURES.values(), ids=PICTURES)
def test_a_comparison_shows_pixels_as_they_are(pixels: Pixels) -> None:
    few, many = codec.compress(pixels, 3), codec.compress(pixels, 200)
    axes = plots.comparison(pixels, few, many)
    assert axes.shape == (3,)
    for ax, shown in zip(axes, (pixels, np.asarray(few), np.asarray(many)), strict=True):
        (image,) = ax.images
        np.testing.assert_array_equal(image.get_array(), as_shown(shown))


def test_titles_tell_colors_and_psnr() -> None:
    pixels = few_colors()
    worse = np.asarray(codec.compress(pixels, 5))
    titles = [ax.get_title() for ax in plots.comparison(pixels, worse, codec.compress(pixels))]
    psnr = 10 * np.log10(255**2 / np.mean((worse.astype(float) - pixels) ** 2))
    assert titles == ["original: 27 colors", f"5 colors, {psnr:.1f} dB", "27 colors, no error"]


def test_a_comparison_takes_what_compress_takes(tmp_path: Path) -> None:
    indexed = codec.compress(few_colors())
    codec.save(indexed, tmp_path / "x.png")
    for picture in (codec.read_image(tmp_path / "x.png"), indexed.to_pil()):
        (ax,) = plots.comparison(picture)
        np.testing.assert_array_equal(ax.images[0].get_array(), few_colors())


def test_pictures_that_do_not_fit_are_refused() -> None:
    with pytest.raises(codec.ImageError, match="shape") as caught:
        plots.comparison(few_colors(), few_colors(height=3))
    assert caught.value.reason == "bad-shape"
    _, axes = plt.subplots(1, 3)
    with pytest.raises(codec.ParameterError, match="2 pictures need as many axes, not 3"):
        plots.comparison(few_colors(), few_colors(), ax=axes)


# Code-words and their shares


@pytest.mark.parametrize("n_colors", [1, 7, 40, 200])
def test_bars_are_shares_in_the_colors_of_code_words(n_colors: int) -> None:
    indexed = codec.compress(many_colors(), n_colors)
    bars: Any = plots.codebook(indexed).patches
    shares = np.bincount(indexed.labels.reshape(-1)) / indexed.labels.size
    order = np.argsort(-shares, kind="stable")
    np.testing.assert_allclose([bar.get_height() for bar in bars], shares[order])
    found = [to_hex(bar.get_facecolor()) for bar in bars]
    assert found == [f"#{bytes(word).hex()}" for word in indexed.codebook[order]]


def test_few_bars_are_named_by_their_colors() -> None:
    indexed = codec.compress(with_alpha())
    names = [label.get_text() for label in plots.codebook(indexed).get_xticklabels()]
    assert sorted(names) == sorted(f"#{bytes(word).hex()}" for word in indexed.codebook)


def test_bars_that_are_clear_have_lines_around_them() -> None:
    codebook = np.zeros((200, 4), np.uint8)
    codebook[1:] = [9, 9, 9, 255]
    indexed = codec.IndexedImage(np.zeros((2, 2), np.uint8), codebook)
    widths = [bar.get_linewidth() for bar in plots.codebook(indexed).patches]
    assert widths[0] > 0
    assert set(widths[1:]) == {0}


# Colors in space


def drawn(ax: Any) -> Any:
    return ax.collections


def offsets(points: Any) -> Pixels:
    return np.stack(points._offsets3d, axis=1)


@pytest.mark.parametrize("pixels", PICTURES.values(), ids=PICTURES)
def test_points_are_colors_where_they_are(pixels: Pixels) -> None:
    indexed = codec.compress(pixels, 5)
    points, words = drawn(plots.color_scatter(pixels, indexed))
    colors = np.unique(as_shown(pixels)[:, :, :3].reshape(-1, 3), axis=0)
    np.testing.assert_array_equal(offsets(points), colors)
    figure = points.figure
    figure.draw_without_rendering()  # which sorts colors as they are drawn, the farthest first
    found = to_rgba_array(points.get_facecolor())[:, :3]
    np.testing.assert_allclose(found, colors[points._z_markers_idx] / 255)
    hues = as_shown(indexed.codebook[None])[0, :, :3]
    np.testing.assert_array_equal(offsets(words), hues)


def test_of_many_colors_some_are_drawn() -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (200, 200, 3)).astype(np.uint8)
    (points,) = drawn(plots.color_scatter(pixels))
    found = offsets(points)
    assert len(found) == 5000
    there = {tuple(color) for color in pixels.reshape(-1, 3).tolist()}
    assert {tuple(color) for color in found.tolist()} <= there
    np.testing.assert_allclose(found.mean(axis=0), 127.5, atol=3)


def test_colors_need_axes_of_space() -> None:
    with pytest.raises(codec.ParameterError, match="projection='3d'"):
        plots.color_scatter(few_colors(), ax=plt.figure().add_subplot())


# Rate and distortion


def test_a_curve_is_rate_against_psnr_named_by_k() -> None:
    ax = plots.rate_distortion(CURVE[::-1])
    lines: Any = ax.lines
    line, ring = lines
    np.testing.assert_array_equal(line.get_xdata(), [1.0, 2.0, 4.0])
    np.testing.assert_allclose(line.get_ydata(), np.array([each.psnr_db for each in CURVE]))
    assert [text.get_text() for text in ax.texts] == ["4", "16", "64"]
    assert (line.get_label(), ax.get_xlabel(), ax.get_ylabel()) == (
        "kmc, knee at K = 8", "bits per pixel", "PSNR in dB",
    )  # fmt: skip
    # K = 8 is halfway from 4 to 16.
    middle = (CURVE[0].psnr_db + CURVE[1].psnr_db) / 2
    np.testing.assert_allclose([*ring.get_xdata(), *ring.get_ydata()], np.array([1.5, middle]))


def test_curves_are_those_of_formats_and_of_pictures() -> None:
    both = [*CURVE, *(swept(k, bits, 9.0, format="png") for k, bits in ((4, 2), (16, 3)))]
    labels = [line.get_label() for line in plots.rate_distortion(both).lines]
    assert labels[::2] == ["kmc, knee at K = 8", "png, knee at K = 8"]
    ax = plots.rate_distortion({"page": CURVE, "photo": both}, rate="size_bytes")
    assert [line.get_label() for line in ax.lines[::2]] == [
        f"{name}, knee at K = 8" for name in ("page", "photo, kmc", "photo, png")
    ]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1000, 2000, 4000])
    assert ax.get_xlabel() == "bytes"


def test_a_knee_that_was_not_tried_has_no_ring() -> None:
    assert len(plots.rate_distortion([swept(4, 1.0, 9.0, knee=3)]).lines) == 1


def test_ssim_is_drawn_where_it_was_measured() -> None:
    curve = [swept(4, 1.0, 100.0, ssim=0.5), swept(16, 2.0, 10.0, ssim=0.75)]
    ax = plots.rate_distortion(curve, measure="ssim")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [0.5, 0.75])
    with pytest.raises(codec.ParameterError, match=r"sweep\(..., measure=True\)"):
        plots.rate_distortion([*curve, *CURVE], measure="ssim")


def test_no_error_is_an_arrow_at_the_top() -> None:
    # More than its colors a picture has not.
    curve = [*CURVE, *(swept(99, 5.0, 0.0, n_colors_asked=asked) for asked in (128, 256))]
    ax = plots.rate_distortion(curve)
    assert np.isfinite(np.asarray(ax.lines[0].get_ydata())).all()
    (arrow,) = [line for line in ax.lines if line.get_marker() == "^"]
    assert arrow.get_label() == "no error at K = 99"
    np.testing.assert_array_equal(arrow.get_xdata(), [5.0])
    plots.rate_distortion([swept(9, 5.0, 0.0)])


@pytest.mark.parametrize(
    ("results", "options", "message"),
    [
        (CURVE, {"rate": "bits"}, "rate 'bits' is not one of size_bytes, bits_per_pixel"),
        (CURVE, {"measure": "mse"}, "measure 'mse' is not one of psnr_db, ssim"),
        ([], {}, "nothing was swept"),
        ({"page": []}, {}, "nothing was swept"),
    ],
)
def test_what_cannot_be_drawn_is_refused(results: Any, options: Any, message: str) -> None:
    with pytest.raises(codec.ParameterError, match=message):
        plots.rate_distortion(results, **options)
    assert plt.get_fignums() == []


def test_what_was_swept_is_drawn() -> None:
    results = codec.sweep(many_colors(), [4, 16, 64], measure=True)
    for measure in ("psnr_db", "ssim"):
        line = plots.rate_distortion(results, measure=measure).lines[0]
        np.testing.assert_array_equal(
            line.get_ydata(), [getattr(each, measure) for each in results]
        )


# What does not change


def test_given_axes_are_drawn_into_and_nothing_else_changes() -> None:
    pixels = few_colors()
    indexed = codec.compress(pixels, 9)
    figure = plt.figure()
    axes = [figure.add_subplot(2, 3, place) for place in (1, 2, 3, 4)]
    space = figure.add_subplot(2, 3, 5, projection="3d")
    other = plt.figure().add_subplot()
    before = dict(mpl.rcParams)

    shown = plots.comparison(pixels, indexed, ax=axes[:2])
    assert list(shown) == axes[:2]
    assert plots.codebook(indexed, ax=axes[2]) is axes[2]
    assert plots.rate_distortion(CURVE, ax=axes[3]) is axes[3]
    assert plots.color_scatter(pixels, indexed, ax=space) is space

    assert plt.gca() is other
    assert len(plt.get_fignums()) == 2
    assert dict(mpl.rcParams) == before
    figure.draw_without_rendering()


def test_new_figures_leave_settings_alone() -> None:
    before = dict(mpl.rcParams)
    indexed = codec.compress(few_colors(), 9)
    axes: tuple[Any, ...] = (
        plots.comparison(few_colors(), indexed)[0],
        plots.codebook(indexed),
        plots.color_scatter(few_colors(), indexed),
        plots.rate_distortion(CURVE),
    )
    for ax in axes:
        ax.figure.draw_without_rendering()
    assert len({ax.figure for ax in axes}) == len(plt.get_fignums()) == 4
    assert dict(mpl.rcParams) == before


_WITHOUT = """
import sys
sys.modules["matplotlib"] = None  # as where it is not installed
import numpy as np
import codec
from codec import *
pixels = np.zeros((8, 8), np.uint8)
indexed = codec.compress(pixels)
for draw in (
    lambda: plots.comparison(pixels, indexed), lambda: plots.codebook(indexed),
    lambda: codec.plots.color_scatter(pixels), lambda: plots.rate_distortion(codec.sweep(pixels)),
):
    try:
        draw()
    except ImportError as error:
        print(error)
"""


@pytest.mark.slow
def test_without_matplotlib_the_cure_is_told(tmp_path: Path) -> None:
    done = run_script(_WITHOUT, cwd=tmp_path)
    assert done.stdout.splitlines() == 4 * ["plots need matplotlib: pip install 'kmcodec[plots]'"]
