"""What do customers have in common? Outages of a region, the load of the service, and the price index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxmodels.datasets.operator.calendar import Calendar
from cxmodels.datasets.operator.draws import Draws, Floats
from cxmodels.datasets.operator.settings import REGIONS, OperatorSettings

# contacts relative to an average month, January to December: after the holidays, and before them
SEASON = (1.35, 1.0, 0.95, 0.95, 0.9, 0.85, 0.8, 1.05, 1.05, 1.0, 1.05, 1.2)


@dataclass(frozen=True)
class World:
    """The months as everybody meets them; rows are months, columns regions.

    Attributes
    ----------
    settings : OperatorSettings
        How the operator is.
    draws : Draws
        The seed's chance.
    calendar : Calendar
        Months as days.
    climate : ndarray of float
        Outages relative to an average region and month.
    load : ndarray of float
        Load of the service relative to its average. One customer's lot does not change it: in a
        counterfactual it stays what it was.
    prices : ndarray of float, shape (months,)
        Index of the fees relative to the market.
    """

    settings: OperatorSettings
    draws: Draws
    calendar: Calendar
    climate: Floats
    load: Floats
    prices: Floats


def make_world(settings: OperatorSettings, *, draws: Draws) -> World:
    """Draw what all customers have in common."""
    calendar = Calendar(settings.span)
    months, regions = settings.span.all_months, np.arange(len(REGIONS))
    climate = np.empty((months, len(regions)))
    load = np.empty_like(climate)
    prices = np.empty(months)
    index = 1.0
    for month in range(months):
        index *= 1.0 + settings.money.price_rise * (month > 0 and calendar.of_year(month) == 0)
        prices[month] = index
        weather = draws.normal("region/climate", month=month, unit=regions)
        climate[month] = np.exp(0.6 * weather - 0.18)
        noise = draws.normal("region/load", month=month, unit=regions)
        season = SEASON[calendar.of_year(month)]
        load[month] = season * np.sqrt(climate[month]) * np.exp(0.2 * noise - 0.02)
    return World(settings, draws, calendar, climate, load, prices)
