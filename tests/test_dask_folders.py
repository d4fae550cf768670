"""Batches of files: how they are cut, and that few are under way."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from codec.dask.folders import File, Pace, cut, do_batches, workers_at
from codec.dask.workers import Workers

distributed = pytest.importorskip("distributed")

MIB = 1 << 20


def files(*sizes: int) -> list[File]:
    return [File(f"{number}.png", size, number) for number, size in enumerate(sizes)]


def numbers(batches: Iterator[list[File]]) -> list[list[int]]:
    return [[file.errand for file in batch] for batch in batches]


def test_batches_have_at_most_so_many_files_and_bytes() -> None:
    assert numbers(cut(files(1, 1, 1, 1, 1), Pace(2))) == [[0, 1], [2, 3], [4]]
    assert numbers(cut(files(20 * MIB, 12 * MIB, 1), Pace(9))) == [[0, 1], [2]]
    assert numbers(cut(files(1, 900 * MIB, 1), Pace(9))) == [[0], [1], [2]]
    assert numbers(cut([], Pace(9))) == []


def test_batches_grow_while_they_take_little_time() -> None:
    pace = Pace(100)
    sizes = [pace.size]
    for files_done, seconds in ((16, 0.1), (32, 0.2), (64, 8.0), (32, 32.0), (4, 90.0), (1, 0.0)):
        pace.learn(files_done, seconds)
        sizes.append(pace.size)
    assert sizes == [16, 32, 64, 32, 4, 1, 2]
    assert Pace(3).size == 3


def double(factor: int, errands: list[int]) -> list[int]:
    return [factor * errand for errand in errands]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with distributed.Client(
        processes=False, n_workers=1, threads_per_worker=2, dashboard_address=":0",
        set_as_default=False,
    ) as client:  # fmt: skip
        yield client


@pytest.mark.slow
def test_files_are_looked_at_when_there_is_room(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codec.dask.folders._MOST_FILES", 3)
    seen: list[int] = []
    found: dict[int, int] = {}

    def looked_at() -> Iterator[File]:
        for file in files(*[1] * 100):
            seen.append(file.errand)
            yield file

    for errands, doubled in do_batches(
        Workers(client), double, "double", 2, looked_at(), count=100
    ):
        found.update(zip(errands, doubled, strict=True))
        # Two threads: six batches are under way, and a file of the next one was seen.
        assert len(seen) <= len(found) + 6 * 3 + 1

    assert found == {number: 2 * number for number in range(100)}


@pytest.mark.slow
def test_few_files_are_shared_out_among_all_workers(client: Any) -> None:
    batches = [
        errands
        for errands, _ in do_batches(
            Workers(client), double, "double", 2, iter(files(*[1] * 16)), count=16
        )
    ]
    assert sorted(batches) == [[number, number + 1] for number in range(0, 16, 2)]


def fail(_: object, errands: list[int]) -> None:
    raise ZeroDivisionError(f"of {errands[0]}")


@pytest.mark.slow
def test_faults_of_ours_are_not_hidden(client: Any) -> None:
    with pytest.raises(ZeroDivisionError, match="of "):
        list(do_batches(Workers(client), fail, "fail", None, iter(files(1, 1)), count=2))


@pytest.mark.slow
def test_dask_logs_nothing_where_a_command_speaks(
    client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("distributed.client")
    with workers_at(client.scheduler.address) as workers:
        logger.error("The scheduler is gone")
        assert workers.count() == 2
    logger.error("This is heard again")
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "This is heard again"
    ]
