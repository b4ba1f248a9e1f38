"""What a person sees while notebooks run: a moving line in a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import TaskID


class Progress(Protocol):
    """Told what happens in a run."""

    def started(self, name: str) -> None:
        """Tell that a notebook starts."""

    def cell(self, name: str, done: int, total: int) -> None:
        """Tell that so many of a notebook's cells are done."""

    def ended(self, name: str, state: str, reason: str) -> None:
        """Tell what became of a notebook, also of one that did not run."""


class Silent:
    """Shows nothing."""

    def started(self, name: str) -> None:
        """Show nothing."""

    def cell(self, name: str, done: int, total: int) -> None:
        """Show nothing."""

    def ended(self, name: str, state: str, reason: str) -> None:
        """Show nothing."""


class Lines:
    """Writes one line when a notebook starts and one when it ends: for logs and pipes."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._since: dict[str, float] = {}

    def started(self, name: str) -> None:
        """Write the name."""
        self._since[name] = time.monotonic()
        print(f"{name}: started", file=self._stream, flush=True)

    def cell(self, name: str, done: int, total: int) -> None:
        """Write nothing: a log needs no line for each cell."""

    def ended(self, name: str, state: str, reason: str) -> None:
        """Write what became of it, and the seconds."""
        took = f" in {time.monotonic() - self._since[name]:.0f} s" if name in self._since else ""
        print(f"{name}: {state}{took}{': ' + reason if reason else ''}", file=self._stream, flush=True)


class Bars:
    """Moves one bar for each running notebook, with its cells and its time."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        self._escape = escape
        self._tasks: dict[str, TaskID] = {}
        self.view = RichProgress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("cells"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )

    def started(self, name: str) -> None:
        """Show a bar."""
        self._tasks[name] = self.view.add_task(self._escape(name), total=None)

    def cell(self, name: str, done: int, total: int) -> None:
        """Move the bar."""
        self.view.update(self._tasks[name], completed=done, total=total)

    def ended(self, name: str, state: str, reason: str) -> None:
        """Stop the bar, and say what became of the notebook unless it is simply done."""
        if name in self._tasks:
            self.view.stop_task(self._tasks[name])
        if state != "done":
            self.view.console.print(self._escape(f"{name}: {state}: {reason}"), highlight=False)


@contextmanager
def shown() -> Iterator[Progress]:
    """Give what fits the place: bars in a terminal that can move them, lines elsewhere."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield Lines()
        return
    bars = Bars()
    with bars.view:
        yield bars
