"""The estimate is the closed form, its error counts customers, and the library for it agrees."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxmodels.drivers.effects_estimate import Estimate, Residuals, by_segment, residuals
from cxmodels.drivers.effects_rows import Places, take_away

RNG = np.random.default_rng(11)
ROWS, CUSTOMERS = 3_000, 500
CUSTOMER = np.repeat(np.arange(CUSTOMERS), ROWS // CUSTOMERS)
PLACES = Places(CUSTOMER, CUSTOMER % 3, CUSTOMER % 3, ())


def made(slope: float = 0.5, *, together: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return covariates, driver and outcome; what is left of both goes along within customers."""
    rng = np.random.default_rng(3)
    shared = rng.normal(size=(2, CUSTOMERS))[:, CUSTOMER] * together
    covariates = np.column_stack([np.ones(ROWS), rng.normal(size=(ROWS, 3))])
    driver = covariates @ [0.0, 1.0, -1.0, 0.5] + shared[0] + rng.normal(size=ROWS)
    outcome = slope * driver + covariates @ [1.0, -2.0, 0.0, 1.0] + shared[1] + rng.normal(size=ROWS)
    return covariates, driver, outcome


def left_by_line(covariates: np.ndarray, values: np.ndarray) -> np.ndarray:
    return values - covariates @ np.linalg.lstsq(covariates, values, rcond=None)[0]


def test_with_a_line_for_both_the_slope_is_that_of_least_squares():
    covariates, driver, outcome = made()
    found = Residuals(left_by_line(covariates, outcome), left_by_line(covariates, driver), PLACES).estimate()
    everything = np.column_stack([driver, covariates])
    assert found.value == pytest.approx(np.linalg.lstsq(everything, outcome, rcond=None)[0][0], rel=1e-9)


def test_the_error_counts_customers_and_not_rows():
    covariates, driver, outcome = made()
    some = Residuals(left_by_line(covariates, outcome), left_by_line(covariates, driver), PLACES).estimate()
    alone = Places(np.arange(ROWS), PLACES.fold, PLACES.part, ())
    rows = Residuals(left_by_line(covariates, outcome), left_by_line(covariates, driver), alone).estimate()
    assert some.error > 1.3 * rows.error
    # closed form: the sandwich of least squares, clustered, by hand
    score = left_by_line(covariates, driver) * (
        left_by_line(covariates, outcome) - some.value * left_by_line(covariates, driver)
    )
    meat = sum(score[one == CUSTOMER].sum() ** 2 for one in range(CUSTOMERS))
    bread = np.square(left_by_line(covariates, driver)).sum()
    assert some.error == pytest.approx(np.sqrt(meat * CUSTOMERS / (CUSTOMERS - 1)) / bread, rel=1e-9)


def test_nine_of_ten_intervals_hold_the_truth():
    inside = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        shared = rng.normal(size=(2, CUSTOMERS))[:, CUSTOMER]
        driver = shared[0] + rng.normal(size=ROWS)
        outcome = 0.5 * driver + shared[1] + rng.normal(size=ROWS)
        found = Residuals(outcome, driver, PLACES).estimate()
        inside += found.low <= 0.5 <= found.high
    assert inside / 200 == pytest.approx(0.90, abs=3 * np.sqrt(0.9 * 0.1 / 200))


def test_the_library_for_it_finds_the_same():
    doubleml = pytest.importorskip("doubleml", reason="doubleml is no dependency; it is compared where it is")
    from sklearn.linear_model import LinearRegression

    covariates, driver, outcome = made()
    frame = pd.DataFrame(covariates[:, 1:], columns=["a", "b", "c"]).assign(d=driver, y=outcome, who=CUSTOMER)
    data = doubleml.DoubleMLData(frame, y_col="y", d_cols="d", x_cols=["a", "b", "c"], cluster_cols="who")
    model = doubleml.DoubleMLPLR(data, LinearRegression(), LinearRegression(), n_folds=3)
    model.fit(store_predictions=True)
    expected = {name: model.predictions[name].ravel() for name in ("ml_l", "ml_m")}
    ours = Residuals(outcome - expected["ml_l"], driver - expected["ml_m"], PLACES).estimate()
    assert ours.value == pytest.approx(float(model.coef[0]), rel=2e-3)
    assert ours.error == pytest.approx(float(model.se[0]), rel=2e-2)


def test_rows_are_compared_within_day_and_region():
    cell = RNG.integers(0, 40, ROWS)
    driver = RNG.normal(size=ROWS) + cell  # a bad day of a region brings both about
    outcome = RNG.normal(size=ROWS) + 2.0 * cell
    apart = Places(CUSTOMER, PLACES.fold, PLACES.part, (cell,))
    assert Residuals(outcome, driver, PLACES).estimate().value > 1.5
    found = residuals(outcome, driver, apart).estimate()
    assert abs(found.value) < 3 * found.error


def test_means_are_taken_away_of_two_kinds_of_cells():
    first, second = RNG.integers(0, 12, ROWS), RNG.integers(0, 7, ROWS)
    left = take_away(3.0 * first - 2.0 * second, Places(CUSTOMER, PLACES.fold, PLACES.part, (first, second)))
    assert np.abs(left).max() < 1e-3


def test_segments_have_estimates_of_their_own_where_there_are_enough():
    segment = pd.Categorical(np.where(CUSTOMER < 200, "old", np.where(CUSTOMER < 490, "new", "few")))
    driver = RNG.normal(size=ROWS)
    slope = np.where(segment == "old", -0.3, 0.3)
    left = (RNG.random(ROWS) < 0.5).astype(float)
    found = by_segment(
        Residuals(slope * driver + 0.1 * RNG.normal(size=ROWS), driver, PLACES),
        pd.DataFrame({"tenure": segment}),
        left,
    ).set_index("segment")
    assert found.loc["old", "effect"] == pytest.approx(-0.3, abs=0.02)
    assert found.loc["new", "effect"] == pytest.approx(0.3, abs=0.02)
    assert np.isnan(found.loc["few", "effect"])


def test_an_estimate_in_another_unit_keeps_its_interval_in_order():
    one = Estimate(0.02, 0.005).times(-2.0)
    assert (one.value, one.error) == (-0.04, 0.01)
    assert one.low < one.value < one.high
