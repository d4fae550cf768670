"""Looking labels up in a table."""

import numpy as np
import pytest

from codec.colors.lookup import look_up


def test_looking_up_in_parts_is_looking_up(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    state = np.random.RandomState(4)
    labels, table = state.randint(0, 9, (31, 17)).astype(np.uint8), state.randint(0, 256, (9, 4))
    monkeypatch.setenv("KMCODEC_THREADS", "4")
    for part in (1, 16, 100, 1 << 18):
        monkeypatch.setattr("codec.threads.THREAD_PIXELS", part)
        assert (look_up(table.astype(np.uint8), labels) == table[labels]).all()
