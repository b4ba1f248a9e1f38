"""The airport's survey comes through the door as answers; codes that are no answer leave no row."""

from __future__ import annotations

import pandas as pd

from cxmodels.datasets.sfo_survey import RATED, RECOMMENDS, write_sfo_survey
from cxmodels.drivers.importance import rating_importance
from cxmodels.experience.ratings import latest_ratings
from cxmodels.study import read_study
from cxmodels.tables import open_tables


def test_blanks_never_used_and_no_answer_have_no_row(tmp_path):
    line = dict.fromkeys(RATED, 0) | {"RESPNUM": 7, "INTDATE": 5, "LANG": 3, RECOMMENDS: 11}
    second = line | {"RESPNUM": 12, "Q7FOOD": 1, "Q7WIFI": 6, "Q10SAFE": 5, RECOMMENDS: 0}
    original, target = tmp_path / "survey.csv", tmp_path / "survey.parquet"
    pd.DataFrame([line, second]).to_csv(original, index=False)
    write_sfo_survey(original, target)
    rows = pd.read_parquet(target).fillna({"touchpoint": ""})
    assert set(rows["customer_id"]) == {"0012"}
    told = {(row.metric, row.touchpoint): row.score for row in rows.itertuples()}
    assert told == {("csat", "restaurants"): 1.0, ("csat", "feeling safe"): 5.0, ("nps", ""): 0.0}
    assert (rows["language"] == "zh").all()


def test_passing_security_comes_first_and_the_best_correlated_does_not(data_set):
    data_set("sfo-survey")
    study = read_study("data/sfo-survey/study.toml")
    tables = open_tables(study)
    ratings, said = latest_ratings(tables["surveys"], as_of=study.as_of)
    assert ratings.shape[1] == len(RATED)
    found = rating_importance(ratings, said, draws=20).table
    assert found["touchpoint"].iloc[0] == "passing security"
    naive = found.sort_values("correlation", ascending=False)["touchpoint"].iloc[0]
    assert naive == "shuttle to long-term parking"
