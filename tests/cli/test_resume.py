"""Runs of many files that are killed and go on: what is there in the end, what was done twice.

Each run is a process of its own, which kills itself with SIGKILL at a step that a test names.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli_tools import Sandbox, child_environment, few_colors, many_colors

from codec.files.records import RecordFile
from codec.jobs.journal import FOLDER

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here"),
]

# Counts what is done, and ends the process in the middle of a step.
CHILD = """
import json, os, signal, sys
from codec.cli.commands import main
from codec.encoder.training import Pool
from codec.jobs import compress, journal, train

journal._LEAST_SECONDS = journal._WORK_PER_SAVING = 0
ends, done = json.loads(sys.argv[1]), {"count": 0, "train": 0, "compress": 0, "write": 0}
number = ends.get("signal", signal.SIGKILL)
if most := ends.get("most"):
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

def stepping(step, function, after=False):
    def work(*arguments, **options):
        done[step] += 1
        end = done[step] == ends.get(step)
        if end and not after:
            os.kill(os.getpid(), number)
        result = function(*arguments, **options)
        if end:
            os.kill(os.getpid(), number)
        return result
    return work

train.count_file = stepping("count", train.count_file)
Pool.train = stepping("train", Pool.train)
compress.read_image = stepping("compress", compress.read_image)
compress.write_files = stepping("write", compress.write_files, after=True)
code = main(sys.argv[2:])
print(json.dumps({"code": code, **done}))
"""
COUNT = 12


@dataclass(frozen=True)
class Steps:
    """What a run did: pictures counted, codebooks trained, pictures read again, files written."""

    code: int
    count: int
    train: int
    compress: int
    write: int
    err: str = ""

    @property
    def work(self) -> tuple[int, int, int]:
        """All that takes time."""
        return self.count, self.train, self.compress


def run(*arguments: str, **ends: int) -> Steps | None:
    """Compress; or be killed at the so many-th step of a kind, and return None."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps(ends), "compress", "-r", "in", *arguments],
        env=child_environment(KMCODEC_THREADS="2"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ends and done.returncode == -signal.SIGKILL:
        return None
    assert done.stdout, done.stderr
    return Steps(**json.loads(done.stdout.splitlines()[-1]), err=done.stderr)


def finished(*arguments: str, **ends: int) -> Steps:
    """Let a run come to its end."""
    steps = run(*arguments, **ends)
    assert steps
    return steps


def killed(*arguments: str, **ends: int) -> None:
    """Let a run be killed."""
    assert run(*arguments, **ends) is None


def content(folder: str) -> dict[str, bytes]:
    """All files of a folder, however deep."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file()
    }


@pytest.fixture
def pictures(sandbox: Sandbox) -> Sandbox:
    """Twelve pictures in a tree, one of them grey, and a file that is none."""
    for number in range(COUNT):
        folder = "in/below" if number % 3 == 2 else "in"
        sandbox.picture(f"{folder}/{number:02}.png", many_colors(number, 40, 50))
    sandbox.picture("in/00.png", few_colors()[:, :, 0])
    return sandbox


SHARED = ("--shared-codebook", "-k", "40")


@pytest.mark.parametrize("format", ["pair", "png", "npz"])
@pytest.mark.parametrize(
    ("step", "number", "left"),
    [
        ("count", 2, (COUNT - 1, 1, COUNT)),
        ("count", 9, (COUNT - 8, 1, COUNT)),
        ("train", 1, (0, 1, COUNT)),
        ("compress", 1, (0, 0, COUNT)),
    ],
)
def test_what_was_counted_and_trained_is_not_done_again(  # row 147
    pictures: Sandbox, format: str, step: str, number: int, left: tuple[int, int, int]
) -> None:
    common = (*SHARED, "--format", format)
    finished(*common, "-d", "whole")
    killed(*common, "-d", "out", **{step: number})
    assert Path("out", FOLDER).is_dir()
    again = finished(*common, "-d", "out")
    assert again.code == 0
    assert again.work == left
    assert "goes on from a run that was ended" in again.err
    assert content("out") == content("whole")


@pytest.mark.parametrize("options", [(*SHARED, "--format", "pair"), (*SHARED, "--format", "kmc"),
                                     ("-k", "9"), ("-k", "9", "--format", "png")])  # fmt: skip
def test_a_run_that_is_killed_at_every_other_file_comes_to_its_end(  # row 147
    pictures: Sandbox, options: tuple[str, ...]
) -> None:
    whole = finished(*options, "-d", "whole")
    assert (whole.code, whole.write) == (0, COUNT)
    for _ in range(COUNT):
        before = content("out") if Path("out").exists() else {}
        done = run(*options, "-d", "out", write=2)
        # Whatever has its name is whole, and stays.
        written = {name: data for name, data in before.items() if FOLDER not in name}
        assert written.items() <= content("whole").items()
        if done:
            break
    assert done
    assert (done.code, done.count, done.train) == (0, 0, 0)
    assert "up to date" in done.err
    assert content("out") == content("whole")
    # The run is over: what is there is skipped as ever.
    again = run(*options, "-d", "out")
    assert again
    assert again.code == 3
    assert content("out") == content("whole")


def test_what_was_done_is_up_to_date_in_json(pictures: Sandbox) -> None:
    common = (*SHARED, "--format", "pair", "-d", "out")
    killed(*common, write=6)
    out = pictures.run("compress", "-r", "in", *common, "--json", check=0).out
    said = json.loads(out)
    states = [result["status"] for result in said["results"]]
    assert set(states) == {"ok", "up-to-date"}
    assert said["totals"]["up_to_date"] == states.count("up-to-date") >= 4
    assert said["totals"]["ok"] + said["totals"]["up_to_date"] == said["totals"]["files"] == COUNT
    assert said["shared_codebook"]["pictures"] == COUNT


@pytest.mark.parametrize("change", ["other", "gone", "newer"])
def test_all_is_counted_anew_if_a_picture_is_not_what_it_was(  # row 148
    pictures: Sandbox, change: str
) -> None:
    common = (*SHARED, "--format", "png")
    killed(*common, "-d", "out", write=5)
    if change == "other":
        pictures.picture("in/03.png", many_colors(99, 40, 50))
    elif change == "gone":
        Path("in/03.png").unlink()
    else:
        os.utime("in/03.png", ns=(1, 1))
    finished(*common, "-d", "whole")
    again = finished(*common, "-d", "out")
    assert again.count == COUNT - (change == "gone")
    assert "all are counted anew" in again.err
    there = content("out")
    if change == "gone":
        there.pop("03.indexed.png", None)
    assert there == content("whole")


def test_more_pictures_are_counted_with_those_that_were(pictures: Sandbox) -> None:  # row 148
    common = (*SHARED, "--format", "pair")
    killed(*common, "-d", "out", write=5)
    pictures.picture("in/more.png", many_colors(50, 40, 50))
    finished(*common, "-d", "whole")
    again = finished(*common, "-d", "out")
    assert again.work == (1, 1, COUNT + 1)  # of another codebook all labels are others
    assert content("out") == content("whole")


def states(*arguments: str, code: int) -> dict[str, str]:
    """Compress, and tell what became of each input."""
    done = subprocess.run(
        [sys.executable, "-m", "codec", "compress", "-r", "in", *arguments, "--json"],
        env=child_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    results = json.loads(done.stdout)["results"]
    return {Path(each["input"]).name: each["reason"] or each["status"] for each in results}


def test_outputs_are_replaced_once_by_force(pictures: Sandbox) -> None:
    common = ("-k", "9", "--format", "png", "-f")
    finished("-k", "5", "--format", "png", "-d", "out")
    finished(*common, "-d", "whole")
    killed(*common, "-d", "out", write=6)
    # What was done and replaced since is not what this run has made.
    pictures.picture("out/00.indexed.png", many_colors(7))
    again = finished(*common, "-d", "out")
    assert again.compress <= COUNT - 3
    assert content("out") == content("whole")


def test_files_of_others_are_not_replaced(pictures: Sandbox) -> None:  # row 151
    """A name that a run was about to use, and somebody else has taken since it was killed."""
    common = ("-k", "9", "--format", "png", "-d", "out")
    killed(*common, compress=5)
    Path("out").mkdir(exist_ok=True)
    taken = set()
    for number in (*range(0, COUNT, 3), *range(1, COUNT, 3)):  # those that are not below
        name = Path(f"out/{number:02}.indexed.png")
        if not name.exists():
            pictures.picture(str(name), many_colors(7))
            taken.add(f"{number:02}.png")
    assert taken
    before = content("out")
    became = states(*common, code=3)
    assert {name for name, state in became.items() if state == "exists"} == taken
    assert set(became.values()) <= {"exists", "up-to-date", "ok"}
    there = content("out")
    assert there.items() >= {n: d for n, d in before.items() if FOLDER not in n}.items()


@pytest.mark.parametrize("by", ["kmcodec", "hand"])
def test_outputs_that_were_changed_since_are_not_replaced(  # row 151
    pictures: Sandbox, by: str
) -> None:
    common = ("-k", "9", "--format", "png", "-d", "out")
    killed(*common, write=6)
    out = Path("out/03.indexed.png")
    assert out.exists()
    if by == "kmcodec":  # whose mark alone proves nothing
        out.unlink()
        pictures.run("compress", "in/03.png", "-k", "5", "-o", str(out), check=0)
    else:
        pictures.picture(str(out), many_colors(7))
    mine = out.read_bytes()
    became = states(*common, code=3)
    assert [name for name, state in became.items() if state == "exists"] == ["03.png"]
    assert out.read_bytes() == mine


@pytest.mark.parametrize("written", [3, COUNT])
def test_a_shared_codebook_that_is_missing_is_written(pictures: Sandbox, written: int) -> None:
    common = (*SHARED, "--format", "pair")
    finished(*common, "-d", "whole")
    killed(*common, "-d", "out", write=written)
    Path("out/shared.codebook.npy").unlink()
    assert finished(*common, "-d", "out").code == 0
    assert content("out") == content("whole")


def test_a_shared_codebook_of_somebody_is_not_replaced(pictures: Sandbox) -> None:
    common = (*SHARED, "--format", "pair", "-d", "out")
    killed(*common, write=3)
    shutil.copy("samples.npy" if Path("samples.npy").exists() else "in/01.png", "mine")
    Path("mine").replace("out/shared.codebook.npy")
    before = {n: d for n, d in content("out").items() if FOLDER not in n}
    assert set(states(*common, code=3).values()) == {"exists"}
    assert {n: d for n, d in content("out").items() if FOLDER not in n} == before


def test_labels_that_stay_keep_the_codebook_that_they_need(pictures: Sandbox) -> None:
    """The pictures changed, so would the codebook; a label PNG of it is not ours to replace."""
    common = (*SHARED, "--format", "pair", "-d", "out")
    killed(*common, write=6)
    data = bytearray(Path("out/00.labels.png").read_bytes())
    place = data.index(b"IEND") - 4
    data[place:place] = bytes.fromhex("00000000 76704167 00000000")  # a chunk of somebody's
    from zlib import crc32

    data[place + 8 : place + 12] = crc32(b"vpAg").to_bytes(4, "big")
    Path("out/00.labels.png").write_bytes(data)
    pictures.picture("in/01.png", many_colors(99, 40, 50))
    before = {n: d for n, d in content("out").items() if FOLDER not in n}
    done = run(*common)
    assert done
    assert done.code == 1
    assert "needs the codebook that is there" in done.err
    assert {n: d for n, d in content("out").items() if FOLDER not in n} == before


def test_other_options_begin_anew(pictures: Sandbox) -> None:  # row 149
    killed(*SHARED, "--format", "png", "-d", "out", count=5)
    other = ("--shared-codebook", "-k", "30", "--format", "png")
    again = finished(*other, "-d", "out")
    assert "with other options" in again.err
    assert again.count == COUNT
    finished(*other, "-d", "whole")
    assert content("out") == content("whole")


@pytest.mark.parametrize("name", ["files", "counted"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "gone"])
@pytest.mark.parametrize("step", ["count", "write"])
def test_a_damaged_journal_is_not_believed(  # row 149
    pictures: Sandbox, name: str, damage: str, step: str
) -> None:
    common = (*SHARED, "--format", "png")
    finished(*common, "-d", "whole")
    killed(*common, "-d", "out", **{step: 9})
    path = Path("out", FOLDER, name)
    data = bytearray(path.read_bytes())
    if damage == "flipped":
        data[len(data) // 2] ^= 4
    path.write_bytes(bytes({"cut": data[:-3], "emptied": b""}.get(damage, data)))
    if damage == "gone":
        path.unlink()
    again = run(*common, "-d", "out")
    assert again
    assert name == "files" or again.count == COUNT
    # What is not known to be ours any more stays as it is, which is said.
    assert again.code == (3 if "exists" in again.err else 0)
    assert name == "files" or again.code == 0
    whole = content("whole")
    assert {n: d for n, d in content("out").items() if FOLDER not in n} == whole


def test_what_a_killed_run_left_half_written_is_removed(pictures: Sandbox) -> None:
    common = ("-k", "9", "--format", "png", "-d", "out")
    killed(*common, write=3)
    data = Path("out", FOLDER, "files").read_bytes()
    place = data.index(b"process:") + 8
    process = int.from_bytes(data[place : place + 8], "little")
    left = [
        Path("out", below, f".kmcodec-{process}-0123456789ab.tmp")
        for below in ("", "below", FOLDER)
    ]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    other = Path("out/.kmcodec-1-0123456789ab.tmp")  # of who may be at work
    other.write_bytes(b"half")
    finished(*common)
    assert not any(path.exists() for path in left)
    assert other.exists()
    assert not Path("out", FOLDER).exists()


def test_of_two_runs_one_has_the_journal(pictures: Sandbox) -> None:  # row 150
    """Whoever has it goes on; the other one writes what is not there yet."""
    common = (*SHARED, "--format", "png")
    finished(*common, "-d", "whole")
    killed(*common, "-d", "out", count=9)
    before = content("out")
    lock = RecordFile(Path("out", FOLDER, "files"), b"")
    second = finished(*common, "-d", "out")
    lock.close()
    assert "no journal is kept: another run is at work there" in second.err
    assert second.work == (COUNT, 1, COUNT)
    there = content("out")
    assert before.items() <= there.items()
    assert {name: data for name, data in there.items() if FOLDER not in name} == content("whole")
    # A run into the same folder at the same time.
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "codec", "compress", "-r", "in", *common, "-d", "both"],
            env=child_environment(), stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    errors = [child.communicate()[1] for child in children]
    assert not any("error" in said for said in errors), errors
    assert {child.returncode for child in children} <= {0, 3}
    assert content("both") == content("whole")


@pytest.mark.parametrize("fault", ["a file", "a link", "a linked folder", "too large"])
def test_a_run_goes_on_without_a_journal(pictures: Sandbox, fault: str) -> None:  # row 150
    common = (*SHARED, "--format", "png")
    finished(*common, "-d", "whole")
    Path("out").mkdir()
    if fault == "a file":
        Path("out", FOLDER).write_bytes(b"mine")
    elif fault == "a link":
        Path("mine").write_bytes(b"mine")
        Path("out", FOLDER).mkdir()
        Path("out", FOLDER, "files").symlink_to("../../mine")
    elif fault == "a linked folder":
        Path("mine").mkdir()
        Path("out", FOLDER).symlink_to("../mine")
    done = finished(*common, "-d", "out", most=20000 if fault == "too large" else 0)
    assert (done.code, done.work) == (0, (COUNT, 1, COUNT))
    assert done.err.count("no journal is kept") == 1
    there = {name: data for name, data in content("out").items() if FOLDER not in name}
    assert there == content("whole")
    if fault == "a file":
        assert Path("out", FOLDER).read_bytes() == b"mine"
    elif fault == "a link":
        assert Path("mine").read_bytes() == b"mine"
    elif fault == "a linked folder":
        assert not list(Path("mine").iterdir())
    else:
        assert not Path("out", FOLDER).exists()


def test_a_full_disk_keeps_the_journal(pictures: Sandbox) -> None:
    """Files may only be so large; those of this run are larger, what is noted of them is not."""
    common = ("-k", "200", "--format", "png", "-d", "out")
    small = ("-k", "2", "--format", "png", "-d", "small")
    finished(*common)
    sizes = sorted(map(len, content("out").values()))
    shutil.rmtree("out")
    most = sizes[len(sizes) // 2]
    first = run(*common, most=most)
    assert first
    assert first.code == 1
    assert "the same command does what is missing" in first.err
    again = finished(*common)
    assert again.code == 0
    assert 0 < again.compress < COUNT
    assert not Path("out", FOLDER).exists()
    assert finished(*small).code == 0


def test_an_interrupted_run_goes_on(pictures: Sandbox) -> None:
    common = (*SHARED, "--format", "pair")
    finished(*common, "-d", "whole")
    interrupted = run(*common, "-d", "out", write=5, signal=signal.SIGINT)
    assert interrupted
    assert interrupted.code == 130
    again = finished(*common, "-d", "out")
    assert again.work[:2] == (0, 0)
    assert content("out") == content("whole")
