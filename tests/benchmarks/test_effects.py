"""The goals of the effects benchmark are read from what was found, lever by lever."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.effects import _verdicts as verdicts_of


def found(*, null="association", hidden="adjusted", ratio=1.1):
    levers = pd.DataFrame(
        {
            "driver": ["outages", "waiting", "app_logins"],
            "true": [0.01, 0.001, 0.0],
            "error": [0.001, 0.001, 0.001],
            "ratio": [ratio, 1.5, np.nan],
            "inside": [True, False, True],
            "null": [False, False, True],
            "grade": ["adjusted", "association", null],
        }
    )
    every = verdicts_of(levers, pd.DataFrame({"grade": [hidden]}), pd.DataFrame({"found": [True]}))
    return {one.question: one for one in every}


def test_levers_without_effect_have_no_part_in_the_error_or_the_cover():
    one = found()
    assert one["median error of the effects"].measured == pytest.approx(30.0)
    assert one["of those known to a third"].measured == pytest.approx(10.0)
    assert one["90 % intervals that hold the truth"].measured == pytest.approx(50.0)


def test_a_lever_without_effect_that_is_graded_and_a_hidden_cause_that_is_tested_miss_the_goals():
    fine, wrong = found(), found(null="adjusted", hidden="sensitivity-tested")
    for name in ("levers without effect above association", "hidden confounders graded sensitivity-tested"):
        assert fine[name].reached
        assert not wrong[name].reached
