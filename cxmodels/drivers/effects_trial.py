"""What did an action do where it was given at random?"""

from __future__ import annotations

import numpy as np

from cxmodels.drivers.effects_estimate import Estimate
from cxmodels.drivers.effects_rows import EffectRows, Places, cluster_sums
from cxmodels.drivers.grade import FEWEST_TOUCHED
from cxmodels.value.counts import Floats

NOTHING = ("nothing", "none", "control", "no action")
"""What it is called where nothing was done, for comparison."""


def trial_effect(rows: EffectRows, action: str, *, expected: Floats, places: Places) -> Estimate | None:
    """Return the effect of an action against nothing, among those of whom chance decided.

    Parameters
    ----------
    rows : EffectRows
        With trial: action and propensity.
    action : str
        Which action.
    expected : ndarray of float, shape (rows,)
        Probability of leaving by what was known before, learned from other customers: it takes away what
        chance has not balanced.
    places : Places

    Returns
    -------
    Estimate or None
        None where fewer than 50 rows had the action, or nothing, at random.

    Notes
    -----
    The difference of the means of what is left of leaving, weighted by the inverse of the propensity (Hájek
    1971), with a variance clustered by customer. With a constant propensity it is the covariate-adjusted
    difference in means. Rows are of those who are still there at the end of the window: who was given it and
    left within the window is not seen.
    """
    drawn = rows.trial["action"].astype(object)
    given = (drawn == action).to_numpy(dtype=np.bool_)
    control = drawn.isin(NOTHING).to_numpy(dtype=np.bool_)
    if min(given.sum(), control.sum()) < FEWEST_TOUCHED:
        return None
    weight = 1.0 / np.clip(rows.trial["propensity"].fillna(1.0).to_numpy(dtype=float), 0.01, 1.0)
    left = rows.left - expected
    scores = np.zeros(len(left))
    means = []
    for mask, sign in ((given, 1.0), (control, -1.0)):
        share = np.where(mask, weight, 0.0)
        share /= share.sum()
        mean = float(share @ left)
        means.append(mean)
        scores += sign * share * (left - mean)
    sums = cluster_sums(scores, places)
    return Estimate(means[0] - means[1], float(np.sqrt(sums @ sums)))
