"""What programs are told: a document, a line a file, or a table."""

import argparse
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from cli_tools import Sandbox, child_environment, few_colors, many_colors, usage_error

from codec.cli.records import Records
from codec.reports.report import FileReport
from codec.settings import resolve_engine

VERBS = {
    "compress": ("a.png", "missing.png", "b.png", "-f", "--format", "npz"),
    "decompress": ("a.npz", "missing.npz", "b.npz", "-f"),
    "convert": ("a.npz", "missing.npz", "b.npz", "-f", "--format", "png"),
    "info": ("a.npz", "missing.png", "b.png"),
    "report": ("a.png", "a.npz", "missing.npz", "b.npz"),
    "sweep": ("a.png", "missing.png", "b.png", "-k", "3,4"),
    "train": ("a.png", "missing.png", "b.png", "-f", "-o", "x.npy"),
}
# What no two runs have in common.
CLOCKED = ("seconds", "stage_seconds")


@pytest.fixture
def files(sandbox: Sandbox) -> Sandbox:
    sandbox.picture("a.png", many_colors(0))
    sandbox.picture("b.png", many_colors(1))
    sandbox.run("compress", "a.png", "b.png", "--format", "npz", check=0)
    return sandbox


def timeless(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name not in CLOCKED}


def flat(value: Any) -> str:
    """Write a value of JSON as a table has it."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list):
        return "; ".join(map(flat, value))
    if isinstance(value, dict):
        return "; ".join(f"{name}={flat(each)}" for name, each in value.items())
    return json.dumps(value)


@pytest.mark.parametrize("verb", VERBS)
def test_lines_are_the_results_of_the_document_and_its_rest(files: Sandbox, verb: str) -> None:
    whole = json.loads(files.run(verb, *VERBS[verb], "--json", check=1).out)
    lines = files.run(verb, *VERBS[verb], "--json-lines", check=1).out.splitlines()
    *results, last = map(json.loads, lines)
    assert len(results) >= 3
    assert [timeless(each) for each in results] == [timeless(each) for each in whole["results"]]
    assert not any("totals" in each for each in results)
    assert "totals" in last
    if last["totals"] is not None:
        assert timeless(last["totals"]) == timeless(whole["totals"])
    assert last.keys() - {"totals"} == whole.keys() - {"totals", "results"}


@pytest.mark.parametrize("verb", VERBS)
def test_a_table_has_a_row_for_each_result(files: Sandbox, verb: str) -> None:
    whole = json.loads(files.run(verb, *VERBS[verb], "--json", check=1).out)["results"]
    rows = list(csv.DictReader(io.StringIO(files.run(verb, *VERBS[verb], "--csv", check=1).out)))
    assert len(rows) == len(whole)
    for row, result in zip(rows, whole, strict=True):
        assert list(row) == list(result)
        assert timeless(row) == {name: flat(value) for name, value in timeless(result).items()}
    failed = [row for row in rows if row["status"] == "error"]
    assert [row["reason"] for row in failed] == ["not-found"]
    assert "missing" in failed[0]["error"] + failed[0]["input"]


def test_pandas_reads_both(files: Sandbox) -> None:
    pandas = pytest.importorskip("pandas")
    table = files.run("sweep", "a.png", "b.png", "-k", "3,4", "--csv", check=0).out
    found = pandas.read_csv(io.StringIO(table))
    assert list(found.n_colors) == [3, 4, 3, 4]
    assert found.psnr_db.dtype == float
    lines = files.run("sweep", "a.png", "b.png", "-k", "3,4", "--json-lines", check=0).out
    again = pandas.read_json(io.StringIO(lines), lines=True)
    assert list(again.psnr_db[:4]) == pytest.approx(list(found.psnr_db))


@pytest.mark.parametrize("name", ['a,"b".png', "ä→ü.png", "x; y=z.png", "=1+1.png"])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_names_of_every_kind_come_back_from_a_table(
    sandbox: Sandbox, name: str, encoding: str
) -> None:
    sandbox.picture(name)
    env = child_environment(PYTHONIOENCODING=encoding)
    run = sandbox.spawn("compress", name, "--format", "png", "--csv", env=env)
    assert run.code == 0, run.err
    [row] = csv.DictReader(io.StringIO(run.out))
    assert row["input"] == name
    assert Path(row["outputs"]).exists()


def test_several_outputs_and_notices_are_joined(sandbox: Sandbox) -> None:
    sandbox.picture("a.png")
    [row] = csv.DictReader(io.StringIO(sandbox.run("compress", "a.png", "--csv", check=0).out))
    assert row["outputs"] == "a.codebook.npy; a.labels.png"
    assert row["lossless"] == "true"
    assert row["part_bytes"].startswith("codebook=209; ")
    assert row["error"] == row["psnr_db"] == ""


@pytest.mark.parametrize("kind", ["--csv", "--json-lines"])
def test_what_is_skipped_and_no_file_at_all_are_told(sandbox: Sandbox, kind: str) -> None:
    sandbox.picture("a.png")
    sandbox.run("compress", "a.png", check=0)
    run = sandbox.run("compress", "a.png", kind, check=3)
    assert run.out.count("skipped") >= 1
    sandbox.path("empty").mkdir()
    run = sandbox.run("compress", "-r", "empty", kind, check=0)
    assert len(run.out.splitlines()) == 1
    assert run.out.startswith("input,status," if kind == "--csv" else '{"totals": {"files": 0,')


def test_what_fails_for_all_has_a_row_for_each(sandbox: Sandbox) -> None:
    sandbox.pictures("a.png", "b.png")
    sandbox.path("d").mkdir()
    sandbox.path("d/shared.codebook.npy").write_bytes(b"in the way")
    run = sandbox.run("compress", "a.png", "b.png", "-d", "d", "--shared-codebook", "--json-lines")
    *results, last = map(json.loads, run.out.splitlines())
    assert [each["reason"] for each in results] == ["exists", "exists"]
    assert last["totals"]["skipped"] == 2


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("two", [("--json", "--csv"), ("--json-lines", "--csv")])
def test_only_one_kind_is_printed(files: Sandbox, verb: str, two: tuple[str, str]) -> None:
    run = files.run(verb, *VERBS[verb], *two)
    assert usage_error(run)
    assert "not allowed with" in run.lines[-1]


@pytest.mark.parametrize("kind", ["--json", "--json-lines", "--csv"])
def test_stdout_is_for_one_thing(sandbox: Sandbox, kind: str) -> None:
    sandbox.picture("a.png")
    run = sandbox.run("compress", "a.png", "-o", "-", "--format", "png", kind)
    assert usage_error(run)
    assert f"{kind} and -o -" in run.lines[-1]


def test_the_engine_has_no_row(files: Sandbox) -> None:
    assert usage_error(files.run("info", "--engine", "--csv"))
    lines = files.run("info", "a.png", "--engine", "--json-lines", check=0).out.splitlines()
    assert json.loads(lines[-1])["engine"] == resolve_engine("auto")


@pytest.mark.parametrize("kind", ["--json", "--json-lines", "--csv", None])
def test_lines_come_at_once_and_only_the_document_is_kept(
    capsys: pytest.CaptureFixture[str], kind: str | None
) -> None:
    totals, heard = Records(argparse.Namespace(json=kind), 2), []
    for name in ("a.png", "b.png"):
        totals.add(FileReport(name))
        heard.append(capsys.readouterr().out)
    assert len(totals.reports) == (2 if kind == "--json" else 0)
    assert len(totals) == 2
    at_once = kind in ("--json-lines", "--csv")
    assert ["a.png" in heard[0], "b.png" in heard[1]] == [at_once, at_once]


def test_few_colors_of_info_are_told_in_both(sandbox: Sandbox) -> None:
    sandbox.picture("a.png", few_colors())
    line = json.loads(sandbox.run("info", "a.png", "--json-lines", check=0).out.splitlines()[0])
    [row] = csv.DictReader(io.StringIO(sandbox.run("info", "a.png", "--csv", check=0).out))
    assert row["colors"].split("; ") == line["colors"]
    assert len(line["colors"]) == 27
