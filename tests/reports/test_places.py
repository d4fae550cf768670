"""Each change is where it is seen most, with a pixel that shows it."""

import numpy as np
import pytest
from cli_tools import Pixels

import codec
from codec import threads
from codec.colors.naming import name_change, name_color
from codec.reports.losses import Losses, find_losses
from codec.reports.words import place_words


def disk(pixels: Pixels, row: int, column: int, radius: int) -> np.ndarray:
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    return np.asarray((rows - row) ** 2 + (columns - column) ** 2 <= radius**2)


CENTERS = {"blue": (50, 60), "pink": (60, 160), "green": (120, 240)}
SHADES = {"blue": (40, 70, 170), "pink": (240, 80, 150), "green": (50, 160, 70)}


def caps() -> tuple[Pixels, dict[str, np.ndarray]]:
    """Caps on grey paper, as light as their shades make them, and a large red one."""
    rows, columns = np.mgrid[:200, :300]
    light = 0.8 + 0.4 * columns / 300
    paper = (110 + 60 * rows / 200 + 20 * columns / 300)[..., None] * np.ones(3)
    pixels = paper.clip(0, 255).astype(np.uint8)
    found = {}
    for name, center in CENTERS.items():
        found[name] = disk(pixels, *center, 22)
        shaded = np.array(SHADES[name]) * light[found[name]][:, None]
        pixels[found[name]] = shaded.clip(0, 255).astype(np.uint8)
    return pixels, found


def after_caps(pixels: Pixels, found: dict[str, np.ndarray]) -> Pixels:
    """What few colors leave of them: the blue one goes to two, one for each half."""
    after = pixels // 8 * 8
    after[found["blue"]] = (48, 36, 25)
    after[found["blue"] & (pixels[..., 2] > 150)] = (76, 60, 41)
    after[found["pink"]] = (206, 59, 47)
    after[found["green"]] = (130, 130, 30)
    return after


def check(losses: Losses, pixels: Pixels, after: Pixels, areas: dict[str, np.ndarray]) -> None:
    """Hold the first places against areas: one each, on it, with a pixel that shows the change."""
    seen = set()
    for place in losses.places[: len(areas)]:
        square = np.s_[place.y : place.y + place.height, place.x : place.x + place.width]
        (name,) = [each for each, area in areas.items() if area[square].mean() > 0.3]
        seen.add(name)
        assert place.pixel
        assert place.change
        column, row = place.pixel
        assert areas[name][row, column]
        assert place.x <= column < place.x + place.width
        assert place.y <= row < place.y + place.height
        pair = tuple(pixels[row, column].tolist()), tuple(after[row, column].tolist())
        assert (name_color(pair[0]), name_change(*pair)) == place.change.words
        assert name in place_words(place).split(" became ")[0]
    assert seen == {*areas}


def test_caps_that_lose_their_hue_are_the_first_of_all() -> None:
    pixels, areas = caps()
    after = after_caps(pixels, areas)
    losses = find_losses(pixels, after)
    check(losses, pixels, after, areas)
    said = {place_words(place) for place in losses.places[:3]}
    # The color that is named is one that most became, not between two.
    assert "pink became red" in {each.replace("bright ", "") for each in said}
    for place in losses.places[:3]:
        assert place.change
        assert (after == place.change.after).all(axis=2).any()
    # One cap is one change, though it went to two colors.
    assert sum("blue" in each for each in map(place_words, losses.places)) == 1


@pytest.mark.parametrize(("size", "least"), [(1, 3), (2, 3), (3, 2)])
def test_caps_are_found_in_what_the_codec_makes_of_them(size: int, least: int) -> None:
    pixels, areas = caps()
    after = codec.decompress(codec.compress(pixels, size))
    losses = find_losses(pixels, after)
    changed = {name: area for name, area in areas.items() if hue_lost(pixels, after, area)}
    assert len(changed) >= least
    said = [place_words(place) for place in losses.places]
    for name, area in changed.items():
        number = next(at for at, words in enumerate(said) if name in words.split(" became ")[0])
        place = losses.places[number]
        square = np.s_[place.y : place.y + place.height, place.x : place.x + place.width]
        assert area[square].mean() > 0.3
        assert number < len(changed)


def hue_lost(pixels: Pixels, after: Pixels, area: np.ndarray) -> bool:
    before, became = (part[area].mean(axis=0) for part in (pixels, after))
    return bool(np.abs((before - before.mean()) - (became - became.mean())).max() > 40)


def test_strips_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, areas = caps()
    after = after_caps(pixels, areas)
    found = []
    for strip in (1 << 18, 1000):
        monkeypatch.setattr(threads, "STRIP_PIXELS", strip)
        found.append(find_losses(pixels, after).places)
    assert found[0] == found[1]
    assert len({(place.x, place.y) for place in found[0][:3]}) == 3


def test_lines_of_a_chart_are_called_so() -> None:
    pixels = np.full((200, 300, 3), 255, np.uint8)
    columns = np.arange(300)
    after = pixels.copy()
    for number, color in enumerate(((72, 40, 118), (36, 168, 133), (216, 200, 30))):
        height = 40 + 50 * number + 12 * np.sin(columns / 25)
        for wide, part in ((0, 1.0), (1, 1.0), (-1, 0.35), (2, 0.35)):  # with soft edges
            rows = height.astype(int) + wide
            mixed = (np.array(color) * part + 255 * (1 - part)).astype(np.uint8)
            pixels[rows, columns] = mixed
            after[rows, columns] = 38 + 70 * number if part == 1 else 255
    losses = find_losses(pixels, after)
    said = [place_words(place) for place in losses.places]
    assert len(said) == 3
    assert all(each.startswith("in thin lines, ") for each in said)
    assert "in thin lines, purple became dark grey" in said or "black" in said[0]
    for place in losses.places:  # no soft edge is told
        assert place.pixel
        assert place.change
        assert after[place.pixel[1], place.pixel[0]].max() < 250
        assert max(place.change.after) < 250
    # Where nothing but soft edges changed, these are told.
    edges = pixels.copy()
    edges[(after == 255).all(axis=2)] = 255
    (place,) = find_losses(pixels, edges).places[:1]
    assert place_words(place).startswith("at edges, ")


def test_the_pixel_of_a_sprite_can_be_seen_and_changed() -> None:
    pixels = np.zeros((120, 160, 4), np.uint8)
    body = disk(pixels, 60, 70, 30)
    pixels[..., :3] = (249, 199, 3)  # hidden where it is clear
    pixels[body] = (11, 0, 2, 255)
    pixels[disk(pixels, 55, 65, 12)] = (249, 199, 3, 255)
    after = pixels.copy()
    after[~body] = 0
    after[body] = (64, 5, 25, 255)
    after[disk(pixels, 55, 65, 12)] = (206, 59, 47, 255)
    losses = find_losses(pixels, after)
    assert len(losses.places) == 2
    for place in losses.places:
        assert place.pixel
        before, became = (each[place.pixel[1], place.pixel[0]] for each in (pixels, after))
        assert before[3] == became[3] == 255
        assert (before != became).any()
    check(losses, pixels, after, {"yellow": disk(pixels, 55, 65, 12)})


def test_pixels_that_a_page_has_are_preferred() -> None:
    pixels, areas = caps()
    after = after_caps(pixels, areas)
    for step in 2, 3, 7:
        places = find_losses(pixels, after, step=step).places
        for place in places[:3]:
            assert place.pixel
            assert place.pixel[0] % step == place.pixel[1] % step == 0


def shaded_disk() -> tuple[Pixels, Pixels, np.ndarray]:
    """A blue disk on white, dark on its left and light on its right, that turns brown."""
    pixels = np.full((160, 240, 3), 255, np.uint8)
    area = disk(pixels, 80, 120, 40)
    light = (0.45 + 0.9 * (np.arange(240) - 80) / 80).clip(0.45, 1.35)
    shades = np.array((40, 72, 176)) * light[None, :, None] * np.ones((160, 1, 1))
    pixels[area] = shades.astype(np.uint8)[area]
    after = pixels.copy()
    after[area] = (48, 36, 25)
    after[area & (np.arange(240) > 123)] = (76, 60, 41)
    return pixels, after, area


def test_all_shades_of_a_cap_are_one_change() -> None:
    pixels, after, area = shaded_disk()
    losses = find_losses(pixels, after)
    change = losses.changes[0]
    assert change.share > 0.95 * area.mean()
    # It is what most became, though its strongest shades became something else.
    assert change.after == (48, 36, 25)
    assert change.words[0].split()[-1] == "blue"


def test_the_pixel_is_the_one_that_changed_most_of_those_called_so() -> None:
    pixels, after, area = shaded_disk()
    losses = find_losses(pixels, after)
    place = losses.places[0]
    assert place.change
    assert place.pixel
    errors = {}
    for y in range(place.y, place.y + place.height):
        for x in range(place.x, place.x + place.width):
            pair = tuple(pixels[y, x].tolist()), tuple(after[y, x].tolist())
            called = (name_color(pair[0]), name_change(*pair)) == place.change.words
            if area[y, x] and called:
                errors[x, y] = max(abs(one - other) for one, other in zip(*pair, strict=True))
    assert errors[place.pixel] == max(errors.values())
    assert len({*errors.values()}) > 2


def test_the_pixel_is_never_called_something_else() -> None:
    pixels = np.full((160, 240, 3), 255, np.uint8)
    pixels[40:80, 40:80] = (40, 72, 150)
    pixels[60, 40:80] = pixels[70, 40:80] = (50, 90, 235)  # of the same hue, and brighter
    after = pixels.copy()
    after[40:80, 40:80] = (48, 36, 25)
    place = find_losses(pixels, after).places[0]
    assert name_color((50, 90, 235)) != name_color((40, 72, 150))
    assert place.change
    assert place.change.before == (40, 72, 150)
    assert place.change.share == 1600 / pixels[..., 0].size
    assert place.pixel
    assert tuple(pixels[place.pixel[1], place.pixel[0]]) == (40, 72, 150)


def test_soft_edges_are_not_told_beside_lines() -> None:
    pixels = np.full((160, 240, 3), 255, np.uint8)
    after = pixels.copy()
    for column in range(20, 220, 16):
        for away, before, became in (
            (0, (60, 40, 160), (60, 60, 60)), (1, (60, 40, 160), (60, 60, 60)),
            (-1, (170, 160, 220), (255, 140, 120)), (2, (170, 160, 220), (255, 140, 120)),
        ):  # fmt: skip
            pixels[:, column + away], after[:, column + away] = before, became
    said = [place_words(place) for place in find_losses(pixels, after).places]
    assert said
    assert all(each.startswith("in thin lines, ") for each in said)
