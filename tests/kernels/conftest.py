"""What tests of kernels start from."""

import pytest

from codec import histogram, labels, lookup


@pytest.fixture(params=[1, 2, 4])
def several_threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Divide even the smallest work among threads."""
    monkeypatch.setenv("KMCODEC_THREADS", str(request.param))
    for module in (histogram, labels, lookup):
        monkeypatch.setattr(module, "_THREAD_PIXELS", 1)
