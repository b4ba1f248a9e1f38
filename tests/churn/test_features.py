"""What was known of each customer on each date."""

from __future__ import annotations

import re
import warnings
from datetime import date, timedelta
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmodels.churn.features import plan_snapshots, snapshot_frame
from cxmodels.churn.leaks import LeakError, refuse_leaks
from cxmodels.churn.snapshots import ShortHistory
from cxmodels.churn.standing import attribute_features, contract_features
from cxmodels.datasets.operator import simulate_operator
from cxmodels.study import Study, read_study
from cxmodels.tables import open_tables

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = {
    "customer_id": "string",
    "start_date": "date",
    "end_date": "date",
    "monthly_fee": "float64",
    "plan": "string",
    "bound_until": "date",
}


def _contracts(*rows):
    """Make contracts of (customer, start, end, fee, plan, bound until)."""
    frame = pd.DataFrame(rows, columns=list(CONTRACT))
    for column in ("start_date", "end_date", "bound_until"):
        frame[column] = [None if day is None else pd.Timestamp(day).date() for day in frame[column]]
    return ibis.memtable(frame, schema=CONTRACT)


def _on(*days, who=("a",)):
    rows = [(one, pd.Timestamp(day)) for day in days for one in who]
    return pd.DataFrame(rows, columns=["customer_id", "as_of"])


def test_a_running_contract_tells_tenure_fee_plan_and_binding():
    contracts = _contracts(("a", "2024-01-01", None, 30.0, "fibre", "2025-01-01"))
    first, second = contract_features(contracts, _on("2024-12-31", "2025-03-02")).to_dict("records")
    assert (first["tenure_days"], first["monthly_fee"], first["plan"]) == (365.0, 30.0, "fibre")
    assert (first["bound_days_left"], first["earlier_contracts"]) == (1.0, 0.0)
    assert first["months_since_bound"] == 0.0
    assert second["bound_days_left"] == 0.0
    assert second["months_since_bound"] == pytest.approx(60 / 30.4375)


def test_two_running_contracts_add_their_fees_and_the_newest_names_the_plan():
    contracts = _contracts(
        ("a", "2024-01-01", None, 30.0, "fibre", "2025-01-01"),
        ("a", "2024-06-01", None, 12.0, "mobile", "2025-06-01"),
    )
    [found] = contract_features(contracts, _on("2024-12-31")).to_dict("records")
    assert (found["monthly_fee"], found["plan"], found["tenure_days"]) == (42.0, "mobile", 365.0)
    assert found["bound_days_left"] == 152.0


@pytest.mark.parametrize(("return_days", "tenure"), [(0, 30.0), (9, 30.0), (10, 365.0)])
def test_tenure_goes_on_where_the_next_contract_follows_in_time(return_days, tenure):
    contracts = _contracts(
        ("a", "2024-01-01", "2024-11-21", 30.0, "old", None), ("a", "2024-12-01", None, 40.0, "new", None)
    )
    [found] = contract_features(contracts, _on("2024-12-31"), return_days=return_days).to_dict("records")
    assert (found["tenure_days"], found["earlier_contracts"], found["plan"]) == (tenure, 1.0, "new")


def test_a_customer_without_a_contract_has_none_of_it():
    contracts = _contracts(
        ("gone", "2024-01-01", "2024-06-30", 30.0, "fibre", None),
        ("later", "2025-01-01", None, 1.0, "x", None),
    )
    found = contract_features(contracts, _on("2024-12-31", who=("later", "gone", "never")))
    assert found[["tenure_days", "monthly_fee", "plan", "bound_days_left"]].isna().all(axis=None)
    np.testing.assert_array_equal(found["earlier_contracts"], [np.nan, 1.0, np.nan])


def test_contracts_may_lack_plan_and_binding():
    contracts = _contracts(("a", "2024-01-01", None, 30.0, "", None)).drop("plan", "bound_until")
    found = contract_features(contracts, _on("2024-12-31"))
    assert list(found) == ["tenure_days", "monthly_fee", "earlier_contracts"]


days = st.dates(date(2024, 1, 1), date(2025, 6, 30))
rows = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        days,
        st.none() | st.integers(0, 300),
        st.floats(1, 90),
        st.sampled_from(["x", "y"]),
        st.none() | days,
    ),
    min_size=1,
    max_size=10,
)


def _of(log):
    return [
        (who, start, None if length is None else start + timedelta(days=length), *rest)
        for who, start, length, *rest in log
    ]


@pytest.mark.slow
@settings(max_examples=20)
@given(log=rows, other=rows, as_of=st.dates(date(2024, 3, 1), date(2025, 3, 1)), back=st.integers(0, 30))
def test_contract_features_depend_only_on_what_was_known_on_the_date(log, other, as_of, back):
    log = _of(log)
    known = [
        (who, start, None if end is not None and end > as_of else end, *rest)
        for who, start, end, *rest in log
        if start <= as_of
    ]
    # after the date anything may come: other ends, and other contracts
    changed = [(who, start, end or as_of + timedelta(days=1), *rest) for who, start, end, *rest in known]
    changed += [row for row in _of(other) if row[1] > as_of]
    people = _on(as_of, who=("a", "b", "c"))
    alone = contract_features(_contracts(*known), people, return_days=back) if known else None
    for more in (log, changed):
        # a later date in the same call lets the engine see what comes after
        both = pd.concat([people, _on(date(2025, 12, 31), who=("a",))], ignore_index=True)
        found = contract_features(_contracts(*more), both, return_days=back).iloc[:3] if more else None
        if alone is not None:
            pd.testing.assert_frame_equal(
                found.astype({"plan": object}), alone.astype({"plan": object}), check_dtype=False
            )


def test_attributes_become_numbers_and_categories_and_a_birth_year_an_age():
    customers = ibis.memtable(
        pd.DataFrame(
            {
                "customer_id": ["a", "b", "b"],
                "birth_year": [1980.0, None, 2000.0],
                "region": ["North", None, "South"],
                "consent_marketing": [True, False, True],
                "joined": pd.to_datetime(["2024-12-01", "2025-05-01", "2025-05-01"]),
            }
        )
    )
    found = attribute_features(customers, _on("2024-12-31", "2025-06-30", who=("a", "b", "unknown")))
    np.testing.assert_array_equal(found["age"], [44.0, np.nan, np.nan, 45.0, np.nan, np.nan])
    assert found["region"].cat.categories.tolist() == ["North"]  # the first row of a customer counts
    np.testing.assert_array_equal(found["consent_marketing"], [1.0, 0.0, np.nan] * 2)
    np.testing.assert_array_equal(found["days_since_joined"], [30.0, np.nan, np.nan, 211.0, 60.0, np.nan])


AS_OF = date(2024, 6, 30)


def _study(**changes):
    sources = {"contracts": {"source": ["x"]}}
    return Study(title="T", as_of=AS_OF, currency="NOK", tables=sources, **changes)


@pytest.fixture(scope="module")
def tables():
    made = simulate_operator(600, seed=4).tables
    return {name: ibis.memtable(table) for name, table in made.items() if name != "treatments"}


@pytest.fixture(scope="module")
def snapshots(tables):
    return snapshot_frame(tables, _study())


def test_a_snapshot_joins_label_contracts_attributes_and_signals(snapshots):
    table = snapshots.table
    assert list(table)[:3] == ["customer_id", "as_of", "churned"]
    assert {"tenure_days", "bound_days_left", "age", "region", "monthly_gb"} <= set(snapshots.features)
    assert {signal.name for signal in snapshots.signals} <= set(snapshots.features)
    assert any(signal.table == "events" for signal in snapshots.signals)
    assert not table.duplicated(["customer_id", "as_of"]).any()
    kinds = {str(kind) for kind in table[list(snapshots.features)].dtypes}
    assert kinds <= {"float32", "float64", "category"}


def test_flags_are_what_customers_are_or_not_and_never_what_they_met(snapshots):
    known = snapshots.table[[signal.name for signal in snapshots.signals]]
    assert (known.isin([0.0, 1.0]).all()).any()  # a rare experience looks like a flag in so few customers
    assert snapshots.flags == {"consent_marketing"}


def test_columns_can_be_added_to_a_snapshot_without_pandas_complaining(snapshots):
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.PerformanceWarning)
        snapshots.table[["customer_id", *snapshots.features]].assign(more=1.0)


def test_the_score_date_alone_has_no_outcome(snapshots):
    unknown = snapshots.table["churned"].isna()
    assert (unknown == (snapshots.table["as_of"] == pd.Timestamp(AS_OF))).all()


def test_every_date_between_the_first_and_today_is_shown_with_its_use_or_why_it_has_none(snapshots):
    plan, counts = snapshots.plan, snapshots.counts.set_index("as_of")
    assert counts.index.tolist() == list(pd.date_range(plan.dates[0], plan.score, freq="ME"))
    used = set(snapshots.table["as_of"])
    assert used == set(pd.to_datetime(list(plan.dates)))
    idle = counts.index.difference(pd.DatetimeIndex(sorted(used)))
    assert len(idle) and counts.loc[idle, "use"].str.startswith("not used: ").all()
    assert counts.loc[pd.Timestamp(plan.test), "use"] == "in the test: testing; today: calibrating"
    assert counts.loc[pd.Timestamp(AS_OF), "use"] == "today: foretelling"


def test_how_many_left_after_today_is_not_known_rather_than_nobody(snapshots):
    today = snapshots.counts.iloc[-1]
    assert today[["left", "stayed", "left_in_gap"]].isna().all()
    assert today["not_known"] == today["customers"] > 0


def test_what_was_left_out_and_what_carries_no_date_is_said(snapshots):
    assert "earlier_contracts" in snapshots.left_out["feature"].tolist()
    assert any(note.startswith("Left out") and "earlier contracts" in note for note in snapshots.notes)
    assert any("monthly gb" in note and "no time stamp" in note for note in snapshots.notes)
    assert not any("_" in note for note in snapshots.notes)
    assert any("within the 14 days of the gap" in note for note in snapshots.notes)
    assert snapshots.cannot_check == ()


def test_frames_to_test_and_to_score_come_from_the_plan(snapshots):
    test, today = snapshots.for_test(), snapshots.for_scoring()
    assert set(test.evaluate["as_of"].dt.date) == {snapshots.plan.test}
    assert set(today.calibrate["as_of"].dt.date) == {snapshots.plan.test}
    assert set(today.evaluate["as_of"].dt.date) == {AS_OF}
    assert today.evaluate["churned"].isna().all()


def test_no_feature_of_a_date_changes_when_what_comes_after_it_is_gone(tables, snapshots):
    day = snapshots.plan.calibrate
    later = pd.Timestamp(day) + pd.Timedelta(days=1)
    cut = dict(tables)
    for name, time in (("transactions", "timestamp"), ("events", "timestamp"), ("contacts", "timestamp")):
        cut[name] = tables[name].filter(tables[name][time] < later)
    surveys = tables["surveys"].filter(tables["surveys"].sent_at < later)
    given_in_time = surveys.answered_at < later
    cut["surveys"] = surveys.mutate(
        answered_at=given_in_time.ifelse(surveys.answered_at, None),
        score=given_in_time.ifelse(surveys.score, None),
    )
    contracts = tables["contracts"].filter(tables["contracts"].start_date < later)
    cut["contracts"] = contracts.mutate(
        end_date=(contracts.end_date < later).ifelse(contracts.end_date, None)
    )
    again = snapshot_frame(cut, _study(), plan=snapshots.plan).table
    before, after = (table[table["as_of"] == pd.Timestamp(day)] for table in (snapshots.table, again))
    after = after.set_index("customer_id").loc[before["customer_id"]].reset_index()
    same = [name for name in snapshots.features if name in after]
    assert len(same) == len(snapshots.features)
    pd.testing.assert_frame_equal(
        before[same].astype(object).reset_index(drop=True), after[same].astype(object), check_exact=False
    )


@pytest.mark.parametrize(
    ("by_then", "told"), [(0, False), (5, False), (500, True)], ids=["never", "hardly ever", "often"]
)
def test_only_what_happened_often_by_the_last_training_date_is_a_signal(tables, snapshots, by_then, told):
    last = pd.Timestamp(snapshots.plan.train[-1])
    events = tables["events"].to_pandas()
    days = [last - pd.Timedelta(days=9)] * by_then + [last + pd.Timedelta(days=1)] * (2_000 - by_then)
    strikes = events.head(2_000).assign(kind="strike", timestamp=days, recorded_at=days)
    more = {**tables, "events": ibis.memtable(pd.concat([events, strikes], ignore_index=True))}
    found = snapshot_frame(more, _study(), plan=snapshots.plan)
    assert any("strike" in name for name in found.features) == told
    # one that came up later would be dropped for saying nothing on the training dates: it is not even tried
    assert told or not any("strike" in name for name in found.left_out["feature"])


def test_customers_with_no_history_are_there_with_nothing_counted(tables):
    contracts = tables["contracts"].to_pandas()
    newcomer = contracts.iloc[[0]].assign(
        customer_id="newcomer", start_date=pd.Timestamp("2022-01-01"), end_date=pd.NaT
    )
    more = {**tables, "contracts": ibis.memtable(pd.concat([contracts, newcomer], ignore_index=True))}
    found = snapshot_frame(more, _study())
    row = found.table.set_index(["customer_id", "as_of"]).loc[("newcomer", pd.Timestamp(AS_OF))]
    assert row["tenure_days"] == 911
    assert np.isnan(row["age"])
    counts = [signal.name for signal in found.signals if signal.statistic == "count"]
    assert (row[counts] == 0).all()


def test_the_directions_of_the_study_are_held_against_its_features(tables):
    contracts = {"contracts": tables["contracts"]}
    found = snapshot_frame(contracts, _study(churn={"monotone": {"tenure_days": "down"}}))
    assert found.monotone == {"tenure_days": -1}
    with pytest.raises(ValueError, match=r"churn.monotone names 'tenure'.*did you mean 'tenure_days'"):
        snapshot_frame(contracts, _study(churn={"monotone": {"tenure": "down"}}))


def test_contracts_alone_make_snapshots(tables):
    alone = {"contracts": tables["contracts"]}
    found = snapshot_frame(alone, _study())
    assert found.signals == ()
    assert set(found.features) == {
        "tenure_days", "monthly_fee", "plan", "bound_days_left", "months_since_bound",
    }  # fmt: skip


def test_a_log_that_begins_late_is_said(tables):
    late = tables["surveys"].filter(tables["surveys"].sent_at >= pd.Timestamp("2023-03-01"))
    found = snapshot_frame({**tables, "surveys": late}, _study())
    assert any(note.startswith("surveys begin on 2023-03-01") for note in found.notes)


def test_the_history_starts_where_the_study_says(tables):
    plan = plan_snapshots(tables, _study(value={"history_start": date(2023, 1, 1)}))
    assert plan.history_start == date(2023, 1, 1)
    assert plan.dates[0] >= date(2023, 6, 29)
    assert plan.outcome_days == 118
    assert plan_snapshots(tables, _study(churn={"label": "silence"})).outcome_days == 104


def test_no_date_lies_before_the_first_end_for_only_who_stayed_is_known_then(tables):
    alone = {"contracts": tables["contracts"]}
    dates = alone["contracts"].to_pyarrow().to_pandas()[["start_date", "end_date"]].astype("datetime64[ns]")
    first = dates["end_date"].min().date()
    assert dates["start_date"].min().date() < first - timedelta(days=365)
    found = snapshot_frame(alone, _study())
    assert found.plan.dates[0] >= first
    assert found.counts["left"].dropna().gt(0).all()
    assert f"No contract is known to have ended before {first}: who left earlier is missing" in found.notes[0]
    # silence needs no end, and a history that begins later anyway needs no word of it
    assert not plan_snapshots(tables, _study()).notes


def test_a_history_too_short_is_refused(tables):
    with pytest.raises(ShortHistory, match="one date with an outcome needs 298"):
        snapshot_frame(tables, _study(value={"history_start": date(2024, 1, 1)}))


def test_a_flat_table_comes_first_and_says_what_cannot_be_checked(tables):
    rng = np.random.default_rng(2)
    flat = pd.DataFrame(
        {
            "customer_id": [f"c{number}" for number in range(500)],
            "churned": rng.random(500) < 0.3,
            "usage": rng.random(500),
            "plan": rng.choice(["a", "b"], 500),
            "brand": "one",
        }
    )
    found = snapshot_frame({**tables, "snapshot": ibis.memtable(flat)}, _study())
    assert (found.plan, found.features) == (None, ("usage", "plan"))
    assert found.left_out["feature"].tolist() == ["brand"]
    assert found.notes[0] == "No dates: 2024-06-30 only names the report."
    assert any("no dates" in doubt for doubt in found.cannot_check)
    assert any("later period" in doubt for doubt in found.cannot_check)
    assert any(note.startswith("Not used beside the flat table: transactions") for note in found.notes)
    frames = found.for_test()
    assert len(frames.train) + len(frames.calibrate) + len(frames.evaluate) == 500
    assert len(found.for_scoring().evaluate) == 500


@pytest.mark.slow
@pytest.mark.parametrize(
    ("study", "windows"),
    [
        ("cdnow/sample.toml", {}),
        ("online-retail", {"churn.observation_days": 90, "churn.horizon_days": 60, "churn.gap_days": 7}),
    ],
)
def test_purchase_logs_run_by_silence(study, windows, data_set):
    if study == "online-retail":
        data_set("online-retail")
    asked = read_study(ROOT / "data" / study, windows)
    tables = open_tables(asked)
    found = snapshot_frame(tables, asked)
    log = tables.transactions.to_pandas()
    log = log[log["amount"] >= 0].assign(day=log["timestamp"].dt.normalize())
    day = pd.Timestamp(found.plan.test)
    first = day - pd.Timedelta(days=asked.churn.observation_days if asked.churn else 180)
    ends = day + pd.Timedelta(days=windows.get("churn.gap_days", 14))
    last = ends + pd.Timedelta(days=windows.get("churn.horizon_days", 90))
    before = set(log.loc[(log["day"] > first) & (log["day"] <= day), "customer_id"])
    after = set(log.loc[(log["day"] > ends) & (log["day"] <= last), "customer_id"])
    tested = found.table[found.table["as_of"] == day].set_index("customer_id")["churned"]
    # a purchase given back on its day is none: the log alone sees a few more
    assert len(set(tested.index) ^ before) <= 0.01 * len(before)
    assert (tested == [float(one not in after) for one in tested.index]).mean() > 0.99
    assert any("horizon" in note and "is short" in note for note in found.notes)
    assert found.for_test().evaluate["churned"].notna().all()
    assert found.features


def follow(refused):
    """Return the setting that a refusal proposes, as it is written."""
    return re.search(r"churn\.exclude = (\[.*?\])", str(refused)).group(1)


def test_the_leak_trap_runs_once_its_refusal_is_followed_to_the_letter(data_set, tmp_path):
    columns = pd.read_csv(data_set("ibm-telco-extended")[0], nrows=1).columns
    mapped = {name.lower().replace(" ", "_"): name for name in columns}
    mapped["churned"] = mapped.pop("churn_label")
    lines = [f'{ours} = "{theirs}"' for ours, theirs in mapped.items()]
    head = 'title = "Trap"\nas_of = 2020-12-31\ncurrency = "USD"\n[churn]\n[tables.snapshot]\n'
    text = "\n".join([head + 'source = "ibm-telco-extended"', "[tables.snapshot.columns]", *lines])
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    study = read_study(tmp_path)
    flat = open_tables(study)
    trap = snapshot_frame(flat, study)
    with pytest.raises(LeakError) as refused:
        refuse_leaks(trap.table[list(trap.features)], trap.table["churned"], counted_from=trap.counted_from)
    fair = snapshot_frame(flat, read_study(tmp_path, {"churn.exclude": follow(refused.value)}))
    assert 0 < len(fair.features) < len(trap.features)
    assert refuse_leaks(fair.table[list(fair.features)], fair.table["churned"]).refused == ()


def test_contacts_to_cancel_are_refused_by_name_until_the_study_takes_them_out():
    operator = simulate_operator(3_000, seed=5)
    tables = {name: ibis.memtable(frame) for name, frame in operator.tables.items()}
    trap = snapshot_frame(tables, read_study(ROOT / "data/nordtel", {"churn.exclude": "[]"}))
    rows = trap.for_test().train
    cancelling = [name for name in trap.features if "cancellation" in name]
    with pytest.raises(LeakError) as refused:
        refuse_leaks(
            rows[list(trap.features)], rows["churned"], label=trap.labels, counted_from=trap.counted_from
        )
    assert cancelling
    assert all(trap.labels[name] in str(refused.value) for name in cancelling)
    proposed = follow(refused.value)
    assert proposed == '["cancellation"]'
    fair = snapshot_frame(tables, read_study(ROOT / "data/nordtel", {"churn.exclude": proposed}))
    assert not [name for name in fair.features if "cancellation" in name]
    rows = fair.for_test().train
    assert refuse_leaks(rows[list(fair.features)], rows["churned"]).refused == ()
