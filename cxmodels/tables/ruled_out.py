"""Which questions does a study rule out by itself, whatever its data hold?"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass

from cxmodels.study import Study
from cxmodels.tables.schemas import schema_of


@dataclass(frozen=True)
class Verdict:
    """Whether a question can be answered, and why or why not.

    Attributes
    ----------
    answerable : bool
    why : str
        What the data hold, or what they lack: sentences that name no setting, for everybody.
    doubt : str
        What speaks against an answer that can be given; a sentence for everybody, or empty.
    cure : str
        Which setting or table to change; a sentence for whoever keeps the study, or empty.
    """

    answerable: bool
    why: str
    doubt: str = ""
    cure: str = ""

    @property
    def text(self) -> str:
        """Everything that there is to say."""
        return " ".join(part for part in (self.why, self.doubt, self.cure) if part)


Rule = Callable[[Container[str], Study], Verdict | None]
"""Takes the names of the tables that there are, and the study; None where only the data can tell."""


def without(needed: str) -> Rule:
    """Return a rule that asks for a table."""

    def rule(names: Container[str], study: Study) -> Verdict | None:
        return None if needed in names else lacking(needed)

    return rule


def lacking(name: str) -> Verdict:
    """Say that a table is not there."""
    return Verdict(False, f"The study has no {schema_of(name).plain}.", cure=f"Add [tables.{name}].")


def no_purchases_to_value(names: Container[str], study: Study) -> Verdict | None:
    """Value follows from purchases, unless customers are under contract."""
    if "contracts" in names:
        return Verdict(
            False,
            "Customers are under contract, and pay until they leave: what they are worth follows from how "
            "long they stay, not from how often they buy.",
        )
    return None if "transactions" in names else lacking("transactions")


def no_contracts_to_value(names: Container[str], study: Study) -> Verdict | None:
    """The value of customers under contract follows from how long they stay."""
    return without("contracts")(names, study) or no_leaving(names, study)


def no_leaving(names: Container[str], study: Study) -> Verdict | None:
    """Leaving is seen in contracts, purchases or a label, and the study says how far ahead."""
    if not any(name in names for name in ("snapshot", "contracts", "transactions")):
        return Verdict(False, "It needs contracts, purchases, or one flat table that says who left.")
    if study.churn is None:
        unasked = "The study does not say within how many days leaving is to be foretold."
        cure = "Add [churn] with observation_days, gap_days and horizon_days."
        return Verdict(False, unasked, cure=cure)
    return None


def no_drivers(names: Container[str], study: Study) -> Verdict | None:
    """Drivers are named by the study, and of tables that are there."""
    if verdict := no_leaving(names, study):
        return verdict
    if not study.drivers:
        unnamed = "The study does not say which experiences may drive leaving."
        return Verdict(False, unnamed, cure="Name them as [[drivers]], in their causal order.")
    absent = sorted({one.table for one in study.drivers if one.table not in names})
    if absent:
        return Verdict(
            False,
            f"Drivers are of {', '.join(absent)}, which the study does not have.",
            cure=f"Add [tables.{absent[0]}], or take its drivers out.",
        )
    return None
