"""Findings: what may be said, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cxmodels.reporting.findings import (
    EVIDENCE,
    GRADES,
    Finding,
    FindingError,
    NotebookFindings,
    collect_findings,
    evidence_behind,
    read_all_findings,
    read_notebook_findings,
    write_json,
    write_notebook_findings,
)


def test_the_grades_rise_from_association_to_experiment() -> None:
    assert GRADES == ("association", "adjusted", "sensitivity-tested", "experiment")
    assert set(GRADES) < set(EVIDENCE)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"text": "  "}, "its text is empty"),
        ({"evidence": "experimental"}, "did you mean 'experiment'"),
        ({"money": float("nan")}, "money is nan"),
        ({"money": 5.0, "low": float("-inf"), "high": 6.0}, "low is -inf"),
        ({"money": 5.0, "low": 6.0, "high": 7.0}, "lies outside its interval"),
        ({"money": 5.0, "low": 4.0}, "half an interval"),
        ({"low": 4.0, "high": 6.0}, "an interval without money"),
        ({"money": 5.0, "evidence": "association"}, "no money on the lowest grade"),
    ],
)
def test_a_finding_that_would_mislead_is_refused(parts: dict, message: str) -> None:
    with pytest.raises(FindingError, match=message):
        Finding(**{"notebook": "02-value", "text": "The base is worth $5.", **parts})


def test_a_sentence_ends_in_one_full_stop_also_after_an_abbreviation() -> None:
    assert Finding("02-value", "It is worth 12 kr..").text == "It is worth 12 kr."
    said = NotebookFindings(
        "02-value", ("Worth 12 kr.. Or 13 kr..",), warnings=("Costs 1 kr..", "And so on ...")
    )
    assert said.answer == ("Worth 12 kr. Or 13 kr.",)
    assert said.warnings == ("Costs 1 kr.", "And so on ...")


def test_digits_that_depend_on_the_order_of_adding_up_are_dropped() -> None:
    one = Finding("03-x", "Worth.", money=165073.05136114027, low=19216.41327577286, high=1451145.7157264787)
    two = Finding("03-x", "Worth.", money=165073.0513611418, low=19216.413275764862, high=1451145.7157270894)
    assert one == two
    assert one.money == pytest.approx(165073.05136114027, rel=1e-8)


def test_findings_survive_the_way_to_disk_and_back(tmp_path: Path) -> None:
    found = Finding("02-value", "Worth 5 «kr».", money=np.float64(5), low=4, high=6, evidence="forecast")
    content = NotebookFindings("02-value", ("Yes.",), (found,), ("Careful.",), ("value",))
    write_notebook_findings(tmp_path, content)
    assert read_notebook_findings(tmp_path, "02-value") == content
    assert read_notebook_findings(tmp_path, "03-other") is None


def test_all_findings_come_in_the_order_asked_for_and_then_by_name(tmp_path: Path) -> None:
    for name in ("03-c", "01-a", "02-b"):
        write_notebook_findings(tmp_path, NotebookFindings(name))
    assert [part.notebook for part in read_all_findings(tmp_path, order=["02-b", "09-z"])] == [
        "02-b",
        "01-a",
        "03-c",
    ]


def test_the_joined_file_holds_every_sentence_and_no_time(tmp_path: Path) -> None:
    parts = [
        NotebookFindings("01-a", ("A.",), (Finding("01-a", "One."), Finding("01-a", "Two.")), ("Careful.",)),
        NotebookFindings("02-b", ("B.",), (Finding("02-b", "Three."),)),
    ]
    content = json.loads(
        collect_findings(tmp_path, study={"title": "Shop"}, parts=parts).read_text(encoding="utf-8")
    )
    assert set(content) == {"title", "answers", "findings", "warnings"}
    assert [finding["text"] for finding in content["findings"]] == ["One.", "Two.", "Three."]
    assert content["answers"] == {"01-a": ["A."], "02-b": ["B."]}
    assert content["warnings"] == [{"notebook": "01-a", "text": "Careful."}]


def test_a_file_that_cannot_be_written_leaves_the_old_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "findings.json"
    write_json(path, {"old": 1})
    with pytest.raises(ValueError, match="nan"):
        write_json(path, {"new": float("nan")})
    assert json.loads(path.read_text(encoding="utf-8")) == {"old": 1}
    assert [found.name for found in tmp_path.iterdir()] == ["findings.json"]


def test_a_later_notebook_takes_the_grade_of_the_table_that_it_builds_on(tmp_path: Path) -> None:
    assert evidence_behind("customer_value", tmp_path) == "unchecked"
    about = Finding("02-value", "Checked.", evidence="measured", table="customer_value")
    worth = Finding("02-value", "$5.", money=5.0, evidence="doubtful", table="customer_value")
    other = Finding("02-value", "$6.", money=6.0, evidence="forecast", table="segments")
    write_notebook_findings(tmp_path, NotebookFindings("02-value", findings=(about, worth, other)))
    assert evidence_behind("customer_value", tmp_path) == "doubtful"
