import json
import math
from datetime import date

import numpy as np
import pandas as pd
import pytest

from benchmarks.report import Result, Section, Verdict, save


@pytest.fixture
def result() -> Result:
    table = pd.DataFrame({"who": ["ours", "theirs"], "seconds": [1.25, 31.0], "total": [math.nan, 1234.5678]})
    return Result(
        name="speed",
        title="Speed",
        sections=(Section("Times", table, {"seconds": ".1f"}, note="medians of 3 runs"),),
        verdicts=(
            Verdict("times faster", 24.8, 10, "at least", "×"),
            Verdict("memory", 2000, 1500, "at most", "MB"),
        ),
        notes=("a note",),
        machine={"cores": "2"},
    )


@pytest.mark.parametrize(
    ("measured", "bound", "reached"),
    [
        (9.99, "at least", False),
        (10.0, "at least", True),
        (10.0, "at most", True),
        (10.01, "at most", False),
        (math.nan, "at most", False),
        (math.nan, "at least", False),
    ],
)
def test_a_goal_is_reached_at_its_bound_and_never_by_no_figure(measured, bound, reached):
    assert Verdict("q", measured, 10.0, bound).reached is reached


def test_a_verdict_says_plainly_whether_it_is_reached(result):
    first, second = (verdict.sentence for verdict in result.verdicts)
    assert first.startswith("reached") and "24.8 ×" in first and "at least 10 ×" in first
    assert second.startswith("NOT reached") and "2,000 MB" in second and "at most 1,500 MB" in second


def test_a_bound_that_is_no_bound_is_refused():
    with pytest.raises(ValueError, match="at most"):
        Verdict("q", 1.0, 1.0, "about")


def test_text_columns_line_up(result):
    lines = result.text().splitlines()
    start = lines.index("Times") + 1
    header, rule, ours, theirs = lines[start : start + 4]
    assert (
        header.index("seconds") + len("seconds")
        == rule.index(" ", rule.index("-------"))
        == len("theirs  seconds")
    )
    assert ours.endswith("–") and "1.2" in ours
    assert theirs.split() == ["theirs", "31.0", "1235"]


def test_markdown_has_the_day_the_machine_and_the_goals(result):
    page = result.markdown(day=date(2026, 1, 31))
    assert "Measured 2026-01-31. cores 2" in page
    assert "| theirs | 31.0 | 1235 |" in page
    assert "- NOT reached memory" in page


def test_json_keeps_the_figures_unrounded_and_is_strict(result, tmp_path):
    page, data = save(result, tmp_path)
    kept = json.loads(data.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert kept["tables"]["Times"][1]["total"] == 1234.5678
    assert kept["tables"]["Times"][0]["total"] is None
    assert [verdict["reached"] for verdict in kept["verdicts"]] == [True, False]
    assert page.read_text().startswith("# Speed")


def test_figures_of_numpy_are_saved_as_plain_json(tmp_path):
    verdict = Verdict("gain", np.float64(2.0), np.float32(1.0), "at least")
    result = Result(name="tiny", title="Tiny", sections=(), verdicts=(verdict,), notes=(), machine={})
    saved = json.loads(save(result, tmp_path)[1].read_text(encoding="utf-8"))
    assert saved["verdicts"][0]["reached"] is True
    assert saved["verdicts"][0]["measured"] == 2.0
