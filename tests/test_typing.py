"""Types as who uses the library gets them: a script that uses all of it, and mistakes."""

import ast
import functools
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cli_tools import REPOSITORY
from marks import needs_kernels

import codec

SCRIPTS = REPOSITORY / "tests" / "typed"
EVERYTHING = (SCRIPTS / "everything.py").read_text(encoding="utf-8")
MISTAKES = (SCRIPTS / "mistakes.py").read_text(encoding="utf-8")
_EXPECTED = "  # type: ignore["


@functools.cache
def _used() -> set[str]:
    """The attributes that the script asks for: `codec.load`, `chunks.train`, `.shape`."""
    found = set()
    for node in ast.walk(ast.parse(EVERYTHING)):
        if isinstance(node, ast.Attribute):
            found.add(f".{node.attr}")
            if isinstance(node.value, ast.Name):
                found.add(f"{node.value.id}.{node.attr}")
    return found


def _public() -> Iterator[str]:
    """The names of `codec` and of its modules, and what their results tell and do."""
    for name in codec.__all__:  # type: ignore[attr-defined]  # made when it is asked for
        value: Any = getattr(codec, name)
        if isinstance(value, ModuleType):
            yield from (f"{name}.{member}" for member in value.__all__)
        else:
            yield f"codec.{name}"
    for kind in (codec.IndexedImage, codec.ColorQuantizer):
        own = {**vars(kind), **inspect.get_annotations(kind)}
        yield from (f".{name}" for name in own if not name.startswith(("_", "set_")))


@pytest.mark.parametrize("name", [*_public()])
def test_every_public_name_is_used(name: str) -> None:
    assert name in _used()


@needs_kernels
@pytest.mark.slow
def test_what_uses_everything_runs(tmp_path: Path) -> None:
    program = "import sys, everything, pathlib; everything.main(pathlib.Path(sys.argv[1]))"
    subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(tmp_path)], check=True, timeout=300,
        env=os.environ | {"PYTHONPATH": f"{SCRIPTS}", "MPLBACKEND": "Agg"},
    )  # fmt: skip


def check(tmp_path: Path, text: str) -> str:
    """Check a script as its author would, strictly and without the settings of this project."""
    (tmp_path / "script.py").write_text(text, encoding="utf-8")
    # As where it is installed, what is inside the package is not complained of.
    words = ["--strict", "--config-file=", "--follow-imports=silent", "--no-error-summary"]
    run = subprocess.run(
        [sys.executable, "-m", "mypy", *words, "script.py"], cwd=tmp_path, timeout=500,
        env=os.environ | {"MYPYPATH": str(REPOSITORY)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return run.stdout


@pytest.mark.slow
def test_mypy_finds_no_fault_with_what_uses_everything(tmp_path: Path) -> None:
    assert check(tmp_path, EVERYTHING) == ""


@pytest.mark.slow
def test_mypy_finds_each_mistake(tmp_path: Path) -> None:
    """Each is told to be expected; where it is not, mypy tells it, at the same line."""
    expected = [
        f"script.py:{number}: error"
        for number, line in enumerate(MISTAKES.splitlines(), 1)
        if _EXPECTED in line
    ]
    bare = re.sub(r"  # type: ignore\[[a-z-]+\]", "", MISTAKES)

    assert check(tmp_path, MISTAKES) == ""
    found = re.findall(r"^script\.py:[0-9]+: error", check(tmp_path, bare), re.MULTILINE)

    assert found == expected
    assert len(expected) > 30
