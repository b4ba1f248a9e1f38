"""The run: what it makes, what it checks before, what it leaves alone."""

from __future__ import annotations

import errno
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cxmodels.reporting import runner
from cxmodels.reporting.plan import PlanError
from cxmodels.reporting.progress import Silent
from cxmodels.reporting.runner import RunFailed, run_study
from cxmodels.study import StudyError
from tests.reporting.conftest import GIVES, USES, Notebook, Project


def record_of(report: Path) -> dict:
    return json.loads((report / "run.json").read_text(encoding="utf-8"))


def states(report: Path) -> dict[str, str]:
    return {entry["name"]: entry["state"] for entry in record_of(report)["notebooks"]}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One finished run, looked at by many tests."""
    from tests.reporting.conftest import lay_out_project

    project = lay_out_project(tmp_path_factory.mktemp("finished"))
    run_study(
        project.study,
        overrides={"value.horizon_days": "180"},
        out=project.report,
        notebooks=project.notebooks,
    )
    return project


def test_a_run_leaves_pages_notebooks_tables_figures_findings_and_a_record(finished: Project) -> None:
    names = {
        path.relative_to(finished.report).as_posix() for path in finished.report.rglob("*") if path.is_file()
    }
    assert names >= {
        "index.html",
        "01-value.html",
        "02-segments.html",
        "notebooks/01-value.ipynb",
        "notebooks/02-segments.ipynb",
        "tables/value.parquet",
        "tables/value.csv",
        "tables/segments.parquet",
        "figures/01-value-value.png",
        "findings.json",
        "run.json",
    }
    assert not [name for name in names if "03-leaving" in name]


class Starts(Silent):
    """Keeps the order in which notebooks were started."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, name: str) -> None:
        self.names.append(name)


def test_what_others_wait_for_starts_before_what_nothing_waits_for(project: Project) -> None:
    plain = replace(GIVES, cells=["1 + 1"], gives=[], answer="")
    for name in ("00-a", "00-b"):
        project.write(name, plain)
    project.write("01-value", replace(GIVES, cells=GIVES.cells[:2], answer=""))
    project.write("02-segments", replace(plain, needs=["value"]))
    seen = Starts()
    run_study(project.study, out=project.report, notebooks=project.notebooks, progress=seen)
    assert seen.names[0] == "01-value"
    assert sorted(seen.names) == ["00-a", "00-b", "01-value", "02-segments"]


@pytest.mark.parametrize(("own", "told"), [(None, "1"), ("3", "3")])
def test_a_kernel_has_one_thread_of_linear_algebra_unless_the_user_says_otherwise(
    project: Project, monkeypatch: pytest.MonkeyPatch, own: str | None, told: str
) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if own:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", own)
    asks = f'import os\nassert os.environ["OPENBLAS_NUM_THREADS"] == "{told}"'
    project.write("01-value", replace(GIVES, cells=[asks], gives=[], answer=""))
    run_study(project.study, only=["01"], out=project.report, notebooks=project.notebooks)


def test_nothing_but_the_report_is_left_beside_it(finished: Project) -> None:
    assert [path.name for path in finished.report.parent.iterdir()] == [finished.report.name]


def test_a_notebook_whose_table_the_study_lacks_is_left_out_and_the_reason_is_said(finished: Project) -> None:
    left = next(entry for entry in record_of(finished.report)["notebooks"] if entry["name"] == "03-leaving")
    assert left["state"] == "left out"
    assert left["reason"] == "it needs contracts, and the study has none (it has: purchase records)"
    assert "Who leaves?" in (finished.report / "index.html").read_text(encoding="utf-8")


def test_overrides_reach_the_notebooks_and_the_record(finished: Project) -> None:
    assert "horizon 180" in (finished.report / "02-segments.html").read_text(encoding="utf-8")
    assert record_of(finished.report)["settings"]["value"]["horizon_days"] == 180
    assert record_of(finished.report)["overrides"] == {"value.horizon_days": "180"}


def test_the_record_holds_hashes_versions_seed_times_and_warnings(finished: Project) -> None:
    record = record_of(finished.report)
    inputs = {entry["file"]: entry for entry in record["inputs"]}
    assert (
        inputs["orders.csv"]["sha256"] == "25a734948c4423efeb4e24914493c3e036e570a87d9d99e376edec0bf24a2e53"
    )
    assert inputs["study.toml"]["bytes"] == finished.study.stat().st_size
    assert record["versions"]["pandas"] == pd.__version__
    assert record["seed"] == 20250101
    assert record["complete"] is True
    assert record["started"] <= record["ended"]
    assert all(entry["seconds"] > 0 for entry in record["notebooks"] if entry["state"] == "done")
    assert record["warnings"] == [{"notebook": "01-value", "text": "One row was set aside."}]


def test_no_path_of_the_folder_for_work_in_progress_is_left(finished: Project) -> None:
    for path in finished.report.rglob("*"):
        if path.suffix in (".html", ".ipynb", ".json"):
            assert ".part-" not in path.read_text(encoding="utf-8"), path


def test_the_executed_notebook_answers_first(finished: Project) -> None:
    cells = json.loads((finished.report / "notebooks" / "01-value.ipynb").read_text(encoding="utf-8"))[
        "cells"
    ]
    assert "".join(cells[0]["source"]).startswith("# What did customers bring?")
    assert "It was worth it." in "".join(cells[1]["source"])


@pytest.mark.slow
def test_the_same_inputs_settings_and_seed_give_the_same_findings_and_figures(
    finished: Project, tmp_path: Path
) -> None:
    overrides = {"value.horizon_days": "180"}
    again = run_study(
        finished.study, overrides=overrides, out=tmp_path / "again", notebooks=finished.notebooks
    )
    for name in ("findings.json", "figures/01-value-value.png", "tables/value.csv"):
        assert (again / name).read_bytes() == (finished.report / name).read_bytes(), name


def test_only_runs_what_is_asked_and_keeps_the_other_pages(finished: Project, tmp_path: Path) -> None:
    report = tmp_path / "report"
    shutil.copytree(finished.report, report)
    before = (report / "notebooks" / "01-value.ipynb").read_bytes()
    run_study(
        finished.study,
        overrides={"value.horizon_days": "180", "segments.new_days": "30"},
        only=["2"],
        out=report,
        notebooks=finished.notebooks,
    )
    assert states(report) == {"01-value": "kept", "02-segments": "done", "03-leaving": "left out"}
    assert (report / "notebooks" / "01-value.ipynb").read_bytes() == before
    assert "horizon 180" in (report / "02-segments.html").read_text(encoding="utf-8")
    assert "made with other settings" in (report / "index.html").read_text(encoding="utf-8")


def copy_of(finished: Project, place: Path) -> Project:
    """Copy a project with its report, to do harm to."""
    return Project(Path(shutil.copytree(finished.folder, place / "copy")))


def run_only(project: Project, *names: str, **overrides: str) -> Path:
    keys = {key.replace("__", "."): value for key, value in overrides.items()}
    return run_study(
        project.study,
        overrides={"value.horizon_days": "180", **keys},
        only=names,
        out=project.report,
        notebooks=project.notebooks,
    )


@pytest.mark.parametrize(
    ("overrides", "difference"),
    [
        ({"as_of": "1998-05-31"}, 'as_of: "1998-06-30" → "1998-05-31"'),
        ({"tables__transactions__duplicates": "drop"}, 'duplicates: "keep" → "drop"'),
        ({"value__margin": "0.4"}, "value.margin: 1.0 → 0.4"),
    ],
)
def test_only_refuses_to_build_on_a_table_made_with_other_settings(
    finished: Project, tmp_path: Path, overrides: dict[str, str], difference: str
) -> None:
    project = copy_of(finished, tmp_path)
    before = {path: path.read_bytes() for path in project.report.rglob("*") if path.is_file()}
    with pytest.raises(PlanError) as refusal:
        run_only(project, "02", **overrides)
    line = str(refusal.value)
    assert "02-segments would build on the table 'value', which 01-value made from other settings" in line
    assert difference in line
    assert line.endswith("run without --only, or with the settings and inputs of then")
    assert {path: path.read_bytes() for path in project.report.rglob("*") if path.is_file()} == before


def test_only_refuses_to_build_on_a_table_made_from_another_file(finished: Project, tmp_path: Path) -> None:
    project = copy_of(finished, tmp_path)
    with (project.study.parent / "orders.csv").open("a", encoding="utf-8") as orders:
        orders.write("0003,1998-04-01,7\n")
    with pytest.raises(PlanError, match=r"orders\.csv: 25a734948c44 → "):
        run_only(project, "02")


def test_only_refuses_a_table_of_which_nothing_is_known(finished: Project, tmp_path: Path) -> None:
    project = copy_of(finished, tmp_path)
    (project.report / "origins" / "01-value.json").unlink()
    with pytest.raises(PlanError, match="does not say which settings and inputs that was made from"):
        run_only(project, "02")


def test_what_a_session_has_saved_over_a_report_is_seen(finished: Project, tmp_path: Path) -> None:
    from cxmodels.reporting import open_run

    project = copy_of(finished, tmp_path)
    session = open_run(
        study=project.study,
        out=project.report,
        overrides={"value.horizon_days": 180, "value.margin": 0.4},
        notebook="01-value",
    )
    session.save("value", pd.DataFrame({"customer_id": ["0001"], "clv": [1.0]}))
    with pytest.raises(PlanError, match=r"value\.margin: 0\.4 → 1\.0"):
        run_only(project, "02")


def test_an_input_that_changes_during_the_run_ends_it(project: Project) -> None:
    orders = project.study.parent / "orders.csv"
    cell = f"open({str(orders)!r}, 'a').write('0009,1998-04-01,1\\n')"
    project.write("01-value", replace(GIVES, cells=[cell]))
    with pytest.raises(RunFailed, match=r"orders\.csv changed during the run.*there is no earlier report"):
        run_study("shop", only=["01"])
    assert not project.report.exists()


def test_a_change_of_either_of_two_files_of_one_name_ends_the_run(project: Project, tmp_path: Path) -> None:
    for year in ("2024", "2025"):
        (tmp_path / year).mkdir()
        shutil.copy(project.study.parent / "orders.csv", tmp_path / year / "orders.csv")
    files = [str(tmp_path / year / "orders.csv") for year in ("2024", "2025")]
    text = project.study.read_text(encoding="utf-8").replace('"orders.csv"', json.dumps(files))
    project.study.write_text(text, encoding="utf-8")
    cell = f"open({files[0]!r}, 'a').write('0009,1998-04-01,1\\n')"
    project.write("01-value", replace(GIVES, cells=[cell]))
    with pytest.raises(RunFailed, match=r"orders\.csv changed during the run"):
        run_study("shop", only=["01"])


@pytest.mark.slow
def test_only_marks_pages_that_build_on_what_was_run_again(finished: Project, tmp_path: Path) -> None:
    report = tmp_path / "report"
    shutil.copytree(finished.report, report)
    run_study(
        finished.study,
        overrides={"value.horizon_days": "180"},
        only=["value"],
        out=report,
        notebooks=finished.notebooks,
    )
    stale = {entry["name"]: entry["stale"] for entry in record_of(report)["notebooks"]}
    assert stale["02-segments"].startswith("made before what it builds on was run again")


def test_only_says_which_notebook_brings_what_is_missing(project: Project) -> None:
    with pytest.raises(
        PlanError, match=r"02-segments needs 'value'.*run 01-value as well \(--only 01 --only 02\)"
    ):
        run_study("shop", only=["02"])


def test_the_setting_to_add_is_told_to_whoever_asks_for_a_page_and_not_on_the_first_page(
    project: Project,
) -> None:
    plain = replace(GIVES, cells=["1 + 1"], gives=[], answer="")
    project.write("01-value", plain)
    project.write("04-churn-risk", plain)
    asked = {"out": project.report, "notebooks": project.notebooks}
    run_study(project.study, only=["01"], **asked)
    first = (project.report / "index.html").read_text(encoding="utf-8")
    assert "does not say within how many days" in first and "[churn]" not in first
    with pytest.raises(PlanError, match=r"04-churn-risk cannot run: .*Add \[churn\]"):
        run_study(project.study, only=["04"], **asked)


def test_only_an_unknown_notebook_is_answered_with_the_nearest(project: Project) -> None:
    with pytest.raises(PlanError, match=r"no notebook 'segmets'; did you mean 'segments'\?"):
        run_study("shop", only=["segmets"])


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"value.horizon_dais": "180"}, "horizon_days"),
        ({"value.horizon_days": "soon"}, "soon"),
        ({"as_of": "yesterday"}, "yesterday"),
    ],
)
def test_a_wrong_override_stops_before_anything_runs(project: Project, overrides: dict, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        run_study("shop", overrides=overrides)
    assert not project.report.parent.exists()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ('study = ""\nout = ""', "must set 'overrides'"),
        ('study = ""\nout = 3\noverrides = {}', "'out' in the parameters cell must be a str"),
        ("study = (", "the parameters cell is no Python"),
    ],
)
def test_a_notebook_that_would_ignore_its_parameters_stops_the_run(
    project: Project, parameters: str, message: str
) -> None:
    project.write("02-segments", replace(USES, parameters=parameters))
    with pytest.raises(PlanError, match=f"02-segments.ipynb.*{re.escape(message)}"):
        run_study("shop")
    assert not project.report.parent.exists()


def test_a_missing_parameters_tag_stops_the_run(project: Project) -> None:
    path = project.notebooks / "02-segments.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace('"parameters"', '"settings"'), encoding="utf-8")
    with pytest.raises(PlanError, match=r"02-segments.ipynb must have one cell tagged 'parameters', found 0"):
        run_study("shop")


def test_a_failing_notebook_blocks_what_depends_on_it_and_nothing_else(project: Project) -> None:
    good = project.report
    good.mkdir(parents=True)
    (good / "run.json").write_text('{"complete": true}', encoding="utf-8")
    (good / "index.html").write_text("the last good report", encoding="utf-8")
    project.write("01-value", replace(GIVES, cells=['raise KeyError("no\\nsuch column")']))
    project.write(
        "04-other", Notebook("What else?", cells=["1 + 1"], needs=["transactions"], gives=["other"])
    )
    with pytest.raises(RunFailed) as failure:
        run_study("shop")
    line = str(failure.value)
    kept = good.with_name("1998-06-30.failed")
    assert line.startswith("01-value failed in cell 5: KeyError: 'no\\nsuch column'; see ")
    assert str(kept / "notebooks" / "01-value.ipynb") in line
    assert "the last good report" in line
    assert "\n" not in line
    assert (good / "index.html").read_text(encoding="utf-8") == "the last good report"
    assert "KeyError" in (kept / "notebooks" / "01-value.ipynb").read_text(encoding="utf-8")
    assert states(kept) == {
        "01-value": "failed",
        "02-segments": "skipped",
        "03-leaving": "left out",
        "04-other": "done",
    }
    assert record_of(kept)["complete"] is False
    index = (kept / "index.html").read_text(encoding="utf-8")
    assert "This run did not finish." in index
    assert "01-value failed" in index


@pytest.mark.slow
def test_a_notebook_that_the_data_cannot_carry_is_left_out_with_what_rests_on_it(project: Project) -> None:
    whole = f"Two buyers; 10 are needed. {'Of many words the last says what to do: ' * 10}wait."
    project.write("01-value", replace(GIVES, cells=[f"run.need(1 > 2, otherwise={whole!r})"]))
    project.write(
        "04-other", Notebook("What else?", cells=["1 + 1"], needs=["transactions"], gives=["other"])
    )
    report = run_study("shop")
    outcomes = {entry["name"]: entry for entry in record_of(report)["notebooks"]}
    assert (outcomes["01-value"]["state"], outcomes["01-value"]["reason"]) == (
        "left out",
        whole,
    )
    assert outcomes["02-segments"]["state"] == "left out"
    question = "it rests on “What did customers bring?”, which was left out"
    assert outcomes["02-segments"]["reason"] == question
    assert outcomes["04-other"]["state"] == "done"
    assert not (report / "01-value.html").exists()
    assert whole in (report / "index.html").read_text(encoding="utf-8")


def test_a_kernel_that_dies_is_a_failure_with_a_reason_and_no_line_beside_it(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    project.write(
        "01-value", replace(GIVES, cells=["import os, signal", "os.kill(os.getpid(), signal.SIGKILL)"])
    )
    with pytest.raises(RunFailed, match=r"01-value failed in its kernel: it died"):
        run_study("shop", only=["01"])
    assert caplog.messages == []


def test_a_full_disk_leaves_the_last_good_report(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.report.mkdir(parents=True)
    (project.report / "run.json").write_text('{"complete": true}', encoding="utf-8")

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runner, "write_index", full)
    project.write("01-value", replace(GIVES, cells=[]))
    with pytest.raises(RunFailed, match=r"the disk is full .*the last good report in .* is untouched"):
        run_study("shop", only=["01"])
    assert [path.name for path in project.report.parent.iterdir()] == ["1998-06-30"]
    assert (project.report / "run.json").read_text(encoding="utf-8") == '{"complete": true}'


@pytest.mark.slow
def test_two_notebooks_that_do_not_need_each_other_run_side_by_side(project: Project, tmp_path: Path) -> None:
    meet = (
        "import pathlib, time\nme, other = pathlib.Path({0!r}), pathlib.Path({1!r})\nme.touch()\n"
        "end = time.monotonic() + 300\nwhile not other.exists():\n"
        "    assert time.monotonic() < end\n    time.sleep(0.05)"
    )
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    for path in project.notebooks.iterdir():
        path.unlink()
    project.write("01-one", Notebook("One?", cells=[meet.format(one, two)], gives=["one"]))
    project.write("02-two", Notebook("Two?", cells=[meet.format(two, one)], gives=["two"]))
    assert states(run_study("shop")) == {"01-one": "done", "02-two": "done"}


@pytest.mark.slow
def test_kernels_speak_over_files_and_run_this_python(project: Project) -> None:
    source = (
        "import json, sys, ipykernel\n"
        "assert json.load(open(ipykernel.get_connection_file()))['transport'] == 'ipc'\n"
        "print('python', sys.executable)"
    )
    for path in project.notebooks.iterdir():
        path.unlink()
    project.write("01-one", Notebook("One?", cells=[source]))
    import sys

    assert f"python {sys.executable}" in (run_study("shop") / "01-one.html").read_text(encoding="utf-8")


def test_what_a_kernel_says_of_itself_does_not_disturb_the_terminal(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    project.write(
        "01-value",
        replace(GIVES, cells=["import os", "os.system('echo noise of a library >&2')", "import tqdm.auto"]),
    )
    assert record_of(run_study("shop", only=["01"]))["warnings"] == []
    assert capfd.readouterr() == ("", "")
