"""How far counting is, in the journal of a run."""

import time
from pathlib import Path

import numpy as np
import pytest

from codec.encoder.training import Pool
from codec.jobs import journal as journals
from codec.jobs.checkpoints import Checkpoint
from codec.jobs.collisions import PlannedFile
from codec.jobs.journal import FOLDER, Journal
from codec.jobs.marks import digest_of
from codec.settings import CompressSettings

COMMAND = digest_of("a command")


@pytest.fixture
def planned(tmp_path: Path) -> PlannedFile:
    source, target = tmp_path / "a.bmp", tmp_path / "a.npz"
    source.write_bytes(b"a picture")
    return PlannedFile(source, target, (target,))


def opened(planned: PlannedFile) -> Journal:
    return Journal(planned.target.parent, COMMAND, lambda line: None)


def pool_of(*channels: int) -> Pool:
    pool = Pool(CompressSettings(n_colors=16))
    for seed, depth in enumerate(channels):
        pool.add(np.random.default_rng(seed).integers(0, 256, (60, 70, depth), np.uint8))
    return pool


@pytest.mark.parametrize(
    ("before", "after"), [((1,), (3,)), ((3, 3), (1, 4)), ((2,), (2,)), ((4,), (3,)), ((), (3,))]
)
def test_a_pool_goes_on_from_a_checkpoint_as_if_nothing_had_been(
    planned: PlannedFile, monkeypatch: pytest.MonkeyPatch, before: tuple[int, ...],
    after: tuple[int, ...],
) -> None:  # fmt: skip
    monkeypatch.setattr(journals, "_LEAST_SECONDS", 0)
    monkeypatch.setattr(journals, "_WORK_PER_SAVING", 0)
    inputs = np.arange(len(before), dtype=np.uint64)
    with opened(planned) as journal:
        assert journal.load() is None
        journal.save(lambda: Checkpoint(inputs, pool_of(*before).state()))
    with opened(planned) as journal:
        saved = journal.load()
    assert saved is not None
    assert saved.inputs.tolist() == inputs.tolist()
    assert saved.codebook is None
    resumed, whole = Pool(CompressSettings(n_colors=16)), pool_of(*before)
    resumed.restore(saved.counted)
    for pool in (resumed, whole):
        for seed, depth in enumerate(after, 50):
            pool.add(np.random.default_rng(seed).integers(0, 256, (60, 70, depth), np.uint8))
    assert resumed.pictures == whole.pictures
    assert {name: array.tolist() for name, array in resumed.state().items()} == {
        name: array.tolist() for name, array in whole.state().items()
    }
    np.testing.assert_array_equal(resumed.train(), whole.train())


def test_a_checkpoint_with_any_byte_changed_is_none(
    planned: PlannedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "_LEAST_SECONDS", 0)
    book = np.arange(6, dtype=np.uint8).reshape(2, 3)
    with opened(planned) as journal:
        state = {"keys": np.arange(4, dtype=np.uint32)}
        journal.save(lambda: Checkpoint(np.arange(2, dtype=np.uint64), state, book), at_once=True)
    path = planned.target.parent / FOLDER / "counted"
    data = path.read_bytes()
    with opened(planned) as journal:
        saved = journal.load()
        assert saved is not None
        np.testing.assert_array_equal(saved.codebook, book)
        for place in range(0, len(data), 7):
            path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            assert journal.load() is None
            path.write_bytes(data[:place])
            assert journal.load() is None
        path.write_bytes(data)
    with Journal(planned.target.parent, digest_of("another"), lambda line: None) as journal:
        assert journal.load() is None


def test_checkpoints_cost_a_part_of_the_work(
    planned: PlannedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many are made as their cost allows, of which the clock is ours."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    made: list[float] = []

    def checkpoint() -> Checkpoint:
        made.append(now[0])
        now[0] += 2
        return Checkpoint(np.zeros(1, np.uint64), {})

    with opened(planned) as journal:
        while now[0] < 1000:
            now[0] += 0.5
            journal.save(checkpoint)
    assert made[0] == 1
    assert len(made) == 1 + int((1000 - 3) / 42)
    assert np.diff(made).min() >= 2 + 20 * 2
