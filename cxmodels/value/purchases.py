"""How often will customers buy, and have they stopped? Fit a purchase model that holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from cxmodels.study_errors import nearest
from cxmodels.value.beta_geometric import BgNbd, MbgNbd
from cxmodels.value.counts import Counts, coarsen, count_exactly
from cxmodels.value.fitting import fit_purchase_model
from cxmodels.value.nbd import Nbd, fit_nbd, rate_limit
from cxmodels.value.pareto import ParetoNbd
from cxmodels.value.polish import polish
from cxmodels.value.purchase_model import PurchaseModel
from cxmodels.value.units import DAYS_IN_YEAR, days_in

MODELS: dict[str, type[PurchaseModel]] = {
    "bg-nbd": BgNbd,
    "mbg-nbd": MbgNbd,
    "pareto-nbd": ParetoNbd,
    "nbd": Nbd,
}
LABELS = {"bg-nbd": "BG/NBD", "mbg-nbd": "MBG/NBD", "pareto-nbd": "Pareto/NBD", "nbd": "NBD"}
# below this share of customers leaving (at a purchase, or in the whole history), there is no dropout
LEAST_DROPOUT = 1e-3


def model_label(fitted: PurchaseModel) -> str:
    """Name a purchase model in a table, with an arrow to the one that stood in for it."""
    label = LABELS[fitted.requested]
    return label if fitted.name == fitted.requested else f"{label} → {LABELS[fitted.name]}"


def fit_purchases(
    summary: pd.DataFrame, *, model: str = "bg-nbd", unit: str = "week", seed: int = 0
) -> PurchaseModel:
    """Fit a purchase model to customer histories.

    The histories are collapsed into counted cells. Where dropout runs to zero, or no start has a finite
    likelihood, NBD without dropout, which each of the other models nests, is fitted instead, and `note` says
    so.

    Parameters
    ----------
    summary : DataFrame
        With the columns frequency, recency and T of `summarise`.
    model : {"bg-nbd", "mbg-nbd", "pareto-nbd", "nbd"}
        The model to fit.
    unit : {"day", "week", "month"}
        The unit of recency and T.
    seed : int
        Seeds the starts.

    Returns
    -------
    PurchaseModel

    Raises
    ------
    ValueError
        For an unknown model or unit, or histories that contradict themselves.

    Examples
    --------
    >>> rng = np.random.default_rng(7)
    >>> summary = pd.DataFrame({"frequency": rng.poisson(2.0, 300), "T": 52.0})
    >>> summary["recency"] = np.where(summary.frequency > 0, 45.0, 0.0)
    >>> fitted = fit_purchases(summary, model="nbd")
    >>> bool(abs(fitted.expected_purchases(52, [2], [45.0], [52.0])[0] - 2.0) < 0.3)
    True
    """
    if model not in MODELS:
        raise ValueError(
            f"Unknown purchase model {model!r}{nearest(str(model), MODELS, otherwise='.')} "
            f"Allowed: {', '.join(MODELS)}."
        )
    days_in(unit)
    exact = count_exactly(summary)
    counts = coarsen(exact)
    nested = _build("nbd", fit_nbd(counts), requested=model, unit=unit, counts=counts)
    silent = _silence(counts, unit=unit)
    if silent:
        return _with_note(nested, silent)
    if model == "nbd":
        return _polished(nested, exact)
    kind = MODELS[model]
    params = fit_purchase_model(kind, coarsen(counts, cells=kind.fit_cells), seed=seed)
    label = LABELS[model]
    if params is None:
        return _with_note(
            nested,
            f"{label} did not converge on these purchases; NBD without dropout was fitted instead.",
        )
    fitted = _build(model, params, requested=model, unit=unit, counts=counts)
    if _dropout(params, counts) < LEAST_DROPOUT or not fitted.log_likelihood > nested.log_likelihood:
        return _with_note(
            nested,
            f"The dropout of {label} ran to zero: these purchases show no customers who stop buying. NBD "
            "without dropout was fitted instead.",
        )
    return _polished(fitted, exact)


def _polished(fitted: PurchaseModel, exact: Counts) -> PurchaseModel:
    """Carry a fit on joined cells over to every distinct history."""
    # Pareto/NBD is always fitted on few cells: its likelihood is slow
    if fitted.name != "pareto-nbd" and exact.cells <= fitted.counts.cells:
        return fitted
    params = polish(type(fitted), fitted.params, joined=fitted.counts, exact=exact)
    found = _build(fitted.name, params, requested=fitted.requested, unit=fitted.unit, counts=exact)
    return replace(found, counts=fitted.counts)


def _build(
    name: str, params: dict[str, float], *, requested: str, unit: str, counts: Counts
) -> PurchaseModel:
    kind = MODELS[name]
    arrays = {key: np.asarray(value) for key, value in params.items()}
    cells = kind.cell_log_likelihood(arrays, counts.frequency, counts.recency, counts.T)
    return kind(
        name=name,
        requested=requested,
        params=params,
        unit=unit,
        log_likelihood=float((counts.weights * cells).sum()),
        counts=counts,
    )


def _with_note(model: PurchaseModel, note: str) -> PurchaseModel:
    return replace(model, note=note)


def _silence(counts: Counts, *, unit: str) -> str:
    """Say why there is nothing to learn from, or return an empty string."""
    if not counts.silent:
        return ""
    year = rate_limit(counts, unit=unit) * DAYS_IN_YEAR / days_in(unit)
    limit = (
        f"expected purchases are taken as nearly none, and ranges reach to {year:.2g} a customer a year, the "
        "95 % upper limit of what this silence allows."
    )
    if counts.T.max() <= 0.0:
        return f"Every customer bought for the first time on the last day: {limit}"
    return f"No customer has bought again yet: {limit}"


def _dropout(params: dict[str, float], counts: Counts) -> float:
    """Return the expected share of customers leaving: at a purchase, or within the longest history."""
    if "a" in params:
        return params["a"] / (params["a"] + params["b"])
    return float(-np.expm1(-params["s"] * np.log1p(counts.T.max() / params["beta"])))
