"""Why did they call? What share of a driver's effect runs through what follows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.drivers.effects_linear import Moments
from cxmodels.value.counts import Floats, Integers
from cxmodels.value.intervals import refit_half

DIRECT = "itself"
COLUMNS = ("driver", "through", "effect", "low", "high", "share", "share_low", "share_high")


def effect_paths(
    moments: Moments,
    driver: str,
    followers: Sequence[str],
    covariates: Sequence[str],
    *,
    outcome: str,
    stages: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Split the effect of a driver among what follows it, in a linear model.

    Parameters
    ----------
    moments : Moments
        Of the driver, its followers and the outcome as targets, by part of the customers.
    driver : str
    followers : sequence of str
        The drivers that it precedes.
    covariates : sequence of str
        What precedes the driver.
    outcome : str
        The target that is leaving.
    stages : mapping of str to str, optional
        Stage of each follower: ways through the followers of one stage are added up. Default: each by itself.

    Returns
    -------
    DataFrame
        A row a follower, or stage of them, and, last, one ``itself`` for what runs through none of them:
        driver, through, effect (of one more of the driver, by this way), low, high, share (of the whole),
        share_low, share_high; 90 % intervals from leaving out one part of the customers after the other.
        Effects add up to that of the linear model.

    Notes
    -----
    What the driver adds to a follower, times what the follower does with all others held: they and what is
    left add up, by the algebra of least squares, to the whole (Baron & Kenny 1986, JPSP 51; MacKinnon 2008).
    It takes for granted that nothing unseen moves both a follower and leaving: a picture, not graded.
    """
    columns = moments.design.places(covariates)
    places = [moments.target(name) for name in (driver, *followers)]
    target = moments.target(outcome)
    every = moments.gram.sum(axis=0)
    named = [stages[name] if stages else name for name in followers]
    through = [*dict.fromkeys(named), DIRECT]
    member = np.array([[one == name for one in (*named, DIRECT)] for name in through], dtype=float)
    whole = member @ _ways(every, columns, places, target)
    parts = np.array([member @ _ways(every - one, columns, places, target) for one in moments.gram])
    total, totals = whole.sum(), parts.sum(axis=1)
    half, share_half = _jackknife_half(parts), _jackknife_half(parts / totals[:, None])
    share = whole / total
    table = pd.DataFrame(
        {
            "driver": driver,
            "through": through,
            "effect": whole,
            "low": whole - half,
            "high": whole + half,
            "share": share,
            "share_low": share - share_half,
            "share_high": share + share_half,
        }
    )
    return table[list(COLUMNS)]


def _ways(gram: npt.NDArray[np.float64], columns: Integers, places: list[int], target: int) -> Floats:
    """Return what runs through each follower and, last, through none."""
    driver, followers = places[0], places[1:]
    first = [driver, *columns]
    added = _solve(gram, first, followers)[0] if followers else np.zeros(0)
    joint = _solve(gram, [driver, *followers, *columns], [target])[:, 0]
    return np.append(added * joint[1 : len(places)], joint[0])


def _solve(gram: npt.NDArray[np.float64], known: list[int], targets: list[int]) -> npt.NDArray[np.float64]:
    inner = gram[np.ix_(known, known)]
    # a column that repeats others gets none of it: the least of all answers
    found = np.linalg.lstsq(inner, gram[np.ix_(known, targets)], rcond=1e-10)[0]
    return np.asarray(found, dtype=np.float64)


def _jackknife_half(parts: npt.NDArray[np.float64]) -> Floats:
    """Return half the width of the interval, from figures without one part after the other."""
    # each lacks one part only, so that they lie the closer together
    return refit_half(parts) * (len(parts) - 1) / np.sqrt(len(parts))
