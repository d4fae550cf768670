"""What a page says in words."""

from typing import Any

import numpy as np
import pytest
from cli_tools import Pixels

from codec.reports.losses import find_losses
from codec.reports.report import FileReport
from codec.reports.words import headline, settings_rows, summary


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
    ],
)
def test_a_headline_says_how_much_was_lost(facts: dict[str, Any], words: str) -> None:
    assert headline(report(**facts)) == words


def changed(error: int, rows: slice) -> tuple[Pixels, Pixels]:
    pixels = np.full((90, 90, 3), 90, np.uint8)
    after = pixels.copy()
    after[rows] += np.uint8(error)
    return pixels, after


def test_a_summary_says_what_and_where() -> None:
    said = summary(report(), find_losses(*changed(20, slice(0, 18))))
    assert said[0] == "20 % of the pixels changed: 95 % of all are off by at most 20 of 255 steps."
    assert said[1].startswith("Most of the loss is in the top ")
    assert said[2] == "The worst pixel, at column 0, row 0, is off by 20."
    said = summary(report(), find_losses(*changed(3, slice(None))))
    assert said[0] == (
        "100 % of the pixels changed: half of all are off by at most 3, "
        "95 % by at most 3 of 255 steps."
    )
    assert said[1] == "The loss is spread over the whole picture."


def test_few_pixels_that_changed_are_not_none() -> None:
    pixels, after = changed(0, slice(0))
    after[5, 7] = 200
    said = summary(report(), find_losses(pixels, after))
    assert said[0] == "0.012 % of the pixels changed."
    assert said[2] == "The worst pixel, at column 7, row 5, is off by 110."


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
