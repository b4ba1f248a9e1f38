"""The command line: what it says, what it returns, and what it leaves when it is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cxmodels.cli import app, read_overrides
from tests.reporting.conftest import GIVES, Project, lay_out_project

COMMAND = [sys.executable, "-m", "cxmodels.cli"]
PATIENCE = 300  # seconds; other tests may keep the machine busy


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = lay_out_project(tmp_path)
    monkeypatch.chdir(made.folder)
    return made


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)


def test_help_is_quick_because_it_loads_no_science() -> None:
    source = (
        "import sys, cxmodels.cli\n"
        "heavy = {'pandas', 'matplotlib', 'duckdb', 'papermill', 'pydantic'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", source], check=False).returncode == 0


def test_help_lists_the_commands() -> None:
    answer = CliRunner().invoke(app, ["--help"])
    assert answer.exit_code == 0
    assert all(word in answer.output for word in ("run", "check", "data", "init"))


def test_run_says_where_the_report_is_and_names_each_notebook(project: Project) -> None:
    project.write("01-value", replace(GIVES, cells=GIVES.cells[:3]))
    answer = call("run", "shop", "--only", "01")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == f"Report: {project.report / 'index.html'}"
    assert "01-value: started" in answer.stderr
    assert "01-value: done in" in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "shpo"], ["'shpo'", "did you mean 'shop'?"]),
        (
            ["run", "shop", "-p", "value.horizon_dais=180"],
            ["value.horizon_dais", "did you mean 'horizon_days'"],
        ),
        (["run", "shop", "-p", "value.horizon_days=soon"], ["value.horizon_days", "soon"]),
        (["run", "shop", "-p", "horizon"], ["'horizon' is not KEY=VALUE"]),
        (["run", "shop", "--only", "9"], ["no notebook '9'", "01-value"]),
        (["run", "shop", "--out", "notebooks"], ["holds files but no report", "--out"]),
        (["run", "shop", "--out", "data/shop/orders.csv/x/y"], ["orders.csv is a file", "--out"]),
        (["run", "shop", "--out", "/proc/foo"], ["/proc/foo cannot be written to", "--out"]),
        (["run", "shop", "-p", "title="], ["override title (found: '') must be text that is not empty"]),
        (["run", "shop", "-p", "value.margin=0.3\nx = 1"], ["value.margin", "must be a share"]),
        (["run", "shop", "-p", "__class__=1"], ["override __class__ is unknown"]),
        (["run", "shop", "-p", "tables.transactions.columns=7"], ["must be a table of keys"]),
        (["run", ""], ["no study is named"]),
        (["check", ""], ["no study is named"]),
        (["init", "data/shop/orders.csv/x"], ["orders.csv is a file"]),
        (["data", "fetch", "../orders"], ["There is no data set '../orders'"]),
        (["init", "notebooks"], ["is not empty", "01-value.ipynb"]),
        (["data", "fetch", "cdnow-mastre"], ["cdnow-mastre", "did you mean 'cdnow-master'"]),
    ],
)
def test_what_a_user_can_cure_is_said_in_one_line(
    project: Project, arguments: list[str], words: list[str]
) -> None:
    answer = CliRunner().invoke(app, arguments)
    assert answer.exit_code == 1
    line = answer.stderr.strip()
    assert line.startswith("cxmodels: ")
    assert "\n" not in line
    assert all(word in line for word in words), line
    assert not (project.folder / "reports").exists()


def test_several_errors_of_a_study_stand_on_a_line_each(project: Project) -> None:
    text = project.study.read_text(encoding="utf-8")
    project.study.write_text(text.replace('"GBP"', "3").replace("language", "langauge"), encoding="utf-8")
    answer = CliRunner().invoke(app, ["check", "shop"])
    assert answer.exit_code == 1
    first, *others = answer.stderr.splitlines()
    assert first == f"cxmodels: {project.study}: 2 errors"
    assert [line.split(" (found")[0] for line in others] == [
        "  key 'currency'",
        "  key 'langauge' is unknown",
    ]


def test_a_command_of_which_nobody_reads_on_ends_without_a_word(project: Project) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}  # so that the last words are still to be written
    command = [*COMMAND, "check", "shop"]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, env=environment, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (128 + signal.SIGPIPE, b"")


def test_a_failing_notebook_ends_with_one_line_and_a_status(project: Project) -> None:
    project.write("01-value", replace(GIVES, cells=['raise ValueError("the till is empty")']))
    answer = CliRunner().invoke(app, ["run", "shop", "--only", "01"])
    assert answer.exit_code == 1
    last = answer.stderr.strip().splitlines()[-1]
    assert last.startswith("cxmodels: 01-value failed in cell 5: ValueError: the till is empty; see ")
    assert "Traceback" not in answer.stderr


def slow_run(project: Project) -> subprocess.Popen[str]:
    """Start a run whose first notebook waits; give it back when that notebook is at it."""
    mark = project.folder / "waiting"
    wait = (
        f"import os, pathlib, time\npathlib.Path({str(mark)!r}).write_text(str(os.getpid()))\ntime.sleep(600)"
    )
    project.write("01-value", replace(GIVES, cells=[wait]))
    process = subprocess.Popen([*COMMAND, "run", "shop"], stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + PATIENCE
    while not (mark.exists() and mark.read_text(encoding="utf-8")):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.05)
    return process


def good_report(project: Project) -> None:
    project.report.mkdir(parents=True)
    (project.report / "run.json").write_text('{"complete": true}', encoding="utf-8")
    (project.report / "index.html").write_text("the last good report", encoding="utf-8")


def lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def assert_kernel_ends(project: Project) -> None:
    kernel = int((project.folder / "waiting").read_text(encoding="utf-8"))
    end = time.monotonic() + PATIENCE
    while lives(kernel):
        assert time.monotonic() < end, "the kernel lives on"
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_leaves_the_last_good_report(project: Project, number: int) -> None:
    good_report(project)
    process = slow_run(project)
    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number
    *before, last = said.splitlines()
    assert last == (
        f"cxmodels: stopped by {signal.Signals(number).name}; nothing of this run is kept, "
        "the last good report is untouched"
    )
    assert [
        line for line in before if not line.startswith(("01-value: started", "03-leaving: left out"))
    ] == []
    assert (project.report / "index.html").read_text(encoding="utf-8") == "the last good report"
    assert [path.name for path in project.report.parent.iterdir()] == ["1998-06-30"]
    assert_kernel_ends(project)


@pytest.mark.slow
def test_a_run_that_is_killed_leaves_the_last_good_report_and_the_next_one_cleans_up(
    project: Project,
) -> None:
    good_report(project)
    process = slow_run(project)
    process.kill()
    process.communicate(timeout=PATIENCE)
    assert_kernel_ends(project)
    assert (project.report / "index.html").read_text(encoding="utf-8") == "the last good report"
    assert any(path.name.startswith(".1998-06-30.part-") for path in project.report.parent.iterdir())
    project.write("01-value", replace(GIVES, cells=GIVES.cells[:3]))
    assert CliRunner().invoke(app, ["run", "shop"]).exit_code == 0
    assert [path.name for path in project.report.parent.iterdir()] == ["1998-06-30"]
    assert json.loads((project.report / "run.json").read_text(encoding="utf-8"))["complete"] is True


@pytest.mark.slow
def test_a_second_run_into_the_same_folder_is_turned_away(project: Project) -> None:
    process = slow_run(project)
    try:
        answer = CliRunner().invoke(app, ["run", "shop"])
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)
    assert answer.exit_code == 1
    assert f"another run (process {process.pid}) is writing to {project.report}" in " ".join(
        answer.stderr.split()
    )


def test_init_lays_out_notebooks_and_studies_that_run_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = CliRunner().invoke(app, ["init", str(tmp_path / "mine")])
    assert answer.exit_code == 0, answer.stderr
    assert (tmp_path / "mine" / "data" / "cdnow" / "study.toml").is_file()
    assert sorted(path.name[:2] for path in (tmp_path / "mine" / "notebooks").glob("*.ipynb"))[:1] == ["00"]
    assert not list((tmp_path / "mine").rglob("__pycache__"))
    again = CliRunner().invoke(app, ["init", str(tmp_path / "mine")])
    assert again.exit_code == 1
    assert "is not empty" in again.stderr


def test_init_into_a_path_with_spaces_says_a_command_that_can_be_pasted(tmp_path: Path) -> None:
    answer = CliRunner().invoke(app, ["init", str(tmp_path / "vår mappe")])
    assert answer.output.splitlines()[-1] == f"Next: cd '{tmp_path}/vår mappe' && cxmodels run cdnow"


def test_a_condition_is_no_way_to_run_other_sql(project: Project) -> None:
    condition = "tables.transactions.where=1=1; DROP TABLE transactions"
    answer = CliRunner().invoke(app, ["check", "shop", "-p", condition])
    assert answer.exit_code == 1
    assert "neither a column nor a formula that is allowed here" in answer.stderr


@pytest.mark.slow
def test_a_path_with_letters_of_any_language_holds_study_and_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = lay_out_project(tmp_path / "prøve mappe 数据")
    monkeypatch.chdir(made.folder)
    answer = CliRunner().invoke(app, ["run", str(made.study), "--out", "ut mappe/rapport é"])
    assert answer.exit_code == 0, answer.stderr
    page = (made.folder / "ut mappe" / "rapport é" / "index.html").read_text(encoding="utf-8")
    assert "<h1>Corner &lt;shop&gt; &amp; sons</h1>" in page


def test_check_says_what_is_there_and_what_can_be_answered(project: Project) -> None:
    answer = CliRunner().invoke(app, ["check", "shop"])
    assert answer.exit_code == 0, answer.stderr
    assert "transactions: 3 of 3 rows are valid, 2 customers" in answer.output
    assert "Questions:" in answer.output
    assert "  no   What is a customer under contract worth?" in answer.output
    assert "Add [tables.contracts]" in answer.output


def test_check_points_at_an_amount_that_stands_far_apart(project: Project) -> None:
    rows = [f"{number:04},1998-01-{1 + number % 28:02},{20 + number % 30}" for number in range(200)]
    slip = "0200,1998-02-01,3500000"
    (project.study.parent / "orders.csv").write_text(
        "\n".join(["id,day,amount", *rows, slip]), encoding="utf-8"
    )
    answer = CliRunner().invoke(app, ["check", "shop"])
    assert answer.exit_code == 0, answer.stderr
    assert "  transactions: A purchase of 3,500,000.00 on 1998-02-01 stood far apart" in answer.output
    assert "add the customer_id of its row to value.large_customers" in answer.output
    kept = CliRunner().invoke(app, ["check", "shop", "-p", "value.large_customers=0200"])
    assert "transactions: 201 of 201 rows" in kept.output and "stood far apart" not in kept.output


def test_data_list_names_every_set_with_its_licence() -> None:
    answer = CliRunner().invoke(app, ["data", "list"])
    assert answer.exit_code == 0
    assert any(line.startswith("cdnow-master") and "here" in line for line in answer.output.splitlines())
    assert all("Licence: " in line for line in answer.output.splitlines())


def test_overrides_given_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="-p as_of is given twice"):
        read_overrides(["as_of=1998-01-01", "as_of=1998-02-01"])


def test_the_environment_of_the_user_is_left_alone(project: Project) -> None:
    before = dict(os.environ)
    CliRunner().invoke(app, ["run", "shop", "--only", "9"])
    assert dict(os.environ) == before


def test_a_run_starts_without_the_grammar_that_takes_seconds_to_compile() -> None:
    source = "import sys, cxmodels.cli, nbformat, jsonschema; sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", source], check=False).returncode == 0
