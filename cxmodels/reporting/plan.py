"""Which notebooks run, in what order, and which are left out and why?

A notebook says in its metadata what it needs and what it gives::

    {"cxmodels": {"needs": ["transactions"], "gives": ["customer_value"]}}
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from cxmodels.reporting.origin import sections_named
from cxmodels.reporting.pages import title_of_notebook
from cxmodels.study import CANONICAL_TABLES
from cxmodels.study_errors import nearest
from cxmodels.tables.schemas import schema_of

PARAMETERS = {"study": str, "out": str, "overrides": dict}
"""What every notebook's parameters cell sets, and the type of each."""


class PlanError(ValueError):
    """Notebooks that cannot be run as asked: which, why, and the cure."""


@dataclass(frozen=True)
class Step:
    """One notebook of a run.

    Attributes
    ----------
    path : Path
        The notebook's file.
    title : str
        The question that it answers.
    needs, gives : tuple of str
        Tables that it reads and that it leaves.
    sections : frozenset of str
        The sections of the study that its code names.
    """

    path: Path
    title: str
    needs: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    sections: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Name of the notebook: its file without ending."""
        return self.path.stem


@dataclass(frozen=True)
class Plan:
    """What a run will do.

    Attributes
    ----------
    steps : tuple of Step
        Every notebook there is, in order.
    run : tuple of Step
        Those to run; a step comes after those that give what it needs.
    left_out : dict
        Name → why it is left out.
    """

    steps: tuple[Step, ...]
    run: tuple[Step, ...]
    left_out: dict[str, str]

    def before(self, step: Step) -> tuple[Step, ...]:
        """Give the steps of this run that give what a step needs."""
        return tuple(other for other in self.run if other != step and set(other.gives) & set(step.needs))

    def resting_on(self, step: Step) -> int:
        """Count the steps of this run that rest on a step, at once or through others."""
        found: set[str] = set()
        for other in self.run:  # in their order, so that those between come first
            if any(one == step or one.name in found for one in self.before(other)):
                found.add(other.name)
        return len(found)


def read_steps(folder: Path) -> tuple[Step, ...]:
    """Read what the numbered notebooks of a folder need and give, and check their parameters cells.

    Raises
    ------
    PlanError
        When there are none, or one has no parameters cell as it must be.
    """
    paths = sorted(folder.glob("[0-9][0-9]-*.ipynb"))
    if not paths:
        raise PlanError(
            f"{folder} holds no notebooks named NN-name.ipynb; `cxmodels init DIR` lays out a set"
        )
    return tuple(_read_step(path) for path in paths)


def make_plan(
    steps: Sequence[Step],
    *,
    tables: Collection[str],
    only: Collection[str] = (),
    at_hand: Collection[str] = (),
    ruled_out: Mapping[str, str] | None = None,
) -> Plan:
    """Choose and order the notebooks to run.

    Parameters
    ----------
    steps : sequence of Step
        All notebooks.
    tables : collection of str
        Canonical tables that the study has.
    only : collection of str
        Names or numbers of the notebooks to run; all, when it is empty.
    at_hand : collection of str
        Tables left by an earlier run, for notebooks whose sources do not run this time.
    ruled_out : mapping of str to str, optional
        Notebook → why the study by itself rules its question out.

    Raises
    ------
    PlanError
        When a name is not known, tables go round in a circle, or a notebook asked for lacks what it needs.
    """
    chosen = [find_step(steps, name) for name in only] or list(steps)
    left_out = _left_out(steps, tables=tables, ruled_out=ruled_out or {})
    if only:
        for step in chosen:
            if step.name in left_out:
                raise PlanError(f"{step.name} cannot run: {left_out[step.name]}")
            _check_at_hand(step, steps=steps, chosen=chosen, at_hand=at_hand)
    wanted = [step for step in steps if step in chosen and step.name not in left_out]
    return Plan(tuple(steps), _in_order(wanted), left_out)


def find_step(steps: Sequence[Step], name: str) -> Step:
    """Find a notebook by its name, its file or its number."""
    wanted = name.removesuffix(".ipynb")
    for step in steps:
        number, _, words = step.name.partition("-")
        if wanted in (step.name, number, words) or (wanted.isdigit() and int(wanted) == int(number)):
            return step
    names = [step.name for step in steps]
    hint = nearest(wanted, [*names, *(name.partition("-")[2] for name in names)], otherwise=".")
    raise PlanError(f"no notebook {name!r}{hint} There are: {', '.join(names)}")


def why_without(title: str) -> str:
    """Say why a notebook is left out that rests on another one, by the question of that one."""
    return f"it rests on “{title}”, which was left out"


def _read_step(path: Path) -> Step:
    """Read one notebook's metadata, and hold its parameters cell to what a run sets."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except (ValueError, KeyError, AttributeError) as error:
        raise PlanError(f"{path.name} is not a notebook that can be read: {error}") from error
    _check_parameters(path, notebook)
    flow = notebook.metadata.get("cxmodels", {})
    return Step(
        path=path,
        title=title_of_notebook(notebook, default=path.stem),
        needs=tuple(flow.get("needs", ())),
        gives=tuple(flow.get("gives", ())),
        sections=sections_named(notebook),
    )


def _check_parameters(path: Path, notebook: nbformat.NotebookNode) -> None:
    """Look before: papermill runs on without a word when a parameter has no place to go."""
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())]
    if len(cells) != 1:
        raise PlanError(f"{path.name} must have one cell tagged 'parameters', found {len(cells)}")
    try:
        body = ast.parse(cells[0].source).body
    except SyntaxError as error:
        raise PlanError(f"{path.name}: the parameters cell is no Python: {error.msg}") from error
    found: Mapping[str, object] = {
        target.id: _literal_of(line.value)
        for line in body
        if isinstance(line, ast.Assign)
        for target in line.targets
        if isinstance(target, ast.Name)
    }
    for name, kind in PARAMETERS.items():
        if name not in found:
            raise PlanError(
                f"{path.name}: the parameters cell must set {name!r}; it sets {', '.join(found) or 'nothing'}"
            )
        if not isinstance(found[name], kind):
            raise PlanError(
                f"{path.name}: {name!r} in the parameters cell must be a {kind.__name__}, written out"
            )


def _literal_of(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _left_out(
    steps: Sequence[Step], *, tables: Collection[str], ruled_out: Mapping[str, str]
) -> dict[str, str]:
    """Say which notebooks cannot run on this study, which may lack a table, or lose the one who gives it."""
    reasons = {step.name: ruled_out[step.name] for step in steps if step.name in ruled_out}
    changed = True
    while changed:
        changed = False
        given = {name for step in steps if step.name not in reasons for name in step.gives}
        for step in steps:
            reason = next((text for need in step.needs if (text := _lacks(need, tables, given, steps))), None)
            if reason and step.name not in reasons:
                reasons[step.name] = reason
                changed = True
    return reasons


def _lacks(need: str, tables: Collection[str], given: Collection[str], steps: Sequence[Step]) -> str | None:
    """Say why a table that a notebook needs will not be there."""
    if need in CANONICAL_TABLES and need not in tables:
        return f"it needs {schema_of(need).plain}, and the study has none (it has: {_plainly(tables)})"
    if need in given:
        return None
    giver = next((step for step in steps if need in step.gives), None)
    if giver is not None:
        return why_without(giver.title)
    return None if need in tables else f"it needs {need!r}, which no notebook gives"


def _plainly(tables: Collection[str]) -> str:
    return ", ".join(schema_of(name).plain for name in tables)


def _check_at_hand(
    step: Step, *, steps: Sequence[Step], chosen: Sequence[Step], at_hand: Collection[str]
) -> None:
    """Check that what a notebook needs is given now or was left by an earlier run."""
    given = {name for other in chosen if other != step for name in other.gives}
    for need in step.needs:
        giver = next((other.name for other in steps if need in other.gives and other != step), None)
        if giver is not None and need not in given and need not in at_hand:
            raise PlanError(
                f"{step.name} needs {need!r}, which the last run has not left; run {giver} as well "
                f"(--only {giver[:2]} --only {step.name[:2]}), or everything without --only"
            )


def _in_order(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Put givers before those that need what they give, otherwise by name."""
    waiting, ordered = list(steps), []
    while waiting:
        owed = {name for step in waiting for name in step.gives}
        ready = [step for step in waiting if not set(step.needs) & (owed - set(step.gives))]
        if not ready:
            raise PlanError(
                f"these notebooks wait for each other: {', '.join(step.name for step in waiting)}"
            )
        ordered.append(ready[0])
        waiting.remove(ready[0])
    return tuple(ordered)
