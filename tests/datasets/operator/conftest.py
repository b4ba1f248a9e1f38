"""One simulated operator for all tests that only look at it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from cxmodels.datasets.operator import Operator, simulate_operator

AS_OF = date(2024, 6, 30)


@pytest.fixture(scope="session")
def nordtel() -> Operator:
    return simulate_operator(6_000, seed=7)


@pytest.fixture(scope="session")
def counted(nordtel: Operator) -> Callable[[str], pd.DataFrame]:
    """Return a function: kind of event → those under contract on a day, events before it, who left after."""
    events, contracts = nordtel.tables["events"], nordtel.tables["contracts"]

    def count(kind: str) -> pd.DataFrame:
        rows = []
        for day in pd.to_datetime(["2023-06-30", "2023-12-31", "2024-06-30"]):
            first, after = day - pd.Timedelta(days=180), day + pd.Timedelta(days=1)
            there = contracts[
                (contracts.start_date < first) & ~(contracts.end_date < after)
            ].customer_id  # NaT: it runs on
            seen = events[(events.kind == kind) & (events.timestamp >= first) & (events.timestamp < after)]
            ended = contracts.set_index("customer_id").end_date
            frame = pd.DataFrame({"events": seen.groupby("customer_id").size()}).reindex(there).fillna(0.0)
            frame["left"] = (ended[there] < after + pd.Timedelta(days=180)).to_numpy()
            rows.append(frame)
        return pd.concat(rows)

    return count
