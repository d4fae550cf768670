"""Bytes of a file before it is encoded, for every size of codebook.

What a label says beside its neighbors is about the mean of its entropies given the left and the
upper one, which counts of neighboring labels tell [1]_. These merge exactly along with the
code-words, so that no pixel is looked at again. What an encoder really needs is about a power of
that: encodings that are known say which.

References
----------
.. [1] C. E. Shannon, "A mathematical theory of communication", Bell System Technical Journal 27,
   1948, doi:10.1002/j.1538-7305.1948.tb01338.x.
"""

import bisect

import numpy as np
import numpy.typing as npt

from codec import kernels
from codec.codebook.nested import Merges
from codec.colors.lookup import count_labels
from codec.colors.pixels import as_rows
from codec.limits import MAX_CODEBOOK_SIZE

Labels = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]

_PARTS = 4096  # of a bit, so that sums are exact
_TERMS = 13  # of the series
USUAL_FACTOR = 0.75  # bytes over entropy, before anything is known
_EXPONENT = 1.2
_RATED_FACTOR, _RATED_EXPONENT = 0.3, 1.6  # where labels are chosen for their bytes


def log2(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Take logarithms that are the same on every machine, which those of C libraries are not.

    Parameters
    ----------
    values : array_like of float
        Positive.

    Returns
    -------
    logarithms : ndarray of the same shape, dtype float64
        To about ten digits.
    """
    fractions, exponents = np.frexp(np.asarray(values, dtype=np.float64))
    # Twice the inverse hyperbolic tangent, of -1/3 to 0.
    ratio = (fractions - 1.0) / (fractions + 1.0)
    square, total = ratio * ratio, np.zeros_like(ratio)
    for term in range(_TERMS, -1, -1):
        total = total * square + 1.0 / (2 * term + 1)
    return np.asarray(exponents + total * ratio * 2.8853900817779268)


def count_neighbors(labels: Labels) -> Counts:
    """Count which labels stand to the right of which, or below.

    Parameters
    ----------
    labels : ndarray of shape (H, W), dtype uint8
        A picture's labels.

    Returns
    -------
    counts : ndarray of shape (256, 256), dtype int64
        By the first label, then by the second.
    """
    pairs = np.zeros((MAX_CODEBOOK_SIZE, MAX_CODEBOOK_SIZE), dtype=np.int64)
    kernels.neighbors.count_pairs(as_rows(labels), pairs)
    # Equal ones are not counted: what is left of each, twice but for the last row and column.
    firsts = 2 * count_labels(labels) - count_labels(labels[-1:]) - count_labels(labels[:, -1:])
    np.fill_diagonal(pairs, firsts - pairs.sum(axis=1))
    return pairs


def entropy_bytes(neighbors: Counts) -> float:
    """Tell how many bytes labels are worth, the mean of both directions.

    Parameters
    ----------
    neighbors : ndarray of shape (K, K), dtype int64
        As `count_neighbors` gives them, or merged.

    Returns
    -------
    size : float
        Bytes.
    """
    first, second = np.nonzero(neighbors)
    counts = neighbors[first, second]
    bits = np.rint(_PARTS * log2(neighbors.sum(axis=1)[first] / counts)).astype(np.int64)
    return int((counts * bits).sum()) / (2 * 8 * _PARTS)


def merge_neighbors(neighbors: Counts, groups: npt.NDArray[np.intp]) -> Counts:
    """Count which groups of labels are neighbors.

    Parameters
    ----------
    neighbors : ndarray of shape (256, 256), dtype int64
        As `count_neighbors` gives them.
    groups : ndarray of shape (K,), dtype intp
        The group of each label.

    Returns
    -------
    counts : ndarray of shape (G, G), dtype int64
        By the first group, then by the second.
    """
    first, second = np.nonzero(neighbors)
    size = int(groups.max()) + 1
    counts = neighbors[first, second]
    # Whole numbers below 2**53, exact in any order.
    sums = np.bincount(groups[first] * size + groups[second], counts, size * size)
    return sums.astype(np.int64).reshape(size, size)


class Power:
    """Bytes of labels as a power of what they are worth.

    Between two encodings that are known it is the power through both, beyond them the usual one.

    Parameters
    ----------
    fixed, word : int
        Bytes of a file without pixels, and of a code-word.
    exponent, factor : float
        The usual ones.
    """

    def __init__(
        self,
        fixed: int,
        word: int,
        exponent: float = _EXPONENT,
        factor: float = USUAL_FACTOR,
    ) -> None:
        self._fixed, self._word, self._exponent = fixed, word, exponent
        self._factor = factor
        self._known: dict[float, float] = {}

    def __bool__(self) -> bool:
        return bool(self._known)

    def forget(self) -> None:
        """Know of no encoding."""
        self._known.clear()

    def learn(self, entropy: float, size: int, size_bytes: int) -> None:
        """Take into account what an encoding of so many code-words gave."""
        rest = size_bytes - self._fixed - self._word * size
        self._known[_log2(entropy + 1)] = _log2(max(rest, 1))

    def fits(self, entropy: float, size: int, limit: float) -> bool:
        """Tell whether labels are predicted to need no more than so many bytes."""
        rest = limit - self._fixed - self._word * size
        return rest > 0 and self.log2(entropy) <= _log2(rest)

    def log2(self, entropy: float) -> float:
        """Predict the bytes of labels alone, as a logarithm."""
        at = _log2(entropy + 1)
        if not self._known:
            return at + _log2(self._factor)
        places = sorted(self._known)
        place = bisect.bisect_left(places, at)
        low, high = places[max(place - 1, 0)], places[min(place, len(places) - 1)]
        slope, rise = self._exponent, self._known[high] - self._known[low]
        if high > low and rise > 0:
            slope = rise / (high - low)
        return self._known[low] + slope * (at - low)


class Prediction:
    """Bytes by size of codebook.

    Parameters
    ----------
    labels : ndarray of shape (H, W), dtype uint8
        Labels of the large codebook.
    merges : Merges
        How its code-words merge.
    fixed, word : int
        As for `Power`.
    rates : bool
        Whether labels will be chosen for their bytes.

    Attributes
    ----------
    power : Power
        What bytes are, given entropies.
    """

    def __init__(self, labels: Labels, merges: Merges, fixed: int, word: int, rates: bool) -> None:
        self._neighbors, self._merges = count_neighbors(labels), merges
        rated = (_RATED_EXPONENT, _RATED_FACTOR) if rates else ()
        self.power: Power = Power(fixed, word, *rated)
        self._entropies: dict[int, float] = {}

    def entropy(self, size: int) -> float:
        """Tell what labels of a size are worth; see `entropy_bytes`."""
        if size not in self._entropies:
            groups = self._merges.groups(min(size, len(self._merges)))
            self._entropies[size] = entropy_bytes(merge_neighbors(self._neighbors, groups))
        return self._entropies[size]

    def forget(self) -> None:
        """Know of no encoding."""
        self.power.forget()

    def learn(self, size: int, size_bytes: int) -> None:
        """Take into account what an encoding of so many code-words gave."""
        self.power.learn(self.entropy(size), size, size_bytes)

    def largest(self, limit: float, most: int) -> int:
        """Find the largest size, 1 to `most`, that is predicted not to exceed a limit."""
        low, high = 1, most
        while low < high:
            middle = (low + high + 1) // 2
            if self.power.fits(self.entropy(middle), middle, limit):
                low = middle
            else:
                high = middle - 1
        return low


def _log2(value: float) -> float:
    return float(log2(value))
