"""Names of colors."""

import itertools

import numpy as np
import pytest

from codec.colors.colorspace import ColorMetric
from codec.colors.naming import name_change, name_color


def color(written: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(written))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("000000", "black"), ("1c1c1c", "black"), ("404040", "dark grey"), ("808080", "grey"),
        ("c0c0c0", "light grey"), ("f0f0f0", "light grey"), ("f5f5f5", "white"),
        ("ffffff", "white"), ("fdfbe8", "cream"), ("fdeafd", "pale pink"),
        ("c8cdd9", "light grey"),
        ("ff0000", "bright red"), ("cd3a25", "red"), ("b0402b", "red"), ("600000", "dark red"),
        ("ffc0cb", "pale pink"), ("e8978b", "pink"), ("ff69b4", "pink"), ("bc8f8f", "pink"),
        ("8b4513", "brown"), ("40200a", "dark brown"), ("cd853f", "orange"), ("ffa500", "orange"),
        ("ffd0a0", "peach"), ("f4d1aa", "peach"), ("ccbc97", "beige"), ("cab490", "beige"),
        ("d2b48c", "beige"), ("afa784", "beige"), ("ffff00", "yellow"), ("ffd700", "yellow"),
        ("fffdd0", "cream"), ("808000", "olive"), ("aaad4d", "olive"), ("8a8862", "olive"),
        ("556b2f", "olive green"), ("9acd32", "yellowish green"), ("00ff00", "bright green"),
        ("008000", "green"), ("004000", "dark green"), ("c0ffc0", "light green"),
        ("5c6b5a", "greyish green"), ("606659", "greyish green"), ("008080", "teal"),
        ("2f4f4f", "dark greyish teal"), ("5a7a78", "greyish teal"), ("40e0d0", "turquoise"),
        ("b2dad4", "pale turquoise"), ("0000ff", "bright blue"), ("000080", "dark blue"),
        ("0098fe", "bright blue"), ("4f98dd", "blue"), ("64688e", "dull blue"),
        ("708090", "greyish blue"), ("87ceeb", "light blue"), ("add8e6", "pale blue"),
        ("444876", "dark blue"), ("8000ff", "bright purple"), ("800080", "purple"),
        ("4b0082", "dark purple"), ("c8a2c8", "lilac"), ("ff00ff", "bright pink"),
    ],
)  # fmt: skip
def test_colors_have_the_names_that_people_give_them(written: str, name: str) -> None:
    assert name_color(color(written)) == name


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ("f4d1aa", "ccbc97", "beige"), ("aaad4d", "afa784", "beige"),
        ("e8978b", "cab490", "beige"),
        ("0098fe", "4f98dd", "duller"), ("cd3a25", "b0402b", "duller"), ("5a7a78", "606659",
         "greyish green"), ("0000ff", "000080", "darker"), ("404040", "808080", "lighter"),
        ("8e94af", "75a3b5", "dull blue"), ("5070b0", "808498", "greyer"),
        ("7a80a0", "5070b0", "more vivid"), ("ff0000ff", "ff000080", "fainter"),
        ("ff000080", "ff0000ff", "more solid"), ("e09030", "e07838", "another orange"),
        ("949694", "969292", "another grey"), ("969292", "999999", "lighter"),
        ("ff000000", "ff0000ff", "red"), ("ff0000ff", "ff000000", "clear"),
    ],
)  # fmt: skip
def test_changes_are_never_from_a_name_to_the_same(before: str, after: str, name: str) -> None:
    assert name_change(color(before), color(after)).removeprefix("bright ") == name


def test_grey_and_alpha_are_named_as_they_look() -> None:
    assert name_color((128,)) == "grey"
    assert name_color((250, 0)) == "clear"
    assert name_color((255, 0, 0, 0)) == "clear"
    assert name_color((255, 0, 0, 100)) == "translucent bright red"
    assert name_color((255, 0, 0, 255)) == "bright red"


def grid(step: int) -> np.ndarray:
    levels = range(0, 256, step)
    return np.array([*itertools.product(levels, repeat=3)], np.uint8)


def test_every_color_has_a_name() -> None:
    names = {name_color(each) for each in grid(15).tolist()}
    assert len(names) > 50
    assert not any("  " in name or name != name.strip() for name in names)
    # Shades are said once, and none contradicts another.
    for name in names:
        words = name.split()
        assert len({*words}) == len(words) <= 3
        assert not {"dark", "light"} <= {*words}
        assert not {"dull", "bright"} <= {*words}


def test_only_what_looks_white_is_white() -> None:
    places = ColorMetric("oklab", exact=True).coordinates(grid(15)) / 65536
    white = [name_color(each) == "white" for each in grid(15).tolist()]
    assert places[white, 0].min() > 0.96
    assert np.hypot(places[white, 1], places[white, 2]).max() < 0.02


# Of one hue to the next, and of one lightness to the next.
NEIGHBORS = (
    "black grey white", "red pink", "red brown", "red orange", "pink peach orange",
    "brown orange peach beige cream",
    "brown olive beige", "orange yellow", "yellow peach cream beige olive brown",
    "olive green cream beige yellow", "green teal turquoise", "teal turquoise blue",
    "blue purple lilac", "purple lilac magenta pink", "magenta red pink", "purple red pink lilac",
    "orange pink red brown",
)  # fmt: skip


def test_near_colors_have_the_same_name_or_one_beside_it() -> None:
    allowed = {
        frozenset(pair)
        for words in NEIGHBORS
        for pair in itertools.product(words.split(), repeat=2)
    }
    for one in grid(17).tolist():
        noun = name_color(one).split()[-1]
        for channel in range(3):
            other = [*one]
            other[channel] += 2 if one[channel] < 254 else -2
            near = name_color(other).split()[-1]
            if {"black", "grey", "white"} & {noun, near}:
                continue  # which all hues are beside
            assert frozenset((noun, near)) in allowed, (one, other, noun, near)
