"""The process: its streams, whatever becomes of them, and signals.

Rows are those of the catalogue of bad inputs and faults.
"""

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_tools import Sandbox, child_environment, few_colors, many_colors, run_script
from fault_tools import drive
from marks import slowly

import codec
from codec.cli import compressing
from codec.cli.commands import main
from codec.jobs.compress import compress_file

# Streams


@pytest.mark.parametrize("command", ["info", slowly("compress"), slowly("sweep")])
def test_a_reader_that_goes_away_ends_a_run_quietly(pair: Sandbox, command: str) -> None:
    reading, writing = os.pipe()  # row 12
    os.close(reading)
    arguments = {
        "info": ("photo.labels.png",),
        "compress": ("photo.png", "-f", "--json"),
        "sweep": ("photo.png", "-k", "30", "40"),
    }[command]
    try:
        run = pair.spawn(command, *arguments, stdout=writing)
    finally:
        os.close(writing)
    assert run.code == 1
    assert "Traceback" not in run.err
    assert "Exception" not in run.err
    assert not pair.temporaries()
    np.testing.assert_array_equal(codec.decompress(codec.load("photo.labels.png")), few_colors())


@pytest.mark.parametrize("arguments", [("info", "photo.labels.png"), ("compress", "-f", "--json")])
def test_a_full_device_for_stdout_is_one_line(pair: Sandbox, arguments: tuple[str, ...]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    if arguments[0] == "compress":
        arguments += ("photo.png",)
    with open("/dev/full", "w") as full:
        run = pair.spawn(*arguments, stdout=full)
    assert run.code == 1
    assert "Traceback" not in run.err
    assert "Exception" not in run.err
    assert run.lines[-1].startswith("kmcodec: error: ")
    assert run.lines[-1].endswith("(no-space)")


@pytest.mark.parametrize("arguments", [("compress", "photo.png", "-f"), ("info", "none.npz")])
@pytest.mark.parametrize("broken", ["pipe", slowly("full")])
def test_a_broken_stderr_ends_a_run_without_damage(
    pair: Sandbox, broken: str, arguments: tuple[str, ...]
) -> None:
    if broken == "full" and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    reading, writing = os.pipe()
    os.close(reading)
    with open("/dev/full", "w") if broken == "full" else os.fdopen(writing, "w") as stream:
        run = pair.spawn(*arguments, stderr=stream)
    if broken == "full":
        os.close(writing)
    assert run.code == 1
    assert run.out == ""
    assert not pair.temporaries()
    np.testing.assert_array_equal(codec.decompress(codec.load("photo.labels.png")), few_colors())


CLOSED = """
import os, subprocess, sys
program = [sys.executable, "-m", "codec", *sys.argv[2:]]
number = int(sys.argv[1])
done = subprocess.run(program, preexec_fn=lambda: os.close(number), capture_output=True, text=True)
print(done.returncode, done.stdout, sep="\\n")
print(done.stderr, file=sys.stderr)
"""


@pytest.mark.parametrize("stream", [1, slowly(2)])
@pytest.mark.parametrize("command", ["compress", "info"])
def test_a_stream_that_was_closed_before_the_start_is_no_trouble(
    pair: Sandbox, command: str, stream: int
) -> None:
    arguments = {"compress": ["photo.png", "-f"], "info": ["photo.labels.png"]}[command]
    done = run_script(CLOSED, str(stream), command, *arguments, cwd=pair.root)
    code, out = done.stdout.split("\n", 1)
    assert "Traceback" not in done.stderr
    assert code in ("0", "1") if (command, stream) == ("info", 1) else code == "0"
    assert ("picture" in out) == ((command, stream) == ("info", 2))
    assert "photo.png  " not in out  # messages do not become data


def test_names_that_the_terminal_cannot_show_do_not_stop_a_process(sandbox: Sandbox) -> None:
    name = os.fsdecode(b"\xff\xc3\xa9.png")  # row 25
    sandbox.picture(name)
    strict = child_environment(PYTHONIOENCODING="ascii:strict")
    run = sandbox.spawn("compress", name, env=strict)
    assert run.code == 0, run.err
    assert run.err.startswith(r"\udcff\xe9.png  ")
    assert run.err.isascii()


def test_running_as_a_module_is_running_the_command(pair: Sandbox) -> None:
    run = pair.spawn("compress", "photo.png", "-o", "x.npz")
    assert (run.code, run.out) == (0, "")
    assert run.wrote("x.npz")
    assert pair.spawn("compress", "photo.png", "-o", "x.npz").code == 3
    assert pair.spawn("compress", "none.png").code == 1
    assert pair.spawn("compress", "photo.png", "-k", "0").code == 2


def test_main_takes_the_arguments_of_the_process_by_default(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["kmcodec", "compress", "none.png"])
    monkeypatch.setattr(sys, "stderr", io.StringIO())  # which cannot be reconfigured
    assert main() == 1


# Signals


def test_the_handler_of_sigterm_is_put_back(sandbox: Sandbox) -> None:
    import signal

    before = signal.getsignal(signal.SIGTERM)
    sandbox.run("compress", "none.png", check=1)
    assert signal.getsignal(signal.SIGTERM) is before


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is so; a minute is given to machines that are busy."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)


@contextlib.contextmanager
def started(root: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a command in the background, with the handlers of signals as a shell sets them."""
    child = subprocess.Popen(
        [sys.executable, "-m", "codec", *arguments], cwd=root, env=child_environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    with child:
        try:
            yield child
        finally:
            child.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_with_its_code(  # row 117
    sandbox: Sandbox, number: signal.Signals
) -> None:
    sandbox.picture("in/000.png")
    for index in range(1, 800):
        Path(f"in/{index:03}.png").symlink_to("000.png")
    with started(sandbox.root, "compress", "-q", "-r", "in", "-d", "out") as child:
        wait_for(Path("out/002.labels.png").exists)
        child.send_signal(number)
        _, err = child.communicate(timeout=60)
    assert child.returncode == (130 if number == signal.SIGINT else 143)
    assert "Traceback" not in err
    assert len(err.splitlines()) <= 1
    assert sandbox.temporaries() == []
    done = sorted(Path("out").glob("*.labels.png"))
    assert 0 < len(done) < 800
    assert len(done) == len(list(Path("out").glob("*.codebook.npy")))
    for path in (done[0], done[-1]):
        np.testing.assert_array_equal(codec.decompress(codec.load(path)), few_colors())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_python_loses_ends_the_run_all_the_same(  # row 117
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setenv("KMCODEC_THREADS", "1")  # otherwise b.png and c.png are under way by then
    for name in ("a.png", "b.png", "c.png"):
        sandbox.picture(name)

    class Dying:
        def __del__(self) -> None:
            signal.raise_signal(number)  # whatever is raised here is ignored

    def interrupted(*arguments: Any, **options: Any) -> Any:
        report = compress_file(*arguments, **options)
        Dying()
        return report

    monkeypatch.setattr(compressing, "compress_file", interrupted)
    code = 130 if number == signal.SIGINT else 143
    before = signal.signal(number, signal.SIG_DFL)  # whoever started the tests may ignore it
    try:
        run = sandbox.run("compress", "a.png", "b.png", "c.png", "--format", "npz", check=code)
    finally:
        signal.signal(number, before)
    assert run.wrote("a.npz")


def test_signals_that_are_ignored_stay_ignored(sandbox: Sandbox) -> None:
    sandbox.picture("photo.png")
    script = """
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
compress_file = compressing.compress_file
def interrupted(*arguments, **options):
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)
    return compress_file(*arguments, **options)
compressing.compress_file = interrupted
print(json.dumps(run("compress", "-q", "photo.png")))
"""
    assert drive("from codec.cli import compressing\n" + script, sandbox.root) == [0, ""]
    assert Path("photo.labels.png").exists()


def test_a_signal_ends_training(sandbox: Sandbox) -> None:  # row 117
    sandbox.picture("photo.png", many_colors(height=100, width=100))
    sizes = [str(k) for k in range(100, 256)]
    with started(sandbox.root, "sweep", "photo.png", "-k", *sizes) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("codebook ")
        assert child.stdout.readline().startswith("kmeans ")
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert err == "kmcodec: error: interrupted (interrupted)\n"


SIGNAL = """
number, rounds = int(sys.argv[1]), int(sys.argv[2])
files = 80
names = [f"{index:03}.png" for index in range(files)]
pictures = {seed: picture(f"{seed}.npz") for seed in "ab"}
for name in names:
    os.symlink("b.png", name)
random.seed(0)
warm_up()
old = Path("a.npz").read_bytes()
tally = {"a": 0, "b": 0, "torn": 0, "codes": [], "said": []}
os.mkdir("out")
for _ in range(3 * rounds):
    if len(tally["codes"]) == rounds:
        break
    for name in names:
        Path("out", name[:3] + ".npz").write_bytes(old)
    first = os.stat("out/000.npz").st_ino
    child = os.fork()
    if child == 0:  # SIGINT may be ignored by who started us
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with open("said", "w") as said, contextlib.redirect_stderr(said):
            try:
                code = main(["compress", "-q", "-f", "--format", "npz", "-d", "out", *names])
            except SystemExit as error:
                code = error.code
        os._exit(code)
    while os.stat("out/000.npz").st_ino == first:
        time.sleep(0.0005)
    time.sleep(random.uniform(0, 0.03))
    os.kill(child, number)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:  # otherwise the signal came too late
        tally["codes"].append(code)
    tally["said"].append(Path("said").read_text())
    assert not temporaries(), temporaries()
    for name in names:
        found = picture("out/" + name[:3] + ".npz")
        matches = [seed for seed in "ab" if np.array_equal(found, pictures[seed])]
        tally[matches[0] if matches else "torn"] += 1
print(json.dumps(tally))
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_batch_leaves_whole_outputs_and_nothing_else(  # row 117
    sandbox: Sandbox, number: signal.Signals
) -> None:
    for seed, name in enumerate("ab"):
        sandbox.picture(f"{name}.png", few_colors(seed))
        sandbox.run("compress", f"{name}.png", "-o", f"{name}.npz", check=0)
    tally = drive(SIGNAL, sandbox.root, str(int(number)), "20")
    assert tally["codes"] == [130 if number == signal.SIGINT else 143] * 20
    for said in tally["said"]:
        assert said in ("", "kmcodec: error: interrupted (interrupted)\n")
    assert tally["torn"] == 0
    assert tally["a"] > 0
    assert tally["b"] > 0
