"""What may be told beside the pixels and the names of files; checked once, here."""

import operator
from collections.abc import Collection
from dataclasses import dataclass
from numbers import Real

from codec import kernels
from codec.errors import ParameterError
from codec.limits import MAX_CODEBOOK_SIZE, MAX_PIXELS, MAX_SEED
from codec.options import (
    CODEBOOK_SOURCES,
    COLOR_SPACES,
    DITHER_KINDS,
    EFFORTS,
    ENGINE_NAMES,
    TUNES,
)

# What each tune says of options that are not given.
_SAID_BY_TUNE = {
    "visual": {"color_space": "oklab", "dither": "auto"},
    "psnr": {"color_space": "rgb", "dither": "none"},
}


def check_choice(name: str, value: object, legal: Collection[str]) -> None:
    """Raise `ParameterError` if the value of an option is not one of the legal words."""
    if value not in legal:
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


@dataclass(frozen=True)
class CompressSettings:
    """How a picture is compressed.

    Parameters
    ----------
    n_colors, seed, engine, effort, tune, color_space, exact, codebook_from, dither
        See `codec.compress`. None of `color_space` and `dither` becomes what the tune says.
    dither_strength, keep_order, rate_distortion, targets
        Likewise.

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
    targets: Targets = Targets()

    def __post_init__(self) -> None:
        self._keep_whole("n_colors", 1, MAX_CODEBOOK_SIZE)
        self._keep_whole("seed", 0, MAX_SEED)
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
        strength = self.dither_strength
        if isinstance(strength, bool) or not isinstance(strength, Real) or not 0 <= strength <= 1:
            raise ParameterError(
                f"dither_strength must be a number from 0 to 1, not {strength!r}",
                "dither_strength",
            )

    def _keep_whole(self, name: str, low: int, high: int) -> None:
        """Check a whole number, and keep it as Python's own, which never overflows."""
        value = getattr(self, name)
        try:
            number = operator.index(value)
        except TypeError:
            number = None
        if number is None or isinstance(value, bool) or not low <= number <= high:
            raise ParameterError(
                f"{name} must be a whole number from {low} to {high}, not {value!r}", name
            )
        object.__setattr__(self, name, number)


@dataclass(frozen=True)
class ReadOptions:
    """How a picture is read.

    Parameters
    ----------
    first_frame, max_pixels, scale_range
        See `codec.read_image`, whose arguments they are.
    """

    first_frame: bool = False
    max_pixels: int = MAX_PIXELS
    scale_range: bool = False


@dataclass(frozen=True)
class WriteOptions:
    """Whether an output is written.

    Parameters
    ----------
    force : bool
        Replace existing outputs.
    skip_if_larger : bool
        Write nothing if the result would be larger than the input file.
    """

    force: bool = False
    skip_if_larger: bool = False


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
        return "native" if kernels.COMPILED else "sklearn"
    if name not in ENGINE_NAMES:
        raise ParameterError(
            f"engine {name!r} is not one of auto, {', '.join(ENGINE_NAMES)}", "engine"
        )
    if name == "native" and not kernels.COMPILED:
        raise ParameterError(
            "engine 'native' was not compiled when kmcodec was installed", "engine"
        )
    return name
