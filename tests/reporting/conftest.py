"""A small project with notebooks of its own, so that the run is tested apart from the real notebooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest

STUDY = """\
title = "Corner <shop> & sons"
as_of = 1998-06-30
currency = "GBP"
language = "en"

[tables.transactions]
source = "orders.csv"
columns = { customer_id = "id", timestamp = "day", amount = "amount" }
"""

ORDERS = "id,day,amount\n0001,1998-01-05,12.50\n0002,1998-02-01,30\n0001,1998-03-09,-2.5\n"

PARAMETERS = 'study = "../data/shop/study.toml"\nout = ""\noverrides = {}'
OPEN = "from cxmodels.reporting import open_run\nrun = open_run(study=study, out=out, overrides=overrides)"


@dataclass
class Notebook:
    """A notebook to write: its question, its flow and its cells."""

    title: str
    cells: list[str]
    needs: list[str] = field(default_factory=list)
    gives: list[str] = field(default_factory=list)
    parameters: str = PARAMETERS
    answer: str = 'run.answer(["It was worth it.", "It was <b>£5</b>.", "It may change."])'


@dataclass
class Project:
    """A folder with a study and notebooks."""

    folder: Path

    @property
    def study(self) -> Path:
        return self.folder / "data" / "shop" / "study.toml"

    @property
    def report(self) -> Path:
        return self.folder / "reports" / "shop" / "1998-06-30"

    @property
    def notebooks(self) -> Path:
        return self.folder / "notebooks"

    def write(self, name: str, notebook: Notebook) -> Path:
        """Write a notebook into the project."""
        code, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
        cells = [
            text(f"# {notebook.title}\n\nWho reads this: the shop."),
            code(notebook.parameters, metadata={"tags": ["parameters"]}),
            code(OPEN),
            *(code(source) for source in notebook.cells),
        ]
        if notebook.answer:
            cells += [code(notebook.answer, metadata={"tags": ["answer"]}), code("run.finish();")]
        flow = {"cxmodels": {"needs": notebook.needs, "gives": notebook.gives}}
        path = self.notebooks / f"{name}.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=flow), path)
        return path


GIVES = Notebook(
    title="What did customers bring?",
    cells=[
        "import pandas as pd",
        'value = pd.DataFrame({"customer_id": ["0001", "=2+3"], "clv": [3.0, 2.0]})\n'
        'run.save("value", value, csv=True)',
        "value",
        "from cxmodels.reporting.figures import bars\n"
        'table = pd.DataFrame({"value": [3.0, 2.0]}, index=["<i>Anna</i>", "Bo"])\n'
        'run.figure("value", bars(table, title="Anna brings most", label="Margin"))',
        'run.finding(f"The base is worth {run.money(5.0)}.", money=5.0, low=4.0, high=6.0,\n'
        '            evidence="forecast", table="value", figure="value",\n'
        '            would_change="A later year <script>alert(1)</script>.");',
        'run.warn("One row was set aside.")',
        'print("margin", run.study.value.margin_mid)',
    ],
    needs=["transactions"],
    gives=["value"],
)
USES = Notebook(
    title="Who matters?",
    cells=[
        'value = run.read("value")',
        'run.save("segments", value)',
        'print("horizon", run.study.value.horizon_days)',
    ],
    needs=["value"],
    gives=["segments"],
)
LACKS = Notebook(title="Who leaves?", cells=["1 / 0"], needs=["contracts"], gives=["churn"])


def lay_out_project(place: Path) -> Project:
    """Lay out a project with three notebooks: one gives what the next uses; the third lacks its table."""
    made = Project(place / "shop project")
    made.study.parent.mkdir(parents=True)
    made.notebooks.mkdir()
    made.study.write_text(STUDY, encoding="utf-8")
    (made.study.parent / "orders.csv").write_text(ORDERS, encoding="utf-8")
    made.write("01-value", GIVES)
    made.write("02-segments", USES)
    made.write("03-leaving", LACKS)
    return made


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Give a project to work in."""
    made = lay_out_project(tmp_path)
    monkeypatch.chdir(made.folder)
    return made
