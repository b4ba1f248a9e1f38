"""How wide is an interval? One coverage for all, and the forms that several models need."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from cxmodels.value.counts import Floats

COVERAGE = 0.90
NORMAL = 1.6448536269514722  # standard errors on either side that cover so much


def refit_half(refits: Floats) -> Floats:
    """Return half the width of the interval of figures of which there are a few refits.

    Parameters
    ----------
    refits : ndarray of float, shape (refits, figures)
        The figures under each of 2 refits or more.

    Returns
    -------
    ndarray of float, shape (figures,)
        Student's t for so many refits, times their standard deviation.

    Examples
    --------
    >>> refit_half(np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])).round(3).tolist()
    [2.92, 0.0]
    """
    return np.asarray(stdtrit(len(refits) - 1, (1.0 + COVERAGE) / 2) * refits.std(axis=0, ddof=1))


def wilson_interval(
    successes: npt.ArrayLike, trials: npt.ArrayLike, *, z: float = NORMAL
) -> tuple[Floats, Floats]:
    """Return the ends of the interval of a share (Wilson 1927, JASA 22); without trials 0 to 1.

    Parameters
    ----------
    successes, trials : array_like of float
        They need not be whole.
    z : float
        Standard errors on either side.

    Examples
    --------
    >>> low, high = wilson_interval([5], [10])
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.269, 0.731)
    """
    hit, count = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    share = np.divide(hit, count, out=np.zeros_like(hit), where=count > 0)
    middle = (hit + z**2 / 2) / (count + z**2)
    half = z / (count + z**2) * np.sqrt(hit * (1.0 - share) + z**2 / 4)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)
