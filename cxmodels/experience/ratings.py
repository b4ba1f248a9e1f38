"""What has each customer last said of each touchpoint, and of recommending the company?"""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir
import pandas as pd

from cxmodels.tables.cut import known_by

RATING, RECOMMENDATION = "csat", "nps"


def latest_ratings(surveys: ir.Table, *, as_of: date) -> tuple[pd.DataFrame, pd.Series]:
    """Return the last rating of each touchpoint by each customer, and their last recommendation.

    Parameters
    ----------
    surveys : ibis Table
        Canonical surveys with a touchpoint: ``csat`` rates the touchpoint, ``nps`` recommends the company,
        whatever its touchpoint.
    as_of : date
        Answers after this day are not read.

    Returns
    -------
    ratings : DataFrame, shape (customers, touchpoints)
        Of customers who gave any; missing where a customer never rated the touchpoint.
    recommendation : Series of float, shape (customers,)
        From 0 to 10, the same index; missing where it was never given.

    Raises
    ------
    ValueError
        Where surveys have no touchpoint.
    """
    if "touchpoint" not in surveys.columns:
        raise ValueError(
            f"surveys has no column touchpoint; it has {', '.join(surveys.columns)}. Map it in "
            "[tables.surveys]."
        )
    given = surveys.filter(surveys.answered_at.notnull() & surveys.score.notnull())
    given = known_by(given, as_of, column="answered_at")
    given = given.mutate(touchpoint=(given.metric == RECOMMENDATION).ifelse("", given.touchpoint))
    wanted = given.metric.isin([RATING, RECOMMENDATION]) & given.touchpoint.notnull()
    last = (
        given.filter(wanted)
        .group_by("customer_id", "metric", "touchpoint")
        .aggregate(score=given.score.cast("float64").argmax(given.answered_at))
        .order_by("customer_id", "touchpoint")
        .to_pandas()
    )
    recommends = last["metric"] == RECOMMENDATION
    ratings = last[~recommends].pivot(index="customer_id", columns="touchpoint", values="score")
    ratings.columns.name = None
    said = last[recommends].set_index("customer_id")["score"].reindex(ratings.index)
    return ratings, said.rename(RECOMMENDATION)
