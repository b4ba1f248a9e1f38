"""How long do customers under contract stay, and what is the rest of the contract worth? By cohort.

The shifted beta-geometric model (Fader & Hardie 2007, "How to Project Customer Retention", Journal of
Interactive Marketing 21: 76-90): at each renewal a customer leaves with a probability of their own, constant
over time, that differs between customers as Beta(alpha, beta). Retention of a cohort rises with age because
those who leave easily have left. The value of what is still to come follows Fader & Hardie (2010),
"Customer-Base Valuation in a Contractual Setting", Marketing Science 29: 85-93.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaln, hyp2f1, psi

from cxmodels.value.bootstrap import log_parameter_errors
from cxmodels.value.counts import Floats
from cxmodels.value.fitting import LOG_BOUND, Slopes, climb

COEFFICIENTS = ("alpha", "beta")
COLUMNS = ("tenure", "lost", "staying")


class NothingToLearn(ValueError):
    """A cohort from which no retention can be read; the message says why."""


@dataclass(frozen=True, kw_only=True)
class RetentionModel:
    """The shifted beta-geometric model of a cohort under contract.

    Attributes
    ----------
    alpha, beta : float
        Parameters of the Beta distribution of the probability to leave at a renewal; its mean is
        alpha / (alpha + beta).
    log_likelihood : float
        Of all customers at the parameters.
    counts : DataFrame
        What it was fitted to: tenure (renewal periods), lost, staying.
    note : str
        Empty, or one sentence on what these data cannot say.
    """

    alpha: float
    beta: float
    log_likelihood: float
    counts: pd.DataFrame = field(repr=False, compare=False)
    note: str = ""

    def survival(self, tenure: npt.ArrayLike) -> Floats:
        """Return the share of a new cohort that is still there after so many renewal periods.

        Parameters
        ----------
        tenure : array_like of float, shape (times,)
            Renewal periods since the start, 0 or more.

        Returns
        -------
        ndarray of float, shape (times,)
            B(alpha, beta + t) / B(alpha, beta).
        """
        return np.exp(_log_survival(self.alpha, self.beta, np.asarray(tenure, dtype=float)))

    def retention(self, tenure: npt.ArrayLike) -> Floats:
        """Return the share of those there after `tenure` periods who renew once more.

        Returns
        -------
        ndarray of float, shape (times,)
            (beta + t) / (alpha + beta + t).
        """
        t = np.asarray(tenure, dtype=float)
        return (self.beta + t) / (self.alpha + self.beta + t)

    def remaining_periods(
        self, tenure: npt.ArrayLike, *, discount_rate: float = 0.0, horizon: int | None = None
    ) -> Floats:
        """Return the renewals still expected of a customer who is there, each discounted to now.

        Parameters
        ----------
        tenure : array_like of int, shape (customers,)
            Renewal periods that the customer has stayed.
        discount_rate : float
            A period's rate d: a renewal k periods ahead counts (1 + d)^-k.
        horizon : int, optional
            Renewals ahead that count. Default: all to come.

        Returns
        -------
        ndarray of float, shape (customers,)
            The sum over k ≥ 1 of P(there k periods on) (1 + d)^-k. Without a horizon this is the closed form
            of Fader & Hardie (2010), and infinite where d is 0 and alpha at most 1.
        """
        t, discount = np.asarray(tenure, dtype=float), 1.0 / (1.0 + discount_rate)
        if horizon is not None:
            ahead = np.arange(1, horizon + 1)
            there = _log_survival(self.alpha, self.beta, t[..., None] + ahead)
            there = there - _log_survival(self.alpha, self.beta, t)[..., None]
            return np.asarray(np.exp(there) @ discount**ahead, dtype=float)
        if discount_rate == 0.0:
            mean = (self.beta + t) / (self.alpha - 1.0) if self.alpha > 1.0 else np.full(t.shape, np.inf)
            return np.asarray(mean, dtype=float)
        renews = self.retention(t) * discount
        return np.asarray(
            renews * hyp2f1(1.0, self.beta + t + 1.0, self.alpha + self.beta + t + 1.0, discount), dtype=float
        )

    @cached_property
    def standard_errors(self) -> dict[str, float]:
        """Standard errors of alpha and beta (observed information on log-parameters, delta method)."""
        logs = np.log([self.alpha, self.beta])
        tenure, lost, staying = (self.counts[name].to_numpy(dtype=float) for name in COLUMNS)
        lasting = staying - _entered(self.counts)

        def cells(at: Floats) -> Floats:
            alpha, beta = np.exp(at)
            return lost * _log_leaving(alpha, beta, tenure) + lasting * _log_survival(alpha, beta, tenure)

        errors = log_parameter_errors(cells, logs, np.ones(len(tenure)))
        return {
            name: float(np.exp(log) * error)
            for name, log, error in zip(COEFFICIENTS, logs, errors, strict=True)
        }


def cohort_counts(survivors: Sequence[float]) -> pd.DataFrame:
    """Turn the sizes of one cohort after 0, 1, 2, … renewal periods into counts for `fit_retention`.

    Parameters
    ----------
    survivors : sequence of float
        Customers at the start, then those still there after each period; never rising.

    Returns
    -------
    DataFrame
        tenure, lost (who left at the end of that period), staying (who are there at the end of the last one).

    Examples
    --------
    >>> cohort_counts([100, 63, 47]).values.tolist()
    [[1.0, 37.0, 0.0], [2.0, 16.0, 47.0]]
    """
    sizes = np.asarray(survivors, dtype=float)
    if len(sizes) < 2 or (np.diff(sizes) > 0).any() or (sizes < 0).any():
        raise NothingToLearn(
            f"survivors is {list(survivors)}; give two or more sizes, the first at the start, none "
            "larger than the one before."
        )
    staying = np.zeros(len(sizes) - 1)
    staying[-1] = sizes[-1]
    return pd.DataFrame({"tenure": np.arange(1.0, len(sizes)), "lost": -np.diff(sizes), "staying": staying})


def fit_retention(counts: pd.DataFrame) -> RetentionModel:
    """Fit the shifted beta-geometric model by maximum likelihood.

    Parameters
    ----------
    counts : DataFrame
        One row a tenure: tenure (renewal periods, whole and 1 or more); lost (customers who left at the end
        of that period); staying (customers who have renewed so often and are still there: their end is not
        known yet). Cohorts of different age are added up. Optional: entered (customers of whom nothing was
        seen before they had renewed so often: those like them who left earlier are in no record).

    Returns
    -------
    RetentionModel

    Raises
    ------
    NothingToLearn
        Where a column or a count is missing, a count is negative, or nobody has left.

    Examples
    --------
    >>> high_end = [1000, 869, 743, 653, 593, 551, 517, 491]
    >>> fitted = fit_retention(cohort_counts(high_end))
    >>> round(fitted.alpha, 3), round(fitted.beta, 3)
    (0.668, 3.806)
    """
    missing = [name for name in COLUMNS if name not in counts.columns]
    if missing:
        raise NothingToLearn(
            f"The counts lack {', '.join(missing)}; they have {', '.join(map(str, counts.columns))}."
        )
    tenure, lost, staying = (counts[name].to_numpy(dtype=float) for name in COLUMNS)
    entered = _entered(counts)
    if (
        (np.minimum(lost, staying) < 0).any()
        or (entered < 0).any()
        or (tenure < 1).any()
        or (tenure != np.floor(tenure)).any()
    ):
        raise NothingToLearn("Counts are 0 or more, and a tenure is a whole number of periods, 1 or more.")
    if not lost.sum() > 0:
        raise NothingToLearn(
            f"None of the {staying.sum():,.0f} customers has left: no retention can be read from them yet."
        )
    customers = lost.sum() + staying.sum()
    slopes = _slopes(tenure, lost / customers, (staying - entered) / customers)
    found = climb(slopes, [np.zeros(2), np.array([-0.5, 1.0]), np.array([3.0, 5.0])])
    if found is None:
        raise NothingToLearn("A count is missing or infinite; give 0 where there is nobody.")
    alike = float(found.max()) > LOG_BOUND - 1e-6
    return RetentionModel(
        alpha=float(np.exp(found[0])),
        beta=float(np.exp(found[1])),
        log_likelihood=slopes(found)[0] * customers,
        counts=counts.reset_index(drop=True),
        note="These customers show no difference in how easily they leave: retention does not rise with age."
        if alike
        else "",
    )


def _slopes(tenure: Floats, lost: Floats, lasting: Floats) -> Slopes:
    """Return the log-likelihood of those who left and of those who stay, with its gradient."""

    def at(logs: Floats) -> tuple[float, Floats]:
        alpha, beta = np.exp(logs)
        total = lost @ _log_leaving(alpha, beta, tenure) + lasting @ _log_survival(alpha, beta, tenure)
        both = (lost + lasting) @ (psi(alpha + beta) - psi(alpha + beta + tenure))
        of_alpha = both + lost.sum() / alpha  # psi(alpha + 1) - psi(alpha)
        of_beta = both + lost @ psi(beta + tenure - 1.0) + lasting @ psi(beta + tenure)
        of_beta -= (lost + lasting).sum() * psi(beta)
        return float(total), np.array([of_alpha * alpha, of_beta * beta])

    return at


def _entered(counts: pd.DataFrame) -> Floats:
    """Return who came into view late, at each tenure; nobody where it is not said."""
    return counts["entered"].to_numpy(dtype=float) if "entered" in counts.columns else np.zeros(len(counts))


def _log_survival(alpha: float, beta: float, tenure: Floats) -> Floats:
    return np.asarray(betaln(alpha, beta + tenure) - betaln(alpha, beta), dtype=float)


def _log_leaving(alpha: float, beta: float, tenure: Floats) -> Floats:
    """Return log P(leaves at the end of period t): B(alpha + 1, beta + t - 1) / B(alpha, beta)."""
    return np.asarray(betaln(alpha + 1.0, beta + tenure - 1.0) - betaln(alpha, beta), dtype=float)
