"""Small tables of what customers lived through, and their signals."""

from __future__ import annotations

from collections.abc import Callable

import ibis
import pandas as pd
import pytest

from cxmodels.experience.signals import Signal, signal_frame
from cxmodels.tables.schemas import TYPES, schema_of


def table(name: str, rows: list[tuple], *columns: str) -> ibis.Table:
    """Make a canonical table of rows with these columns; texts become times where the column is one."""
    kinds = {column: schema_of(name).column(column).kind for column in columns}
    frame = pd.DataFrame(rows, columns=list(columns))
    for column, kind in kinds.items():
        if kind == "time":
            frame[column] = pd.to_datetime(frame[column])
    return ibis.memtable(frame, schema={column: TYPES[kind] for column, kind in kinds.items()})


def people(*pairs: tuple[str, str]) -> pd.DataFrame:
    """Make a population of customers and days."""
    frame = pd.DataFrame(pairs, columns=["customer_id", "as_of"])
    return frame.assign(as_of=pd.to_datetime(frame["as_of"]))


@pytest.fixture
def ask() -> Callable[..., list[float]]:
    """Return a function: a table, a statistic and pairs of customer and day → the figure of each."""

    def look(rows: ibis.Table, name: str, statistic: str, *pairs: tuple[str, str], **about) -> list[float]:
        signal = Signal("figure", name, statistic, **about)
        return signal_frame({name: rows}, people(*pairs), [signal])["figure"].tolist()

    return look
