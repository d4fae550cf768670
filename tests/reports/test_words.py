"""What a page says in words."""

import re
from typing import Any

import numpy as np
import pytest
from cli_tools import Pixels

from codec.reports.losses import find_losses
from codec.reports.report import FileReport
from codec.reports.words import (
    best,
    headline,
    headlines,
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


def test_a_summary_says_what_and_where() -> None:
    said = summary(report(), find_losses(*changed(20, slice(0, 18))))
    assert said == [
        "On average, colors are as they were.",  # most pixels of this color are
        "More was lost in the top left than elsewhere.",
        "The background, #5a5a5a, 80 % of the picture, is unchanged.",
        "The worst 1,620 pixels are off by 20 of 255 levels; the first, in the ring, is at column "
        "0, row 0.",
    ]
    said = summary(report(), find_losses(*changed(30, slice(None))))
    assert said[0] == "Dark grey became lighter."
    assert said[1] == (
        "The loss is spread over the whole picture, most of it at the places marked 1, 2, 3 in "
        "the picture."
    )


def test_the_first_sentences_have_no_figures_but_places() -> None:
    for error, rows in ((20, slice(0, 18)), (30, slice(None)), (90, slice(3, 5))):
        said = summary(report(), find_losses(*changed(error, rows)))
        assert not re.search(r"\d", said[0])
        assert not re.search(r"\d+ %|squared", said[1])


def colored(*bands: tuple[tuple[int, int, int], tuple[int, int, int], int]) -> list[str]:
    """Summarize a picture of bands: what they are before, after, and how many rows they have."""
    rows = [(before, after) for before, after, count in bands for _ in range(count)]
    first, second = (
        np.array([[row[part]] * 90 for row in rows], dtype=np.uint8) for part in (0, 1)
    )
    return summary(report(), find_losses(first, second))


def test_colors_that_became_others_are_named_first() -> None:
    red, blue, yellow, green = (200, 0, 0), (47, 75, 112), (255, 255, 0), (0, 200, 0)
    grey, white = (128, 128, 128), (255, 255, 255)
    said = colored((red, grey, 20), (blue, grey, 20), (yellow, white, 20), (grey, grey, 30))
    assert said[0] in {
        "Red and dark blue became grey, yellow became white.",
        "Dark blue and red became grey, yellow became white.",
        "Yellow became white, red and dark blue became grey.",
    }
    # Of one name before and after: how they differ. On hardly any pixels: what there is.
    said = colored((green, (90, 140, 90), 40), (grey, grey, 50))
    assert said[0] == "Bright green became duller."
    said = colored((blue, grey, 40), (red, grey, 1), (grey, grey, 1959))
    assert said[0] == "Dark blue became grey."
    said = colored((red, grey, 1), (grey, grey, 1999))
    assert said[0] == "At edges red became grey."


def lines(width: int) -> tuple[Pixels, Pixels]:
    """An area that gets duller a little, and lines of this width that get quite another color."""
    pixels = np.full((200, 200, 3), 255, np.uint8)
    after = pixels.copy()
    pixels[20:60, 20:80], after[20:60, 20:80] = (0, 152, 254), (79, 152, 221)
    for column in range(100, 190, 12):
        pixels[:, column : column + width] = (150, 150, 150)
        after[:, column : column + width] = (220, 60, 40)
    return pixels, after


def test_areas_are_named_before_edges_though_these_changed_more() -> None:
    losses = find_losses(*lines(1))
    said = summary(report(), losses)
    assert said[0] == "Bright blue became duller; at edges grey became red."
    assert [change.thin for change in losses.changes] == [False, True]
    losses = find_losses(*lines(4))
    assert summary(report(), losses)[0] == "Grey became red, bright blue became duller."
    assert not any(change.thin for change in losses.changes)


def test_each_place_says_what_happened_there() -> None:
    pixels, after = (part[:, :95].copy() for part in lines(1))
    after[150:152, 10:12] = 0
    after[190, 60] = 0
    losses = find_losses(pixels, after)
    words = [place_words(place) for place in losses.places]
    assert words[0] == "bright blue became duller"
    assert "white became black" not in words  # on average it did not
    alone = [place for place in losses.places if place.change is None]
    assert alone
    assert place_words(alone[0]) == "single pixels changed, by up to 255 of 255 levels"
    thin = find_losses(*lines(1)).places
    assert "edges: grey became red" in {place_words(place) for place in thin}


def test_lettering_is_no_background() -> None:
    pixels = np.zeros((90, 200, 4), np.uint8)
    pixels[20:70, 20:150] = (68, 72, 118, 255)
    pixels[20:70, 150:180] = (178, 218, 212, 255)
    after = pixels.copy()
    after[20:70, 150:180] = (125, 176, 188, 255)
    said = summary(report(channels=4), find_losses(pixels, after))
    assert said[0].startswith("Pale turquoise became ")
    assert "56 % of the picture is fully transparent, as before." in said
    assert "The most common color, #444876, 81 % of the visible pixels, is unchanged." in said
    assert not any("background" in sentence for sentence in said)


def test_what_is_clear_does_not_count() -> None:
    pixels = np.full((90, 90, 4), 90, np.uint8)
    pixels[:45, :, 3] = 0
    after = pixels.copy()
    after[:45, :, 0] = 7
    after[60:, :, :3] += np.uint8(30)
    said = summary(report(channels=4), find_losses(pixels, after))
    assert said[0] == "Translucent dark grey became lighter."
    assert said[1] == "More was lost in the bottom left than elsewhere."
    assert said[2] == "50 % of the picture is fully transparent, as before."
    assert not any("background" in sentence for sentence in said)


def test_few_pixels_that_changed_are_not_none() -> None:
    pixels, after = changed(0, slice(0))
    after[5, 7] = 200
    said = summary(report(), find_losses(pixels, after))
    assert said[1] == "Most was lost in the top left."
    assert said[3] == (
        "The worst pixel is off by 110 of 255 levels: column 7, row 5, in the ring."
    )


def test_what_is_not_lossless_without_an_error_says_why() -> None:
    losses = find_losses(*changed(0, slice(0)))
    (said,) = summary(report(mse=0.0, converted=("16-bit samples were rounded",)), losses)
    assert "reading changed it: 16-bit samples were rounded" in said
    (said,) = summary(report(mse=0.0), losses)
    assert said == "All visible pixels are as they were; colors of clear pixels are not."
    (said,) = summary(report(mse=0.0, lossless=True, channels=4), losses)
    assert said.startswith("Every visible pixel")


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
