"""The page in Chromium: the divider, zoom, error map, code-words, colors in space, keyboard."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_tools import NARROW, WIDE, box, opened, samples
from cli_tools import Pixels, many_colors

import codec
from codec.cli.commands import main
from codec.colors.metrics import visible_errors
from codec.images.writing import encode_image
from codec.reports import pictures
from codec.reports.html import ERROR_SCALE

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PHOTO = many_colors(height=120, width=160)
# As `write_pictures` compresses it.
SPRITE: Pixels = np.dstack([PHOTO, np.tile(np.linspace(0, 255, 160).astype(np.uint8), (120, 1))])
FEW: Pixels = (PHOTO[:60, :80] // 64 * 64).astype(np.uint8)
# Whether the whole picture is in sight, as large as there is room for.
FITS = """() => {
    const [stage, picture] = ["stage", "original"].map(
        (id) => document.getElementById(id).getBoundingClientRect());
    const room = [stage.width - picture.width, stage.height - picture.height];
    return Math.min(...room) > -1 && Math.min(...room) < 1;
}"""
PAGES = ("photo", "several", "sprite", "lossless", "large", "sweep")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages of all kinds, and what they show."""
    top = tmp_path_factory.mktemp("pages")

    def run(*arguments: str) -> None:
        paths = [str(top / each) if "." in each else each for each in arguments]
        assert main(paths) == 0

    for name, pixels in (("photo", PHOTO), ("sprite", SPRITE), ("few", FEW)):
        (top / f"{name}.png").write_bytes(encode_image(pixels, ".png"))
    (top / "photo.jpg").write_bytes(encode_image(PHOTO, ".jpg"))
    for size in "12", "40":
        run("compress", "-q", "photo.png", "-k", size, "-o", f"{size}.npz")
    run("report", "photo.png", "12.npz", "--html", "photo.html")
    run("report", "photo.png", "12.npz", "40.npz", "photo.jpg", "--html", "several.html")
    run("compress", "-q", "sprite.png", "-k", "9", "-o", "s.npz", "--html", "sprite.html")
    run("compress", "-q", "few.png", "-o", "few.npz", "--html", "lossless.html")
    run("sweep", "photo.png", "-k", "4", "16", "--html", "sweep.html")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "MAX_SHOWN_PIXELS", 3000)
        run("compress", "-q", "photo.png", "-k9", "-o", "l.npz", "--html", "large.html")
    return top


def after(folder: Path, name: str) -> codec.IndexedImage:
    return codec.load(folder / name)


def choose(page: Any, group: str, value: str) -> None:
    page.locator(f'input[name="{group}"][value="{value}"]').check(force=True)


@pytest.mark.parametrize(
    ("name", "size", "scheme"),
    [
        *((name, WIDE, "light") for name in PAGES),
        ("photo", NARROW, "dark"),
        ("several", NARROW, "dark"),
        ("sprite", NARROW, "dark"),
    ],
)
def test_a_page_is_accessible_quiet_and_fits(
    chromium: Any, folder: Path, name: str, size: tuple[int, int], scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def faults() -> list[Any]:
        found = axe.run(page).response["violations"]
        return [(each["id"], [node["html"][:99] for node in each["nodes"]]) for each in found]

    with opened(chromium, folder / f"{name}.html", size, color_scheme=scheme) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]
        assert faults() == []
        if name == "photo":
            choose(page, "view", "errors")
            choose(page, "word-0", "0")
            assert faults() == []
            choose(page, "view", "compare")
            page.locator(".at").first.click()
            assert faults() == []
            page.locator("#back").click()
        for other in (2560, 1000, 360):
            page.set_viewport_size({"width": other, "height": 700})
            assert page.evaluate("document.documentElement.scrollWidth") == other
            page.wait_for_function(FITS)


# The divider, zoom and pan


def cuts(page: Any) -> tuple[float, float]:
    """Where the original ends and what it became begins, as parts of the picture's width."""
    found = []
    for each in "#original", "img.candidate:not([hidden])":
        style = page.locator(each).evaluate("(image) => image.style.clipPath")
        top, *rest = map(float, re.findall(r"-?[\d.]+", style))
        right = rest[0] if rest else top
        found.append((right, rest[2] if len(rest) > 2 else right))
    width = page.locator("#original").evaluate("(image) => image.offsetWidth")
    return 1 - found[0][0] / width, found[1][1] / width


def test_the_divider_follows_mouse_and_keyboard(chromium: Any, folder: Path) -> None:
    with opened(chromium, folder / "photo.html") as page:
        assert cuts(page) == pytest.approx((0.5, 0.5), abs=0.01)
        left, top, width, height = box(page, "#layers")
        page.mouse.move(left + width / 2, top + height / 2)
        page.mouse.down()
        page.mouse.move(left + width / 4, top + height / 2, steps=4)
        page.mouse.up()
        assert cuts(page) == pytest.approx((0.25, 0.25), abs=0.01)
        page.locator("#split").focus()
        page.keyboard.press("End")
        assert cuts(page) == pytest.approx((1, 1), abs=0.01)
        assert page.locator("#split").get_attribute("aria-valuetext") == "100 percent original"
        page.keyboard.press("Home")
        assert cuts(page) == pytest.approx((0, 0), abs=0.01)


def test_the_divider_follows_a_finger(chromium: Any, folder: Path) -> None:
    with opened(chromium, folder / "photo.html", NARROW, has_touch=True) as page:
        page.locator("#stage").scroll_into_view_if_needed()
        left, top, width, height = box(page, "#layers")
        page.touchscreen.tap(left + 0.75 * width, top + height / 2)
        assert cuts(page) == pytest.approx((0.75, 0.75), abs=0.02)


def test_two_fingers_enlarge(chromium: Any, folder: Path) -> None:
    with opened(chromium, folder / "photo.html", NARROW, has_touch=True) as page:
        page.locator("#stage").scroll_into_view_if_needed()
        left, top, width, height = box(page, "#stage")
        before = box(page, "#original")
        fingers = page.context.new_cdp_session(page)

        def touch(kind: str, *apart: int) -> None:
            points = [
                {"x": left + width / 2 + sign * each, "y": top + height / 2, "id": number}
                for each in apart
                for number, sign in enumerate((-1, 1))
            ]
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", 20)
        for apart in range(25, 65, 5):
            touch("touchMove", apart)
        touch("touchEnd")
        enlarged = box(page, "#original")
        assert enlarged[2] == pytest.approx(3 * before[2], rel=0.1)
        assert enlarged == box(page, "img.candidate")


def test_both_pictures_are_enlarged_and_moved_in_step(chromium: Any, folder: Path) -> None:
    with opened(chromium, folder / "photo.html") as page:
        page.locator("#stage").focus()
        start = box(page, "#original")
        for key in "+", "+", "ArrowRight", "ArrowDown":
            page.keyboard.press(key)
        enlarged = box(page, "#original")
        assert enlarged == box(page, "img.candidate")
        assert enlarged[2] == pytest.approx(4 * start[2])
        stage = box(page, "#stage")
        page.mouse.move(stage[0] + 30, stage[1] + 30)
        page.mouse.down()
        page.mouse.move(stage[0] + 90, stage[1] + 50, steps=3)
        page.mouse.up()
        moved = box(page, "#original")
        assert moved[:2] == pytest.approx((enlarged[0] + 60, enlarged[1] + 20))
        assert moved == box(page, "img.candidate")
        # The divider stays where it was, in the middle of the stage.
        middle = (stage[0] + stage[2] / 2 - moved[0]) / moved[2]
        assert cuts(page) == pytest.approx((middle, middle), abs=0.01)
        page.keyboard.down("Control")
        page.mouse.wheel(0, -300)
        page.keyboard.up("Control")
        page.wait_for_function(
            "(least) => document.querySelector('#original').getBoundingClientRect().width > least",
            arg=moved[2] * 1.5,
        )
        sharp = page.locator("#original").evaluate("(e) => getComputedStyle(e).imageRendering")
        assert sharp == "pixelated"
        page.locator("#zoom-one").click()
        assert box(page, "#original")[2:] == (160, 120)
        page.locator("#zoom-fit").click()
        assert box(page, "#original") == pytest.approx(start)


def test_the_worst_pixel_and_places_are_brought_into_the_middle(
    chromium: Any, folder: Path
) -> None:
    errors = visible_errors(PHOTO, codec.decompress(after(folder, "12.npz")))
    row, column = np.argwhere(errors == errors.max())[0]
    with opened(chromium, folder / "photo.html") as page:
        page.locator("#to-worst").click()
        said = page.locator("#readout").inner_text()
        assert said.startswith(f"Column {column}, row {row}: ")
        assert said.endswith(f"off by {errors.max()} of 255")
        ring, stage = box(page, "#worst"), box(page, "#stage")
        inside = stage[0] <= ring[0] + ring[2] / 2 <= stage[0] + stage[2]
        assert inside
        page.locator("#zoom-fit").click()
        spots = page.locator(".spot")
        assert spots.count() == page.locator(".place:visible").count() > 0
        page.locator(".place").first.click()
        room = min(stage[2] / 2, stage[3])  # before and after are beside each other
        assert box(page, ".spot")[3] == pytest.approx(0.8 * room, rel=0.02)
        # So does its number in the picture, and the pixel in the middle is told.
        told = page.locator("#readout").inner_text()
        assert told != said
        page.locator("#zoom-fit").click()
        page.locator(".spot b").first.click()
        assert box(page, ".spot")[3] == pytest.approx(0.8 * room, rel=0.02)
        assert page.locator("#readout").inner_text() == told
        assert page.locator("#split").input_value() == "50"


# What is drawn is what is so


@pytest.mark.parametrize(
    ("name", "pixels", "file"), [("photo", PHOTO, "12.npz"), ("sprite", SPRITE, "s.npz")]
)
def test_the_error_map_has_every_error(
    chromium: Any, folder: Path, name: str, pixels: Pixels, file: str
) -> None:
    errors = visible_errors(pixels, codec.decompress(after(folder, file)))
    colors = np.zeros((256, 4), int)
    for low, color in ERROR_SCALE:
        colors[low:] = (*bytes.fromhex(color[1:]), 255)
    with opened(chromium, folder / f"{name}.html") as page:
        assert not page.locator("#scale").is_visible()
        choose(page, "view", "errors")
        assert page.locator("#scale").is_visible()
        shown = np.reshape(samples(page, "#errors"), (*errors.shape, 4))
        assert np.array_equal(shown, colors[errors])


@pytest.mark.parametrize(
    ("name", "pixels", "file"), [("photo", PHOTO, "12.npz"), ("sprite", SPRITE, "s.npz")]
)
def test_pixels_are_told_before_and_after(
    chromium: Any, folder: Path, name: str, pixels: Pixels, file: str
) -> None:
    decoded = codec.decompress(after(folder, file))

    def written(color: Any) -> str:
        octets = bytes(color.tolist())
        return "#" + (octets if len(octets) < 4 or octets[3] < 255 else octets[:3]).hex()

    with opened(chromium, folder / f"{name}.html") as page:
        left, top, width, height = box(page, "#layers")
        for x, y in (0, 0), (33, 70), (159, 119):
            page.mouse.move(left + (x + 0.5) * width / 160, top + (y + 0.5) * height / 120)
            said = page.locator("#readout").inner_text()
            expected = f"{written(pixels[y, x])} → {written(decoded[y, x])}"
            assert " ".join(said.split()).startswith(f"Column {x}, row {y}: {expected}, off by ")


@pytest.mark.parametrize(("name", "file"), [("photo", "12.npz"), ("sprite", "s.npz")])
def test_a_code_word_is_shown_where_it_is(
    chromium: Any, folder: Path, name: str, file: str
) -> None:
    labels = after(folder, file).labels
    common = int(np.bincount(labels.reshape(-1)).argmax())
    with opened(chromium, folder / f"{name}.html") as page:
        assert not page.locator("#where").is_visible()
        page.locator("#zoom-in").click()
        choose(page, "view", "original")
        choose(page, "word-0", str(common))
        assert page.evaluate(FITS)
        assert page.locator('input[name="view"]:checked').get_attribute("value") == "compare"
        # All over the picture, not only on one side of a divider.
        assert page.locator("#where").evaluate("(each) => each.style.clipPath") == ""
        assert not page.locator("#divider").is_visible()
        shown = np.reshape(samples(page, "#where"), (*labels.shape, 4))
        chosen = (shown == (255, 122, 0, 255)).all(axis=2)
        assert np.array_equal(chosen, labels == common)
        page.keyboard.press("ArrowUp")  # back to none
        assert not page.locator("#where").is_visible()
        assert page.locator("#divider").is_visible()
        page.keyboard.press("ArrowDown")
        assert page.locator("#where").is_visible()
        # It ends when something else is chosen, and at the picture.
        for other in "#back", ".at", "#to-worst", ".place":
            choose(page, "word-0", str(common))
            assert page.locator("#back").is_visible()
            page.locator(other).first.click()
            assert not page.locator("#where").is_visible()
            none = page.locator('input[name="word-0"]:checked')
            assert none.get_attribute("value") == ""
        choose(page, "word-0", str(common))
        choose(page, "view", "errors")
        assert not page.locator("#where").is_visible()
        # Before anything is chosen, the way back does not look like what is to be done.
        colors = [
            page.locator(each).first.evaluate("(each) => getComputedStyle(each).backgroundColor")
            for each in (".swatch.none span", ".segments input:checked + span")
        ]
        assert colors[0] != colors[1]


def test_candidates_are_flipped_between_by_keyboard(chromium: Any, folder: Path) -> None:
    with opened(chromium, folder / "several.html") as page:
        names = page.locator('input[name="candidate"]')
        assert page.locator('input[name="candidate"]:checked').count() == 1
        names.first.check(force=True)
        names.first.focus()
        page.wait_for_selector("html[data-shown='0']")
        left, top, width, height = box(page, "#layers")
        page.mouse.move(left + width / 3, top + height / 3)
        told = page.locator("#readout").inner_text()
        names.first.focus()
        leads = set()
        for number in range(3):
            shown = page.locator("img.candidate:not([hidden])")
            assert shown.get_attribute("alt") == ("12.npz", "40.npz", "photo.jpg")[number]
            assert page.locator("#tag-compressed").inner_text() == shown.get_attribute("alt")
            leads.add(page.locator(".lead:visible").inner_text())
            if number == 1:
                page.wait_for_selector("html[data-shown='1']")
                again = page.locator("#readout").inner_text()
                assert again != told
                assert again.split(":")[0] == told.split(":")[0]
            page.keyboard.press("ArrowDown")
        assert len(leads) == 3
        page.mouse.wheel(0, 1500)
        page.wait_for_function("() => scrollY > 300")
        names.last.click()  # still in sight, above the picture
        assert box(page, ".choice")[1] == 0
        assert box(page, "#stage")[1] > box(page, ".choice")[3]
        page.get_by_text("This file has no codebook").first.wait_for()
        assert page.locator(".curve .point.chosen text").text_content() == "photo.jpg"


def test_colors_in_space_are_turned(chromium: Any, folder: Path) -> None:
    with opened(chromium, folder / "photo.html") as page:
        seen = []

        def look() -> None:
            page.evaluate(
                "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
            )
            seen.append(page.locator("#space").evaluate("(canvas) => canvas.toDataURL()"))

        space = page.locator("#space")
        space.scroll_into_view_if_needed()
        look()
        space.focus()
        page.keyboard.press("ArrowLeft")
        look()
        left, top, *_ = box(page, "#space")
        page.mouse.move(left + 40, top + 40)
        page.mouse.down()
        page.mouse.move(left + 90, top + 60)
        page.mouse.up()
        look()
        page.locator("#turn-up").click()
        look()
        choose(page, "space", "rgb")
        look()
        choose(page, "word-0", "3")
        look()
        assert len({*seen}) == 6


def test_every_control_is_reached_with_the_tabulator(chromium: Any, folder: Path) -> None:
    with opened(chromium, folder / "photo.html") as page:
        wanted = page.evaluate(
            """() => [...document.querySelectorAll("button, input, [tabindex='0']")]
                .filter((each) => each.checkVisibility() && !each.disabled)
                .map((each) => each.type === "radio" ? each.name : each.id || each.ariaLabel)"""
        )
        reached = set()
        for _ in range(60):  # more than there are
            page.keyboard.press("Tab")
            reached.add(
                page.evaluate(
                    """() => { const each = document.activeElement;
                    return each.type === "radio" ? each.name : each.id || each.ariaLabel; }"""
                )
            )
        assert {*wanted} <= reached


def test_a_large_picture_says_where_its_pixels_are(chromium: Any, folder: Path) -> None:
    with opened(chromium, folder / "large.html") as page:
        assert page.locator(".note").first.is_visible()
        left, top, width, height = box(page, "#layers")
        page.mouse.move(left + width - 1, top + height - 1)
        # Every third of 160 columns and 120 rows.
        assert page.locator("#readout").inner_text().startswith("Column 159, row 117: ")
        page.locator(".place").first.click()
        assert page.locator(".place img").first.evaluate("(image) => image.naturalWidth") >= 15


# Where less works


def test_without_scripts_pictures_stand_one_below_the_other(chromium: Any, folder: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "photo.html").as_uri())
    first, second = box(page, "#original"), box(page, "img.candidate")
    assert second[1] >= first[1] + first[3]
    assert first[2:] == second[2:]
    assert page.get_by_text("Without scripts").is_visible()
    context.close()


def test_an_old_browser_has_the_divider_and_is_told_of_the_rest(
    chromium: Any, folder: Path
) -> None:
    page = chromium.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto((folder / "photo.html").as_uri())
    page.get_by_text("This browser cannot draw the comparison").wait_for()
    page.locator("#split").focus()
    page.keyboard.press("Home")
    assert cuts(page) == pytest.approx((0, 0), abs=0.01)
    page.close()


# What an answer takes: the processor's time, whatever else the machine does


def test_answers_take_little_work(chromium: Any, tmp_path: Path) -> None:
    pixels = many_colors(height=512, width=768)
    (tmp_path / "x.png").write_bytes(encode_image(pixels, ".png"))
    assert (
        main(["compress", "-q", str(tmp_path / "x.png"), "--html", str(tmp_path / "x.html")]) == 0
    )
    with opened(chromium, tmp_path / "x.html") as page:
        left, top, width, height = box(page, "#layers")
        page.mouse.move(left + width / 2, top + height / 2)
        chromium.start_tracing(page=page, categories=["devtools.timeline"])
        page.mouse.down()
        for part in range(1, 9):
            page.mouse.move(left + part * width / 9, top + height / 2)
        page.mouse.up()
        page.locator('input[name="word-0"]').nth(1).focus()
        for _ in range(4):
            page.keyboard.press("ArrowDown")
        for _ in range(3):
            page.locator(".at").first.click()
        trace = json.loads(chromium.stop_tracing())["traceEvents"]
    wanted = {"pointermove": 8, "change": 4, "click": 3}
    for kind, least in wanted.items():
        times = [
            event["tdur"] / 1000
            for event in trace
            if event["name"] == "EventDispatch"
            and event.get("args", {}).get("data", {}).get("type") == kind
        ]
        assert len(times) >= least, kind
        assert sorted(times)[len(times) // 2] < 50, kind
