"""What several test modules start from."""

import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from cli_tools import Sandbox
from kernel_tools import hand_out_twins

from codec.errors import ParameterError
from codec.files import temporaries
from codec.kernels import COMPILED


@pytest.hookimpl(wrapper=True)
def pytest_collect_file() -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Look for doctests in the package alone.

    They may ignore errors of import, and a test file that cannot be imported must not be ignored.
    """
    found = yield
    return [collector for collector in found if type(collector).__name__ != "DoctestModule"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """Skip what wants a dense file to be written where nothing was compiled."""
    try:
        yield
    except ParameterError as error:
        if COMPILED or error.reason != "not-compiled":
            raise
        pytest.skip(str(error))


@pytest.fixture
def sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Sandbox:
    """An empty folder to work in, and the command line."""
    monkeypatch.chdir(tmp_path)
    # An interrupted command keeps the process from complaining any further.
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    return Sandbox(tmp_path, capsys)


@pytest.fixture
def pair(sandbox: Sandbox) -> Sandbox:
    """A sandbox with a picture and its pair."""
    sandbox.picture("photo.png")
    sandbox.run("compress", "photo.png", check=0)
    return sandbox


# Twins are held against kernels in any case: tests/kernels/test_plain.py.
@pytest.fixture(params=["compiled", pytest.param("plain", marks=pytest.mark.slow)])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with the kernels and without."""
    if request.param == "plain":
        hand_out_twins(monkeypatch)
    elif not COMPILED:
        pytest.skip("the kernels were not compiled")
    return str(request.param)


@pytest.fixture(params=["unnamed", "named"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which temporary files there are: with names, as where there are no others, or without."""
    if request.param == "named":
        monkeypatch.setattr(temporaries, "_UNNAMED", 0)
    elif not hasattr(os, "O_TMPFILE"):
        pytest.skip("all files have names here")
    return str(request.param)
