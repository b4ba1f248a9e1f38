"""What a notebook may do with its run, and what it is told when something is not there."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from cxmodels.reporting import open_run
from cxmodels.reporting.figures import bars
from cxmodels.reporting.run_folder import RunError, RunFolder
from tests.reporting.conftest import Project

VALUE = pd.DataFrame({"customer_id": ["1"], "clv": [5.0]})


@pytest.fixture
def run(project: Project) -> RunFolder:
    return open_run(study="shop", notebook="02-value")


def test_a_table_is_read_back_and_a_missing_one_is_answered_with_the_nearest(run: RunFolder) -> None:
    run.save("customer_value", VALUE, csv=True)
    pd.testing.assert_frame_equal(run.read("customer_value"), VALUE)
    with pytest.raises(
        RunError, match=r"no table 'customer_vlaue'.*did you mean 'customer_value'\?.*cxmodels run"
    ):
        run.read("customer_vlaue")


def test_raw_tables_that_are_not_there_name_the_notebook_that_makes_them(run: RunFolder) -> None:
    with pytest.raises(RunError, match="made by the notebook 01-data-readiness"):
        run.tables()


def test_tables_saved_at_the_door_are_opened(run: RunFolder) -> None:
    from cxmodels.tables import open_tables

    open_tables(run.study).save(run.folder / "tables")
    assert run.tables().transactions.count().execute() == 3


def test_tables_changed_since_the_door_are_refused(run: RunFolder) -> None:
    from cxmodels.tables import DataError, open_tables

    open_tables(run.study).save(run.folder / "tables")
    file = run.folder / "tables" / "transactions.parquet"
    pd.read_parquet(file).assign(amount=float("inf")).to_parquet(file)
    with pytest.raises(DataError, match="'amount' is not finite in 3 rows"):
        run.tables()


@pytest.mark.parametrize("name", ["", "a b", "../a", "a/b", "ø"])
def test_names_that_a_file_system_or_link_may_not_take_are_refused(run: RunFolder, name: str) -> None:
    with pytest.raises(RunError, match="letters, digits"):
        run.save(name, VALUE)


def test_a_finding_must_have_its_table_and_figure(run: RunFolder) -> None:
    with pytest.raises(RunError, match="'value', which is not saved yet"):
        run.finding("Worth 5.", table="value")
    with pytest.raises(RunError, match="figure 'value'"):
        run.finding("Worth 5.", figure="value")
    run.save("value", VALUE)
    run.figure("value", bars(pd.DataFrame({"value": [1.0]}, index=["a"]), title="A", label="L"))
    assert run.finding("Worth 5.", table="value", figure="value").figure == "02-value-value"


def test_the_answer_is_shown_by_the_next_session_and_escaped(run: RunFolder, project: Project) -> None:
    assert "run this notebook" in str(run.last_answer())
    run.answer(["One <b>.", "Two.", "Three."])
    run.finish()
    again = open_run(study="shop", notebook="02-value").last_answer()
    assert again.sentences == ("One <b>.", "Two.", "Three.")
    assert "One &lt;b&gt;." in again._repr_html_()


def test_a_notebook_without_an_answer_does_not_finish(run: RunFolder) -> None:
    with pytest.raises(RunError, match="02-value has no answer"):
        run.finish()
    with pytest.raises(RunError, match="list of sentences"):
        run.answer("One sentence.")


def test_finish_joins_the_findings_of_all_notebooks(run: RunFolder, project: Project) -> None:
    other = open_run(study="shop", notebook="01-data")
    for each in (run, other):
        each.finding(f"From {each.notebook}.")
        each.warn("Careful.")
        each.warn("Careful.")
        each.answer(["Yes."])
        each.finish()
    joined = json.loads((project.report / "findings.json").read_text(encoding="utf-8"))
    assert [found["text"] for found in joined["findings"]] == ["From 01-data.", "From 02-value."]
    assert len(joined["warnings"]) == 2
    assert joined["currency"] == "GBP"


def test_a_section_is_left_out_with_a_warning_and_the_notebook_goes_on(run: RunFolder) -> None:
    assert run.leave_out_section(unless=True, because="Never said.") is None
    left = run.leave_out_section(unless=False, because="Nobody <came> back.")
    assert left is not None and left._repr_html_() == '<p class="left-out">Nobody &lt;came&gt; back.</p>'
    run.answer(["Few customers."])
    run.finish()
    kept = json.loads((run.folder / "findings" / "02-value.json").read_text(encoding="utf-8"))
    assert kept["warnings"] == ["Nobody <came> back."]
