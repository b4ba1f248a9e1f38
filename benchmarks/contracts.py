"""Is the value of customers under contract the true one? Simulated operators, whose truth is known."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date

import ibis
import numpy as np
import pandas as pd

from benchmarks.machine import describe_machine
from benchmarks.report import Result, Section, Verdict
from cxmodels.datasets.operator import Operator, Truth, simulate_operator
from cxmodels.study import ValueSettings
from cxmodels.value.contract_months import shift_months
from cxmodels.value.contract_value import ContractValue, value_contracts

AS_OF = date(2024, 6, 30)
CUSTOMERS, SMALL = 20_000, 3_000
SEEDS = 5
BACK = range(0, 25, 3)  # months before AS_OF at which customers are looked at
SETTINGS = ValueSettings(unit="month", discount_rate=0.10, horizon_days=365, seed=1)
COUNTED = ("outage", "billing_error", "late_delivery", "self_service_failure", "app_login")
WINDOW = pd.Timedelta(days=120)
MONTHS = 12
DRAWS = 10


def measure_contracts(*, seeds: int = SEEDS, customers: int = CUSTOMERS) -> Result:
    """Value the customers of `seeds` simulated operators, and hold the values to the truth."""
    rows = [_one(seed, customers=customers) for seed in range(1, seeds + 1)]
    table = pd.DataFrame(rows)
    worst = (table["total"] - 1.0).abs().max()
    verdicts = (
        Verdict("largest error of the total", float(100 * worst), 5.0, "at most", "%"),
        Verdict("least share of outcomes inside", float(100 * table["inside"].min()), 85.0, "at least", "%"),
        Verdict("largest share of outcomes inside", float(100 * table["inside"].max()), 95.0, "at most", "%"),
        Verdict(
            "log-loss over that of the best rival",
            float((table["hazard"] / table["rival"]).max()),
            1.0,
            "at most",
        ),
        Verdict("most seconds of processor", float(table["seconds"].max()), 60.0, "at most", "s"),
    )
    formats = {"total": ".4f", "slope": ".3f", "inside": ".3f", "hazard": ".4f", "rival": ".4f"}
    return Result(
        name="contracts",
        title="Is the value of customers under contract the true one?",
        sections=(
            Section(
                f"{seeds} simulated operators of {customers:,} customers, as of {AS_OF}, twelve months",
                table,
                {**formats, "seconds": ".0f"},
                note="total: predicted over true value. slope: of true on predicted means of tenths by the "
                "predicted. inside: outcomes, drawn from the truth, in the customers' own 90 % intervals. "
                "hazard, rival: log-loss a month, on the latest six, of the hazard and of the better of the "
                "sBG and of the rate of the plan's customers. seconds: of processor.",
            ),
        ),
        verdicts=verdicts,
        machine=describe_machine(),
    )


def value_operator(operator: Operator, *, back: Iterable[int] = BACK, refits: int = 8) -> ContractValue:
    """Value the customers of an operator from its tables."""
    tables = operator.tables
    frame = event_counts(tables, [shift_months(AS_OF, -months) for months in back])
    log = ibis.memtable(tables["transactions"])
    return value_contracts(frame, tables["contracts"], log, as_of=AS_OF, settings=SETTINGS, refits=refits)


def event_counts(tables: dict[str, pd.DataFrame], days: Iterable[date]) -> pd.DataFrame:
    """Make a plain snapshot frame: events and contacts counted, and what is known of the customer."""
    customers, contracts = tables["customers"].set_index("customer_id"), tables["contracts"]
    asked = tables["contacts"].query("reason != 'cancellation'")
    parts = []
    for day in map(pd.Timestamp, days):
        here = contracts[(contracts.start_date <= day) & ~(contracts.end_date <= day)].customer_id
        known = customers.reindex(here)
        frame = pd.DataFrame({"customer_id": here.to_numpy(), "as_of": day})
        for name in ("monthly_gb", "products", "region"):
            frame[name] = known[name].to_numpy()
        for kind in COUNTED:
            frame[kind] = _count(tables["events"].query("kind == @kind"), here, day)
        parts.append(frame.assign(contacts=_count(asked, here, day)))
    return pd.concat(parts, ignore_index=True).astype({"region": "category"})


def drawn_outcomes(truth: Truth, customers: pd.Index, *, draws: int, seed: int = 1) -> np.ndarray:
    """Draw what customers bring in a year, from the true hazards and margins; shape (draws, customers)."""
    first = list(truth.hazards.columns).index(pd.Timestamp(AS_OF) + pd.Timedelta(days=1))
    hazard, margin = (
        table.reindex(customers).to_numpy(dtype=float)[:, first : first + MONTHS]
        for table in (truth.hazards, truth.margins)
    )
    rng = np.random.default_rng(seed)
    discount = (1.0 + SETTINGS.discount_rate) ** -((np.arange(MONTHS) + 0.5) / 12)
    came = []
    for _ in range(draws):
        stays = np.cumprod(rng.random(hazard.shape) >= hazard, axis=1)
        there = np.hstack((np.ones((len(hazard), 1)), stays[:, :-1]))
        came.append((there * margin * discount).sum(axis=1))
    return np.array(came)


def by_tenth(value: ContractValue, truth: Truth) -> pd.DataFrame:
    """Return said and true mean value of each tenth by the said one, and the error of their difference."""
    said = value.table.set_index("customer_id")["clv"]
    true = truth.value(AS_OF, horizon_months=MONTHS).reindex(said.index)
    frame = pd.DataFrame({"said": said, "true": true, "off": said - true})
    grouped = frame.groupby(pd.qcut(said, 10, labels=False))
    return grouped.mean().assign(error=grouped["off"].std() / np.sqrt(grouped.size()))


def share_inside(value: ContractValue, truth: Truth) -> float:
    """Return the share of drawn outcomes that lie in the customers' own 90 % intervals."""
    table = value.table.set_index("customer_id")
    came = drawn_outcomes(truth, table.index, draws=DRAWS)
    inside = (came >= table["clv_low"].to_numpy()) & (came <= table["clv_high"].to_numpy())
    return float(inside.mean())


def _one(seed: int, *, customers: int) -> dict[str, float]:
    operator = simulate_operator(customers, seed=seed)
    tables, truth = operator.tables, operator.truth
    assert tables  # made before the clock starts
    start = time.process_time()
    value = value_operator(operator)
    seconds = time.process_time() - start
    tenths, loss = by_tenth(value, truth), value.hazard.check.set_index("way")["log_loss"]
    return {
        "seed": seed,
        "customers": len(value.table),
        "total": value.table["clv"].sum() / truth.value(AS_OF, horizon_months=MONTHS).sum(),
        "slope": float(np.polyfit(tenths["said"], tenths["true"], 1)[0]),
        "inside": share_inside(value, truth),
        "hazard": loss["hazard"],
        "rival": min(loss["sBG"], loss["cohort rate"]),
        "seconds": seconds,
    }


def _count(rows: pd.DataFrame, customers: pd.Series, day: pd.Timestamp) -> np.ndarray:
    """Count a customer's rows of the window before a day that were recorded by its end."""
    after = day + pd.Timedelta(days=1)
    seen = rows[(rows.recorded_at < after) & (rows.timestamp >= after - WINDOW)]
    return seen.groupby("customer_id").size().reindex(customers).fillna(0.0).to_numpy()
