"""The card tells what the model was made of, how good it is, and when not to trust it."""

from __future__ import annotations

import json

import pytest

from cxmodels.churn.card import Evidence, write_card
from cxmodels.churn.comparison import compare_models
from cxmodels.churn.drift import measure_drift
from cxmodels.churn.leaks import find_leaks
from cxmodels.churn.model import fit_churn
from cxmodels.churn.rivals import fit_rivals
from cxmodels.churn.scores import score_churn
from tests.churn.churners import FEATURES, NO_REFITS, make_customers


@pytest.fixture(scope="module")
def train():
    return make_customers(2_000, seed=1)[0]


@pytest.fixture(scope="module")
def model(train):
    return fit_churn(train.assign(land="no"), features=[*FEATURES, "land"], plan=NO_REFITS)


def evidence(model, train, test, now):
    said = {"model": model.predict(test)} | {
        name: rival.predict(test) for name, rival in fit_rivals(train, features=FEATURES).items()
    }
    return Evidence(
        scores=score_churn(test["churned"], said["model"], value=test["fee"] + 5.0, draws=50),
        comparison=compare_models(test["churned"], said),
        drift=measure_drift(train[FEATURES], now[FEATURES]),
        leaks=find_leaks(train[FEATURES], train["churned"]),
    )


@pytest.fixture(scope="module")
def card(model, train):
    test = make_customers(1_500, seed=2)[0]
    return write_card(model, title="Shop", evidence=evidence(model, train, test, test))


def test_it_is_json_with_every_section(card):
    kept = json.loads(card.to_json())
    assert kept == card.to_dict()
    sections = ["data", "dates", "features", "settings", "scores", "calibration", "drift", "leaks", "limits"]
    assert list(kept) == ["title", "warnings", *sections]


def test_it_tells_data_features_and_settings(card, train):
    told = card.to_dict()
    assert told["data"]["training"]["rows"] == 2_000
    assert told["data"]["training"]["leavers"] == train["churned"].sum()
    assert told["features"]["used"] == FEATURES
    assert told["features"]["dropped"] == {"land": "constant: every row has no"}
    facts = card.summary.set_index("fact")["value"]
    assert facts["Features dropped"] == "land: constant: every row has no"
    assert told["settings"]["searched"][0]["chosen"] is True
    assert {"lightgbm", "cxmodels"} <= set(told["data"]["versions"])


def test_it_tells_scores_with_intervals_and_calibration_by_value(card):
    figures = card.table("scores", "figures").set_index("figure")
    assert (figures["low"] <= figures["value"]).all()
    assert card.table("calibration", "by_value")["decile"].tolist() == list(range(1, 11))
    assert set(card.table("scores", "gains")["rival"]) == {"base rate", "one signal", "logistic regression"}


def test_flat_data_say_what_cannot_be_checked(card):
    assert any("no dates" in note for note in card.sections["limits"]["notes"])


def test_drift_asks_for_a_new_fit(card, model, train):
    test = make_customers(1_500, seed=2)[0]
    assert not any("Fit the model again" in warning for warning in card.warnings)
    moved = evidence(model, train, test, test.assign(outages=test["outages"] + 4))
    warned = write_card(model, title="Shop", evidence=moved)
    assert any("Fit the model again: outages drifted much" in warning for warning in warned.warnings)
    assert warned.sections["drift"]["refit"] is True


def test_probabilities_that_are_off_and_rivals_that_are_as_good_are_warned_of(model):
    test = make_customers(3_000, seed=2)[0]
    said = model.predict(test)
    extreme = said**2 / (said**2 + (1 - said) ** 2)
    told = Evidence(
        scores=score_churn(test["churned"], extreme, draws=50),
        comparison=compare_models(test["churned"], {"model": extreme, "calm": said}),
    )
    warnings = write_card(model, title="Shop", evidence=told).warnings
    assert "too extreme" in warnings[0]
    assert warnings[1].endswith("than calm.")


def test_people_read_of_features_in_words():
    frame = make_customers(1_000, seed=1)[0].rename(columns={"fee": "monthly_fee"})
    frame["exit_date"] = frame["churned"] + frame["usage"].fillna(0.0)
    features = ["outages", "monthly_fee", "exit_date"]
    fitted = fit_churn(frame, features=features, monotone={"outages": 1, "monthly_fee": 1}, plan=NO_REFITS)
    leaks = find_leaks(frame[features], frame["churned"])
    told = write_card(fitted, title="x", evidence=Evidence(leaks=leaks, labels={"outages": "cuts of power"}))
    assert told.summary.set_index("fact").loc["Monotone", "value"] == "cuts of power, monthly fee"
    assert told.warnings == ("Look at exit date: known before the customer left?",)
    assert told.to_dict()["leaks"]["suspects"][0]["feature"] == "exit_date"


def test_what_was_not_measured_is_said(model):
    told = write_card(model, title="Shop", evidence=Evidence()).to_dict()
    assert told["scores"]["note"] == "The model has not been scored."
    assert told["drift"]["verdict"] == "Drift has not been measured."
    assert told["leaks"]["note"] == "The features have not been checked for leaks."


def test_the_summary_says_what_it_learned_from_and_how_good_it_was(model, train, tmp_path):
    later, _ = make_customers(1_500, seed=2)
    scores = score_churn(later["churned"], model.predict(later))
    card = write_card(model, title="Test", evidence=Evidence(scores=scores))
    told = card.summary.set_index("fact")["value"]
    assert told["Learned from"] == f"{len(train):,} rows of {len(train):,} customers"
    assert told["Date tested on"] == "none: the data have no dates"
    assert told["AUC in the test"].startswith(f"{scores.table.loc['auc', 'value']:.3f} (")
    model.save(tmp_path, card=card)
    assert json.loads((tmp_path / "card.json").read_text())["title"] == "Test"
