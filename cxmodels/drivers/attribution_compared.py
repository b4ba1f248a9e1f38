"""Does the picture of what moves the model change by group of customers, or by what counts?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from statistics import NormalDist

import numpy as np
import pandas as pd

from cxmodels.drivers.attribution import Attribution
from cxmodels.drivers.attribution_totals import total_attribution
from cxmodels.value.counts import Floats
from cxmodels.value.intervals import COVERAGE, NORMAL

LEAST_GAP = 0.01  # a difference that shares in whole percent show


@dataclass(frozen=True)
class Weighed:
    """What moves the model, by customers and by value at risk; made by `weigh_parts`.

    Attributes
    ----------
    table : DataFrame
        Indexed by part, the largest by customers first: customers, value_at_risk (shares of all that moves
        the score, each customer counting the same or by value at risk), and their standard errors:
        customers_error, value_at_risk_error.
    """

    table: pd.DataFrame = field(repr=False)

    @property
    def turned(self) -> tuple[str, str] | None:
        """The parts that change places, beyond chance: the first moves more by customers, less by value."""
        beyond = {
            (one, other): self._ahead("customers", one, other) + self._ahead("value_at_risk", other, one)
            for one in self.table.index
            for other in self.table.index
            if min(self._ahead("customers", one, other), self._ahead("value_at_risk", other, one)) > 0.0
        }
        return max(beyond, key=lambda pair: beyond[pair]) if beyond else None

    @property
    def verdict(self) -> str:
        """Whether the order is the same by customers and by value, in a sentence."""
        if self.turned is not None:
            one, other = self.turned
            return f"“{one}” moves the score more than “{other}” by customers, and less by value at risk"
        (one, near_one), (other, near_other) = self._lead("customers"), self._lead("value_at_risk")
        if not near_one and not near_other:
            return f"“{one}” moves the score most, by customers and by value at risk"
        if not near_other:
            rival = near_one if one == other else one
            return f"“{other}” moves the score most by value at risk, about as much as “{rival}” by customers"
        rival = (near_one or near_other) if one == other else other
        if not near_one:
            return f"“{one}” moves the score most by customers, about as much as “{rival}” by value at risk"
        return f"“{one}” and “{rival}” move the score most, nearly alike"

    def _lead(self, name: str) -> tuple[str, str]:
        """Return the largest part, and the next that is not beyond chance smaller; nothing where all are."""
        first, *others = self.table[name].sort_values(ascending=False, kind="stable").index
        near = (str(other) for other in others if self._ahead(name, first, other) == 0.0)
        return str(first), next(near, "")

    def _ahead(self, name: str, one: str, other: str) -> float:
        """Return by how much a share is larger than another, 0 where that may be chance."""
        share, error = self.table[name], self.table[f"{name}_error"]
        # shares of one whole, in one sample: where one is drawn too large, the other is too small
        gap = float(share[one] - share[other])
        return gap if gap > max(LEAST_GAP, NORMAL * float(error[one] + error[other])) else 0.0


def weigh_parts(
    found: Attribution,
    *,
    parts: Mapping[str, str],
    value_at_risk: pd.Series | Floats,
    leave_out: Collection[str] = (),
) -> Weighed:
    """Sum up parts by customers and by value at risk.

    Parameters
    ----------
    found : Attribution
    parts, value_at_risk
        As parts and weights of `total_attribution`.
    leave_out : collection of str
        Parts that are not shown, such as what nobody experienced. Shares are of all parts.

    Returns
    -------
    Weighed

    Raises
    ------
    ValueError
        As `total_attribution`; and where no part is left.
    """
    ways: dict[str, pd.Series | Floats | None] = {
        "customers": None,
        "value_at_risk": value_at_risk,
    }
    columns: dict[str, pd.Series] = {}
    for name, weights in ways.items():
        total = total_attribution(found, parts=parts, weights=weights).set_index("part")
        columns |= {name: total["share"], f"{name}_error": total["share_error"]}
    table = pd.DataFrame(columns).drop(list(leave_out), errors="ignore")
    if table.empty:
        raise ValueError("No part is left to weigh; leave fewer out.")
    return Weighed(table.sort_values("customers", ascending=False, kind="stable"))


@dataclass(frozen=True)
class Apart:
    """The part whose share differs most between groups; made by `widest_apart`.

    Attributes
    ----------
    part, most, least : str
        The part, and the groups in which its share is largest and smallest.
    high, low : float
        Its shares there.
    """

    part: str
    most: str
    least: str
    high: float
    low: float


def widest_apart(totals: pd.DataFrame) -> Apart | None:
    """Find the part whose share of what moves the model differs most between groups.

    Parameters
    ----------
    totals : DataFrame
        From `total_attribution` with groups.

    Returns
    -------
    Apart or None
        None where no difference is beyond what drawing other customers explains, and one percent.

    Notes
    -----
    Where no part differs, one is found in at most a tenth of the samples, however many differences are looked
    at: the chance of being wrong is shared out among them (Bonferroni).
    """
    parts = totals.dropna(subset="share").groupby("part", sort=False)
    ends = [two for _, rows in parts for two in permutations(rows.to_dict("records"), 2)]
    beyond = NormalDist().inv_cdf(1.0 - (1.0 - COVERAGE) / len(ends)) if ends else np.inf
    found, gap = None, LEAST_GAP
    for most, least in ends:
        here = most["share"] - least["share"]
        if here > max(gap, beyond * np.hypot(most["share_error"], least["share_error"])):
            found = Apart(most["part"], most["group"], least["group"], most["share"], least["share"])
            gap = here
    return found
