"""What every purchase model can say about a customer: alive, how many purchases, when, and how sure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.value.bootstrap import CellLogLikelihood, bootstrap_log_parameters, log_parameter_errors
from cxmodels.value.counts import CELLS, Counts, Floats, coarsen, distinct_pairs

Params = Mapping[str, Floats]
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(14)
NODES, NODE_WEIGHTS = (NODES + 1) / 2, NODE_WEIGHTS / 2
SMALL_STEP = 1e-6  # of a log-parameter
LARGEST_MEAN = 1e12  # purchases; a Poisson draw with a larger mean overflows


@dataclass(frozen=True)
class Window:
    """The next `horizon` units of time, discounted at the continuous rate `discount` a unit."""

    horizon: float
    discount: float = 0.0

    def mean_discount(self, until: Floats) -> Floats:
        """Return the mean of exp(-δ s) over 0 < s ≤ `until`."""
        exponent = self.discount * until
        return np.where(
            exponent > 1e-8, -np.expm1(-exponent) / np.maximum(exponent, 1e-300), 1.0 - exponent / 2
        )


@dataclass(frozen=True, kw_only=True)
class PurchaseModel(ABC):
    """A fitted model of when customers buy, and when they stop.

    Attributes
    ----------
    name, requested : str
        The model that was fitted, and the one that was asked for. They differ after a fallback.
    params : dict of str to float
        Those of `names`, in the unit of the summary.
    unit : {"day", "week", "month"}
        The unit of recency, T and every time given to the methods.
    log_likelihood : float
        Of all customers at `params`.
    note : str
        Empty, or one sentence on what was done instead of what was asked for, and why.
    counts : Counts
        The cells on which the model was fitted.
    """

    name: str
    requested: str
    params: dict[str, float]
    unit: str
    log_likelihood: float
    note: str = ""
    counts: Counts = field(repr=False, compare=False)
    names: ClassVar[tuple[str, ...]]
    times: ClassVar[tuple[str, ...]] = ("alpha", "beta")  # parameters in the unit of the summary
    fit_cells: ClassVar[int] = CELLS
    bootstrap_cells: ClassVar[int] = 200

    # --- what each model defines -------------------------------------------------------------------

    @classmethod
    @abstractmethod
    def cell_log_likelihood(cls, params: Params, frequency: Floats, recency: Floats, T: Floats) -> Floats:
        """Return the log-likelihood of each history; broadcasts parameters against histories."""

    @classmethod
    @abstractmethod
    def alive(cls, params: Params, frequency: Floats, recency: Floats, T: Floats) -> Floats:
        """Return P(alive at T | history); broadcasts parameters against histories."""

    @classmethod
    @abstractmethod
    def purchase_rate(cls, params: Params, ahead: Floats, frequency: Floats, T: Floats) -> Floats:
        """Return purchases a unit of time at `ahead` units after T, given alive at T."""

    @staticmethod
    @abstractmethod
    def decay_time(params: Params, T: Floats) -> Floats:
        """Return the time over which the purchase rate given alive falls, at age T."""

    @classmethod
    @abstractmethod
    def simulate_alive(
        cls, params: Params, frequency: Floats, T: Floats, *, window: Window, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """Return simulated purchases in the window and their mean discount factor, given alive at T."""

    # --- what follows for all of them --------------------------------------------------------------

    def p_alive(self, frequency: npt.ArrayLike, recency: npt.ArrayLike, T: npt.ArrayLike) -> Floats:
        """Return the probability that a customer still buys.

        Parameters
        ----------
        frequency, recency, T : array_like, shape (customers,)
            Purchase histories, in `unit`.

        Returns
        -------
        ndarray of float, shape (customers,)
            BG/NBD gives 1 to every customer without a repeat purchase, by design: there, customers leave
            only right after a repeat purchase. NBD gives 1 to everyone.
        """
        x, t_x, age = _arrays(frequency, recency, T)
        return self.alive(_as_arrays(self.params), x, t_x, age)

    def expected_purchases(
        self, t: float, frequency: npt.ArrayLike, recency: npt.ArrayLike, T: npt.ArrayLike
    ) -> Floats:
        """Return the purchases expected in the next `t` units.

        Parameters
        ----------
        t : float
            Units of time ahead, 0 or more.
        frequency, recency, T : array_like, shape (customers,)
            Purchase histories, in `unit`.

        Returns
        -------
        ndarray of float, shape (customers,)
        """
        return self.discounted_purchases(t, frequency, recency, T, discount_rate_per_unit=0.0)

    def discounted_purchases(
        self,
        t: float,
        frequency: npt.ArrayLike,
        recency: npt.ArrayLike,
        T: npt.ArrayLike,
        *,
        discount_rate_per_unit: float,
    ) -> Floats:
        """Return the purchases expected in the next `t` units, each discounted to now.

        Parameters
        ----------
        t : float
            Units of time ahead, 0 or more.
        frequency, recency, T : array_like, shape (customers,)
            Purchase histories, in `unit`.
        discount_rate_per_unit : float
            Continuous rate δ a unit of time: a purchase s units ahead counts ``exp(-δ s)``.

        Returns
        -------
        ndarray of float, shape (customers,)
        """
        x, t_x, age = _arrays(frequency, recency, T)
        given_alive = self.purchases_given_alive(Window(t, discount_rate_per_unit), x, age)[1]
        return self.alive(_as_arrays(self.params), x, t_x, age) * given_alive

    def purchases_given_alive(self, window: Window, frequency: Floats, T: Floats) -> tuple[Floats, Floats]:
        """Return the purchases expected in the window of customers who are alive, plain and discounted.

        Parameters
        ----------
        window : Window
            How far ahead, and the discount rate.
        frequency, T : ndarray of float, shape (customers,)
            Repeat purchases, and age in `unit`.

        Returns
        -------
        plain, discounted : ndarray of float, shape (customers,)

        Notes
        -----
        The integral of the purchase rate given alive, by Gauss-Legendre on a logarithmic time scale. It
        depends on frequency and age only, so it is taken once for each distinct pair.
        """
        (x, age), where = distinct_pairs(frequency, T)
        params = _as_arrays(self.params)
        plain, discounted = self.integrate_rate(params, x, age, window=window)
        return plain[where], discounted[where]

    def expected_purchases_new(self, t: npt.ArrayLike) -> Floats:
        """Return the repeat purchases expected of a random new customer up to each age in `t`.

        Parameters
        ----------
        t : array_like of float, shape (times,)
            Ages, 0 or more.

        Returns
        -------
        ndarray of float, shape (times,)
        """
        times = np.atleast_1d(np.asarray(t, dtype=float))
        zero, params = np.zeros(1), _as_arrays(self.params)
        alive = self.alive(params, zero, zero, zero)
        return np.array(
            [
                float((alive * self.integrate_rate(params, zero, zero, window=Window(one))[0])[0])
                for one in times
            ]
        )

    @classmethod
    def integrate_rate(
        cls, params: Params, frequency: Floats, T: Floats, *, window: Window
    ) -> tuple[Floats, Floats]:
        """Return plain and discounted purchases in the window given alive, broadcasting parameters."""
        scale = cls.decay_time(params, T)
        stretch = np.log1p(window.horizon / scale)
        plain = np.zeros(np.broadcast_shapes(np.shape(scale), np.shape(frequency)))
        discounted = plain.copy()
        for node, weight in zip(NODES, NODE_WEIGHTS, strict=True):
            ahead = scale * np.expm1(node * stretch)
            part = weight * stretch * (scale + ahead) * cls.purchase_rate(params, ahead, frequency, T)
            plain += part
            discounted += part * np.exp(-window.discount * ahead)
        return plain, discounted

    def draw_future(
        self,
        frequency: npt.ArrayLike,
        recency: npt.ArrayLike,
        T: npt.ArrayLike,
        *,
        window: Window,
        size: int,
        rng: np.random.Generator,
    ) -> tuple[Floats, Floats]:
        """Simulate what each customer buys in the next units of time, given the history.

        Parameters
        ----------
        frequency, recency, T : array_like, shape (customers,)
            Purchase histories, in `unit`.
        window : Window
            How far ahead, and the discount rate.
        size : int
            Futures to draw for each customer.
        rng : numpy Generator
            Source of randomness.

        Returns
        -------
        purchases : ndarray of float, shape (customers, size)
            Whole numbers.
        discount : ndarray of float, shape (customers, size)
            Expected mean discount factor of those purchases, given when the customer stops buying.
        """
        params = {key: np.full((1, size), value) for key, value in self.params.items()}
        x, t_x, age = _arrays(frequency, recency, T)
        return self.draw_with(params, x[:, None], t_x[:, None], age[:, None], window=window, rng=rng)

    @classmethod
    def draw_with(
        cls,
        params: Params,
        frequency: Floats,
        recency: Floats,
        T: Floats,
        *,
        window: Window,
        rng: np.random.Generator,
    ) -> tuple[Floats, Floats]:
        """Simulate as `draw_future` does, broadcasting arrays of parameters against histories."""
        alive = cls.alive(params, frequency, recency, T)
        lives = np.nonzero(rng.random(alive.shape) < alive)
        # only living customers are simulated: often the smaller part
        living = {key: np.broadcast_to(value, alive.shape)[lives] for key, value in params.items()}
        x, age = (np.broadcast_to(one, alive.shape)[lives] for one in (frequency, T))
        purchases, discount = np.zeros(alive.shape), np.ones(alive.shape)
        purchases[lives], discount[lives] = cls.simulate_alive(living, x, age, window=window, rng=rng)
        return purchases, discount

    @classmethod
    def likelihood_and_score(cls, params: Mapping[str, float], counts: Counts) -> tuple[float, Floats]:
        """Return the log-likelihood of counted customers and its gradient in the log-parameters.

        By forward differences; a model that knows its gradient overrides this.

        Parameters
        ----------
        params : mapping of str to float
            Where to take the gradient, in the unit of `counts`.
        counts : Counts
            Customers by their history.

        Returns
        -------
        log_likelihood : float
        score : ndarray of float, shape (parameters,)
        """
        logs = np.log(np.array(list(params.values())))

        def total(at: Floats) -> float:
            named = dict(zip(params, np.exp(at), strict=True))
            return float(
                counts.weights @ cls.cell_log_likelihood(named, counts.frequency, counts.recency, counts.T)
            )

        here = total(logs)
        steps = np.eye(len(logs)) * SMALL_STEP
        return here, np.array([(total(logs + step) - here) / SMALL_STEP for step in steps])

    # --- how sure are the parameters ---------------------------------------------------------------

    @cached_property
    def standard_errors(self) -> dict[str, float]:
        """Standard errors of the parameters (observed information on log-parameters, delta method)."""
        errors = log_parameter_errors(self._log_likelihood_of_logs(), self._log_params, self.counts.weights)
        return {key: float(self.params[key] * error) for key, error in zip(self.params, errors, strict=True)}

    def sample_parameters(self, n: int, rng: np.random.Generator) -> pd.DataFrame:
        """Return parameters refitted to `n` bootstrap samples of the customers.

        The counts are drawn anew, and each sample is refitted by Newton steps from `params`.

        Parameters
        ----------
        n : int
            Samples.
        rng : numpy Generator
            Source of randomness.

        Returns
        -------
        DataFrame, shape (n, parameters)
        """
        few = coarsen(self.counts, cells=self.bootstrap_cells)

        def few_totals(logs: Floats) -> Floats:
            params = dict(zip(self.params, np.exp(logs).T[:, :, None], strict=True))
            cells = self.cell_log_likelihood(params, few.frequency, few.recency, few.T)
            return np.asarray((cells * few.weights).sum(axis=1), dtype=float)

        logs = bootstrap_log_parameters(
            self._log_likelihood_of_logs(), few_totals, self._log_params, self.counts.weights, n=n, rng=rng
        )
        return pd.DataFrame(np.exp(logs), columns=list(self.params))

    @property
    def _log_params(self) -> Floats:
        return np.log(np.array(list(self.params.values())))

    def _log_likelihood_of_logs(self) -> CellLogLikelihood:
        cells = self.counts

        def cell_values(logs: Floats) -> Floats:
            params = dict(zip(self.params, np.exp(logs), strict=True))
            return self.cell_log_likelihood(params, cells.frequency, cells.recency, cells.T)

        return cell_values


def _arrays(*values: npt.ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.atleast_1d(np.asarray(value, dtype=float)) for value in values)


def _as_arrays(params: Mapping[str, float]) -> Params:
    return {key: np.asarray(value, dtype=float) for key, value in params.items()}
