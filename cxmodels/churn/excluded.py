"""What must the model not see? Records of the leaving itself, and features that the study takes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis.expr.types as ir
import pandas as pd

from cxmodels.study_errors import nearest

NAMED_BY = {
    "events": ("kind", "touchpoint"),
    "contacts": ("reason", "touchpoint"),
    "surveys": ("touchpoint",),
}
"""The columns of a table that say what a record is about."""
REASON = "taken out by churn.exclude"


def without_records(tables: Mapping[str, ir.Table], exclude: Sequence[str]) -> dict[str, ir.Table]:
    """Take out the records whose kind, reason or touchpoint is excluded, such as contacts to cancel.

    Parameters
    ----------
    tables : mapping of str to ibis Table
        Canonical tables.
    exclude : sequence of str
        Kinds, reasons or touchpoints; other names take nothing out.

    Returns
    -------
    dict of str to ibis Table
        The same tables, so filtered.

    Examples
    --------
    >>> import ibis
    >>> contacts = ibis.memtable({"customer_id": ["a", "a"], "reason": ["order", "cancellation"]})
    >>> kept = without_records({"contacts": contacts}, ["cancellation"])
    >>> kept["contacts"].reason.to_pyarrow().to_pylist()
    ['order']
    """
    kept = dict(tables)
    if not exclude:
        return kept
    for name, columns in NAMED_BY.items():
        for column in columns:
            if name in kept and column in kept[name].columns:
                value = kept[name][column]
                kept[name] = kept[name].filter(value.isnull() | value.notin(list(exclude)))
    return kept


def without_features(
    features: pd.DataFrame, exclude: Sequence[str], *, tables: Mapping[str, ir.Table]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take out excluded features.

    Parameters
    ----------
    features : DataFrame, shape (rows, features)
    exclude : sequence of str
        Names of features; kinds, reasons and touchpoints of records in `tables` are known too.
    tables : mapping of str to ibis Table
        All records, nothing taken out.

    Returns
    -------
    features, left_out : DataFrame
        What stays; and one row a feature taken out: feature, reason.

    Raises
    ------
    ValueError
        Where a name is neither a feature nor a kind, reason or touchpoint.
    """
    out = [name for name in exclude if name in features.columns]
    others = [name for name in exclude if name not in out]
    if others:
        known = _names_of_records(tables)
        for name in others:
            if name not in known:
                every = [*known, *map(str, features.columns)]
                raise ValueError(
                    f"churn.exclude names {name!r}, which is neither a feature nor a kind, reason or "
                    f"touchpoint of a record{nearest(name, every, otherwise='.')}"
                )
    left_out = pd.DataFrame({"feature": out, "reason": REASON}, dtype="str")
    return features.drop(columns=out), left_out


def _names_of_records(tables: Mapping[str, ir.Table]) -> set[str]:
    named = [
        tables[name][column]
        for name, columns in NAMED_BY.items()
        for column in columns
        if name in tables and column in tables[name].columns
    ]
    values = (column.as_table().distinct().to_pyarrow()[0].to_pylist() for column in named)
    return {value for some in values for value in some if value is not None}
