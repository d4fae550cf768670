"""Tables of `dense.py`: bytes, who is smaller, and speed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from figures import geometric_mean

CODERS = ("kmc", "kmc-fast", "pair", "npz", "png", "png+oxipng", "webp", "jxl")
PEERS = {"png+oxipng": "PNG + oxipng", "webp": "WebP -z 9", "jxl": "JPEG XL -e 9"}
TARGETS = {
    "photographs": {"png+oxipng": 0.68, "webp": 0.75, "jxl": 0.82},
    "flat": {"png+oxipng": 0.55, "webp": 0.70, "jxl": 0.65},
}
SMALLER_SHARE = 0.97
SPEEDS = {
    ("kmc", "kodak", "cq100"): 0.7,
    ("kmc", "screenshots"): 3.0,
    ("kmc-fast", "kodak", "cq100"): 3.0,
    ("kmc-fast", "screenshots"): 10.0,
}

Row = dict[str, Any]


def _ratios(rows: Sequence[Row], coder: str, peer: str) -> list[float]:
    return [row[coder]["bytes"] / row[peer]["bytes"] for row in rows if peer in row]


def _verdict(value: float, target: float, *, at_most: bool = True) -> str:
    met = value <= target if at_most else value >= target
    return f"{'met' if met else 'MISSED'} ({'at most' if at_most else 'at least'} {target})"


def _sizes(title: str, rows: Sequence[Row], targets: dict[str, float]) -> list[str]:
    lines = [f"{title}: bytes of kmc / bytes of the other, geometric means"]
    for k in (*sorted({row["k"] for row in rows}), None):
        chosen = [row for row in rows if k in (None, row["k"])]
        name = "all" if k is None else f"K = {k}"
        for coder in ("kmc", "kmc-fast"):
            cells = [f"  {name:8} {coder:9} {len(chosen):4} files"]
            for peer in CODERS[2:]:
                ratios = _ratios(chosen, coder, peer)
                cells.append(f"{peer} {geometric_mean(ratios):.3f}" if ratios else "")
            lines.append("  ".join(cells))
    for peer, target in targets.items():
        value = geometric_mean(_ratios(rows, "kmc", peer))
        lines.append(f"  / {PEERS[peer]}: {value:.3f} {_verdict(value, target)}")
    return [*lines, ""]


def _shares(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return ["no file of a peer was measured"]
    lines = ["kmc is smaller, share of all files"]
    for peer, name in PEERS.items():
        ratios = {row["name"]: row["kmc"]["bytes"] / row[peer]["bytes"] for row in rows}
        share = sum(ratio < 1 for ratio in ratios.values()) / len(ratios)
        worst = max(ratios, key=lambda name: ratios[name])
        lines.append(
            f"  than {name}: {share:.3f} {_verdict(share, SMALLER_SHARE, at_most=False)}; "
            f"worst {ratios[worst]:.3f}, {worst}"
        )
    return [*lines, ""]


def _speeds(rows: Sequence[Row]) -> list[str]:
    lines = ["one core, K = 256: Mpx/s of all pixels together (geometric mean of the pictures)"]
    for (coder, *folders), target in SPEEDS.items():
        chosen = [row for row in rows if row["folder"] in folders and row["k"] == 256]
        if not chosen:
            continue
        for way in ("encode", "decode"):
            pixels = sum(row["pixels"] for row in chosen)
            together = pixels / sum(row[coder][way] for row in chosen) / 1e6
            each = geometric_mean([row["pixels"] / row[coder][way] / 1e6 for row in chosen])
            lines.append(
                f"  {coder:9}{' '.join(folders):14}{way}: {together:.2f} ({each:.2f}) "
                f"{_verdict(together, target, at_most=False)}"
            )
    slower = [row for row in rows if row["kmc"]["encode"] > row["jxl"]["encode"]]
    lines.append(
        f"  kmc slower to encode than cjxl -e 9: {len(slower)} of {len(rows)} files "
        + _verdict(len(slower), 0)
    )
    if not rows:
        return []
    for coder in CODERS:
        done = [row for row in rows if coder in row]
        pixels = sum(row["pixels"] for row in done) / 1e6
        encoding, decoding = (
            pixels / sum(row[coder][way] for row in done) for way in ("encode", "decode")
        )
        lines.append(f"  {coder:11} all files: encode {encoding:8.2f}, decode {decoding:8.2f}")
    return [*lines, ""]


def render(
    rows: Sequence[Row],
    photographs: Sequence[str],
    flat: Sequence[str],
    others: Sequence[str],
) -> str:
    """Return all tables.

    Parameters
    ----------
    rows : sequence of dict
        As `dense.py` measures them, one for each picture and K.
    photographs, flat, others : sequence of str
        Folders of each class.

    Returns
    -------
    text : str
        Lines for people; ``MISSED`` marks what falls short.
    """
    classes = {"photographs": photographs, "flat": flat, "others": others}
    lines: list[str] = []
    for title, folders in classes.items():
        chosen = [row for row in rows if row["folder"] in folders]
        if chosen:
            lines += _sizes(title, chosen, TARGETS.get(title, {}))
    measured = [row for row in rows if "jxl" in row]
    return "\n".join([*lines, *_shares(measured), *_speeds(measured)]).rstrip()
