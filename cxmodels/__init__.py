"""Customer value and customer experience: from signal to decision.

The rooms, in the order in which data runs through them: `study` (settings), `tables` (the door),
`value` (what each customer is worth), `churn` (who is about to leave), `reporting` (findings,
figures, pages, the run).
"""

from importlib.metadata import version

__version__ = version("cxmodels")
