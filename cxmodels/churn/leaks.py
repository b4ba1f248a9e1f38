"""Does a feature know the answer? Suspects are refused by name, before a model learns from them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxmodels.churn.alone import MISSING, Alone, measure_alone
from cxmodels.churn.labels import read_labels
from cxmodels.churn.words import in_words
from cxmodels.value.counts import Floats

# What a feature alone reaches, cross-validated, on public sets. Honest features: an AUC of at most 0.79
# (Iranian: frequency of use), at most 83 % leaving in a piece of 50 rows or more (Iranian: complaints). Known
# leaks, in the extended IBM set: AUC 0.94 and 0.95 (churn score, satisfaction score), the others 1.00, and
# pieces in which all leave. The bounds lie about half-way. The uncertainty taken away tells the same (honest
# at most 25 %, leaks 64 % and more) and is shown, not judged: it never decided where the AUC did not.
DECIDES_AUC = 0.87
PURE_RATE = 0.90  # by its lower limit, so that a few rows prove nothing
PURE_ODDS = 10.0  # times the odds of the base rate: where nearly all leave, a pure piece is no wonder
# A feature that alone has this AUC and whose name speaks of a state is worth a look (Iranian: status 0.78).
# No figure tells status from an honest feature: complaints explain as much, frequency of use ranks better.
NOTABLE_AUC = 0.65
CHANCE = 1e-4  # of a value that only leavers have, shared out over the features
REASONS = 2  # told of each suspect

_LEAVING = re.compile(
    r"churn|cancel|terminat|attrition|deactivat|disconnect|unsubscri|"
    r"\b(leave|leaver|leaving|exit|end|closing|closure) (reason|date|score|category|type|status|survey)\b"
)
# cancelled orders are an experience, not the leaving
_OTHER = re.compile(
    r"\b(order|trip|deliver|booking|reservation|flight|ride|appointment|visit|invoice|shipment|item|class)"
)
_STATE = re.compile(r"\b(status|active|inactive|retention|win ?back)\b")


class LeakError(ValueError):
    """Features know the answer: the message names them, why, and the setting that lets them pass."""


@dataclass(frozen=True)
class LeakReport:
    """Features that may know the answer.

    Attributes
    ----------
    table : DataFrame
        One row a suspect, the worst first: feature, verdict (refused, allowed or look), auc and explained (of
        the feature alone, cross-validated), reason (in words).
    checked : int
        Features looked at.
    note : str
        What could not be checked; empty where all could.
    """

    table: pd.DataFrame = field(repr=False)
    checked: int
    note: str

    @property
    def refused(self) -> tuple[str, ...]:
        """The features that must not be learned from."""
        return tuple(self.table.loc[self.table["verdict"] == "refused", "feature"])


def find_leaks(features: pd.DataFrame, churned: npt.ArrayLike, *, allow: tuple[str, ...] = ()) -> LeakReport:
    """Look for features that know who left, and say why they are suspects.

    Parameters
    ----------
    features : DataFrame, shape (rows, features)
        As a model would learn from them, without identifiers and without the label.
    churned : array_like of bool or 0/1, shape (rows,)
        Whether each customer left.
    allow : tuple of str
        Features that may be used whatever they look like (`churn.allow` in the study).

    Returns
    -------
    LeakReport

    Raises
    ------
    ValueError
        Where labels are missing or all alike, lengths differ, or `allow` names no feature.

    Notes
    -----
    Refused is a feature that

    - alone nearly decides who left: its cross-validated AUC is beyond what honest features reach, by three
      standard errors; whether it is filled in at all counts as well;
    - has a value with which nearly all leave, or that only those who left have: reasons and contacts of
      the leaving itself;
    - speaks of the leaving by its name, and is related to it.

    A feature that is constant among those who left is worth a look only: who is bound by contract cannot
    leave, and that is known in time. So is one whose name speaks of a state, where it says much. Rules that
    join several features are not looked for.

    Examples
    --------
    >>> left = np.tile([0, 0, 1], 100)
    >>> features = pd.DataFrame({"age": np.arange(300) % 7, "goodbye": np.where(left, "price", None)})
    >>> find_leaks(features, left).refused
    ('goodbye',)
    """
    labels = read_labels(churned)
    if len(features) != len(labels):
        raise ValueError(f"There are {len(features)} rows of features for {len(labels)} labels.")
    unknown = [name for name in allow if name not in features.columns]
    if unknown:
        raise ValueError(
            f"churn.allow names {', '.join(unknown)}; there are {', '.join(map(str, features.columns))}."
        )
    rows = []
    for name in features.columns:
        column = features[name]
        alone = measure_alone(column, labels)
        reasons = list(_reasons(str(name), column, labels, alone, chance=CHANCE / features.shape[1]))
        if not reasons:
            continue
        refused = any(refuse for refuse, _ in reasons)
        told = [words for refuse, words in reasons if refuse == refused]
        verdict = "look" if not refused else "allowed" if name in allow else "refused"
        rows.append((str(name), verdict, alone.auc, alone.explained, "; ".join(told[:REASONS])))
    table = pd.DataFrame(rows, columns=["feature", "verdict", "auc", "explained", "reason"])
    rank = table["verdict"].map({"refused": 0, "allowed": 1, "look": 2})
    table = table.assign(rank=rank).sort_values(["rank", "auc"], ascending=[True, False], kind="stable")
    return LeakReport(table.drop(columns="rank").reset_index(drop=True), features.shape[1], _note(labels))


def refuse_leaks(
    features: pd.DataFrame,
    churned: npt.ArrayLike,
    *,
    allow: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    label: Mapping[str, str] | None = None,
    counted_from: Mapping[str, str] | None = None,
) -> LeakReport:
    """Stop where a feature knows who left.

    Parameters
    ----------
    features, churned, allow
        As of `find_leaks`.
    exclude : tuple of str
        What the study takes out already: it stands in the setting that is proposed as well.
    label : mapping of str to str, optional
        Words for features, in which the message names them; the settings that it gives are of their names.
    counted_from : mapping of str to str, optional
        The kind or reason of records behind a feature, which the study takes out instead of it: other
        features, such as the count of all contacts, are made of the same records.

    Returns
    -------
    LeakReport
        Without a refused feature; those worth a look are in its table.

    Raises
    ------
    LeakError
        Naming the suspects, the reasons, and the setting that lets them pass.
    ValueError
        As `find_leaks`.
    """
    report = find_leaks(features, churned, allow=allow)
    if report.refused:
        suspects = report.table[report.table["verdict"] == "refused"]
        called = in_words(suspects["feature"], label)
        listed = ".\n".join(f"  {one}: {why}" for one, why in zip(called, suspects["reason"], strict=True))
        names = ", ".join(f'"{name}"' for name in (*allow, *report.refused))
        sources = [(counted_from or {}).get(name, name) for name in report.refused]
        suspected = ", ".join(f'"{name}"' for name in dict.fromkeys([*exclude, *sources]))
        plural = len(suspects) > 1
        raise LeakError(
            f"{len(suspects)} feature{'s' if plural else ''} may know who left:\n{listed}.\n"
            f"Take them out: churn.exclude = [{suspected}]. Where one was known before the customer decided, "
            f"let it pass: churn.allow = [{names}]"
        )
    return report


def _reasons(
    name: str, column: pd.Series, labels: Floats, alone: Alone, *, chance: float
) -> Iterator[tuple[bool, str]]:
    """Yield, for each sign of a leak, whether it refuses the feature, and the reason in words."""
    if alone.auc_low >= DECIDES_AUC:
        yield (
            True,
            (
                f"alone it nearly decides who left (AUC {alone.auc:.2f}, {alone.explained:.0%} of the "
                f"uncertainty taken away{_filled_in(column, labels)})"
            ),
        )
    odds = PURE_ODDS * labels.mean() / (1.0 - labels.mean())
    pure = alone.pieces[alone.pieces["rate_low"] >= max(PURE_RATE, odds / (1.0 + odds))]
    if len(pure) > 0:
        left, rows = int(pure["left"].sum()), int(pure["rows"].sum())
        yield True, f"{left} of {rows} customers with {_list_pieces(pure)} left"
    yield from _constant(alone, labels, chance=chance)
    words = _words(name)
    related = alone.auc_low > 0.5
    if related and _LEAVING.search(words) and not _OTHER.search(words):
        yield True, f"its name speaks of the leaving (AUC alone {alone.auc:.2f})"
    elif alone.auc_low > NOTABLE_AUC and _STATE.search(words):
        yield (
            False,
            f"its name speaks of a state and alone it says much (AUC {alone.auc:.2f}): was it known before?",
        )


def _filled_in(column: pd.Series, labels: Floats) -> str:
    """Say how often the feature is filled in, where that differs widely between those who left and stayed."""
    filled = column.notna().to_numpy()
    with_left, with_stayed = filled[labels == 1.0].mean(), filled[labels == 0.0].mean()
    if abs(with_left - with_stayed) < 0.5:
        return ""
    return f"; filled in for {with_left:.0%} of those who left and {with_stayed:.0%} of the others"


def _constant(alone: Alone, labels: Floats, *, chance: float) -> Iterator[tuple[bool, str]]:
    """Tell where all who stayed, or all who left, have the same value and others do not, beyond chance."""
    pieces, base = alone.pieces, float(labels.mean())
    if len(pieces) < 2:
        return
    for stayed, share in ((True, base), (False, 1.0 - base)):
        ours = pieces["rows"] - pieces["left"] if stayed else pieces["left"]
        if int((ours > 0).sum()) != 1:
            continue
        usual = str(ours.idxmax())
        others = len(labels) - int(pieces["rows"].to_numpy()[ours.to_numpy() > 0][0])
        if others * np.log(share) < np.log(chance):
            whose, rest = ("stayed", "left") if stayed else ("left", "stayed")
            yield (
                stayed,
                f"all who {whose} have {_say(usual)}; the {others} customers with anything else {rest}",
            )


def _words(name: str) -> str:
    """Return a name in lower case, its words apart.

    Examples
    --------
    >>> _words("Churn Score"), _words("endReason")
    ('churn score', 'end reason')
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.sub(r"[^0-9a-z]+", " ", parted.lower()).strip()


def _list_pieces(pieces: pd.DataFrame) -> str:
    names = [_say(str(piece)) for piece in pieces.sort_values("rows", ascending=False).index]
    return ", ".join(names[:3]) + (f" or {len(names) - 3} other values" if len(names) > 3 else "")


def _say(piece: str) -> str:
    return "no value" if piece == MISSING else f"{piece!r}"


def _note(labels: Floats) -> str:
    few = int(min(labels.sum(), len(labels) - labels.sum()))
    if few >= 30:
        return ""
    return f"Only {few} customers of one kind: leaks that are not complete cannot be told from chance."
