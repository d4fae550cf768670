"""The catalogue of faults and the tests speak of each other truly."""

import re

from cli_tools import REPOSITORY

TESTS = REPOSITORY / "tests"
CATALOGUE = (TESTS / "CATALOGUE.md").read_text(encoding="utf-8")
SOURCES = {path: path.read_text(encoding="utf-8") for path in TESTS.rglob("*.py")}
ROWS = {int(number) for number in re.findall(r"^\| (\d+) \|", CATALOGUE, re.MULTILINE)}


def test_every_row_that_a_test_mentions_is_in_the_catalogue() -> None:
    mentioned = set()
    for source in SOURCES.values():
        for first, last in re.findall(r"#.*\brows? (\d+)(?: to (\d+))?", source):
            mentioned |= set(range(int(first), int(last or first) + 1))
    assert len(mentioned) > 100
    assert mentioned <= ROWS


def test_rows_are_numbered_without_a_gap() -> None:
    assert sorted(ROWS) == list(range(1, len(ROWS) + 1))


def test_every_test_that_the_catalogue_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", CATALOGUE))
    defined = {
        name for source in SOURCES.values() for name in re.findall(r"def (test_\w+)", source)
    }
    assert len(named) > 100
    assert named <= defined
