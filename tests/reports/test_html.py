"""The page of a picture: that it is whole, says what is so, and needs nothing else."""

import base64
import html
import importlib
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import pytest
from cli_tools import PICTURES, Pixels, Sandbox, few_colors, many_colors, with_alpha

import codec
from codec import __version__
from codec.colors.pixels import to_channels
from codec.reports import pictures
from codec.reports.html import Candidate, format_share, make_page
from codec.reports.quality import comparison_facts, worst_facts
from codec.reports.report import FileReport

VOID = {"meta", "link", "img", "input", "br", "hr"}


class Page(HTMLParser):
    """A page, taken apart; every element is closed, in order."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.text = data.decode()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.images: list[str] = []
        self._open: list[str] = []
        self.feed(self.text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.addresses += [found[name] or "" for name in ("src", "href") if name in found]
        self.ids += [found["id"] or ""] if "id" in found else []
        if tag == "img":
            assert "alt" in found
            self.images.append(found["src"] or "")
        assert not any(name.startswith("on") for name in found), "a script in an attribute"
        if tag not in VOID and not (self._open and self._open[-1] == "svg" and tag == "line"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    @property
    def data(self) -> dict[str, Any]:
        """What scripts are told."""
        found = re.search(r'<script type="application/json" id="data">(.*?)</script>', self.text)
        assert found
        result: dict[str, Any] = json.loads(found[1])
        return result

    @property
    def words(self) -> str:
        """What there is to read, without styles and scripts."""
        plain = re.sub(r"<(style|script).*?</\1>", " ", self.text, flags=re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", plain)).split())


def decoded(address: str) -> Pixels:
    """The pixels in an address, read by another program; palettes as RGBA."""
    data = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    mode = "RGBA" if data[25] == 3 else None
    return np.asarray(iio.imread(io.BytesIO(data), plugin="pillow", mode=mode))


def page_of(pixels: Pixels, picture: Any, name: str = "photo.png", **more: Any) -> Page:
    """The page of a picture and what it became."""
    after = codec.decompress(picture) if isinstance(picture, codec.IndexedImage) else picture
    facts, _ = comparison_facts(pixels, after)
    height, width, channels = (*pixels.shape, 1)[:3]
    report = FileReport(
        name, outputs=("x.npz",), original_bytes=900, format="npz", width=width, height=height,
        channels=channels, n_colors=9, part_bytes={"labels": 300, "codebook": 27}, **facts,
        **worst_facts(pixels, picture),
    )  # fmt: skip
    return Page(make_page(name, pixels, [Candidate(report, "x.npz", picture, {}, **more)]))


@pytest.mark.parametrize("kind", PICTURES)
def test_a_page_is_whole_and_needs_nothing_else(kind: str) -> None:
    pixels = PICTURES[kind]
    page = page_of(pixels, codec.compress(pixels, 3))
    assert not re.search(r"https?://|//[a-z]+\.[a-z]+/|@import|url\(", page.text)
    assert page.addresses
    assert all(address.startswith("data:") for address in page.addresses)
    assert len(page.ids) == len({*page.ids})
    assert "default-src 'none'" in page.text
    assert __version__ in page.words


@pytest.mark.parametrize("kind", PICTURES)
def test_pictures_are_embedded_without_loss(kind: str) -> None:
    pixels = PICTURES[kind]
    indexed = codec.compress(pixels, 3)
    before, after = page_of(pixels, indexed).images[:2]
    assert np.array_equal(decoded(before), pixels)
    expected = to_channels(codec.decompress(indexed).reshape(*pixels.shape[:2], -1), 4)
    assert np.array_equal(decoded(after), expected)


def test_the_same_gives_the_same_bytes(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png", many_colors())
    for number in "12":
        sandbox.run("compress", "photo.png", "-fk9", "--html", f"{number}.html", check=0)
    assert Path("1.html").read_bytes() == Path("2.html").read_bytes()


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>.png", '"><script>alert(1)</script>', "</script>&amp;"]
)
def test_names_are_text(name: str) -> None:
    pixels = many_colors()
    page = page_of(pixels, codec.compress(pixels, 4), name)
    assert name in page.words
    assert name not in page.text
    assert page.text.count("<script") == 2


def test_figures_are_of_the_whole_picture() -> None:
    pixels = np.zeros((40, 50, 3), np.uint8)
    after = pixels.copy()
    after[7, 9, 1] = 70
    after[30, 2:6] = 5
    page = page_of(pixels, after)
    assert (
        "The worst pixel is off by 70 of 255 levels: column 9, row 7, in the ring." in page.words
    )
    assert "Largest error 70 of 255 1 pixel so far off" in page.words
    assert "unchanged 99.8 % " in page.words  # 1,995 of 2,000
    assert "5–8 0.20 % " in page.words
    assert "65–128 0.05 %" in page.words
    assert "2.6 kB" not in page.words
    assert page.data["candidates"][0]["worst"] == [9, 7]


def disks(*centers: tuple[int, int]) -> tuple[Pixels, Pixels]:
    """A chart of blue disks on white that get duller, with fine grey lines that vanish."""
    rows, columns = np.mgrid[:160, :240]
    pixels = np.full((160, 240, 3), 255, np.uint8)
    pixels[::8] = 200
    after = np.full_like(pixels, 255)
    for row, column in centers:
        disk = (rows - row) ** 2 + (columns - column) ** 2 < 81
        pixels[disk], after[disk] = (0, 152, 254), (79, 152, 221)
    return pixels, after


def test_what_was_lost_stands_beside_the_numbers_of_where() -> None:
    page = page_of(*disks((30, 30), (30, 190), (120, 110)))
    said = "1 bright blue became duller 2 in thin lines, light grey became white"
    assert f" was lost {said} The picture" in page.words
    (listed,) = re.findall(r'<ol class="said">(.*?)</ol>', page.text, re.DOTALL)
    # The words are part of the button.
    buttons = re.findall(r'class="at" data-place="(\d)">(.*?)</button>', listed)
    assert [number for number, _ in buttons] == ["0", "1"]
    assert "bright blue became duller" in buttons[0][1]
    assert re.findall(r"--color: (#\w+)", listed)[:2] == ["#0098fe", "#4f98dd"]


def test_each_number_lies_on_what_it_names() -> None:
    pixels, after = disks((30, 30), (30, 190), (120, 110))
    pixels[100:140, 90:130], after[100:140, 90:130] = (200, 40, 40), (120, 90, 90)
    page = page_of(pixels, after)
    assert "1 red became greyer 2 bright blue became duller" in page.words
    for place, color in zip(
        page.data["candidates"][0]["places"], ((200, 40, 40), (0, 152, 254)), strict=False
    ):
        x, y, side, column, row = place
        square = (pixels[y : y + side, x : x + side] == color).all(axis=2)
        assert square.mean() > 0.4
        assert tuple(pixels[row, column]) == color
        assert x <= column < x + side
        assert y <= row < y + side
    # One list: what is shown beside the picture are the same numbers.
    (listed,) = re.findall(r'<ol class="places">(.*?)</ol>', page.text, re.DOTALL)
    assert re.findall(r'data-place="(\d)"', listed) == ["0", "1", "2"]
    assert "data-color" not in page.text


def test_figures_stand_by_themselves() -> None:
    pixels, after = disks((30, 30), (30, 190), (120, 110))
    page = page_of(pixels, after)
    changed = format_share((pixels != after).any(axis=2).mean())
    for said in re.findall(r'<ol class="said">.*?<span>(.*?)</span>', page.text, re.DOTALL):
        assert not re.search(r"\d", said)
    for figure in (
        f"Pixels changed {changed}", "Half of the pixels ≤ 0 of 255",
        "95 % of the pixels ≤ 55 of 255", "than photo.png",
    ):  # fmt: skip
        assert figure in page.words, figure


def test_the_error_of_a_clear_pixel_is_that_of_its_alpha() -> None:
    pixels = np.zeros((20, 20, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[:5, :, 3] = 0
    after = pixels.copy()
    after[:5, :, :3] = 200
    page = page_of(pixels, after)
    assert "Nothing was lost Every visible pixel is exactly as it was" in page.words
    kept = page_of(pixels, after, exact=True)
    assert kept.data["candidates"][0]["exact"] is True


@pytest.mark.parametrize("kind", PICTURES)
def test_a_lossless_page_says_so_and_has_no_empty_graphs(kind: str) -> None:
    pixels = PICTURES[kind]
    page = page_of(pixels, codec.compress(pixels))
    assert "Nothing was lost" in page.words
    assert re.search("Every (visible )?pixel is exactly as it was", page.words)
    for absent in (
        "How far pixels are off", "Where most was lost", "PSNR", "Bytes and quality", "Errors",
        "Worst pixel",
    ):  # fmt: skip
        assert absent not in page.words
    assert page.data["candidates"][0]["worst"] is None


def test_code_words_are_swatches_by_share() -> None:
    labels = np.repeat(np.array([[1, 1, 1, 2]], np.uint8), 5, axis=0)
    codebook = np.array([[1, 2, 3], [255, 0, 170], [0, 0, 0]], np.uint8)
    indexed = codec.IndexedImage(labels, codebook)
    page = page_of(codec.decompress(indexed), indexed)
    found = re.findall(r"(#[0-9a-f]{6}) (\S+ %)", page.words)
    assert found == [("#ff00aa", "75.0 %"), ("#000000", "25.0 %"), ("#010203", "0.00 %")]
    assert [word[0] for word in page.data["candidates"][0]["colors"]] == [1, 2, 0]


def test_a_picture_of_another_program_has_no_code_words() -> None:
    pixels = many_colors()
    page = page_of(pixels, pixels ^ np.uint8(2))
    assert "This file has no codebook: 768 different colors" in page.words
    assert page.data["candidates"][0]["colors"] == []


def test_a_large_picture_is_thinned_out_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = many_colors(height=90, width=121)
    indexed = codec.compress(pixels, 6)
    assert "This picture is large" not in page_of(pixels, indexed).words
    monkeypatch.setattr(pictures, "MAX_SHOWN_PIXELS", 3000)
    page = page_of(pixels, indexed)
    assert "This picture is large: the page holds every 2nd pixel of every 2nd row" in page.words
    assert np.array_equal(decoded(page.images[0]), pixels[::2, ::2])
    assert np.array_equal(decoded(page.images[1])[..., :3], codec.decompress(indexed)[::2, ::2])
    assert page.data["step"] == 2
    # The worst places have all of their pixels.
    x, y, side = map(
        int, re.findall(r'data-x="(\d+)" data-y="(\d+)" data-side="(\d+)"', page.text)[0]
    )
    assert np.array_equal(decoded(page.images[2]), pixels[y : y + side, x : x + side])
    assert np.array_equal(
        decoded(page.images[3]), codec.decompress(indexed)[y : y + side, x : x + side]
    )


def test_pictures_are_thinned_out_as_far_as_it_takes() -> None:
    most = pictures.MAX_SHOWN_PIXELS
    steps = {(1, most): 1, (1, most + 1): 2, (2, 2 * most): 2, (3872, 2592): 3, (1, 1): 1}
    assert {size: pictures.shown_step(*size) for size in steps} == steps


def test_shares_are_never_nothing_nor_all_where_that_is_not_so() -> None:
    shares = {0: "0.00 %", 1e-9: "< 0.01 %", 0.001: "0.10 %", 0.5: "50.0 %",
              0.99999: "> 99.9 %", 1: "100.0 %"}  # fmt: skip
    assert {share: format_share(share) for share in shares} == shares


def test_jinja_is_imported_when_a_page_is_made() -> None:
    source = Path(importlib.import_module("codec.reports.html").__file__ or "").read_text("utf-8")
    outside = [line for line in source.splitlines() if re.match(r"(import|from) jinja2", line)]
    assert outside == []


def test_shares_are_called_those_of_visible_pixels_where_others_are() -> None:
    pixels = with_alpha()
    pixels[..., 3] = 255
    after = pixels ^ np.uint8(2)
    after[..., 3] = 255
    said = "Shares are of the visible pixels"
    assert said not in page_of(pixels, after).words
    pixels[:2, :, 3] = after[:2, :, 3] = 0
    assert said in page_of(pixels, after).words


def several(*files: tuple[int, int]) -> Page:
    """The page of candidates of so much error and so many bytes."""
    pixels = np.full((40, 50, 3), 90, np.uint8)
    candidates = []
    for number, (error, size) in enumerate(files):
        after = pixels + np.uint8(error)
        facts, _ = comparison_facts(pixels, after)
        report = FileReport(
            "x.png", width=50, height=40, channels=3, part_bytes={"file": size}, **facts
        )
        candidates.append(Candidate(report, f"{number}.png", after, {}))
    return Page(make_page("x.png", pixels, candidates))


def test_the_best_of_several_is_shown_first_and_named() -> None:
    page = several((9, 500), (3, 900), (3, 800))
    assert re.findall(r'name="candidate" value="(\d)" checked', page.text) == ["2"]
    assert "Nearest to the original, by PSNR: 2.png ; smallest: 0.png ." in page.words
    assert re.findall(r"(\d+ B), ([\d.]+ dB) best", page.words) == [("800 B", "38.6 dB")]
    assert "Compressed" not in page.words
    assert "1.png , and smallest." in several((9, 500), (3, 400)).words


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_few_colors_of_others_have_swatches_too(channels: int) -> None:
    pixels = many_colors(height=40, width=50)
    pixels = pixels[..., :channels] if channels < 4 else with_alpha(height=40, width=50)
    after = pixels // 64 * 64
    facts, _ = comparison_facts(pixels, after)
    report = FileReport(
        "x.png",
        width=50,
        height=40,
        channels=channels,
        part_bytes={"file": 9},
        kind="GIF",
        **facts,
    )
    page = Page(make_page("x.png", pixels, [Candidate(report, "x.gif", after, {})]))
    colors = np.unique(after.reshape(-1, channels), axis=0)
    assert f"{len(colors)} colors, by share of the picture." in page.words
    assert "codebook" not in page.words
    listed = {tuple(each[1:-1]) for each in page.data["candidates"][0]["colors"]}
    assert listed == {*map(tuple, colors.tolist())}
    assert np.array_equal(
        decoded(page.images[1]), to_channels(after, decoded(page.images[1]).shape[2])
    )


def test_a_color_more_than_labels_can_tell_has_no_swatch() -> None:
    for colors, swatches in ((256, 256), (257, 0)):
        pixels = np.zeros((20, 20, 3), np.uint8)
        pixels.reshape(-1, 3)[:colors, 0] = np.arange(colors) % 256
        pixels.reshape(-1, 3)[256:colors, 1] = 1
        facts, _ = comparison_facts(pixels, pixels)
        report = FileReport(
            "x.png", width=20, height=20, channels=3, part_bytes={"file": 9}, **facts
        )
        page = Page(make_page("x.png", pixels, [Candidate(report, "x.png", pixels, {})]))
        assert len(page.data["candidates"][0]["colors"]) == swatches


def test_clear_pictures_have_pages() -> None:
    pixels = np.zeros((40, 50, 4), np.uint8)
    assert "Nothing was lost" in page_of(pixels, pixels).words


def test_few_colors_are_not_called_many() -> None:
    page = page_of(np.zeros((9, 9, 3), np.uint8), codec.compress(np.zeros((9, 9, 3), np.uint8)))
    assert "1 color, by share of the picture" in page.words


def test_small_pictures_have_pages(sandbox: Sandbox) -> None:
    for name, pixels in (
        ("dot.png", np.array([[[1, 2, 3]]], np.uint8)),
        ("line.png", many_colors(height=1, width=300)),
        ("sprite.png", with_alpha(height=8, width=8)),
        ("few.png", few_colors()),
    ):
        sandbox.picture(name, pixels)
        sandbox.run("compress", name, "-k2", "--html", f"{name}.html", check=0)
        Page(Path(f"{name}.html").read_bytes())
