"""A handful of customers, or customers who never return, still get a report that says what it cannot say."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxmodels.reporting.runner import run_study

pytestmark = pytest.mark.slow

STUDIES = {
    "one customer": [("a", day, 20.0) for day in (1, 40, 90)],
    "eight customers": [(f"c{i}", 1 + 20 * i + 50 * k, 10.0 + i) for i in range(8) for k in range(1 + i % 3)],
    "buyers who never return": [(f"c{i}", 1 + i % 180, 5.0 + i % 7) for i in range(60)],
    "one day": [(f"c{i}", 100, 30.0) for i in range(12)],
}


@pytest.fixture(params=STUDIES, ids=list(STUDIES))
def report(request, tmp_path: Path) -> Path:
    log = pd.DataFrame(STUDIES[request.param], columns=["customer_id", "day", "amount"])
    log["timestamp"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(log.pop("day"), unit="D")
    log.to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "study.toml").write_text(
        'title = "Small"\nas_of = 2024-07-01\ncurrency = "EUR"\n[tables.transactions]\nsource = "log.csv"\n',
        encoding="utf-8",
    )
    return run_study(tmp_path / "study.toml", out=tmp_path / "report")


def test_values_and_segments_are_shown_and_what_cannot_be_checked_is_said(report: Path) -> None:
    run = json.loads((report / "run.json").read_text(encoding="utf-8"))
    assert run["complete"]
    value = pd.read_parquet(report / "tables" / "customer_value.parquet")
    figures = value[["expected_purchases", "expected_spend", "clv", "clv_low", "clv_high"]]
    assert np.isfinite(figures.to_numpy()).all()
    assert (value["clv_low"] <= value["clv"] * (1 + 1e-9)).all()
    assert (value["clv"] <= value["clv_high"] * (1 + 1e-9)).all()
    assert value["segment"].notna().all()
    findings = json.loads((report / "findings.json").read_text(encoding="utf-8"))["findings"]
    worth = [one for one in findings if one["notebook"] == "02-customer-lifetime-value" and one["money"]]
    assert [one["evidence"] for one in worth] == ["unchecked"]
    warned = json.loads((report / "findings" / "02-customer-lifetime-value.json").read_text(encoding="utf-8"))
    assert any("check" in sentence.lower() for sentence in warned["warnings"])


def test_a_later_period_at_a_loss_leaves_out_the_comparison_of_rules_only(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    log = pd.DataFrame(
        {"customer_id": rng.integers(0, 150, 2_000), "day": rng.integers(0, 366, 2_000), "amount": 20.0}
    )
    # a third of the customers always cost more than they bring: what they hold is less than nothing
    log["margin"] = np.where(log["customer_id"] % 3 == 0, -8.0, np.where(log["day"] < 240, 18.0, -3.0))
    log["timestamp"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(log.pop("day"), unit="D")
    log.to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "study.toml").write_text(
        'title = "Loss"\nas_of = 2024-12-31\ncurrency = "EUR"\n[tables.transactions]\nsource = "log.csv"\n',
        encoding="utf-8",
    )
    report = run_study(tmp_path / "study.toml", out=tmp_path / "report")
    left = json.loads((report / "findings" / "03-value-segments.json").read_text(encoding="utf-8"))
    assert any("brought no margin" in warning for warning in left["warnings"])
    assert (report / "tables" / "segment_migration.parquet").is_file()
    assert not (report / "tables" / "rules_compared.parquet").exists()
