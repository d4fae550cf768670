"""Every example runs as a person runs it: alone, in its folder, with the samples beside it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli_tools import REPOSITORY, child_environment
from marks import needs_kernels

EXAMPLES = sorted((REPOSITORY / "examples").glob("plot_*.py"))


@needs_kernels
@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_it_runs_without_a_warning_and_leaves_nothing(path: Path, tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "samples", tmp_path / "samples")
    folder = tmp_path / "examples"
    folder.mkdir()
    shutil.copy(path, folder)

    done = subprocess.run(
        [sys.executable, "-W", "error:::__main__", path.name],
        cwd=folder,
        env=child_environment(MPLBACKEND="agg"),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    # Only that a figure is shown which has no screen is worth a warning.
    assert not [line for line in done.stderr.splitlines() if "non-interactive" not in line]
    assert [left.name for left in folder.iterdir()] == [path.name]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_it_has_a_title_and_uses_public_names_alone(path: Path) -> None:
    source = path.read_text(encoding="utf-8")

    assert re.match(r'"""\n(.+)\n=+\n\n', source)
    assert re.search(r"^import codec$|without kmcodec", source, re.MULTILINE)
    assert not re.search(r"^(from|import) codec\.", source, re.MULTILINE)
    assert "plt.show()" in source
