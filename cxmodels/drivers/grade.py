"""How far can an effect be trusted? The rules of the four grades, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from cxmodels.value.intervals import NORMAL

Grade = Literal["association", "adjusted", "sensitivity-tested", "experiment"]
GRADES: tuple[Grade, ...] = get_args(Grade)
"""From the least to the most; only from the second upward may an effect carry money."""

TOLD_APART = 2.576  # standard errors from 0: of a hundred drivers that do nothing one gets so far by chance
STANDS = NORMAL  # standard errors that are left when what is doubted is taken away
LEARNERS_DIFFER = 0.35  # of the effect, by which two learners may differ
MARK_OF_CUSTOMER = 0.25  # of the effect, which the same driver long before may show, its error included
MARK_SUSPECT = (
    0.10  # of the effect and the same way: those whom it hurt most have left, so it shows too little
)
BEFORE_ITS_CAUSE = 0.10  # of what follows a driver, which may be there before it
LEAST_VARIANCE = 0.05  # of the driver, which what precedes it must leave
MOST_MISSING = 0.05  # of the rows, in which a driver is not known
FEWEST_LEAVERS = 50
FEWEST_TOUCHED = 50


def percent(share: float, *, digits: int = 0) -> str:
    """Word a share, with a space before the sign.

    Examples
    --------
    >>> percent(0.25), percent(0.0123, digits=1), percent(-0.002)
    ('25 %', '1.2 %', '0 %')
    """
    rounded = round(100 * share, digits) + 0.0  # what is rounded to nothing has no sign
    return f"{rounded:.{digits}f} %"


@dataclass(frozen=True)
class Finding:
    """One check of an effect.

    Attributes
    ----------
    check : str
        What was looked at.
    passed : bool or None
        None where it could not be looked at.
    said : str
        In a sentence, with figures.
    decides : {"adjusted", "sensitivity-tested"}
        The grade that needs it.
    """

    check: str
    passed: bool | None
    said: str
    decides: Literal["adjusted", "sensitivity-tested"]


@dataclass(frozen=True)
class Evidence:
    """A grade and why it is no other.

    Attributes
    ----------
    grade : str
        One of `GRADES`.
    reasons : tuple of str
        What decided, in sentences.
    """

    grade: Grade
    reasons: tuple[str, ...]

    @property
    def may_carry_money(self) -> bool:
        """Whether a value may be put on the effect."""
        return GRADES.index(self.grade) >= 1


def grade_effect(
    findings: tuple[Finding, ...], *, barrier: str = "", trial_z: float | None = None
) -> Evidence:
    """Grade an effect by what was found.

    Parameters
    ----------
    findings : tuple of Finding
        All checks of it.
    barrier : str
        Why it could not be estimated at all; empty where it could.
    trial_z : float, optional
        Where its figure is that of an experiment: standard errors from none.

    Returns
    -------
    Evidence

    Notes
    -----
    Experiment: the figure comes from what was given at random. Otherwise an effect that cannot be estimated,
    or that fails or lacks a check that `adjusted` needs, is an association. It is sensitivity-tested where it
    fails and lacks none at all.

    Examples
    --------
    >>> fine = Finding("size", True, "It is told apart from none.", "adjusted")
    >>> grade_effect((fine, Finding("placebo", None, "There are no dates.", "sensitivity-tested"))).grade
    'adjusted'
    >>> grade_effect((), barrier="It never differs.").reasons
    ('It never differs.',)
    """
    if trial_z is not None:
        told = ("It was given at random, and the figure is that of the experiment.",)
        none = (f"It is {trial_z:.1f} standard errors from none, and not told apart from it.",)
        return Evidence("experiment", told if trial_z >= STANDS else (*told, *none))
    if barrier:
        return Evidence("association", (barrier,))
    for needed, otherwise in (("adjusted", "association"), ("sensitivity-tested", "adjusted")):
        against = tuple(one.said for one in findings if one.decides == needed and not one.passed)
        if against or not any(one.decides == needed for one in findings):
            return Evidence(otherwise, against or ("Nothing was checked.",))  # type: ignore[arg-type]
    return Evidence("sensitivity-tested", tuple(one.said for one in findings if one.decides != "adjusted"))
