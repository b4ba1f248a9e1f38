"""What is expected of a customer is learned from others, from what precedes and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxmodels.drivers import effects_trees
from cxmodels.drivers.effects_linear import Design, expect_linear, gather
from cxmodels.drivers.effects_trees import Asked, TreePlan, expect_trees, kind_of

ROWS, FOLDS = 3_000, 3
RNG = np.random.default_rng(6)
FOLD = RNG.integers(0, FOLDS, ROWS)
FRAME = pd.DataFrame(
    {
        "usage": RNG.normal(size=ROWS),
        "gap": np.where(RNG.random(ROWS) < 0.3, np.nan, RNG.normal(size=ROWS)),
        "region": pd.Categorical(RNG.choice(["north", "south"], ROWS)),
    }
)
TARGET = 2.0 * FRAME["usage"].to_numpy() + (FRAME["region"] == "south").to_numpy() + RNG.normal(size=ROWS)


def by_line(target: np.ndarray, covariates: list[str]) -> np.ndarray:
    moments = gather(Design.of(FRAME), pd.DataFrame({"y": target}), FOLD, folds=FOLDS)
    return expect_linear(moments, FOLD, asked={"y": ("y", covariates)})["y"].to_numpy()


def by_trees(target: np.ndarray, covariates: list[str]) -> np.ndarray:
    asked = Asked("y", tuple(covariates), target, kind_of(target))
    found = expect_trees(FRAME, [asked], FOLD, folds=FOLDS, plan=TreePlan(rounds=30))
    return found["y", tuple(covariates)]


@pytest.mark.parametrize("learn", [by_line, by_trees], ids=["line", "trees"])
def test_nothing_is_learned_from_the_customer_it_is_about(learn):
    other = np.where(FOLD == 0, TARGET + 50.0, TARGET)
    before, after = learn(TARGET, ["usage", "region"]), learn(other, ["usage", "region"])
    assert after[FOLD == 0] == pytest.approx(before[FOLD == 0])
    assert np.abs(after[FOLD == 1] - before[FOLD == 1]).min() > 5.0


@pytest.mark.parametrize("learn", [by_line, by_trees], ids=["line", "trees"])
def test_only_what_precedes_is_used(learn):
    known, blind = learn(TARGET, ["usage", "region"]), learn(TARGET, ["gap"])
    assert np.corrcoef(known, TARGET)[0, 1] > 0.85
    assert abs(np.corrcoef(blind, TARGET)[0, 1]) < 0.08


def test_processes_side_by_side_expect_what_one_alone_expects(monkeypatch):
    alone = by_trees(TARGET, ["usage", "gap", "region"])
    monkeypatch.setattr(effects_trees, "SHARED_ROWS", ROWS)
    monkeypatch.setattr(effects_trees, "cpu_count", lambda: 2)
    assert (by_trees(TARGET, ["usage", "gap", "region"]) == alone).all()


def test_the_line_is_least_squares_on_the_others():
    columns = np.column_stack(
        [
            np.ones(ROWS),
            FRAME["usage"],
            np.sign(FRAME["usage"]) * np.log1p(np.abs(FRAME["usage"])),
            FRAME["region"] == "south",
        ]
    ).astype(float)
    learned = FOLD != 2
    best = np.linalg.lstsq(columns[learned], TARGET[learned], rcond=None)[0]
    found = by_line(TARGET, ["usage", "region"])
    assert found[~learned] == pytest.approx(columns[~learned] @ best, abs=1e-4)


def test_the_strength_of_a_covariate_is_its_partial_share_of_variance():
    moments = gather(Design.of(FRAME), pd.DataFrame({"y": TARGET}), FOLD, folds=FOLDS)
    found = moments.strength("y", ["usage", "gap", "region"])
    # of what the others leave, variance 4 of 5 is usage's, and 0.25 of 1.25 region's
    assert found["usage"] == pytest.approx(0.80, abs=0.02)
    assert found["region"] == pytest.approx(0.20, abs=0.03)
    assert found["gap"] < 0.01


@pytest.mark.parametrize(
    ("values", "kind"),
    [([0.0, 1.0, 1.0], "binary"), ([0.0, 0.0, 3.0], "count"), ([-1.0, 0.0, 2.0], "number")],
)
def test_values_are_told_apart_by_kind(values, kind):
    assert kind_of(np.array(values)) == kind
