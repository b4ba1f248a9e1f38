"""What should one know before using this churn model? Its card: data, figures, drift, leaks and limits."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cxmodels.churn.comparison import Comparison
from cxmodels.churn.drift import Drift
from cxmodels.churn.leaks import LeakReport
from cxmodels.churn.model import ChurnModel
from cxmodels.churn.scores import ChurnScores
from cxmodels.churn.words import in_words

LIMITS = (
    "The probabilities hold for customers like those that the model learned from, and for as long as what "
    "makes them leave stays the same.",
    "A reason or a contribution explains the model; it does not say what would keep the customer.",
    "An interval covers what other customers to learn from would have changed, not a changed world.",
)
OTHER_MODEL = (
    "The figures are of a model with the same settings that had seen neither the test date nor the customers "
    "tested on; the model that is kept has learned from both where their outcome is known."
)
FLAT = "The data have no dates: whether each feature was known before the customer left cannot be checked."
_CALIBRATED = {
    "none": "none: nothing foretold the date calibrated on better than the model as it is",
    "logistic": "a line through the log odds",
    "steps": "steps that rise",
}
UNCALIBRATED = "Too few customers left to calibrate on: the probabilities are the model's own."
NAMED = 5  # features dropped that the summary tells of; all are in the card
NOT_LATER = "The figures come from customers held out of the same dates, not from a later date."


@dataclass(frozen=True)
class Evidence:
    """What is known of a model besides itself; each part may be missing, and the card then says so.

    Attributes
    ----------
    scores : ChurnScores, optional
        Of rows that the model has not learned from.
    comparison : Comparison, optional
        With its rivals on the same rows.
    drift : Drift, optional
        From the training to the scoring snapshot.
    leaks : LeakReport, optional
        Of the training rows.
    test_dates : tuple of str
        Of the rows scored; empty where they have none.
    labels : mapping of str to str
        Words for features.
    """

    scores: ChurnScores | None = None
    comparison: Comparison | None = None
    drift: Drift | None = None
    leaks: LeakReport | None = None
    test_dates: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelCard:
    """A model's card, in sections; made by `write_card`.

    Attributes
    ----------
    title : str
    sections : mapping of str to mapping
        data, dates, features, settings, scores, calibration, drift, leaks, limits: plain values and lists of
        rows, as JSON has them.
    warnings : tuple of str
        What speaks against using the model as it is; empty where nothing does.
    """

    title: str
    sections: Mapping[str, Mapping[str, Any]] = field(repr=False)
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the card as plain JSON values."""
        return {
            "title": self.title,
            "warnings": list(self.warnings),
            **{name: dict(section) for name, section in self.sections.items()},
        }

    def to_json(self) -> str:
        """Return the card as JSON text."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @property
    def summary(self) -> pd.DataFrame:
        """The card in a dozen lines: fact, value; both in words."""
        return pd.DataFrame(_summary(self.sections), columns=["fact", "value"])

    def table(self, section: str, name: str) -> pd.DataFrame:
        """Return one list of rows as a table, such as ``card.table("scores", "figures")``."""
        return pd.DataFrame(self.sections[section][name])


def write_card(model: ChurnModel, *, title: str, evidence: Evidence) -> ModelCard:
    """Put together what one should know before using a model.

    Parameters
    ----------
    model : ChurnModel
    title : str
        Such as the study's.
    evidence : Evidence

    Returns
    -------
    ModelCard
    """
    train, later = model.origin["train"], model.origin["later"]
    sections = {
        "data": {"training": train, "calibrating": later, "versions": dict(model.origin["versions"])},
        "dates": {
            "training": train["dates"],
            "calibrating": later["dates"] if later else [],
            "test": list(evidence.test_dates),
        },
        "features": {
            "used": list(model.features),
            "dropped": dict(model.encoding.dropped),
            "pooled": {name: len(rare) for name, rare in model.encoding.pooled.items()},
            "monotone": dict(model.settings["monotone"]),
            "labels": dict(evidence.labels),
        },
        "settings": {"chosen": dict(model.settings), "searched": _rows(model.searched)},
        "scores": _scores(evidence),
        "calibration": _calibration(model, evidence.scores),
        "drift": _drift(evidence.drift),
        "leaks": _leaks(evidence.leaks),
        "limits": {"notes": _limits(model, evidence)},
    }
    return ModelCard(title, sections, tuple(_warnings(evidence)))


def _summary(sections: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    data, dates, features = sections["data"], sections["dates"], sections["features"]
    training, settings, labels = data["training"], sections["settings"]["chosen"], features["labels"]
    figures = {row["figure"]: row for row in sections["scores"].get("figures", [])}
    told = [
        ("Learned from", f"{training['rows']:,} rows of {training['customers']:,} customers"),
        ("Of them left", f"{training['leavers']:,} rows"),
        ("Dates learned from", _span(dates["training"])),
        ("Date calibrated on", _span(dates["calibrating"])),
        ("Date tested on", _span(dates["test"])),
        ("Features", f"{len(features['used']):,} used"),
        ("Features dropped", _dropped(features["dropped"], labels)),
        ("Categories pooled", ", ".join(in_words(features["pooled"], labels)) or "none"),
        ("Monotone", ", ".join(in_words(features["monotone"], labels)) or "none"),
        ("Trees", f"{settings['rounds']:,} of {settings['leaves']} leaves, depth {settings['depth']}"),
        ("Calibration", _CALIBRATED[sections["calibration"]["kind"]]),
    ]
    for name, words in (("auc", "AUC"), ("log_loss", "Log-loss"), ("calibration_slope", "Calibration slope")):
        row = figures.get(name)
        if row is not None and row["value"] is not None:
            ends = f" ({row['low']:.3f} to {row['high']:.3f})" if row["low"] is not None else ""
            told.append((f"{words} in the test", f"{row['value']:.3f}{ends}"))
    versions = ", ".join(f"{name} {number}" for name, number in data["versions"].items())
    return [*told, ("Drift", str(sections["drift"]["verdict"])), ("Made with", versions)]


def _dropped(reasons: Mapping[str, str], labels: Mapping[str, str]) -> str:
    told = [f"{name}: {why}" for name, why in zip(in_words(reasons, labels), reasons.values(), strict=True)]
    more = [f"{len(told) - NAMED} others"] if len(told) > NAMED else []
    return "; ".join(told[:NAMED] + more) or "none"


def _span(days: Sequence[str]) -> str:
    if not days:
        return "none: the data have no dates"
    return days[0] if len(days) == 1 else f"{len(days)} from {days[0]} to {days[-1]}"


def _scores(evidence: Evidence) -> dict[str, Any]:
    scores, comparison = evidence.scores, evidence.comparison
    told: dict[str, Any] = {"note": "" if scores else "The model has not been scored."}
    if scores:
        told |= {"rows": scores.rows, "customers": scores.customers, "leavers": scores.leavers}
        told["figures"] = _rows(scores.table.reset_index())
    if comparison:
        told |= {"models": _rows(comparison.table), "gains": _rows(comparison.differences)}
    return told


def _calibration(model: ChurnModel, scores: ChurnScores | None) -> dict[str, Any]:
    kept = model.calibration
    told: dict[str, Any] = {"kind": kept.kind, "rows": kept.rows}
    told["tried"] = [
        {"kind": name, "gain": _plain(gain), "standard_error": _plain(error)}
        for name, (gain, error) in (kept.gains or {}).items()
    ]
    if scores:
        told["by_probability"] = _rows(scores.tenths)
        told["by_value"] = _rows(scores.value_deciles) if scores.value_deciles is not None else []
    return told


def _drift(drift: Drift | None) -> dict[str, Any]:
    if drift is None:
        return {"verdict": "Drift has not been measured.", "refit": None, "features": []}
    return {"verdict": drift.verdict, "refit": drift.refit, "features": _rows(drift.table)}


def _leaks(leaks: LeakReport | None) -> dict[str, Any]:
    if leaks is None:
        return {"note": "The features have not been checked for leaks.", "suspects": []}
    return {"note": leaks.note, "checked": leaks.checked, "suspects": _rows(leaks.table)}


def _limits(model: ChurnModel, evidence: Evidence) -> list[str]:
    notes = [*LIMITS, *([OTHER_MODEL] if evidence.scores else [])]
    if not model.origin["train"]["dates"]:
        notes.append(FLAT)
    latest = max(model.origin["train"]["dates"], default="")
    if evidence.scores and not max(evidence.test_dates, default="") > latest:
        notes.append(NOT_LATER)
    if model.calibration.gains is None:
        notes.append(UNCALIBRATED)
    return notes


def _warnings(evidence: Evidence) -> list[str]:
    told = []
    if evidence.drift is not None and evidence.drift.refit:
        told.append(evidence.drift.verdict)
    if evidence.scores is not None:
        slope = evidence.scores.table.loc["calibration_slope"]
        if slope["low"] > 1.0 or slope["high"] < 1.0:
            kind = "too timid" if slope["value"] > 1.0 else "too extreme"
            told.append(f"The probabilities are {kind}: their calibration slope is {slope['value']:.2f}.")
    if evidence.comparison is not None:
        worse = evidence.comparison.differences.query("figure == 'log_loss' and verdict != 'better'")
        if len(worse):
            told.append(f"No better in log-loss, or not beyond chance, than {', '.join(worse['rival'])}.")
    if evidence.leaks is not None and len(evidence.leaks.table):
        names = in_words(evidence.leaks.table["feature"], evidence.labels)
        told.append(f"Look at {', '.join(names)}: known before the customer left?")
    return told


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as rows of plain values; what is no finite number is None."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
