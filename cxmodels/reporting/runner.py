"""The run: notebooks in their order, two at a time, into a folder that takes its place only when complete."""

from __future__ import annotations

import errno
import shutil
import signal
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import nbformat

from cxmodels.reporting.bundle import find_study, notebooks_folder
from cxmodels.reporting.findings import NotebookFindings, collect_findings, read_all_findings, write_json
from cxmodels.reporting.index_page import write_index
from cxmodels.reporting.kept import LastReport, check_fresh, kept_outcome
from cxmodels.reporting.kernels import Kernels, NotebookFailed, execute
from cxmodels.reporting.opening import report_folder
from cxmodels.reporting.origin import Origin
from cxmodels.reporting.pages import PageContext, PageLink, answers_first, write_page
from cxmodels.reporting.plan import Plan, Step, find_step, make_plan, read_steps, why_without
from cxmodels.reporting.progress import Progress, Silent
from cxmodels.reporting.record import (
    Outcome,
    begin_record,
    describe_run,
    hash_inputs,
    input_name,
    library_warnings,
    study_heading,
)
from cxmodels.reporting.run_folder import CannotAnswer
from cxmodels.reporting.swap import keep_as, put_in_place, reserved
from cxmodels.reporting.wording import Money
from cxmodels.study import Study, read_study
from cxmodels.tables.answerable import ruled_out

SIDE_BY_SIDE = 2
"""Kernels at the same time."""


class RunFailed(RuntimeError):
    """A run that did not finish; the message is one line that says what, why and where to look."""


class Interrupted(KeyboardInterrupt):
    """A run that was told to stop by a signal."""

    def __init__(self, number: int = signal.SIGINT) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@dataclass
class _Run:
    """What the parts of one run share."""

    study: Study
    overrides: dict[str, object]
    folder: Path
    target: Path
    inputs: list[dict[str, Any]]
    progress: Progress
    kernels: Kernels = field(default_factory=Kernels)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    outcomes: dict[str, Outcome] = field(default_factory=dict)


def run_study(
    study: str | Path,
    *,
    overrides: Mapping[str, object] | None = None,
    only: Collection[str] = (),
    out: str | Path | None = None,
    notebooks: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Run the notebooks on a study and make the report.

    Parameters
    ----------
    study : str or Path
        Path of a study, or the name of a sample study.
    overrides : mapping, optional
        Settings to change, by dotted key; values as text are read as on the command line.
    only : collection of str
        Names or numbers of the notebooks to run; the other pages and tables of the last report are kept.
    out : str or Path, optional
        Folder of the report; ``reports/<study>/<as_of>`` of the project by default.
    notebooks : Path, optional
        Folder of the notebooks; those of the project, or of the package, by default.
    progress : Progress, optional
        Told what happens.

    Returns
    -------
    Path
        The report's folder.

    Raises
    ------
    RunFailed
        When a notebook fails or the disk is full. The last good report is untouched.
    Interrupted
        When a signal stops the run. The last good report is untouched.
    ValueError
        When study, overrides, names, notebooks or folder are wrong (`StudyError`, `PlanError`,
        `TargetError`, `BundleError`); nothing has run then.
    """
    path = find_study(study)
    changed = dict(overrides or {})
    settings = read_study(path, changed)
    target = Path(out).absolute() if out else report_folder(settings)
    plan = _plan_for(settings, read_steps(notebooks or notebooks_folder()), only=only, target=target)
    inputs = hash_inputs(settings)
    if only:
        check_fresh(plan, report=target, now=Origin.of(settings, inputs))
    with _signals_raise(), reserved(target) as folder:
        run = _Run(settings, changed, folder, target, inputs, progress or Silent())
        last = LastReport.read(target) if only else LastReport()
        try:
            if only and (target / "run.json").is_file():
                shutil.copytree(target, folder, dirs_exist_ok=True)
            begin_record(folder, study=settings, inputs=inputs)
            _execute_all(run, plan)
            _check_unchanged(run)
            return _finish(run, plan, last=last)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise RunFailed(
                f"the disk is full while writing to {target.parent}: make room and run again; "
                f"{_untouched(target)}"
            ) from error
        finally:
            run.kernels.end()


def _plan_for(study: Study, steps: Sequence[Step], *, only: Collection[str], target: Path) -> Plan:
    """Choose the notebooks: those that the study and what an earlier run left allow."""
    asked = {find_step(steps, name).name for name in only}
    beforehand = {step.name: verdict for step in steps if (verdict := ruled_out(step.name, study))}
    return make_plan(
        steps,
        tables=study.tables,
        only=only,
        at_hand={found.stem for found in (target / "tables").glob("*.parquet")} if only else (),
        # a page is for everybody; whoever asks for one that cannot be is told which setting to change
        ruled_out={name: one.text if name in asked else one.why for name, one in beforehand.items()},
    )


def _execute_all(run: _Run, plan: Plan) -> None:
    """Execute the steps as soon as what they need is there; what waits for a failed one is skipped."""
    for name, reason in plan.left_out.items():
        step = next(step for step in plan.steps if step.name == name)
        _settle(run, Outcome(name, step.title, "left out", reason))
    # what others wait for goes first; of the rest, and among equals, the order of the plan holds
    waiting = sorted(plan.run, key=plan.resting_on, reverse=True)
    running: dict[Future[None], tuple[Step, float, str]] = {}
    pool = ThreadPoolExecutor(SIDE_BY_SIDE)
    try:
        while waiting or running:
            for step in list(waiting):
                before = [run.outcomes.get(other.name) for other in plan.before(step)]
                broken = next((o for o in before if o is not None and o.state not in ("done", "kept")), None)
                if broken is not None:
                    waiting.remove(step)
                    _settle(run, _after(broken, step))
                elif len(running) < SIDE_BY_SIDE and all(o is not None for o in before):
                    waiting.remove(step)
                    run.progress.started(step.name)
                    now = datetime.now(UTC).isoformat(timespec="seconds")
                    running[pool.submit(_execute, run, step)] = (step, time.monotonic(), now)
            # A timeout, since Python handles signals only between waits.
            done, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in done:
                step, since, now = running.pop(future)
                _settle(run, _outcome(future, step, seconds=time.monotonic() - since, started=now))
    except BaseException:
        run.kernels.end()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _execute(run: _Run, step: Step) -> None:
    """Execute one notebook into the run's folder."""
    execute(
        step.path,
        run.folder / "notebooks" / step.path.name,
        parameters={
            "study": str(run.study.path.resolve()),
            "out": str(run.folder),
            "overrides": {key: _plain(value) for key, value in run.overrides.items()},
        },
        kernels=run.kernels,
        cell_done=lambda done, total: run.progress.cell(step.name, done, total),
    )


def _plain(value: object) -> object:
    """Give an override as something that can stand in a cell; dates as text, which is read again."""
    return value if isinstance(value, bool | int | float | str | list | dict) else str(value)


def _outcome(future: Future[None], step: Step, *, seconds: float, started: str) -> Outcome:
    """Say what became of a notebook that has ended; an error that is not the notebook's goes on."""
    outcome = Outcome(step.name, step.title, "done", seconds=round(seconds, 1), started=started)
    error = future.exception()
    if error is None:
        return outcome
    if isinstance(error, CannotAnswer):
        return replace(outcome, state="left out", reason=str(error))
    if isinstance(error, NotebookFailed):
        return replace(outcome, state="failed", reason=str(error))
    raise error


def _after(broken: Outcome, step: Step) -> Outcome:
    """Say what becomes of a notebook that needs what another has not brought."""
    if broken.state == "left out":
        return Outcome(step.name, step.title, "left out", why_without(broken.title))
    return Outcome(step.name, step.title, "skipped", f"“{broken.title}” {broken.state}")


def _settle(run: _Run, outcome: Outcome) -> None:
    run.outcomes[outcome.name] = outcome
    run.progress.ended(outcome.name, outcome.state, outcome.reason)


def _finish(run: _Run, plan: Plan, *, last: LastReport) -> Path:
    """Write what joins the results, and put the folder in its place, or aside if a notebook failed."""
    now = Origin.of(run.study, run.inputs)
    outcomes = tuple(
        run.outcomes.get(step.name) or kept_outcome(step, plan, last=last, now=now) for step in plan.steps
    )
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    aside = run.target.with_name(f"{run.target.name}.failed")
    final = aside if failed else run.target
    problem = "; ".join(f"{outcome.name} failed in {outcome.reason}" for outcome in failed)
    _write_pages(run, outcomes, final=final, problem=problem)
    if not failed:
        put_in_place(run.folder, run.target)
        return run.target
    keep_as(run.folder, aside)
    where = aside / "notebooks" / f"{failed[0].name}.ipynb"
    raise RunFailed(f"{problem}; see {where}; {_untouched(run.target)}")


def _check_unchanged(run: _Run) -> None:
    """Refuse a report of which one page may have read other settings or data than the next."""
    before, after = run.inputs, hash_inputs(run.study)
    entries = (*before, *after)
    changed = dict.fromkeys(input_name(one) for one in entries if one not in before or one not in after)
    if changed:
        raise RunFailed(
            f"{', '.join(changed)} changed during the run, so its pages may not agree: run again when "
            f"nothing is written there; {_untouched(run.target)}"
        )


def _write_pages(run: _Run, outcomes: tuple[Outcome, ...], *, final: Path, problem: str) -> None:
    """Write everything that joins the notebooks' results."""
    shown = [outcome for outcome in outcomes if outcome.state in ("done", "failed", "kept")]
    shown = [outcome for outcome in shown if (run.folder / "notebooks" / f"{outcome.name}.ipynb").is_file()]
    context = PageContext(
        study=run.study.title,
        money=Money(run.study.currency, run.study.language),
        pages=tuple(PageLink(outcome.name, outcome.title) for outcome in shown),
    )
    names = [outcome.name for outcome in outcomes]
    parts = [
        part
        for part in read_all_findings(run.folder, order=names)
        if part.notebook in {outcome.name for outcome in shown if outcome.state != "failed"}
    ]
    by_name = {part.notebook: part for part in parts}
    warnings = [{"notebook": part.notebook, "text": text} for part in parts for text in part.warnings]
    warnings += [{"notebook": outcome.name, "text": outcome.stale} for outcome in outcomes if outcome.stale]
    for outcome in shown:
        executed = run.folder / "notebooks" / f"{outcome.name}.ipynb"
        # The folder for work in progress is gone when anyone reads this.
        text = executed.read_text(encoding="utf-8").replace(str(run.folder), str(final))
        notebook = nbformat.reads(text, as_version=4)
        warnings += [{"notebook": outcome.name, "text": text} for text in library_warnings(notebook)]
        part = by_name.get(outcome.name)
        answers_first(notebook, part.answer if part else ())
        nbformat.write(notebook, executed)
        write_page(
            notebook,
            run.folder / f"{outcome.name}.html",
            context=context,
            content=part or NotebookFindings(outcome.name),
        )
    collect_findings(run.folder, study=study_heading(run.study), parts=parts)
    record = describe_run(
        run.study,
        started=run.started,
        outcomes=outcomes,
        warnings=warnings,
        overrides=run.overrides,
        inputs=run.inputs,
    )
    write_json(run.folder / "run.json", record)
    write_index(run.folder, study=run.study, context=context, outcomes=outcomes, parts=parts, failed=problem)


def _untouched(target: Path) -> str:
    return (
        f"the last good report in {target} is untouched" if target.exists() else "there is no earlier report"
    )


@contextmanager
def _signals_raise() -> Iterator[None]:
    """Turn the signals that end a run into an exception, so that kernels end and the folder is removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise Interrupted(number)

    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP"):  # Windows has none
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
