"""What is expected of leaving and of each driver by what precedes it? All fits of a study, made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from cxmodels.drivers.effects_checks import (
    Checked,
    Strengths,
    before_its_cause,
    mark_of_customer,
    sensitivity,
)
from cxmodels.drivers.effects_estimate import Residuals, residuals
from cxmodels.drivers.effects_linear import Design, Moments, expect_linear, gather
from cxmodels.drivers.effects_paths import effect_paths
from cxmodels.drivers.effects_rows import PARTS, EffectRows, Places, places_of, size_name, take_away
from cxmodels.drivers.effects_trees import Asked, TreePlan, expect_trees, kind_of
from cxmodels.study.drivers import DriverSettings, preceding
from cxmodels.value.counts import Floats

LEFT = "(left)"
THEN = "(then)"  # the number of the date: a covariate of everything
BEFORE, LONG, TRAITS, REMAINDER = "|before", "|long", "|traits", "|rest "
FEWEST_THEN = 1_000  # rows in which the driver long before is known


@dataclass(frozen=True)
class Fits:
    """What is expected, by trees and by a linear model, always of customers not learned from.

    But for a line through what trees leave: it is learned from others, whose trees have seen the customer.

    Attributes
    ----------
    rows : EffectRows
    places : Places
    covariates : dict of str to tuple of str
        By driver.
    by_trees : dict
        From `expect_trees`, and a line through what they leave.
    by_line : DataFrame
        Columns by driver, and ``(left)|driver``.
    moments : Moments
    around : tuple of DataFrame, shape (rows, drivers)
        What a linear model of traits leaves of each driver, in its window and in the one before.
    marks : dict of str to Residuals
        Of each driver long before.
    """

    rows: EffectRows
    places: Places
    covariates: dict[str, tuple[str, ...]]
    by_trees: dict[tuple[str, tuple[str, ...]], Floats] = field(repr=False)
    by_line: pd.DataFrame = field(repr=False)
    moments: Moments = field(repr=False)
    around: tuple[pd.DataFrame, pd.DataFrame] = field(repr=False)
    marks: dict[str, Residuals] = field(repr=False)

    @property
    def background(self) -> list[str]:
        """Covariates of everything."""
        return [*self.rows.background.columns, *((THEN,) if self.rows.dated else ())]

    def values(self, driver: str) -> Floats:
        """Return a driver, 0 where it is missing."""
        return self.rows.values[driver].fillna(0.0).to_numpy(dtype=float)

    def residuals(self, driver: str) -> Residuals:
        """Return what trees leave of leaving and of a driver."""
        some = self.covariates[driver]
        return residuals(
            self.rows.left - self.by_trees[LEFT, some],
            self.values(driver) - self.by_trees[driver, some],
            self.places,
        )

    def expected_leaving(self) -> Floats:
        """Return the probability of leaving, expected by the fewest covariates."""
        some = min(self.covariates.values(), key=len)
        return self.by_trees[LEFT, some]

    def check(self, driver: str) -> Checked:
        """Estimate a driver's effect, and look at it from all sides."""
        values, found = self.values(driver), self.residuals(driver)
        estimate = found.estimate()
        line = residuals(
            self.rows.left - self.by_line[f"{LEFT}|{driver}"].to_numpy(),
            values - self.by_line[driver].to_numpy(),
            self.places,
        )
        spread = float(np.square(values - values.mean()).sum())
        mark = self.marks.get(driver)
        every = self.covariates[driver]
        background = [name for name in every if name in self.rows.background.columns]
        strengths = Strengths(
            self.moments.strength(driver, every)[background],
            self.moments.strength(LEFT, [*every, driver])[background],
        )
        known = [name for name in self.followers(driver) if self.rows.dated and name in self.covariates]
        return Checked(
            estimate=estimate,
            linear=line.estimate(),
            variance_left=min(float(one.driver @ one.driver) / spread for one in (found, line)),
            customers=found.customers,
            long_before=None if mark is None else mark_of_customer(found, mark),
            before_its_cause=before_its_cause(self._traits(driver), known, *self.around),
            sensitivity=sensitivity(
                found,
                estimate,
                strengths,
                base=float(self.rows.left.mean()),
                typical=float(np.abs(values[values != 0]).mean()),
            ),
        )

    def paths(self, driver: str) -> pd.DataFrame:
        """Split a driver's effect among the stages of the drivers that follow it; see `effect_paths`."""
        known = [name for name in self.followers(driver) if name in self.covariates]
        stages = {one.name: one.stage for one in self.rows.drivers}
        return effect_paths(self.moments, driver, known, self.covariates[driver], outcome=LEFT, stages=stages)

    def followers(self, driver: str) -> list[str]:
        """Return the drivers that a driver precedes."""
        return [one for one, before in preceding(self.rows.drivers).items() if driver in before]

    def _traits(self, driver: str) -> Residuals:
        """Return what is left of a driver after what the window before it cannot have changed."""
        left = take_away(self.around[0][driver].to_numpy(), self.places)
        return Residuals(left, left, self.places)


def fit_nuisances(
    rows: EffectRows, drivers: Sequence[DriverSettings], *, folds: int, trees: TreePlan
) -> Fits:
    """Fit everything that is expected by what precedes it.

    Parameters
    ----------
    rows : EffectRows
    drivers : sequence of DriverSettings
        Those whose effect can be estimated.
    folds : int
        Parts of the customers.
    trees : TreePlan

    Returns
    -------
    Fits
    """
    places = places_of(rows, folds=folds)
    names = [one.name for one in drivers]
    frame = _frame(rows)
    then = (THEN,) if THEN in frame.columns else ()
    covariates = {name: (*rows.covariates(name), *then) for name in names}
    values = rows.values[names].fillna(0.0).astype(float)
    before = rows.month_before.reindex(index=values.index, columns=names).fillna(0.0).astype(float)
    numbers = {name: column.to_numpy() for name, column in values.items()}
    asked = [Asked(name, covariates[name], numbers[name], kind_of(numbers[name])) for name in names]
    asked += [Asked(LEFT, some, rows.left, "binary") for some in dict.fromkeys(covariates.values())]
    by_trees = expect_trees(frame, asked, places.fold, folds=folds, plan=trees)
    rests = {f"{REMAINDER}{place}": one for place, one in enumerate(asked)}
    left_by_trees = {name: one.values - by_trees[one.target, one.covariates] for name, one in rests.items()}
    targets = pd.concat([values, before.add_suffix(BEFORE), pd.DataFrame(left_by_trees)], axis=1)
    targets = targets.assign(**{LEFT: rows.left})
    moments = gather(Design.of(frame), targets, places.part, folds=folds, parts=PARTS * folds)
    traits = [*(name for name in rows.background.columns if name not in rows.history), *then]
    lines: dict[str, tuple[str, Sequence[str]]] = {name: (name, covariates[name]) for name in names}
    lines |= {f"{LEFT}|{name}": (LEFT, covariates[name]) for name in names}
    lines |= {f"{name}{end}{TRAITS}": (f"{name}{end}", traits) for name in names for end in ("", BEFORE)}
    lines |= {name: (name, one.covariates) for name, one in rests.items()}
    by_line = expect_linear(moments, places.fold, asked=lines)
    # shrunken trees leave a little of what is plain: a line through their remainders takes it away
    for name, one in rests.items():
        by_trees[one.target, one.covariates] += by_line.pop(name).to_numpy()
    around = (
        pd.DataFrame({n: values[n] - by_line.pop(f"{n}{TRAITS}") for n in names}),
        pd.DataFrame({n: before[n] - by_line.pop(f"{n}{BEFORE}{TRAITS}") for n in names}),
    )
    fits = Fits(rows, places, covariates, by_trees, by_line, moments, around, {})
    return replace(fits, marks=_marks(fits, frame, folds=folds))


def _marks(fits: Fits, frame: pd.DataFrame, *, folds: int) -> dict[str, Residuals]:
    """Return what is left of each driver long before, and of leaving, where the first is known."""
    rows, names = fits.rows, [name for name in fits.covariates if name in fits.rows.long_before.columns]
    known = rows.long_before[names].notna().to_numpy()
    before = preceding(rows.drivers)
    found = {}
    for pattern in dict.fromkeys(map(bytes, known.T)):
        some = [name for name, column in zip(names, known.T, strict=True) if bytes(column) == pattern]
        mask = known[:, names.index(some[0])]
        if mask.sum() < FEWEST_THEN:
            continue
        then = rows.long_before.loc[mask, names].reset_index(drop=True).astype(float)
        # years differ: what was met then is scaled to what is met now, as a rate of the same customers
        now = pd.Series({name: fits.values(name)[mask].mean() for name in names})
        then = then * (now / then.mean().where(then.mean() > 0, np.inf))
        part = pd.concat(
            [frame.loc[mask, fits.background].reset_index(drop=True), then.add_suffix(LONG)], axis=1
        )
        places = fits.places.some(mask)
        moments = gather(Design.of(part), then[some], places.fold, folds=folds)
        # of what precedes the driver counts, as it counts now, what there was of it then
        asked = {
            name: (name, [*fits.background, *(f"{one}{LONG}" for one in before[name] if one in names)])
            for name in some
        }
        expected = expect_linear(moments, places.fold, asked=asked)
        for name in some:
            left = (rows.left - fits.by_trees[LEFT, fits.covariates[name]])[mask]
            found[name] = residuals(left, (then[name] - expected[name]).to_numpy(), places)
    return found


def _frame(rows: EffectRows) -> pd.DataFrame:
    sizes = rows.sizes.rename(columns={name: size_name(name) for name in rows.sizes.columns})
    frame = pd.concat([rows.background, rows.values, sizes], axis=1)
    if rows.dated:
        frame[THEN] = pd.factorize(rows.date)[0].astype(np.float32)
    return frame
