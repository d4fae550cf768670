"""Names of colors."""

import pytest

from codec.colors.naming import name_color


@pytest.mark.parametrize(
    ("color", "name"),
    [
        ("000000", "black"), ("404040", "dark grey"), ("808080", "grey"), ("c0c0c0", "light grey"),
        ("ffffff", "white"), ("fdfbe8", "white"), ("ff0000", "red"), ("600000", "dark red"),
        ("ffc0cb", "pink"), ("8b4513", "brown"), ("40200a", "dark brown"), ("ffa500", "orange"),
        ("ffd0a0", "beige"), ("ffff00", "yellow"), ("808000", "olive"), ("00ff00", "green"),
        ("004000", "dark green"), ("c0ffc0", "light green"), ("008080", "turquoise"),
        ("0000ff", "blue"), ("000080", "dark blue"), ("87ceeb", "light blue"),
        ("8000ff", "purple"), ("800080", "purple"), ("ff00ff", "pink"),
    ],
)  # fmt: skip
def test_colors_have_the_names_that_people_give_them(color: str, name: str) -> None:
    assert name_color(tuple(bytes.fromhex(color))) == name


def test_grey_and_alpha_are_named_as_they_look() -> None:
    assert name_color((128,)) == "grey"
    assert name_color((250, 0)) == "clear"
    assert name_color((255, 0, 0, 0)) == "clear"
    assert name_color((255, 0, 0, 100)) == "translucent red"
    assert name_color((255, 0, 0, 255)) == "red"


def test_every_color_has_a_name() -> None:
    levels = range(0, 256, 15)
    names = {name_color((r, g, b)) for r in levels for g in levels for b in levels}
    assert len(names) > 20
