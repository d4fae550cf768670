"""The K from which more code-words cost more bytes than they are worth.

Of the curve of root mean squared errors over bytes it is the point that lies farthest below the
line between its ends [1]_. Both are known, or nearly so, without encoding.

References
----------
.. [1] V. Satopää, J. Albrecht, D. Irwin, B. Raghavan, "Finding a 'Kneedle' in a haystack",
   ICDCS Workshops 2011, doi:10.1109/ICDCSW.2011.20.
"""

import numpy as np

from codec.encoder.candidates import Candidates

_LEAST = 2  # code-words of the first point: one alone is no picture


def find_knee(candidates: Candidates) -> tuple[int, str]:
    """Find the K where the curve bends most.

    Parameters
    ----------
    candidates : Candidates
        A picture's.

    Returns
    -------
    size : int
        K, at least 1.
    reason : str
        Why, in words.
    """
    most = candidates.largest
    if most <= _LEAST:
        return most, f"all {most} colors" if most > 1 else "its color"
    sizes = np.unique(np.geomspace(_LEAST, most, 64).round().astype(int))
    cost = np.array([candidates.usual_bytes(size) for size in sizes.tolist()])
    errors = candidates.merged_errors()
    error = np.sqrt(errors[np.minimum(sizes, len(errors)) - 1])
    across = (cost - cost[0]) / max(cost[-1] - cost[0], 1e-9)
    down = (error[0] - error) / max(error[0] - error[-1], 1e-9)
    size = int(sizes[int((down - across).argmax())])
    return size, f"the knee of error over bytes, K = {_LEAST} to {most}"
