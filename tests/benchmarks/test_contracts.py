"""The benchmark of contracts runs from end to end, reaches its goals on a small operator, and is saved."""

from __future__ import annotations

import pytest

from benchmarks.contracts import measure_contracts
from benchmarks.report import save


@pytest.mark.slow
def test_a_small_operator_reaches_the_goals_and_is_written(tmp_path):
    result = measure_contracts(seeds=1, customers=3_000)
    of_value = [verdict for verdict in result.verdicts if "seconds" not in verdict.question]
    assert all(verdict.reached for verdict in of_value)
    assert len(save(result, tmp_path)) == 2
