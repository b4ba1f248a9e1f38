"""Which notebooks run, in what order, and which are left out and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from cxmodels.reporting.plan import PlanError, Step, find_step, make_plan, read_steps


def step(name: str, *, needs: tuple[str, ...] = (), gives: tuple[str, ...] = ()) -> Step:
    return Step(Path(f"{name}.ipynb"), f"What of {name[3:]}?", needs, gives)


DATA = step("01-data", gives=("transactions",))
VALUE = step("02-value", needs=("transactions",), gives=("customer_value",))
SEGMENTS = step("03-segments", needs=("customer_value",))
CHURN = step("04-churn", needs=("contracts", "customer_value"), gives=("churn",))
DRIVERS = step("05-drivers", needs=("churn",))
ALL = (DATA, VALUE, SEGMENTS, CHURN, DRIVERS)


def names(steps: tuple[Step, ...]) -> list[str]:
    return [found.name for found in steps]


def test_what_the_study_lacks_is_left_out_with_all_that_builds_on_it() -> None:
    plan = make_plan(ALL, tables=["transactions"])
    assert names(plan.run) == ["01-data", "02-value", "03-segments"]
    assert plan.left_out == {
        "04-churn": "it needs contracts, and the study has none (it has: purchase records)",
        "05-drivers": "it rests on “What of churn?”, which was left out",
    }


def test_a_notebook_comes_after_those_that_give_what_it_needs_whatever_its_number() -> None:
    late = step("00-summary", needs=("customer_value",))
    plan = make_plan((late, DATA, VALUE), tables=["transactions"])
    assert names(plan.run) == ["01-data", "02-value", "00-summary"]
    assert names(plan.before(late)) == ["02-value"]


def test_a_table_that_no_notebook_gives_is_said() -> None:
    plan = make_plan((step("01-a", needs=("magic",)),), tables=["transactions"])
    assert plan.left_out == {"01-a": "it needs 'magic', which no notebook gives"}


def test_a_step_counts_all_that_rest_on_it() -> None:
    start = step("00-start")
    plan = make_plan((start, *ALL), tables=["transactions", "contracts"])
    assert {one.name: plan.resting_on(one) for one in plan.run} == {
        "00-start": 0,
        "01-data": 4,
        "02-value": 3,
        "03-segments": 0,
        "04-churn": 1,
        "05-drivers": 0,
    }


def test_what_the_study_rules_out_takes_along_what_rests_on_it() -> None:
    plan = make_plan(ALL, tables=["transactions", "contracts"], ruled_out={"02-value": "Nothing is sold."})
    assert plan.left_out["02-value"] == "Nothing is sold."
    assert "which was left out" in plan.left_out["03-segments"]
    with pytest.raises(PlanError, match="02-value cannot run: Nothing is sold"):
        make_plan(ALL, tables=["transactions"], only=["02"], ruled_out={"02-value": "Nothing is sold."})


def test_a_canonical_table_of_the_study_needs_no_notebook() -> None:
    assert names(make_plan((VALUE,), tables=["transactions"]).run) == ["02-value"]


def test_a_circle_is_named() -> None:
    circle = (step("01-a", needs=("b",), gives=("a",)), step("02-b", needs=("a",), gives=("b",)))
    with pytest.raises(PlanError, match="wait for each other: 01-a, 02-b"):
        make_plan(circle, tables=[])


def test_only_takes_what_the_last_run_left() -> None:
    plan = make_plan(ALL, tables=["transactions"], only=["03"], at_hand=["customer_value"])
    assert names(plan.run) == ["03-segments"]


def test_only_refuses_what_lacks_its_table() -> None:
    with pytest.raises(PlanError, match=r"03-segments needs 'customer_value'.*run 02-value as well"):
        make_plan(ALL, tables=["transactions"], only=["03"])
    with pytest.raises(PlanError, match="04-churn cannot run: it needs contracts, and the study has none"):
        make_plan(ALL, tables=["transactions"], only=["04"], at_hand=["customer_value"])


@pytest.mark.parametrize("name", ["2", "02", "02-value", "value", "02-value.ipynb"])
def test_a_notebook_is_found_by_number_and_by_name(name: str) -> None:
    assert find_step(ALL, name) == VALUE


def test_a_folder_without_notebooks_says_how_to_get_some(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="cxmodels init DIR"):
        read_steps(tmp_path)


def test_a_file_that_is_no_notebook_is_named(tmp_path: Path) -> None:
    (tmp_path / "01-broken.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(PlanError, match=r"01-broken.ipynb is not a notebook"):
        read_steps(tmp_path)
