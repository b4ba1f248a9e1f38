"""Which of several predictions of one outcome is taken, and what is said of it?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd

from cxmodels.value.blend import BLENDS
from cxmodels.value.comparison import measure_gain, score_candidate
from cxmodels.value.counts import Floats
from cxmodels.value.expectation import Expectation
from cxmodels.value.purchases import LABELS, model_label
from cxmodels.value.snapshots import Snapshot

DEFAULT_MODEL = "mbg-nbd"
DEFAULT_BLEND = "blend"
TABLE_COLUMNS = ["model", "label", "mae", "mae_at_total", "spearman", "top_tenth", "total_ratio", "chosen"]
_NAMES = "<models>"


def displacing(actual: Floats, told: Mapping[str, Floats], *, default: str) -> str:
    """Return the candidate that takes the default's place: of those beyond chance, that of greatest gain.

    Parameters
    ----------
    actual : ndarray of float, shape (customers,)
        What each customer spent (currency).
    told : mapping of str to ndarray of float
        What each candidate expected of them, the default among them.
    default : str
        The candidate that is taken unless another was better by more than chance.
    """
    gains = {name: measure_gain(actual, one, told[default]) for name, one in told.items()}
    better = [name for name, gain in gains.items() if gain.beyond_chance]
    return max(better, key=lambda name: gains[name].size, default=default)


def take_one(later: Snapshot, candidates: Mapping[str, Floats], *, asked: str, usual: str) -> tuple[str, str]:
    """Return the candidate that is taken, and a sentence that says why.

    Parameters
    ----------
    later : Snapshot
        With the outcome.
    candidates : mapping of str to ndarray of float
        What each expected of it: the base (a purchase model) first, then what is built on it.
    asked : str
        The study's `value.model`.
    usual : str
        The purchase model that stands as `DEFAULT_MODEL`, or what it fell back to.
    """
    base = next(iter(candidates))
    label = LABELS[base]
    where = (
        f"what {len(later.customers):,} customers spent in the {later.horizon_days} days after {later.as_of}"
    )
    if asked in BLENDS:
        if asked in candidates:
            return asked, f"{asked!r} was asked for, on {label}; it was tried on {where}."
        return base, f"{asked!r} was asked for, but there is too little to learn from: {label} was taken."
    default = DEFAULT_BLEND if DEFAULT_BLEND in candidates else base
    name = displacing(later.outcome, candidates, default=default)
    told, instead = (label if one == base else f"{one!r} on {label}" for one in (name, default))
    if name != default:
        why = f"was better than {instead} by more than chance on {where}"
    elif base == usual:
        why = f"was kept: no candidate was better by more than chance on {where}"
    else:
        why = f"was taken: on {where} {label} was better than {LABELS[usual]} by more than chance"
    if name == base:
        return name, f"{told} {why}."
    mine, its = (score_candidate(later.outcome, candidates[one])["mae_at_total"] for one in (name, base))
    change = mine / max(its, 1e-12) - 1.0
    side = "lower" if change <= 0 else "higher"
    return (
        name,
        f"{told} {why}; its mean error at the right total was {abs(change):.1%} {side} than {label}'s.",
    )


def contest_table(
    actual: Floats, told: Mapping[str, Floats], *, chosen: str, labels: Mapping[str, str]
) -> pd.DataFrame:
    """Return a row a candidate with its figures; see `cxmodels.value.choice.Choice` for the columns."""
    rows = [
        {"model": name, "label": labels.get(name, name), **score_candidate(actual, one)}
        for name, one in told.items()
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(chosen=frame["model"] == chosen)[TABLE_COLUMNS]


def fallbacks(singles: Mapping[str, Expectation], *, as_of: date) -> tuple[str, ...]:
    """Say of every candidate that could not be fitted what stood in for it, and why."""
    reasons: dict[str, list[str]] = {}
    for name, single in singles.items():
        if single.purchases_model.note:
            # the same thing happened to several where their notes differ in the name alone
            alike = single.purchases_model.note.replace(LABELS[name], _NAMES, 1)
            reasons.setdefault(alike, []).append(LABELS[name])
    return tuple(
        f"In the contest, as of {as_of}: {note.replace(_NAMES, ', '.join(names))}"
        for note, names in reasons.items()
    )


def fitted_labels(singles: Mapping[str, Expectation]) -> dict[str, str]:
    """Name each purchase model, what stood in for it, and the purchases from which its spend is read."""
    return {
        name: f"{model_label(single.purchases_model)}, spend of all purchases"
        for name, single in singles.items()
    }
