"""No NaN, no infinity, no exception: every model on every awkward customer base and every real one."""

from __future__ import annotations

import warnings
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from cxmodels.value.lifetime import Terms, estimate_value
from cxmodels.value.purchases import MODELS, fit_purchases
from cxmodels.value.spend import SPEND_MODELS, fit_spend
from cxmodels.value.summary import summarise
from cxmodels.value.uncertainty import group_totals, value_intervals


def customers(frequency, recency, T, monetary_value):
    frame = pd.DataFrame(
        {"frequency": frequency, "recency": recency, "T": T, "monetary_value": monetary_value}
    )
    return frame.assign(
        total_spend=(frame.frequency + 1) * np.where(frame.frequency > 0, frame.monetary_value, 10.0),
        refunds=0.0,
    )


def usual(n, seed=5):
    rng = np.random.default_rng(seed)
    x = rng.negative_binomial(0.6, 0.25, n)
    age = rng.integers(1, 100, n).astype(float)
    recency = np.where(x > 0, age * rng.beta(2, 1, n), 0.0)
    return x, recency, age, np.where(x > 0, rng.gamma(3.0, 10.0, n), 0.0)


def awkward():
    x, t_x, age, m = usual(400)
    many = x + np.where(np.arange(400) % 40 == 0, 1_200, 0)
    yield "one customer, once", customers([0], [0.0], [30.0], [0.0])
    yield "one customer, today", customers([0], [0.0], [0.0], [0.0])
    yield "one customer, again", customers([5], [25.0], [30.0], [12.0])
    yield "two customers", customers([1, 0], [3.0, 0.0], [9.0, 9.0], [12.0, 0.0])
    yield (
        "all one-time buyers",
        customers(np.zeros(300), np.zeros(300), np.linspace(0, 90, 300), np.zeros(300)),
    )
    yield "all the same spend", customers(x, t_x, age, np.where(x > 0, 25.0, 0.0))
    yield (
        "frequency above 1,000",
        customers(many, np.where(many > 0, np.maximum(t_x, age * 0.99), 0.0), age, m + 1.0),
    )
    yield "all repeats on the last day", customers(x, np.where(x > 0, age, 0.0), age, m)
    yield "all the same history", customers([3] * 80, [20.0] * 80, [26.0] * 80, [15.0] * 80)
    yield "amounts of a billion", customers(x, t_x, age, m * 1e8)
    yield "amounts of a cent", customers(x, t_x, age, np.where(x > 0, 0.01, 0.0))
    yield "a cent and a billion", customers(x, t_x, age, np.where(x > 0, np.where(m > 30, 1e9, 0.01), 0.0))
    yield "free repeats", customers(x, t_x, age, np.zeros(400))


def check(summary, *, unit="week", models=tuple(MODELS), spends=("gamma-gamma",)):
    terms = Terms(horizon_days=365, discount_rate=0.1, margin=(0.2, 0.4))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        for spend_name in spends:
            spend = fit_spend(summary, model=spend_name)
            for model in models:
                purchases = fit_purchases(summary, model=model, unit=unit)
                value = estimate_value(summary, purchases, spend, terms=terms)
                bounds = value_intervals(summary, purchases, spend, terms=terms, draws=60)
                total = group_totals(summary, purchases, spend, terms=terms).drop(columns="group")
                for name, found in (("value", value), ("bounds", bounds), ("total", total)):
                    assert np.isfinite(found.to_numpy(dtype=float)).all(), (model, spend_name, name)
                    assert (found.to_numpy(dtype=float) >= 0).all(), (model, spend_name, name)
                assert (value.p_alive <= 1).all()
                assert (bounds.clv_low <= bounds.clv_high).all()
                assert np.isfinite(purchases.log_likelihood)
                # nobody is forecast to buy more than a hundred times as fast as the fastest so far
                fastest = (
                    ((summary.frequency + 1) / (summary["T"] + 1)).max() * 365 / {"week": 7, "day": 1}[unit]
                )
                assert (value.expected_purchases <= 100 * fastest).all(), model


@pytest.mark.parametrize(("name", "summary"), list(awkward()), ids=[name for name, _ in awkward()])
def test_awkward_customers(name, summary):
    check(summary, spends=SPEND_MODELS if len(summary) < 3 or "cent" in name else ("gamma-gamma",))


def test_cdnow_in_weeks(cdnow_weeks):
    check(cdnow_weeks)


@pytest.mark.slow
def test_cdnow_master_in_days(cdnow_master):
    check(summarise(cdnow_master, as_of=date(1998, 6, 30), unit="day").to_pandas(), unit="day")


@pytest.mark.slow
@pytest.mark.parametrize("month", range(1, 13))
def test_online_retail_at_every_month_end(online_retail, month):
    as_of = date(2011 + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    check(summarise(online_retail, as_of=as_of).to_pandas())


def test_online_retail_in_its_first_days(online_retail):
    check(summarise(online_retail, as_of=date(2010, 12, 2)).to_pandas(), models=("bg-nbd", "mbg-nbd"))


@pytest.mark.slow
@pytest.mark.parametrize("as_of", [date(2017, 3, 31), date(2017, 12, 31)])
def test_complete_journey_households_that_shop_every_other_day(complete_journey, as_of):
    summary = summarise(complete_journey, as_of=as_of, unit="day").to_pandas()
    assert summary.frequency.max() > 50
    check(summary, unit="day")
