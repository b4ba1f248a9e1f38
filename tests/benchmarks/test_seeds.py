"""Seeds that are done are not run again, unless the code that made them has changed."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

from benchmarks import seeds
from benchmarks.seeds import MADE_BY, code_of, run_seeds


def work_of(seed):
    return {"rows": [{"seed": seed, "share": np.float64(0.5), "left": np.nan, "told": np.bool_(True)}]}


def process_of(seed):
    return {"seed": seed, "process": os.getpid()}


def must_not_run(seed):
    raise AssertionError(f"seed {seed} is run again")


def test_seeds_come_in_their_order_and_are_kept_as_plain_figures(tmp_path):
    found = run_seeds(work_of, [3, 1], folder=tmp_path)
    assert [one["rows"][0]["seed"] for one in found] == [3, 1]
    assert found[0]["rows"][0]["told"] is True
    assert np.isnan(found[0]["rows"][0]["left"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.json", "3.json"]


def test_a_run_that_was_cut_goes_on_where_it_was(tmp_path):
    def cut(seed):
        if seed == 2:
            raise KeyboardInterrupt
        return work_of(seed)

    with pytest.raises(KeyboardInterrupt):
        run_seeds(cut, [1, 2], folder=tmp_path)
    assert len(run_seeds(must_not_run, [1], folder=tmp_path)) == 1
    assert len(run_seeds(work_of, [1, 2], folder=tmp_path)) == 2


def test_what_other_code_made_is_made_anew(tmp_path, monkeypatch):
    run_seeds(work_of, [1], folder=tmp_path)
    monkeypatch.setattr(seeds, "code_of", lambda root: "other")
    with pytest.raises(AssertionError, match="seed 1 is run again"):
        run_seeds(must_not_run, [1], folder=tmp_path)
    run_seeds(work_of, [1], folder=tmp_path)
    assert json.loads((tmp_path / "1.json").read_text())[MADE_BY] == "other"


def test_the_fingerprint_changes_with_the_code(tmp_path):
    (tmp_path / "cxmodels").mkdir()
    (tmp_path / "cxmodels" / "one.py").write_text("a = 1\n")
    before = code_of(tmp_path)
    assert code_of(tmp_path) == before
    (tmp_path / "cxmodels" / "one.py").write_text("a = 2\n")
    assert code_of(tmp_path) != before


def test_several_processes_share_the_seeds(tmp_path):
    found = run_seeds(process_of, [1, 2], folder=tmp_path, processes=2)
    assert [one["seed"] for one in found] == [1, 2]
    assert os.getpid() not in {one["process"] for one in found}
