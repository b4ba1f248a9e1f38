"""Who could leave on a date, and who left: by contracts and by silence."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmodels.churn.leaving import contract_ends
from cxmodels.churn.snapshots import label_of, population, snapshot_dates
from cxmodels.datasets.operator import simulate_operator
from cxmodels.study import ChurnSettings

AS_OF = date(2025, 1, 31)
# the gap ends on 10 February, the horizon on 12 March, the time to return on 17 March
SETTINGS = ChurnSettings(observation_days=60, gap_days=10, horizon_days=30, return_days=5)
KNOWN = date(2025, 3, 17)


def _contracts(*rows):
    """Make contracts of (customer, start, end or None)."""
    frame = pd.DataFrame(rows, columns=["customer_id", "start_date", "end_date"])
    frame = frame.assign(monthly_fee=10.0)
    kinds = {"customer_id": "string", "start_date": "date", "end_date": "date", "monthly_fee": "float64"}
    for column in ("start_date", "end_date"):
        frame[column] = [None if day is None else pd.Timestamp(day).date() for day in frame[column]]
    return ibis.memtable(frame, schema=kinds)


def _people(contracts, *, dates=(AS_OF,), changes=None, known_until=KNOWN):
    asked = SETTINGS.model_copy(update=changes or {})
    return population({"contracts": contracts}, dates, asked, known_until=known_until)


def _labels(found):
    return dict(zip(found.table["customer_id"], found.table["churned"], strict=True))


@pytest.mark.parametrize(
    ("end", "churned"),
    [
        ("2025-02-11", 1.0),  # first day after the gap
        ("2025-03-12", 1.0),  # last day of the horizon
        ("2025-03-13", 0.0),
        (None, 0.0),
    ],
)
def test_who_leaves_in_the_horizon_left(end, churned):
    assert _labels(_people(_contracts(("a", "2024-01-01", end)))) == {"a": churned}


@pytest.mark.parametrize("end", ["2025-02-01", "2025-02-10"])
def test_who_leaves_in_the_gap_is_left_out_and_counted(end):
    found = _people(_contracts(("a", "2024-01-01", end), ("b", "2024-01-01", None)))
    assert _labels(found) == {"b": 0.0}
    assert found.counts[["customers", "left", "stayed", "left_in_gap"]].values.tolist() == [[1, 0, 1, 1]]
    assert found.notes[0].startswith("1 times a customer left within the 10 days of the gap")


def test_who_has_no_contract_at_the_end_of_the_day_cannot_leave():
    found = _people(
        _contracts(
            ("ended that day", "2024-01-01", "2025-01-31"),
            ("begins tomorrow", "2025-02-01", None),
            ("back tomorrow", "2024-01-01", "2025-01-29"),
            ("back tomorrow", "2025-02-01", None),
            ("began that day", "2025-01-31", None),
        )
    )
    assert _labels(found) == {"began that day": 0.0}


@pytest.mark.parametrize(
    ("next_start", "churned"), [("2025-02-20", 0.0), ("2025-02-25", 0.0), ("2025-02-26", 1.0)]
)
def test_who_starts_again_in_time_has_not_left(next_start, churned):
    contracts = _contracts(("a", "2024-01-01", "2025-02-20"), ("a", next_start, None))
    assert _labels(_people(contracts)) == {"a": churned}


def test_a_short_contract_within_a_longer_one_does_not_part_it():
    contracts = _contracts(
        ("a", "2024-01-01", "2025-02-20"),
        ("a", "2025-02-22", "2025-04-30"),
        ("a", "2025-03-10", "2025-03-11"),
    )
    assert _labels(_people(contracts)) == {"a": 0.0}


def test_who_starts_again_in_time_and_then_ends_left_by_the_later_end():
    contracts = _contracts(("a", "2024-01-01", "2025-02-05"), ("a", "2025-02-08", "2025-03-01"))
    assert _labels(_people(contracts)) == {"a": 1.0}


@pytest.mark.parametrize(
    ("second", "churned"),
    [
        (("a", "2024-06-01", None), 0.0),
        (("a", "2023-01-01", "2024-12-01"), 1.0),  # long over
        (("a", "2024-06-01", "2025-02-05"), 1.0),  # ends in the gap, but the other one runs
        (("a", "2024-06-01", "2025-04-01"), 0.0),
        (("a", "2025-02-18", "2025-03-20"), 0.0),
    ],
)
def test_of_two_contracts_the_last_to_end_decides(second, churned):
    assert _labels(_people(_contracts(("a", "2024-01-01", "2025-02-15"), second))) == {"a": churned}


@pytest.mark.parametrize("end", ["2025-02-05", "2025-02-20", None])
def test_before_everything_is_over_nobody_has_a_label(end):
    found = _people(_contracts(("a", "2024-01-01", end)), known_until=KNOWN - timedelta(days=1))
    assert np.isnan(_labels(found)["a"])
    assert found.counts[["customers", "not_known"]].values.tolist() == [[1, 1]]
    assert found.counts[["left", "stayed", "left_in_gap"]].isna().all(axis=None)


def test_a_cancellation_with_notice_is_not_known_before_its_day():
    late = date(2025, 3, 20)
    contracts = _contracts(("a", "2024-01-01", "2025-04-01"))
    assert _people(contracts, dates=[late], known_until=late).counts["customers"].tolist() == [1]


def test_rows_come_in_order_of_date_and_customer():
    contracts = _contracts(("b", "2024-01-01", None), ("a", "2024-01-01", None))
    table = _people(contracts, dates=[AS_OF, date(2024, 12, 31)]).table
    assert table["customer_id"].tolist() == ["a", "b", "a", "b"]
    assert table["as_of"].is_monotonic_increasing
    assert str(table["as_of"].dtype) == "datetime64[ns]"


def test_nobody_leaving_at_all_is_said():
    assert "nothing to learn from" in _people(_contracts(("a", "2024-01-01", None))).notes[0]


def test_nobody_at_risk_is_an_error():
    with pytest.raises(ValueError, match="No customer has a contract that runs on 2025-01-31"):
        _people(_contracts(("a", "2026-01-01", None)))


def test_a_date_after_what_is_known_is_refused():
    with pytest.raises(ValueError, match="2025-04-01 lies after 2025-03-17"):
        _people(_contracts(("a", "2024-01-01", None)), dates=[date(2025, 4, 1)])


def test_neither_ends_nor_contracts_of_later_than_what_is_known_are_told():
    contracts = _contracts(
        ("ends later", "2024-01-01", "2025-03-18"),
        ("ends in time", "2024-01-01", "2025-03-17"),
        ("ends in time", "2025-03-18", None),
    )
    found = contract_ends(contracts, [AS_OF], return_days=5, known_until=KNOWN).set_index("customer_id")
    assert found["left_on"].isna().tolist() == [False, True]
    assert found.loc["ends in time", "left_on"] == pd.Timestamp("2025-03-17")


days = st.dates(date(2024, 6, 1), date(2025, 6, 30))
contract_rows = st.lists(
    st.tuples(st.sampled_from("abcd"), days, st.none() | st.integers(0, 200)), min_size=1, max_size=12
)


def _of(rows):
    return [
        (who, start, None if length is None else start + timedelta(days=length))
        for who, start, length in rows
    ]


@pytest.mark.slow
@settings(max_examples=20)
@given(rows=contract_rows, other=contract_rows, known=st.dates(date(2025, 2, 1), date(2025, 4, 30)))
def test_labels_depend_only_on_records_up_to_the_studys_date(rows, other, known):
    dates = [date(2024, 12, 31), AS_OF]
    real = [("z", date(2024, 1, 1), None), *_of(rows)]
    hidden = [
        (who, start, None if end is not None and end > known else end)
        for who, start, end in real
        if start <= known
    ]
    scrambled = [(who, start, end or known + timedelta(days=3)) for who, start, end in hidden]
    scrambled += [row for row in _of(other) if row[1] > known]
    found = [
        _people(_contracts(*log), dates=dates, known_until=known).table for log in (real, hidden, scrambled)
    ]
    pd.testing.assert_frame_equal(found[0], found[1])
    pd.testing.assert_frame_equal(found[0], found[2])


def _last_day(log, *, back):
    """Follow the contracts of one customer, one after the other; 9999-12-31 where one runs on."""
    last, before = max((end for start, end in log if start <= AS_OF < end), default=AS_OF), None
    while last != before:
        before = last
        last = max([last, *(end for start, end in log if (start - before).days <= back)])
    return last


@pytest.mark.slow
@settings(max_examples=20)
@given(rows=contract_rows, back=st.integers(0, 30))
def test_labels_are_those_of_following_each_customer_by_hand(rows, back):
    log = [("z", date(2024, 1, 1), None), *_of(rows)]
    found = _people(_contracts(*log), changes={"return_days": back}, known_until=date(2025, 12, 31))
    expected = {}
    for who in {who for who, *_ in log}:
        own = [(start, end or date.max) for one, start, end in log if one == who]
        after = (_last_day(own, back=back) - AS_OF).days
        if any(start <= AS_OF < end for start, end in own) and after > SETTINGS.gap_days:
            expected[who] = float(after <= SETTINGS.gap_days + SETTINGS.horizon_days)
    assert _labels(found) == expected


@pytest.mark.slow
@settings(max_examples=20)
@given(rows=contract_rows, later=st.integers(0, 60))
def test_a_label_once_known_never_changes(rows, later):
    contracts = _contracts(("z", date(2024, 1, 1), None), *_of(rows))
    first = _labels(_people(contracts))
    assert _labels(_people(contracts, known_until=KNOWN + timedelta(days=later))) == first


@pytest.fixture(scope="module")
def operator():
    return simulate_operator(2000, seed=11)


@pytest.mark.parametrize(("gap", "horizon", "months"), [(0, 91, (0, 3)), (31, 60, (1, 3))])
def test_the_share_leaving_is_that_of_the_simulated_truth(operator, gap, horizon, months):
    as_of = date(2023, 12, 31)
    asked = ChurnSettings(gap_days=gap, horizon_days=horizon)
    contracts = {"contracts": ibis.memtable(operator.tables["contracts"])}
    found = population(contracts, [as_of], asked, known_until=date(2024, 12, 31))
    hazards = operator.truth.hazards.loc[found.table["customer_id"]]
    place = hazards.columns.get_loc("2024-01-01")
    staying = 1.0 - hazards.iloc[:, place + months[0] : place + months[1]].to_numpy(dtype=float)
    leaving = 1.0 - staying.prod(axis=1)
    error = np.sqrt((leaving * (1.0 - leaving)).sum())
    assert abs(found.table["churned"].sum() - leaving.sum()) < 3.0 * error
    here = operator.truth.survival(as_of).index
    assert int(found.counts[["customers", "left_in_gap"]].sum(axis=1).iloc[0]) == len(here)


def _log(*rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "timestamp", "amount"])
    frame["timestamp"] = pd.to_datetime(frame["timestamp"], format="mixed")
    kinds = {"customer_id": "string", "timestamp": "timestamp(6)", "amount": "float64"}
    return ibis.memtable(frame, schema=kinds)


LAST = ("last of all", "2025-03-12 23:00", 5.0)


def _silent(*rows, dates=(AS_OF,), known_until=date(2025, 3, 12)):
    return population({"transactions": _log(*rows)}, dates, SETTINGS, known_until=known_until)


def test_only_who_bought_in_the_observation_window_can_fall_silent():
    found = _silent(
        ("first day", "2024-12-03", 5.0),
        ("day before it", "2024-12-02", 5.0),
        ("that day", "2025-01-31 23:59", 5.0),
        ("later", "2025-02-01", 5.0),
        ("only gave back", "2025-01-15", -5.0),
        LAST,
    )
    assert sorted(_labels(found)) == ["first day", "that day"]


@pytest.mark.parametrize(
    ("bought", "churned"),
    [
        ("2025-02-10", 1.0),  # in the gap only
        ("2025-02-11", 0.0),
        ("2025-03-12 18:00", 0.0),
        ("2025-03-13", 1.0),
    ],
)
def test_who_buys_nothing_in_the_horizon_left(bought, churned):
    found = _silent(("a", "2025-01-10", 5.0), ("a", bought, 5.0), LAST, known_until=date(2025, 3, 19))
    assert _labels(found)["a"] == churned


def test_a_refund_in_the_horizon_is_no_purchase():
    assert _labels(_silent(("a", "2025-01-10", 5.0), ("a", "2025-02-20", -5.0), LAST))["a"] == 1.0


def test_silence_is_not_known_before_the_horizon_is_over():
    found = _silent(("a", "2025-01-10", 5.0), ("a", "2025-02-20", 5.0), known_until=date(2025, 3, 11))
    assert np.isnan(_labels(found)["a"])


def test_a_horizon_shorter_than_the_rhythm_of_customers_is_warned_of():
    every_month = [
        (f"c{i}", day, 5.0) for i in range(9) for day in pd.date_range("2024-09-01", "2025-01-31", freq="30D")
    ]
    [means, warning] = _silent(*every_month, LAST).notes
    assert "bought in the 60 days" in means and "nothing in the 30 days after a gap of 10 days" in means
    assert "100% of the 9 active customers" in warning
    assert "median gap, 30 days" in warning
    assert "37%" in warning  # exp(-1)
    assert "churn.horizon_days = 60 or more" in warning


def test_a_horizon_as_long_as_two_gaps_is_not_warned_of():
    every_fortnight = [
        (f"c{i}", day, 5.0) for i in range(9) for day in pd.date_range("2024-09-01", "2025-03-12", freq="15D")
    ]
    assert not any("horizon" in note and "short" in note for note in _silent(*every_fortnight).notes)


def test_a_log_that_ends_early_is_said():
    notes = _silent(("a", "2025-01-10", 5.0), ("a", "2025-03-13", 5.0)).notes  # the second is not known
    assert "The last purchase is of 2025-01-10, 61 days before 2025-03-12" in notes[1]


purchases = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.datetimes(pd.Timestamp("2024-10-01"), pd.Timestamp("2025-05-31")),
        st.floats(-20, 50),
    ),
    max_size=15,
)


@pytest.mark.slow
@settings(max_examples=20)
@given(rows=purchases, other=purchases)
def test_silence_depends_only_on_purchases_up_to_the_studys_date(rows, other):
    known = date(2025, 3, 12)
    after = pd.Timestamp(known) + pd.Timedelta(days=1)
    sure = ("z", "2025-01-15", 5.0)
    early = [row for row in rows if pd.Timestamp(row[1]) < after]
    late = [row for row in other if pd.Timestamp(row[1]) >= after]
    dates = [date(2025, 1, 31), date(2025, 3, 1)]
    first = _silent(sure, *rows, dates=dates, known_until=known).table
    again = _silent(sure, *early, *late, dates=dates, known_until=known).table
    pd.testing.assert_frame_equal(first, again)


def test_contracts_come_before_silence_unless_the_study_says_otherwise():
    both = ["contracts", "transactions"]
    assert label_of(both, ChurnSettings()) == "contracts"
    assert label_of(both, ChurnSettings(label="silence")) == "silence"
    assert label_of(["transactions"], ChurnSettings()) == "silence"


@pytest.mark.parametrize(
    ("tables", "label", "needed"),
    [
        (["events"], "auto", "transactions"),
        (["transactions"], "contracts", "contracts"),
        ([], "silence", "none"),
    ],
)
def test_a_label_without_its_table_is_refused(tables, label, needed):
    with pytest.raises(ValueError, match=needed):
        label_of(tables, ChurnSettings(label=label))


def test_a_plan_gives_the_dates():
    plan = snapshot_dates(
        date(2025, 3, 17), history_start=date(2024, 6, 1), settings=SETTINGS, outcome_days=45
    )
    found = _people(_contracts(("a", "2024-01-01", None)), dates=plan)
    assert found.counts["as_of"].dt.date.tolist() == list(plan.dates)
    assert found.counts["not_known"].tolist() == [0] * (len(plan.dates) - 1) + [1]
