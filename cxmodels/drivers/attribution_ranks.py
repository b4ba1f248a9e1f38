"""Would another sample of customers rank the drivers otherwise? Ranks over refitted models."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from cxmodels.churn.model import ChurnModel
from cxmodels.churn.resampling import interval
from cxmodels.drivers.attribution import Attribution, explain
from cxmodels.drivers.attribution_totals import total_attribution
from cxmodels.value.counts import Floats

MOST_ROWS = 1_000  # explained under each refit: how models differ shows on few customers


def rank_parts(
    model: ChurnModel,
    frame: pd.DataFrame,
    *,
    parts: Mapping[str, str] | None = None,
    weights: pd.Series | Floats | None = None,
    leave_out: Collection[str] = (),
    seed: int = 0,
) -> pd.DataFrame:
    """Rank features or parts by size, with the 90 % interval over models of customers drawn anew.

    Parameters
    ----------
    model : ChurnModel
        With refits: each learned from customers drawn with replacement, all snapshots of one together.
    frame : DataFrame, shape (rows, columns)
        As of `explain`.
    parts, weights
        As of `total_attribution`.
    leave_out : collection of str
        Parts that are not ranked, such as all that is no driver.
    seed : int
        Draws the rows that are explained under each model, `MOST_ROWS` or nearly; the same under all.

    Returns
    -------
    DataFrame
        One row a part, the largest first: part, size, size_low, size_high (log odds before calibration),
        rank (1 is the largest), rank_low, rank_high.

    Raises
    ------
    ValueError
        As `explain` and `total_attribution`; and where the model was fitted without refits.

    Notes
    -----
    Sizes under the refits lie around the model's own as those of `cxmodels.churn.risk` do: their spread is
    scaled where each refit learned from fewer customers than there are (Bickel, Götze & van Zwet 1997), and
    centred on the model, since a refit has fewer and longer steps. Parts of one size share the ranks. An
    interval says how far other customers would change the ranks of this kind of model, not what causes what.
    """
    if not model.refits.boosters:
        raise ValueError("This model has no refits: fit it with FitPlan(refits=20) to get rank intervals.")
    found = explain(model, frame, most=MOST_ROWS, seed=seed)
    own = _sizes(found, parts, weights).drop(list(leave_out), errors="ignore")
    matrix = found.encoding.matrix(found.data)
    told = []
    for booster in model.refits.boosters:
        moved = np.asarray(booster.predict(matrix, pred_contrib=True), dtype=float)[:, :-1]
        other = replace(found, values=pd.DataFrame(moved, columns=list(found.features)))
        told.append(_sizes(other, parts, weights).reindex(own.index).to_numpy())
    sizes = np.array(told)
    around = np.maximum(own.to_numpy() + (sizes - sizes.mean(axis=0)) * model.refits.scale, 0.0)
    size_low, size_high = interval(around)
    best = interval(rankdata(-around, method="min", axis=1))[0]
    worst = interval(rankdata(-around, method="max", axis=1))[1]
    rank = own.rank(ascending=False, method="min").to_numpy()
    return pd.DataFrame(
        {
            "part": own.index,
            "size": own.to_numpy(),
            "size_low": np.minimum(size_low, own.to_numpy()),
            "size_high": np.maximum(size_high, own.to_numpy()),
            "rank": rank.astype(int),
            "rank_low": np.minimum(best, rank).astype(int),
            "rank_high": np.maximum(worst, rank).astype(int),
        }
    )


def _sizes(
    found: Attribution, parts: Mapping[str, str] | None, weights: pd.Series | Floats | None
) -> pd.Series:
    totals = total_attribution(found, parts=parts, weights=weights)
    if totals["size"].isna().any():
        raise ValueError(f"{found.sample} Too few to rank anything: give more rows.")
    return totals.set_index("part")["size"]
