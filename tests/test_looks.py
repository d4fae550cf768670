"""What the benchmark of looks computes: hulls, bytes at an equal look, smooth areas."""

import importlib.util
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


curves, metrics = _load("looks_curves"), _load("looks_metrics")


def _corners(files: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(round(math.exp(x), 6), look) for x, look in curves.hull(files)]


def test_a_hull_leaves_out_what_lies_below_it() -> None:
    assert _corners([(400, 30), (100, 0), (200, 20), (300, 21)]) == [
        (100, 0),
        (200, 20),
        (400, 30),
    ]


def test_a_hull_bends_downwards_alone() -> None:
    assert _corners([(100, 0), (200, 1), (400, 30)]) == [(100, 0), (400, 30)]


def test_a_hull_ends_at_the_best_look_and_the_smaller_file() -> None:
    assert _corners([(100, 10), (100, 5), (200, 20), (300, 20), (400, 19)]) == [
        (100, 10),
        (200, 20),
    ]


def test_nothing_has_no_hull() -> None:
    assert _corners([]) == []
    assert curves.bytes_ratio(curves.hull([]), curves.hull([(1, 1)])) is None


def test_bytes_are_found_between_files() -> None:
    points = curves.hull([(100, 0), (400, 10)])

    assert math.exp(curves.log_bytes(points, 5)) == pytest.approx(200)


def test_the_same_looks_in_fewer_bytes_are_as_many_fewer() -> None:
    theirs = [(100, 0), (150, 40), (400, 70)]
    ours = [(0.8 * size, look) for size, look in theirs]

    assert curves.bytes_ratio(curves.hull(ours), curves.hull(theirs)) == pytest.approx(0.8)


def test_bytes_are_averaged_over_the_looks() -> None:
    theirs = curves.hull([(100, 0), (400, 10)])
    ours = curves.hull([(100, 0), (200, 10)])  # the same at 0, half at 10, straight between

    assert curves.bytes_ratio(ours, theirs) == pytest.approx(math.sqrt(1 / 2))
    assert curves.bytes_ratio(theirs, ours) == pytest.approx(math.sqrt(2))


def test_corners_within_the_range_count() -> None:
    theirs = curves.hull([(100, 0), (400, 10)])
    ours = curves.hull([(100, 0), (100 * math.sqrt(2), 5), (400, 10)])  # 1 / sqrt(2) at 5

    assert curves.bytes_ratio(ours, theirs) == pytest.approx(2 ** (-1 / 4))


def test_only_the_common_looks_count() -> None:
    theirs = curves.hull([(100, 0), (200, 10), (1000, 20)])
    ours = curves.hull([(10, -50), (50, 0), (100, 10)])

    assert curves.bytes_ratio(ours, theirs) == pytest.approx(1 / 2)


def test_files_without_a_look_in_common_cannot_be_compared() -> None:
    assert curves.bytes_ratio(curves.hull([(9, 1)]), curves.hull([(9, 2), (10, 3)])) is None


def test_what_is_lossless_for_both_is_compared_where_it_is() -> None:
    ours, theirs = curves.hull([(80, 100)]), curves.hull([(50, 90), (100, 100)])

    assert curves.bytes_ratio(ours, theirs) == pytest.approx(0.8)


def test_a_shade_is_smooth_and_a_flat_area_or_an_edge_is_not() -> None:
    pixels = np.full((16, 60, 3), 100, np.uint8)
    pixels[:, :20, 2] = np.arange(20)  # a shade of one channel, of which column 18 is the last
    pixels[:, 20:40, 2] = 19
    pixels[:, 40:] = 200

    mask = metrics.smooth(pixels)

    assert mask[:, :22].all()
    assert not mask[:, 22:].any()  # flat, then an edge that is more than a shade


def test_a_shade_that_is_too_steep_is_an_edge() -> None:
    steep = np.zeros((9, 40, 1), np.uint8)
    steep[:, :, 0] = 3 * np.arange(40)

    assert metrics.smooth(np.repeat(steep // 3, 3, axis=2)).all()
    assert not metrics.smooth(np.repeat(steep, 3, axis=2))[:, 3:-3].any()


def test_error_counts_in_smooth_areas_alone() -> None:
    original = np.zeros((8, 40, 3), np.uint8)
    original[:, :20] = np.arange(20)[:, None]
    original[:, 20:] = 19
    decoded = original.copy()
    decoded[:, :23, 0] += 2
    decoded[:, 30:] = 255

    assert metrics.smooth_error(original, decoded) == 4
    assert metrics.smooth_error(np.zeros_like(original), decoded) is None


def test_backgrounds_show_through() -> None:
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:, :, 0] = 200
    pixels[0, :, 3] = 255
    pixels[1, :, 3] = 51  # a fifth

    seen = metrics.composites(pixels)

    assert [*seen] == ["black", "white", "checkerboard"]
    for picture in seen.values():
        assert (picture[0] == (200, 0, 0)).all()
    assert (seen["black"][1] == (40, 0, 0)).all()
    assert (seen["white"][1] == (244, 204, 204)).all()
    assert (seen["checkerboard"][2, :8] == 0x99).all()
    assert (seen["checkerboard"][2, 8:] == 0x66).all()
    assert (seen["checkerboard"][8, :8] == 0x66).all()


def test_an_opaque_picture_needs_no_background() -> None:
    pixels = np.zeros((2, 3, 3), np.uint8)

    assert metrics.composites(pixels)["opaque"] is pixels
