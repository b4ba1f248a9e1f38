"""From which settings and inputs were a notebook's tables made, and would today's be the same?

``origins/<notebook>.json`` says it of the tables that a notebook has saved. A table rests on the inputs, on
what the study says of them, and on the sections of the study (``value``, ``segments``, …) that the code of
its notebook names; canonical tables rest on no section.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxmodels.reporting.findings import write_json
from cxmodels.reporting.record import input_name
from cxmodels.study import Study

if TYPE_CHECKING:
    import nbformat  # every kernel reads this module, and loading it takes two seconds

_WORDS = frozenset({"title", "language", "path"})  # they change words and no figure
_DATA = frozenset({"as_of", "currency", "timezone", "tables"})  # every table rests on them
SECTIONS = frozenset(Study.model_fields) - _WORDS - _DATA
LONGEST_SETTING = 60  # characters of a setting in a message
"""The parts of a study on which a table may rest or not."""


@dataclass(frozen=True)
class Origin:
    """What a notebook's tables were made from.

    Attributes
    ----------
    settings : dict
        Every setting of the study, as JSON has it.
    inputs : list of dict
        From `cxmodels.reporting.record.hash_inputs`.
    """

    settings: dict[str, Any]
    inputs: list[dict[str, Any]]

    @classmethod
    def of(cls, study: Study, inputs: Sequence[Mapping[str, Any]]) -> Origin:
        """Describe what tables made now would rest on."""
        return cls(study.settings(), [dict(entry) for entry in inputs])

    @classmethod
    def read(cls, folder: Path, *, notebook: str, table: str) -> Origin | None:
        """Read what a table of a notebook was made from; `None` where that is not known."""
        content = _read(folder, notebook)
        return cls(content["settings"], content["inputs"]) if table in content.get("tables", ()) else None

    def write(
        self, folder: Path, *, notebook: str, made: Collection[str] = (), gone: Collection[str] = ()
    ) -> None:
        """Keep it in a run's folder; tables that the notebook made from anything else are forgotten.

        Parameters
        ----------
        folder : Path
            The run's folder.
        notebook : str
            The notebook that makes the tables.
        made, gone : collection of str
            Tables made from it just now; tables that are about to be made.
        """
        before = _read(folder, notebook)
        alike = (before.get("settings"), before.get("inputs")) == (self.settings, self.inputs)
        tables = (set(before["tables"]) if alike else set()) - set(gone) | set(made)
        write_json(_path(folder, notebook), {**asdict(self), "tables": sorted(tables)})

    def differences(self, now: Origin, *, sections: Collection[str]) -> list[str]:
        """Name what is not as it was then, each as ``key: then → now``.

        Parameters
        ----------
        now : Origin
            What a table made now would rest on.
        sections : collection of str
            The sections of the study that matter.
        """
        pairs = [
            (_flat(self.settings, sections=sections), _flat(now.settings, sections=sections)),
            (_hashes(self.inputs), _hashes(now.inputs)),
        ]
        return [
            f"{key}: {_shortened(then.get(key, 'not there'))} → {_shortened(today.get(key, 'not there'))}"
            for then, today in pairs
            for key in dict.fromkeys((*then, *today))
            if then.get(key) != today.get(key)
        ]


def rests_on_the_same(folder: Path, tables: Iterable[str], *, origin: Origin, notebook: str) -> bool:
    """Say whether what a notebook has read from others is known to be made from the same as its own."""
    others = [path.stem for path in (folder / "origins").glob("*.json") if path.stem != notebook]
    for table in tables:
        known = [Origin.read(folder, notebook=other, table=table) for other in others]
        behind = [one for one in known if one is not None]
        if not behind or any(one.differences(origin, sections=SECTIONS) for one in behind):
            return False
    return True


def sections_named(notebook: nbformat.NotebookNode) -> frozenset[str]:
    """Give the sections of the study that a notebook's code names, such as ``run.study.value``.

    Code that hands the study or the run on as a whole, or that is not plain Python, may read any section.
    """
    named: set[str] = set()
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        try:
            named |= _sections_in(ast.parse(cell.source))
        except SyntaxError:
            return SECTIONS
    return frozenset(named)


def _sections_in(tree: ast.AST) -> frozenset[str]:
    """Walk from the outside in, so that a part (``run.study.value``) is seen before the whole."""
    named: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open_run":
            continue
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute | ast.Name):
            whole = node.value.attr if isinstance(node.value, ast.Attribute) else node.value.id
            if whole == "study" and node.attr in _WORDS | _DATA | SECTIONS:
                named |= {node.attr} & SECTIONS
                continue
            if isinstance(node.value, ast.Name) and "study" not in (whole, node.attr):
                continue
        if _is_whole(node):
            return SECTIONS
        waiting.extend(ast.iter_child_nodes(node))
    return frozenset(named)


def _is_whole(node: ast.AST) -> bool:
    """Say whether code hands on the study or the run, of which anything may be read."""
    if isinstance(node, ast.Attribute):
        return node.attr == "study"
    return isinstance(node, ast.Name) and node.id in ("run", "study") and isinstance(node.ctx, ast.Load)


def _read(folder: Path, notebook: str) -> dict[str, Any]:
    path = _path(folder, notebook)
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _path(folder: Path, notebook: str) -> Path:
    return folder / "origins" / f"{notebook}.json"


def _flat(settings: Mapping[str, Any], *, sections: Collection[str]) -> dict[str, str]:
    """Give the settings that matter by dotted key, worded as JSON."""
    found: dict[str, str] = {}

    def add(key: str, value: object) -> None:
        if isinstance(value, Mapping) and value:
            for name, inner in value.items():
                add(f"{key}.{name}", inner)
        else:
            found[key] = json.dumps(value, ensure_ascii=False)

    for name, value in settings.items():
        if name in _DATA or name in sections:
            add(name, value)
    return found


def _hashes(inputs: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Give the hash of each input by name; the study file is left out, since its settings are compared."""
    found: dict[str, str] = {}
    for entry in inputs:
        if entry.get("table") is None:
            continue
        name = input_name(entry)
        hashed = str(entry.get("sha256", "no hash"))[:12]
        found[name] = f"{found[name]} {hashed}" if name in found else hashed
    return found


def _shortened(value: object) -> str:
    """Give a setting as it reads in a line; a long list by its beginning."""
    text = str(value)
    return text if len(text) <= LONGEST_SETTING else f"{text[:LONGEST_SETTING].rstrip()} …"
