"""How much does leaving move with what nothing before it explains? The partially linear estimate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.drivers.effects_rows import Places, cluster_sums, take_away
from cxmodels.value.counts import Floats
from cxmodels.value.intervals import NORMAL

FEWEST_ROWS = 200  # of a segment
SEGMENT_COLUMNS = ("kind", "segment", "rows", "left", "effect", "error", "low", "high")


@dataclass(frozen=True)
class Estimate:
    """A figure with its standard error.

    Attributes
    ----------
    value : float
        Change of the probability of leaving in the horizon for one more of the driver.
    error : float
        Standard error, clustered by customer.
    """

    value: float
    error: float

    @property
    def low(self) -> float:
        """Lower end of the 90 % interval."""
        return self.value - NORMAL * self.error

    @property
    def high(self) -> float:
        """Upper end of the 90 % interval."""
        return self.value + NORMAL * self.error

    @property
    def z(self) -> float:
        """How many standard errors it lies from 0."""
        return abs(self.value) / self.error if self.error > 0 else 0.0

    def times(self, factor: float) -> Estimate:
        """Return the figure in another unit."""
        return Estimate(self.value * factor, self.error * abs(factor))


@dataclass(frozen=True)
class Residuals:
    """What is left of outcome and driver after what precedes them, compared within date and category.

    Attributes
    ----------
    outcome, driver : ndarray of float, shape (rows,)
    places : Places
    """

    outcome: Floats
    driver: Floats
    places: Places

    @property
    def customers(self) -> float:
        """Return among how many customers the driver's variance lies, were it spread evenly (Kish 1965)."""
        shares = cluster_sums(np.square(self.driver), self.places)
        return float(shares.sum() ** 2 / max(float(shares @ shares), 1e-300))

    def estimate(self, mask: npt.NDArray[np.bool_] | None = None) -> Estimate:
        """Return the slope of the outcome on the driver, in all rows or some.

        Notes
        -----
        The partialling-out score of the partially linear model with cross-fitting (Chernozhukov et al. 2018,
        Econometrics Journal 21, equation 4.4); the variance sums scores by customer first. Of a count the
        rows weigh by how much of it is left, which is near its rate where it comes by chance: so times the
        mean count the slope says what the same relative change for everybody does.
        """
        driver = self.driver if mask is None else np.where(mask, self.driver, 0.0)
        spread = float(driver @ driver)
        if spread <= 0.0:
            return Estimate(float("nan"), float("nan"))
        slope = float(driver @ self.outcome) / spread
        scores = cluster_sums(driver * (self.outcome - slope * driver), self.places)
        clusters = int((np.bincount(self.places.customer, weights=driver**2) > 0).sum())
        small = clusters / max(clusters - 1, 1)
        return Estimate(slope, float(np.sqrt(small * (scores @ scores))) / spread)


def residuals(outcome: Floats, driver: Floats, places: Places) -> Residuals:
    """Take the means of date and category away from what is left after expectation.

    Parameters
    ----------
    outcome, driver : ndarray of float, shape (rows,)
        Less what was expected of them.
    places : Places
    """
    return Residuals(take_away(outcome, places), take_away(driver, places), places)


def by_segment(found: Residuals, segments: pd.DataFrame, left: Floats) -> pd.DataFrame:
    """Return the estimate in each segment.

    Parameters
    ----------
    found : Residuals
    segments : DataFrame, shape (rows, kinds)
        Categories.
    left : ndarray of float, shape (rows,)
        Who left.

    Returns
    -------
    DataFrame
        One row a segment: kind, segment, rows, left (rows), effect, error, low, high (of one more of the
        driver); of segments with fewer than 200 rows or 10 leavings the figures are missing.
    """
    rows = []
    for kind, column in segments.items():
        for name in column.cat.categories:
            mask = (column == name).to_numpy(dtype=np.bool_)
            gone = int(left[mask].sum())
            told = mask.sum() >= FEWEST_ROWS and gone >= 10
            one = found.estimate(mask) if told else Estimate(float("nan"), float("nan"))
            figures = (one.value, one.error, one.low, one.high)
            rows.append((str(kind), str(name), int(mask.sum()), gone, *figures))
    return pd.DataFrame(rows, columns=list(SEGMENT_COLUMNS))
