"""What leads to a place of the picture in Chromium: the ring, and the colors that changed."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_tools import NARROW, WIDE, box, opened
from cli_tools import Pixels, many_colors

import codec
from codec.cli.commands import main
from codec.colors.metrics import visible_errors
from codec.colors.naming import name_change, name_color
from codec.images.writing import encode_image

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PHOTO = many_colors(height=120, width=160)
# On the left many pixels of a color that changed a little, on the right few that changed much.
UNEVEN: Pixels = np.full((120, 160, 3), 128, np.uint8)
UNEVEN[30:90, 15:75] = UNEVEN[45:60, 120:135] = (200, 40, 40)
UNEVEN_AFTER = UNEVEN.copy()
UNEVEN_AFTER[30:90, 15:75, 0] -= np.uint8(12)
UNEVEN_AFTER[50:52, 120:135, 0] -= np.uint8(90)
SPRITE: Pixels = np.dstack([PHOTO, np.tile(np.linspace(0, 255, 160).astype(np.uint8), (120, 1))])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages of a photograph, a sprite, a color that changed unevenly, and of two candidates."""
    top = tmp_path_factory.mktemp("places")
    for name, pixels, size in (("photo", PHOTO, "12"), ("sprite", SPRITE, "9")):
        source, file, page = (str(top / f"{name}{end}") for end in (".png", ".npz", ".html"))
        Path(source).write_bytes(encode_image(pixels, ".png"))
        assert main(["compress", "-q", source, "-k", size, "-o", file, "--html", page]) == 0
    (top / "photo.jpg").write_bytes(encode_image(PHOTO, ".jpg"))
    (top / "uneven.png").write_bytes(encode_image(UNEVEN, ".png"))
    (top / "after.png").write_bytes(encode_image(UNEVEN_AFTER, ".png"))
    paths = [str(top / each) for each in ("uneven.png", "after.png", "uneven.html")]
    assert main(["report", *paths[:2], "--html", paths[2]]) == 0
    names = ("photo.png", "photo.npz", "photo.jpg")
    paths = [str(top / each) for each in (*names, "several.html")]
    assert main(["report", *paths[:3], "--html", paths[3]]) == 0
    return top


def choose(page: Any, group: str, value: str) -> None:
    page.locator(f'input[name="{group}"][value="{value}"]').check(force=True)


def test_the_ring_is_a_button(chromium: Any, folder: Path) -> None:
    errors = visible_errors(PHOTO, codec.decompress(codec.load(folder / "photo.npz")))
    row, column = np.argwhere(errors == errors.max())[0]

    def centered() -> bool:
        # It is in the middle of the left side, or as near to it as the picture's border lets it.
        ring, stage, picture = (box(page, each) for each in ("#worst", "#stage", "#original"))
        stage = (stage[0], stage[1], stage[2] / 2, stage[3])
        return all(
            abs(ring[axis] + ring[axis + 2] / 2 - stage[axis] - stage[axis + 2] / 2) < 1
            or abs(picture[axis] - stage[axis]) < 1
            or abs(picture[axis] + picture[axis + 2] - stage[axis] - stage[axis + 2]) < 1
            for axis in (0, 1)
        )

    for how in "mouse", "touch", "Enter", "Space":
        size = NARROW if how == "touch" else WIDE
        with opened(chromium, folder / "photo.html", size, has_touch=how == "touch") as page:
            ring = page.get_by_role("button", name="Enlarge the worst pixel")
            before = box(page, "#original")[2]
            ring.scroll_into_view_if_needed()
            if how == "mouse":
                ring.click()
            elif how == "touch":
                ring.tap()
            else:
                ring.focus()
                page.keyboard.press(how)
            assert box(page, "#original")[2] > 2 * before
            assert centered()
            assert (
                page.locator("#readout").inner_text().startswith(f"Column {column}, row {row}: ")
            )
            assert page.locator("#split").input_value() == "50"
            # Where it is not in sight, the tabulator does not stop at it.
            assert ring.get_attribute("tabindex") == "0"
            page.locator(".spot b").nth(1).dispatch_event("click")
            stage, place = box(page, "#stage"), box(page, "#worst")
            stage = (stage[0], stage[1], stage[2] / 2, stage[3])
            inside = all(
                stage[axis] <= place[axis] + place[axis + 2] / 2 <= stage[axis] + stage[axis + 2]
                for axis in (0, 1)
            )
            tabindex = page.locator("#worst").get_attribute("tabindex")
            assert tabindex == ("0" if inside else "-1")


def shows(colors: tuple[str, str], pixel: tuple[int, int], pixels: Pixels, after: Pixels) -> bool:
    """Whether a pixel, by column and row, is called what a change is called and did change."""
    column, row = pixel
    before, became = (tuple(each[row, column].tolist()) for each in (pixels, after))
    wanted = [tuple(bytes.fromhex(each[1:].ljust(2 * len(before), "f"))) for each in colors]
    named = name_color(before) == name_color(wanted[0])
    return before != became and named and name_change(before, became) == name_change(*wanted)


@pytest.mark.parametrize(
    ("name", "pixels"), [("photo", PHOTO), ("sprite", SPRITE), ("uneven", UNEVEN)]
)
def test_numbers_lead_to_a_pixel_that_changed_as_they_say(
    chromium: Any, folder: Path, name: str, pixels: Pixels
) -> None:
    after = UNEVEN_AFTER
    if name != "uneven":
        after = codec.decompress(codec.load(folder / f"{name}.npz"))
    with opened(chromium, folder / f"{name}.html") as page:
        places = page.locator(".place")
        count = places.count()
        assert page.locator(".at, .pair").count() == count > 0
        for number in range(count):
            found = []
            for how in "click", "Enter", "list":
                page.locator("#zoom-fit").click()
                choose(page, "view", "original")
                before = box(page, "#original")[2]
                button = page.locator(f':is(.at, .pair)[data-place="{number}"]')
                if how == "click":
                    button.click()
                elif how == "Enter":
                    button.focus()
                    page.keyboard.press("Enter")
                else:
                    places.nth(number).click()
                told = page.locator("#readout").inner_text()
                column, row = map(int, re.findall(r"\d+", told)[:2])
                found.append((column, row))
                assert box(page, "#original")[2] > 2 * before
                # It can be seen on the left side, as what it became on the right one.
                picture, stage = box(page, "#original"), box(page, "#stage")
                stage = (stage[0], stage[1], stage[2] / 2, stage[3])
                ring = box(page, ".target >> nth=0")
                for axis, at in enumerate((column, row)):
                    place = picture[axis] + (at + 0.5) * picture[2] / 160
                    assert stage[axis] < place < stage[axis] + stage[axis + 2]
                    assert ring[axis] + ring[axis + 2] / 2 == pytest.approx(place, abs=1.6)
                assert (
                    page.locator('input[name="view"]:checked').get_attribute("value") == "compare"
                )
            assert len({*found}) == 1
            assert visible_errors(pixels, after)[found[0][1], found[0][0]] > 0
            codes = tuple(places.nth(number).locator("code").all_inner_texts())
            if len(codes) == 2 and "soft" not in places.nth(number).inner_text():
                assert shows(codes, found[0], pixels, after), (number, codes, found[0])


def test_a_finger_on_a_pair_brings_the_picture_into_sight(chromium: Any, folder: Path) -> None:
    with opened(chromium, folder / "several.html", NARROW, has_touch=True) as page:
        choose(page, "candidate", "0")
        page.wait_for_selector("html[data-shown='0']")
        page.locator(".place:visible").last.tap()
        page.wait_for_function(
            """() => {
                const box = document.getElementById("stage").getBoundingClientRect();
                return box.top >= -1 && box.bottom <= innerHeight + 1;
            }"""
        )
        assert page.locator("#readout").inner_text().startswith("Column ")


# What a place is compared with


def sides(page: Any) -> list[tuple[float, ...]]:
    """What is seen of either picture: left, top, right, bottom in the stage."""
    found: list[tuple[float, ...]] = page.evaluate(
        """() => ["#original", "img.candidate:not([hidden])"].map((each) => {
            const image = document.querySelector(each), box = image.getBoundingClientRect();
            const stage = document.getElementById("stage").getBoundingClientRect();
            const scale = box.width / image.offsetWidth;
            const cut = image.style.clipPath.match(/[\\d.]+/g).map(Number).map((at) => at * scale);
            const [top, right, bottom, left] = cut.length === 4 ? cut : [0, 0, 0, 0];
            const first = box.top + top - stage.top, last = box.bottom - bottom - stage.top;
            return [box.left + left - stage.left, Math.max(first, 0),
                    box.right - right - stage.left, Math.min(last, stage.height)];
        })"""
    )
    return [tuple(each) for each in found]


@pytest.mark.parametrize("how", [".place", ".at", ".spot b", ".pair", "#to-worst", "#worst"])
def test_a_place_is_seen_whole_before_and_after(chromium: Any, folder: Path, how: str) -> None:
    with opened(chromium, folder / "photo.html") as page:
        assert not page.locator("#back").is_visible()
        page.locator(how).first.click()
        width = box(page, "#stage")[2]
        before, after = sides(page)
        # Both sides show the same pixels, half of the stage each, and neither hides the other.
        assert before[2] <= width / 2 + 1 <= after[0] + 2
        assert [after[0] - before[0], after[2] - before[2]] == pytest.approx(
            [width / 2] * 2, abs=0.1
        )
        assert (after[1], after[3]) == pytest.approx((before[1], before[3]), abs=0.1)
        # What was gone to is marked on both, at the same pixel.
        if how in (".place", ".at", ".spot b"):
            marks = box(page, ".spot:visible"), box(page, "#frame")
            assert page.locator(".spot:visible").count() == 1
        else:
            marks = box(page, ".target >> nth=0"), box(page, ".target >> nth=1")
        assert marks[1][0] - marks[0][0] == pytest.approx(width / 2, abs=1.6)
        assert marks[1][1:] == pytest.approx(marks[0][1:], abs=1.6)
        # Pixels are told on both sides, the same ones.
        left, top, _, height = box(page, "#stage")
        told = []
        for side in (0, 1):
            page.mouse.move(left + width / 4 + side * width / 2 + 3, top + height / 3)
            told.append(page.locator("#readout").inner_text())
        assert told[0] == told[1]
        # One way back, at the picture, over no name of a side.
        back = box(page, "#back")
        for tag in "#tag-original", "#tag-compressed":
            left, top, width, height = box(page, tag)
            assert left + width <= back[0] or back[0] + back[2] <= left or top + height <= back[1]
        page.locator("#back").click()
        assert page.locator("#split").input_value() == "50"
        assert not page.locator(".target").first.is_visible()
        assert not page.locator("#frame").is_visible()
        assert box(page, "#original") == box(page, "img.candidate:not([hidden])")
        assert not page.locator("#back").is_visible()


def test_a_place_stays_in_sight_in_all_views(chromium: Any, folder: Path) -> None:
    with opened(chromium, folder / "photo.html") as page:
        page.locator(".at").nth(1).click()
        for view in "original", "errors", "compressed", "compare":
            choose(page, "view", view)
            stage, spot = box(page, "#stage"), page.locator(".spot").nth(1).bounding_box()
            assert stage[0] <= spot["x"]
            assert spot["x"] + spot["width"] <= stage[0] + stage[2]
            assert spot["y"] + spot["height"] <= stage[1] + stage[3]
            assert page.locator("#worst").count() == 1
        # Who moves the divider wants it back.
        page.locator("#split").focus()
        page.keyboard.press("ArrowLeft")
        assert not page.locator("#frame").is_visible()
        assert box(page, "#original") == box(page, "img.candidate:not([hidden])")


def test_numbers_cover_neither_their_squares_nor_each_other(chromium: Any, folder: Path) -> None:
    for size in WIDE, NARROW:
        with opened(chromium, folder / "photo.html", size) as page:
            stage = box(page, "#stage")
            boxes = [
                each.bounding_box()
                for each in page.locator(".spot:visible, .spot:visible b").all()
            ]
            taken = [(each["x"], each["y"], each["width"], each["height"]) for each in boxes]
            taken.append(box(page, "#worst"))
            for number in page.locator(".spot:visible b").all():
                found = number.bounding_box()
                mine = (found["x"], found["y"], found["width"], found["height"])
                for axis in (0, 1):
                    assert mine[axis] >= stage[axis] - 1
                    assert mine[axis] + mine[axis + 2] <= stage[axis] + stage[axis + 2] + 1
                for other in taken:
                    assert other == mine or any(
                        mine[axis] + mine[axis + 2] <= other[axis] + 3
                        or other[axis] + other[axis + 2] <= mine[axis] + 3
                        for axis in (0, 1)
                    )


def test_the_picture_begins_on_the_first_screen_of_a_telephone(
    chromium: Any, folder: Path
) -> None:
    with opened(
        chromium, folder / "photo.html", (390, 740), has_touch=True, is_mobile=True
    ) as page:
        stage = box(page, "#stage")
        assert stage[1] + stage[3] / 2 < 740
        assert page.locator("#readout").inner_text() == "Tap a pixel to read its colors."
        assert "Drag to move" in page.locator("#viewer-hint").inner_text()
        assert "Keys" not in page.locator("#viewer-hint").inner_text()
        assert 0 <= box(page, "#readout")[1] - stage[1] - stage[3] < 10
        choose(page, "view", "errors")
        assert 0 <= box(page, "#scale")[1] - stage[1] - stage[3] < 10
