import pandas as pd
import pytest

from benchmarks.contenders import Report
from benchmarks.measure import Measurement
from benchmarks.signal_contenders import DATES, TIMES, run_bare, run_signals
from benchmarks.signals import Run, verdicts, write_tables, write_twice


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("operator")
    return place, write_tables(place / "once", customers=300)


def run_of(seconds, peak):
    return Run([Measurement(seconds, peak, 1)], {})


def test_verdicts_compare_time_with_the_bare_scan_and_memory_with_half_the_records():
    runs = {"bare": run_of(2.0, 100), "signals": run_of(6.0, 1000), "signals-twice": run_of(8.0, 1300)}
    time, memory = verdicts(runs)
    assert time.measured == pytest.approx(3.0) and time.reached
    assert memory.measured == pytest.approx(1.3) and not memory.reached


def test_the_dates_are_the_ends_of_twelve_months():
    assert len(DATES) == 12 and [str(DATES[0]), str(DATES[-1])] == ["2023-01-31", "2023-12-31"]


def test_both_ways_run_over_the_same_tables(folder):
    place, records = folder
    assert records == sum(len(pd.read_parquet(place / "once" / f"{name}.parquet")) for name in TIMES)
    ours, bare = Report(), Report()
    run_signals(place / "once", ours)
    run_bare(place / "once", bare)
    assert ours.parameters["rows"] == 300 * 12 and ours.parameters["columns"] > 50
    assert 0 < bare.parameters["rows"] <= 300 * 12 and bare.parameters["columns"] == 4 * 3 * 2


def test_twice_the_records_are_of_the_same_customers(folder):
    place, records = folder
    write_twice(place / "once", place / "twice")
    assert 2 * records == sum(len(pd.read_parquet(place / "twice" / f"{name}.parquet")) for name in TIMES)
    assert len(pd.read_parquet(place / "twice" / "customers.parquet")) == 300
