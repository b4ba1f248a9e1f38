"""What the operator's customers live through has the consequences that it is said to have."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from cxmodels.datasets.operator import OperatorSettings, simulate_operator
from cxmodels.datasets.operator.state import FAULTS

DAY = pd.Timedelta(days=1)


def error_of_difference(first: pd.Series, second: pd.Series) -> float:
    return float(np.sqrt(first.var() / len(first) + second.var() / len(second)))


def next_contact(contacts: pd.DataFrame) -> pd.Series:
    """Days from each contact to the customer's next one about the same."""
    ordered = contacts.sort_values(["customer_id", "reason", "timestamp"])
    after = ordered.groupby(["customer_id", "reason"]).timestamp.shift(-1) - ordered.timestamp
    return (after / DAY).reindex(contacts.index)


@pytest.mark.parametrize("kind", FAULTS)
def test_contacts_rise_after_events(nordtel, kind):
    """The share of events that a contact about them follows within two days is that of the settings."""
    settings = getattr(nordtel.settings.events, kind)
    events = nordtel.tables["events"].query("kind == @kind").sort_values("timestamp")
    contacts = nordtel.tables["contacts"].query("reason == @kind").sort_values("timestamp")
    followed = pd.merge_asof(
        events,
        contacts[["customer_id", "timestamp"]].assign(contact=contacts.timestamp),
        on="timestamp",
        by="customer_id",
        direction="forward",
        tolerance=2 * DAY,
    ).contact.notna()
    weight = np.clip(np.sqrt(events.magnitude / settings.magnitude), 0.5, 3.0)
    expected = np.minimum(settings.contact * weight, 0.95).mean()
    error = np.sqrt(expected * (1 - expected) / len(events))
    # contacts about another event of the kind, and those cut off by the end, move it a little
    assert abs(followed.mean() - expected) < 4 * error + 0.03


def test_nobody_calls_about_a_fault_that_was_not(nordtel):
    contacts = nordtel.tables["contacts"].query("reason in @FAULTS").sort_values("timestamp")
    events = nordtel.tables["events"].query("kind in @FAULTS").sort_values("timestamp")
    before = pd.merge_asof(
        contacts,
        events[["customer_id", "timestamp", "kind"]].assign(event=events.timestamp),
        on="timestamp",
        left_by=["customer_id", "reason"],
        right_by=["customer_id", "kind"],
        tolerance=17 * DAY,
    ).event.notna()
    assert before.mean() > 0.99  # the others' events were recorded after the last day


def test_unsettled_contacts_are_repeated_within_a_week(nordtel):
    contacts = nordtel.tables["contacts"].query("reason == 'question'")
    again = next_contact(contacts) <= 7
    settled, unsettled = again[contacts.resolved], again[~contacts.resolved]
    assert unsettled.mean() > 0.3
    assert settled.mean() < 0.1


def test_waits_are_long_where_the_load_is(nordtel):
    waits = nordtel.tables["contacts"].set_index("timestamp").wait_minutes
    january, july = waits[waits.index.month == 1], waits[waits.index.month == 7]
    assert january.mean() - july.mean() > 4 * error_of_difference(january, july)


def answering_gap(operator):
    """Share that answers after a settled contact, less that after an unsettled one, and its error."""
    surveys = operator.tables["surveys"].query("touchpoint == 'service'").sort_values("sent_at")
    contacts = operator.tables["contacts"].query("reason != 'cancellation'").sort_values("timestamp")
    asked = pd.merge_asof(
        surveys, contacts, left_on="sent_at", right_on="timestamp", by="customer_id", tolerance=DAY
    ).dropna(subset="resolved")
    answered, resolved = asked.answered_at.notna().astype(float), asked.resolved.astype(bool)
    settled, unsettled = answered[resolved], answered[~resolved]
    return settled.mean() - unsettled.mean(), error_of_difference(settled, unsettled)


def test_answering_depends_on_mood(nordtel):
    gap, error = answering_gap(nordtel)
    assert gap > 4 * error
    deaf = replace(nordtel.settings, surveys=replace(nordtel.settings.surveys, answer_mood=0.0))
    gap, error = answering_gap(simulate_operator(3_000, settings=deaf, seed=7))
    assert abs(gap) < 3 * error


def test_scores_follow_what_was_lived_through(nordtel):
    nps = nordtel.tables["surveys"].query("metric == 'nps'").dropna(subset="score")
    faults = nordtel.tables["events"].query("kind in @FAULTS")
    pairs = nps.merge(faults[["customer_id", "timestamp"]], on="customer_id")
    recent = pairs[(pairs.timestamp < pairs.sent_at) & (pairs.timestamp > pairs.sent_at - 60 * DAY)]
    count = recent.groupby(["customer_id", "sent_at"]).size()
    count = count.reindex(pd.MultiIndex.from_frame(nps[["customer_id", "sent_at"]])).fillna(0).to_numpy()
    none, many = nps.score[count == 0], nps.score[count >= 3]
    assert none.mean() - many.mean() > 4 * error_of_difference(none, many)


def test_cancellation_contacts_happen_only_around_leaving(nordtel):
    contacts = nordtel.tables["contacts"].query("reason == 'cancellation'")
    ends = nordtel.tables["contracts"].set_index("customer_id").end_date
    before = ends.loc[contacts.customer_id].to_numpy() - contacts.timestamp.dt.normalize().to_numpy()
    assert (before >= pd.Timedelta(0)).all()
    assert (before <= (nordtel.settings.leaving.cancellation_days + 1) * DAY).all()
    left = int(ends.notna().sum())
    share = contacts.customer_id.nunique() / left
    expected = nordtel.settings.leaving.cancellation
    assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / left)


def test_hardly_anybody_leaves_while_bound_and_many_when_it_ends(nordtel):
    hazards = nordtel.truth.hazards
    contracts = nordtel.tables["contracts"].set_index("customer_id")
    month = hazards.columns.to_numpy().astype("datetime64[M]")
    until = contracts.bound_until.to_numpy().astype("datetime64[M]")[:, None]
    begun = contracts.start_date.to_numpy().astype("datetime64[M]")[:, None] <= month
    bound, ending = begun & (month < until), begun & (month == until)
    free = begun & ~bound & ~ending
    values = hazards.to_numpy()
    assert values[bound].mean() < 0.15 * values[free].mean()
    assert values[ending].mean() > 2 * values[free].mean()
    ended = contracts[contracts.end_reason != "moved"].dropna(subset=["end_date", "bound_until"])
    assert (ended.end_date >= ended.bound_until).mean() > 0.95


def test_who_leaves_because_of_service_has_had_more_faults(nordtel):
    contracts = nordtel.tables["contracts"].dropna(subset="end_date")
    faults = nordtel.tables["events"].query("kind in @FAULTS").groupby("customer_id").size()
    count = faults.reindex(contracts.customer_id).fillna(0).set_axis(contracts.index)
    service, moved = (count[contracts.end_reason == reason] for reason in ("service", "moved"))
    assert service.mean() - moved.mean() > 3 * error_of_difference(service, moved)


def test_discounts_go_to_those_at_risk_and_so_go_with_leaving(nordtel):
    """They keep customers, and yet who gets one leaves more often than the others."""
    after = 1 - nordtel.truth.survival(date(2023, 12, 31)).iloc[:, 5]
    offers = nordtel.tables["treatments"].query("assignment == 'targeted' and action == 'discount'")
    lately = offers[offers.timestamp.between("2023-07-01", "2023-12-31")].customer_id.unique()
    given = after[after.index.isin(lately)]
    others = after[~after.index.isin(lately)]
    assert given.mean() - others.mean() > 2.5 * error_of_difference(given, others)
    assert nordtel.truth.effect_of("targeted_discounts", -1.0).mean > 0


def test_without_the_hidden_confounder_nothing_depends_on_it(nordtel):
    hidden = replace(nordtel.settings, leaving=replace(nordtel.settings.leaving, hidden=5.0))
    few = simulate_operator(300, settings=hidden, seed=7)
    assert few.truth.hazards.equals(nordtel.truth.hazards.head(300))


def test_the_hidden_confounder_brings_outages_and_leaving_and_no_table_shows_it(nordtel):
    confounded = simulate_operator(3_000, settings=OperatorSettings(hidden_confounder=0.8), seed=7)
    people = confounded.truth.people
    events = confounded.tables["events"]
    outages = events[events.kind == "outage"].groupby("customer_id").size().reindex(people.index).fillna(0)
    left = confounded.tables["contracts"].set_index("customer_id").end_date.notna()
    least = 4 / np.sqrt(len(people))
    assert np.corrcoef(np.log1p(outages), people.hidden)[0, 1] > least
    assert np.corrcoef(left, people.hidden)[0, 1] > least
    for name in ("contracts", "customers"):
        numbers = confounded.tables[name].set_index("customer_id").select_dtypes("number")
        assert (numbers.corrwith(people.hidden).abs() < least).all()
    assert {name: list(table.columns) for name, table in confounded.tables.items()} == {
        name: list(table.columns) for name, table in nordtel.tables.items()
    }
