"""Figures of the frontier: our bytes beside the best of others at anchors of quality."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import rate_curves
import rate_plot
from looks_figures import worst_of
from measure import Figure, geometric_mean
from rate_curves import DRAWN, KINDS, PHOTOLIKE, PICTURED, Curve, curve, kind_of
from rate_metrics import PSNR, SSIM, SSIMULACRA2
from rate_peers import PEERS
from rate_rows import Table

ANCHORS: dict[str, tuple[float, ...]] = {
    PSNR: (34, 38, 42, 46),
    SSIM: (0.9, 0.95, 0.98, 0.99),
    SSIMULACRA2: (60, 75, 85, 90),
}
MAX_DRAWN, MAX_PHOTOLIKE, FROM_DB = 0.6, 1.0, 38.0
MAX_BESIDE_AVIF, AVIF_AT = 1.1, 85.0
OURS = "kmc"

Curves = Mapping[str, Curve]  # by who; ours is `kmc`, with its best settings


def curves(table: Table, metric: str) -> dict[str, Curves]:
    """Return everybody's curve of each picture; ours is of every tune and dithering."""
    found: dict[str, Curves] = {}
    for picture, by_who in table.items():
        own = [r for who, rows in by_who.items() if who.endswith(f" {OURS}") for r in rows]
        rows = {OURS: own, **{who: by_who[who] for who in PEERS if who in by_who}}
        each = {who: curve(files, metric) for who, files in rows.items()}
        found[picture] = {w: c for w, c in each.items() if c.hull or c.lossless is not None}
    return found


def sizes(each: Curves, quality: float) -> dict[str, float]:
    """Return the bytes of those who reach a quality."""
    found = {who: c.bytes_at(quality) for who, c in each.items()}
    return {who: size for who, size in found.items() if size is not None}


def target(kind: str, metric: str, anchor: float) -> float | None:
    """Return what our bytes over the best of others may be."""
    if metric == SSIM or kind == PICTURED:
        return None
    if kind == DRAWN:
        return MAX_DRAWN
    return MAX_PHOTOLIKE if metric == PSNR and anchor >= FROM_DB else None


def frontier(table: Table) -> Iterator[Figure]:
    """Compare at the anchors: means by kind, then every picture with everybody's bytes."""
    kinds = {picture: kind_of(next(iter(f.values()))[0]) for picture, f in table.items()}
    pictures: list[Figure] = []
    for metric, anchors in ANCHORS.items():
        found = curves(table, metric)
        for anchor in anchors:
            quality = rate_curves.scaled(metric, anchor)
            reached = {p: sizes(each, quality) for p, each in found.items() if OURS in each}
            for kind in KINDS:
                kept = {p: own for p, own in reached.items() if kinds[p] == kind}
                yield from beside(f"{kind}, {metric} {anchor:g}", kept, kind, metric, anchor)
            for picture, own in reached.items():
                pictures += shown(f"{picture}, {metric} {anchor:g}", own, kinds[picture])
    yield from pictures


def beside(
    name: str, reached: Mapping[str, Mapping[str, float]], kind: str, metric: str, anchor: float
) -> Iterator[Figure]:
    """Judge our bytes over the best of others, and over those of each of them."""
    best = {
        picture: own[OURS] / min(size for who, size in own.items() if who != OURS)
        for picture, own in reached.items()
        if OURS in own and len(own) > 1
    }
    yield mean_of(f"{name}, best of others", best, target(kind, metric, anchor))
    yield worst_of(f"{name}, best of others, worst", best, None, at_least=False)
    lost = [picture for picture, own in reached.items() if own and OURS not in own]
    if lost:
        detail = f"by others alone: {', '.join(lost)}"
        yield Figure(f"{name}, reached", 1 - len(lost) / len(reached), None, "%", detail=detail)
    for theirs in PEERS:
        both = {p: own for p, own in reached.items() if OURS in own and theirs in own}
        found = {p: own[OURS] / own[theirs] for p, own in both.items()}
        at = (kind, theirs, metric, anchor) == (PHOTOLIKE, "avif", SSIMULACRA2, AVIF_AT)
        yield mean_of(f"{name}, {theirs}", found, MAX_BESIDE_AVIF if at else None)


def mean_of(name: str, found: Mapping[str, float], most: float | None) -> Figure:
    """Judge the geometric mean of ratios."""
    worst = max(found, key=lambda picture: found[picture], default="")
    detail = f"worst {found[worst]:.3g} ({worst})" if found else "not measured"
    return Figure(name, geometric_mean(found.values()), most, n=len(found) or None, detail=detail)


def shown(name: str, own: Mapping[str, float], kind: str) -> Iterator[Figure]:
    """Show the bytes of everybody, smallest first."""
    others = [size for who, size in own.items() if who != OURS]
    if others and OURS in own:
        ranked = sorted(own, key=lambda who: own[who])
        detail = ", ".join(f"{who} {own[who]:.0f}" for who in ranked)
        yield Figure(name, own[OURS] / min(others), detail=f"{kind}; {detail}")


def plot(table: Table, metric: str) -> str:
    """Draw everybody's curves of every picture."""
    kinds = {picture: kind_of(next(iter(f.values()))[0]) for picture, f in table.items()}
    order = sorted(table, key=lambda picture: (KINDS.index(kinds[picture]), picture))
    found = curves(table, metric)
    pixels = {picture: next(iter(f.values()))[0].pixels for picture, f in table.items()}
    panels = [rate_plot.Panel(p, kinds[p], pixels[p], found[p]) for p in order]
    return rate_plot.svg(panels, metric, ANCHORS[metric])
