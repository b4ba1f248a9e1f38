"""What did each customer buy on each day? The rows of a day netted, and whether it is a purchase."""

from __future__ import annotations

import ibis.expr.types as ir


def customer_days(transactions: ir.Table) -> ir.Table:
    """Net the rows of each customer's day and say whether the day is a purchase.

    Parameters
    ----------
    transactions : ibis Table
        Columns customer_id, timestamp, amount (currency; a refund is below zero). They are not cut.

    Returns
    -------
    ibis Table
        One row a customer and day: customer_id, day, value (net, currency), bought (where the day holds no
        refund, or its rows come to more than zero).
    """
    rows = transactions.select(
        "customer_id",
        day=transactions.timestamp.cast("date"),
        amount=transactions.amount.cast("float64"),
    )
    days = rows.group_by("customer_id", "day").aggregate(
        value=settled_sum(rows.amount), lowest=rows.amount.min()
    )
    # without a refund every row is a purchase; with one, a net above zero says that there was a purchase too
    return days.mutate(bought=(days.lowest >= 0) | (days["value"] > 0)).drop("lowest")


def settled_sum(column: ir.NumericColumn, *, where: ir.BooleanColumn | None = None) -> ir.FloatingScalar:
    """Return a sum that does not depend on the order of the rows, which threads take as they come.

    Sums of floating numbers differ in the last digit with their order; at 8 decimals they agree again.
    """
    return column.sum(where=where).round(8)
