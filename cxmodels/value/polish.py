"""How do parameters fitted on joined cells become those of the fit on every customer? By Newton steps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from cxmodels.value.bootstrap import cell_derivatives
from cxmodels.value.counts import Counts, Floats
from cxmodels.value.purchase_model import PurchaseModel

STEPS = 2
LARGEST_MOVE = 0.5  # of a log-parameter; a longer step says that the cells were no good start


def polish(
    kind: type[PurchaseModel], params: Mapping[str, float], *, joined: Counts, exact: Counts
) -> dict[str, float]:
    """Move parameters from the optimum on joined cells to the optimum on all distinct histories.

    Joined cells shift the optimum by a part of their width, which at a million customers is many standard
    errors. Their curvature is right within a few per cent, which is all that a Newton step needs: each takes
    the score of the exact histories and shrinks the distance some forty times.

    Parameters
    ----------
    kind : type of PurchaseModel
        The model.
    params : mapping of str to float
        Fitted to `joined`.
    joined, exact : Counts
        The same customers in joined cells, and by distinct history.

    Returns
    -------
    dict of str to float
        The parameters after the steps; `params` itself where a step is not finite, too long, or lowers the
        likelihood of the exact histories.
    """

    def named(logs: Floats) -> dict[str, float]:
        return dict(zip(params, map(float, np.exp(logs)), strict=True))

    def cells(logs: Floats) -> Floats:
        arrays = dict(zip(params, np.exp(logs), strict=True))
        return kind.cell_log_likelihood(arrays, joined.frequency, joined.recency, joined.T)

    logs = np.log(np.array(list(params.values())))
    curvature = np.einsum("c,cij->ij", joined.weights, cell_derivatives(cells, logs)[1])
    best, (height, score) = logs, kind.likelihood_and_score(params, exact)
    for _ in range(STEPS):
        moved = _newton_step(best, score, curvature)
        if moved is None:
            break
        reached, slope = kind.likelihood_and_score(named(moved), exact)
        if not reached >= height:
            break
        best, height, score = moved, reached, slope
    return dict(params) if best is logs else named(best)


def _newton_step(
    logs: Floats, score: Floats, curvature: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64] | None:
    """Return the log-parameters after a Newton step, or None where there is no trustworthy one."""
    if not (np.isfinite(score).all() and np.isfinite(curvature).all()):
        return None
    try:
        step = np.linalg.solve(-curvature, score)
    except np.linalg.LinAlgError:
        return None
    return logs + step if np.abs(step).max() <= LARGEST_MOVE else None
