"""What a person sees while notebooks run."""

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from cxmodels.reporting.progress import Bars, Lines, Progress, Silent, shown


def play(progress: Progress) -> None:
    progress.started("02-value")
    progress.cell("02-value", 3, 10)
    progress.ended("02-value", "done", "")
    progress.started("03-[segments]")
    progress.ended("03-[segments]", "failed", "cell 4: ValueError: [b]no[/b]")
    progress.ended("04-churn", "left out", "the study names no table 'contracts'")


def test_lines_name_the_notebook_its_fate_and_its_seconds() -> None:
    stream = io.StringIO()
    play(Lines(stream))
    assert stream.getvalue().splitlines() == [
        "02-value: started",
        "02-value: done in 0 s",
        "03-[segments]: started",
        "03-[segments]: failed in 0 s: cell 4: ValueError: [b]no[/b]",
        "04-churn: left out: the study names no table 'contracts'",
    ]


def test_bars_name_the_notebook_its_cells_and_its_time() -> None:
    bars = Bars()
    stream = io.StringIO()
    bars.view.live.console = Console(file=stream, force_terminal=True, width=120)
    with bars.view:
        play(bars)
    said = stream.getvalue()
    for words in (
        "02-value",
        "3/10",
        "0:00:00",
        "03-[segments]",
        "failed: cell 4: ValueError: [b]no[/b]",
        "left out",
    ):
        assert words in said, words


def test_silence_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    play(Silent())
    assert capsys.readouterr() == ("", "")


def test_bars_move_in_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with shown() as progress:
        assert isinstance(progress, Lines)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with shown() as progress:
        assert isinstance(progress, Bars)
    monkeypatch.setenv("TERM", "dumb")
    with shown() as progress:
        assert isinstance(progress, Lines)
