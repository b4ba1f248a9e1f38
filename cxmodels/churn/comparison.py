"""Is the churn model better than its rivals, by more than chance gives? All scored alike, in pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.churn import ranking, recalibration
from cxmodels.churn.labels import read_probabilities
from cxmodels.churn.profit import Campaign, expected_maximum_profit
from cxmodels.churn.resampling import DRAWS, customer_places, interval, resample
from cxmodels.churn.scores import score_churn
from cxmodels.churn.targeting import Offer, compare_rules
from cxmodels.value.counts import Floats

PAIRED = ("log_loss", "brier", "auc", "average_precision")
LESS_IS_BETTER = ("log_loss", "brier")


@dataclass(frozen=True)
class Comparison:
    """How the models did on the same rows.

    Attributes
    ----------
    table : DataFrame
        One row a model and figure: model, figure, value, low, high (90 % interval over customers). Figures:
        those of `cxmodels.churn.scores.score_churn`; ``empc`` (`cxmodels.churn.profit`, currency a customer);
        and, where each customer's clv is given, ``expected_profit``: what reaching those with an expected
        profit above 0 earned (currency).
    differences : DataFrame
        One row a rival and figure: rival, figure, gain (of the first model over the rival; above 0 is
        better), low, high, verdict (better, worse, or same to within chance).
    """

    table: pd.DataFrame
    differences: pd.DataFrame = field(repr=False)

    def figure(self, name: str) -> pd.DataFrame:
        """Return value, low, high of one figure, indexed by model."""
        rows = self.table[self.table["figure"] == name]
        return rows.set_index("model")[["value", "low", "high"]]


def compare_models(
    churned: npt.ArrayLike,
    probabilities: Mapping[str, npt.ArrayLike],
    *,
    customer_ids: npt.ArrayLike | None = None,
    clv: npt.ArrayLike | None = None,
    offer: Offer | None = None,
    campaign: Campaign | None = None,
) -> Comparison:
    """Score models on rows that none has learned from, and the first against each of the others.

    Parameters
    ----------
    churned : array_like of bool or 0/1, shape (rows,)
        Who left.
    probabilities : mapping of str to array_like of float
        What each model said; the first is the one that the others are compared with.
    customer_ids : array_like, optional
        Rows of one customer are drawn together.
    clv : array_like of float, optional
        Of each customer (currency), as known at the time.
    offer : Offer, optional
        What is offered, for the expected profit.
    campaign : Campaign, optional
        Terms of the expected maximum profit.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        As `cxmodels.churn.scores.score_churn`; and without any model.

    Notes
    -----
    A gain is taken within each bootstrap sample of customers, so what moves all models alike cancels.

    Examples
    --------
    >>> left, said = [0, 1] * 50, {"model": [0.2, 0.8] * 50, "coin": [0.5] * 100}
    >>> compare_models(left, said).differences["verdict"].unique().tolist()
    ['better']
    """
    if not probabilities:
        raise ValueError("There is no model to score: give at least one, by name.")
    rows = []
    for name, said in probabilities.items():
        figures = score_churn(churned, said, customer_ids=customer_ids).table
        rows += [(name, figure, *ends) for figure, *ends in figures.itertuples()]
        most = expected_maximum_profit(churned, said, campaign=campaign, customer_ids=customer_ids)
        rows.append((name, "empc", most.empc, most.empc_low, most.empc_high))
        if clv is not None:
            rules = compare_rules(churned, said, clv, offer=offer, customer_ids=customer_ids).table
            best = rules.loc["expected profit"]
            rows.append((name, "expected_profit", best["profit"], best["low"], best["high"]))
    table = pd.DataFrame(rows, columns=["model", "figure", "value", "low", "high"])
    return Comparison(table, _differences(churned, probabilities, customer_ids))


def _differences(
    churned: npt.ArrayLike, probabilities: Mapping[str, npt.ArrayLike], customer_ids: npt.ArrayLike | None
) -> pd.DataFrame:
    first, *rivals = probabilities
    read = {name: read_probabilities(churned, said) for name, said in probabilities.items()}
    labels = read[first][0]
    places = customer_places(customer_ids, rows=len(labels))
    figures = {name: _Figures.of(labels, said) for name, (_, said) in read.items()}
    signs = np.array([-1.0 if name in LESS_IS_BETTER else 1.0 for name in PAIRED])
    seen = {name: one.measure(np.ones(len(labels))) for name, one in figures.items()}
    drawn: dict[str, list[Floats]] = {name: [] for name in rivals}
    for weights in resample(places, draws=DRAWS, seed=0):
        ours = figures[first].measure(weights)
        for name in rivals:
            drawn[name].append(signs * (ours - figures[name].measure(weights)))
    rows = []
    for name in rivals:
        low, high = interval(np.array(drawn[name]))
        gain = signs * (seen[first] - seen[name])
        verdicts = np.select([low > 0, high < 0], ["better", "worse"], "same to within chance")
        rows += list(zip([name] * len(PAIRED), PAIRED, gain, low, high, verdicts, strict=True))
    return pd.DataFrame(rows, columns=["rival", "figure", "gain", "low", "high", "verdict"])


@dataclass(frozen=True)
class _Figures:
    """What a model's figures need, of any sample of the rows."""

    losses: Floats
    squared: Floats
    ranked: ranking.Ranking

    @classmethod
    def of(cls, labels: Floats, said: Floats) -> _Figures:
        score = recalibration.log_odds(said)
        return cls(
            np.logaddexp(0.0, score) - labels * score, (labels - said) ** 2, ranking.rank_rows(labels, said)
        )

    def measure(self, weights: Floats) -> Floats:
        """Return the figures of `PAIRED`."""
        counts, total = self.ranked.counts(weights), weights.sum()
        return np.array(
            [
                ranking.weighted_sum(weights, self.losses) / total,
                ranking.weighted_sum(weights, self.squared) / total,
                ranking.auc(*counts),
                ranking.average_precision(*counts),
            ]
        )
