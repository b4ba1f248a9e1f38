"""Would another sample of customers rank the drivers otherwise? Ranks over refitted models."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from cxmodels.churn.model import ChurnModel
from cxmodels.churn.resampling import interval
from cxmodels.drivers.attribution import Attribution, add_parts
from cxmodels.drivers.attribution_totals import total_attribution

MOST_ROWS = 1_000  # explained under each refit: how models differ shows on few customers


def rank_parts(
    found: Attribution,
    model: ChurnModel,
    *,
    parts: Mapping[str, str] | None = None,
    leave_out: Collection[str] = (),
) -> pd.DataFrame:
    """Rank features or parts by size, with the 90 % interval over models of customers drawn anew.

    Parameters
    ----------
    found : Attribution
        From `explain`. Up to `MOST_ROWS` of its rows are explained under each refit.
    model : ChurnModel
        The model that was explained, with refits: each learned from customers drawn with replacement, all
        snapshots of one together.
    parts : mapping of str to str, optional
        As of `total_attribution`.
    leave_out : collection of str
        Parts that are not ranked, such as all that is no driver.

    Returns
    -------
    DataFrame
        One row a part, the largest first: part, size, size_low, size_high (log odds before calibration),
        rank (1 is the largest), rank_low, rank_high.

    Raises
    ------
    ValueError
        As `total_attribution`; where too few rows were explained; and where the model was fitted without
        refits.

    Notes
    -----
    Sizes under the refits lie around the model's own as those of `cxmodels.churn.risk` do: their spread is
    scaled where each refit learned from fewer customers than there are (Bickel, Götze & van Zwet 1997), and
    centred on the model, since a refit has fewer and longer steps. Parts of one size share the ranks. An
    interval says how far learning from other customers would change the ranks of this kind of model: not how
    far drawing those who are explained does (see `total_attribution`), and not what causes what.
    """
    if not model.refits.boosters:
        raise ValueError("This model has no refits: fit it with FitPlan(refits=20) to get rank intervals.")
    totals = total_attribution(found, parts=parts)
    if totals["size"].isna().any():
        raise ValueError(f"{found.sample} Too few to rank anything: give more rows.")
    own = totals.set_index("part")["size"].drop(list(leave_out), errors="ignore")
    some = np.unique(np.linspace(0, len(found.data) - 1, MOST_ROWS).astype(int))
    matrix = found.encoding.matrix(found.data.iloc[some])
    told = []
    for booster in model.refits.boosters:
        moved = np.asarray(booster.predict(matrix, pred_contrib=True), dtype=float)[:, :-1]
        values = add_parts(pd.DataFrame(moved, columns=list(found.features)), parts)
        told.append(values.abs().mean().loc[own.index].to_numpy())
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
