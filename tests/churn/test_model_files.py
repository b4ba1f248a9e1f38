"""A model that is saved and read again says the same, and its folder holds text only."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxmodels.churn.model import fit_churn
from cxmodels.churn.model_files import read_churn_model
from tests.churn.churners import FEATURES, QUICK, make_customers


@pytest.fixture(scope="module")
def model():
    frame, _ = make_customers(1_500, seed=1)
    rare = np.where(np.arange(1_500) % 2, "often", [f"area {one}" for one in range(1_500)])
    return fit_churn(frame.assign(area=rare), features=[*FEATURES, "area"], monotone={"fee": 1}, plan=QUICK)


def test_it_says_the_same_after_saving(model, tmp_path):
    frame = make_customers(500, seed=2)[0].assign(area="area 3")
    model.save(tmp_path / "model")
    again = read_churn_model(tmp_path / "model")
    np.testing.assert_allclose(again.predict(frame), model.predict(frame), rtol=0, atol=1e-12)
    np.testing.assert_allclose(again.interval(frame), model.interval(frame), rtol=0, atol=1e-12)
    np.testing.assert_allclose(again.contributions(frame), model.contributions(frame), rtol=0, atol=1e-9)
    assert (again.encoding, again.calibration) == (model.encoding, model.calibration)
    assert (dict(again.settings), dict(again.origin)) == (dict(model.settings), dict(model.origin))
    pd.testing.assert_frame_equal(again.searched, model.searched)


def test_a_model_whose_settings_were_given_is_saved_too(tmp_path):
    frame, _ = make_customers(400, seed=3, snapshots=3)
    last = frame["as_of"].max()
    given = fit_churn(
        frame[frame["as_of"] < last], frame[frame["as_of"] == last], features=FEATURES, plan=QUICK
    )
    assert given.searched["log_loss"].isna().all()
    given.save(tmp_path)
    pd.testing.assert_frame_equal(read_churn_model(tmp_path).searched, given.searched)


def test_the_folder_holds_text_that_people_can_read(model, tmp_path):
    model.save(tmp_path)
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["model.json", "model.txt", "refit-000.txt", "refit-001.txt", "refit-002.txt"]
    assert all(file.read_text(encoding="utf-8") for file in tmp_path.iterdir())


def test_an_incomplete_folder_is_refused(model, tmp_path):
    with pytest.raises(ValueError, match="holds no churn model"):
        read_churn_model(tmp_path)
    model.save(tmp_path)
    (tmp_path / "refit-001.txt").unlink()
    with pytest.raises(ValueError, match=r"lacks refit-001\.txt"):
        read_churn_model(tmp_path)
