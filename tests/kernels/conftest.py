"""What tests of kernels start from."""

import pytest
from marks import slowly

from codec import threads


@pytest.fixture(params=[slowly(1), slowly(2), 4])
def several_threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Divide even the smallest work among threads."""
    monkeypatch.setenv("KMCODEC_THREADS", str(request.param))
    monkeypatch.setattr(threads, "THREAD_PIXELS", 1)
