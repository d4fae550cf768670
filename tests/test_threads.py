"""Dividing work among threads."""

import functools
import itertools
import os
import threading
from collections.abc import Callable

import pytest

from codec import threads
from codec.threads import row_strips, run_parallel, spans, thread_count


def test_the_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "3")
    assert thread_count() == 3
    monkeypatch.setenv("KMCODEC_THREADS", "9999")
    assert thread_count() == 9999
    for wrong in ("", "0", "-1", "x", "²", "1.5", "10000", "99999", "100000", "9" * 5000):
        monkeypatch.setenv("KMCODEC_THREADS", wrong)
        assert 1 <= thread_count() <= 8


def test_spans_cover_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    for count, length, unit, least in itertools.product(
        (1, 2, 5), (1, 2, 7, 100), (1, 9), (1, 50)
    ):
        monkeypatch.setenv("KMCODEC_THREADS", str(count))
        monkeypatch.setattr(threads, "THREAD_PIXELS", least)
        parts = spans(length, unit)
        assert len(parts) <= count
        assert [row for part in parts for row in range(length)[part]] == list(range(length))
        assert all(part.stop > part.start for part in parts)
        assert len(parts) == 1 or length * unit >= least * len(parts)


def test_strips_cover_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    for height, width, most in itertools.product((1, 2, 7, 100), (1, 9, 60), (1, 50, 1 << 18)):
        monkeypatch.setattr(threads, "STRIP_PIXELS", most)
        strips = list(row_strips(height, width))
        assert [row for strip in strips for row in range(height)[strip]] == list(range(height))
        assert all(strip.start < strip.stop <= height for strip in strips)
        heights = {strip.stop - strip.start for strip in strips[:-1]}
        assert heights <= {max(1, most // width)}
        assert strips[-1].stop - strips[-1].start <= max(1, most // width)


def test_results_come_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "4")
    for _ in range(50):
        assert run_parallel([functools.partial(pow, n, 2) for n in range(9)]) == [
            n * n for n in range(9)
        ]
    assert run_parallel([]) == []


def test_work_runs_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "3")
    meeting = threading.Barrier(3, timeout=60)

    run_parallel([meeting.wait] * 3)


def test_the_first_error_is_raised_when_all_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "2")
    ended = []

    def fail(number: int) -> None:
        ended.append(number)
        raise KeyError(number)

    for _ in range(20):
        ended.clear()
        with pytest.raises(KeyError, match="0"):
            run_parallel([functools.partial(fail, n) for n in range(5)])
        assert sorted(ended) == list(range(5))


def test_where_as_many_hand_out_work_as_may_run_each_does_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A helper would have a part of a core, and whoever asked would wait for it."""
    monkeypatch.setenv("KMCODEC_THREADS", "3")
    meeting = threading.Barrier(4, timeout=60)

    def work(found: set[int]) -> None:
        found.add(threading.get_ident())

    def ask() -> tuple[int, set[int]]:
        found: set[int] = set()
        both: list[Callable[[], object]] = [meeting.wait, functools.partial(work, found)]
        run_parallel(both)
        meeting.wait()
        return threading.get_ident(), found

    # All are inside at the same time: the third and the fourth find nobody whom they may ask.
    asked: list[tuple[int, set[int]]] = []
    askers = [threading.Thread(target=lambda: asked.append(ask())) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(asked) == 4
    assert sum(found == {own} for own, found in asked) >= 2
    assert threads._pool.callers == []


def test_work_may_hand_out_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "2")

    def outer() -> int:
        return sum(run_parallel([functools.partial(int, n) for n in range(4)]))

    assert run_parallel([outer] * 6) == [6] * 6


def test_work_is_done_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setenv("KMCODEC_THREADS", "4")
    monkeypatch.setattr(threads, "_pool", threads._Pool())
    monkeypatch.setattr(threading.Thread, "start", refuse)

    assert run_parallel([lambda: 5] * 3) == [5] * 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "2")
    run_parallel([lambda: 1] * 2)
    child = os.fork()
    if child == 0:
        meeting = threading.Barrier(2, timeout=30)
        status = 1
        try:
            run_parallel([meeting.wait] * 2)
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
