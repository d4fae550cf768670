"""Ten single-fact changes of the reference decoder, each of which a vector catches.

    python tests/formats/kmc/test_changes.py

tries all of them; those that need pictures of half a million pixels and more take minutes each.
"""

import importlib
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from vector_tools import CONFORMING, INVALID, REFUSED, VECTORS  # noqa: E402

from codec.formats.kmc import reference  # noqa: E402
from codec.kernels.plain import labelcoder  # noqa: E402


class Change(NamedTuple):
    """What is replaced by what in a module, and the vector that is then misread."""

    module: str
    old: str
    new: str
    vector: str
    minutes: bool = False


TABLES = "        while n < 20 and 1 << (n + 1) < pixels:\n            n += 1\n"
SUM = "sum(map(mul, v, l_k))"
CHANGES = {
    "tables end at 2^17": Change("model", "n < 18 and", "n < 17 and", "dense-large-18.kmc"),
    "tables end at 2^18": Change("model", TABLES, "", "dense-large-19.kmc", True),
    "tables end at 2^19": Change("model", "n < 20 and", "n < 19 and", "dense-large-20.kmc", True),
    "weights have no limit": Change("model", ", 32767)", ", 1 << 40)", "dense-weights.kmc"),
    "weights go down to -32768": Change(
        "model", "limit(w + ((z_j * e + 8192) >> 14), 32767)",
        "max(-32768, min(32767, w + ((z_j * e + 8192) >> 14)))",
        "dense-negative-weights.kmc", True,
    ),
    "final weights have no limit": Change(
        "model", ", 524287)", ", 1 << 40)", "dense-final-mixer.kmc", True
    ),
    "the sum of the final mixer has 32 bits": Change(
        "model", SUM, f"(({SUM} + (1 << 31)) % (1 << 32) - (1 << 31))",
        "dense-final-mixer.kmc", True,
    ),
    "there may be more bands than rows": Change(
        "reference", "min(height, 256)", "256", "bad-header-dense-more-bands-than-rows.kmc"
    ),
    "a varint has at most four bytes": Change(
        "reference", "range(5)", "range(4)", "side-limit-dense-width-of-five-bytes.kmc"
    ),
    "predictor 3 does not clip": Change(
        "reference", "clip(up + left_of - corner) + s", "up + left_of - corner + s",
        "dense-clipped-codebook.kmc",
    ),
}  # fmt: skip


def sources() -> list[Path]:
    """The modules of the reference decoder."""
    return [Path(reference.__file__), *sorted(Path(labelcoder.__file__).parent.glob("*.py"))]


def changed_reference(change: Change, folder: Path) -> ModuleType:
    """A copy of the reference decoder, a package of its own, in which one fact is another."""
    name = f"changed_{folder.name.replace('-', '_')}"
    package = folder / name
    package.mkdir(parents=True)
    for path in sources():
        text = path.read_text(encoding="utf-8").replace(labelcoder.__name__, name)
        if path.stem == change.module:
            assert text.count(change.old) == 1
            text = text.replace(change.old, change.new)
        (package / path.name).write_text(text, encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(f"{name}.reference")
    finally:
        sys.path.remove(str(folder))


def is_caught(change: Change, folder: Path) -> bool:
    """Whether the changed decoder refuses what it must read, or does not say the reason."""
    module = changed_reference(change, folder)
    expected = {row["name"]: row["reason"] for row in REFUSED}.get(change.vector, "")
    data = ((INVALID if expected else VECTORS) / change.vector).read_bytes()
    try:
        module.decode(data)
    except module.RefusedError as error:
        return str(error) != expected
    return bool(expected)


def test_the_vectors_are_in_the_manifests() -> None:
    names = {row["name"] for row in (*CONFORMING, *REFUSED)}
    assert {change.vector for change in CHANGES.values()} <= names


@pytest.mark.parametrize("fact", CHANGES)
def test_each_changes_one_place(fact: str) -> None:
    change = CHANGES[fact]
    (text,) = (path.read_text("utf-8") for path in sources() if path.stem == change.module)
    assert text.count(change.old) == 1
    assert change.new != change.old


@pytest.mark.slow
@pytest.mark.parametrize("fact", [fact for fact, change in CHANGES.items() if not change.minutes])
def test_a_decoder_in_which_one_fact_is_another_misreads_a_vector(
    fact: str, tmp_path: Path
) -> None:
    assert is_caught(CHANGES[fact], tmp_path)


if __name__ == "__main__":
    for number, (fact, change) in enumerate(CHANGES.items()):
        with tempfile.TemporaryDirectory() as folder:
            caught = is_caught(change, Path(folder, str(number)))
        print(f"{fact}: {'caught' if caught else 'NOT CAUGHT'}", flush=True)
