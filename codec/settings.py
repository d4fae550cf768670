"""What may be told beside the pixels and the names of files; checked once, here."""

import operator
from collections.abc import Collection
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING

from codec import kernels
from codec.errors import ParameterError
from codec.files import Claim
from codec.limits import (
    MAX_CODEBOOK_SIZE,
    MAX_PIXELS,
    MAX_RATE_DISTORTION,
    MAX_SEED,
)
from codec.options import (
    CODEBOOK_SOURCES,
    COLOR_SPACES,
    DITHER_KINDS,
    EFFORTS,
    ENGINE_NAMES,
    TUNES,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

ANY_BYTES = 1 << 62
_MOST_RATE = 100

# What each tune says of options that are not given.
_SAID_BY_TUNE = {
    "visual": {"color_space": "oklab", "dither": "auto"},
    "psnr": {"color_space": "rgb", "dither": "none"},
}


def check_choice(name: str, value: object, legal: Collection[str]) -> None:
    """Raise `ParameterError` if the value of an option is not one of the legal words."""
    if not isinstance(value, str) or value not in legal:
        raise ParameterError(f"{name} {value!r} is not one of {', '.join(legal)}", name)


@dataclass(frozen=True)
class Targets:
    """What is asked for in place of a number of colors; all that is given must be met.

    Parameters
    ----------
    max_bytes, min_psnr, min_ssim, min_ssimulacra2, max_error, auto
        See `codec.compress`.
    """

    max_bytes: int | None = None
    min_psnr: float | None = None
    min_ssim: float | None = None
    min_ssimulacra2: float | None = None
    max_error: int | None = None
    auto: bool = False

    def __post_init__(self) -> None:
        for name, low, high in (("max_bytes", 1, ANY_BYTES), ("max_error", 0, 255)):
            if getattr(self, name) is not None:
                _keep_whole(self, name, low, high)
        for name, low, high in (
            ("min_psnr", 0, 100), ("min_ssim", 0, 1), ("min_ssimulacra2", -100, 100),
        ):  # fmt: skip
            if getattr(self, name) is not None:
                _check_number(name, getattr(self, name), low, high)
        if self.auto and any(
            vars(self)[name] is not None for name in vars(self) if name != "auto"
        ):
            raise ParameterError("auto finds K by itself, without another target", "auto")

    def __bool__(self) -> bool:
        return self != _NO_TARGETS


_NO_TARGETS = Targets()


@dataclass(frozen=True, eq=False)
class Given:
    """What code-words have to be, as `codec.encoder.given.check_given` found possible.

    Parameters
    ----------
    codebook : ndarray of shape (K, C), dtype uint8, or None
        All code-words, in their order.
    keep : ndarray of shape (P, 4), dtype uint8, or None
        Some of them, distinct, in lexicographic order.
    palette_depth : str or None
        What the display can show.
    """

    codebook: "npt.NDArray[np.uint8] | None" = None
    keep: "npt.NDArray[np.uint8] | None" = None
    palette_depth: str | None = None


@dataclass(frozen=True)
class CompressSettings:
    """How a picture is compressed.

    Parameters
    ----------
    n_colors, seed, engine, effort, tune, color_space, exact, codebook_from, dither
        See `codec.compress`. None of `color_space` and `dither` becomes what the tune says.
    dither_strength, keep_order, rate_distortion, targets
        Likewise.
    given : Given
        The arguments `codebook`, `keep` and `palette_depth`. A codebook says how large K is.

    Raises
    ------
    ParameterError
        One of them is impossible.
    """

    n_colors: int = MAX_CODEBOOK_SIZE
    seed: int = 0
    engine: str = "auto"
    effort: str = "default"
    tune: str = TUNES[0]
    color_space: str | None = None
    exact: bool = False
    codebook_from: str = CODEBOOK_SOURCES[0]
    dither: str | None = None
    dither_strength: float = 1.0
    keep_order: bool = False
    rate_distortion: float | None = None
    targets: Targets = _NO_TARGETS
    given: Given = Given()

    def __post_init__(self) -> None:
        _keep_whole(self, "n_colors", 1, MAX_CODEBOOK_SIZE)
        _keep_whole(self, "seed", 0, MAX_SEED)
        object.__setattr__(self, "engine", resolve_engine(self.engine))
        check_choice("tune", self.tune, TUNES)
        for name, word in _SAID_BY_TUNE[self.tune].items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, word)
        for name, legal in (
            ("effort", EFFORTS),
            ("color_space", COLOR_SPACES),
            ("codebook_from", CODEBOOK_SOURCES),
            ("dither", DITHER_KINDS),
        ):
            check_choice(name, getattr(self, name), legal)
        _check_number("dither_strength", self.dither_strength, 0, 1)
        if self.rate_distortion is not None:
            _check_number("rate_distortion", self.rate_distortion, 0, MAX_RATE_DISTORTION)
        if self.targets:
            self._check_targets()
        if self.rate_distortion and self.dither not in ("auto", "none"):
            raise ParameterError(
                f"dither {self.dither!r} takes the bytes that rate_distortion saves: "
                "leave out one of them",
                "dither",
            )
        if self.dither_strength != 1:
            self.check_strength_counts()
        if self.given.codebook is not None:
            self._obey_codebook(len(self.given.codebook))

    def check_strength_counts(self) -> None:
        """Raise `ParameterError` if nothing will be dithered, since bytes count."""
        if self.targets or self.rate_distortion:
            raise ParameterError(
                "nothing is dithered with a target or rate_distortion: leave out dither_strength",
                "dither_strength",
            )

    def _check_targets(self) -> None:
        """Refuse what a target leaves no room for."""
        if self.dither not in ("auto", "none"):
            raise ParameterError(
                f"dither {self.dither!r} takes bytes that a target has better uses for: "
                "leave out one of them",
                "dither",
            )
        if self.codebook_from != CODEBOOK_SOURCES[0]:
            raise ParameterError(
                f"a target needs codebook_from {CODEBOOK_SOURCES[0]!r}", "codebook_from"
            )
        if self.targets.max_error is not None and self.rate_distortion:
            raise ParameterError(
                "rate_distortion, which trades errors for bytes, cannot hold max_error",
                "rate_distortion",
            )
        if self.targets.max_error is not None and (
            self.given.keep is not None or self.given.palette_depth is not None
        ):
            raise ParameterError(
                "max_error chooses all code-words: leave out keep and palette_depth", "max_error"
            )

    def _obey_codebook(self, size: int) -> None:
        """Take the size of a codebook that was given, and refuse what contradicts it."""
        if self.n_colors not in (size, MAX_CODEBOOK_SIZE):
            raise ParameterError(
                f"the codebook has {size} code-words, and {self.n_colors} colors were asked for: "
                "leave one of them out",
                "n_colors",
            )
        for contradicts, name in (
            (self.keep_order, "keep_order"),
            (self.codebook_from != CODEBOOK_SOURCES[0], "codebook_from"),
            (bool(self.targets), "targets"),
        ):
            if contradicts:
                raise ParameterError(
                    f"{name} says of code-words what the codebook says already", name
                )
        object.__setattr__(self, "n_colors", size)


def _check_number(name: str, value: object, low: float, high: float) -> None:
    """Raise `ParameterError` if the value of an option is no number of a range."""
    if isinstance(value, bool) or not isinstance(value, Real) or not low <= float(value) <= high:
        raise ParameterError(f"{name} must be a number from {low} to {high}, not {value!r}", name)


def _keep_whole(record: object, name: str, low: int, high: int) -> None:
    """Check a whole number, and keep it as Python's own, which never overflows."""
    value = getattr(record, name)
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or not low <= number <= high:
        raise ParameterError(
            f"{name} must be a whole number from {low} to {high}, not {value!r}", name
        )
    object.__setattr__(record, name, number)


@dataclass(frozen=True)
class ReadOptions:
    """How a picture is read.

    Parameters
    ----------
    first_frame, max_pixels, scale_range, keep_texts, keep_profile
        See `codec.read_image`, whose arguments they are.
    """

    first_frame: bool = False
    max_pixels: int = MAX_PIXELS
    scale_range: bool = False
    keep_texts: bool = False
    keep_profile: bool = False


@dataclass(frozen=True)
class WriteOptions:
    """Whether an output is written.

    Parameters
    ----------
    force : bool
        Replace existing outputs.
    skip_if_larger : bool
        Write nothing if the result would not be smaller than the input file.
    shrink : float
        The part of the input file by which it must be smaller at the least, then.
    only_tell : bool
        Write nothing in any case.
    look : Targets
        What a result must be like to be written, though nothing is done to reach it: `min_psnr`
        and those that follow.
    claim : callable, optional
        See `codec.files.write_files`.
    """

    force: bool = False
    skip_if_larger: bool = False
    shrink: float = 0.0
    only_tell: bool = False
    look: Targets = _NO_TARGETS
    claim: Claim | None = None


def resolve_engine(name: str) -> str:
    """Name the engine that runs for a choice.

    Parameters
    ----------
    name : {'auto', 'native', 'sklearn'}
        What was asked for; ``auto`` is ``native`` where the kernels were compiled.

    Returns
    -------
    engine : {'native', 'sklearn'}
        What runs.

    Raises
    ------
    ParameterError
        There is no such engine, or it was not compiled when the package was installed.
    """
    if name == "auto":
        kernels.tell_what_runs()
        name = "native" if kernels.COMPILED else "sklearn"
    if name not in ENGINE_NAMES:
        raise ParameterError(
            f"engine {name!r} is not one of auto, {', '.join(ENGINE_NAMES)}", "engine"
        )
    if name == "native" and not kernels.COMPILED:
        raise ParameterError(
            f"engine 'native' was not compiled when kmcodec was installed: {kernels.CURE}",
            "engine",
        )
    return name


def rates_unasked() -> bool:
    """Tell whether a target may choose labels for their bytes where nobody asked for it.

    Returns
    -------
    unasked : bool
        False where the kernels were not compiled: it would take minutes.
    """
    return kernels.COMPILED
