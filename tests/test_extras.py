"""What is optional: whoever lacks it is told the cure, and whoever has it the true error."""

import subprocess
import sys
from pathlib import Path

import pytest
from cli_tools import child_environment

_CALLS = {
    "sklearn": [
        "codec.ColorQuantizer",
        "codec.compress(pixels, 4, engine='sklearn')",
    ],
    "matplotlib": ["codec.plots.codebook(codec.compress(pixels, 4))"],
    "dask": [
        "codec.dask.fit(pixels)",
        "importlib.import_module('codec.jobs.large').check_dask()",
    ],
    "zarr": [
        "codec.chunks.compress_chunked(pixels, 'a.zarr', 4)",
        "codec.chunks.open_source('b.zarr')",
    ],
}
CALLS = [(package, call) for package, calls in _CALLS.items() for call in calls]
SCRIPT = """
import importlib, os, sys
import numpy as np, codec
sys.meta_path.insert(0, type("Finder", (), {"find_spec": staticmethod(find)}))
os.mkdir("b.zarr")
open("b.zarr/zarr.json", "w").write("{}")
pixels = np.random.default_rng(0).integers(0, 256, (9, 9, 3), dtype=np.uint8)
try:
    CALL
except (ImportError, codec.CodecError) as error:
    print(error)
"""
MISSING = """
def find(name, path=None, target=None):
    if name == "PACKAGE":
        raise ModuleNotFoundError("No module named 'PACKAGE'", name="PACKAGE")
"""
BROKEN = """
def find(name, path=None, target=None):
    if name == "PACKAGE":
        raise ImportError("libgomp.so.1: no such file\\n\\nread the manual", name="_PACKAGE")
"""
INCOMPLETE = """
def find(name, path=None, target=None):
    if name == "PACKAGE":
        raise ModuleNotFoundError("No module named 'needed'", name="needed")
"""


def said(folder: Path, finder: str, package: str, call: str) -> str:
    """What a call says where importing a package fails so."""
    script = finder.replace("PACKAGE", package) + SCRIPT.replace("CALL", call)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], env=child_environment(), text=True,
        capture_output=True, check=True, cwd=folder,
    )  # fmt: skip
    (line,) = done.stdout.splitlines()
    return line


@pytest.mark.parametrize(("package", "call"), CALLS)
def test_what_is_missing_is_named_with_its_cure(tmp_path: Path, package: str, call: str) -> None:
    line = said(tmp_path, MISSING, package, call)
    assert "pip install" in line
    assert "kmcodec[" in line


@pytest.mark.parametrize(("package", "call"), CALLS)
def test_what_cannot_be_imported_tells_its_own_error(
    tmp_path: Path, package: str, call: str
) -> None:
    broken = said(tmp_path, BROKEN, package, call)
    assert broken.endswith("libgomp.so.1: no such file read the manual")
    (tmp_path / "b.zarr/zarr.json").unlink()
    (tmp_path / "b.zarr").rmdir()
    incomplete = said(tmp_path, INCOMPLETE, package, call)
    assert incomplete.endswith("No module named 'needed'")
    for line in (broken, incomplete):
        assert f"{package} cannot be imported: " in line
        assert "pip install" not in line
