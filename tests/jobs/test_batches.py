"""Files as workers do them, in this process, since a cluster adds nothing to it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli_tools import few_colors, many_colors, snapshot, with_alpha, write_picture

import codec
from codec.encoder.training import Pool
from codec.errors import ClusterError, CodecError, FileError
from codec.formats.registry import format_named
from codec.jobs.batches import Errand, Orders, compress_batch, count_batch
from codec.jobs.collisions import PlannedFile
from codec.reports.report import FileReport
from codec.settings import CompressSettings, ReadOptions

ORDERS = Orders(CompressSettings(n_colors=20), ReadOptions(), format="pair")


def planned(folder: Path, name: str) -> PlannedFile:
    """Plan a picture for a pair beside it."""
    target = folder / f"{name}.labels.png"
    return PlannedFile(folder / f"{name}.png", target, tuple(format_named("pair").files(target)))


def errands(folder: Path, *names: str) -> list[Errand]:
    return [
        Errand(number, planned(folder, name), is_new=True) for number, name in enumerate(names)
    ]


def test_counts_of_batches_are_those_of_all_pictures(tmp_path: Path) -> None:
    pictures = {
        "grey": few_colors()[:, :, 0],
        "clear": with_alpha()[:, :, 2:],
        "color": many_colors(),
        "more": many_colors(1),
    }
    whole = Pool(ORDERS.settings)
    for name, pixels in pictures.items():
        write_picture(tmp_path / f"{name}.png", pixels)
        whole.add(pixels)
    for order in (("grey", "clear", "color", "more"), ("more", "color", "clear", "grey")):
        pool = Pool(ORDERS.settings)
        for name in order:
            counted = count_batch(ORDERS, errands(tmp_path, name))
            assert counted.histogram is not None
            assert counted.__sizeof__() > 8 * len(counted.histogram)
            pool.merge(counted.histogram, len(counted.numbers))
        assert pool.total() == whole.total()
        assert pool.pictures == 4
        assert np.array_equal(pool.train(), whole.train())


def test_what_cannot_be_read_is_left_out_of_the_sum(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", few_colors())
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    alone = count_batch(ORDERS, errands(tmp_path, "a"))
    both = count_batch(ORDERS, errands(tmp_path, "bad", "a"))
    assert both.numbers == [1]
    assert both.histogram == alone.histogram
    assert count_batch(ORDERS, errands(tmp_path, "bad")).histogram is None


@pytest.mark.slow
def test_a_batch_that_is_done_again_reports_no_file_as_there(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_picture(tmp_path / f"{name}.png", many_colors())
    first = compress_batch(ORDERS, errands(tmp_path, "a", "b"))
    before = snapshot(tmp_path)
    (tmp_path / "a.labels.png").unlink()  # as if killed between the two files of a pair

    again = compress_batch(ORDERS, errands(tmp_path, "a", "b"))

    assert [report.status for report in first if isinstance(report, FileReport)] == ["ok", "ok"]
    for one, other in zip(first, again, strict=True):
        assert isinstance(one, FileReport)
        assert isinstance(other, FileReport)
        assert replace(one, seconds=0, stage_seconds={}) == replace(
            other, seconds=0, stage_seconds={}
        )
    after = snapshot(tmp_path)
    assert {name: entry.content for name, entry in before.items()} == {
        name: entry.content for name, entry in after.items()
    }


def test_what_was_there_before_is_left_as_it_was(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", many_colors())
    compress_batch(ORDERS, errands(tmp_path, "a"))
    before = snapshot(tmp_path)
    found = compress_batch(ORDERS, [Errand(0, planned(tmp_path, "a"), is_new=False)])
    assert [type(error) for error in found] == [FileError]
    assert isinstance(found[0], CodecError)
    assert found[0].reason == "exists"
    assert snapshot(tmp_path) == before


def test_what_others_wrote_meanwhile_is_left_as_it_was(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", many_colors())
    write_picture(tmp_path / "a.labels.png", few_colors())
    before = snapshot(tmp_path)
    found = compress_batch(ORDERS, errands(tmp_path, "a"))
    assert isinstance(found[0], FileError)
    assert found[0].reason == "exists"
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("function", [count_batch, compress_batch])
def test_another_version_does_nothing(function: object) -> None:
    assert callable(function)
    with pytest.raises(ClusterError, match=r"and this is 0\.0") as caught:
        function(replace(ORDERS, version="0.0"), [])
    assert caught.value.reason == "version"
    assert ORDERS.version == codec.__version__
