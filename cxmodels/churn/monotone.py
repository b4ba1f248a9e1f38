"""May the probability only rise, or only fall, with a feature? What a study asks for, and if it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxmodels.churn.columns import Columns
from cxmodels.churn.model import ChurnModel
from cxmodels.churn.words import in_words
from cxmodels.study_errors import nearest

SIGNS = {"up": 1, "down": -1}
WORDS = {1: "rises", -1: "falls"}
CUSTOMERS = 500
STEPS = 20  # values of the feature, by its quantiles
ROUNDING = 1e-9


@dataclass(frozen=True)
class MonotoneCheck:
    """Whether the probability only rises, or only falls, with a feature.

    Attributes
    ----------
    table : DataFrame
        One row a feature: feature, called (in words), direction (rises or falls), customers (tried), against
        (of them, those with a step in the other direction), first and last (mean probability at the feature's
        lowest and highest value).
    """

    table: pd.DataFrame

    @property
    def warning(self) -> str:
        """Which features do not keep their direction, in a sentence; empty where all do."""
        crossed = self.table.loc[self.table["against"] > 0, "called"]
        if crossed.empty:
            return ""
        return f"The probability does not keep the direction that the study asks for: {', '.join(crossed)}."

    @property
    def told(self) -> list[str]:
        """A sentence for each feature; one where there is none."""
        if self.table.empty:
            return ["The study asks for no direction."]
        return [
            f"With more of “{row['called']}” the probability only {row['direction']} for "
            f"{row['customers'] - row['against']:,} of {row['customers']:,} customers tried; on average it "
            f"goes from {row['first']:.1%} to {row['last']:.1%}."
            for row in self.table.to_dict("records")
        ]


def monotone_signs(asked: Mapping[str, str], columns: Columns) -> dict[str, int]:
    """Return the sign of each feature of ``churn.monotone``; those that say nothing are passed over.

    Parameters
    ----------
    asked : mapping of str to {"up", "down"}
    columns : Columns
        The features that there are, and those left out.

    Raises
    ------
    ValueError
        Where a name is no numeric feature; the message names the nearest.
    """
    numbers = columns.table.select_dtypes("number").columns
    left_out = set(columns.left_out["feature"])
    for name in asked:
        if name not in numbers and name not in left_out:
            raise ValueError(
                f"churn.monotone names {name!r}, which is no numeric feature"
                f"{nearest(name, numbers, otherwise='.')} There are {', '.join(numbers)}."
            )
    return {name: SIGNS[way] for name, way in asked.items() if name not in left_out}


def check_monotone(
    model: ChurnModel,
    rows: pd.DataFrame,
    *,
    monotone: Mapping[str, int],
    label: Mapping[str, str] | None = None,
    seed: int = 0,
) -> MonotoneCheck:
    """Move one feature of each customer and hold all others: does the probability follow the direction?

    Parameters
    ----------
    model : ChurnModel
    rows : DataFrame
        Customers to try, such as those of the test; of more than 500, so many are drawn.
    monotone : mapping of str to {1, -1}
        Features, and whether the probability should rise or fall. Those that the model dropped are passed
        over.
    label : mapping of str to str, optional
        Words for features.
    seed : int

    Returns
    -------
    MonotoneCheck

    Notes
    -----
    Individual conditional expectation: Goldstein et al. 2015, Journal of Computational and Graphical
    Statistics 24. The values are quantiles of the feature in `rows`.
    """
    some = rows.sample(min(CUSTOMERS, len(rows)), random_state=seed)
    told = []
    for name, sign in monotone.items():
        known = rows[name].dropna() if name in model.features else ()
        if len(known) == 0:
            continue
        values = np.unique(np.quantile(known, np.linspace(0.0, 1.0, STEPS)))
        curves = np.stack([model.predict(some.assign(**{name: value})) for value in values])
        against = int((np.diff(curves, axis=0) * sign < -ROUNDING).any(axis=0).sum())
        called = in_words([name], label)[0]
        told.append((name, called, WORDS[sign], len(some), against, curves[0].mean(), curves[-1].mean()))
    columns = ["feature", "called", "direction", "customers", "against", "first", "last"]
    return MonotoneCheck(pd.DataFrame(told, columns=columns))
