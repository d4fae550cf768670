"""Directories of TIFFs: each counted once, all of them within the file."""

import functools
import struct
from pathlib import Path

import pytest
from cost_tools import ONE_MEBIBYTE, traced
from picture_tools import LONG, SHORT, raw_tiff, reason_of, refusal, tiff_tags, warm_up

from codec.errors import ImageError
from codec.images.directories import COMPRESSION, WIDTH, read_directories


def overlapping(entries: int, directories: int, big: bool = False) -> bytes:
    """Directories of so many entries, each of which begins a few bytes after the one before."""
    counts, links, entry, step = ("<Q", "<Q", 20, 20) if big else ("<H", "<I", 12, 6)
    first = 16 if big else 8
    places = [first + step * n for n in range(directories)]
    room = struct.calcsize(counts)
    data = bytearray(places[-1] + room + entries * entry + 16)
    for place in places:
        struct.pack_into(counts, data, place, entries)
    for place, following in zip(places, [*places[1:], 0], strict=True):
        struct.pack_into(links, data, place + room + entry * entries, following)
    head = struct.pack("<HHQ", 8, 0, first) if big else struct.pack("<I", first)
    data[:first] = (b"II+\0" if big else b"II*\0") + head
    return bytes(data)


@pytest.mark.parametrize(
    ("entries", "directories", "big"),
    [
        (65535, 60, False),
        (65535, 600, False),
        (5000, 9999, False),
        (300, 2000, False),
        (100_000, 50, True),
        (5000, 300, True),
    ],
)
def test_directories_that_overlap_are_refused_at_once(
    entries: int, directories: int, big: bool, tmp_path: Path
) -> None:
    data = overlapping(entries, directories, big)
    warm_up(tmp_path)
    error, peak = traced(functools.partial(refusal, tmp_path, data))
    assert error.reason == "damaged"
    assert peak < 3 * len(data) + 4 * ONE_MEBIBYTE


def test_a_directory_of_many_tags_is_read(tmp_path: Path) -> None:
    tags = {**tiff_tags(5, 3, 15), **{tag: (SHORT, [7]) for tag in range(40_000, 60_000)}}
    directories, in_a_circle = read_directories(raw_tiff(tags, tags, strip=bytes(15)))
    assert not in_a_circle
    assert [found.number(WIDTH) for found in directories] == [5, 5]
    assert directories[0].number(COMPRESSION) == 1


@pytest.mark.parametrize("tag", [256, 258, 259, 273, 320])
def test_a_tag_that_is_stated_twice_is_damage(tag: int) -> None:
    tags = {**tiff_tags(5, 3, 15), 320: (SHORT, [0] * 3)}
    data = raw_tiff({**tags, 40_000: (LONG, [1])}, strip=bytes(15))
    again = data.replace(struct.pack("<H", 40_000), struct.pack("<H", tag))
    assert again != data
    with pytest.raises(ImageError) as caught:
        read_directories(again)
    assert caught.value.reason == "damaged"


@pytest.mark.parametrize("tag", [256, 273, 34675, 700])
@pytest.mark.parametrize("count", [2**20, 2**32 - 1])
def test_values_beyond_the_end_are_refused_before_they_are_read(tag: int, count: int) -> None:
    data = bytearray(raw_tiff({**tiff_tags(5, 3, 15), 34675: (LONG, [1]), 700: (LONG, [1])},
                              strip=bytes(15)))  # fmt: skip
    place = data.index(struct.pack("<HHI", tag, LONG, 1))
    struct.pack_into("<I", data, place + 4, count)
    assert reason_of(bytes(data)) == "truncated"
