"""One codebook for many pictures, trained once from the sum of their histograms."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from codec.codebook.training import train_codebook
from codec.colors.colorspace import ColorMetric
from codec.colors.histogram import ColorHistogram
from codec.colors.pixels import as_channels, joint_channels
from codec.colors.tally import Histogram, Tally
from codec.encoder.given import Colors, check_given, kept_colors, pin_kept, with_kept
from codec.encoder.picture import count_picture, recount
from codec.encoder.steps import weigh_picture
from codec.errors import ImageError
from codec.images.records import SourceImage
from codec.limits import MAX_CODEBOOK_SIZE
from codec.options import ColorSpaceChoice, DepthChoice, EffortChoice, EngineChoice, TuneChoice
from codec.settings import CompressSettings

if TYPE_CHECKING:
    from PIL.Image import Image

Bytes = npt.NDArray[np.uint8]


class Pool:
    """The colors of many pictures, counted as if they were one.

    Parameters
    ----------
    settings : CompressSettings
        How colors are compared and weighed, and how a codebook is trained.
    opaque : bool
        Refuse pictures that have alpha, for which the codebook will have no place.

    Attributes
    ----------
    pictures : int
        How many there are.
    """

    def __init__(self, settings: CompressSettings, *, opaque: bool = False) -> None:
        self._settings, self._opaque = settings, opaque
        self._tally: Tally | None = None
        self.pictures: int = 0

    def add(self, pixels: Bytes, weights: Bytes | None = None) -> int:
        """Count a picture of shape (H, W) or (H, W, C), and say how many colors it has.

        Raises
        ------
        ImageError
            It is none, or has alpha and may not; nothing was added.
        """
        picture = count_picture(as_channels(pixels), self._settings, weights)
        if self._opaque and picture.histogram.colors.shape[1] in (2, 4):
            raise ImageError("it has alpha, and a .gpl has none: .npy and .hex have", "alpha")
        weighed = weigh_picture(picture, self._settings, always=True)
        self._add(weighed)
        self.pictures += 1
        return len(picture.histogram)

    def total(self) -> Histogram | None:
        """Sum up what was counted, for a pool elsewhere; None if there are no pictures."""
        return self._tally.total() if self._tally is not None else None

    def merge(self, histogram: Histogram, pictures: int) -> None:
        """Add the sum of so many pictures, from a pool of the same settings."""
        if self._tally is not None and self._tally.channels == histogram.channels:
            self._tally.add(histogram)
        else:
            self._add(histogram.unpacked())
        self.pictures += pictures

    def _add(self, histogram: ColorHistogram) -> None:
        """Add a histogram; grey and opaque colors are written as the other ones are."""
        own = histogram.colors.shape[1]
        tally, before = self._tally, self._tally.channels if self._tally else own
        channels = joint_channels(own, before)
        if tally is None or channels != before:
            wider = Tally(channels)
            if tally is not None:
                wider.add(Histogram.of(recount(tally.total().unpacked(), channels)))
            self._tally = tally = wider
        tally.add(Histogram.of(recount(histogram, channels)))

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Tell what was counted, for `restore`: arrays, by names; nothing if there is nothing."""
        if self._tally is None:
            return {}
        total = self._tally.total()
        return {
            "keys": total.keys, "counts": total.counts,
            "channels": np.array(total.channels), "pictures": np.array(self.pictures),
        }  # fmt: skip

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from a state of another pool, of the same settings."""
        if state:
            total = Histogram(state["keys"], state["counts"], int(state["channels"]))
            self._tally = Tally(total.channels)
            self._tally.add(total)
            self.pictures = int(state["pictures"])

    def train(self) -> Bytes:
        """Train a codebook.

        Returns
        -------
        codebook : ndarray of shape (K', C), dtype uint8
            Distinct code-words in lexicographic order; C says all that the pictures' channels do.

        Raises
        ------
        ImageError
            There are no pictures.
        """
        settings = self._settings
        if self._tally is None:
            raise ImageError("there are no pictures to train with", "no-pictures")
        histogram = self._tally.total().unpacked()
        metric = ColorMetric(str(settings.color_space), settings.exact)
        codebook, _, is_all = train_codebook(
            histogram, settings.n_colors, metric=metric, seed=settings.seed,
            engine=settings.engine, effort=settings.effort,
        )  # fmt: skip
        keep = kept_colors(settings.given, codebook.shape[1])
        if is_all and (whole := with_kept(codebook, keep, settings)) is not None:
            return whole
        return pin_kept(codebook, keep, histogram, metric, settings)


def train(
    pictures: "Iterable[npt.NDArray[np.uint8] | SourceImage | Image]",
    n_colors: int = MAX_CODEBOOK_SIZE,
    *,
    seed: int = 0,
    engine: EngineChoice = "auto",
    effort: EffortChoice = "default",
    tune: TuneChoice = "visual",
    color_space: ColorSpaceChoice | None = None,
    exact: bool = False,
    keep: Colors = (),
    palette_depth: DepthChoice | None = None,
) -> npt.NDArray[np.uint8]:
    """Find one codebook for many pictures, for `codec.compress(..., codebook=codebook)`.

    Their histograms are summed, each as soon as its picture comes: a generator of pictures is
    never held as a whole, and ``tqdm.auto.tqdm(pictures)`` shows, in a notebook too, how many have
    come. What `tune='visual'` keeps exact because it rules a single picture is not kept here;
    `keep` is.

    Parameters
    ----------
    pictures : iterable of ndarray, SourceImage or PIL.Image.Image
        Each as for `codec.compress`.
    n_colors, seed, engine, effort, tune, color_space, exact, keep, palette_depth
        See `codec.compress`.

    Returns
    -------
    codebook : ndarray of shape (K, C), dtype uint8
        At most `n_colors` distinct code-words in lexicographic order. C says all that the
        pictures' channels do: 3 if one has color, and one more if any has alpha.

    Raises
    ------
    ImageError
        There are no pictures, or one is none.
    ParameterError
        Another argument is not one of those listed.

    Examples
    --------
    >>> import numpy as np
    >>> import codec
    >>> dark, light = np.full((9, 9), 10, np.uint8), np.full((9, 9), 240, np.uint8)
    >>> codec.train([dark, light], 2).tolist()
    [[10], [240]]
    """
    settings = CompressSettings(
        n_colors=n_colors, seed=seed, engine=engine, effort=effort, tune=tune,
        color_space=color_space, exact=exact,
        given=check_given(None, keep, palette_depth, n_colors),
    )  # fmt: skip
    pool = Pool(settings)
    for picture in pictures:
        if not isinstance(picture, np.ndarray | SourceImage):
            from codec.images.memory import as_source

            picture = as_source(picture)
        if isinstance(picture, SourceImage):
            from codec.images.spaces import picture_in_srgb

            picture = picture_in_srgb(picture).pixels
        pool.add(picture)
    return pool.train()
