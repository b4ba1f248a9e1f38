"""Where does chance come from? One number for each customer, month and mechanism, fixed by the seed.

A draw is a hash of (seed, mechanism, month, unit), never the next number of a stream. So the same customer
meets the same chance in every re-run, however many others there are and whatever else is changed: a change of
one lever reshuffles nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# SplitMix64 (Steele, Lea and Flood 2014): the step between states, and the two multipliers of its finaliser
_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True)
class Draws:
    """Chance that does not depend on the order in which it is asked for.

    Attributes
    ----------
    seed : int
        Same seed, same chance.

    Examples
    --------
    >>> draws = Draws(1)
    >>> both = draws.uniform("outage", month=3, unit=np.array([5, 9]))
    >>> bool(both[1] == draws.uniform("outage", month=3, unit=np.array([9]))[0])
    True
    """

    seed: int

    def uniform(self, mechanism: str, *, month: int, unit: Ints) -> Floats:
        """Draw one number between 0 and 1, both excluded, for each unit.

        Parameters
        ----------
        mechanism : str
            What the chance decides; another name, other numbers.
        month : int
            Month of the simulation.
        unit : ndarray of int
            Customers, or what they have several of, under numbers of their own.
        """
        name = f"{self.seed}/{mechanism}/{month}".encode()
        start = np.uint64(int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "little"))
        bits = unit.astype(np.uint64)
        bits *= _STEP
        bits += start
        bits ^= bits >> np.uint64(30)
        bits *= _FIRST
        bits ^= bits >> np.uint64(27)
        bits *= _SECOND
        bits ^= bits >> np.uint64(31)
        bits >>= np.uint64(11)
        drawn: Floats = bits.astype(np.float64)
        drawn += 0.5
        drawn *= 2.0**-53
        return drawn

    def normal(self, mechanism: str, *, month: int, unit: Ints) -> Floats:
        """Draw one standard normal number for each unit; parameters as for `uniform`."""
        drawn: Floats = ndtri(self.uniform(mechanism, month=month, unit=unit))
        return drawn


def counts_of(chance: Floats, rate: Floats, *, most: int = 4) -> Ints:
    """Return how often something happens: the Poisson quantile of a chance, at most `most`.

    A higher rate never gives fewer, for the same chance: a halved cause takes events away and adds none.

    Parameters
    ----------
    chance : ndarray of float
        Uniform draws.
    rate : ndarray of float
        Expected count (before the cut at `most`).
    most : int
        The largest count; one more in the tail is left out.

    Examples
    --------
    >>> counts_of(np.array([0.5, 0.95, 0.999]), np.array([0.1, 0.1, 0.1])).tolist()
    [0, 1, 2]
    """
    term = np.exp(-rate)
    below = term.copy()
    counts: Ints = (chance > below).astype(np.int64)
    for k in range(1, most):
        term = term * rate / k
        below += term
        more = chance > below
        if not more.any():
            break
        counts += more
    return counts


def logistic(logit: Floats) -> Floats:
    """Turn log odds into a probability."""
    probability: Floats = 1.0 / (1.0 + np.exp(-logit))
    return probability
