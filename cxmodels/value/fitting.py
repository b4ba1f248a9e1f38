"""Where is the likelihood highest? Models climb along its slopes, from several starts, on counted cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import gammaln, psi

from cxmodels.value.counts import Counts, Floats, coarsen
from cxmodels.value.purchase_model import PurchaseModel

LOG_BOUND = 9.0  # of a log-parameter: beyond it customers no longer differ
STARTS = 3
START_CELLS = 600  # on which the starts are tried: the best is carried on
ROUGH, FINE = 1e-4, 1e-7  # slopes of the log-likelihood a customer at which a climb ends
UNLIKELY = 1e10  # minus the log-likelihood a customer, where it is not finite

Slopes = Callable[[Floats], tuple[float, Floats]]
"""From log-parameters to the log-likelihood a customer and its gradient."""


def fit_purchase_model(
    kind: type[PurchaseModel], counts: Counts, *, seed: int = 0
) -> dict[str, float] | None:
    """Fit BG/NBD, MBG/NBD or Pareto/NBD.

    lifetimes' fitters stop at worse optima, or with an error, on ordinary data, and its likelihood of
    Pareto/NBD is NaN for heavy buyers with scipy 1.16 and later; where they work, this finds what they find.

    Parameters
    ----------
    kind : type of PurchaseModel
        The model.
    counts : Counts
        Cells of customers.
    seed : int
        Seeds the starts.

    Returns
    -------
    dict or None
        The parameters of `kind.names` in the unit of `counts`; None where no start has a finite likelihood.
    """
    longest = float(counts.T.max())
    # in units of the longest age, no start is far from the optimum
    unit = np.array([longest if name in kind.times else 1.0 for name in kind.names])

    def slopes(cells: Counts) -> Slopes:
        def at(logs: Floats) -> tuple[float, Floats]:
            params = dict(zip(kind.names, map(float, np.exp(logs) * unit), strict=True))
            total, score = kind.likelihood_and_score(params, cells)
            return total / cells.customers, score / cells.customers

        return at

    drawn = np.random.default_rng(seed).normal(-0.7, 0.7, size=(STARTS, len(kind.names)))
    best = climb(slopes(coarsen(counts, cells=START_CELLS)), drawn, until=ROUGH)
    top = None if best is None else climb(slopes(counts), [best], until=FINE)
    return None if top is None else dict(zip(kind.names, map(float, np.exp(top) * unit), strict=True))


def fit_gamma_gamma(frequency: Floats, monetary_value: Floats, weights: Floats) -> dict[str, float] | None:
    """Fit Gamma-Gamma.

    Parameters
    ----------
    frequency, monetary_value, weights : ndarray of float, shape (cells,)
        Repeat purchases and their mean value (both above 0), and the customers of each cell.

    Returns
    -------
    dict or None
        p, q and v (currency); None where no start has a finite likelihood.
    """
    # in units of the typical spend, no start is far from the optimum
    typical = float(np.exp(np.average(np.log(monetary_value), weights=weights)))
    x, spent, share = frequency, frequency * monetary_value / typical, weights / weights.sum()

    def slopes(logs: Floats) -> tuple[float, Floats]:
        p, q, v = np.exp(logs)
        shape, at_rate = p * x, np.log1p(spent / v)
        likelihood = gammaln(shape + q) - gammaln(shape) - gammaln(q) - q * at_rate
        likelihood += shape * (np.log(spent / v) - at_rate)
        together = psi(shape + q)
        of_p = x * (together - psi(shape) + np.log(spent / v) - at_rate)
        of_q = together - psi(q) - at_rate
        of_v = (q * spent / v - shape) / (v + spent)
        # sums, no dot products: on a busy machine, threads of linear algebra wait longer than they add
        scores = np.array([(share * of).sum() for of in (of_p, of_q, of_v)])
        return float((share * likelihood).sum()), scores * (p, q, v)

    best = climb(slopes, np.log([[1.5, 1.5, 1.0], [3.0, 3.0, 3.0]]), until=FINE)
    if best is None:
        return None
    p, q, v = np.exp(best)
    return {"p": float(p), "q": float(q), "v": float(v * typical)}


def climb(slopes: Slopes, starts: Sequence[Floats] | Floats, *, until: float = 1e-9) -> Floats | None:
    """Return the log-parameters of the highest likelihood reached; None where none is finite.

    Parameters
    ----------
    slopes : callable
        From log-parameters to the log-likelihood a customer and its gradient.
    starts : sequence of ndarray of float, shape (parameters,)
        Log-parameters.
    until : float
        Slope at which a climb ends.
    """
    from scipy.optimize import minimize  # slow to load: only where something is fitted

    def loss(logs: Floats) -> tuple[float, Floats]:
        height, slope = slopes(logs)
        if not (np.isfinite(height) and np.isfinite(slope).all()):
            return UNLIKELY, np.zeros(len(logs))
        return -height, -slope

    bounds, options = [(-LOG_BOUND, LOG_BOUND)] * len(starts[0]), {"gtol": until, "ftol": 1e-14}
    with np.errstate(all="ignore"):
        reached = [
            minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
            for start in starts
        ]
    best = min(reached, key=lambda one: float(one.fun))
    return best.x if best.fun < UNLIKELY else None
