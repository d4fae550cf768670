"""What a picture may become, by size of codebook: made when it is asked for, from one training."""

import functools
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from codec.codebook.covering import cover_colors, least_error
from codec.codebook.nested import Nest
from codec.codebook.training import Training, train_codebook
from codec.colors.flats import ruling_colors
from codec.colors.opacity import are_clear, has_classes
from codec.colors.pixels import pack_colors
from codec.encoder.arranging import arrange
from codec.encoder.given import kept_colors, with_kept
from codec.encoder.growing import Growing
from codec.encoder.picture import Bytes, Picture, exact_labels, places_of_visible
from codec.encoder.prediction import USUAL_FACTOR, Prediction, log2
from codec.encoder.rate import rate_labels, rate_labels_mildly
from codec.encoder.steps import (
    ENOUGH_COLORS,
    Chosen,
    Labeled,
    choose_codebook,
    errors_of,
    label_picture,
    pin_codebook,
    weigh_picture,
)
from codec.formats.registry import Format
from codec.indexed import IndexedImage
from codec.labels.nearest import label_colors, label_pixels
from codec.settings import CompressSettings, Targets, rates_unasked
from codec.stopwatch import Stopwatch

# What is usual of the bytes of fast encoding; with deflate the less, the fewer code-words.
_PART, _PART_DEFLATED, _PART_OCTAVE = 0.95, 0.68, 0.03


@dataclass(frozen=True, eq=False)
class Candidate:
    """One way to represent a picture.

    Parameters
    ----------
    size : int
        The number of code-words that was asked for.
    rate : float
        C: how much bytes count beside errors.
    chosen : Chosen
        Its codebook.
    labeled : Labeled
        Its labels.
    mse, worst_error
        As `Compression` has them.
    """

    size: int
    rate: float
    chosen: Chosen
    labeled: Labeled
    mse: float
    worst_error: int


@dataclass(frozen=True, eq=False)
class Encoded:
    """A candidate in the order and in the bytes of its format."""

    indexed: IndexedImage
    files: tuple[bytes, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes of all files together."""
        return sum(map(len, self.files))


class Candidates:
    """All of them.

    Parameters
    ----------
    picture : Picture
        The picture.
    settings : CompressSettings
        How it is compressed; the number of colors is the largest size.
    format : Format
        What will be written.
    watch : Stopwatch
        Times the stages.

    Attributes
    ----------
    largest : int
        The largest size that makes a difference.
    """

    def __init__(
        self, picture: Picture, settings: CompressSettings, format: Format, watch: Stopwatch
    ) -> None:
        # More code-words beat dithering wherever bytes count.
        self.settings: CompressSettings = replace(settings, dither="none")
        self.picture = picture
        self.format = format
        self.watch = watch
        self.largest: int = min(settings.n_colors, len(picture.visible))
        self._encoded: dict[int, tuple[Candidate, Encoded]] = {}
        self._fast: dict[int, tuple[Labeled, int]] = {}
        self._asked = settings.rate_distortion is not None
        # Of rounds of choosing labels the first has nearly all that is to be had.
        self._fast_settings = replace(self.settings, effort="fast")
        self._hasty = self._fast_settings if settings.effort == "default" else self.settings
        self._found: dict[tuple[int, float], Candidate] = {}
        self._nests: dict[bool, Nest] = {}

    @property
    def rates(self) -> bool:
        """Whether C may be chosen, which takes as long as some encodings."""
        return not self._asked and rates_unasked()

    @functools.cached_property
    def training(self) -> Training:
        """The one training that all codebooks come from."""
        settings = self.settings
        with self.watch.stage("training"):
            weighed = weigh_picture(self.picture, settings)
        return train_codebook(
            weighed, settings.n_colors, metric=self.picture.metric, seed=settings.seed,
            engine=settings.engine, effort=settings.effort, watch=self.watch,
        )  # fmt: skip

    @functools.cached_property
    def prediction(self) -> Prediction:
        """What files are predicted to need."""
        picture, codebook = self.picture, self.training.codebook
        with self.watch.stage("prediction"):
            nest = self._nest(self.largest)
            color_labels = (
                exact_labels(picture)
                if self.training.is_all
                else label_colors(picture.histogram.colors, codebook, picture.metric)
            )
            labels = label_pixels(picture.pixels, picture.counted, color_labels)
            return Prediction(labels, nest.merges, self._fixed_bytes, self._word_bytes, self.rates)

    @property
    def _word_bytes(self) -> int:
        return int(self.picture.pixels.shape[2])

    def at(self, size: int, rate: float = 0.0) -> Candidate:
        """Make a candidate, or find it.

        Parameters
        ----------
        size : int
            1 to `largest`.
        rate : float
            C.

        Returns
        -------
        candidate : Candidate
            Of C = 0 if there is no difference.
        """
        size = max(size, self.least)
        if (size, rate) not in self._found:
            self._found[size, rate] = self._rated(size, rate) if rate else self._plain(size)
        return self._found[size, rate]

    def covered(self, error: int, size: int = 0) -> Candidate | None:
        """Make a candidate that keeps to a largest error.

        Parameters
        ----------
        error : int
            Of any channel.
        size : int
            How many of its code-words have the least squared error; as many others as it takes
            keep to the largest.

        Returns
        -------
        candidate : Candidate or None
            None if it takes too many code-words.
        """
        picture, begin = self.picture, None
        with self.watch.stage("codebooks"):
            if size:
                begin = self.choose(size).codebook
            cover = functools.partial(
                cover_colors, picture.visible, error, self.settings.n_colors, picture.metric, begin
            )
            found = cover(self._ruling) or cover()
        if found is None:
            return None
        labels = found.color_labels[places_of_visible(picture)]
        chosen = Chosen(found.codebook, labels, "none", False)
        with self.watch.stage("labels"):
            return self._candidate(size, 0.0, chosen, label_picture(picture, chosen))

    @functools.cached_property
    def _ruling(self) -> Bytes:
        """Colors that rule the picture, if looks count."""
        if self.settings.tune != "visual":
            return self.picture.visible.colors[:0]
        return ruling_colors(
            self.picture.scene.count_flats, self.picture.visible, self.settings.n_colors
        )

    @functools.cached_property
    def least(self) -> int:
        """The least size that has what it has to: clear code-words, and those to keep."""
        colors, metric = self.picture.visible.colors, self.picture.metric
        least = len(kept_colors(self.settings.given, colors.shape[1]))
        if has_classes(metric, colors.shape[1]) and len({*are_clear(colors).tolist()}) == 2:
            least = max(least, 2)
        return min(max(least, 1), self.largest)

    def least_error(self) -> int:
        """Tell the least error that `covered` can keep to."""
        return least_error(self.picture.visible, self.settings.n_colors, self.picture.metric)

    def growing(self, candidate: Candidate) -> Growing:
        """Prepare what makes a candidate larger by and by."""
        with self.watch.stage("prediction"):
            return Growing(
                self.picture, candidate.chosen, self.settings.n_colors, self.settings.given
            )

    def grown(self, candidate: Candidate, growing: Growing, step: int) -> Candidate:
        """Make a larger one of a candidate; see `Growing`."""
        with self.watch.stage("labels"):
            labeled = growing.labeled(step)
        return self._candidate(candidate.size, 0.0, candidate.chosen, labeled)

    def encode(self, candidate: Candidate) -> Encoded:
        """Encode a candidate, or find what it was encoded to."""
        if id(candidate) not in self._encoded:
            with self.watch.stage("ordering"):
                indexed = arrange(self.picture, candidate.labeled, self.settings, self.format)
            encoded = encode(indexed, self.settings, self.format, self.watch)
            self._encoded[id(candidate)] = candidate, encoded
        return self._encoded[id(candidate)][1]

    def adopt(self, candidate: Candidate, encoded: Encoded) -> Candidate:
        """Take over a candidate of others, and its files unless these can be smaller."""
        if encoded.size_bytes < self.encode(candidate).size_bytes:
            self._encoded[id(candidate)] = candidate, encoded
        return candidate

    @property
    def encodings(self) -> int:
        """How many candidates were encoded."""
        return len(self._encoded)

    def estimate(self, candidate: Candidate) -> float:
        """Estimate the bytes of a candidate: those of fast encoding, by what is known of others.

        Parameters
        ----------
        candidate : Candidate
            Any.

        Returns
        -------
        size_bytes : float
            Exact once it is encoded.
        """
        if id(candidate) in self._encoded:
            return self.encode(candidate).size_bytes
        with self.watch.stage("prediction"):
            fast = self._fast_bytes(candidate.labeled)
        known = [
            (abs(other - fast), encoded.size_bytes / other)
            for each, encoded in self._encoded.values()
            if (other := self._fast_bytes(each.labeled))
        ]
        if known:
            return fast * min(known)[1]
        if self.format.packing == "contexts":
            return fast * _PART
        octaves = float(log2(len(candidate.labeled.codebook)))
        return fast * (_PART_DEFLATED + _PART_OCTAVE * octaves)

    def _fast_bytes(self, labeled: Labeled) -> int:
        """Tell the bytes of labels encoded fast."""
        if id(labeled) not in self._fast:
            indexed = arrange(self.picture, labeled, self._fast_settings, self.format)
            files = self.format.encode(indexed, "fast")
            self._fast[id(labeled)] = labeled, sum(map(len, files))
        return self._fast[id(labeled)][1]

    def usual_bytes(self, size: int) -> float:
        """Predict the bytes of a size from what is usual."""
        rest = self._fixed_bytes + self._word_bytes * size
        return rest + USUAL_FACTOR * self.prediction.entropy(size)

    def merged_errors(self) -> npt.NDArray[np.float64]:
        """Tell about the squared errors of sizes from 1 on, all weighed as the largest is."""
        return self._nest(self.largest).merges.errors()

    def _plain(self, size: int) -> Candidate:
        with self.watch.stage("codebooks"):
            chosen = self.choose(size)
        with self.watch.stage("labels"):
            return self._candidate(size, 0.0, chosen, label_picture(self.picture, chosen))

    def _rated(self, size: int, rate: float) -> Candidate:
        plain = self.at(size)
        if plain.chosen.is_all:
            return plain
        with self.watch.stage("labels"):
            if self._asked:
                labeled, rate = rate_labels_mildly(
                    self.picture, plain.labeled, self.settings, self.format, rate
                )
            else:
                labeled = rate_labels(self.picture, plain.labeled, self._hasty, self.format, rate)
        if labeled is plain.labeled:
            return plain
        return self._candidate(size, rate, plain.chosen, labeled)

    def _candidate(self, size: int, rate: float, chosen: Chosen, labeled: Labeled) -> Candidate:
        mse, worst = errors_of(self.picture, labeled, exact=self.settings.exact)
        return Candidate(size, rate, chosen, labeled, mse, worst)

    def choose(self, size: int) -> Chosen:
        """Make the codebook of a size, and label colors with it."""
        picture, settings = self.picture, self.settings
        if size == 1:
            return choose_codebook(picture, replace(settings, n_colors=1, targets=Targets()))
        if size >= len(picture.visible):
            codebook = picture.visible.colors
            keep = kept_colors(settings.given, codebook.shape[1])
            if (whole := with_kept(codebook, keep, settings)) is not None:
                rows = np.searchsorted(pack_colors(whole), pack_colors(codebook)).astype(np.uint8)
                return Chosen(whole, rows[exact_labels(picture)], "none", True)
        else:
            codebook = self._nest(size).codebook(size)
        colors = picture.histogram.colors
        codebook, labels = pin_codebook(picture, codebook, replace(settings, n_colors=size))
        engine = "optimal" if colors.shape[1] == 1 else self.training.engine
        return Chosen(codebook, labels, engine, False)

    def _nest(self, size: int) -> Nest:
        """Find what makes codebooks of a size; colors of smaller ones are weighed otherwise."""
        mildly = self.settings.tune == "visual" and size < ENOUGH_COLORS
        if mildly not in self._nests:
            some = min(size, len(self.picture.visible) - 1)  # of all colors none is weighed
            weighed = weigh_picture(self.picture, replace(self.settings, n_colors=max(some, 1)))
            self._nests[mildly] = Nest(
                weighed, self.training.codebook, self.picture.metric, self.settings.effort
            )
        return self._nests[mildly]

    @functools.cached_property
    def _fixed_bytes(self) -> int:
        """Tell the bytes of a file that has no pixels to speak of, and a single code-word."""
        labels = np.zeros((1, 1), dtype=np.uint8)
        codebook = np.zeros((1, self.picture.pixels.shape[2]), dtype=np.uint8)
        return sum(map(len, self.format.encode(IndexedImage(labels, codebook), "fast")))


def encode(
    indexed: IndexedImage, settings: CompressSettings, format: Format, watch: Stopwatch
) -> Encoded:
    """Encode an indexed image."""
    with watch.stage("encode"):
        return Encoded(indexed, tuple(format.encode(indexed, settings.effort)))
