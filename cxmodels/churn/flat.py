"""What can be learned from one flat table without dates, and what cannot be checked?"""

from __future__ import annotations

from dataclasses import dataclass, field

import ibis.expr.types as ir
import pandas as pd

from cxmodels.churn.columns import read_columns

USE = "learning, calibrating and testing, each on other customers"
REPEATED = 0.2  # of the rows; where more are alike, the columns are too coarse to tell customers apart

CANNOT_CHECK = (
    "Whether a feature was known before the customer left: the table has no dates. Only features that tell "
    "the answer too well can be found.",
    "Whether the model holds on a later period: it is tested on other customers of the same one.",
    "Whether probabilities are right later: they are calibrated on other customers of the same period.",
    "Whether customers change over time, so that the model should be fitted again.",
    "How far ahead leaving is foretold: the table says neither when it was read nor over how many days.",
)


@dataclass(frozen=True)
class Flat:
    """A flat table as snapshots without a date.

    Attributes
    ----------
    table : DataFrame
        customer_id, as_of (NaT), churned (1 or 0), and the columns as numbers or categories; in order of
        customer.
    counts : DataFrame
        One row: as_of (NaT), customers, left, stayed, not_known, left_in_gap (missing: nothing tells), use.
    notes : tuple of str
        Rows dropped, and why.
    """

    table: pd.DataFrame = field(repr=False)
    counts: pd.DataFrame
    notes: tuple[str, ...]


def read_flat(snapshot: ir.Table) -> Flat:
    """Read a flat table, each customer once.

    Parameters
    ----------
    snapshot : ibis Table
        customer_id, churned, and any columns.

    Returns
    -------
    Flat
        Without rows that equal another in every column, whatever their id: a customer who is in it twice
        would be tested on what was learned of the same customer. Where they are more than a fifth, they are
        kept: so coarse are the columns that different customers look alike.

    Raises
    ------
    ValueError
        Where a customer has several rows that differ, or no row is there.
    """
    rows = snapshot.to_pyarrow().to_pandas(date_as_object=False)
    if rows.empty:
        raise ValueError("The table snapshot has no row.")
    rows = rows.astype({"customer_id": "str"})
    once = rows.drop_duplicates()
    several = once.loc[once["customer_id"].duplicated(), "customer_id"]
    if len(several):
        raise ValueError(
            f"{several.nunique():,} customers of the table snapshot have several rows that differ, such as "
            f"{several.iloc[0]!r}. Give one row a customer, or map another column to customer_id."
        )
    notes = [_repeats(len(rows) - len(once))] if len(once) < len(rows) else []
    once = once.sort_values("customer_id", ignore_index=True)
    alike = once.drop(columns="customer_id").duplicated()
    if 0 < alike.mean() <= REPEATED:
        notes.append(_repeats(int(alike.sum()), of="every column but customer_id"))
        once = once[~alike].reset_index(drop=True)
    elif alike.any():
        notes.append(
            f"{int(alike.sum()):,} of {len(once):,} rows equal another in every column but customer_id: they "
            "are kept, as different customers who look alike. Test figures flatter if they are the same."
        )
    label = once["churned"].astype(float)
    keys = pd.DataFrame({"customer_id": once["customer_id"], "as_of": pd.NaT, "churned": label})
    keys["as_of"] = keys["as_of"].astype("datetime64[ns]")
    columns = read_columns(once.drop(columns=["customer_id", "churned"]))
    return Flat(pd.concat([keys, columns], axis=1), _counts(label), tuple(notes))


def _repeats(rows: int, *, of: str = "every column") -> str:
    return f"{rows:,} rows equal another in {of}: they are dropped, before customers are parted for the test."


def _counts(label: pd.Series) -> pd.DataFrame:
    left = int(label.sum())
    row = {"customers": len(label), "left": left, "stayed": len(label) - left, "not_known": 0}
    counts = pd.DataFrame([{"as_of": pd.NaT, **row, "left_in_gap": pd.NA, "use": USE}])
    return counts.astype({"as_of": "datetime64[ns]", "left_in_gap": "Int64"})
