"""How are lifetimes' fitters kept from failing? Quiet, seeded, bounded calls on counted cells."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cxmodels.value.counts import Counts, Floats, coarsen
from cxmodels.value.pareto import ParetoNbd

LOG_BOUND = 9.0
PARETO_STARTS = 3
PARETO_START_CELLS = 600
PARETO_CELLS = 4_000
UNLIKELY = 1e10  # minus the log-likelihood a customer, where it is not finite


def fit_beta_geometric(counts: Counts, *, modified: bool) -> dict[str, float] | None:
    """Fit BG/NBD or MBG/NBD with lifetimes.

    Parameters
    ----------
    counts : Counts
        Cells of customers.
    modified : bool
        MBG/NBD instead of BG/NBD.

    Returns
    -------
    dict or None
        r, alpha, a, b in the unit of `counts`; None where no start converged.
    """
    with _lifetimes() as lifetimes:
        fitter = lifetimes.ModifiedBetaGeoFitter if modified else lifetimes.BetaGeoFitter
        cells = (counts.frequency, counts.recency, counts.T, counts.weights)
        attempts: list[dict[str, Any]] = [
            {},
            {"initial_params": np.array([-1.0, -2.0, -0.5, 0.5])},
            {"bounds": [(-LOG_BOUND, LOG_BOUND)] * 4},
        ]
        return _first_success(lambda options: fitter().fit(*cells, **options).params_, attempts)


def fit_pareto(counts: Counts, *, seed: int) -> dict[str, float] | None:
    """Fit Pareto/NBD from several seeded starts, on few cells first and then on finer ones.

    lifetimes' fitter starts from one unseeded point and may stop at a worse optimum, walks there without
    slopes, and its likelihood is NaN for heavy buyers with scipy 1.16 and later: here is our own.

    Parameters
    ----------
    counts : Counts
        Cells of customers.
    seed : int
        Seeds the starts.

    Returns
    -------
    dict or None
        r, alpha, s, beta in the unit of `counts`; None where no start has a finite likelihood.
    """
    from scipy.optimize import minimize  # slow to load: only where something is fitted

    rng = np.random.default_rng(seed)
    longest = float(counts.T.max())
    unit = np.array([1.0, longest, 1.0, longest])

    def fit(cells: Counts, start: Floats, slope: float) -> Any:
        def loss(logs: Floats) -> float:
            params = dict(zip(("r", "alpha", "s", "beta"), np.exp(logs) * unit, strict=True))
            likelihood = ParetoNbd.cell_log_likelihood(params, cells.frequency, cells.recency, cells.T)
            mean = float(np.average(likelihood, weights=cells.weights))
            return -mean if np.isfinite(mean) else UNLIKELY

        bounds = [(-LOG_BOUND, LOG_BOUND)] * 4
        return minimize(loss, start, method="L-BFGS-B", bounds=bounds, options={"gtol": slope, "ftol": 1e-13})

    few, finer = coarsen(counts, cells=PARETO_START_CELLS), coarsen(counts, cells=PARETO_CELLS)
    with np.errstate(all="ignore"):
        tried = [fit(few, rng.normal(-0.7, 0.7, size=4), 1e-4) for _ in range(PARETO_STARTS)]
        found = fit(finer, min(tried, key=lambda one: one.fun).x, 1e-7)
    if not found.fun < UNLIKELY:
        return None
    return dict(zip(("r", "alpha", "s", "beta"), map(float, np.exp(found.x) * unit), strict=True))


def fit_gamma_gamma(frequency: Floats, monetary_value: Floats, weights: Floats) -> dict[str, float] | None:
    """Fit Gamma-Gamma with lifetimes.

    Parameters
    ----------
    frequency, monetary_value, weights : ndarray of float, shape (cells,)
        Repeat purchases and their mean value (both above 0), and the customers of each cell.

    Returns
    -------
    dict or None
        p, q and v (currency); None where no start converged.
    """
    # in units of the typical spend, the fitter's fixed start is never far from the optimum
    typical = float(np.exp(np.average(np.log(monetary_value), weights=weights)))
    with _lifetimes() as lifetimes:
        cells = (frequency, monetary_value / typical, weights)
        attempts: list[dict[str, Any]] = [
            {},
            {"initial_params": np.array([1.5, 1.5, 1.0])},
            {"initial_params": np.array([3.0, 3.0, 3.0])},
        ]
        fitter = lifetimes.GammaGammaFitter
        found = _first_success(lambda options: fitter().fit(*cells, **options).params_, attempts)
    return None if found is None else {**found, "v": found["v"] * typical}


@contextlib.contextmanager
def _lifetimes() -> Iterator[Any]:
    """Import lifetimes only when needed; it silences warnings for good and prints its failures."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        import lifetimes

        warnings.simplefilter("ignore", RuntimeWarning)
        yield lifetimes


def _first_success(
    fit: Callable[[dict[str, Any]], Any], attempts: list[dict[str, Any]]
) -> dict[str, float] | None:
    from lifetimes.utils import ConvergenceError

    for options in attempts:
        try:
            params = fit(options)
        except (ConvergenceError, np.linalg.LinAlgError, FloatingPointError):
            continue
        if np.isfinite(params).all() and (params > 0).all():
            return {str(key): float(value) for key, value in params.items()}
    return None
