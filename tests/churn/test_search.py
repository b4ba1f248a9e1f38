"""Settings are chosen by rows that were not learned from, and a customer is never on both sides."""

from __future__ import annotations

import numpy as np
import pytest

from cxmodels.churn.search import customer_folds, search_settings
from cxmodels.churn.trees import Rows, TreeSettings, draw_customers

DEEP = TreeSettings(0.3, leaves=63, depth=12, least_rows=1, l2=0.0)
SHALLOW = TreeSettings(0.1, leaves=4, depth=2)


def rows_of(labels, *, repeated=1, seed=0):
    matrix = np.random.default_rng(seed).normal(size=(len(labels), 3))
    return Rows(matrix, labels.astype(float), np.arange(len(labels)) // repeated, [])


def noisy(rows, *, seed):
    rng = np.random.default_rng(seed)
    found = rows_of(np.zeros(rows), seed=seed)
    labels = (rng.random(rows) < 0.2 + 0.4 * (found.matrix[:, 0] > 0)).astype(float)
    return Rows(found.matrix, labels, found.places, [])


@pytest.mark.parametrize("with_later", [False, True])
def test_what_learns_noise_by_heart_loses(with_later):
    later = noisy(800, seed=2) if with_later else None
    search = search_settings(noisy(1_200, seed=1), later, candidates=(DEEP, SHALLOW), monotone=None, seed=0)
    assert search.settings == SHALLOW
    assert search.table["chosen"].tolist() == [False, True]
    assert search.table["log_loss"].is_monotonic_decreasing
    assert (search.held_out is None) == with_later


def test_held_out_scores_know_nothing_of_their_own_customers():
    rng = np.random.default_rng(3)
    rows = rows_of((rng.random(1_000) < 0.3).astype(float))
    search = search_settings(rows, None, candidates=(DEEP,), monotone=None, seed=0)
    assert abs(np.corrcoef(search.held_out, rows.labels)[0, 1]) < 4 / np.sqrt(1_000)
    assert search.final_rounds == round(search.rounds * 5 / 4)


def test_folds_keep_customers_whole_and_spread_leavers():
    labels = np.tile([0, 0, 0, 0, 0, 1], 200)
    rows = rows_of(labels, repeated=3)
    folds = customer_folds(rows, seed=1)
    assert sorted(np.concatenate(folds).tolist()) == list(range(len(labels)))
    customers = [set(rows.places[fold].tolist()) for fold in folds]
    assert all(not a & b for place, a in enumerate(customers) for b in customers[place + 1 :])
    assert {int(labels[fold].sum()) for fold in folds} == {40}


def test_of_many_rows_whole_customers_are_drawn():
    places = np.repeat(np.arange(100), 5)
    drawn = draw_customers(places, most=100, seed=0)
    assert drawn.sum() == 100
    assert set(np.bincount(places, drawn).tolist()) == {0.0, 5.0}
