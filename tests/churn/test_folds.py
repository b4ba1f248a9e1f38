"""Who is learned from, and who is only foretold."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from cxmodels.churn.dates import Stage
from cxmodels.churn.folds import hashed_places, part_frames
from cxmodels.churn.model import fit_churn
from tests.churn.churners import FEATURES, NO_REFITS, make_customers

DATES = [date(2024, month, 1) for month in range(1, 6)]
STAGE = Stage(tuple(DATES[:2]), DATES[2], DATES[3])


def _table(customers=400, dates=DATES):
    ids = [f"c{number}" for number in range(customers)]
    table = pd.MultiIndex.from_product([pd.to_datetime(dates), ids], names=["as_of", "customer_id"])
    table = table.to_frame(index=False)[["customer_id", "as_of"]]
    return table.assign(churned=np.arange(len(table)) % 3 // 2.0, fee=1.0)


def _ids(frame):
    return set(frame["customer_id"])


def test_a_customer_has_the_same_place_wherever_it_stands():
    ids = pd.Series(["a", "b", "c", "a"])
    places = hashed_places(ids)
    assert places[0] == places[3]
    assert places[::-1].tolist() == hashed_places(ids[::-1]).tolist()


def test_places_are_spread_evenly():
    places = hashed_places(pd.Series([str(number) for number in range(10_000)]))
    counts = np.histogram(places, bins=20, range=(0, 1))[0]
    assert ((counts - 500.0) ** 2 / 500.0).sum() < 43.8  # chi-squared of 19 degrees, one in a thousand
    assert places.min() >= 0.0
    assert places.max() < 1.0


def test_the_test_is_on_a_later_date_and_on_other_customers():
    frames = part_frames(_table(), STAGE)
    assert set(frames.train["as_of"].dt.date) == set(STAGE.train)
    assert set(frames.calibrate["as_of"].dt.date) == {STAGE.calibrate}
    assert set(frames.evaluate["as_of"].dt.date) == {STAGE.evaluate}
    assert not _ids(frames.evaluate) & (_ids(frames.train) | _ids(frames.calibrate))
    assert abs(len(frames.evaluate) / 400 - 0.2) < 4 * np.sqrt(0.2 * 0.8 / 400)
    assert len(_ids(frames.train)) + len(_ids(frames.evaluate)) == 400
    assert "tested on" in frames.notes[0]


def test_turns_foretell_everybody_once():
    tested = [_ids(part_frames(_table(), STAGE, test_share=0.25, turn=turn).evaluate) for turn in range(4)]
    assert sum(map(len, tested)) == len(set.union(*tested)) == 400


def test_without_a_date_to_calibrate_on_customers_are_kept_apart():
    frames = part_frames(_table(), Stage((DATES[0],), None, DATES[0]))
    groups = [_ids(frames.train), _ids(frames.calibrate), _ids(frames.evaluate)]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 400
    assert abs(len(groups[1]) / 400 - 0.2) < 4 * np.sqrt(0.2 * 0.8 / 400)
    assert "kept apart" in frames.notes[0]


def test_without_dates_customers_alone_are_parted():
    table = _table(dates=DATES[:1]).assign(as_of=pd.NaT)
    frames = part_frames(table, None)
    assert len(frames.train) + len(frames.calibrate) + len(frames.evaluate) == 400


def test_today_is_foretold_for_everybody_though_nobody_has_a_label():
    table = _table()
    table.loc[table["as_of"] == pd.Timestamp(DATES[4]), "churned"] = np.nan
    frames = part_frames(table, Stage(tuple(DATES[:3]), DATES[3], DATES[4]), test_share=0.0)
    assert len(frames.evaluate) == len(frames.calibrate) == 400
    assert len(frames.train) == 1200
    assert "foretold for all 400 customers" in frames.notes[0]


def test_rows_without_a_label_are_not_learned_from():
    table = _table()
    table.loc[0:99, "churned"] = np.nan
    assert part_frames(table, STAGE, test_share=0.0).train["churned"].notna().all()
    assert len(part_frames(table, STAGE, test_share=0.0).train) == 700


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_a_single_class_is_refused(label):
    with pytest.raises(ValueError, match=r"rows to learn from: All \d+ rows (stayed|left)"):
        part_frames(_table().assign(churned=label), STAGE)


def test_a_single_class_to_calibrate_on_is_refused():
    table = _table()
    table.loc[table["as_of"] == pd.Timestamp(STAGE.calibrate), "churned"] = 0.0
    with pytest.raises(ValueError, match="rows to calibrate on: All"):
        part_frames(table, STAGE)


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(ValueError, match="from 0 to below 1"):
        part_frames(_table(), STAGE, test_share=share)


def test_too_few_customers_for_the_share_are_refused():
    with pytest.raises(ValueError, match="no row to foretell"):
        part_frames(_table(customers=3), STAGE, test_share=1e-9)


@pytest.mark.parametrize(
    "stage",
    [
        Stage((date(2024, 1, 31), date(2024, 2, 29)), None, date(2024, 3, 31)),
        Stage((date(2024, 1, 31),), None, date(2024, 1, 31)),
    ],
    ids=["no date to calibrate on", "one date"],
)
def test_where_no_date_is_left_to_calibrate_on_a_model_can_be_fitted_all_the_same(stage):
    frame, _ = make_customers(600, seed=5, snapshots=3)
    frames = part_frames(frame, stage)
    model = fit_churn(frames.train, frames.calibrate, features=FEATURES, plan=NO_REFITS)
    assert np.isfinite(model.predict(frames.evaluate)).all()
