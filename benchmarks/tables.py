"""Rows of a comparison -> summaries by folder, verdicts on the thresholds, text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from textwrap import fill

OURS = "kmcodec"
ALL = "all folders"
EQUAL = 1e-9  # squared errors this close count as equal
JUDGED = ("libimagequant", "pngquant", "sklearn")  # (a) and (b), at every K
MIN_SHARE = 1.0  # (a) of the pictures, squared error at most theirs
MAX_ERROR_RATIO = 0.95  # (b) ours / theirs, geometric mean over the pictures
MAX_BYTES_RATIO = 1.02  # (c) our pair to pngquant's file, mean over a folder

HEADER = (
    f"{'K':>4}  {'peer':<13}  {'error ours':>10} {'peer':>9} {'ratio':>6} {'worst':>6} {'<=':>5}"
    f"  {'bytes':>6} {'worst':>6}  {'s ours':>6} {'peer':>6}"
)
LEGEND = """\
error   squared error, sum over R, G, B, mean over pixels, mean over pictures; pictures with an
        alpha channel that is not all 255 are left out (they count in bytes and seconds)
ratio   ours / peer: geometric mean over pictures, then the worst picture; where both are 0 it is
        1, and where ours alone is 0 the mean leaves the picture out
<=      share of the pictures where our squared error is at most the peer's
bytes   our pair / the peer's file: mean of the ratios, then the worst; - where it writes none
s       mean wall seconds from decoded pixels to written file; programs start and read a PNG"""


@dataclass(frozen=True)
class Row:
    """One codec on one picture at one K.

    Attributes
    ----------
    folder, picture : str
        Where the picture lies, and its file name.
    width, height, channels : int
        Size as read; 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    alpha : bool
        True when some pixel is not opaque.
    n_colors : int
        K, as asked for.
    codec : str
        ``kmcodec`` or a peer's name.
    squared_error : float or None
        Sum over R, G, B, mean over pixels; None with alpha or after a failure.
    size_bytes : int or None
        Of the written file or files; None where none is written.
    seconds : float or None
        Wall time; None after a failure.
    error : str or None
        Why it failed.
    """

    folder: str
    picture: str
    width: int
    height: int
    channels: int
    alpha: bool
    n_colors: int
    codec: str
    squared_error: float | None
    size_bytes: int | None
    seconds: float | None
    error: str | None


@dataclass(frozen=True)
class Pair:
    """Our row and a peer's row of the same picture and K."""

    ours: Row
    peer: Row

    @property
    def name(self) -> str:
        """Folder and file name."""
        return f"{self.ours.folder}/{self.ours.picture}"

    @property
    def has_errors(self) -> bool:
        """Whether the peer has a squared error, which ours then has to meet."""
        return self.peer.squared_error is not None

    @property
    def error_ratio(self) -> float:
        """Squared error, ours / peer; infinite where only ours failed."""
        if self.ours.squared_error is None or self.peer.squared_error is None:
            return math.inf
        return _ratio(self.ours.squared_error, self.peer.squared_error)

    @property
    def not_worse(self) -> bool:
        """Whether our squared error is at most the peer's."""
        ours, peer = self.ours.squared_error, self.peer.squared_error
        return ours is not None and peer is not None and ours <= peer + EQUAL

    @property
    def bytes_ratio(self) -> float | None:
        """Size, ours / peer; None where one of them has none."""
        if not self.ours.size_bytes or not self.peer.size_bytes:
            return None
        return self.ours.size_bytes / self.peer.size_bytes


@dataclass(frozen=True)
class Verdict:
    """One threshold, judged.

    Attributes
    ----------
    threshold, folder : str
        Its letter, and where it was judged.
    n_colors : int
        K.
    passed : bool or None
        None when nothing was measured for it.
    text : str
        What is asked, and what was found.
    failing : list of str
        Every picture that is beyond the threshold, the worst first.
    value : float or None
        What was found.
    target : float
        The least share, or the largest ratio.
    """

    threshold: str
    folder: str
    n_colors: int
    passed: bool | None
    text: str
    failing: list[str]
    value: float | None
    target: float

    def render(self) -> str:
        """Render as one line, and below it the pictures that fail."""
        word = {True: "PASS", False: "FAIL", None: "----"}[self.passed]
        line = f"{word}  ({self.threshold}) {self.text}"
        if self.passed is False and self.failing:
            indent = " " * 10
            names = ", ".join(self.failing)
            line += "\n" + fill(names, 99, initial_indent=indent, subsequent_indent=indent)
        return line


def _ratio(ours: float, peer: float) -> float:
    if abs(ours - peer) <= EQUAL:
        return 1.0
    return ours / peer if peer > EQUAL else math.inf


def pairs(rows: Iterable[Row], peer: str, n_colors: int, folder: str = ALL) -> list[Pair]:
    """Return the pictures that we and a peer were run on at one K, in one folder or in all."""
    wanted = [r for r in rows if r.n_colors == n_colors and folder in (ALL, r.folder)]
    ours = {(r.folder, r.picture): r for r in wanted if r.codec == OURS}
    return [
        Pair(ours[r.folder, r.picture], r)
        for r in wanted
        if r.codec == peer and r.error is None and (r.folder, r.picture) in ours
    ]


def _number(value: float | None, width: int, digits: int) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:{width}.{digits}f}"


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _mean_ratio(compared: Sequence[Pair]) -> float | None:
    """Return the geometric mean of the squared error ratios; None where there is none."""
    ratios = [p.error_ratio for p in compared]
    mean_log = _mean([math.log(ratio) for ratio in ratios if 0 < ratio < math.inf])
    return None if mean_log is None else math.exp(mean_log)


def _line(n_colors: int, peer: str, selected: Sequence[Pair]) -> str:
    """Render one line of a table: a peer at one K."""
    compared = [p for p in selected if p.has_errors]
    both = [(p.ours.squared_error, p.peer.squared_error) for p in compared]
    ours_errors = [ours for ours, peer in both if ours is not None and peer is not None]
    peer_errors = [peer for ours, peer in both if ours is not None and peer is not None]
    ratios = [p.error_ratio for p in compared]
    share = f"{sum(p.not_worse for p in compared) / len(compared):.0%}" if compared else "-"
    sizes = [p.bytes_ratio for p in selected if p.bytes_ratio is not None]
    times = [
        (p.ours.seconds, p.peer.seconds)
        for p in selected
        if p.ours.seconds is not None and p.peer.seconds is not None
    ]
    cells = [
        f"{n_colors:>4}  {peer:<13} ",
        _number(_mean(ours_errors), 10, 2),
        _number(_mean(peer_errors), 9, 2),
        _number(_mean_ratio(compared), 6, 3),
        _number(max(ratios, default=None), 6, 3),
        f"{share:>5} ",
        _number(_mean(sizes), 6, 3),
        _number(max(sizes, default=None), 6, 3) + " ",
        _number(_mean([ours for ours, _ in times]), 6, 2),
        _number(_mean([peer for _, peer in times]), 6, 2),
    ]
    return " ".join(cells)


def table(rows: Sequence[Row], folder: str, peers: Sequence[str]) -> str:
    """Render the table of one folder, or of all."""
    own = [r for r in rows if folder in (ALL, r.folder)]
    pictures = {(r.folder, r.picture): r for r in own}
    n_alpha = sum(r.alpha for r in pictures.values())
    plural = "" if len(pictures) == 1 else "s"
    title = f"{folder}: {len(pictures)} picture{plural}"
    title += f", {n_alpha} of them with alpha (bytes and seconds only)" if n_alpha else ""
    lines = [title, HEADER]
    for n_colors in sorted({r.n_colors for r in own}):
        for peer in peers:
            selected = pairs(own, peer, n_colors)
            if selected:
                lines.append(_line(n_colors, peer, selected))
    return "\n".join(lines)


def judge_errors(rows: Sequence[Row], n_colors: Sequence[int]) -> list[Verdict]:
    """Judge thresholds (a) and (b), over all pictures, against every peer that has them."""
    asked = [(k, peer) for k in sorted(n_colors) for peer in JUDGED]
    return [
        judge(peer, k, [p for p in pairs(rows, peer, k) if p.has_errors])
        for judge in (_judge_share, _judge_ratio)
        for k, peer in asked
    ]


def _judge_share(peer: str, k: int, compared: Sequence[Pair]) -> Verdict:
    """Judge threshold (a): on how many pictures our squared error is at most the peer's."""
    what = f"squared error <= {peer}'s, K={k}"
    failing = [p for p in compared if not p.not_worse]
    failing.sort(key=lambda p: -p.error_ratio)
    names = [f"{p.name} {p.error_ratio:.4f}" for p in failing]
    if not compared:
        return Verdict("a", ALL, k, None, f"{what}: not measured", [], None, MIN_SHARE)
    n_good, n = len(compared) - len(failing), len(compared)
    text = f"{what}: {n_good} of {n} pictures, {n_good / n:.1%} (at least {MIN_SHARE:.0%})"
    return Verdict("a", ALL, k, n_good >= MIN_SHARE * n, text, names, n_good / n, MIN_SHARE)


def _judge_ratio(peer: str, k: int, compared: Sequence[Pair]) -> Verdict:
    """Judge threshold (b): the geometric mean of the ratios."""
    what = f"squared error / {peer}'s, geometric mean, K={k}"
    mean = _mean_ratio(compared)
    text = f"{what}: " + ("not measured" if mean is None else f"{mean:.3f} (at most ")
    text += "" if mean is None else f"{MAX_ERROR_RATIO})"
    passed = None if mean is None else mean <= MAX_ERROR_RATIO
    return Verdict("b", ALL, k, passed, text, [], mean, MAX_ERROR_RATIO)


def judge_bytes(rows: Sequence[Row], folder: str) -> list[Verdict]:
    """Judge threshold (c) in one folder, for each K."""
    verdicts = []
    for k in sorted({r.n_colors for r in rows if r.folder == folder}):
        sized = [(p.name, p.bytes_ratio) for p in pairs(rows, "pngquant", k, folder)]
        ratios = [(name, ratio) for name, ratio in sized if ratio is not None]
        mean = _mean([ratio for _, ratio in ratios])
        what = f"mean bytes ratio of the pair to pngquant's file, {folder}, K={k}"
        text = f"{what}: " + (
            "not measured" if mean is None else f"{mean:.3f} (at most {MAX_BYTES_RATIO})"
        )
        passed = None if mean is None else mean <= MAX_BYTES_RATIO
        ranked = sorted(ratios, key=lambda item: -item[1])
        failing = [f"{name} {ratio:.3f}" for name, ratio in ranked if ratio > MAX_BYTES_RATIO]
        verdicts.append(Verdict("c", folder, k, passed, text, failing, mean, MAX_BYTES_RATIO))
    return verdicts


def failures(rows: Iterable[Row]) -> list[str]:
    """List what failed, ours first."""
    failed = [r for r in rows if r.error is not None]
    failed.sort(key=lambda r: r.codec != OURS)
    return [f"{r.codec} on {r.folder}/{r.picture}, K={r.n_colors}: {r.error}" for r in failed]
