"""The rules of the grades, each by itself."""

from __future__ import annotations

import pytest

from cxmodels.drivers.grade import GRADES, Evidence, Finding, grade_effect

SIZE = Finding("size", True, "It is told apart from none.", "adjusted")
STRONG = Finding("an unseen cause", True, "It stands.", "sensitivity-tested")


def failed(one: Finding, passed: bool | None = False) -> Finding:
    return Finding(one.check, passed, f"{one.check} failed.", one.decides)


@pytest.mark.parametrize(
    ("findings", "grade", "reasons"),
    [
        ((SIZE, STRONG), "sensitivity-tested", ("It stands.",)),
        ((SIZE, failed(STRONG)), "adjusted", ("an unseen cause failed.",)),
        ((SIZE, failed(STRONG, None)), "adjusted", ("an unseen cause failed.",)),
        ((failed(SIZE), STRONG), "association", ("size failed.",)),
        ((failed(SIZE, None), STRONG), "association", ("size failed.",)),
        ((failed(SIZE), failed(STRONG)), "association", ("size failed.",)),
        ((SIZE,), "adjusted", ("Nothing was checked.",)),
        ((), "association", ("Nothing was checked.",)),
    ],
)
def test_a_grade_needs_every_check_that_decides_it(findings, grade, reasons):
    found = grade_effect(findings)
    assert (found.grade, found.reasons) == (grade, reasons)


def test_what_cannot_be_estimated_is_an_association_and_says_why():
    found = grade_effect((SIZE, STRONG), barrier="It never differs.")
    assert (found.grade, found.reasons) == ("association", ("It never differs.",))


def test_only_chance_makes_an_experiment():
    assert grade_effect((failed(SIZE),), trial_z=4.0).grade == "experiment"


def test_an_experiment_that_shows_nothing_says_so():
    found = grade_effect((), trial_z=0.9)
    assert found.grade == "experiment" and "not told apart" in found.reasons[-1]
    assert "not told apart" not in " ".join(grade_effect((), trial_z=4.0).reasons)
    assert "experiment" not in {grade_effect((SIZE, STRONG)).grade, grade_effect((SIZE,)).grade}


@pytest.mark.parametrize("grade", GRADES)
def test_an_association_carries_no_money(grade):
    assert Evidence(grade, ()).may_carry_money == (grade != "association")
