"""What leads to a place of the picture in Chromium: the ring, and the colors that changed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_tools import NARROW, WIDE, box, opened
from cli_tools import Pixels, many_colors

import codec
from codec.cli.commands import main
from codec.colors.metrics import visible_errors
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
        # It is in the middle, or as near to it as the picture's border lets it be.
        ring, stage, picture = (box(page, each) for each in ("#worst", "#stage", "#original"))
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
            inside = all(
                stage[axis] <= place[axis] + place[axis + 2] / 2 <= stage[axis] + stage[axis + 2]
                for axis in (0, 1)
            )
            assert ring.get_attribute("tabindex") == ("0" if inside else "-1")


def changed_most(color: str, pixels: Pixels, after: Pixels) -> tuple[int, int]:
    """Where pixels of about a color changed most: row and column, found without the page."""
    errors = visible_errors(pixels, after).astype(int)
    rgba = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])[..., :4]
    octets = np.frombuffer(bytes.fromhex(color[1:].ljust(8, "f")), np.uint8)
    errors[(rgba >> 4 != octets >> 4).any(axis=2)] = 0
    side = min(pixels.shape[:2]) // 8
    corners = [
        (y, x) for y in range(0, len(errors), side) for x in range(0, errors.shape[1], side)
    ]
    y, x = max(corners, key=lambda each: (errors[each[0] :, each[1] :][:side, :side] ** 2).sum())
    place = errors[y : y + side, x : x + side]
    row, column = np.unravel_index(place.argmax(), place.shape)
    return y + int(row), x + int(column)


@pytest.mark.parametrize(
    ("name", "pixels"), [("photo", PHOTO), ("sprite", SPRITE), ("uneven", UNEVEN)]
)
def test_pairs_of_colors_lead_to_where_they_changed_most(
    chromium: Any, folder: Path, name: str, pixels: Pixels
) -> None:
    after = UNEVEN_AFTER
    if name != "uneven":
        after = codec.decompress(codec.load(folder / f"{name}.npz"))
    with opened(chromium, folder / f"{name}.html") as page:
        pairs = page.locator(".pair")
        assert pairs.count() == page.locator(".change").count() > 0
        for number in range(pairs.count()):
            row, column = changed_most(
                pairs.nth(number).get_attribute("data-color"), pixels, after
            )
            for how in "click", "Enter", "list":
                page.locator("#zoom-fit").click()
                choose(page, "view", "original")
                before = box(page, "#original")[2]
                if how == "click":
                    assert pairs.nth(number).get_attribute("aria-label").startswith("Show where ")
                    pairs.nth(number).click()
                elif how == "Enter":
                    pairs.nth(number).focus()
                    page.keyboard.press("Enter")
                else:
                    page.locator(".change").nth(number).click()
                told = page.locator("#readout").inner_text()
                assert told.startswith(f"Column {column}, row {row}: ")
                assert box(page, "#original")[2] > 2 * before
                # It can be seen, and beside what it was.
                picture, stage = box(page, "#original"), box(page, "#stage")
                for axis, at in enumerate((column, row)):
                    place = picture[axis] + (at + 0.5) * picture[2] / 160
                    assert stage[axis] < place < stage[axis] + stage[axis + 2]
                assert (
                    page.locator('input[name="view"]:checked').get_attribute("value") == "compare"
                )


def test_a_finger_on_a_pair_brings_the_picture_into_sight(chromium: Any, folder: Path) -> None:
    with opened(chromium, folder / "several.html", NARROW, has_touch=True) as page:
        choose(page, "candidate", "0")
        page.wait_for_selector("html[data-shown='0']")
        page.locator(".change:visible").last.tap()
        page.wait_for_function(
            """() => {
                const box = document.getElementById("stage").getBoundingClientRect();
                return box.top >= -1 && box.bottom <= innerHeight + 1;
            }"""
        )
        assert page.locator("#readout").inner_text().startswith("Column ")
