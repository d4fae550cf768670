"""Squared error of every kind of picture at every K, beside the peers; as ``compare.py``."""

from __future__ import annotations

from dataclasses import asdict

import compare
import peers
import tables
from figures import Figure, Result
from photographs import EVERYTHING, Settings, say

SECTION = "quality"


def figure(verdict: tables.Verdict) -> Figure:
    """Make a line of a threshold of `tables`."""
    what = verdict.text.split(":")[0]
    is_share = verdict.threshold == "a"
    detail = ", ".join(verdict.failing)
    if verdict.value is None:
        detail = "not measured"
    unit = "%" if is_share else "x"
    return Figure(SECTION, what, verdict.value, verdict.target, unit, is_share, detail)


def run(settings: Settings) -> Result:
    """Compare with every peer that has a threshold and is installed; print compare's table."""
    names = [name for name in tables.JUDGED if peers.PEERS[name].available()]
    folders = [settings.data / name for name in EVERYTHING]
    folders = [folder for folder in folders if folder.is_dir()]
    say(f"{SECTION}: {', '.join(folder.name for folder in folders)}")
    codecs = [tables.OURS, *names]
    compare.warm_up(codecs)
    rows, _ = compare.measure_all(folders, settings.limit, codecs, settings.colors)
    figures = [figure(verdict) for verdict in tables.judge_errors(rows, settings.colors)]
    figures += [
        Figure(SECTION, failure, None, broken=True)
        for failure in tables.failures(rows)
        if failure.startswith(tables.OURS)
    ]
    text = f"{tables.LEGEND}\n\n{tables.table(rows, tables.ALL, names)}" if rows else ""
    return Result(figures, [asdict(row) for row in rows], text)
