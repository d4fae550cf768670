"""What a page says in words."""

import re
from typing import Any

import numpy as np
import pytest
from cli_tools import Pixels

from codec.reports.losses import Losses, find_losses
from codec.reports.report import FileReport
from codec.reports.words import (
    best,
    headline,
    headlines,
    opening,
    place_words,
    settings_rows,
    summary,
    write_percent,
)


def report(**facts: Any) -> FileReport:
    known = {"channels": 3, "mse": 4.0, "lossless": False, "delta_e_p95": 3.0, **facts}
    return FileReport("x.png", **known)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"lossless": True, "mse": 0.0}, "Nothing was lost"),
        ({"mse": 0.0}, "Nothing that can be seen was lost"),
        ({"delta_e_p95": 0.9}, "Hardly anything to be seen was lost"),
        ({"delta_e_p95": 2.4}, "Little was lost, to be seen at a close look"),
        ({"delta_e_p95": 2.6}, "What was lost can be seen"),
        ({"delta_e_p95": 11.0}, "What was lost is easy to see"),
        ({"delta_e_p95": 40.0}, "Much was lost"),
        ({"delta_e_p95": 0.9, "ssim": 0.98}, "Hardly anything to be seen was lost"),
        ({"delta_e_p95": 0.9, "ssim": 0.91}, "What was lost can be seen"),
        ({"delta_e_p95": 11.0, "ssim": 0.91}, "What was lost is easy to see"),
        ({"delta_e_p95": 0.9, "ssim": 0.5}, "Much was lost"),
    ],
)
def test_a_headline_says_how_much_was_lost(facts: dict[str, Any], words: str) -> None:
    assert headline(report(**facts)) == words


def test_headlines_differ_where_losses_do() -> None:
    reports = [report(mse=mse, delta_e_p95=4.0) for mse in (5.0, 4.0, 4.0)]
    reports.append(report(mse=9.0, delta_e_p95=7.0))
    assert headlines(reports, ["a", "b", "c", "d"]) == [
        "What was lost can be seen, more than in b", "What was lost can be seen",
        "What was lost can be seen", "What was lost is easy to see",
    ]  # fmt: skip


def test_the_best_is_nearest_and_among_equals_smallest() -> None:
    facts = ((5.0, 10), (4.0, 90), (4.0, 80))
    reports = [report(mse=mse, part_bytes={"file": size}) for mse, size in facts]
    assert best(reports) == 2
    assert best(reports[:2]) == 1
    assert best([*reports, report(mse=0.0, part_bytes={"file": 999})]) == 3


def test_percents_are_never_all_nor_nothing_where_that_is_not_so() -> None:
    shares = {0.0: "0 %", 1e-6: "less than 0.01 %", 0.00012: "0.012 %", 0.32: "32 %",
              0.997: "99.7 %", 0.99999: "more than 99.9 %", 1.0: "100 %"}  # fmt: skip
    assert {share: write_percent(share) for share in shares} == shares


def changed(error: int, rows: slice) -> tuple[Pixels, Pixels]:
    pixels = np.full((90, 90, 3), 90, np.uint8)
    after = pixels.copy()
    after[rows] += np.uint8(error)
    return pixels, after


def told(losses: Losses) -> list[str]:
    """List what is said of each change, in order."""
    return [place_words(place) for place in losses.places]


def test_a_summary_says_where_and_how_much() -> None:
    losses = find_losses(*changed(20, slice(0, 18)))
    assert opening(report(), losses) == "On average, colors are as they were."  # most of them are
    assert summary(report(), losses) == [
        "More was lost in the top left than elsewhere.",
        "The background, #5a5a5a, 80 % of the picture, is unchanged.",
        "The worst 1,620 pixels are off by 20 of 255 levels; the first, in the ring, is at column "
        "0, row 0.",
    ]
    losses = find_losses(*changed(30, slice(None)))
    assert opening(report(), losses) == ""
    assert told(losses) == ["dark grey became lighter"]
    assert summary(report(), losses)[0] == "The loss is spread over the whole picture."


def test_a_loss_without_a_change_of_colors_is_at_places() -> None:
    pixels = np.full((90, 90, 3), 90, np.uint8)
    after = pixels.copy()
    after[::2] += np.uint8(4)
    after[1::2] -= np.uint8(4)
    losses = find_losses(pixels, after)
    assert summary(report(), losses)[0] == (
        "The loss is spread over the whole picture, most of it at the places marked 1, 2, 3 in "
        "the picture."
    )
    assert told(losses) == ["single pixels changed, by up to 4 of 255 levels"] * 3


def test_what_is_said_of_changes_has_no_figures() -> None:
    for rows in (slice(0, 60), slice(None)):
        losses = find_losses(*changed(30, rows))
        said = [opening(report(), losses), *told(losses)]
        assert not re.search(r"\d", " ".join(said))


def colored(*bands: tuple[tuple[int, int, int], tuple[int, int, int], int]) -> list[str]:
    """What is said of a picture of bands: before, after, and how many rows they have."""
    rows = [(before, after) for before, after, count in bands for _ in range(count)]
    first, second = (
        np.array([[row[part]] * 90 for row in rows], dtype=np.uint8) for part in (0, 1)
    )
    return told(find_losses(first, second))


def test_colors_that_became_others_are_named() -> None:
    red, blue, yellow, green = (200, 0, 0), (47, 75, 112), (255, 255, 0), (0, 200, 0)
    grey, white = (128, 128, 128), (255, 255, 255)
    said = colored((red, grey, 20), (blue, grey, 20), (yellow, white, 20), (grey, grey, 30))
    assert {*said} == {"red became grey", "dark blue became grey", "yellow became white"}
    assert said[2] == "dark blue became grey"  # the least of what people see
    # Of one name before and after: how they differ. On hardly any pixels: what there is.
    assert colored((green, (90, 140, 90), 40), (grey, grey, 50)) == ["bright green became duller"]
    assert colored((blue, grey, 40), (red, grey, 1), (grey, grey, 1959)) == [
        "dark blue became grey"
    ]
    assert colored((red, grey, 1), (grey, grey, 1999)) == ["in thin lines, red became grey"]


def test_a_change_is_never_told_twice() -> None:
    # Shades of one name that do not change alike, and so are found one by one.
    bands = [((0, 60 + 40 * step, 0), (40 * step, 90, 40 * step), 12) for step in range(4)]
    said = colored(*bands)
    assert said
    assert len(said) == len({*said})


def lines(width: int) -> tuple[Pixels, Pixels]:
    """An area that gets duller a little, and lines of this width that get quite another color."""
    pixels = np.full((200, 200, 3), 255, np.uint8)
    after = pixels.copy()
    pixels[20:60, 20:80], after[20:60, 20:80] = (0, 152, 254), (79, 152, 221)
    for column in range(100, 190, 12):
        pixels[:, column : column + width] = (150, 150, 150)
        after[:, column : column + width] = (220, 60, 40)
    return pixels, after


def test_areas_are_named_before_lines_though_these_changed_more() -> None:
    losses = find_losses(*lines(1))
    area, line = "bright blue became duller", "grey became red"
    assert told(losses) == [area, f"in thin lines, {line}"]
    assert [change.thin for change in losses.changes] == [False, True]
    losses = find_losses(*lines(4))
    assert {*told(losses)} == {area, line}
    assert not any(change.thin for change in losses.changes)


def test_soft_alpha_is_told_as_what_it_is() -> None:
    pixels = np.zeros((90, 120, 4), np.uint8)
    pixels[20:70, 20:100, 3] = np.linspace(20, 200, 80)
    after = pixels.copy()
    after[..., 3] = after[..., 3] // 50 * 50
    assert "the soft shadow became steps" in told(find_losses(pixels, after))
    after[..., 3] = 0
    assert told(find_losses(pixels, after)) == ["the soft shadow vanished"]
    pixels[..., :3] = after[..., :3] = (200, 40, 40)
    assert told(find_losses(pixels, after)) == ["the soft edge vanished"]


def test_lettering_is_no_background() -> None:
    pixels = np.zeros((90, 200, 4), np.uint8)
    pixels[20:70, 20:150] = (68, 72, 118, 255)
    pixels[20:70, 150:180] = (178, 218, 212, 255)
    after = pixels.copy()
    after[20:70, 150:180] = (125, 176, 188, 255)
    losses = find_losses(pixels, after)
    said = summary(report(channels=4), losses)
    assert told(losses)[0].startswith("pale turquoise became ")
    assert "56 % of the picture is fully transparent, as before." in said
    assert "The most common color, #444876, 81 % of the visible pixels, is unchanged." in said
    assert not any("background" in sentence for sentence in said)


def test_what_is_clear_does_not_count() -> None:
    pixels = np.full((90, 90, 4), 90, np.uint8)
    pixels[:45, :, 3] = 0
    after = pixels.copy()
    after[:45, :, 0] = 7
    after[60:, :, :3] += np.uint8(30)
    losses = find_losses(pixels, after)
    said = summary(report(channels=4), losses)
    assert told(losses) == ["translucent dark grey became lighter"]
    assert said[0] == "More was lost in the bottom left than elsewhere."
    assert said[1] == "50 % of the picture is fully transparent, as before."
    assert not any("background" in sentence for sentence in said)


def test_few_pixels_that_changed_are_not_none() -> None:
    pixels, after = changed(0, slice(0))
    after[5, 7] = 200
    said = summary(report(), find_losses(pixels, after))
    assert said[0] == "Most was lost in the top left."
    assert said[2] == (
        "The worst pixel is off by 110 of 255 levels: column 7, row 5, in the ring."
    )


def test_what_is_not_lossless_without_an_error_says_why() -> None:
    losses = find_losses(*changed(0, slice(0)))
    said = opening(report(mse=0.0, converted=("16-bit samples were rounded",)), losses)
    assert "reading changed it: 16-bit samples were rounded" in said
    said = opening(report(mse=0.0), losses)
    assert said == "All visible pixels are as they were; colors of clear pixels are not."
    said = opening(report(mse=0.0, lossless=True, channels=4), losses)
    assert said.startswith("Every visible pixel")
    assert summary(report(mse=0.0), losses) == []


def test_settings_are_those_that_are_known() -> None:
    rows = settings_rows(
        report(format="npz", n_colors=9, verified=False, targets={"max_bytes": 900, "auto": True}),
        {"Seed": "0"},
    )
    assert rows == [
        ("Format", "npz"), ("Code-words K", "9"), ("Targets", "--max-bytes 900 --auto"),
        ("Seed", "0"), ("Seal", "none"),
    ]  # fmt: skip
    assert settings_rows(report(), {}) == []
