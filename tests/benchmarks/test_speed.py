import json
import math
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.contenders import Report, run_group_by, run_lifetimes
from benchmarks.growth import slopes
from benchmarks.measure import Measurement
from benchmarks.purchase_log import AS_OF, FIRST_DAY, write_log
from benchmarks.speed import Run, contender, largest_distance, parameters, verdicts


def run_of(seconds: list[float], peaks: list[float], *, r: float = 1.0, se: float = 0.1) -> Run:
    measurements = [Measurement(time, peak, 1) for time, peak in zip(seconds, peaks, strict=True)]
    return Run(measurements, Path("none"), {"parameters": {"r": r}, "standard_errors": {"r": se}})


@pytest.fixture
def runs() -> dict[str, Run]:
    return {
        "cxmodels": run_of([3.0, 2.0, 99.0], [900, 1000, 1400], r=1.005),
        "lifetimes": run_of([33.0, 30.0, 30.0], [1600, 1600, 1700]),
        "group-by": run_of([0.4, 0.5, 0.6], [300, 300, 300]),
        "door": run_of([1.0, 1.5, 2.0], [400, 500, 600]),
    }


def test_verdicts_compare_medians_with_the_goals(runs):
    faster, bare, door, door_memory, memory, distance = verdicts(runs, runs["lifetimes"].report)
    assert faster.measured == pytest.approx(10.0) and faster.reached
    assert (bare.measured, bare.goal) == (3.0, pytest.approx(3.0)) and bare.reached
    assert door.measured == pytest.approx(3.0) and door.reached
    assert door_memory.measured == 500 and door_memory.reached
    assert memory.measured == 1000 and memory.reached
    assert distance.measured == pytest.approx(0.05) and distance.reached


def test_a_slower_run_reaches_fewer_goals(runs):
    runs["cxmodels"] = run_of([3.1, 3.1, 3.1], [1501, 1501, 1501], r=1.02)
    runs["door"] = run_of([1.6, 1.6, 1.6], [1001, 1001, 1001])
    assert not any(verdict.reached for verdict in verdicts(runs, runs["lifetimes"].report))


def test_distance_is_taken_in_standard_errors_of_the_full_fit():
    ours = {"parameters": {"r": 1.1, "alpha": 4.0}}
    full = {"parameters": {"r": 1.0, "alpha": 4.4}, "standard_errors": {"r": 0.5, "alpha": 0.2}}
    assert parameters(ours, full).table["distance in SE"].tolist() == pytest.approx([0.2, 2.0])
    assert largest_distance(ours, full) == pytest.approx(2.0)


def test_a_parameter_that_is_missing_is_no_success():
    full = {"parameters": {"r": 1.0, "alpha": 4.4}, "standard_errors": {"r": 0.5, "alpha": 0.2}}
    assert math.isnan(largest_distance({"parameters": {"r": 1.0}}, full))


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_the_slope_is_the_power_of_the_size(power):
    sizes = [10_000, 100_000, 1_000_000]
    table = pd.DataFrame(
        {
            "contender": "x",
            "customers": sizes,
            "seconds": [2 * n**power for n in sizes],
            "peak MB": [100.0] * 3,
        }
    )
    row = slopes(table, "customers").iloc[0]
    assert row["slope of time"] == pytest.approx(power, abs=1e-9)
    assert row["slope of memory"] == pytest.approx(0, abs=1e-9)


def test_one_size_has_no_slope():
    table = pd.DataFrame({"contender": ["x"], "customers": [10], "seconds": [1.0], "peak MB": [1.0]})
    assert math.isnan(slopes(table, "customers").iloc[0]["slope of time"])


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "log.parquet"
    return path, write_log(path, customers=2_000)


def test_the_log_is_what_its_facts_say(log):
    path, facts = log
    table = pd.read_parquet(path)
    rows, customers = len(table), table["customer_id"].nunique()
    first, last = table["timestamp"].min(), table["timestamp"].max()
    assert table["timestamp"].is_monotonic_increasing
    assert (rows, customers) == (facts.transactions, facts.customers) and customers == 2_000
    assert first.date() >= FIRST_DAY and last.date() <= AS_OF
    assert 4.5 <= rows / customers <= 7


def test_the_same_seed_writes_the_same_log(log, tmp_path):
    path, _ = log
    write_log(tmp_path / "again.parquet", customers=2_000)
    again = pd.read_parquet(tmp_path / "again.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(path), again)


def test_more_lines_a_purchase_leave_customers_and_money_as_they_are(log, tmp_path):
    path, facts = log
    many = write_log(tmp_path / "many.parquet", customers=2_000, lines=3)
    sums = [pd.read_parquet(one)["amount"].sum() for one in (path, tmp_path / "many.parquet")]
    assert many.transactions == 3 * facts.transactions
    assert sums[0] == pytest.approx(sums[1], rel=1e-9)


def test_the_bare_group_by_does_the_work_of_lifetimes_summary(log, tmp_path):
    path, _ = log
    tables = []
    for number, run in enumerate((run_group_by, run_lifetimes)):
        out = tmp_path / f"{number}.parquet"
        run(path, out, AS_OF, Report())
        table = pd.read_parquet(out)
        table = table if "customer_id" in table else table.reset_index()
        tables.append(
            table.set_index("customer_id").sort_index()[["frequency", "recency", "T", "monetary_value"]]
        )
    pd.testing.assert_frame_equal(
        tables[0].astype(float), tables[1].astype(float), rtol=1e-9, check_names=False
    )


def test_a_contender_reports_its_stages(log, tmp_path):
    path, _ = log
    command = contender("group-by", log=path, folder=tmp_path)
    from benchmarks.measure import measure

    measure(command)
    assert json.loads((tmp_path / "group-by.json").read_text())["stages"]["summary"] > 0
