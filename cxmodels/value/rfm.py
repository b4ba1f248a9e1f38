"""Recency, frequency and monetary scores, as marketers know them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cxmodels.value.tiers import checked_values


def rfm_scores(*, silence: ArrayLike, purchases: ArrayLike, spend: ArrayLike, bins: int = 5) -> pd.DataFrame:
    """Score customers by recency, frequency and spend, ``bins`` for the best.

    Parameters
    ----------
    silence
        Days since the last purchase, shape (customers,); fewer is better.
    purchases
        Number of purchases, shape (customers,).
    spend
        Money spent, shape (customers,).
    bins
        Number of scores; 5 makes quintiles.

    Returns
    -------
    pandas.DataFrame
        ``recency_score``, ``frequency_score``, ``monetary_score`` (1 to ``bins``) and ``rfm``, the three as
        text; one row a customer in the order given. Where ``silence`` is a Series its index is kept.

    Examples
    --------
    >>> rfm_scores(silence=[3, 40, 9], purchases=[7, 1, 2], spend=[90, 10, 20], bins=3)["rfm"].tolist()
    ['333', '111', '222']
    """
    index = silence.index if isinstance(silence, pd.Series) else None
    scores = pd.DataFrame(
        {
            "recency_score": quantile_scores(-checked_values(silence), bins=bins),
            "frequency_score": quantile_scores(purchases, bins=bins),
            "monetary_score": quantile_scores(spend, bins=bins),
        },
        index=index,
    )
    text = scores.astype("str")
    return scores.assign(rfm=text["recency_score"] + text["frequency_score"] + text["monetary_score"])


def quantile_scores(values: ArrayLike, *, bins: int = 5) -> NDArray[np.int64]:
    """Score values by quantile, 1 for the lowest; equal values share one score.

    Tied customers take the middle of the ranks that they share, so neither the order of the rows nor chance
    decides, and a large tied group (all one-time buyers) lands where its middle lies; some scores may then
    stay unused.

    Examples
    --------
    >>> quantile_scores([1, 1, 1, 5, 9], bins=5).tolist()
    [2, 2, 2, 4, 5]
    """
    if bins < 2 or bins > 9:
        raise ValueError(f"bins is {bins}; between 2 and 9 scores are possible.")
    value = checked_values(values)
    if not len(value):
        return np.zeros(0, dtype=np.int64)
    # Twice the mean rank is a whole number: exact, where a quotient could fall on the wrong side of a border.
    twice_rank = (2 * pd.Series(value).rank(method="average")).to_numpy().astype(np.int64)
    scores: NDArray[np.int64] = bins * (twice_rank - 1) // (2 * len(value)) + 1
    return scores
