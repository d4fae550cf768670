"""What a run keeps of each of its files, however many there are."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli_tools import Sandbox, child_environment, few_colors

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks are not told here"),
]

FEW, MANY = 500, 3000
# What a file may add to the peak: its name, and 8 bytes for each name and each file it must not
# meet, twice while they are sorted.
MOST_BYTES = 400

# Python's own peak, which does not depend on what pages the system counts.
CHILD = """
import json, sys, tracemalloc
from codec.cli.commands import main
main(["compress", "-q", "few.png", "-f", "-o", "warm.npz"])  # everything is imported
tracemalloc.start()
code = main(sys.argv[1:])
print(json.dumps([code, tracemalloc.get_traced_memory()[1]]))
"""


def peak(folder: str, *options: str) -> int:
    """Compress a folder; tell the most bytes that Python held meanwhile."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, "compress", "-q", "-r", folder, *options],
        env=child_environment(KMCODEC_THREADS="2"), capture_output=True, text=True, check=True,
    )  # fmt: skip
    code, size = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done.stderr
    return int(size)


@pytest.mark.parametrize(
    "options",
    [
        ("--format", "png"),
        ("--format", "png", "--json-lines"),
        ("--format", "png", "--csv"),
        ("--shared-codebook", "--format", "npz"),
    ],
)
def test_memory_grows_by_little_with_the_number_of_files(
    sandbox: Sandbox, options: tuple[str, ...]
) -> None:
    data = sandbox.path(str(sandbox.picture("few.png", few_colors(0, 8, 8)))).read_bytes()
    for folder, count in (("few", FEW), ("many", MANY)):
        for number in range(count):
            path = Path(folder, f"{number // 250}", f"picture-{number:06}.png")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    peaks = [peak(folder, *options, "-d", f"{folder}-out") for folder in ("few", "many")]
    assert peaks[1] - peaks[0] <= MOST_BYTES * (MANY - FEW)
