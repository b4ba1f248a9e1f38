"""A simulated telecom and broadband provider, Nordtel, whose truth is known."""

from cxmodels.datasets.operator.effects import Effect
from cxmodels.datasets.operator.levers import LEVERS
from cxmodels.datasets.operator.settings import OperatorSettings
from cxmodels.datasets.operator.simulate import Operator, simulate_operator, write_operator
from cxmodels.datasets.operator.truth import Truth

__all__ = [
    "LEVERS",
    "Effect",
    "Operator",
    "OperatorSettings",
    "Truth",
    "simulate_operator",
    "write_operator",
]
