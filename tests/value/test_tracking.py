"""Weekly purchases beside the model's, before the cut and after it."""

import pandas as pd
import pytest

from tests.value.conftest import HELD_AS_OF, HELD_CUT


def test_the_tracking_curve_counts_every_repeat_purchase_day(held_log, checked):
    days = held_log.assign(day=held_log.timestamp.dt.normalize())[["customer_id", "day"]].drop_duplicates()
    first = days.groupby("customer_id").day.transform("min")
    known = first <= pd.Timestamp(HELD_CUT)
    repeats = days[known & (days.day > first)]
    curve = checked.tracking
    assert curve["actual"].sum() == len(repeats)
    assert curve.loc[~curve["holdout"], "actual"].sum() == (repeats.day <= pd.Timestamp(HELD_CUT)).sum()
    assert curve["week"].iloc[-1] == pd.Timestamp(HELD_AS_OF)
    assert pd.Timestamp(HELD_CUT) in set(curve["week"])


def test_the_tracking_curve_follows_the_true_model(checked):
    curve = checked.tracking
    fitted = curve.loc[~curve["holdout"], ["actual", "predicted"]].sum()
    # repeat purchases vary more than Poisson; 15 % is about three of their standard errors here
    assert fitted["predicted"] == pytest.approx(fitted["actual"], rel=0.15)


def test_the_curves_start_together_at_the_cut_and_part_by_what_was_missed(checked):
    curve = checked.tracking.set_index("week")
    assert curve["predicted_cumulative"].first_valid_index() == pd.Timestamp(HELD_CUT)
    at_cut, end = curve.loc[pd.Timestamp(HELD_CUT)], curve.iloc[-1]
    assert at_cut["predicted_cumulative"] == at_cut["actual_cumulative"]
    missed = curve.loc[curve["holdout"], ["actual", "predicted"]].sum()
    gap = end["actual_cumulative"] - end["predicted_cumulative"]
    assert gap == pytest.approx(missed["actual"] - missed["predicted"])
