import json
import subprocess
import sys

import pytest

from benchmarks.__main__ import ALL, BENCHMARKS, main
from benchmarks.measure import ROOT
from benchmarks.report import Result


def test_every_benchmark_has_a_name_on_the_command_line():
    assert tuple(BENCHMARKS) == ALL


def test_an_unknown_benchmark_is_refused(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["sped"])
    assert stopped.value.code == 2
    assert "speed" in capsys.readouterr().err


def test_named_benchmarks_are_run_printed_and_written(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(BENCHMARKS, "growth", lambda chosen, folder: Result("growth", "Grown", sections=()))
    assert main(["growth", "--results", str(tmp_path)]) == 0
    assert "Grown" in capsys.readouterr().out
    assert (tmp_path / "growth.md").read_text().startswith("# Grown")


@pytest.mark.slow
def test_speed_runs_end_to_end_on_a_small_log(tmp_path):
    command = [
        sys.executable,
        "-m",
        "benchmarks",
        "speed",
        "--small",
        "--repetitions",
        "1",
        "--results",
        str(tmp_path),
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stderr
    kept = json.loads((tmp_path / "speed-50000.json").read_text())
    verdicts = {verdict["question"]: verdict for verdict in kept["verdicts"]}
    assert verdicts["largest distance of a parameter from the full fit"]["reached"]
    assert verdicts["peak memory"]["reached"]
    agreement = kept["tables"]["The same values? Customer by customer"][0]
    assert agreement["customers"] == 50_000
    # lifetimes discounts from the end of each month, half a month later than purchases come on average
    assert agreement["ratio"] == pytest.approx(1.01**0.5, abs=0.002)
    assert agreement["correlation"] > 0.9999
