"""Numbers on the command line, in plain digits."""

import argparse
import re
from collections.abc import Callable


def _read_number(kind: Callable[[str], float], text: str) -> float:
    """Read a number as everybody writes it; Python would take 1_6, other digits and blanks too."""
    if not re.fullmatch(r"[0-9A-Za-z.+-]+", text):
        raise ValueError(text)
    return kind(text)


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Make what reads a whole number of a range."""

    def parse(text: str) -> int:
        try:
            number = int(_read_number(int, text))
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number from {low} to {high}"
            )
        return number

    return parse


def whole_numbers(low: int, high: int) -> Callable[[str], list[int]]:
    """Make what reads whole numbers of a range, with commas between them."""
    one = whole_number(low, high)
    return lambda text: [one(part) for part in text.split(",")]


def any_number(low: float, high: float) -> Callable[[str], float]:
    """Make what reads a number of a range."""

    def parse(text: str) -> float:
        try:
            number = _read_number(float, text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {low} to {high}")
        return number

    return parse


def share(text: str) -> float:
    """Read a part of something, such as 10%."""
    found = re.fullmatch(r"([0-9]{1,2}(?:\.[0-9]{1,6})?)%", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no part such as 20%, from 0% to 99%")
    return float(found[1]) / 100


_UNITS = {
    "": 1, "b": 1, "k": 1000, "kb": 1000, "m": 1000**2, "mb": 1000**2,
    "kib": 1024, "mib": 1024**2,
}  # fmt: skip


def size_or_share(text: str) -> int | float:
    """Read a number of bytes, as int, or a part of the input, as float."""
    found = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?(%|[A-Za-z]*)", text)
    number = float(found[1]) if found else 0.0
    if found and found[2] == "%" and 0 < number <= 100:
        return number / 100
    unit = _UNITS.get(found[2].lower(), 0) if found else 0
    if number * unit >= 1:
        return int(number * unit)
    raise argparse.ArgumentTypeError(f"{text!r} is no size such as 50000, 50kB, 50KiB or 30%")


def format_word(text: str) -> str:
    """Read the name of a format as people write it: `PNG`, `.png`, `tif`."""
    word = text.lower().removeprefix(".")
    return {"tif": "tiff"}.get(word, word)
