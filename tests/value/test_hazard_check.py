"""Recalibration and scores of monthly probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from cxmodels.value.hazard_check import Calibration, calibrate, score_hazards


def drawn(size=60_000, seed=1):
    rng = np.random.default_rng(seed)
    lead = rng.integers(1, 13, size).astype(float)
    return rng, lead, rng.normal(-3.0, 1.0, size)


def test_a_known_distortion_is_undone():
    rng, lead, said = drawn()
    truth = Calibration(level=0.2, slope=0.9, by_lead=-0.3, leads=12)
    left = (rng.random(len(said)) < expit(truth.apply(said, lead))).astype(float)
    found, root = calibrate(said, lead, left, np.ones(len(said)), leads=12)
    errors = np.sqrt(np.diag(root @ root.T))
    off = np.array([found.level - 0.2, found.slope - 0.9, found.by_lead + 0.3])
    assert (np.abs(off) < 4 * errors).all()
    assert errors[0] < 0.1


def test_next_to_nothing_changes_next_to_nothing():
    _, lead, said = drawn(size=20)
    found, _ = calibrate(said, lead, np.zeros(20), np.full(20, 1e-3), leads=12)
    changed = [found.level, found.slope, found.by_lead]
    assert changed == pytest.approx([0.0, 1.0, 0.0], abs=0.01)


def test_weights_are_months():
    rng, lead, said = drawn(size=4_000)
    left = (rng.random(len(said)) < expit(said + 0.5)).astype(float)
    twice, _ = calibrate(*(np.tile(one, 2) for one in (said, lead, left)), np.ones(8_000), leads=12)
    weighted, _ = calibrate(said, lead, left, np.full(4_000, 2.0), leads=12)
    assert weighted.level == pytest.approx(twice.level, abs=1e-6)


def test_a_lead_beyond_the_last_counts_as_the_last():
    one = Calibration(by_lead=0.4, leads=12)
    assert one.apply(np.zeros(2), np.array([12.0, 40.0])).tolist() == pytest.approx([0.4 * 5.5 / 12] * 2)


def test_the_truth_has_the_lowest_log_loss_and_expects_whom_it_should():
    rng, _, said = drawn()
    left = (rng.random(len(said)) < expit(said)).astype(float)
    flat = np.full(len(said), left.mean())
    scores = score_hazards({"truth": expit(said), "flat": flat}, left, np.ones(len(said))).set_index("way")
    assert scores.loc["truth", "log_loss"] < scores.loc["flat", "log_loss"]
    assert scores.loc["flat", "expected"] == pytest.approx(left.sum())
    assert abs(scores.loc["truth", "expected"] - left.sum()) < 4 * np.sqrt(left.sum())
