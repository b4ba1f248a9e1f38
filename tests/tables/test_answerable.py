"""Which questions the data can answer is said honestly, with the reason."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from cxmodels.study import ChurnSettings, DriverSettings, ValueSettings, read_study
from cxmodels.tables import open_tables, questions
from cxmodels.tables.answerable import history_used, ruled_out, verdict_on

ROOT = Path(__file__).resolve().parents[2]
VALUE = "What is each customer worth?"
START = date(2024, 1, 1)


@pytest.fixture
def ask(tmp_path, study_of):
    """Return a function: days of purchase by customer, and when → the verdicts by question."""

    def look(purchases, *, as_of, **value):
        lines = [f"{name},{START + timedelta(days=d)},5.5" for name, days in purchases.items() for d in days]
        (tmp_path / "log.csv").write_text("\n".join(["id,day,net", *lines]))
        study = study_of(source=["log.csv"], as_of=as_of)
        study = study.model_copy(update={"value": ValueSettings(**value)})
        return questions(open_tables(study), study).set_index("question")

    return look


def repeat_buyers(count, *, gap=100):
    return {f"c{i}": (i % 30, i % 30 + gap) for i in range(count)}


def test_cdnow_answers_value_and_segments():
    study = read_study(ROOT / "data/cdnow")
    found = questions(open_tables(study), study).set_index("question")
    assert found.loc[VALUE, "answerable"]
    assert "23,570 customers" in found.loc[VALUE, "why"]
    assert list(found["notebook"][:2]) == ["02-customer-lifetime-value", "03-value-segments"]
    leaving = found.loc["Who is about to leave?"]
    assert not leaving["answerable"] and "Add [churn]" in leaving["why"]


def test_what_a_study_lacks_is_named():
    study = read_study(ROOT / "data/cdnow/sample.toml")
    found = questions(open_tables(study), study).set_index("question")
    assert not found.loc["How content are customers, and how sure is that?", "answerable"]
    assert "Add [tables.surveys]" in found.loc["How content are customers, and how sure is that?", "why"]


def test_thirty_repeat_buyers_are_needed(ask):
    as_of = START + timedelta(days=300)
    assert ask(repeat_buyers(30), as_of=as_of).loc[VALUE, "answerable"]
    few = ask(repeat_buyers(29), as_of=as_of).loc[VALUE]
    assert not few["answerable"] and "29 of them bought again" in few["why"]


def test_only_what_is_known_by_as_of_counts(ask):
    early = ask(repeat_buyers(40, gap=200), as_of=START + timedelta(days=150)).loc[VALUE]
    assert not early["answerable"] and "0 of them bought again" in early["why"]


def test_a_short_history_is_refused(ask):
    short = ask(repeat_buyers(40, gap=5), as_of=START + timedelta(days=50)).loc[VALUE]
    assert not short["answerable"] and "at least 60 days" in short["why"]


def test_a_date_before_the_first_purchase_is_refused(ask):
    early = ask(repeat_buyers(40), as_of=START - timedelta(days=1)).loc[VALUE]
    assert not early["answerable"] and "Set as_of to a later day" in early["why"]


def test_a_horizon_beyond_the_history_is_a_doubt_and_far_beyond_a_refusal(ask):
    doubt = ask(repeat_buyers(40), as_of=START + timedelta(days=130)).loc[VALUE]
    assert doubt["answerable"] and "further ahead than the data look back" in doubt["why"]
    refused = ask(repeat_buyers(40, gap=60), as_of=START + timedelta(days=90)).loc[VALUE]
    assert not refused["answerable"] and "Set value.horizon_days to 270 or less" in refused["why"]


def test_a_log_that_ends_before_as_of_is_doubted(ask):
    stale = ask(repeat_buyers(40), as_of=START + timedelta(days=400)).loc[VALUE]
    assert "does the log reach that far?" in stale["why"]


def test_a_date_that_the_log_cannot_reach_is_refused_and_named(ask):
    last = START + timedelta(days=129)
    far = ask(repeat_buyers(40), as_of=last + timedelta(days=3 * 129 + 1)).loc[VALUE]
    assert not far["answerable"] and f"The last purchase is of {last}" in far["why"]
    assert "still to come" not in far["why"] and f"Set as_of to {last}" in far["why"]
    near = ask(repeat_buyers(40), as_of=last + timedelta(days=3 * 129)).loc[VALUE]
    assert near["answerable"]


def test_a_date_still_to_come_is_named(ask):
    ahead = date.today() + timedelta(days=400)
    assert f"{ahead} (a day still to come)" in ask(repeat_buyers(40), as_of=ahead).loc[VALUE, "why"]
    tomorrow = date.today() + timedelta(days=1)
    reached = repeat_buyers(40, gap=(date.today() - START).days - 40)
    soon = ask(reached, as_of=tomorrow).loc[VALUE]
    assert soon["answerable"] and f"{tomorrow} is still to come" in soon["why"]


@pytest.mark.parametrize(
    ("rows", "why", "cure"),
    [
        ([-5.5], "Every amount known by 2024-10-27 is a refund", "Look at the sign of amount"),
        ([5.5, -5.5], "Everything bought by 2024-10-27 was given back on the same day", ""),
        ([0], "has an amount of 0: they bring nothing", "Look at what [tables.transactions] reads as amount"),
    ],
)
def test_amounts_that_are_no_purchase_are_told_apart_from_a_wrong_date(see_csv, study_of, rows, why, cure):
    lines = [f"c{i},2024-0{month}-01,{amount}" for i in range(40) for month in (1, 4) for amount in rows]
    tables = see_csv("\n".join(["id,day,net", *lines])).tables
    study = study_of(source=["log.csv"], as_of=START + timedelta(days=300))
    verdict = verdict_on("02-customer-lifetime-value", tables, study)
    assert not verdict.answerable and why in verdict.why
    assert verdict.cure.startswith(cure) and "as_of" not in verdict.text


def test_why_names_no_setting_and_the_cure_does(ask, study_of, tmp_path):
    asked = ask(repeat_buyers(40, gap=60), as_of=START + timedelta(days=90), history_start=START)
    assert "value.horizon_days" in asked.loc[VALUE, "why"]
    study = study_of(source=["log.csv"], as_of=START + timedelta(days=90))
    verdict = verdict_on("03-value-segments", open_tables(study), study)
    assert verdict.why.startswith("It rests on customer value, and that cannot be told. 40 customers")
    assert "value." not in verdict.why and "value.horizon_days" in verdict.cure


def test_one_customer_is_one(ask):
    one = ask({"c": (0, 100)}, as_of=START + timedelta(days=300)).loc[VALUE, "why"]
    assert one.startswith("1 customer, 1 of them bought again, over 300 days")


def test_what_lies_before_the_start_of_the_history_counts_for_nothing(ask):
    as_of, start = START + timedelta(days=300), START + timedelta(days=80)
    cut = ask(repeat_buyers(40), as_of=as_of, history_start=start).loc[VALUE]
    assert not cut["answerable"]
    assert "0 of them bought again, over 200 days from 2024-03-21 on, where the history starts" in cut["why"]
    assert "40 of them bought again, over 300 days:" not in cut["why"]


def test_a_history_without_a_purchase_names_both_ends(ask):
    as_of, start = START + timedelta(days=300), START + timedelta(days=250)
    empty = ask(repeat_buyers(40), as_of=as_of, history_start=start).loc[VALUE]
    assert "No purchase is known from 2024-09-07, where the history starts, to 2024-10-27" in empty["why"]


def test_the_history_used_starts_on_its_day_and_keeps_what_is_later_than_as_of(see_csv, study_of):
    content = "id,day,net\na,2024-01-01,1\na,2024-01-02,2\na,2025-01-01,3\n"
    tables = see_csv(content).tables
    study = study_of(source=["log.csv"], as_of=START + timedelta(days=5))
    start = ValueSettings(history_start=START + timedelta(days=1))
    cut = history_used(tables.transactions, study.model_copy(update={"value": start}))
    assert sorted(cut.amount.to_pyarrow().to_pylist()) == [2, 3]
    assert history_used(tables.transactions, study).count().to_pyarrow().as_py() == 3


def test_a_snapshot_answers_who_leaves_where_enough_left(see_csv, study_of):
    content = "customer_id,churned,use\n" + "".join(
        f"{i},{'yes' if i < 60 else 'no'},{i % 7}\n" for i in range(200)
    )
    tables = see_csv(content, canonical="snapshot", columns={"use": "use"}).tables
    study = study_of(source=["log.csv"], canonical="snapshot")
    assert not questions(tables, study).set_index("question").loc["Who is about to leave?", "answerable"]
    asked = study.model_copy(update={"churn": ChurnSettings()})
    found = questions(tables, asked).set_index("question")
    assert found.loc["Who is about to leave?", "answerable"]
    assert "60 customers left, 140 stayed" in found.loc["Who is about to leave?", "why"]
    assert not found.loc[VALUE, "answerable"]
    bare = see_csv(content, canonical="snapshot").tables
    found = questions(bare, asked).set_index("question").loc["Who is about to leave?"]
    assert not found["answerable"] and "[tables.snapshot.columns]" in found["why"] + str(found.get("cure"))


def test_contracts_answer_who_leaves_and_those_that_start_later_do_not_count(see_csv, study_of):
    rows = [(f"l{i}", "2024-01-01", "2024-05-31") for i in range(60)]
    rows += [(f"s{i}", "2024-01-01", "") for i in range(70)]
    rows += [(f"e{i}", "2024-01-01", "2024-06-01") for i in range(5)]
    rows += [(f"n{i}", "2024-06-01", "") for i in range(90)]
    lines = [f"{name},{start},{end},9.5" for name, start, end in rows]
    content = "\n".join(["customer_id,start_date,end_date,monthly_fee", *lines])
    tables = see_csv(content, canonical="contracts").tables
    study = study_of(source=["log.csv"], canonical="contracts", as_of=date(2024, 5, 31))
    study = study.model_copy(update={"churn": ChurnSettings()})
    found = questions(tables, study).set_index("question")["why"]
    assert "60 contracts ended by 2024-05-31, 75 run on" in found["Who is about to leave?"]
    assert found["What is a customer under contract worth?"] == found["Who is about to leave?"]


def test_purchases_do_not_tell_the_value_of_customers_under_contract(see_csv, study_of):
    bought = [f"c{i},2024-0{month}-10,20" for i in range(40) for month in (1, 3, 5)]
    sold = see_csv("\n".join(["id,day,net", *bought])).tables
    held = ["customer_id,start_date,end_date,monthly_fee", *(f"c{i},2024-01-01,,9.5" for i in range(40))]
    agreed = see_csv("\n".join(held), canonical="contracts").tables
    study = study_of(source=["log.csv"], as_of=date(2024, 5, 31))
    assert verdict_on("02-customer-lifetime-value", sold, study).answerable
    both = {"transactions": sold["transactions"], "contracts": agreed["contracts"]}
    for page in ("02-customer-lifetime-value", "03-value-segments"):
        verdict = verdict_on(page, both, study)
        assert not verdict.answerable and "under contract" in verdict.why


def test_a_study_alone_rules_questions_out_with_no_data_read(study_of):
    sold = study_of(source=["log.csv"])
    assert ruled_out("02-customer-lifetime-value", sold) is None
    assert "[churn]" in ruled_out("04-churn-risk", sold).cure
    assert ruled_out("06-touchpoint-ratings", sold).cure == "Add [tables.surveys]."
    assert ruled_out("07-my-own", sold) is None
    asked = sold.model_copy(update={"churn": ChurnSettings()})
    assert ruled_out("04-churn-risk", asked) is None
    assert "[[drivers]]" in ruled_out("05-experience-drivers", asked).cure
    agreed = study_of(source=["log.csv"], canonical="contracts")
    assert "under contract" in ruled_out("03-value-segments", agreed).why


def test_scores_answered_after_as_of_do_not_count(see_csv, study_of):
    day = {True: "2024-05-31", False: "2024-06-01"}
    lines = [f"c{i},2024-05-30,{day[i < 60]},nps,9" for i in range(100)]
    content = "\n".join(["customer_id,sent_at,answered_at,metric,score", *lines])
    tables = see_csv(content, canonical="surveys").tables
    study = study_of(source=["log.csv"], canonical="surveys", as_of=date(2024, 5, 31))
    found = questions(tables, study).set_index("question")["why"]
    assert "60 customers with surveys" in found["How content are customers, and how sure is that?"]


DRIVERS = "Which experiences make customers leave, and what would change?"
RATINGS = "Which touchpoints go along with recommending us?"


def test_effects_need_drivers_that_the_study_names_and_has(see_csv, study_of):
    content = "customer_id,churned,use\n" + "".join(
        f"{i},{'yes' if i < 60 else 'no'},{i % 7}\n" for i in range(200)
    )
    tables = see_csv(content, canonical="snapshot", columns={"use": "use"}).tables
    study = study_of(source=["log.csv"], canonical="snapshot").model_copy(update={"churn": ChurnSettings()})
    unnamed = questions(tables, study).set_index("question").loc[DRIVERS]
    assert not unnamed["answerable"] and "Name them as [[drivers]]" in unnamed["why"]
    use = DriverSettings(name="use", table="snapshot", of="use")
    named = study.model_copy(update={"drivers": [use]})
    assert questions(tables, named).set_index("question").loc[DRIVERS, "answerable"]
    mistyped = DriverSettings(name="users", table="snapshot", of="usee", after=["use"])
    unknown = study.model_copy(update={"drivers": [use, mistyped]})
    refused = questions(tables, unknown).set_index("question").loc[DRIVERS]
    assert not refused["answerable"] and "names 'usee', which is no feature" in refused["why"]
    assert "'use'" in refused["why"]
    outages = study.model_copy(update={"drivers": [use, DriverSettings(name="outages")]})
    lacking = questions(tables, outages).set_index("question").loc[DRIVERS]
    assert (
        not lacking["answerable"] and "Drivers are of events, which the study does not have" in lacking["why"]
    )


@pytest.mark.parametrize(("customers", "answerable"), [(49, False), (50, True)])
def test_ratings_need_customers_who_rate_two_touchpoints_and_recommend(
    see_csv, study_of, customers, answerable
):
    day = "2024-05-30,2024-05-30"
    lines = [
        f"c{i},{day},{metric},{score},{where}"
        for i in range(customers)
        for metric, score, where in (("csat", 4, "desk"), ("csat", 3, "shop"), ("nps", 9, ""))
    ]
    lines += [f"silent{i},{day},csat,4,desk" for i in range(60)]
    content = "\n".join(["customer_id,sent_at,answered_at,metric,score,touchpoint", *lines])
    tables = see_csv(content, canonical="surveys").tables
    study = study_of(source=["log.csv"], canonical="surveys", as_of=date(2024, 5, 31))
    found = questions(tables, study).set_index("question").loc[RATINGS]
    assert found["answerable"] == answerable
    assert f"{customers} customers rate 2 touchpoints and say whether they recommend" in found["why"]
