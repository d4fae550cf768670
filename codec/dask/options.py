"""The options of `codec.dask.fit` by their names, for what hands them on."""

from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from codec.dask.workers import Progress
from codec.encoder.given import Colors
from codec.options import (
    ColorSpaceChoice,
    DepthChoice,
    DitherChoice,
    EffortChoice,
    EngineChoice,
    FormatChoice,
    TuneChoice,
)


class FitOptions(TypedDict, total=False):
    """What `codec.dask.fit` takes beside the array and K: see there."""

    client: Any
    seed: int
    engine: EngineChoice
    effort: EffortChoice
    tune: TuneChoice
    color_space: ColorSpaceChoice | None
    exact: bool
    dither: DitherChoice
    dither_strength: float
    codebook: npt.NDArray[np.uint8] | None
    keep: Colors
    palette_depth: DepthChoice | None
    format: FormatChoice
    patience: float
    progress: Progress | None
