"""What tests of kernels start from."""

import pytest
from marks import slowly

from codec.colors import histogram, lookup
from codec.labels import nearest


@pytest.fixture(params=[slowly(1), slowly(2), 4])
def several_threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Divide even the smallest work among threads."""
    monkeypatch.setenv("KMCODEC_THREADS", str(request.param))
    for module in (histogram, lookup, nearest):
        monkeypatch.setattr(module, "_THREAD_PIXELS", 1)
