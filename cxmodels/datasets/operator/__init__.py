"""A simulated telecom and broadband provider, Nordtel, whose truth is known."""

from cxmodels.datasets.operator.settings import OperatorSettings
from cxmodels.datasets.operator.simulate import Operator, simulate_operator, write_operator

__all__ = ["Operator", "OperatorSettings", "simulate_operator", "write_operator"]
