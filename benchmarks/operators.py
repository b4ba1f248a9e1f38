"""Which operators are effects measured on? Drawn at random, with their rows and what is true of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import ibis
import numpy as np
import pandas as pd

from cxmodels.datasets.operator import Operator, OperatorSettings, write_operator
from cxmodels.datasets.operator.levers import EVENT_LEVERS
from cxmodels.drivers.effects_panel import PanelPlan, effect_rows
from cxmodels.drivers.effects_rows import EffectRows
from cxmodels.study import Study

FAULTS = ("outage", "billing_error", "late_delivery", "self_service_failure")
LEVER_OF = {
    **{lever: lever for lever in EVENT_LEVERS},
    "fault_contacts": "contacts",
    "waiting": "waits",
    "unresolved_contacts": "unresolved",
}
"""Lever of the simulator that changes each driver."""
HORIZON_MONTHS = 3  # after each month of the lever, in which leaving is counted
EVERYBODY = 1_000.0  # times the rate of a rare event: nobody is left without one
CHANGES = {"waits": -0.3, "proactive_calls": EVERYBODY}
"""Change of a lever by which its true effect is told; of the others all is taken away.

What is taken away is then known to the last one: halving the chance that a contact stays unsettled takes away
more than half of these, as fewer are repeated. A minute of waiting counts less the more there are, so that of
waiting the study's own change is asked about; and a call is given to everybody, as the study has it.
"""


def drawn_settings(seed: int, *, hidden: float = 0.0) -> tuple[OperatorSettings, str]:
    """Draw settings within realistic bounds, and one fault that does nothing at all."""
    rng = np.random.default_rng((seed, 77))
    base = OperatorSettings(hidden_confounder=hidden)
    null = str(rng.choice(FAULTS[1:]))
    kinds = {}
    for name in (*FAULTS, "app_login", "proactive_call"):
        one = getattr(base.events, name)
        drawn = replace(
            one,
            rate=one.rate * rng.uniform(0.7, 1.5),
            usage=one.usage * rng.uniform(0.5, 1.2),
            loyalty=one.loyalty * rng.uniform(0.6, 1.2),
            impact=one.impact * rng.uniform(0.6, 1.4),
            contact=min(one.contact * rng.uniform(0.6, 1.3), 0.95),
        )
        kinds[name] = replace(drawn, impact=0.0, contact=0.0) if name == null else drawn
    service = replace(
        base.service,
        wait_minutes=base.service.wait_minutes * rng.uniform(0.7, 1.6),
        wait_impact=base.service.wait_impact * rng.uniform(0.7, 1.5),
        unresolved=rng.uniform(0.18, 0.35),
        unresolved_impact=base.service.unresolved_impact * rng.uniform(0.7, 1.3),
    )
    leaving = replace(
        base.leaving,
        base=base.leaving.base + rng.uniform(-0.2, 0.3),
        loyalty=base.leaving.loyalty * rng.uniform(0.6, 1.2),
        mood=base.leaving.mood * rng.uniform(0.8, 1.3),
        mood_kept=rng.uniform(0.65, 0.8),
    )
    people = replace(base.people, usage_loyalty=rng.uniform(0.4, 0.8))
    events = replace(base.events, **kinds)
    return replace(base, events=events, service=service, leaving=leaving, people=people), null


def rows_of(
    study: Study, settings: OperatorSettings, *, customers: int, seed: int, plan: PanelPlan | None = None
) -> EffectRows:
    """Make the tables of an operator, and the rows from which the study's effects are estimated."""
    with tempfile.TemporaryDirectory(prefix="effects-") as folder:
        write_operator(Path(folder), customers, settings=settings, seed=seed)
        engine = ibis.duckdb.connect()
        tables = {path.stem: engine.read_parquet(path) for path in Path(folder).glob("*.parquet")}
        rows = effect_rows(tables, study, plan=plan)
        engine.disconnect()
    return rows


def true_effect(operator: Operator, lever: str, dates: Iterable[pd.Timestamp]) -> float:
    """Return the true effect of one more of what a lever multiplies: its total over months, per unit.

    Parameters
    ----------
    operator
        Simulated.
    lever
        Of the simulator.
    dates
        Ends of the months in which the lever is changed, one after the other: those from which the effect is
        estimated, since effects differ from month to month by a quarter and more.
    """
    share = CHANGES.get(lever, -1.0)
    change, units = 0.0, 0.0
    for end in pd.to_datetime(list(dates)):
        start = end - pd.offsets.MonthEnd(1)
        found = operator.truth.effect_of(
            lever, share, since=start.date(), until=end.date(), horizon_months=HORIZON_MONTHS + 1
        )
        there = found.table.index
        hazard = operator.truth.hazards.loc[there, start + pd.Timedelta(days=1)]
        # among those still there at the end of the month
        change += len(there) * found.mean / (1.0 - float(hazard.mean()))
        met = _units(operator, lever, start, end, there)
        units += len(there) * (1.0 - met if share == EVERYBODY else share * met)
    return change / units


def _units(
    operator: Operator, lever: str, start: pd.Timestamp, end: pd.Timestamp, customers: pd.Index
) -> float:
    """Return how much of what the lever multiplies a customer met in the month, on average."""
    log = operator.tables["events" if lever in EVENT_LEVERS else "contacts"]
    day = pd.Timedelta(days=1)
    log = log[(log.timestamp >= start + day) & (log.timestamp < end + day) & log.customer_id.isin(customers)]
    if lever in EVENT_LEVERS:
        return float((log["kind"] == EVENT_LEVERS[lever]).sum()) / len(customers)
    log = log[log["reason"] != "cancellation"].sort_values("timestamp")
    matter = log.groupby(["customer_id", "reason"])
    # only what was left unsettled is asked again: another contact within the week is of another fault
    again = (matter["timestamp"].diff() <= pd.Timedelta(days=7)) & matter["resolved"].shift().eq(False)
    total = {
        "contacts": float((log["reason"].isin(FAULTS) & ~again).sum()),
        "waits": float(log["wait_minutes"].sum()),
        "unresolved": float((~log["resolved"]).sum()),
    }[lever]
    return total / len(customers)
