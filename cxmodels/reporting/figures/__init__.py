"""Chart forms in one quiet style; each draws a table, states the finding as its title and returns the axes.

======================  ===================================================================================
`lines`                 series over time, such as actual against predicted, with the cut marked
`gains`                 how the share of value grows with the share of customers (whale curve)
`bars`                  one number for each of a few things, with intervals
`pairs`                 the same few things, measured in two ways
`dots`                  a few candidates on a few measures, such as models
`matrix`                shares in a grid, such as migration between segments
`calibration`           what came against what was predicted, by group
`distribution`          how values are spread over customers
`flow`                  by which ways something arrives, such as an outage at leaving
`dependence`            what a model says along one feature, and over how many customers
======================  ===================================================================================

In all of them the table's index holds the horizontal axis or the names, and the columns hold the numbers.
"""

from cxmodels.reporting.figures.bars import bars, dots
from cxmodels.reporting.figures.curves import gains, lines
from cxmodels.reporting.figures.dependence import dependence
from cxmodels.reporting.figures.flow import flow
from cxmodels.reporting.figures.grids import calibration, distribution, matrix
from cxmodels.reporting.figures.pairs import pairs
from cxmodels.reporting.figures.saved import SavedFigure, save_figure
from cxmodels.reporting.figures.style import house_style

__all__ = [
    "SavedFigure",
    "bars",
    "calibration",
    "dependence",
    "distribution",
    "dots",
    "flow",
    "gains",
    "house_style",
    "lines",
    "matrix",
    "pairs",
    "save_figure",
]
