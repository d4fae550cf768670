"""Bytes and quality as a drawing."""

import itertools

from codec.reports.curves import Point, draw_curve

POINTS = [Point("a", 10_000, 80.0), Point("b", 40_000, 20.0), Point("c", 20_000, 40.0)]


def test_more_bytes_stand_further_right_and_better_ones_higher() -> None:
    drawing = draw_curve(POINTS, [])
    assert drawing is not None
    first, second, third = drawing["points"]
    assert first["x"] < third["x"] < second["x"]
    assert first["y"] > third["y"] > second["y"]
    assert abs(first["x"] + second["x"] - 2 * third["x"]) <= 0.2  # twice the bytes, the same way
    assert [point["title"] for point in drawing["points"]] == ["a", "b", "c"]
    for name, at in (("left", "x"), ("right", "x"), ("base", "y")):
        assert 0 < drawing[name] < 430, at


def test_the_curve_is_drawn_from_left_to_right() -> None:
    drawing = draw_curve([POINTS[0]], POINTS)
    assert drawing is not None
    across = [point["x"] for point in drawing["line"]]
    assert across == sorted(across)


def test_a_single_point_or_none_with_an_error_is_no_curve() -> None:
    assert draw_curve(POINTS[:1], []) is None
    assert draw_curve([Point("a", 10, 0.0), Point("b", 20, 0.0)], []) is None


def test_what_has_no_error_has_no_place() -> None:
    drawing = draw_curve([*POINTS, Point("all", 90_000, 0.0)], [])
    assert drawing is not None
    assert drawing["points"][3] is None


def test_labels_do_not_lie_over_each_other() -> None:
    crowd = [
        Point(f"K = {number}", 20_000 + 40 * number, 50 - number / 20) for number in range(30)
    ]
    drawing = draw_curve(crowd, POINTS)
    assert drawing is not None
    boxes = []
    for point in (*drawing["points"], *drawing["line"]):
        label = point["label"]
        if label:
            width = 7.5 * len(point["title"])
            left = label["x"] - (width if label["anchor"] == "end" else 0)
            boxes.append((left, label["y"], left + width))
    assert len(boxes) >= 4
    for one, other in itertools.combinations(boxes, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or abs(one[1] - other[1]) >= 13


def test_no_label_is_crossed_by_the_line() -> None:
    line = [Point(f"K = {4 << number}", 10_000 << number, 80 / 2.5**number) for number in range(6)]
    drawing = draw_curve(POINTS, line)
    assert drawing is not None
    points = [(point["x"], point["y"]) for point in drawing["line"]]
    labels = [(point["title"], point["label"]) for point in drawing["line"] if point["label"]]
    assert len(labels) >= 4
    for title, label in labels:
        left = label["x"] - (7.5 * len(title) if label["anchor"] == "end" else 0)
        for (x, y), (to_x, to_y) in itertools.pairwise(points):
            for part in range(101):
                across, down = x + part / 100 * (to_x - x), y + part / 100 * (to_y - y)
                inside = left < across < left + 7.5 * len(title)
                assert not (inside and label["y"] - 13 < down < label["y"]), title
