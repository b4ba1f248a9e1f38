"""How what is used and what would change stand side by side."""

import pandas as pd

from cxmodels.drivers.driver_table import DRIVER_COLUMNS, driver_table
from cxmodels.drivers.effects import COLUMNS, Effects


def effects() -> Effects:
    rows = [
        {"driver": "logins", "effect": -0.05, "evidence": "association"},
        {"driver": "outages", "effect": -0.01, "evidence": "sensitivity-tested"},
        {"driver": "waits", "effect": -0.02, "evidence": "adjusted"},
        {"driver": "nothing", "effect": float("nan"), "evidence": "association"},
    ]
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    empty = pd.DataFrame()
    return Effects(table=table, checks=empty, segments=empty, paths=empty, evidence={})


def test_most_at_stake_comes_first_and_no_size_lifts_what_is_not_proven():
    stakes = pd.DataFrame(
        {"driver": ["outages", "waits", "logins"], "value_at_stake": [50.0, 900.0, float("nan")]}
    )
    table = driver_table(effects(), stakes=stakes)
    assert table["driver"].tolist() == ["waits", "outages", "logins", "nothing"]
    assert tuple(table.columns) == DRIVER_COLUMNS


def test_ranks_stand_beside_and_what_no_model_uses_is_missing():
    ranks = pd.DataFrame(
        {
            "part": ["logins", "waits"],
            "size": [0.4, 0.1],
            "rank": [1, 2],
            "rank_low": [1, 2],
            "rank_high": [1, 2],
        }
    )
    table = driver_table(effects(), ranks=ranks).set_index("driver")
    assert table.loc["logins", "rank"] == 1
    assert table.loc["logins", "attribution"] == 0.4
    assert pd.isna(table.loc["outages", "rank"])
    assert table.loc["outages", "evidence"] == "sensitivity-tested"
    # without money the evidence leads
    assert table.index[0] == "outages"
