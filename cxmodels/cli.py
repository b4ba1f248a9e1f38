"""The command: `cxmodels run`, `check`, `data` and `init`.

Modules are imported where a command needs them, so that `cxmodels --help` answers at once.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

# jsonschema, with which notebooks are read, takes two seconds to compile the grammar of web addresses if it
# finds one. No notebook holds an address to check, and a command has its process to itself.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

app = typer.Typer(
    name="cxmodels",
    help="What is each customer worth, and what follows from it: reports from a company's own tables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data = typer.Typer(help="Data sets of the sample studies.", no_args_is_help=True)
app.add_typer(data, name="data")

_UNREAD = 128 + 13  # as a shell shows SIGPIPE, which Windows does not name

StudyArgument = Annotated[
    str,
    typer.Argument(
        help="Path of a study.toml, or the name of a sample study such as cdnow.", metavar="STUDY"
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "-p",
        "--set",
        metavar="KEY=VALUE",
        help="Change a setting of the study: -p as_of=1998-03-31 -p value.horizon_days=180. May be repeated.",
    ),
]


@app.command()
def run(
    study: StudyArgument,
    settings: Overrides = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", metavar="NOTEBOOK", help="Run this notebook only (name or number); may be repeated."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder of the report; default reports/<study>/<as_of>."),
    ] = None,
) -> None:
    """Run the notebooks on a study and make the report."""
    from cxmodels.reporting.progress import shown
    from cxmodels.reporting.runner import run_study

    with _errors_in_clear():
        changed = read_overrides(settings or [])
        with shown() as progress:
            folder = run_study(study, overrides=changed, only=only or (), out=out, progress=progress)
        print(f"Report: {folder / 'index.html'}")


@app.command()
def check(study: StudyArgument, settings: Overrides = None) -> None:
    """Read a study's tables, and say what is there, what is wrong, and which questions they can answer."""
    from cxmodels.reporting.bundle import find_study
    from cxmodels.reporting.readiness import print_readiness
    from cxmodels.study import read_study

    with _errors_in_clear():
        print_readiness(read_study(find_study(study), read_overrides(settings or [])))


@data.command("list")
def data_list() -> None:
    """List the data sets that a study can name: public ones, to be fetched, and a simulated one."""
    from cxmodels.reporting.readiness import print_catalogue

    with _errors_in_clear():
        print_catalogue()


@data.command("fetch")
def data_fetch(
    name: Annotated[str, typer.Argument(help="Name of a data set; see `cxmodels data list`.")],
) -> None:
    """Fetch a public data set and check its hash, or make a simulated one, and say where it is."""
    from cxmodels.datasets.catalogue import fetch

    with _errors_in_clear():
        for path in fetch(name):
            print(path)


@app.command()
def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")]) -> None:
    """Lay out the notebooks and sample studies in a folder of your own."""
    from cxmodels.reporting.bundle import lay_out

    with _errors_in_clear():
        for path in lay_out(folder):
            print(path)
        print(f"Next: cd {shlex.quote(str(folder))} && cxmodels run cdnow")


def read_overrides(settings: list[str]) -> dict[str, str]:
    """Read ``key=value`` pairs from the command line.

    Parameters
    ----------
    settings : list of str
        Such as ``["as_of=1998-03-31", "value.horizon_days=180"]``.

    Raises
    ------
    ValueError
        When one has no ``=`` or no key, or a key is given twice.

    Examples
    --------
    >>> read_overrides(["as_of=1998-03-31", "title=a=b"])
    {'as_of': '1998-03-31', 'title': 'a=b'}
    """
    changed: dict[str, str] = {}
    for setting in settings:
        key, sign, value = setting.partition("=")
        key = key.strip()
        if not sign or not key:
            raise ValueError(f"-p {setting!r} is not KEY=VALUE; write for example -p value.horizon_days=180")
        if key in changed:
            raise ValueError(f"-p {key} is given twice: {changed[key]!r} and {value!r}; give it once")
        changed[key] = value.strip()
    return changed


@contextmanager
def _errors_in_clear() -> Iterator[None]:
    """End with a clear line, or a line an error of a study, and a status, for what a user can cure."""
    from cxmodels.reporting.runner import Interrupted, RunFailed
    from cxmodels.study_errors import StudyError

    try:
        yield
        sys.stdout.flush()  # a reader who has gone is noticed here, and not after the last line of ours
    except Interrupted as stop:
        message = f"stopped by {stop}; nothing of this run is kept, the last good report is untouched"
        _fail(message, status=128 + stop.number)
    except BrokenPipeError:
        _end_unread()
    except StudyError as error:
        _fail(*str(error).splitlines())
    except (ValueError, RunFailed) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))


def _fail(*lines: str, status: int = 1) -> None:
    first, *rest = (" ".join(line.split()) for line in lines)
    print("\n  ".join([f"cxmodels: {first}", *rest]), file=sys.stderr)
    raise typer.Exit(status)


def _end_unread() -> None:
    """End as programs do of which nobody reads on, as in ``cxmodels check … | head -1``: without a word."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):  # Python writes out what is left in them when it ends
        os.dup2(nowhere, stream.fileno())
    raise typer.Exit(_UNREAD)


if __name__ == "__main__":
    app()
