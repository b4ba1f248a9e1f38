"""What may a run of some notebooks keep of the last report, and what of it no longer agrees?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxmodels.reporting.origin import Origin
from cxmodels.reporting.plan import Plan, PlanError, Step
from cxmodels.reporting.record import Outcome
from cxmodels.study import CANONICAL_TABLES

_REFRESH = "run without --only to bring it up to date"


@dataclass(frozen=True)
class LastReport:
    """What the record of the last report says; empty where there is none.

    Attributes
    ----------
    settings, inputs
        Of the run that made it.
    notebooks : dict
        Name → what became of it.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    inputs: list[dict[str, Any]] = field(default_factory=list)
    notebooks: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, target: Path) -> LastReport:
        """Read ``run.json`` of a report's folder."""
        path = target / "run.json"
        if not path.is_file():
            return cls()
        record = json.loads(path.read_text(encoding="utf-8"))
        notebooks = {entry["name"]: entry for entry in record.get("notebooks", ())}
        return cls(record.get("settings", {}), record.get("inputs", []), notebooks)


def check_fresh(plan: Plan, *, report: Path, now: Origin) -> None:
    """Refuse to build on tables of an earlier run that would come out differently today.

    Parameters
    ----------
    plan : Plan
        What is to run; the tables of the other notebooks are those of the last report.
    report : Path
        The last report's folder.
    now : Origin
        The settings and inputs of this run.

    Raises
    ------
    PlanError
        Names the table, its notebook, what differs (then → now) and the cure.
    """
    for step in plan.run:
        for giver, need in _kept_givers(step, plan):
            then = Origin.read(report, notebook=giver.name, table=need)
            if then is None:
                raise PlanError(
                    f"{step.name} would build on the table {need!r} of {giver.name}, and the last report "
                    "does not say which settings and inputs that was made from: run without --only"
                )
            sections = set() if need in CANONICAL_TABLES else _sections_behind(giver, plan.steps)
            if differences := then.differences(now, sections=sections):
                raise PlanError(
                    f"{step.name} would build on the table {need!r}, which {giver.name} made from other "
                    f"settings or inputs ({'; '.join(differences)}): run without --only, or with the "
                    "settings and inputs of then"
                )


def kept_outcome(step: Step, plan: Plan, *, last: LastReport, now: Origin) -> Outcome:
    """Say what is known of a notebook that was not asked for: its page is that of the last report."""
    before = last.notebooks.get(step.name)
    if before is None or before["state"] not in ("done", "kept"):
        return Outcome(
            step.name, step.title, "left out", "not asked for in this run, and not in the last report"
        )
    stale = str(before.get("stale", ""))
    if step.name in _downstream(plan):
        stale = f"made before what it builds on was run again; {_REFRESH}"
    elif last.settings != now.settings:
        stale = f"made with other settings than the pages run again; {_REFRESH}"
    elif last.inputs != now.inputs:
        stale = f"made from other inputs than the pages run again; {_REFRESH}"
    return Outcome(
        step.name,
        step.title,
        "kept",
        "not asked for in this run; kept from the last report",
        seconds=before.get("seconds", 0.0),
        started=before.get("started", ""),
        stale=stale,
    )


def _kept_givers(step: Step, plan: Plan) -> Iterable[tuple[Step, str]]:
    """Give the notebooks that do not run now, each with a table of theirs that a step needs."""
    for need in step.needs:
        for giver in plan.steps:
            if need in giver.gives and giver != step and giver not in plan.run:
                yield giver, need


def _sections_behind(step: Step, steps: Iterable[Step]) -> set[str]:
    """Give the sections of the study on which a notebook and those before it rest."""
    steps = tuple(steps)
    found, behind = set(step.sections), {step}
    for _ in steps:
        needs = {need for one in behind for need in one.needs if need not in CANONICAL_TABLES}
        behind |= {giver for giver in steps if needs & set(giver.gives)}
    return found.union(*(one.sections for one in behind))


def _downstream(plan: Plan) -> set[str]:
    """Give the notebooks that build, directly or not, on those that run."""
    changed = {name for step in plan.run for name in step.gives}
    found: set[str] = set()
    for _ in plan.steps:
        for step in plan.steps:
            if set(step.needs) & changed and step not in plan.run:
                found.add(step.name)
                changed |= set(step.gives)
    return found
