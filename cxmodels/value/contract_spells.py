"""How long was a customer under contract without a break? Spells of contracts that follow one another."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from cxmodels.tables.cut import known_by

NEVER = date(9999, 12, 31)


def contract_spells(contracts: ir.Table, *, return_days: int, known_until: date) -> ir.Table:
    """Join contracts that follow one another, as known by the end of a day.

    Parameters
    ----------
    contracts : ibis Table
        customer_id, start_date, end_date, and any others.
    return_days : int
        A contract that starts up to so many days after the latest end before it goes on with the same spell.
    known_until : date
        Contracts that start later do not exist yet, and ends that lie later are not known.

    Returns
    -------
    ibis Table
        One row a contract: its columns, with end_date 9999-12-31 where no end is known, and spell_start,
        spell_end (dates).

    Notes
    -----
    What the spell of a contract is on a date does not depend on ends after that date: a contract that starts
    by then joins one that still runs, whenever that ends.
    """
    known = known_by(contracts, known_until, column="start_date")
    never = ibis.literal(NEVER, type="date")
    end = known.end_date.cast("date")
    known = known.mutate(
        start_date=known.start_date.cast("date"),
        end_date=(end <= ibis.literal(known_until, type="date")).ifelse(end, never).fill_null(never),
    )
    order = ["start_date", "end_date"]
    before = ibis.window(group_by="customer_id", order_by=order, preceding=(None, 1))
    known = known.mutate(latest=known.end_date.max().over(before))
    # measured from the end: an end that never comes has no day after it
    apart = known.latest.isnull() | (known.start_date.delta(known.latest, unit="day") > return_days)
    sofar = ibis.window(group_by="customer_id", order_by=order, preceding=(None, 0))
    known = known.mutate(spell=apart.cast("int64").sum().over(sofar))
    whole = ibis.window(group_by=["customer_id", "spell"])
    known = known.mutate(
        spell_start=known.start_date.min().over(whole), spell_end=known.end_date.max().over(whole)
    )
    return known.drop("latest", "spell")
