"""Which lever is worth most? Value at stake, mean |SHAP| and a model's what-if, beside the truth."""

from __future__ import annotations

from dataclasses import dataclass

import lightgbm
import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from benchmarks.operators import EVERYBODY, LEVER_OF
from benchmarks.report import Verdict
from cxmodels.datasets.operator.truth import Truth
from cxmodels.drivers.effects import Effects
from cxmodels.drivers.effects_rows import EffectRows
from cxmodels.drivers.grade import Evidence
from cxmodels.drivers.stake import change_of, value_at_stake
from cxmodels.study import DriverSettings
from cxmodels.value.boosting import COMMON, PLAIN, predict
from cxmodels.value.intervals import NORMAL

TREES = 200
DRAWS = 500
WAYS = {
    "value at stake": "found",
    "the same, whatever the grade": "ungraded",
    "mean |SHAP|": "shap",
    "model what-if": "what_if",
}
"""Rankings that are compared with the truth, by the column that they rank."""
WITH_ERRORS, OF_HALF = "the truth with our errors", "the truth of half the customers"
RANKINGS = [*WAYS, WITH_ERRORS, OF_HALF]
NOTE = (
    "Spearman's rank correlation with the truth over the drivers that the simulator can change, with "
    "those that do nothing, by size whatever the sign, as the table of drivers orders. Truth: the study's "
    "change for all of the next year, a customer's change of leaving in it times the margin expected of "
    "them in it. The model: LightGBM on all that the effects are estimated from. The last two say what "
    "near ties allow: an estimate without bias that errs as much as ours says it does, and the truth of "
    "one half of the customers held to that of the other."
)


@dataclass(frozen=True)
class Today:
    """The customers of the latest date, and a model of who of them leaves.

    Attributes
    ----------
    rows : EffectRows
    here : ndarray of bool, shape (rows,)
        Rows of the latest date.
    features : DataFrame, shape (rows, features)
        What a churn model sees: what was known before the window, and the drivers in it.
    model : Booster
        Learned from the dates before.
    """

    rows: EffectRows
    here: np.ndarray
    features: pd.DataFrame
    model: lightgbm.Booster

    @classmethod
    def of(cls, rows: EffectRows, *, seed: int) -> Today:
        """Learn the model."""
        here = (rows.date == rows.date.max()).to_numpy()
        background = rows.background.apply(
            lambda column: column.cat.codes if isinstance(column.dtype, pd.CategoricalDtype) else column
        )
        features = pd.concat([background, rows.values.fillna(0.0)], axis=1).astype(float)
        # all rows, since the package's own training draws 60,000: a rival should have what we have
        data = lightgbm.Dataset(features[~here].to_numpy(), label=rows.left[~here])
        settings = {**COMMON, **PLAIN, "objective": "binary", "seed": seed}
        model = lightgbm.train(settings, data, num_boost_round=TREES)
        return cls(rows, here, features, model)

    @property
    def customers(self) -> pd.Index:
        """Who they are."""
        return pd.Index(self.rows.customer_id[self.here])

    @property
    def values(self) -> pd.DataFrame:
        """Their drivers."""
        return self.rows.values[self.here].reset_index(drop=True)

    def chance(self, changes: pd.DataFrame | None = None) -> np.ndarray:
        """Return the model's probability of leaving, as it is or with drivers changed by so much."""
        asked = self.features[self.here]
        if changes is not None:
            asked = asked.assign(**{name: asked[name] + changes[name].to_numpy() for name in changes})
        return predict(self.model, asked)

    def shap_sizes(self) -> pd.Series:
        """Return the mean size of each feature's SHAP value."""
        found = self.model.predict(self.features[self.here].to_numpy(), pred_contrib=True, num_threads=1)
        return pd.Series(np.abs(found[:, :-1]).mean(axis=0), index=self.features.columns)


def stakes_of(rows: EffectRows, effects: Effects, truth: Truth, *, seed: int) -> pd.DataFrame:
    """Return what is at stake with each lever: in truth, as found, and as two rivals have it.

    Parameters
    ----------
    rows, effects
        What was estimated, and from what.
    truth
        Of the same operator.
    seed
        Of the rivals' model.

    Returns
    -------
    DataFrame
        One row a driver: seed, driver, true, true_half and true_other (of every other customer and of the
        rest), found, ungraded, error (its standard error), shap, what_if, grade. All but `shap` in currency.
    """
    today = Today.of(rows, seed=seed)
    values, chance, sizes = today.values, today.chance(), today.shap_sizes()
    parts = []
    clv = np.zeros(len(values))
    for one in (each for each in rows.drivers if each.name in LEVER_OF):
        kept, clv = _kept(truth, one, today)
        changed = today.chance(pd.DataFrame({one.name: change_of(values[one.name], one.change)}))
        half = np.arange(len(kept)) % 2 == 0
        parts.append(
            {
                "seed": seed,
                "driver": one.name,
                "true": kept.sum(),
                "true_half": kept[half].sum(),
                "true_other": kept[~half].sum(),
                "shap": sizes[one.name],
                "what_if": float(((chance - changed) * clv).sum()),
            }
        )
    found = pd.DataFrame(parts)
    everything = dict.fromkeys(effects.evidence, Evidence("adjusted", ()))
    asked = {"values": values, "clv": clv, "chance": chance, "horizon_days": rows.horizon_days}
    graded, all_of_them = (
        value_at_stake(effects.table, evidence, rows.drivers, **asked)
        .set_index("driver")
        .loc[found["driver"]]
        .fillna(0.0)
        for evidence in (effects.evidence, everything)
    )
    return found.assign(
        found=graded["value_at_stake"].to_numpy(),
        ungraded=all_of_them["value_at_stake"].to_numpy(),
        error=((all_of_them["stake_high"] - all_of_them["stake_low"]) / (2 * NORMAL)).to_numpy(),
        grade=[effects.evidence[name].grade for name in found["driver"]],
    )


def _kept(truth: Truth, driver: DriverSettings, today: Today) -> tuple[np.ndarray, np.ndarray]:
    """Return what the study's change would keep of each customer in the next year, and what each is worth."""
    have = today.values[driver.name].fillna(0.0).to_numpy(dtype=float)
    moved = change_of(have, driver.change)
    # one more for everybody: so often that nobody is without; otherwise the share that is taken away or added
    share = EVERYBODY if (moved > 0).all() else float(moved.sum() / have.sum())
    day = today.rows.date.max().date()
    found = truth.effect_of(LEVER_OF[driver.name], share, since=day, horizon_months=12).table
    found = found.reindex(today.customers)
    clv = found["value"].fillna(0.0).to_numpy()
    return -found["effect"].fillna(0.0).to_numpy() * clv, clv


def rank_correlations(stakes: pd.DataFrame) -> pd.DataFrame:
    """Return each ranking's correlation with the truth, by seed.

    Parameters
    ----------
    stakes
        From `stakes_of`, of one seed or more.

    Returns
    -------
    DataFrame
        One row a seed, one column for each of `RANKINGS`.
    """
    return pd.DataFrame(
        [{"seed": seed, **_of_seed(some.set_index("driver"))} for seed, some in stakes.groupby("seed")]
    )


def _of_seed(stakes: pd.DataFrame) -> dict[str, float]:
    rng = np.random.default_rng(1)
    true = stakes["true"].to_numpy()
    noise = rng.normal(size=(DRAWS, len(true))) * stakes["error"].to_numpy()
    found = {way: _rank(stakes[column], true) for way, column in WAYS.items()}
    again = float(np.median([_rank(true + one, true) for one in noise]))
    halves = _rank(stakes["true_half"], stakes["true_other"])
    return {**found, WITH_ERRORS: again, OF_HALF: halves}


def _rank(one: pd.Series | np.ndarray, other: pd.Series | np.ndarray) -> float:
    return float(spearmanr(np.abs(one), np.abs(other)).statistic)


def summarise(ranks: pd.DataFrame) -> pd.DataFrame:
    """Return the median and the least over seeds of each ranking's correlation with the truth."""
    return pd.DataFrame(
        {"ranking": RANKINGS, "median": ranks[RANKINGS].median(), "least": ranks[RANKINGS].min()}
    ).reset_index(drop=True)


def verdict(ranks: pd.DataFrame) -> Verdict:
    """Hold the value at stake to its goal."""
    median = float(ranks["value at stake"].median())
    return Verdict("rank correlation of value at stake with the truth", median, 0.9, "at least")
