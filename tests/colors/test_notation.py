"""Colors in writing."""

import pytest

from codec.colors.notation import parse_color, write_color


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("#f80", (255, 136, 0)),
        ("#F80c", (255, 136, 0, 204)),
        ("#ff8001", (255, 128, 1)),
        ("#ff800100", (255, 128, 1, 0)),
        ("#ff80010", None),
        ("#ff80g1", None),
        ("#ff800１", None),
        ("ff8001", None),
        ("#", None),
        ("", None),
        ("# ff8001", None),
        ("#ff8001\n", None),
    ],
)
def test_colors_are_read_as_css_writes_them(text: str, color: tuple[int, ...] | None) -> None:
    assert parse_color(text) == color


@pytest.mark.parametrize(
    ("color", "text"),
    [
        ([7], "#070707"),
        ([7, 255], "#070707"),
        ([7, 0], "#07070700"),
        ([1, 2, 3], "#010203"),
        ([1, 2, 3, 254], "#010203fe"),
        ([1, 2, 3, 255], "#010203"),
    ],
)
def test_alpha_is_written_where_it_says_something(color: list[int], text: str) -> None:
    assert write_color(color) == text
