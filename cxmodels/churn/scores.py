"""How good are these probabilities of leaving? The same figures for every model, each with its interval."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.churn import ranking, recalibration
from cxmodels.churn.labels import read_numbers, read_probabilities
from cxmodels.churn.resampling import DRAWS, customer_places, interval, rate_interval, resample
from cxmodels.value.counts import Floats, Integers

DECILES = 10
DECILE_CELLS = 200  # of predicted log odds, where a decile has more different ones
FIGURES = (
    "log_loss",
    "brier",
    "calibration_slope",
    "calibration_intercept",
    "auc",
    "average_precision",
    "top_tenth_lift",
)


@dataclass(frozen=True)
class ChurnScores:
    """Figures of how well probabilities of leaving foretold who left.

    Attributes
    ----------
    table : DataFrame
        Indexed by figure, with value, low, high (90 % interval over customers): log_loss (nats a row), brier
        (mean squared error), calibration_slope (1 is right, below 1 too extreme), calibration_intercept (0
        is right, above 0 more left than was said), auc, average_precision, top_tenth_lift (times as many
        leavers in the tenth scored highest as in all).
    tenths : DataFrame
        For the calibration figure. By predicted probability: tenth (1 is highest), rows, predicted (mean
        probability), observed (share that left), low, high (90 % interval of observed).
    value_deciles : DataFrame or None
        By the customers' value: decile (1 is highest), rows, value (mean, currency), predicted, observed,
        low, high, slope, slope_low, slope_high, intercept, intercept_low, intercept_high (NaN where a decile
        cannot tell, infinite where its scores tell all apart). None where no value was given.
    rows, customers, leavers : int
        Rows scored, distinct customers, and rows that left.
    bounded : int
        Rows with a probability nearer to 0 or 1 than 1e-6, which count as 1e-6 away in log-loss, slope and
        intercept.
    """

    table: pd.DataFrame
    tenths: pd.DataFrame = field(repr=False)
    value_deciles: pd.DataFrame | None = field(repr=False)
    rows: int
    customers: int
    leavers: int
    bounded: int


@dataclass(frozen=True)
class _Material:
    """What all samples share: losses of the rows, their order, and their cells, whole and in groups."""

    squared: Floats
    losses: Floats
    ranked: ranking.Ranking
    groupings: dict[str, recalibration.Cells]


@dataclass(frozen=True)
class _Samples:
    """Figures of the data or of bootstrap samples; by grouping, who left and all rows in each cell."""

    figures: Floats
    left: dict[str, Floats]
    rows: dict[str, Floats]

    def rates(self, grouping: str) -> Floats:
        """Return the share that left, shape (samples, groups); NaN in an empty group."""
        left, rows = self.left[grouping].sum(axis=2), self.rows[grouping].sum(axis=2)
        return np.divide(left, rows, out=np.full_like(left, np.nan), where=rows > 0)

    def calibration(self, grouping: str, cells: recalibration.Cells) -> tuple[Floats, Floats]:
        """Return slope and intercept, each of shape (samples, groups)."""
        samples, groups, size = self.left[grouping].shape
        left, rows = (one[grouping].reshape(-1, size) for one in (self.left, self.rows))
        x = np.broadcast_to(cells.log_odds, (samples, groups, size)).reshape(-1, size)
        fits = (recalibration.fit_slope(left, rows, x), recalibration.fit_intercept(left, rows, x))
        return fits[0].reshape(samples, groups), fits[1].reshape(samples, groups)


def score_churn(
    churned: npt.ArrayLike,
    probability: npt.ArrayLike,
    *,
    customer_ids: npt.ArrayLike | None = None,
    value: npt.ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> ChurnScores:
    """Score probabilities of leaving against who left.

    Parameters
    ----------
    churned : array_like of bool or 0/1, shape (rows,)
        Whether the customer left within the horizon.
    probability : array_like of float, shape (rows,)
        What the model said, 0 to 1.
    customer_ids : array_like, shape (rows,), optional
        Whose row it is. Rows of one customer are drawn together. Default: every row is another customer.
    value : array_like of float, shape (rows,), optional
        What the customer is worth (clv, currency), for the figures by value decile.
    draws : int
        Bootstrap samples behind the intervals.
    seed : int
        Same seed, same intervals.

    Returns
    -------
    ChurnScores

    Raises
    ------
    ValueError
        Where labels or probabilities are missing or impossible, all rows have the same label, or lengths
        differ.

    Notes
    -----
    Slope: Cox 1958, Biometrika 45, "Two further applications of a model for binary regression". Intercept,
    with the slope held at 1: Van Calster et al. 2019, BMC Medicine 17. Score of probabilities: Brier 1950,
    Monthly Weather Review 78. AUC: Hanley & McNeil 1982, Radiology 143. The slope comes from at most
    1,000 cells of predicted log odds, which moves it by far less than chance does. Intervals are the 5 % and
    95 % quantiles over bootstrap samples of customers; with few leavers (below about 50) they are too narrow.

    Examples
    --------
    >>> scores = score_churn([0, 1, 0, 1], [0.1, 0.9, 0.2, 0.1], draws=50)
    >>> scores.table["value"].round(3).loc[["auc", "brier"]].tolist()
    [0.625, 0.218]
    """
    labels, said = read_probabilities(churned, probability)
    places = customer_places(customer_ids, rows=len(labels))
    worth = None if value is None else read_numbers(value, rows=len(labels), name="value")
    groups = {"tenth": by_tenth(said)} | ({} if worth is None else {"decile": by_tenth(worth)})
    material = _prepare(labels, said, groups)
    seen = _collect(material, [np.ones(len(labels))])
    drawn = _collect(material, resample(places, draws=draws, seed=seed))
    deciles = None
    if worth is not None:
        deciles = _by_value(
            material, seen, drawn, means={"value": worth, "predicted": said}, group=groups["decile"]
        )
    return ChurnScores(
        table=_overall(material, seen, drawn),
        tenths=_by_group("tenth", seen, drawn, means={"predicted": said}, group=groups["tenth"]),
        value_deciles=deciles,
        rows=len(labels),
        customers=int(places.max()) + 1,
        leavers=int(labels.sum()),
        bounded=int((np.minimum(said, 1.0 - said) < recalibration.CERTAIN).sum()),
    )


def by_tenth(amount: Floats) -> Integers:
    """Return the tenth of each row by amount, from 0 for the highest; rows with equal amounts stay together.

    Examples
    --------
    >>> by_tenth(np.array([5.0, 9.0, 5.0, 1.0])).tolist()
    [3, 0, 3, 7]
    """
    n = len(amount)
    _, where, counted = np.unique(-amount, return_inverse=True, return_counts=True)
    before = np.cumsum(counted) - counted
    # a run of equal amounts belongs where its middle falls
    middle = before + (counted - 1) / 2
    return (np.floor(middle * DECILES / n).astype(np.int64))[where]


def _prepare(labels: Floats, said: Floats, groups: dict[str, Integers]) -> _Material:
    predicted = recalibration.log_odds(said)
    clipped = np.clip(said, recalibration.CERTAIN, 1.0 - recalibration.CERTAIN)
    sizes = {"tenth": 1, "decile": DECILE_CELLS}
    return _Material(
        squared=(labels - said) ** 2,
        losses=-np.log(np.where(labels == 1.0, clipped, 1.0 - clipped)),
        ranked=ranking.rank_rows(labels, said),
        groupings={"all": recalibration.count_cells(labels, predicted)}
        | {
            name: recalibration.count_cells(labels, predicted, groups=group, cells=sizes[name])
            for name, group in groups.items()
        },
    )


def _collect(material: _Material, weightings: Iterable[Floats]) -> _Samples:
    figures = []
    counts: dict[str, list[tuple[Floats, Floats]]] = {name: [] for name in material.groupings}
    for weights in weightings:
        ranked, total = material.ranked.counts(weights), weights.sum()
        figures.append(
            (
                ranking.weighted_sum(weights, material.losses) / total,
                ranking.weighted_sum(weights, material.squared) / total,
                ranking.auc(*ranked),
                ranking.average_precision(*ranked),
                ranking.top_tenth_lift(*ranked),
            )
        )
        for name, cells in material.groupings.items():
            counts[name].append(cells.counts(weights))
    return _Samples(
        figures=np.array(figures),
        left={name: np.array([one[0] for one in each]) for name, each in counts.items()},
        rows={name: np.array([one[1] for one in each]) for name, each in counts.items()},
    )


def _overall(material: _Material, seen: _Samples, drawn: _Samples) -> pd.DataFrame:
    """Put figures of order and of calibration together, in the order of `FIGURES`."""
    whole = []
    for samples in (seen, drawn):
        slope, intercept = samples.calibration("all", material.groupings["all"])
        whole.append(np.hstack((samples.figures[:, :2], slope, intercept, samples.figures[:, 2:])))
    low, high = interval(whole[1])
    return pd.DataFrame(
        {"value": whole[0][0], "low": low, "high": high}, index=pd.Index(FIGURES, name="figure")
    )


def _by_group(
    name: str, seen: _Samples, drawn: _Samples, *, means: dict[str, Floats], group: Integers
) -> pd.DataFrame:
    """Return one row a group that is not empty: rows, means, and the share that left with its interval."""
    observed, rows = seen.rates(name)[0], seen.rows[name].sum(axis=2)[0]
    here = np.flatnonzero(rows > 0)
    low, high = rate_interval(observed[here], rows[here], drawn.rates(name)[:, here])
    columns = {
        column: np.bincount(group, amount, minlength=len(rows))[here] / rows[here]
        for column, amount in means.items()
    }
    return pd.DataFrame(
        {name: here + 1, "rows": rows[here].astype(int)}
        | columns
        | {"observed": observed[here], "low": low, "high": high}
    )


def _by_value(
    material: _Material, seen: _Samples, drawn: _Samples, *, means: dict[str, Floats], group: Integers
) -> pd.DataFrame:
    table = _by_group("decile", seen, drawn, means=means, group=group)
    here, cells = table["decile"].to_numpy() - 1, material.groupings["decile"]
    names = ("slope", "intercept")
    fits = zip(names, seen.calibration("decile", cells), drawn.calibration("decile", cells), strict=True)
    for name, point, samples in fits:
        low, high = interval(samples[:, here])
        table[name], table[f"{name}_low"], table[f"{name}_high"] = point[0, here], low, high
    return table
