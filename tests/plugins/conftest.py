"""What tests of plugins start from."""

import pytest

import codec


@pytest.fixture(autouse=True)
def registered() -> None:
    """Teach imageio and Pillow to read dense files; a second time it does nothing."""
    codec.register_plugins()
    codec.register_plugins()
