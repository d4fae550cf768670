"""What several test modules start from."""

from pathlib import Path

import pytest
from cli_tools import Sandbox


@pytest.fixture
def sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Sandbox:
    """An empty folder to work in, and the command line."""
    monkeypatch.chdir(tmp_path)
    return Sandbox(tmp_path, capsys)
