"""A study file becomes frozen, typed settings; what is wrong in it is named together with the cure."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from cxmodels.study import StudyError, read_study
from cxmodels.study.drivers import preceding

ROOT = Path(__file__).resolve().parents[2]
STUDY = """
title = "A shop"
as_of = 2025-06-30
currency = "EUR"

[tables.transactions]
source = "log.csv"
columns = { customer_id = "id", timestamp = "day", amount = "net" }

[value]
margin = [0.30, 0.40]
"""


@pytest.fixture
def study_file(tmp_path):
    file = tmp_path / "shop" / "study.toml"
    file.parent.mkdir()
    file.write_text(STUDY)
    return file


def test_a_study_is_read_with_its_types(study_file):
    study = read_study(study_file)
    assert study.as_of == date(2025, 6, 30)
    assert study.tables["transactions"].source == ["log.csv"]
    assert (study.value.margin_low, study.value.margin_high) == (0.30, 0.40)
    assert study.value.margin_mid == pytest.approx(0.35)


def test_defaults_are_those_of_the_design(study_file):
    value = read_study(study_file).value
    assert (value.unit, value.horizon_days, value.model, value.holdout_days) == ("week", 365, "auto", None)


def test_a_folder_stands_for_the_study_in_it(study_file):
    assert read_study(study_file.parent) == read_study(study_file)


def test_the_name_comes_from_the_folder_and_variants_add_theirs(study_file):
    variant = study_file.with_name("small.toml")
    variant.write_text(STUDY)
    assert read_study(study_file).name == "shop"
    assert read_study(variant).name == "shop-small"


@pytest.mark.parametrize("path", ["data/cdnow", "data/cdnow/sample.toml", "data/online-retail"])
def test_the_studies_of_the_project_can_be_read(path):
    assert read_study(ROOT / path).tables["transactions"].columns["amount"]


def test_the_shop_asks_what_makes_buyers_lapse_in_the_order_in_which_it_happens():
    study = read_study(ROOT / "data/online-retail")
    assert preceding(study.drivers)["refunded"] == ("orders", "bought", "cancellations")
    assert {one.table for one in study.drivers} == {"transactions"}
    # three horizons and one look back, on each of which stands a date
    log = (study.as_of - date(2010, 12, 1)).days + 1
    assert study.churn.observation_days + 3 * study.churn.horizon_days <= log


def test_settings_are_frozen(study_file):
    study = read_study(study_file)
    with pytest.raises(ValidationError):
        study.value.seed = 1


def test_settings_for_the_record_are_plain_and_complete(study_file):
    settings = read_study(study_file).settings()
    assert settings["as_of"] == "2025-06-30"
    assert settings["value"]["discount_rate"] == 0.10
    assert "path" not in settings


@pytest.mark.parametrize(
    ("key", "given", "read"),
    [
        ("as_of", "2026-10-31", date(2026, 10, 31)),
        ("as_of", date(2026, 10, 31), date(2026, 10, 31)),
        ("currency", "NOK", "NOK"),
        ("value.margin", "0.25", 0.25),
        ("value.margin", "[0.2, 0.3]", (0.2, 0.3)),
        ("value.margin", [0.2, 0.3], (0.2, 0.3)),
        ("value.model", "bg-nbd", "bg-nbd"),
        ("churn.gap_days", "30", 30),
        ("churn.windows", "[30, 180]", [30, 180]),
        ("value.large_customers", "0012", ["0012"]),
        ("churn.allow", "complaints", ["complaints"]),
        ("tables.transactions.source", "other.csv", ["other.csv"]),
        ("tables.transactions.columns.amount", "Quantity * Price", "Quantity * Price"),
    ],
)
def test_overrides_are_read_as_on_the_command_line(study_file, key, given, read):
    found = read_study(study_file, {key: given})
    for part in key.split("."):
        found = found[part] if isinstance(found, dict) else getattr(found, part)
    assert found == read


@pytest.mark.parametrize(
    ("key", "given", "said"),
    [
        (
            "value.margn",
            "0.3",
            ["override value.margn", "found: 0.3", "allowed here are unit, margin", "'margin'"],
        ),
        ("margin", "0.3", ["unknown", "did you mean 'value.margin'"]),
        ("value.horizon_days", "1.5", ["found: 1.5", "a whole number"]),
        ("value.horizon_days", "'365'", ["found: '365'", "a whole number"]),
        ("value.seed", "true", ["found: True", "a whole number"]),
        ("value.discount_rate", "-0.1", ["greater than or equal to 0"]),
        ("value.discount_rate", "nan", ["found: nan", "must be a finite number"]),
        ("value.discount_rate", "-inf", ["found: -inf", "must be a finite number"]),
        ("value.margin", "nan", ["found: nan", "must be a finite number"]),
        ("value.margin", "[0.2, inf]", ["found: [0.2, inf]", "must be a finite number"]),
        ("segments.active_gaps", "inf", ["found: inf", "must be a finite number"]),
        ("segments.lapsed_gaps", "inf", ["found: inf", "must be a finite number"]),
        ("segments.tiers.top", "nan", ["found: nan", "must be a finite number"]),
        ("tables.transactions.max_bad_share", "nan", ["found: nan", "must be a finite number"]),
        ("value.margin", "35", ["found: 35", "a share such as 0.35"]),
        ("value.margin", "[0.4, 0.3]", ["rising range"]),
        ("value.model", "bgnbd", ["'bg-nbd', 'mbg-nbd'", "did you mean 'bg-nbd'"]),
        ("as_of", "yesterday", ["found: 'yesterday'", "a date such as 2025-12-31"]),
        ("currency", "GPB", ["no ISO currency code", "did you mean 'GBP'"]),
        ("timezone", "Europe/Olso", ["no time zone", "did you mean 'Europe/Oslo'"]),
        ("tables.transactoins.source", "x", ["'transactoins'", "did you mean 'transactions'"]),
        ("tables.transactions.delimter", ";", ["allowed here are source", "did you mean 'delimiter'"]),
        ("tables.transactions.encoding", "utf-88", ["no encoding", "'utf-8'"]),
        ("tables.transactions.database", "shop.duckdb", ["either source", "not both"]),
        ("tables.transactions.max_bad_share", "5", ["less than or equal to 1"]),
        ("segments.tiers", "{top = 0.5}", ["end at 1"]),
        ("churn.windows", "[90, 30]", ["[90, 30]", "they must rise"]),
        ("churn.windows", "[30, 365]", ["up to observation_days = 180"]),
        ("churn.label", "contract", ["'contracts'", "'silence'"]),
        ("churn.step_days", "0", ["greater than or equal to 1"]),
        ("value", "3", ["a table of keys"]),
    ],
)
def test_a_wrong_override_names_key_found_and_allowed(study_file, key, given, said):
    with pytest.raises(StudyError) as error:
        read_study(study_file, {key: given})
    for words in said:
        assert words in str(error.value)


def test_what_is_wrong_in_the_file_is_said_with_the_file(study_file):
    study_file.write_text(STUDY.replace("currency", "curency"))
    with pytest.raises(StudyError) as error:
        read_study(study_file)
    said = str(error.value)
    assert str(study_file) in said
    assert "key 'curency'" in said and "did you mean 'currency'?" in said
    assert "key 'currency' is missing" in said


def test_several_errors_stand_on_a_line_each_under_the_file(study_file):
    study_file.write_text(STUDY.replace("2025-06-30", '"soon"').replace("EUR", "EURO"))
    with pytest.raises(StudyError) as error:
        read_study(study_file, {"value.seed": "true"})
    first, *others = str(error.value).splitlines()
    assert first == f"{study_file}: 3 errors"
    assert [line.split(" (")[0] for line in others] == [
        "key 'as_of'",
        "key 'currency'",
        "override value.seed",
    ]


def test_decimal_and_thousands_must_differ(study_file):
    overrides = {"tables.transactions.decimal": ",", "tables.transactions.thousands": ","}
    with pytest.raises(StudyError, match="must differ"):
        read_study(study_file, overrides)


def test_a_missing_study_names_those_near_it(study_file):
    with pytest.raises(StudyError, match=r"no such study file.*study\.toml"):
        read_study(study_file.with_name("studdy.toml"))


def test_a_file_that_is_no_toml_is_named_with_the_line(study_file):
    study_file.write_text("title = A shop")
    with pytest.raises(StudyError, match=r"not valid TOML.*line 1"):
        read_study(study_file)


def test_the_path_is_not_a_setting(study_file):
    with pytest.raises(StudyError, match="'path' is not allowed"):
        read_study(study_file, {"path": "elsewhere.toml"})


def test_a_history_that_starts_after_as_of_is_refused(study_file):
    with pytest.raises(StudyError, match=r"value\.history_start = 2999-01-01 after as_of = "):
        read_study(study_file, {"value.history_start": "2999-01-01"})
