"""lifetimes as it is: its fitters and its formulas, without this project's guards."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd

MODELS = {
    "lifetimes BG/NBD × GG": "BetaGeoFitter",
    "lifetimes MBG/NBD × GG": "ModifiedBetaGeoFitter",
    "lifetimes Pareto/NBD × GG": "ParetoNBDFitter",
}


STARTS = (None, (1.0, 1.0, 1.0), (2.0, 1.5, 3.0))  # log-parameters; None: lifetimes' own start


def fit_spend_plainly(frequency: pd.Series, monetary_value: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Fit lifetimes' Gamma-Gamma to every repeat buyer without a penalty, from the first start that works.

    Returns
    -------
    parameters, standard_errors : Series
        p, q, v.
    """
    from lifetimes import GammaGammaFitter
    from lifetimes.utils import ConvergenceError

    for start in STARTS:
        options = {} if start is None else {"initial_params": np.array(start)}
        try:
            fitted = GammaGammaFitter().fit(frequency, monetary_value, **options)
        except ConvergenceError:
            continue
        return fitted.params_, fitted.standard_errors_
    raise ConvergenceError(f"lifetimes' Gamma-Gamma converged from none of {len(STARTS)} starts")


def predict_spend(
    summary: pd.DataFrame, *, model: str, horizon: float
) -> tuple[npt.NDArray[np.float64] | None, str]:
    """Fit a purchase model and Gamma-Gamma with lifetimes' defaults, and predict each customer's spend.

    Parameters
    ----------
    summary
        Columns frequency, recency, T and monetary_value.
    model
        A name in `MODELS`.
    horizon
        Time ahead, in the unit of `summary`.

    Returns
    -------
    prediction : ndarray of float, shape (customers,), or None
        None where a fit did not converge, or a prediction is not a number.
    reason : str
        Why there is no prediction; empty otherwise.
    """
    import lifetimes
    from lifetimes.utils import ConvergenceError

    x, t_x, age = (summary[name] for name in ("frequency", "recency", "T"))
    repeats = summary[(summary["frequency"] > 0) & (summary["monetary_value"] > 0)]
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # lifetimes overflows on its way; the result is checked
        try:
            purchases = getattr(lifetimes, MODELS[model])().fit(x, t_x, age)
            spend = lifetimes.GammaGammaFitter().fit(repeats["frequency"], repeats["monetary_value"])
        except ConvergenceError:
            return None, "did not converge"
        expected = purchases.conditional_expected_number_of_purchases_up_to_time(horizon, x, t_x, age)
        each = spend.conditional_expected_average_profit(x, summary["monetary_value"])
    predicted = np.asarray(expected, dtype=float) * np.asarray(each, dtype=float)
    broken = int((~np.isfinite(predicted)).sum())
    if broken:
        return None, f"{broken} of {len(predicted)} predictions are no number"
    return predicted, ""
