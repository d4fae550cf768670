"""The engine of compiled kernels gives the same everywhere.

`expected/native.csv` pins what becomes of the samples with `--tune psnr`, to the bit. Everything
is whole numbers, so every machine and any number of threads gives the same. A change that moves
digests on purpose runs `python -m codebook.test_native_digests` in `tests/` and commits the
difference.
"""

import csv
import hashlib
import os
import subprocess
import sys
from typing import Any

import pytest
from cli_tools import REPOSITORY, SAMPLES, child_environment, sample
from marks import needs_kernels, slowly

import codec
from codec.colors.lookup import ascending, renumber

pytestmark = needs_kernels

EXPECTED = REPOSITORY / "tests" / "expected" / "native.csv"
CASES = [
    {"k": "16", "effort": "default", "color_space": "rgb"},
    {"k": "256", "effort": "default", "color_space": "rgb"},
    {"k": "16", "effort": "fast", "color_space": "rgb"},
    {"k": "16", "effort": "best", "color_space": "rgb"},
    {"k": "32", "effort": "default", "color_space": "oklab"},
]


def _digests(name: str, case: dict[str, Any]) -> dict[str, str]:
    indexed = codec.compress(
        sample(name),
        int(case["k"]),
        engine="native",
        effort=case["effort"],
        tune="psnr",
        color_space=case["color_space"],
    )
    codebook, labels = indexed.codebook, indexed.labels
    if case["effort"] == "best":
        # Which number a color gets is tried by deflating, and so up to libdeflate's version.
        order = ascending(codebook)
        codebook, labels = codebook[order], renumber(labels, order)
    return {
        "codebook_sha256": hashlib.sha256(codebook.tobytes()).hexdigest(),
        "labels_sha256": hashlib.sha256(labels.tobytes()).hexdigest(),
    }


@pytest.mark.parametrize("threads", [slowly("1"), "2", slowly("4")])
def test_pinned_digests_hold_for_any_number_of_threads(
    monkeypatch: pytest.MonkeyPatch, threads: str
) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", threads)
    for row in _expected()[::7]:
        test_codebooks_and_labels_are_the_same_on_every_machine(row)


def _expected() -> list[dict[str, str]]:
    with EXPECTED.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(
            row,
            id="-".join(list(row.values())[:4]),
            marks=[pytest.mark.slow] if row["effort"] == "best" else [],
        )
        for row in _expected()
    ],
)
def test_codebooks_and_labels_are_the_same_on_every_machine(row: dict[str, str]) -> None:
    digests = _digests(row["file"], row)

    assert digests == {name: row[name] for name in digests}


def test_every_sample_is_pinned() -> None:
    pinned = [(row["file"], row["k"], row["effort"], row["color_space"]) for row in _expected()]
    names = sorted(path.name for path in SAMPLES.glob("*.png"))

    assert pinned == [(name, *case.values()) for name in names for case in CASES]


@pytest.mark.slow
def test_another_process_gives_the_same() -> None:
    """Under a seed of hashes and a number of threads of its own."""
    case = {"k": "40", "effort": "best", "color_space": "rgb"}
    program = (
        "from codebook.test_native_digests import _digests\n"
        f"print(_digests('gradient.png', {case}))"
    )
    environment = child_environment(
        KMCODEC_THREADS="3",
        OMP_NUM_THREADS="3",
        PYTHONHASHSEED="5",
        PYTHONPATH=os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "tests")]),
    )

    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )

    assert ended.stderr == ""
    assert ended.stdout.strip() == str(_digests("gradient.png", case))


if __name__ == "__main__":
    names = sorted(path.name for path in SAMPLES.glob("*.png"))
    rows = [{"file": name, **case, **_digests(name, case)} for name in names for case in CASES]
    with EXPECTED.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    sys.exit(0)
