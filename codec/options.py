"""The words that users may choose, and what effort means; free of heavy imports.

The command line must show its help in a few hundredths of a second, which NumPy alone would take.
"""

from typing import Literal, NamedTuple

# For type checkers, which find what is misspelt.
EngineChoice = Literal["auto", "native", "sklearn"]
EffortChoice = Literal["fast", "default", "best"]
TuneChoice = Literal["visual", "psnr"]
ColorSpaceChoice = Literal["rgb", "oklab", "lab"]
DitherChoice = Literal["auto", "none", "selective", "fs", "ordered"]
CodebookChoice = Literal["kmeans", "random", "first-pixels", "median-cut"]
DepthChoice = Literal["888", "565", "555", "444", "332"]
FormatChoice = Literal["pair", "npz", "png", "kmc"]
LargeFormatChoice = Literal["pair", "npz", "png", "kmc", "zarr", "tiff"]

DEFAULT_FORMAT: FormatChoice = "pair"
ENGINE_NAMES = ("native", "sklearn")
TUNES: tuple[TuneChoice, ...] = ("visual", "psnr")
COLOR_SPACES: tuple[ColorSpaceChoice, ...] = ("rgb", "oklab", "lab")
DITHER_KINDS: tuple[DitherChoice, ...] = ("auto", "none", "selective", "fs", "ordered")
# In dB, where pictures are checked and nobody says how they are to look.
CHECKED_PSNR = 40
# The K that are tried where nobody says which.
SWEPT_SIZES = (4, 8, 16, 32, 64, 128, 256)
CODEBOOK_SOURCES: tuple[CodebookChoice, ...] = ("kmeans", "random", "first-pixels", "median-cut")
# Bits of red, green and blue that a display has.
PALETTE_DEPTHS: tuple[DepthChoice, ...] = ("888", "565", "555", "444", "332")


_ANY = float("inf")  # as math.inf, whose import shows in --help


class DeflateLevel(NamedTuple):
    """A level of libdeflate, for at most so many bytes of rows that repeat themselves as much.

    Levels differ in how they look for repetition. It is 1 where a quick trial makes no more of
    rows than coding each byte of them by itself.
    """

    most: float
    repetition: float
    level: int


class Effort(NamedTuple):
    """How much is tried, by whoever can try more or less."""

    # The native engine: points that stand for all colors while training, and of its summary at
    # K = 256; starts times K; rounds of breathing, and of random breathing after that; Lloyd steps
    # on all colors, and which part of the error one must gain for the next to follow.
    points: int
    summary: int
    starts: int
    breaths: int
    swaps: int
    steps: int
    tolerance: float
    # Where colors are few, both engines: starts among 8-bit code-words times colors times K.
    lattice: int
    # The scikit-learn engine: starts times K, Lloyd steps on all colors, whether it breathes.
    reference_starts: int
    reference_steps: int
    reference_breathes: bool
    # How hard rows are deflated: by the first of these that fits, and the last fits all.
    deflate_levels: tuple[DeflateLevel, ...]
    # Whether a .kmc is coded with few contexts.
    few_contexts: bool
    # Labels for their bytes in a .kmc: rounds, and whether they ask the model of few contexts; for
    # deflate, how many distances are searched at a time.
    rate_rounds: int
    rate_few_contexts: bool
    rate_searched: int


# Of PNGs that `decompress` writes, whatever the effort: see decision 6.
DECODED_PNG_LEVEL = 6

EFFORTS = {
    "fast": Effort(
        points=1 << 16, summary=1 << 11, starts=128, breaths=3, swaps=0, steps=4, tolerance=1e-3,
        lattice=1 << 17,
        reference_starts=128, reference_steps=8, reference_breathes=False,
        deflate_levels=(DeflateLevel(_ANY, 0, 6),), few_contexts=True,
        rate_rounds=1, rate_few_contexts=True, rate_searched=3,
    ),
    # Level 10 has half of what 12 gains over 6, in a fifth of its time. With more bytes than that
    # it would take longer than everything else together, for photographs to little avail.
    "default": Effort(
        points=1 << 17, summary=1 << 12, starts=384, breaths=8, swaps=0, steps=12, tolerance=2e-4,
        lattice=1 << 18,
        reference_starts=512, reference_steps=24, reference_breathes=True,
        deflate_levels=(
            DeflateLevel(1 << 17, 0, 12), DeflateLevel(1 << 19, 1.08, 12),
            DeflateLevel(1 << 23, 1.08, 11), DeflateLevel(1 << 21, 0, 10),
            DeflateLevel(_ANY, 1.08, 10), DeflateLevel(_ANY, 0, 6),
        ),
        few_contexts=False, rate_rounds=2, rate_few_contexts=True, rate_searched=3,
    ),
    "best": Effort(
        points=1 << 18, summary=1 << 14, starts=384, breaths=32, swaps=128, steps=64,
        tolerance=1e-6,
        lattice=1 << 20,
        reference_starts=2048, reference_steps=100, reference_breathes=True,
        deflate_levels=(DeflateLevel(_ANY, 0, 12),), few_contexts=False,
        rate_rounds=3, rate_few_contexts=False, rate_searched=16,
    ),
}  # fmt: skip
