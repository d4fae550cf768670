"""The system itself refuses, kills, runs two at a time, or is set up strangely.

Rows are those of the catalogue of bad inputs and faults.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_tools import Run, Sandbox, child_environment, few_colors, many_colors, read_picture, spawn
from fault_tools import DRIVER, TASKS, drive, prepare
from marks import needs_kernels

import codec
from codec import kernels

SIZE_LIMIT = """
assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN  # Python's own choice
results = []
for limit in map(int, sys.argv[2:]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    code, said = run(*sys.argv[1].split())
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    results.append([limit, code, said, temporaries()])
print(json.dumps(results))
"""


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_a_limit_on_the_size_of_files_leaves_all_as_it_was(sandbox: Sandbox, task: str) -> None:
    old, new = prepare(sandbox, task, existing=True)  # row 111
    arguments, outputs = TASKS[task]
    largest = max(map(len, new))
    limits = [largest * step // 20 for step in range(20)]
    results = drive(SIZE_LIMIT, sandbox.root, " ".join((*arguments, "-f")), *map(str, limits))
    assert len(results) == 20
    for _limit, code, said, temporaries in results:
        assert code == 1
        assert re.fullmatch(rf"kmcodec: error: {arguments[1]}: .* \(no-space\)\n", said), said
        assert temporaries == []
    assert [Path("out", name).read_bytes() for name in outputs] == old


NAMESPACE = """
import subprocess
def mount(*arguments):
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode:
        print(json.dumps(done.stderr))
        sys.exit()

mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", "small")
results = {}
assert run("compress", "old.png", "-q", "-o", "small/x.npz")[0] == 0
before = Path("small/x.npz").read_bytes()
for name, arguments in {
    "forced": ("compress", "large.png", "-f", "-o", "small/x.npz"),
    "new": ("compress", "large.png", "-o", "small/y.npz"),
    "pair": ("compress", "large.png", "-d", "small"),
    "decompress": ("decompress", "large.npz", "-o", "small/y.bmp"),
}.items():
    results[name] = [*run(*arguments), os.listdir("small")]
    assert Path("small/x.npz").read_bytes() == before
mount("-o", "remount,ro", "small")
results["read-only"] = [*run("compress", "old.png", "-o", "small/z.npz"), os.listdir("small")]
os.chdir("small")
results["inside"] = [*run("compress", "../old.png", "-o", "../ok.npz"), os.listdir(".")]
print(json.dumps(results))
"""


def test_a_file_system_that_is_full_or_read_only_is_refused(sandbox: Sandbox) -> None:
    labels = np.random.RandomState(0).randint(0, 200, (300, 300))  # rows 110, 112 and 130
    sandbox.picture("large.png", np.stack([labels, labels, 255 - labels], 2).astype(np.uint8))
    sandbox.picture("old.png")
    sandbox.run("compress", "large.png", "-o", "large.npz", check=0)
    Path("small").mkdir()
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no program unshare")
    options = ["--mount"] if os.geteuid() == 0 else ["--map-root-user", "--mount"]
    done = subprocess.run(
        [unshare, *options, sys.executable, "-c", DRIVER + NAMESPACE],
        cwd=sandbox.root, env=child_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode and "unshare" in done.stderr:
        pytest.skip(f"no namespace of our own: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    if isinstance(results, str):
        pytest.skip(f"mounting is not allowed: {results.strip()}")
    code, said, listed = results.pop("inside")
    assert (code, listed) == (0, ["x.npz"]), said
    code, said, listed = results.pop("read-only")
    assert (code, listed) == (1, ["x.npz"])
    assert re.fullmatch(r"kmcodec: error: old\.png: .*\(no-permission\)\n", said), said
    for code, said, listed in results.values():
        assert (code, listed) == (1, ["x.npz"]), said
        assert re.fullmatch(r"kmcodec: error: large\.\w+: .*\(no-space\)\n", said), said


# Killed


KILL = """
format, rounds = sys.argv[1], int(sys.argv[2])
output = "out.npz" if format == "npz" else "out.labels.png"
parts = ["out.npz"] if format == "npz" else ["out.labels.png", "out.codebook.npy"]
pictures = {seed: picture(f"{seed}.npz") for seed in "ab"}
random.seed(0)
warm_up()
whole = set()
for seed in "ab":
    assert main(["compress", "-q", "-f", f"{seed}.png", "-o", output]) == 0
    assert np.array_equal(picture(output), pictures[seed])
    whole |= {Path(part).read_bytes() for part in parts}
tally = {"a": 0, "b": 0, "unpaired": 0, "torn": 0}
for number in range(rounds):
    first = os.stat(output).st_ino
    child = os.fork()
    if child == 0:
        while True:
            for seed in ("ab", "ba")[number % 2]:
                if main(["compress", "-q", "-f", f"{seed}.png", "-o", output]):
                    os._exit(9)
    while os.stat(output).st_ino == first:
        time.sleep(0.0005)
    time.sleep(random.uniform(0, 0.02))
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    try:
        found = picture(output)
    except codec.CodecError as error:
        tally["unpaired" if error.reason == "digest-mismatch" else "torn"] += 1
    else:
        matches = [seed for seed in "ab" if np.array_equal(found, pictures[seed])]
        tally[matches[0] if matches else "torn"] += 1
    # Between two system calls a file that replaces another has a second name, and only then.
    left = temporaries()
    if hasattr(os, "O_TMPFILE"):
        assert len(left) <= 1, left
        assert {Path(name).read_bytes() for name in left} <= whole
    for name in left:
        assert re.fullmatch(rf"\\.kmcodec-{child}-[0-9a-f]{{12}}\\.tmp", name), name
        os.utime(name, (0, 0))
    codec.files.temporaries._swept.clear()  # as a later run begins
    codec.files.temporaries.sweep(Path("."))
    others = {"a.png", "b.png", "a.npz", "b.npz", "out.npz", "out.labels.png", "out.codebook.npy"}
    assert set(os.listdir(".")) == others
print(json.dumps(tally))
"""


@pytest.mark.slow
@pytest.mark.parametrize("format", ["npz", "pair"])
def test_a_killed_process_leaves_a_whole_output(sandbox: Sandbox, format: str) -> None:  # row 115
    _write_two(sandbox)
    sandbox.run("compress", "a.png", "-o", "out.npz", check=0)
    sandbox.run("compress", "a.png", "-o", "out.labels.png", check=0)
    tally = drive(KILL, sandbox.root, format, "100" if format == "npz" else "30")
    assert tally["torn"] == 0, tally
    # Of a pair one file is replaced after the other.
    assert tally["unpaired"] == 0 or format == "pair", tally
    assert tally["a"] > 0, tally
    assert tally["b"] > 0, tally


def _write_two(sandbox: Sandbox) -> None:
    """Write two pictures, and what they are compressed to."""
    for seed, name in enumerate("ab"):
        sandbox.picture(f"{name}.png", few_colors(seed, height=40, width=50))
        sandbox.run("compress", f"{name}.png", "-o", f"{name}.npz", check=0)


KILL_BETWEEN = """
output, number = sys.argv[1], int(sys.argv[2])
warm_up()
child = os.fork()
if child == 0:
    renamed = []

    def strike(event, arguments):
        if event == "os.rename":
            renamed.append(arguments)
            if len(renamed) == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(strike)
    main(["compress", "-q", "-f", "b.png", "-o", output])
    os._exit(9)
assert os.waitpid(child, 0)[1] == signal.SIGKILL
print(json.dumps([child, temporaries()]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="all files have names here")
@pytest.mark.parametrize(
    ("parts", "number"),
    [
        (("out.npz",), 1),
        (("out.codebook.npy", "out.labels.png"), 1),
        (("out.codebook.npy", "out.labels.png"), 2),
    ],
)
def test_what_is_killed_between_two_names_is_whole_and_removed_later(  # row 115
    sandbox: Sandbox, parts: tuple[str, ...], number: int
) -> None:
    _write_two(sandbox)
    contents = {}
    for name in "ba":
        sandbox.run("compress", f"{name}.png", "-f", "-o", parts[-1], check=0)
        contents[name] = [Path(part).read_bytes() for part in parts]
    process, left = drive(KILL_BETWEEN, sandbox.root, parts[-1], str(number))
    (name,) = left
    assert re.fullmatch(rf"\.kmcodec-{process}-[0-9a-f]{{12}}\.tmp", name)
    assert Path(name).read_bytes() == contents["b"][number - 1]
    replaced = [*contents["b"][: number - 1], *contents["a"][number - 1 :]]
    assert [Path(part).read_bytes() for part in parts] == replaced
    # A run within the hour leaves it alone.
    again = ("compress", "a.png", "-q", "-f", "-o", parts[-1])
    assert sandbox.spawn(*again).code == 0
    assert sandbox.temporaries() == left
    os.utime(name, (0, 0))
    run = sandbox.spawn(*again)
    assert (run.code, run.err, run.new, run.gone) == (0, "", frozenset(), frozenset(left))
    assert [Path(part).read_bytes() for part in parts] == contents["a"]


KILL_NEW = """
format, rounds = sys.argv[1], int(sys.argv[2])
ending = {"npz": ".npz", "png": ".indexed.png", "kmc": ".kmc", "pair": ".labels.png"}[format]
expected = {seed: picture(f"{seed}.npz") for seed in "ab"}
random.seed(0)
warm_up()
tally = {"whole": 0, "alone": 0}
for number in range(rounds):
    folder = Path(str(number))
    folder.mkdir()
    child = os.fork()
    if child == 0:
        for count in range(10**6):
            seed = "ab"[count % 2]
            if main(["compress", "-q", f"{seed}.png", "-o", f"{folder}/{count}{ending}"]):
                os._exit(9)
    while not list(folder.iterdir()):
        time.sleep(0.0005)
    time.sleep(random.uniform(0, 0.05))
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    for path in folder.iterdir():
        if path.name.endswith(".codebook.npy"):  # the first half to get its name
            tally["alone"] += not path.with_name(path.name[:-13] + ending).exists()
            continue
        assert path.name.endswith(ending), path
        seed = "ab"[int(path.name[:-len(ending)]) % 2]
        assert np.array_equal(picture(path), expected[seed]), path
        tally["whole"] += 1
print(json.dumps(tally))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="all files have names here")
@pytest.mark.parametrize(
    "format", ["pair", "npz", "png", pytest.param("kmc", marks=needs_kernels)]
)
def test_a_killed_process_leaves_nothing_but_whole_outputs(  # rows 115 and 116
    sandbox: Sandbox, format: str
) -> None:
    _write_two(sandbox)
    tally = drive(KILL_NEW, sandbox.root, format, "30")
    assert tally["whole"] >= 30 - tally["alone"]
    assert tally["alone"] <= (3 if format == "pair" else 0), tally


# Two at a time


TWO = """
format, force, rounds = sys.argv[1], sys.argv[2:3] == ["-f"], int(sys.argv[-1])
output = "out.npz" if format == "npz" else "out.labels.png"
parts = [output] if format == "npz" else [output, "out.codebook.npy"]
pictures = {seed: picture(f"{seed}.npz") for seed in "ab"}
tally = []
warm_up()
for _ in range(rounds):
    for part in parts:
        if os.path.exists(part):
            os.unlink(part)
    start = time.monotonic() + 0.01
    children = []
    for seed in "ab":
        child = os.fork()
        if child == 0:
            while time.monotonic() < start:
                pass
            more = ["-f"] if force else []
            os._exit(main(["compress", "-q", f"{seed}.png", "-o", output, *more]))
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    try:
        found = picture(output)
        matches = "".join(seed for seed in "ab" if np.array_equal(found, pictures[seed]))
    except codec.CodecError as error:
        matches = error.reason
    tally.append([*codes, matches])
    assert not temporaries()
print(json.dumps(tally))
"""


@pytest.mark.slow
@pytest.mark.parametrize("format", ["npz", "pair"])
@pytest.mark.parametrize("force", [False, True])
def test_of_two_processes_with_one_output_one_wins_whole(  # row 128
    sandbox: Sandbox, format: str, force: bool
) -> None:
    for seed, name in enumerate("ab"):
        sandbox.picture(f"{name}.png", few_colors(seed))
        sandbox.run("compress", f"{name}.png", "-o", f"{name}.npz", check=0)
    tally = drive(TWO, sandbox.root, format, *(["-f"] if force else []), "15")
    for first, second, found in tally:
        if force:
            assert (first, second) == (0, 0)
            # Two files cannot be replaced at once; a mixed pair is found out by its seal.
            assert found in ("a", "b") or (format == "pair" and found == "digest-mismatch")
        else:
            assert (first, second, found) in ((0, 3, "a"), (3, 0, "b"))


# Surroundings


ENVIRONMENTS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "python -O": (("-O",), {}),
    "python -OO": (("-OO",), {}),
    "warnings are errors": (("-W", "error"), {}),
    "LC_ALL=C": ((), {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "an unknown locale": ((), {"LC_ALL": "xx_XX.nothing"}),
    "another number of threads": ((), {"OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "1"}),
    "no directory for temporary files": ((), {"TMPDIR": "/nowhere"}),
}
TRAINED = ("warnings are errors", "another number of threads")


def _of_files(run: Run) -> list[str]:
    """What was said, but for what kernels were compiled."""
    return [line for line in run.lines if kernels.WITHOUT not in line]


@pytest.mark.slow
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_surroundings_do_not_change_the_result(sandbox: Sandbox, name: str) -> None:  # row 130
    python, variables = ENVIRONMENTS[name]
    environment = child_environment(**variables)
    environment.pop("HOME", None)
    options = {"python": python, "env": environment}
    pixels = many_colors() if name in TRAINED else few_colors(height=70, width=70)
    sandbox.picture("photo.png", pixels)
    arguments = ("compress", "photo.png", "-k", "60", "-o")
    sandbox.run(*arguments, "expected.npz", check=0)
    run = sandbox.spawn(*arguments, "x.npz", **options)
    assert run.code == 0, run.err
    assert len(_of_files(run)) == 1, run.err
    assert Path("x.npz").read_bytes() == Path("expected.npz").read_bytes()
    # What is checked is checked without assertions too.
    damaged = bytearray(Path("x.npz").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    Path("bad.npz").write_bytes(damaged)
    run = sandbox.spawn("decompress", "x.npz", "bad.npz", "none.npz", **options)
    assert run.code == 1
    assert run.wrote("x.decoded.png")
    assert len(_of_files(run)) == 4, run.err
    expected = codec.decompress(codec.load("expected.npz"))
    np.testing.assert_array_equal(read_picture(Path("x.decoded.png")), expected)


@pytest.mark.slow
def test_the_working_directory_may_be_read_only(sandbox: Sandbox) -> None:  # row 130
    elsewhere = Path("/proc")
    if not elsewhere.is_dir():
        pytest.skip("there is no directory that nobody can write to")
    sandbox.picture("photo.png")
    photo = str(sandbox.path("photo.png"))
    done = spawn("compress", photo, cwd=elsewhere)
    assert done.returncode == 0, done.stderr
    labels = str(sandbox.path("photo.labels.png"))
    assert spawn("decompress", labels, cwd=elsewhere).returncode == 0
    np.testing.assert_array_equal(read_picture(Path("photo.decoded.png")), few_colors())
    done = spawn("compress", photo, "-o", "x.npz", cwd=elsewhere)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_a_working_directory_that_was_removed_is_no_trouble(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    script = """
os.mkdir("gone")
root = os.getcwd()
os.chdir("gone")
os.rmdir(root + "/gone")
results = [run("compress", root + "/photo.png"), run("compress", "x.png")]
print(json.dumps(results))
"""
    (code, said), relative = drive(script, sandbox.root)
    assert code == 0, said
    assert relative[0] == 1
    assert len(relative[1].splitlines()) == 1


AUDITED = """
watched = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn",
           "os.fork", "urllib.", "http.", "ftplib.", "webbrowser.", "pty.")
inputs = set(sys.argv[1:])

def watch(event, arguments):
    if event.startswith(watched):
        raise SystemError(f"{event} {arguments}")
    if event == "open" and os.path.basename(str(arguments[0])) in inputs:
        if arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_TRUNC):
            raise SystemError(f"an input was opened to write: {arguments}")
    if event in ("os.remove", "os.rename", "os.truncate", "os.chmod", "os.utime"):
        if os.path.basename(str(arguments[0])) in inputs:
            raise SystemError(f"an input was touched: {event} {arguments}")

sys.addaudithook(watch)
print(json.dumps([
    run("compress", "-k", "9", "photo.png"),
    run("compress", "few.png", "-f", "-q"),
    run("decompress", "photo.labels.png"),
    run("report", "photo.png", "photo.labels.png", "--json"),
    run("compress", "eps.png", "http://127.0.0.1/x.png", "<screen>"),
]))
"""


def test_nothing_but_files_is_opened_and_inputs_only_to_read(  # rows 21, 22 and 32
    sandbox: Sandbox,
) -> None:
    sandbox.picture("photo.png", many_colors())
    sandbox.picture("few.png")
    Path("eps.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    script = AUDITED.replace("print(json", "shown = (json").replace("]))", "]))")
    script = "out = sys.stdout\nsys.stdout = io.StringIO()\n" + script + "\nprint(shown, file=out)"
    results = drive(script, sandbox.root, "photo.png", "few.png", "eps.png")
    assert [code for code, _ in results] == [0, 0, 0, 0, 1], results
    assert len(results[-1][1].splitlines()) == 4
