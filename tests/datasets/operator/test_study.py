"""The study of the simulated operator reads all its tables, and says that it is simulated."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cxmodels.datasets.catalogue import CATALOGUE, Entry
from cxmodels.datasets.simulated import NORDTEL, Simulated
from cxmodels.study import read_study
from cxmodels.tables import open_tables

STUDY = Path(__file__).resolve().parents[3] / "data" / "nordtel"


@pytest.fixture
def small(tmp_path, monkeypatch):
    monkeypatch.setenv("CXMODELS_CACHE", str(tmp_path))
    part = Simulated(customers=400, seed=NORDTEL.seed, tables=NORDTEL.tables)
    monkeypatch.setitem(CATALOGUE, "nordtel", Entry("Simulated", "MIT", (part,)))


def test_no_row_is_set_aside(small):
    tables = open_tables(read_study(STUDY))
    assert set(tables.names) == set(NORDTEL.tables)
    checks = tables.report.table
    assert (checks.rows_kept == checks.rows_read).all()
    assert (checks.rows_kept > 0).all()
    assert (checks.duplicates.fillna(0) == 0).all()


def test_columns_of_its_own_come_along(small):
    tables = open_tables(read_study(STUDY), count_duplicates=False)
    assert "assignment" in tables["treatments"].columns
    assert {"language", "products", "monthly_gb"} <= set(tables["customers"].columns)
    assert "recorded_at" in tables["events"].columns


def test_it_says_simulated_and_leaves_half_a_year_to_check_in(small):
    study = read_study(STUDY)
    assert "simulated" in study.title
    tables = open_tables(study, count_duplicates=False)
    after = tables["transactions"].filter(lambda row: row.timestamp > study.as_of + timedelta(days=150))
    assert after.count().execute() > 0
