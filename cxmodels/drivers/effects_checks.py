"""Would an effect stand if something were not as it is thought? Each check as a finding, with its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from cxmodels.drivers.effects_estimate import Estimate, Residuals
from cxmodels.drivers.effects_rows import take_away
from cxmodels.drivers.grade import (
    BEFORE_ITS_CAUSE,
    FEWEST_TOUCHED,
    LEARNERS_DIFFER,
    MARK_OF_CUSTOMER,
    MARK_SUSPECT,
    STANDS,
    TOLD_APART,
    Finding,
    percent,
)

_SIGN = {"harms": 1.0, "helps": -1.0}


@dataclass(frozen=True)
class Sensitivity:
    """How strong an unseen cause would have to be.

    Attributes
    ----------
    robustness : float
        Share of what is left of driver and of leaving that it would have to explain, both, for no effect to
        be left (Cinelli & Hazlett 2020, JRSS B 82, equation 21).
    strongest : str
        The covariate that an unseen cause as strong as it would take most from the effect.
    taken : float
        How much: change of the probability of leaving for one more of the driver.
    e_value : float
        Risk ratio that it would need with both (VanderWeele & Ding 2017, Annals of Internal Medicine 167),
        for customers touched as much as the average of those touched.
    """

    robustness: float
    strongest: str
    taken: float
    e_value: float


@dataclass(frozen=True)
class Checked:
    """All that was looked at of one driver.

    Attributes
    ----------
    estimate : Estimate
        By trees, for one more of the driver.
    linear : Estimate
        The same by a linear model.
    variance_left : float
        Share of the driver's variance that what precedes it leaves.
    customers : float
        Among how many customers that is, were it spread evenly: a few large amounts may hold most of it.
    long_before : Estimate or None
        What the same driver long before shows, in the same unit: the mark of who the customer is. None where
        it is not known.
    before_its_cause : tuple of float
        What should follow the driver, found before it: as a share of what is found with it (NaN: not known),
        and in standard errors.
    sensitivity : Sensitivity
    """

    estimate: Estimate
    linear: Estimate
    variance_left: float
    customers: float
    long_before: Estimate | None
    before_its_cause: tuple[float, float]
    sensitivity: Sensitivity

    def findings(
        self, *, dated: bool, more: str = "unknown", sign_of_life: Literal["", "buying", "after buying"] = ""
    ) -> tuple[Finding, ...]:
        """Return a finding for each check.

        Parameters
        ----------
        dated : bool
            Whether the data carry dates.
        more : str
            What is expected of more of the driver: harms, helps or unknown.
        sign_of_life : str
            Where leaving is silence: whether the driver is buying itself, or what only buyers come to.
        """
        return (
            self._size(),
            self._spread(),
            self._learners(),
            self._mark(dated=dated),
            self._order(dated=dated),
            self._strength(),
            *((self._direction(more),) if more in _SIGN else ()),
            *((self._life(sign_of_life),) if sign_of_life else ()),
        )

    def _life(self, sign: str) -> Finding:
        check = "a sign of life"
        if sign == "buying":
            said = (
                "To leave is to buy no more, and this is buying: it foretells buying, and need not cause it."
            )
            return Finding(check, False, said, "adjusted")
        harms = self.estimate.value > 0
        said = (
            "Only who still buys comes to it, which hides harm: there is more leaving after it all the same."
            if harms
            else "Only who still buys comes to it: less leaving after it needs no other cause."
        )
        return Finding(check, harms, said, "adjusted")

    def _direction(self, more: str) -> Finding:
        expected = self.estimate.value * _SIGN[more] > 0
        way = "more" if self.estimate.value > 0 else "less"
        end = (
            ", as expected."
            if expected
            else ": the opposite of what is expected. Only an experiment can tell."
        )
        said = f"With more of it there is {way} leaving{end}"
        return Finding("the way expected", expected, said, "sensitivity-tested")

    def _size(self) -> Finding:
        one, apart = self.estimate, self.estimate.z >= TOLD_APART
        said = f"The effect is {one.z:.1f} standard errors from none"
        end = "." if apart else f", and not told apart from it ({TOLD_APART} are asked for)."
        return Finding("told apart from none", apart, said + end, "adjusted")

    def _spread(self) -> Finding:
        enough = self.customers >= FEWEST_TOUCHED
        many = f"{self.customers:,.0f} customers"
        said = (
            f"It rests on as many as {many}."
            if enough
            else f"It rests on as few as {many}, who have most of it; {FEWEST_TOUCHED} are needed."
        )
        return Finding("not a few customers", enough, said, "adjusted")

    def _learners(self) -> Finding:
        one, other = self.estimate.value, self.linear.value
        allowed = max(LEARNERS_DIFFER * abs(one), STANDS * self.estimate.error)
        agree = abs(one - other) <= allowed and one * other > 0
        ratio = percent(other / one) if one else "nothing"
        said = f"A linear model finds {ratio} of what trees find"
        return Finding("two learners", agree, f"{said}{'.' if agree else ': they do not agree.'}", "adjusted")

    def _mark(self, *, dated: bool) -> Finding:
        check, mark = "the same driver long before", self.long_before
        if mark is None:
            why = "is not known" if dated else "cannot be looked at without dates"
            said = f"What the driver long before tells of the customer {why}."
            return Finding(check, None, said, "sensitivity-tested")
        one = self.estimate
        # above 0 where it points the same way: what the effect may owe to who the customer is
        share = mark.value / one.value if one.value else np.inf
        told = f"The same driver long before, when it works no more, shows {percent(share)} of the effect"
        stands = abs(one.value - mark.value) > STANDS * np.hypot(one.error, mark.error)
        if share > MARK_OF_CUSTOMER and (mark.z > STANDS or not stands):
            return Finding(check, False, f"{told}: it marks who the customer is.", "adjusted")
        most = abs(share) + STANDS * mark.error / max(abs(one.value), 1e-12)
        if most > MARK_OF_CUSTOMER or (share > MARK_SUSPECT and mark.z > STANDS):
            said = f"{told}, and it may be {percent(most)}: something unseen may stand behind a part of it."
            return Finding(check, False, said, "sensitivity-tested")
        return Finding(check, True, f"{told}.", "sensitivity-tested")

    def _order(self, *, dated: bool) -> Finding:
        check, (share, z) = "what follows it, before it", self.before_its_cause
        if np.isnan(share):
            why = "no driver of the study follows it" if dated else "there are no dates"
            said = f"Whether what follows it was there before it is not known: {why}."
            # what cannot be looked at for want of a follower is no reason against it; without dates it is
            return Finding(check, True if dated else None, said, "sensitivity-tested")
        passed = share <= BEFORE_ITS_CAUSE or z < STANDS
        told = f"Of what follows the driver {percent(share)} was there before it"
        end = "." if passed else ": something else brings both about."
        return Finding(check, bool(passed), told + end, "sensitivity-tested")

    def _strength(self) -> Finding:
        one, found = self.estimate, self.sensitivity
        stands = abs(one.value) - abs(found.taken) > STANDS * one.error
        share = abs(found.taken) / max(abs(one.value), 1e-12)
        said = (
            f"An unseen cause would have to explain {percent(found.robustness, digits=1)} of what is left of "
            f"the driver and of leaving to undo it (E-value {found.e_value:.1f}); one as strong as "
            f"{found.strongest} would take {percent(share)} of it"
        )
        end = "." if stands else ", and not enough would stand."
        return Finding("an unseen cause", stands, said + end, "sensitivity-tested")


@dataclass(frozen=True)
class Strengths:
    """What each covariate explains of driver and leaving beyond all others: partial R² by name.

    Of leaving, beyond the driver as well (Cinelli & Hazlett 2020).
    """

    driver: pd.Series = field(repr=False)
    outcome: pd.Series = field(repr=False)


def sensitivity(
    found: Residuals, estimate: Estimate, strengths: Strengths, *, base: float, typical: float
) -> Sensitivity:
    """Ask how strong an unseen cause would have to be.

    Parameters
    ----------
    found : Residuals
    estimate : Estimate
        Of them.
    strengths : Strengths
        Of the covariates that it is compared with.
    base : float
        Share that left.
    typical : float
        Of the driver, among customers touched.
    """
    spread = max(float(found.driver @ found.driver), 1e-300)
    left = found.outcome - estimate.value * found.driver
    # of rows, and not of customers: what an unseen cause explains is a share of what is left in rows
    unit = float(np.sqrt(max(float(left @ left), 1e-300) / spread))
    strength = abs(estimate.value) / unit
    robustness = 0.5 * (np.sqrt(strength**4 + 4 * strength**2) - strength**2)
    names = [str(n) for n in strengths.driver.index if n in strengths.outcome.index]
    of_driver, of_outcome = (
        part[names].to_numpy(dtype=float) for part in (strengths.driver, strengths.outcome)
    )
    driver, outcome = np.minimum(of_driver / (1 - of_driver), 0.99), of_outcome / (1 - of_outcome)
    taken = unit * np.sqrt(outcome * driver / (1 - driver))
    most = int(np.argmax(taken)) if names else -1
    risk = max((base + abs(estimate.value * typical)) / max(base, 1e-9), 1.0)
    return Sensitivity(
        robustness=float(robustness),
        strongest=names[most].replace("_", " ") if names else "any covariate",
        taken=float(taken[most]) if names else 0.0,
        e_value=float(risk + np.sqrt(risk * (risk - 1.0))),
    )


def mark_of_customer(found: Residuals, long_before: Residuals) -> Estimate:
    """Return what the driver shows by telling who the customer is, as an effect of one more of it.

    Parameters
    ----------
    found : Residuals
        Of the driver, in all rows.
    long_before : Residuals
        Of the same driver long before, in the rows where it is known.

    Notes
    -----
    A count that comes and goes by chance at a customer's own rate has in every window the same covariance
    with whatever goes along with that rate. Long before, when it works no more, that covariance is all there
    is: over the variance of the driver now it is the bias that the effect would have by it. Means over many
    windows have less chance in them, so that it is known better than the effect itself.

    It errs against the effect: whom the driver hurts most are gone by now, and those who met much of it and
    are still there are the more loyal. Without anything unseen it lies a little on the other side of 0.
    """
    spread = float(found.driver @ found.driver) / len(found.driver)
    then = long_before.estimate()
    share = float(long_before.driver @ long_before.driver) / len(long_before.driver)
    return then.times(share / spread)


def before_its_cause(
    driver: Residuals, followers: Sequence[str], with_it: pd.DataFrame, before_it: pd.DataFrame
) -> tuple[float, float]:
    """Return how much of what follows a driver is found before it: a share, and its standard errors from 0.

    Parameters
    ----------
    driver : Residuals
        Of the driver; its outcome is not read.
    followers : sequence of str
        The drivers that it precedes.
    with_it, before_it : DataFrame, shape (rows, drivers)
        What is left of these in the driver's window, and in the window before it.
    """
    if not followers:
        return float("nan"), 0.0
    scale = {name: max(float(with_it[name].std()), 1e-12) for name in followers}

    def together(part: pd.DataFrame) -> Estimate:
        index = np.add.reduce([part[name].to_numpy(dtype=float) / scale[name] for name in followers])
        return Residuals(take_away(index, driver.places), driver.driver, driver.places).estimate()

    after, before = together(with_it), together(before_it)
    return (abs(before.value) / abs(after.value) if after.value else float("nan")), before.z
