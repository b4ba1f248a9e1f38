"""What does expected spend become at each customer's own margin rate? Values, intervals and totals."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy.special import ndtri

from cxmodels.study import ValueSettings
from cxmodels.tables.customer_days import settled_sum
from cxmodels.tables.cut import within
from cxmodels.value.counts import Floats
from cxmodels.value.groups import Groups
from cxmodels.value.intervals import NORMAL
from cxmodels.value.margins import MarginRates, stated_days
from cxmodels.value.summary import as_frame, outcomes

POINTS = 400  # futures by which a customer's interval is moved
BLOCK = 20_000
TINY = 1e-300


@dataclass(frozen=True)
class OwnMargins:
    """Each customer's own margin rate, put to what they are expected to spend.

    Attributes
    ----------
    rates : MarginRates
        What was learned from the margin column.
    table : DataFrame
        One row a customer, in the order of the values: rate; deviation (its standard deviation); shared (the
        part of it that all customers share, through the base's rate or the study's assumption); assumed (the
        rate is the study's); spend and margin (over the rows that state a margin, currency); value (expected
        discounted net spend, currency); each (expected spend a purchase, currency); noise (standard deviation
        of what chance makes of the margin of the purchases to come, currency).
    notes : tuple of str
        How the column was used.
    """

    rates: MarginRates
    table: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...]

    def apply(self, values: pd.DataFrame, *, seed: int) -> pd.DataFrame:
        """Turn values and intervals of net spend into margin.

        Parameters
        ----------
        values : DataFrame
            One row a customer, with the value in spend: clv, clv_low, clv_high, p_alive,
            expected_purchases, total_spend, refunds.
        seed : int
            Of the futures by which intervals are moved.

        Returns
        -------
        DataFrame
            With clv, clv_low and clv_high in margin, margin_rate, and past_margin: the margin that the rows
            state, and the customer's rate on spend whose rows state none.
        """
        low, high = self._intervals(values, seed=seed)
        own, net = self.table, (values["total_spend"] - values["refunds"]).to_numpy(dtype=float)
        return values.assign(
            clv=own["rate"].to_numpy() * own["value"].to_numpy(),
            clv_low=low,
            clv_high=high,
            margin_rate=own["rate"].to_numpy(),
            past_margin=(own["margin"] + own["rate"] * (net - own["spend"])).to_numpy(),
        )

    def totals(self, spend: pd.DataFrame, grouped: Groups) -> pd.DataFrame:
        """Turn totals of net spend into totals of margin.

        Parameters
        ----------
        spend : DataFrame
            One row a group: group, customers, clv, low, high, parameter_width, outcome_width, in spend.
        grouped : Groups
            Whose names are the rows of `spend`.

        Returns
        -------
        DataFrame
            The same columns in margin. An error of the level, common to a group, goes with the group's mean
            rate; chance with its customers' own rates. Errors of rates are independent between customers but
            for the base's rate and the study's assumption, and add in quadrature (below 0 the ends turn
            round).
        """
        own, summed = self.table, grouped.sum
        rate, value = own["rate"].to_numpy(), own["value"].to_numpy()
        total, clv = summed(value), summed(rate * value)
        mean = np.divide(clv, total, out=np.zeros_like(total), where=total > 0)
        # counts that come by chance, each of the same worth: the variance goes with value × worth
        size = np.maximum(value * own["each"].to_numpy(), TINY)
        squared = summed(rate**2 * size) / np.maximum(summed(size), TINY)
        level, chance = (spend[name].to_numpy() ** 2 for name in ("parameter_width", "outcome_width"))
        of_chance = np.divide(chance, level + chance, out=np.zeros_like(total), where=level + chance > 0)
        stretch = np.sqrt((1.0 - of_chance) * mean**2 + of_chance * squared)
        luck = size * (chance / (2.0 * NORMAL) ** 2 / np.maximum(summed(size), TINY))[grouped.member]
        rates = summed((own["deviation"] ** 2 - own["shared"] ** 2) * (value**2 + luck))
        for part in (own["assumed"], ~own["assumed"]):
            rates += summed(own["shared"] * value * part) ** 2
        noise = summed(own["noise"] ** 2)
        down, up = (np.abs(spend[name].to_numpy() - total) * stretch for name in ("low", "high"))
        below, above = np.where(mean >= 0, down, up), np.where(mean >= 0, up, down)
        return spend.assign(
            clv=clv,
            low=clv - np.sqrt(below**2 + NORMAL**2 * (rates + noise)),
            high=clv + np.sqrt(above**2 + NORMAL**2 * (rates + noise)),
            parameter_width=np.sqrt(level * mean**2 + (2 * NORMAL) ** 2 * rates),
            outcome_width=np.sqrt(chance * squared + (2 * NORMAL) ** 2 * noise),
        )

    def _intervals(self, values: pd.DataFrame, *, seed: int) -> tuple[Floats, Floats]:
        """Scale the ends by the rate, and move them by what the rate's error and its noise add.

        What they add is read off futures of spend of which some bring nothing, and the others are lognormal,
        with the customer's mean and upper end.
        """
        rate = self.table["rate"].to_numpy()
        ends = np.array([rate * values[name].to_numpy(dtype=float) for name in ("clv_low", "clv_high")])
        low, high = ends.min(axis=0), ends.max(axis=0)
        level = (np.arange(POINTS) + 0.5) / POINTS
        normal = np.random.default_rng(seed).permutation(ndtri(level))
        tails = [0.05, 0.95]
        for start in range(0, len(values), BLOCK):
            rows = slice(start, start + BLOCK)
            own = {name: self.table[name].to_numpy()[rows, None] for name in ("rate", "deviation", "each")}
            spend = _futures(values.iloc[rows], level)
            bought = np.maximum(spend / np.maximum(own["each"], TINY), 1.0) * (spend > 0)
            noise = self.rates.day_noise(own["each"])
            error = np.sqrt((own["deviation"] * spend) ** 2 + bought * noise**2)
            plain = np.quantile(own["rate"] * spend, tails, axis=1)
            moved = np.quantile(own["rate"] * spend + error * normal, tails, axis=1) - plain
            low[rows] += np.minimum(moved[0], 0.0)
            high[rows] += np.maximum(moved[1], 0.0)
        return low, high


def own_margins(rates: MarginRates, values: pd.DataFrame, *, settings: ValueSettings) -> OwnMargins:
    """Say which margin rate each customer has, and put it to what they are expected to spend.

    Parameters
    ----------
    rates : MarginRates
        From `margin_rates`.
    values : DataFrame
        One row a customer: customer_id, clv (expected discounted net spend, currency), expected_purchases,
        expected_spend.
    settings : ValueSettings
        Its margin, where the study states one, holds for customers without a row that states a margin. The
        others have their own: a column is data, the setting an assumption.

    Returns
    -------
    OwnMargins
    """
    own = rates.of(values["customer_id"])
    assumed = ~own["stated"] & ("margin" in settings.model_fields_set)
    of_range = (settings.margin_high - settings.margin_low) / np.sqrt(12.0)  # of a uniform distribution
    each = values["expected_spend"].to_numpy(dtype=float)
    table = own[["spend", "margin"]].assign(
        rate=own["rate"].mask(assumed, settings.margin_mid),
        deviation=own["deviation"].mask(assumed, of_range),
        shared=((1.0 - own["credibility"]) * rates.base_deviation).mask(assumed, of_range),
        assumed=assumed,
        value=values["clv"].to_numpy(dtype=float),
        each=each,
        noise=rates.day_noise(each) * np.sqrt(values["expected_purchases"].to_numpy(dtype=float)),
    )
    return OwnMargins(rates, table, _notes(rates, own["stated"], assumed=assumed, settings=settings))


def outcomes_as_valued(
    transactions: ir.Table, values: pd.DataFrame, *, as_of: date, horizon_days: int
) -> pd.DataFrame:
    """Return what customers did after a date, counted as their past is: in margin where rows state it.

    Parameters
    ----------
    transactions : ibis Table
        Columns customer_id, timestamp, amount, and margin where it is known.
    values : DataFrame
        The table of `cxmodels.value.customer_value.value_customers` on `as_of`.
    as_of : date
        The last day that is not part of the outcome.
    horizon_days : int
        Days after `as_of` that count.

    Returns
    -------
    DataFrame
        customer_id, purchases, spend (currency): as `cxmodels.value.summary.outcomes`; where values are in
        margin of the log's own, spend is the margin that the rows state, and the rate known on `as_of` of the
        rest of the spend; of a customer who is not in `values`, the margin that the rows state.
    """
    later = outcomes(transactions, as_of=as_of, horizon_days=horizon_days).to_pandas()
    later = later[["customer_id", "purchases", "spend"]]
    if "past_margin" not in values.columns:
        return later
    window = within(transactions, as_of, as_of + timedelta(days=horizon_days))
    stated = stated_days(window)
    sums = as_frame(
        stated.group_by("customer_id").aggregate(
            stated=settled_sum(stated.spend), margin=settled_sum(stated.margin)
        )
    )
    known = (
        later[["customer_id"]].merge(sums, on="customer_id", how="left").fillna({"stated": 0, "margin": 0})
    )
    rate = values.set_index("customer_id")["margin_rate"].reindex(later["customer_id"]).fillna(0.0).to_numpy()
    return later.assign(spend=(known["margin"] + rate * (later["spend"] - known["stated"])).to_numpy())


def _notes(
    rates: MarginRates, stated: pd.Series, *, assumed: pd.Series, settings: ValueSettings
) -> tuple[str, ...]:
    notes = [
        f"The margin column is used: {rates.stated_rows:,} of {rates.rows:,} rows state a margin. The "
        f"mean rate over customers is {rates.base_rate:.1%}; each has a rate between this and that of their "
        "own record, the nearer to their own the more it says."
    ]
    without = int((~stated).sum())
    who = f"customers without a row that states one (here {without:,})"
    if "margin" in settings.model_fields_set:
        notes.append(f"The study's own margin is used only for {who}.")
    elif without:
        notes.append(f"For {who}, the base's rate is used.")
    if rates.limited_days:
        notes.append(
            "Days on which the margin is off by so many times the spend that it was limited, so that no "
            f"single row decides: {rates.limited_days:,}."
        )
    return tuple(notes)


def _futures(values: pd.DataFrame, level: Floats) -> Floats:
    """Return quantiles of each customer's spend, shape (customers, levels)."""
    mean, low, high, alive, expected = (
        values[name].to_numpy(dtype=float)[:, None]
        for name in ("clv", "clv_low", "clv_high", "p_alive", "expected_purchases")
    )
    # purchases of those alive as a Poisson count; where even the lower end is above 0, nobody brings nothing
    buys = alive * -np.expm1(-expected / np.maximum(alive, TINY))
    nothing = np.where(low > 0, 0.0, np.clip(1.0 - buys, 0.0, 1.0 - 1e-6))
    rise = np.log(np.maximum(high, TINY) * (1.0 - nothing) / np.maximum(mean, TINY))
    upper = ndtri(np.clip((0.95 - nothing) / (1.0 - nothing), 0.01, 0.99))
    # mean and upper end of a lognormal: σ²/2 − upper σ + rise = 0
    root = np.sqrt(np.maximum(upper**2 - 2.0 * rise, 0.0))
    sigma = np.clip(np.where(rise < 0, upper + root, upper - root), 0.05, 2.0)
    place = ndtri(np.clip((level - nothing) / (1.0 - nothing), 1e-6, 1.0 - 1e-6))
    spend = mean / (1.0 - nothing) * np.exp(sigma * place - sigma**2 / 2.0)
    return np.where((level > nothing) & (high > 0) & (mean > 0), spend, 0.0)
